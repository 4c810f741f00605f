//! Reported problems with other tools' files, and with discs that are not what they seem.

use disc_info::test_disc;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_match};
use serde_json::Value;

use crate::support::{Ciso, Folder, SECTOR, is_windows, noise, ps2_disc, psp_disc, small_disc, text};

/// A truncated disc.
fn cut_off(disc: &[u8]) -> Vec<u8> {
    disc[..disc.len() - 10 * SECTOR].to_vec()
}

fn reader<'a>(object: &'a Value, key: &str) -> &'a Value {
    let readers = object["readers"].as_array().unwrap();
    &readers.iter().find(|reader| reader["key"] == key).unwrap()["verdict"]
}

// Valid files from other tools.

/// As ziso.py does with images over 2 GiB, and ciso.py with `-a`.
#[test]
fn end_of_data_that_was_rounded_down_is_no_damage() {
    let folder = Folder::new();
    folder.write("GAME.iso", &small_disc());
    folder.cisor(["compress", "-q", "--to", "zso", "--align", "8", "GAME.iso"]).assert().success();
    let mut file = Ciso(folder.read("GAME.zso"));
    let last = file.blocks();
    let end = file.u32_at(0x18 + 4 * last);
    // The bytes after the last whole unit are in the file, but not in the index.
    file.set_entry(last, end - 1);
    folder.write("ROUNDED.zso", &file.0);
    folder.cisor(["compare", "ROUNDED.zso", "GAME.iso"]).assert().success();
    folder.cisor(["verify", "ROUNDED.zso"]).assert().success();
}

/// As ziso.py does with `-b 8192` and an image that is not a whole number of blocks.
#[test]
fn index_that_is_one_value_short_costs_only_the_tail() {
    let folder = Folder::new();
    let mut disc = small_disc();
    disc.truncate(disc.len() / (4 * SECTOR) * (4 * SECTOR));
    folder.write("GAME.iso", &disc);
    folder.cisor(["compress", "-q", "--to", "zso", "-b", "8192", "GAME.iso"]).assert().success();
    let mut file = Ciso(folder.read("GAME.zso"));
    // One sector more than the blocks hold.
    let size = file.image_size() + SECTOR as u64;
    file.0[8..16].copy_from_slice(&size.to_le_bytes());
    folder.write("SHORT.zso", &file.0);

    let (code, objects) = folder.json(&["verify", "SHORT.zso"]);
    assert_eq!((code, &objects[0]["damaged"][0]["kind"]), (1, &"not_indexed".into()));
    assert_eq!(objects[0]["damaged"].as_array().unwrap().len(), 1);
    assert_eq!(objects[0]["damaged"][0]["expected"], SECTOR);
    let run = folder.cisor(["extract", "--keep-going", "SHORT.zso", "-o", "OUT.iso"]).assert().code(1);
    run.stderr(contains("last 2048 bytes").and(contains("ziso.py")));
    let kept = folder.read("OUT.iso");
    assert!(kept[..disc.len()] == disc && kept[disc.len()..] == [0; SECTOR]);
}

// Truncated discs.

#[test]
fn disc_that_was_cut_off_is_told_by_every_verb() {
    let folder = Folder::new();
    folder.write("CUT.iso", &cut_off(&psp_disc()));
    folder.cisor(["compress", "CUT.iso"]).assert().success().stderr(contains("cut off"));
    for file in ["CUT.iso", "CUT.cso"] {
        let run = folder.cisor(["verify", file]).assert().success();
        run.stdout(contains("seems to be cut off").and(contains(": ok").not()))
            .stderr(contains("it may be cut off"));
        let (_, objects) = folder.json(&["verify", file]);
        let [volume, image] =
            ["volume_sectors", "image_sectors"].map(|name| objects[0]["cut_off"][name].as_u64());
        assert!(volume > image && image.is_some(), "{objects:?}");
    }
    folder.cisor(["info", "CUT.cso"]).assert().success().stderr(contains("cut off"));
    let run = folder.cisor(["extract", "CUT.cso", "-o", "OUT.iso"]).assert().success();
    run.stderr(contains("it may be cut off"));

    folder.write("WHOLE.iso", &psp_disc());
    let (_, objects) = folder.json(&["verify", "WHOLE.iso"]);
    assert_eq!(objects[0].get("cut_off"), None);
    folder.cisor(["verify", "WHOLE.iso"]).assert().success().stdout(contains("WHOLE.iso: ok"));
}

// Verdicts about readers.

