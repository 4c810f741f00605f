//! Discs in archives: reading in any order, damage of any kind, and limits.

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use image_source::{ArchiveError, Error, Source};
use sector_decode::ReadAt;
use support::disc;

/// Packs a disc with 7z and returns the archive.
fn pack(image: &[u8], kind: &str, args: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("GAME.iso"), image).unwrap();
    let mut command = Command::new("7z");
    command.args(["a", "-bd", "-y", kind]).args(args).args(["archive", "GAME.iso"]).current_dir(&folder);
    let output = command.output().expect("7z, which cargo xtask setup installs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = ["archive", "archive.7z", "archive.zip"].map(|name| folder.path().join(name));
    std::fs::read(names.iter().find(|name| name.exists()).unwrap()).unwrap()
}

fn open(archive: Vec<u8>) -> Result<Source, Error> {
    Source::of(Path::new("archive"), Arc::new(archive)).map(|source| source.expect("an archive"))
}

/// Everything, if the archive's CRC is right.
fn content(archive: Vec<u8>) -> Result<Vec<u8>, String> {
    let source = open(archive).map_err(|error| error.to_string())?;
    let mut bytes = vec![0; usize::try_from(source.data().len()).unwrap()];
    source.data().read_exact_at(&mut bytes, 0).map_err(|error| error.to_string())?;
    source.check_archive(|_| true).map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[test]
fn bytes_are_the_same_in_any_order_and_from_any_thread() {
    // Longer than the window of bytes that are kept.
    let image = disc("image.iso");
    let image = image.repeat((30 << 20) / image.len());
    for args in [&["-mx=1"][..], &["-mx=1", "-m0=Deflate"]] {
        let source = open(pack(&image, "-t7z", args)).unwrap();
        assert!(source.is_forward());
        let read = |at: usize, len: usize| {
            let mut bytes = vec![0; len];
            source.data().read_exact_at(&mut bytes, at as u64).unwrap();
            assert!(bytes == image[at..at + len], "{len} at {at}");
        };
        let end = image.len();
        read(end - 5000, 5000);
        // In the window, before it, in the part that is always kept.
        read(end - (10 << 20), 300_000);
        read(3 << 20, 300_000);
        read(1000, 5000);
        read((1 << 20) - 5000, 1 << 20);
        std::thread::scope(|scope| {
            for part in 0..4 {
                let (read, quarter) = (&read, end / 4);
                scope.spawn(move || read((3 - part) * quarter, quarter / 8));
            }
        });
        assert!(source.check_archive(|_| true).unwrap());
        source.forget();
        assert!(!source.check_archive(|_| false).unwrap());
        assert!(source.data().read_exact_at(&mut [0; 2], end as u64 - 1).is_err());
    }
}

#[test]
fn flipped_bits_never_give_other_bytes() {
    let image = disc("image.iso");
    for (kind, args) in [
        ("-tzip", &[][..]),
        ("-tzip", &["-mx=0"]),
        ("-tzip", &["-mm=LZMA"]),
        ("-tzip", &["-mm=xz"]),
        ("-tzip", &["-mm=PPMd"]),
        ("-t7z", &["-mhc=off"]),
        ("-t7z", &["-m0=PPMd"]),
        ("-t7z", &["-m0=BCJ", "-m1=LZMA2", "-mhc=off"]),
        ("-t7z", &["-m0=Copy"]),
    ] {
        let archive = pack(&image, kind, args);
        assert!(content(archive.clone()).unwrap() == image);
        let bits = archive.len() * 8;
        // Bits of the ends, where headers and directories are, and some of the rest.
        let ends = (0..60 * 8).chain(bits - 150 * 8..bits).step_by(7);
        let mut noticed = 0;
        for bit in ends.chain((0..bits).step_by(bits / 60)) {
            let mut flipped = archive.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            match Source::of(Path::new("archive"), Arc::new(flipped.clone())) {
                Ok(Some(_)) => match content(flipped) {
                    Ok(bytes) => assert!(bytes == image, "{kind} {args:?}: bit {bit}"),
                    Err(_) => noticed += 1,
                },
                _ => noticed += 1,
            }
        }
        assert!(noticed > 80, "{kind} {args:?}: {noticed}");
    }
}

#[test]
fn every_cut_archive_is_an_error() {
    let image = disc("image.iso");
    for kind in ["-tzip", "-t7z"] {
        let archive = pack(&image, kind, &[]);
        for len in (33..archive.len()).step_by(97).chain([archive.len() - 1]) {
            assert!(content(archive[..len].to_vec()).is_err(), "{kind}: {len}");
        }
    }
}

#[test]
fn decoders_that_need_too_much_memory_are_refused() {
    let image = disc("image.iso");
    let mut archive = pack(&image, "-t7z", &["-m0=PPMd", "-mhc=off"]);
    // The method, the number of its properties, and the order; then the memory.
    let at = archive.windows(5).rposition(|bytes| bytes[..4] == [0x03, 0x04, 0x01, 5]).unwrap() + 5;
    archive[at..at + 4].copy_from_slice(&(1_u32 << 30).to_le_bytes());
    seal(&mut archive);
    let error = open(archive).unwrap_err();
    assert!(matches!(
        error,
        Error::Archive(ArchiveError::Memory { needed: Some(1_073_741_824), most: 268_435_456, .. })
    ));
}

/// What filters for programs look for, whatever the processor: their jumps, and random bytes.
fn code(len: usize) -> Vec<u8> {
    let opcodes = [
        0xE8, 0xE9, 0x0F, 0x80, 0xEB, 0x48, 0x4B, 0x94, 0x97, 0x90, 0x40, 0x7F, 0xF0, 0xF8, 0xEF, 0x17, 0,
        0xFF,
    ];
    let mut state = 5_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize
    };
    (0..len)
        .map(|_| if next() % 4 == 0 { next().to_le_bytes()[0] } else { opcodes[next() % opcodes.len()] })
        .collect()
}

