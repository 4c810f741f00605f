//! Writes the first inputs of each fuzz target to `corpus/`: a small file of each kind, streams of each
//! codec and the lint's vectors, made with the same helpers as in the tests of `sector-decode`, and requests of
//! UDPFS.

#[path = "../../../crates/sector-decode/tests/support/mod.rs"]
mod support;

use std::io;
use std::path::Path;

use cisor_fuzz::steps;
use disc_info::test_disc;
use raw_sidecar::{Disc, FileEntry, Header, Mode, TrackEntry, Writer};
use support::ciso::xbox;
use support::kinds::samples;
use support::{bits, image, pack};
use udpfs::Kind;

fn main() -> io::Result<()> {
    // The least memory that works; more, with three windows; and the most that a plan can give, with window
    // checks and read-ahead.
    const PLANS: [[u8; cisor_fuzz::PLAN_LEN]; 3] =
        [[0, 0, 0, 255, 0], [20, 3, 60, 99, 6], [255, 15, 128, 255, 0xC5]];
    for target in ["open_and_read_any_file", "no_output_leak", "c_interface"] {
        for sectors in [1, 5, 12] {
            for (number, sample) in samples(sectors).into_iter().enumerate() {
                for memory in 0..4 {
                    let mut plan = PLANS[(number + sectors) % 3];
                    plan[1] |= memory << 4;
                    let input = [&plan[..], &sample.file].concat();
                    write(target, &format!("kind{number:02}-{sectors}-sectors-{memory}"), &input)?;
                }
            }
        }
        for (name, file) in others() {
            write(target, name, &[&PLANS[0][..], &file].concat())?;
        }
    }
    for (number, sample) in samples(5).into_iter().enumerate() {
        let plan = [&[0; 8][..], &[2, 0, 0, 0]].concat();
        write("any_header_comes_back", &format!("kind{number:02}"), &[&plan[..], &sample.file].concat())?;
    }
    for (name, file) in others() {
        write("any_header_comes_back", name, &[&[0; 12][..], &file].concat())?;
    }

    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/image-source/tests/golden");
    for entry in std::fs::read_dir(sources)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "chd") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            write("open_and_read_any_source", &name, &std::fs::read(&path)?)?;
        }
    }
    let sheet = b"FILE a.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n";
    write("open_and_read_any_source", "sheet", sheet)?;
    write_archives()?;
    let dump = [&mode_1(3)[..], &image::noise(2 * 2352, 6)].concat();
    write("open_and_read_any_source", "dump", &dump)?;
    let audio = "TRACK 02 AUDIO\nPREGAP 00:02:00\nINDEX 00 00:00:20\nINDEX 01 00:00:22\n";
    for (number, kind) in ["MODE1/2352", "MODE1/2048", "MODE2/2352", "MODE2/2336"].into_iter().enumerate() {
        let sheet = format!("FILE a.bin BINARY\nTRACK 01 {kind}\nINDEX 01 00:00:00\n{audio}\0");
        write("sheet_of_any_dump", &format!("sheet-{number}"), &[sheet.as_bytes(), &dump].concat())?;
    }
    let dat = b"<?xml version=\"1.0\"?><!DOCTYPE datafile SYSTEM \"x\"><datafile><header><name>N &amp; N</name></header>\
                <game name=\"A &#x41;\"><serial>SLES-12345, S</serial><rom name=\"a.iso\" size=\"5\" crc=\"0123abcd\" \
                md5=\"0123456789abcdef0123456789abcdef\"/><rom name=\"b.cue\" size=\"6\" \
                sha1=\"00112233445566778899aabbccddeeff00112233\"></rom></game></datafile>";
    write("parse_any_dat", "both", dat)?;

    write("raw_sidecar", "sidecar", &sidecar().map_err(io::Error::other)?)?;

    let texts = [image::text(2048, 1), image::mixed(4096, 2), image::noise(300, 3), vec![0; 5000]];
    let lint = "lint_never_panics_and_agrees_with_decoder";
    let streams = "any_stream_decodes_alike_into_any_buffer";
    write(lint, "empty-distance-code", &bits::empty_distance_code(50))?;
    write(lint, "one-distance-codeword", &bits::one_distance_codeword(700))?;
    for (number, text) in texts.iter().enumerate() {
        for level in [0, 1, 9] {
            write(lint, &format!("zlib-{number}-level-{level}"), &pack::deflate(text, level))?;
        }
        write("lz4_agrees_with_liblz4", &format!("lz4-{number}"), &pack::lz4(text))?;
        let packed =
            [text.clone(), pack::deflate(text, 9), pack::zlib(text, 9), pack::lz4(text), pack::lzo(text)];
        for (coding, packed) in (0..).zip(packed) {
            let room = u8::try_from(text.len().div_ceil(64)).expect("at most 16320 bytes");
            let input = [&[coding, room, 250][..], &packed].concat();
            write(streams, &format!("coding-{coding}-{number}"), &input)?;
            let input = [&[coding, room / 4, 250][..], &packed].concat();
            write("fast_and_safe_decoders_agree", &format!("coding-{coding}-{number}"), &input)?;
        }
    }
    for (number, text) in texts.iter().enumerate() {
        write("lzo_agrees_with_minilzo", &format!("lzo-{number}"), &pack::lzo(text))?;
    }
    write_discs()?;
    write_for_the_console()?;
    write_udpfs()
}

