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
        ("-t7z", &["-mhc=off"]),
        ("-t7z", &["-m0=PPMd"]),
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
        Error::Archive(ArchiveError::Memory { needed, most, .. }) if needed == 1 << 30 && most == 256 << 20
    ));
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