#[test]
fn filters_of_7z_are_undone() {
    // With an end that no filter changes, because a jump would not fit.
    let image = [disc("image.iso"), code(200_001)].concat();
    for filter in
        ["BCJ", "PPC", "IA64", "ARM", "ARMT", "SPARC", "ARM64", "RISCV", "Delta", "Delta:4", "Delta:256"]
    {
        let first = format!("-m0={filter}");
        let filtered = pack(&image, "-t7z", &[&first, "-m1=Copy"]);
        assert!(filtered[32..32 + image.len()] != image, "{filter} changes nothing");
        assert!(content(filtered).unwrap() == image, "{filter}");
        for method in ["LZMA2", "LZMA", "PPMd", "BZip2"] {
            let archive = pack(&image, "-t7z", &[&first, &format!("-m1={method}")]);
            assert!(content(archive).unwrap() == image, "{filter}, {method}");
        }
    }
    // Two filters, one after the other.
    let archive = pack(&image, "-t7z", &["-m0=Delta:2", "-m1=BCJ", "-m2=LZMA2"]);
    assert!(content(archive).unwrap() == image);
}

#[test]
fn methods_of_zip_with_settings_are_read() {
    let image = disc("image.iso");
    for args in [
        &["-mm=LZMA"][..],
        &["-mm=LZMA", "-mx=9"],
        &["-mm=xz"],
        &["-mm=xz", "-mx=9"],
        &["-mm=PPMd"],
        &["-mm=PPMd:mem=1m:o=2"],
        &["-mm=PPMd", "-mx=9"],
    ] {
        assert!(content(pack(&image, "-tzip", args)).unwrap() == image, "{args:?}");
    }
}

/// Packs a disc as a ZIP, and returns the archive and where its packed data begins.
fn zip(image: &[u8], method: &str) -> (Vec<u8>, usize) {
    let archive = pack(image, "-tzip", &[method]);
    let len = |at: usize| usize::from(u16::from_le_bytes([archive[at], archive[at + 1]]));
    let start = 30 + len(26) + len(28);
    (archive, start)
}