#[test]
fn nothing_is_said_to_read_what_is_no_game() {
    let folder = Folder::new();
    folder.write("archive.iso", &[&b"PK\x03\x04"[..], &noise(100_000)].concat());
    folder.write("page.iso", b"<!DOCTYPE html><html><body>404 Not Found</body></html>");
    let raw: Vec<u8> = (0..40).flat_map(|_| [&RAW_SYNC[..], &[0; 2352 - 12]].concat()).collect();
    folder.write("raw.bin", &raw);
    let ps1 = test_disc::disc("PS1", &[("SYSTEM.CNF", b"BOOT = cdrom:\\SLUS_000.01;1\r\n")]);
    folder.write("ps1.iso", &ps1);
    for file in ["archive.iso", "page.iso", "raw.bin", "ps1.iso"] {
        let (_, objects) = folder.json(&["info", file]);
        // Of what is refused by name, nothing is said at all.
        for reader in objects[0]["readers"].as_array().into_iter().flatten() {
            assert!(
                ["unknown", "refuses"].contains(&reader["verdict"].as_str().unwrap()),
                "{file}: {reader}"
            );
        }
    }
    folder.cisor(["info", "ps1.iso"]).assert().stdout(is_match("disc +PS1\n").unwrap());
    folder
        .cisor(["info", "raw.bin"])
        .assert()
        .stdout(contains("raw CD sectors").and(contains("yes: ").not()));
}

const RAW_SYNC: [u8; 12] = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0];

#[test]
fn nothing_is_said_to_read_a_file_that_is_called_damaged() {
    let folder = Folder::with_compressed_game();
    let whole = folder.read("GAME.cso");
    folder.write("CUT.cso", &whole[..whole.len() * 2 / 3]);
    let (code, objects) = folder.json(&["info", "CUT.cso"]);
    assert_eq!((code, reader(&objects[0], "ppsspp")), (1, &"unknown".into()));
    assert_eq!(reader(&folder.json(&["info", "GAME.cso"]).1[0], "ppsspp"), "reads");
}

#[test]
fn info_knows_whether_the_last_block_was_filled_up() {
    let folder = Folder::with_game();
    folder.cisor(["compress", "-q", "--for", "ppsspp", "GAME.iso"]).assert().success();
    for args in [&["info", "GAME.cso"][..], &["info", "--blocks", "GAME.cso"]] {
        let (_, objects) = folder.json(args);
        assert_eq!(reader(&objects[0], "ppsspp"), "reads", "{args:?}");
    }
    // The last block again, only as long as its part of the image.
    let mut file = Ciso(folder.read("GAME.cso"));
    let disc = folder.read("GAME.iso");
    let last = file.blocks() - 1;
    let rest = &disc[last * file.block_size() as usize..];
    let mut stream = vec![1];
    let len = u16::try_from(rest.len()).unwrap();
    stream.extend([len.to_le_bytes(), (!len).to_le_bytes()].as_flattened());
    stream.extend(rest);
    let start = file.0.len();
    file.0.extend(stream);
    let end = file.0.len();
    // The old bytes become padding of the previous block, if it may be that long.
    file.set_entry(last, u32::try_from(start).unwrap());
    file.set_entry(last + 1, u32::try_from(end).unwrap());
    folder.write("SHORT.cso", &file.0);
    let (_, objects) = folder.json(&["info", "SHORT.cso"]);
    assert_ne!(reader(&objects[0], "ppsspp"), "reads");
    let reason = &objects[0]["readers"][0]["reason"];
    assert!(!reason.to_string().contains("does not tell"), "{reason}");
}

// Refused by name.

#[test]
fn xbox_image_is_refused_by_name() {
    // Three sectors of text: each is its length in 32 bits, then LZ4, here of literals alone.
    let mut file = b"CISO\x18\0\0\0".to_vec();
    file.extend((3 * SECTOR as u64).to_le_bytes());
    file.extend(2048u32.to_le_bytes());
    file.extend([2, 2, 0, 0]);
    let data = 24 + 4 * 4u32;
    let lz4 = [&[0x1F, b'A', 1, 0][..], &[0xFF; 7], &[0xEE, 0x50], b"AAAAA"].concat();
    let block = [&u32::try_from(lz4.len()).unwrap().to_le_bytes()[..], &lz4].concat();
    let padded = u32::try_from(block.len().next_multiple_of(4)).unwrap();
    (0..4).for_each(|number| file.extend(((data + number * padded) >> 2 | 1 << 31).to_le_bytes()));
    (0..3).for_each(|_| {
        file.extend(&block);
        file.resize(file.len().next_multiple_of(4), 0);
    });
    let folder = Folder::new();
    folder.write("xbox.cso", &file);
    for verb in ["info", "verify", "extract"] {
        folder.cisor([verb, "xbox.cso"]).assert().code(3).stderr(contains("Xbox"));
    }
}