/// Files of formats that are not read.
fn others() -> [(&'static str, Vec<u8>); 3] {
    let gamecube = [&b"CISO\0\0\x20\0\x01"[..], &[0; 0x100]].concat();
    [
        ("xbox", xbox(&image::text(2048, 1))),
        ("gamecube", gamecube),
        ("chd", [&b"MComprHD"[..], &[0; 0x80]].concat()),
    ]
}

/// Discs of both consoles from their volume descriptors on.
fn write_discs() -> io::Result<()> {
    let param = test_disc::sfo(&[("CATEGORY", "UG"), ("DISC_ID", "ULUS10041"), ("TITLE", "Sector Runner")]);
    let system: &[u8] = b"BOOT2 = cdrom0:\\SLES_123.45;1\r\nVER = 1.00\r\n";
    let icon: &[u8] = b"\x89PNG\r\n\x1A\n";
    /// A file on a disc: its name and content.
    type OnDisc<'a> = (&'a str, &'a [u8]);
    let discs: [(&str, &[OnDisc<'_>]); 3] = [
        (
            "psp",
            &[
                ("PSP_GAME/PARAM.SFO", &param),
                ("PSP_GAME/ICON0.PNG", icon),
                ("UMD_DATA.BIN", b"ULUS-10041|01|0001|G"),
            ],
        ),
        ("ps2", &[("SYSTEM.CNF", system), ("SLES_123.45", b"\x7FELF of no machine")]),
        ("film", &[("UMD_VIDEO/PARAM.SFO", &param)]),
    ];
    for (name, files) in discs {
        write("identify_any_disc", name, &test_disc::disc("GAME", files)[16 * 2048..])?;
    }
    Ok(())
}

/// Settings, commands, and requests of a game.
fn write_for_the_console() -> io::Result<()> {
    let settings =
        b"enabled = on ; all\nread-ahead = 128\n[ULUS-10019]\nplain-images = on\numdseek = 2\nlog=on\n";
    write("settings_and_commands", "settings", &[&[10], &b"ULUS-10019"[..], settings].concat())?;
    let commands =
        b"# all\nimages list\ncheck \"ms0:/ISO/a b.cso\"\ndump zso ms0:/ISO/ zeros tight\ndriver install\n\
                     report\nshot-at 50 ms0:/a.bmp\ncancel-at 99\nscreen speed\nexit\n";
    write("settings_and_commands", "commands", &[&[0], &commands[..]].concat())?;
    // Open, seek to sector 30 from the start, read 20 sectors, and again while the card is away.
    let raw =
        [&[0, 2, 0, 0][..], &30_u64.to_le_bytes(), &[4, 0, 20, 6, 2, 0, 0], &[0; 8], &[4, 0, 20, 6, 1, 0]]
            .concat();
    write("driver_commands", "raw", &raw)?;
    // A read of a sector, after faults: see the target for how fields are made.
    let fields = [0, 0, 0, 0, 0, 0, 0, 21, 0, 0, 0, 0, 0, 0, 0, 0, 16];
    write("driver_commands", "read", &[&[5, 0, 5, 130, 7, 0][..], &fields, &[7, 0], &fields].concat())
}

/// Archives of a small disc, one for each method, and of a dump with its sheet; 7z makes them.
fn write_archives() -> io::Result<()> {
    let folder = std::env::temp_dir().join(format!("cisor-seeds-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut disc = vec![0; 17 * 2048];
    disc[16 * 2048..][..6].copy_from_slice(b"\x01CD001");
    disc.extend(image::text(2048, 5));
    std::fs::write(folder.join("GAME.iso"), &disc)?;
    std::fs::write(folder.join("read.me"), image::text(300, 8))?;
    std::fs::write(folder.join("a.bin"), mode_1(3))?;
    std::fs::write(folder.join("a.cue"), "FILE a.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n")?;
    let methods = [
        ("7z", "LZMA2"),
        ("7z", "LZMA"),
        ("7z", "PPMd"),
        ("7z", "BZip2"),
        ("7z", "Deflate"),
        ("7z", "Deflate64"),
        ("7z", "Copy"),
        ("7z", "BCJ"),
        ("7z", "ARM64"),
        ("7z", "Delta"),
        ("zip", "LZMA"),
        ("zip", "xz"),
        ("zip", "PPMd"),
        ("zip", "Deflate"),
        ("zip", "Deflate64"),
        ("zip", "BZip2"),
        ("zip", "Copy"),
    ];
    for (kind, method) in methods {
        let option = if kind == "7z" { format!("-m0={method}") } else { format!("-mm={method}") };
        for (name, files) in [("disc", ["GAME.iso", "read.me"]), ("dump", ["a.cue", "a.bin"])] {
            let path = format!("{name}-{method}.{kind}");
            let mut command = std::process::Command::new("7z");
            command.args(["a", "-bd", "-y", &format!("-t{kind}"), &option, &path]).args(files);
            let output = command.current_dir(&folder).output()?;
            if !output.status.success() {
                return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
            }
            write("open_and_read_any_source", &path, &std::fs::read(folder.join(&path))?)?;
        }
    }
    std::fs::remove_dir_all(folder)
}

/// Sectors of zeros as they are on a CD.
fn mode_1(sectors: u32) -> Vec<u8> {
    let sector = |address| {
        let mut sector = [0; 2352];
        Header { mode: Mode::Mode1, address, subheader: [0; 4] }.complete(&mut sector);
        sector
    };
    (150..150 + sectors).flat_map(sector).collect()
}

/// One request of each kind, answered and acknowledged, and all of them in a row.
fn write_udpfs() -> io::Result<()> {
    let open = b"\x10\0\x03\0\0\0\0\0DVD/a.iso\0\0\0";
    // With the first number that a server assigns, where a request has a handle.
    let on_handle = |code: u8, rest: &[u8]| [&[code, 0, 0, 0, 1, 0, 0, 0][..], rest].concat();
    let piece = b"\x17\0\0\0\x04\0\x01\0abcd";
    let requests = Kind::ALL.map(|kind| match kind {
        Kind::Open => open.to_vec(),
        Kind::Close | Kind::Dread => on_handle(kind.code(), &[]),
        Kind::Read => on_handle(kind.code(), &[0, 0, 1, 0]),
        Kind::Write => on_handle(kind.code(), &[&[4, 0, 0, 0][..], piece].concat()),
        Kind::WriteData => piece.to_vec(),
        Kind::Lseek => on_handle(kind.code(), &[0, 8, 0, 0, 0, 0, 0, 0]),
        Kind::Getstat | Kind::Mkdir | Kind::Remove | Kind::Rmdir => {
            [&[kind.code(), 0, 0, 0][..], b"ART\0"].concat()
        }
        Kind::Bread => [&[kind.code(), 0, 8, 0][..], &[0; 4], &[2, 0, 0, 0, 0, 0, 0, 0]].concat(),
        Kind::Bwrite => [&[kind.code(), 0, 1, 0][..], &[0; 12], piece].concat(),
    });
    let mut all = vec![0, 0, 6, 0, 0, 0, 0xF5, 0xF5, 0, 0];
    for (number, (kind, request)) in (1..).zip(Kind::ALL.into_iter().zip(&requests)) {
        let exchange = [steps::exchange(open, 0), steps::exchange(request, 1)].concat();
        write("udpfs_packets", &format!("{kind:?}"), &exchange)?;
        all.extend_from_slice(&steps::exchange(request, number));
    }
    write("udpfs_packets", "all", &all)?;

    // Nothing, losses, copies, delays, and all of them with restarts.
    let header = |restarts: [u8; 4]| [&[1, 0b011][..], &restarts, &[20]].concat();
    for (name, fates) in
        [("fine", [0; 4]), ("lost", [0, 0, 1, 0]), ("copied", [0, 0x32, 0, 0]), ("late", [0, 0, 0, 0x43])]
    {
        write("udpfs_sessions", name, &[header([0; 4]), fates.repeat(64)].concat())?;
    }
    write(
        "udpfs_sessions",
        "all",
        &[header([0, 9, 80, 200]), [0, 0, 1, 0x32, 0, 0x43, 0, 0].repeat(64)].concat(),
    )
}

/// The sidecar of a dump of zeros, with one irregular sector, and of noise.
fn sidecar() -> Result<Vec<u8>, raw_sidecar::Error> {
    let files = ["data.bin", "noise.bin"].map(|name| FileEntry { name: name.into(), size: 9 * 2352 });
    let track = TrackEntry { number: 1, file: 0, is_audio: false, start: 0, len: 9 * 2352 };
    let disc = Disc { image_sectors: 9, files: files.into(), tracks: vec![track], ..Disc::default() };
    let mut writer = Writer::new(Vec::new(), disc)?;
    for address in 150..159 {
        let mut sector = [0; 2352];
        Header { mode: Mode::Mode1, address, subheader: [0; 4] }.complete(&mut sector);
        sector[2100] ^= u8::from(address == 155);
        writer.sector(&sector, &[0; 2048])?;
    }
    writer.bytes(&image::noise(9 * 2352, 4), true)?;
    writer.finish().map(|(sidecar, _)| sidecar)
}

fn write(target: &str, name: &str, input: &[u8]) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(name), input)
}
