//! ZIP and 7z archives, made by 7z, zstd and Python during the tests, and by hand where those refuse.

use std::process::Command;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_match};

use crate::support::zip::{Packed, crc32, zip};
use crate::support::{Folder, noise, ps2_disc, psp_disc, raw_sectors, small_disc};

/// Packs files of the folder with 7z.
fn seven_zip(folder: &Folder, archive: &str, files: &[&str], args: &[&str]) {
    run(folder, "7z", &[&["a", "-bd", "-y"], args, &[archive], files].concat());
}

fn run(folder: &Folder, program: &str, args: &[&str]) {
    let output = Command::new(program).args(args).current_dir(folder.root()).output();
    let output =
        output.unwrap_or_else(|error| panic!("{program}, which cargo xtask setup installs: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A folder with a small disc as `GAME.iso`.
fn with_disc() -> Folder {
    let folder = Folder::new();
    folder.write("GAME.iso", &small_disc());
    folder
}

/// Checks that the archive is refused or found damaged by every verb, and that nothing is left behind.
fn refused(folder: &Folder, archive: &str, code: i32, text: &str) {
    let before = folder.names();
    for verb in ["info", "verify", "compress", "extract"] {
        let run = folder.cisor([verb, archive]).assert().code(code);
        run.stderr(contains(text));
        assert_eq!(folder.names(), before, "{verb}");
    }
}

/// As [`refused`], for damage that is found only where everything is read.
fn damaged(folder: &Folder, archive: &str, text: &str) {
    let before = folder.names();
    for args in [
        &["verify", archive][..],
        &["compress", archive],
        &["extract", archive],
        &["compare", archive, archive],
        &["compress", "--ignore-limits", "--to", "dax", archive],
    ] {
        let run = folder.cisor(args).assert().code(1);
        run.stderr(contains(text));
        assert_eq!(folder.names(), before, "{args:?}");
    }
}

const SHEET: &str = "FILE \"GAME.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n";

#[test]
fn every_method_of_7z_gives_the_disc() {
    let folder = with_disc();
    let disc = folder.read("GAME.iso");
    for args in [
        &["-tzip", "-mx=0"][..],
        &["-tzip"],
        &["-tzip", "-mm=Deflate64"],
        &["-tzip", "-mm=BZip2"],
        &["-tzip", "-mm=LZMA"],
        &["-tzip", "-mm=xz"],
        &["-tzip", "-mm=PPMd"],
        &["-t7z"],
        &["-t7z", "-m0=LZMA"],
        &["-t7z", "-m0=PPMd"],
        &["-t7z", "-m0=BZip2"],
        &["-t7z", "-m0=Deflate"],
        &["-t7z", "-m0=Deflate64"],
        &["-t7z", "-m0=Copy"],
        &["-t7z", "-m0=BCJ", "-m1=LZMA2"],
        &["-t7z", "-m0=ARM", "-m1=LZMA"],
        &["-t7z", "-m0=Delta:4", "-m1=BZip2"],
        &["-t7z", "-mhc=off"],
        &["-t7z", "-ms=off"],
    ] {
        seven_zip(&folder, "GAME.packed", &["GAME.iso"], args);
        folder.cisor(["extract", "-o", "back.iso", "GAME.packed"]).assert().success();
        assert!(folder.read("back.iso") == disc, "{args:?}");
        folder.cisor(["verify", "GAME.packed"]).assert().success();
        folder.remove("back.iso");
        folder.remove("GAME.packed");
    }
}

#[test]
fn disc_goes_from_the_archive_to_what_the_console_reads() {
    for (disc, extension) in [(psp_disc(), "cso"), (ps2_disc(), "zso")] {
        let folder = Folder::new();
        folder.write("GAME.iso", &disc);
        folder.write("README.TXT", b"Thank you for downloading.");
        for archive in ["GAME.zip", "GAME.7z"] {
            seven_zip(&folder, archive, &["GAME.iso", "README.TXT"], &[]);
            folder.cisor(["compress", archive]).assert().success();
            let packed = format!("GAME.{extension}");
            folder.cisor(["compare", &packed, "GAME.iso"]).assert().success();
            folder.cisor(["compare", archive, &packed]).assert().success();
            let again = folder.cisor(["compress", archive]).assert().success();
            again.stderr(contains("already done"));
            folder.remove(packed);
        }
    }
}

#[test]
fn zstandard_in_zip() {
    let folder = with_disc();
    run(&folder, "zstd", &["-q", "-19", "GAME.iso"]);
    let packed = Packed { method: 93, ..Packed::stored("GAME.iso", &folder.read("GAME.iso")) };
    let archive = zip(&[Packed { data: folder.read("GAME.iso.zst"), ..packed }]);
    folder.write("GAME.zip", &archive);
    folder.cisor(["compare", "GAME.zip", "GAME.iso"]).assert().success();
}

#[test]
fn methods_of_pythons_zipfile_are_read() {
    let folder = with_disc();
    for method in ["STORED", "DEFLATED", "BZIP2", "LZMA"] {
        let script = format!(
            "import zipfile\nwith zipfile.ZipFile('GAME.zip', 'w', zipfile.ZIP_{method}) as z: z.write('GAME.iso')"
        );
        run(&folder, "python3", &["-c", &script]);
        folder.cisor(["compare", "GAME.zip", "GAME.iso"]).assert().success();
    }
}

#[test]
fn zip64_is_read() {
    let folder = with_disc();
    let disc = folder.read("GAME.iso");
    let large = Packed { is_large: true, ..Packed::stored("GAME.iso", &disc) };
    folder.write("GAME.zip", &zip(&[Packed::stored("A.TXT", b"text"), large]));
    folder.cisor(["compare", "GAME.zip", "GAME.iso"]).assert().success();
}

#[test]
fn data_descriptors_are_read() {
    let folder = with_disc();
    let script = "import sys, zipfile\n\
        class Pipe:\n def __init__(self, file): self.file = file\n def write(self, b): return self.file.write(b)\n \
        def flush(self): self.file.flush()\n\
        with zipfile.ZipFile(Pipe(open('GAME.zip', 'wb')), 'w', zipfile.ZIP_DEFLATED) as z: z.write('GAME.iso')\n";
    run(&folder, "python3", &["-c", script]);
    folder.cisor(["compare", "GAME.zip", "GAME.iso"]).assert().success();
    // The descriptor: signature, CRC, sizes.
    let mut archive = folder.read("GAME.zip");
    let at = archive.windows(4).position(|bytes| bytes == b"PK\x07\x08").expect("a descriptor");
    for (offset, text) in [(4, "data descriptor of \"GAME.iso\" disagree about the CRC-32"), (8, "the size")]
    {
        archive[at + offset] ^= 1;
        folder.write("bad.zip", &archive);
        refused(&folder, "bad.zip", 1, text);
        archive[at + offset] ^= 1;
    }
}

#[test]
fn disc_in_a_solid_archive_is_found_by_its_content() {
    let folder = with_disc();
    folder.write("A.DAT", &noise(300_000));
    folder.write("B.TXT", b"text");
    std::fs::rename(folder.path("GAME.iso"), folder.path("GAME.dat")).unwrap();
    seven_zip(&folder, "GAME.7z", &["A.DAT", "B.TXT", "GAME.dat"], &["-ms=on"]);
    let run = folder.cisor(["extract", "GAME.7z"]).assert().success();
    run.stderr(contains("GAME.7z -> GAME.iso"));
    assert!(folder.read("GAME.iso") == folder.read("GAME.dat"));
}

#[test]
fn info_tells_which_file_it_is() {
    let folder = with_disc();
    folder.write("README.TXT", b"text");
    seven_zip(&folder, "GAME.7z", &["GAME.iso", "README.TXT"], &[]);
    seven_zip(&folder, "GAME.zip", &["GAME.iso", "README.TXT"], &[]);
    for (archive, kind, text) in [("GAME.7z", "7z", "7z archive"), ("GAME.zip", "zip", "ZIP archive")] {
        let info = folder.cisor(["info", archive]).assert().success().stderr("");
        info.stdout(is_match(format!("format +{text}\n")).unwrap())
            .stdout(is_match("file in it +GAME.iso, [0-9,]+ bytes, packed [0-9,]+\n").unwrap())
            .stdout(is_match("disc +PSP UCES-00001").unwrap())
            .stdout(contains("readers").not());
        let (code, json) = folder.json(&["info", archive]);
        assert_eq!(code, 0);
        let source = &json[0]["source"];
        assert_eq!((&source["kind"], &source["entry"]["name"]), (&kind.into(), &"GAME.iso".into()));
        assert_eq!(source["entry"]["kind"], "image");
        assert_eq!(source["entry"]["size"], folder.read("GAME.iso").len());
        let packed = source["entry"]["packed_size"].as_u64().unwrap();
        assert!(packed > 0 && packed < folder.read(archive).len() as u64);
        assert_eq!(json[0]["stored_size"], folder.read(archive).len());
    }
}

#[test]
fn other_formats_in_archives() {
    let folder = with_disc();
    folder.write("GAME.bin", &raw_sectors(&folder.read("GAME.iso")));
    folder.write("GAME.cue", SHEET.as_bytes());
    folder.cisor(["compress", "GAME.iso"]).assert().success();
    folder.cisor(["compress", "--to", "dax", "GAME.iso"]).assert().success();
    run(&folder, "chdman", &["createraw", "-i", "GAME.iso", "-o", "GAME.chd", "-us", "2048", "-hs", "4096"]);
    for kind in ["-tzip", "-t7z"] {
        for files in [&["GAME.cso"][..], &["GAME.dax"], &["GAME.bin"], &["GAME.cue", "GAME.bin"]] {
            seven_zip(&folder, "GAME.packed", files, &[kind]);
            folder.cisor(["compare", "GAME.packed", "GAME.iso"]).assert().success();
            folder.cisor(["info", "GAME.packed"]).assert().success();
            folder.cisor(["verify", "GAME.packed"]).assert().success();
            folder.remove("GAME.packed");
        }
        seven_zip(&folder, "GAME.packed", &["GAME.chd"], &[kind, "-mx=0"]);
        folder.cisor(["compare", "GAME.packed", "GAME.iso"]).assert().success();
        folder.remove("GAME.packed");
    }
    // A CHD's map is at its end.
    seven_zip(&folder, "chd.7z", &["GAME.chd"], &[]);
    refused(&folder, "chd.7z", 3, "\"GAME.chd\" in this archive is a CHD");
}

#[test]
fn tracks_in_archives_are_named_and_checked() {
    let folder = with_disc();
    let disc = folder.read("GAME.iso");
    folder.write("GAME.bin", &raw_sectors(&disc));
    folder.write("2.bin", &vec![0x35; 90 * 2352]);
    let sheet = format!("{SHEET}FILE \"2.bin\" BINARY\n  TRACK 02 AUDIO\n    INDEX 01 00:00:00\n");
    folder.write("GAME.cue", sheet.as_bytes());
    seven_zip(&folder, "GAME.zip", &["GAME.cue", "GAME.bin", "2.bin"], &[]);
    let run = folder.cisor(["compress", "GAME.zip"]).assert().code(3);
    run.stderr(contains("track 2 (audio, 0:01 minutes)"));
    folder.cisor(["extract", "--ignore-limits", "-o", "back.iso", "GAME.zip"]).assert().success();
    assert!(folder.read("back.iso") == disc);
    folder.remove("2.bin");
    seven_zip(&folder, "missing.zip", &["GAME.cue", "GAME.bin"], &[]);
    refused(&folder, "missing.zip", 3, "names \"2.bin\", which is not beside it");
}

#[test]
fn crc_is_compared_to_the_end_of_the_file_in_the_archive() {
    let folder = with_disc();
    folder.cisor(["compress", "GAME.iso"]).assert().success();
    // The bytes after the CSO are not part of the disc, but of the file.
    let image = [folder.read("GAME.cso"), noise(700_000)].concat();
    folder.write("LONG.cso", &image);
    for args in
        [&["-tzip", "-mx=0"][..], &["-tzip"], &["-t7z", "-mhc=off", "-m0=Copy"], &["-t7z", "-mhc=off"]]
    {
        seven_zip(&folder, "LONG.packed", &["LONG.cso"], args);
        folder.cisor(["compare", "LONG.packed", "GAME.iso"]).assert().success();
        let bad = with_other_crc(&folder.read("LONG.packed"), &image);
        folder.remove("LONG.packed");
        let folder = Folder::new();
        folder.write("LONG.packed", &bad);
        damaged(&folder, "LONG.packed", "\"LONG.cso\" in the archive has the CRC-32");
    }
}

/// Changes the CRC-32 of a file wherever the archive has it.
fn with_other_crc(archive: &[u8], content: &[u8]) -> Vec<u8> {
    let mut bytes = archive.to_vec();
    let crc = crc32(content).to_le_bytes();
    let places: Vec<usize> = (0..bytes.len() - 4).filter(|&at| bytes[at..].starts_with(&crc)).collect();
    assert!(!places.is_empty());
    places.into_iter().for_each(|at| bytes[at] ^= 1);
    if bytes.starts_with(b"7z") {
        // The directory has a CRC, which is among the first bytes, and they have one, too.
        let offset = u64::from_le_bytes(bytes[12..20].try_into().unwrap());
        let directory = crc32(&bytes[32 + usize::try_from(offset).unwrap()..]);
        bytes[28..32].copy_from_slice(&directory.to_le_bytes());
        let start = crc32(&bytes[12..32]);
        bytes[8..12].copy_from_slice(&start.to_le_bytes());
    }
    bytes
}

#[test]
fn packed_bytes_that_were_changed_are_noticed() {
    for (name, args) in
        [("GAME.zip", &[][..]), ("GAME.7z", &[]), ("GAME.7z", &["-m0=BZip2"]), ("GAME.7z", &["-m0=PPMd"])]
    {
        let folder = with_disc();
        seven_zip(&folder, name, &["GAME.iso"], args);
        folder.remove("GAME.iso");
        let mut archive = folder.read(name);
        let middle = archive.len() / 2;
        archive[middle..middle + 4].iter_mut().for_each(|byte| *byte ^= 0x55);
        folder.write(name, &archive);
        for verb in ["verify", "compress", "extract"] {
            folder.cisor([verb, name]).assert().code(1).stderr(contains("GAME"));
            assert_eq!(folder.names(), [name], "{args:?} {verb}");
        }
    }
}

#[test]
fn archives_that_were_cut_off_are_damaged() {
    let folder = with_disc();
    for (name, text) in [("GAME.zip", "no directory at its end"), ("GAME.7z", "probably cut off")] {
        seven_zip(&folder, name, &["GAME.iso"], &[]);
        let archive = folder.read(name);
        for len in [40, archive.len() / 2, archive.len() - 1] {
            folder.write("cut", &archive[..len]);
            refused(&folder, "cut", 1, text);
        }
    }
}

#[test]
fn encrypted_archives_are_named() {
    let folder = with_disc();
    for (name, args, text) in [
        ("a.zip", &["-psecret"][..], "\"GAME.iso\" in this archive is encrypted"),
        ("b.zip", &["-psecret", "-mem=AES256"], "\"GAME.iso\" in this archive is encrypted"),
        ("c.7z", &["-psecret"], "\"GAME.iso\" in this archive is encrypted"),
        ("d.7z", &["-psecret", "-mhe=on"], "the names in this archive are encrypted"),
    ] {
        seven_zip(&folder, name, &["GAME.iso"], args);
        refused(&folder, name, 3, text);
    }
}

#[test]
fn archives_with_several_discs_or_none_are_refused() {
    let folder = with_disc();
    folder.write("B.bin", &raw_sectors(&ps2_disc()));
    folder.write("A.DAT", &noise(100_000));
    seven_zip(&folder, "two.zip", &["B.bin", "GAME.iso"], &[]);
    refused(&folder, "two.zip", 3, "several disc images in this archive: B.bin, GAME.iso");
    seven_zip(&folder, "two.7z", &["B.bin", "GAME.iso"], &[]);
    refused(&folder, "two.7z", 3, "several disc images in this archive: ");
    for name in ["none.zip", "none.7z"] {
        seven_zip(&folder, name, &["A.DAT"], &[]);
        refused(&folder, name, 3, "there is no disc image in this archive");
    }
    folder.write("empty.zip", &zip(&[]));
    refused(&folder, "empty.zip", 3, "there is no disc image in this archive");
}

#[test]
fn methods_and_kinds_that_are_not_read_are_named() {
    let folder = with_disc();
    for (method, text) in [(97, "WavPack"), (10, "PKWARE's Implode"), (6, "a method from before deflate")] {
        let unread = Packed { method, ..Packed::stored("GAME.iso", &folder.read("GAME.iso")) };
        folder.write("unread.zip", &zip(&[unread]));
        refused(&folder, "unread.zip", 3, &format!("packed with {text}, which is not read. Unpack it first"));
    }
    seven_zip(&folder, "swap.7z", &["GAME.iso"], &["-m0=Swap4", "-m1=LZMA2"]);
    refused(&folder, "swap.7z", 3, "packed with method 020304, which is not read. Unpack it first");
    seven_zip(
        &folder,
        "bcj2.7z",
        &["GAME.iso"],
        &["-m0=BCJ2", "-m1=LZMA", "-m2=LZMA", "-m3=LZMA", "-mb0:1", "-mb0s1:2", "-mb0s2:3"],
    );
    refused(&folder, "bcj2.7z", 3, "several streams (BCJ2)");
    folder.write("GAME.rar", b"Rar!\x1A\x07\x01\0 and more");
    refused(&folder, "GAME.rar", 3, "this is a RAR archive. Unpack it first");
}

#[test]
fn directories_that_lie_are_damaged() {
    let folder = with_disc();
    let disc = folder.read("GAME.iso");
    let good = Packed::deflated("GAME.iso", &disc);
    folder.write("GAME.zip", &zip(std::slice::from_ref(&good)));
    folder.cisor(["compare", "GAME.zip", "GAME.iso"]).assert().success();
    let folder = Folder::new();
    // Sizes: the limit holds while decoding.
    let shorter = Packed { len: good.len - 2048, ..good.clone() };
    folder.write("GAME.zip", &zip(&[shorter]));
    damaged(&folder, "GAME.zip", "it has more than the");
    let longer = Packed { len: good.len + 2048, ..good.clone() };
    folder.write("GAME.zip", &zip(&[longer]));
    let run = folder.cisor(["compress", "GAME.zip"]).assert().code(1);
    run.stderr(contains(format!("fewer than the {} bytes", good.len + 2048)));
    folder.cisor(["verify", "GAME.zip"]).assert().code(1);
    assert_eq!(folder.names(), ["GAME.zip"]);
    // More than deflate can make of so few bytes.
    let endless = Packed { len: 1 << 40, is_large: true, ..good.clone() };
    folder.write("GAME.zip", &zip(&[endless]));
    refused(&folder, "GAME.zip", 1, "fewer than the 1099511627776 bytes");
    // The local header.
    for (wrong, text) in [
        (Packed { local_crc: Some(5), ..good.clone() }, "header of \"GAME.iso\" disagree about the CRC-32"),
        (Packed { local_name: Some("GAME.exe".into()), ..good.clone() }, "disagree about the name"),
    ] {
        folder.write("GAME.zip", &zip(&[wrong]));
        refused(&folder, "GAME.zip", 1, text);
    }
}

#[test]
fn overlapping_files_are_refused() {
    let folder = Folder::new();
    let disc = small_disc();
    let inner = zip(&[Packed::deflated("GAME.iso", &disc)]);
    // The first file's data is the second file.
    let first = Packed::stored("A.DAT", &inner);
    let second = Packed { at: Some(30 + 5), ..Packed::deflated("GAME.iso", &disc) };
    folder.write("GAME.zip", &zip(&[first, second]));
    refused(&folder, "GAME.zip", 1, "\"A.DAT\" and \"GAME.iso\" overlap");
}

#[test]
fn names_in_archives_are_never_paths_and_are_safe_to_show() {
    let folder = Folder::new();
    let disc = small_disc();
    folder.write("GAME.zip", &zip(&[Packed::deflated("../../evil\x1B[2J/GAME.iso", &disc)]));
    folder.cisor(["extract", "GAME.zip"]).assert().success();
    assert_eq!(folder.names(), ["GAME.iso", "GAME.zip"]);
    let run = folder.cisor(["info", "GAME.zip"]).assert().success();
    run.stdout(contains("\x1B").not());
}

#[test]
fn archive_is_deleted_only_if_it_holds_nothing_else() {
    let folder = with_disc();
    folder.write("README.TXT", b"text");
    seven_zip(&folder, "A.7z", &["GAME.iso"], &[]);
    seven_zip(&folder, "B.zip", &["GAME.iso", "README.TXT"], &[]);
    folder.cisor(["compress", "--rm", "A.7z"]).assert().success();
    let run = folder.cisor(["compress", "--rm", "B.zip"]).assert().failure();
    run.stderr(contains("it holds more than the new file: other files"));
    assert_eq!(folder.names(), ["A.cso", "B.cso", "B.zip", "GAME.iso", "README.TXT"]);
}

#[test]
fn damaged_archive_is_saved_as_far_as_it_decodes() {
    let folder = Folder::new();
    let disc = psp_disc();
    folder.write("GAME.iso", &disc);
    seven_zip(&folder, "GAME.zip", &["GAME.iso"], &[]);
    let mut archive = folder.read("GAME.zip");
    let late = archive.len() * 9 / 10;
    archive[late..late + 8].fill(0xFF);
    folder.write("GAME.zip", &archive);
    folder.cisor(["extract", "--keep-going", "-o", "saved.iso", "GAME.zip"]).assert().code(1);
    let saved = folder.read("saved.iso");
    assert_eq!(saved.len(), disc.len());
    assert!(saved[..200_000] == disc[..200_000]);
}

#[test]
fn volumes_of_archives_are_named() {
    let folder = Folder::new();
    // The first volume, and the last one, as `zip -s` writes them.
    folder.write(
        "GAME.z01",
        &[b"PK\x07\x08", &zip(&[Packed::stored("GAME.iso", &small_disc())])[..5000]].concat(),
    );
    let mut last = noise(5000);
    last.extend(b"PK\x05\x06\x02\0\0\0\x01\0\x01\0\x40\0\0\0\x40\0\0\0\0\0");
    folder.write("GAME.zip", &last);
    for file in ["GAME.z01", "GAME.zip"] {
        refused(&folder, file, 3, "this is one volume of an archive that was split");
    }
}