#[test]
fn blocks_of_other_sizes_are_refused_by_name_and_not_called_damaged() {
    let folder = Folder::with_compressed_game();
    let whole = folder.read("GAME.cso");
    for (size, code, kind) in [
        (2352u32, 3, "block_size"),
        (1024, 3, "block_size"),
        (512, 3, "block_size"),
        (2049, 1, "header"),
        (0, 1, "header"),
    ] {
        let mut file = whole.clone();
        file[0x10..0x14].copy_from_slice(&size.to_le_bytes());
        folder.write("ODD.cso", &file);
        let (exit, objects) = folder.json(&["verify", "ODD.cso"]);
        assert_eq!((exit, &objects[0]["error"]["kind"]), (code, &kind.into()), "{size}");
        assert_eq!(objects[0]["error"]["got"], size);
    }
}

#[test]
fn disc_of_the_other_console_is_refused_unless_limits_are_ignored() {
    let folder = Folder::new();
    folder.write("psp.iso", &psp_disc());
    folder.write("ps2.iso", &ps2_disc());
    for (profile, file, other) in
        [("opl", "psp.iso", "--for psp"), ("pcsx2", "psp.iso", "--ignore-limits"), ("psp", "ps2.iso", "opl")]
    {
        let run = folder.cisor(["compress", "--for", profile, file]).assert().code(3);
        run.stderr(contains("plays discs of").and(contains(other)));
    }
    folder.cisor(["compress", "-q", "--for", "any", "ps2.iso"]).assert().success();
    folder.cisor(["compress", "-q", "--ignore-limits", "--for", "opl", "psp.iso"]).assert().success();
    // Other tools do what they are told.
    folder.cisor(["compat", "ziso", "-c", "2", "psp.iso", "out.zso"]).assert().success();
    folder.cisor(["compat", "ciso", "9", "ps2.iso", "out.cso"]).assert().success();
}

#[test]
fn umd_video_is_named_with_who_plays_it() {
    let folder = Folder::new();
    let param = test_disc::sfo(&[("DISC_ID", "UMDV00001"), ("TITLE", "A Film")]);
    let film = test_disc::disc("FILM", &[("UMD_DATA.BIN", b"UMDV-00001|"), ("UMD_VIDEO/PARAM.SFO", &param)]);
    folder.write("film.iso", &film);
    let run = folder.cisor(["info", "film.iso"]).assert().success();
    run.stdout(is_match("disc +UMD Video UMDV-00001 \"A Film\"\n").unwrap())
        .stdout(contains("no: PPSSPP").and(contains("ISO/VIDEO")));
    let (_, objects) = folder.json(&["info", "film.iso"]);
    assert_eq!(objects[0]["disc"]["other"], "UMD Video");
}

#[test]
fn old_hdl_dump_is_said_to_refuse_a_disc_on_cdrom1() {
    let folder = Folder::new();
    for (drive, verdict) in [("cdrom0", "reads"), ("cdrom1", "caution")] {
        let system = format!("BOOT2 = {drive}:\\SLES_123.45;1\r\n");
        let disc = test_disc::disc("GAME", &[("SYSTEM.CNF", system.as_bytes()), ("DATA", &text(50_000))]);
        folder.write("GAME.iso", &disc);
        folder.cisor(["compress", "-q", "-f", "--for", "opl", "GAME.iso"]).assert().success();
        let of = |file: &str| reader(&folder.json(&["info", file]).1[0], "hdl-dump").clone();
        assert_eq!([of("GAME.iso"), of("GAME.zso")], [verdict, "reads"], "{drive}");
    }
}

// Old habits.

#[test]
fn bytes_past_the_last_sector_are_padded_or_dropped_on_request() {
    let folder = Folder::new();
    let disc = psp_disc();
    let patched = [&disc[..], &[0x55; 100]].concat();
    folder.write("PATCHED.iso", &patched);
    let run = folder.cisor(["compress", "PATCHED.iso"]).assert().code(3);
    run.stderr(
        contains("100 bytes past the last sector").and(contains("--tail")).and(contains("dump").not()),
    );
    let padded = [&patched[..], &[0; SECTOR - 100]].concat();
    for (tail, expected) in [("drop", &disc), ("pad", &padded)] {
        folder
            .cisor(["compress", "-f", "--tail", tail, "PATCHED.iso"])
            .assert()
            .success()
            .stderr(contains("100 bytes"));
        folder.cisor(["extract", "-q", "-f", "PATCHED.cso", "-o", "OUT.iso"]).assert().success();
        assert!(folder.read("OUT.iso") == *expected, "{tail}");
    }
    // Nothing is deleted that is not in the new file.
    folder.cisor(["compress", "-f", "--tail", "drop", "--rm", "PATCHED.iso"]).assert().code(2);
    assert!(folder.read("PATCHED.iso") == patched);
    // A disc that was truncated inside a sector is a different case.
    folder.write("CUT.iso", &disc[..disc.len() / 2 + 100]);
    folder.cisor(["compress", "CUT.iso"]).assert().code(3).stderr(contains("dump the disc again"));
}