#[test]
fn dictionary_is_a_limit_and_no_allocation() {
    let image = disc("image.iso");
    let (mut archive, start) = zip(&image, "-mm=LZMA");
    assert_eq!(archive[start + 2..start + 4], [5, 0]);
    // Almost 4 GiB. There are no more bytes to go back to than the file has.
    archive[start + 5..start + 9].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(content(archive).unwrap() == image);
    for method in ["LZMA", "LZMA2"] {
        let mut archive = pack(&image, "-t7z", &[&format!("-m0={method}"), "-mhc=off"]);
        let id: &[u8] = if method == "LZMA" { &[3, 1, 1, 5] } else { &[0x21, 1] };
        let at = archive.windows(id.len()).rposition(|bytes| bytes == id).unwrap() + id.len();
        if method == "LZMA" {
            archive[at + 1..at + 5].copy_from_slice(&u32::MAX.to_le_bytes());
        } else {
            archive[at] = 40;
        }
        seal(&mut archive);
        assert!(content(archive).unwrap() == image, "{method}");
    }
}

#[test]
fn files_that_say_they_are_large_cannot_have_a_large_dictionary() {
    let image = disc("image.iso");
    let (archive, start) = zip(&image, "-mm=LZMA");
    let mut archive = archive;
    let size = u32::try_from(image.len()).unwrap().to_le_bytes();
    let larger = (1_u32 << 30).to_le_bytes();
    // In both headers; the packed bytes have it nowhere.
    let places: Vec<usize> = (0..archive.len() - 4).filter(|&at| archive[at..at + 4] == size).collect();
    assert_eq!(places.len(), 2);
    places.into_iter().for_each(|at| archive[at..at + 4].copy_from_slice(&larger));
    archive[start + 5..start + 9].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = open(archive).unwrap_err();
    assert!(
        matches!(error, Error::Archive(ArchiveError::Memory { needed: Some(1_073_741_824), .. })),
        "{error}"
    );
}

#[test]
fn xz_that_needs_too_much_memory_is_refused() {
    let image = disc("image.iso");
    let (mut archive, start) = zip(&image, "-mm=xz");
    // The block's header follows that of the stream: its size, flags, and LZMA2 with a byte for the dictionary.
    let header = start + 12;
    let len = (usize::from(archive[header]) + 1) * 4;
    let at =
        archive[header..header + len].windows(2).position(|bytes| bytes == [0x21, 1]).unwrap() + header + 2;
    archive[at] = 40;
    let crc = crc32fast::hash(&archive[header..header + len - 4]);
    archive[header + len - 4..header + len].copy_from_slice(&crc.to_le_bytes());
    let error = open(archive).unwrap_err();
    assert!(matches!(error, Error::Archive(ArchiveError::Memory { needed: None, .. })), "{error}");
    assert_eq!(error.kind(), "archive_unsupported");
}

#[test]
fn impossible_settings_in_zip_are_damage() {
    let image = disc("image.iso");
    for (method, changes) in [
        // The number of properties; lc, lp and pb.
        ("-mm=LZMA", &[(2, 4_u8), (2, 6), (3, 1), (4, 225), (4, 255)][..]),
        // The order, and what to do when the memory is full.
        ("-mm=PPMd", &[(0, 0), (1, 0x20), (1, 0xF0)]),
        // The magic of .xz.
        ("-mm=xz", &[(0, 0), (6, 0xFF)]),
    ] {
        let (archive, start) = zip(&image, method);
        for &(at, value) in changes {
            let mut changed = archive.clone();
            changed[start + at] =
                if method == "-mm=PPMd" && at == 1 { changed[start + 1] & 0xF | value } else { value };
            if method == "-mm=PPMd" && at == 0 {
                changed[start] = archive[start] & 0xF0;
            }
            let error = open(changed).unwrap_err();
            assert!(error.is_damage(), "{method} {at} {value}: {error}");
        }
    }
}