#[test]
fn jso_of_a_disc_that_is_not_whole_blocks_is_written_as_its_own_tool_does() {
    let folder = Folder::new();
    let packable = small_disc();
    for sectors in 1..4 {
        for (name, rest) in [("text", text(3 * SECTOR)), ("noise", noise(3 * SECTOR))] {
            let mut disc = packable[..packable.len() / (4 * SECTOR) * (4 * SECTOR)].to_vec();
            disc.extend(&rest[..sectors * SECTOR]);
            folder.write("GAME.iso", &disc);
            folder
                .cisor(["compress", "-q", "-f", "--to", "jso", "-b", "8192", "GAME.iso"])
                .assert()
                .success();
            folder.cisor(["compare", "GAME.jso", "GAME.iso"]).assert().success();
            // The last block decodes to the remainder only: jiso.exe does not pad it.
            let file = folder.read("GAME.jso");
            let blocks = disc.len().div_ceil(8192);
            let entry =
                |at: usize| u32::from_le_bytes(file[0x30 + 4 * at..][..4].try_into().unwrap()) as usize;
            let packed = &file[entry(blocks - 1)..entry(blocks)];
            let mut out = vec![0; 8192];
            let mut decode = |needed| {
                sector_decode::Decoder::new().decode_last_block(
                    sector_decode::Coding::Deflate,
                    packed,
                    &mut out,
                    needed,
                )
            };
            assert_eq!(decode(sectors * SECTOR), Ok(()), "{name}");
            assert!(decode(sectors * SECTOR + 1).is_err(), "{name}");
        }
    }
}

// Identity of damaged discs.

#[test]
fn one_unreadable_file_does_not_lose_a_damaged_disc_its_identity() {
    let folder = Folder::with_compressed_game();
    let disc = folder.read("GAME.iso");
    let sector = disc.windows(4).position(|bytes| bytes == b"\0PSF").unwrap() / SECTOR;
    let mut file = Ciso(folder.read("GAME.cso"));
    file.damage(sector);
    folder.write("GAME.cso", &file.0);
    let run = folder.cisor(["info", "--blocks", "GAME.cso"]).assert().code(1);
    run.stdout(contains("PSP ULUS-10041"));
    // The volume descriptor itself.
    let mut file = Ciso(folder.read("GAME.cso"));
    file.damage(16);
    folder.write("GAME.cso", &file.0);
    let run = folder.cisor(["compress", "-f", "GAME.cso", "-o", "OUT.cso"]).assert().code(1);
    run.stderr(contains("ISO9660 file system").not().and(contains("cannot be read")));
}

// Hostile files.

/// Thousands of huge blocks in a small file: the work stays in proportion to the file.
#[cfg(target_os = "linux")]
#[test]
fn small_file_with_thousands_of_huge_damaged_blocks_is_done_in_no_time() {
    if is_windows() {
        // Wine takes longer to start a program than the work takes.
        return;
    }
    let folder = Folder::new();
    for (name, magic, version, shift) in
        [("a.cso", b"CISO", 1, 0), ("b.cso", b"CISO", 2, 1), ("c.zso", b"ZISO", 1, 7)]
    {
        let blocks = 7000u32;
        let data = 24 + 4 * (blocks + 1);
        let mut file = [&magic[..], &24u32.to_le_bytes()].concat();
        file.extend((u64::from(blocks) << 20).to_le_bytes());
        file.extend((1u32 << 20).to_le_bytes());
        file.extend([version, shift, 0, 0]);
        let body = noise(31_000 - data as usize);
        let values = noise(4 * (blocks as usize + 1));
        for value in values.as_chunks().0 {
            let value = u32::from_le_bytes(*value);
            let position = data + (value & 0x7FFF_FFFF) % u32::try_from(body.len()).unwrap();
            file.extend(((position >> shift) | (value & 0x8000_0000)).to_le_bytes());
        }
        file.extend(&body);
        folder.write(name, &file);
        for args in [&["verify", name][..], &["extract", "--keep-going", "-f", name, "-o", "OUT.iso"]] {
            let before = processor_ticks();
            let output = folder.cisor(args).output();
            assert_eq!(output.status.code(), Some(1), "{args:?}");
            let ticks = processor_ticks() - before;
            assert!(ticks < 200, "{args:?} took {ticks} hundredths of a second of the processor");
        }
    }
}

/// What the programs that this test has run took of the processor, in hundredths of a second (Linux: `cutime` and
/// `cstime` of proc_pid_stat(5)). The clock on the wall would also count what other programs and the disk take.
#[cfg(target_os = "linux")]
fn processor_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let field =
        |number: usize| after_name.split_whitespace().nth(number - 3).unwrap().parse::<u64>().unwrap();
    field(16) + field(17)
}