#[test]
fn settings_that_are_cut_off_are_damage() {
    let image = disc("image.iso");
    for (method, settings) in [("-mm=LZMA", 9), ("-mm=PPMd", 2), ("-mm=xz", 12)] {
        let (archive, start) = zip(&image, method);
        let packed = u32::from_le_bytes(archive[18..22].try_into().unwrap()) as usize;
        for left in 0..settings {
            // The packed data is cut, and both headers say so.
            let mut cut = archive.clone();
            cut.drain(start + left..start + packed);
            let size = u32::try_from(left).unwrap().to_le_bytes();
            cut[18..22].copy_from_slice(&size);
            let central = cut.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
            cut[central + 20..central + 24].copy_from_slice(&size);
            let end = cut.windows(4).rposition(|bytes| bytes == b"PK\x05\x06").unwrap();
            cut[end + 16..end + 20].copy_from_slice(&u32::try_from(central).unwrap().to_le_bytes());
            let error = open(cut).unwrap_err();
            assert!(error.is_damage(), "{method}, {left} bytes: {error}");
        }
    }
}

#[test]
fn programs_beside_the_disc_need_not_be_readable() {
    let image = disc("image.iso");
    let folder = tempfile::tempdir().unwrap();
    let seven_zip = |args: &[&str]| {
        let output =
            Command::new("7z").args(["a", "-bd", "-y"]).args(args).current_dir(&folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    std::fs::write(folder.path().join("SETUP.EXE"), code(100_000)).unwrap();
    let bcj2 = ["-m0=BCJ2", "-m1=LZMA", "-m2=LZMA", "-m3=LZMA", "-mb0:1", "-mb0s1:2", "-mb0s2:3"];
    seven_zip(&[&bcj2[..], &["archive.7z", "SETUP.EXE"]].concat());
    let read = || std::fs::read(folder.path().join("archive.7z")).unwrap();
    // Alone, it could be the disc.
    let error = open(read()).unwrap_err();
    assert!(
        matches!(&error, Error::Archive(ArchiveError::Method { method, .. }) if method.contains("BCJ2")),
        "{error}"
    );
    std::fs::write(folder.path().join("GAME.iso"), &image).unwrap();
    seven_zip(&["archive.7z", "GAME.iso"]);
    assert!(content(read()).unwrap() == image);
    // What is called a disc has to be one.
    std::fs::rename(folder.path().join("SETUP.EXE"), folder.path().join("SETUP.bin")).unwrap();
    std::fs::remove_file(folder.path().join("archive.7z")).unwrap();
    seven_zip(&[&bcj2[..], &["archive.7z", "SETUP.bin"]].concat());
    seven_zip(&["archive.7z", "GAME.iso"]);
    assert!(matches!(open(read()), Err(Error::Archive(ArchiveError::Method { .. }))));
}

/// Corrects the CRCs of a 7z archive's directory and of its first bytes.
fn seal(archive: &mut [u8]) {
    let offset = u64::from_le_bytes(archive[12..20].try_into().unwrap());
    let directory = crc32fast::hash(&archive[32 + usize::try_from(offset).unwrap()..]);
    archive[28..32].copy_from_slice(&directory.to_le_bytes());
    let start = crc32fast::hash(&archive[12..32]);
    archive[8..12].copy_from_slice(&start.to_le_bytes());
}

#[test]
fn any_directory_of_7z_ends_in_an_error_or_in_the_disc() {
    let image = disc("image.iso");
    let archive = pack(&image, "-t7z", &["-mhc=off"]);
    let offset = u64::from_le_bytes(archive[12..20].try_into().unwrap());
    let directory = 32 + usize::try_from(offset).unwrap();
    for at in directory..archive.len() {
        for value in [0, 1, 2, 0x7F, 0x80, 0xFF, archive[at] ^ 1] {
            let mut changed = archive.clone();
            changed[at] = value;
            seal(&mut changed);
            if let Ok(bytes) = content(changed) {
                // A name or a time, or a shorter file without a CRC.
                assert!(image.starts_with(&bytes), "byte {at} is {value}");
            }
        }
    }
}
