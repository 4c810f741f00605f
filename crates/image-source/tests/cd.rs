//! BIN/CUE and raw dumps.

mod support;

use std::path::Path;

use image_source::{CueError, DamageKind, Error, Kind, Loss, Other, edc};

use crate::support::{content, disc, discs, open, open_bytes, read};

const RAW: usize = 2352;

/// The error that reading returns.
fn damage(bytes: &[u8]) -> DamageKind {
    let error = read(&open_bytes(bytes).unwrap().unwrap()).unwrap_err();
    match error.downcast::<Error>().unwrap() {
        Error::Damage(damage) => damage.kind,
        other => panic!("{other}"),
    }
}

#[test]
fn edc_is_that_of_the_script() {
    // The script computes it bit by bit.
    for sector in disc("mode1.bin").chunks(RAW) {
        assert_eq!(edc(&sector[..2064]).to_le_bytes(), sector[2064..2068]);
    }
}

#[test]
fn sheet_gives_the_data_track_and_names_the_rest() {
    let source = open(&discs().join("game.cue")).unwrap().unwrap();
    assert_eq!(source.kind(), &Kind::Cue);
    assert!(read(&source).unwrap().starts_with(&disc("image.iso")));
    assert!(matches!(source.losses(), [Loss::Track(track)] if track.kind == "AUDIO" && track.sectors == 12));
    assert_eq!(source.parts().len(), 1);
    let source = open(&discs().join("mode1.cue")).unwrap().unwrap();
    assert!(read(&source).unwrap() == disc("image.iso") && source.losses().is_empty());
}

#[test]
fn dump_alone_is_recognised_by_its_sync_pattern() {
    let image = disc("image.iso");
    assert!(content(&discs().join("mode1.bin")) == image);
    // The audio after the data lacks the sync pattern.
    let source = open(&discs().join("game.bin")).unwrap().unwrap();
    assert_eq!(source.kind(), &Kind::RawCd(2352));
    assert!(read(&source).unwrap().starts_with(&image));
    assert!(matches!(source.losses(), [Loss::Track(track)] if track.sectors == 12), "{:?}", source.losses());

    // With subcode, and without sync and header.
    let with_subcode: Vec<u8> =
        disc("mode1.bin").chunks(RAW).flat_map(|sector| [sector, &[0x55; 96]].concat()).collect();
    let source = open_bytes(&with_subcode).unwrap().unwrap();
    assert_eq!(source.kind(), &Kind::RawCd(2448));
    assert!(read(&source).unwrap() == image);
    let data = image.len() / 2048 * RAW;
    let headless: Vec<u8> =
        disc("game.bin")[..data].chunks(RAW).flat_map(|sector| sector[16..].to_vec()).collect();
    let source = open_bytes(&headless).unwrap().unwrap();
    assert_eq!(source.kind(), &Kind::RawCd(2336));
    assert!(read(&source).unwrap() == image);
}

#[test]
fn plain_images_and_other_bytes_are_left_alone() {
    for bytes in [disc("image.iso"), vec![0; 4096], b"CISO\x18\0\0\0".repeat(100), vec![7; 10], Vec::new()] {
        assert!(open_bytes(&bytes).unwrap().is_none());
    }
}

#[test]
fn sector_that_is_not_what_its_edc_says_is_refused_until_that_is_wanted() {
    for (name, at) in [("mode1.bin", 16 + 100), ("game.bin", 24 + 100)] {
        let mut bytes = disc(name);
        bytes[17 * RAW + at] ^= 1;
        assert_eq!(damage(&bytes), DamageKind::Edc { sector: 17 }, "{name}");
        let source = open_bytes(&bytes).unwrap().unwrap();
        source.take_losses();
        let all = read(&source).unwrap();
        assert_eq!(all[17 * 2048 + 100], disc("image.iso")[17 * 2048 + 100] ^ 1);
    }
}

#[test]
fn form_2_sector_in_the_file_system_is_refused() {
    let mut bytes = disc("game.bin");
    bytes[20 * RAW + 18] |= 0x20;
    assert_eq!(damage(&bytes), DamageKind::Form2 { sector: 20 });
}

#[test]
fn sector_without_sync_pattern_is_refused() {
    let mut bytes = disc("mode1.bin");
    bytes[5 * RAW + 3] = 0;
    assert_eq!(damage(&bytes), DamageKind::NoSector { sector: 5 });
    let mut bytes = disc("mode1.bin");
    bytes[5 * RAW + 15] = 9;
    assert_eq!(damage(&bytes), DamageKind::NoSector { sector: 5 });
}

#[test]
fn dump_that_ends_inside_of_a_sector_is_refused() {
    let bytes = disc("mode1.bin");
    for cut in [1, 500, RAW - 1] {
        let error = open_bytes(&bytes[..bytes.len() - cut]).unwrap_err();
        assert!(
            matches!(error, Error::CutSector { extra, .. } if extra == (RAW - cut) as u64),
            "{cut}: {error}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(discs().join("mode1.cue"), folder.path().join("mode1.cue")).unwrap();
    std::fs::write(folder.path().join("mode1.bin"), &bytes[..bytes.len() - 5]).unwrap();
    let error = open(&folder.path().join("mode1.cue")).unwrap_err();
    assert!(matches!(error, Error::Cue(CueError::Size { .. })), "{error}");
}

/// Writes a sheet next to `mode1.bin` and opens it.
fn sheet(text: &str) -> Result<Vec<u8>, Error> {
    let folder = tempfile::tempdir().unwrap();
    for part in ["mode1.bin", "game.bin"] {
        std::fs::copy(discs().join(part), folder.path().join(part)).unwrap();
    }
    let path = folder.path().join("disc.cue");
    std::fs::write(&path, text).unwrap();
    open(&path).map(|source| read(&source.expect("a sheet")).unwrap())
}

#[test]
fn sheets_of_several_files_and_odd_endings_are_read() {
    let two = "FILE \"mode1.bin\" BINARY\rTRACK 01 MODE1/2352\rINDEX 01 00:00:00\rFILE \"game.bin\" BINARY\r\
               TRACK 02 AUDIO\rINDEX 00 00:00:00\rINDEX 01 00:00:02\r";
    assert!(sheet(two).unwrap() == disc("image.iso"));
    assert!(sheet(&format!("\u{FEFF}{two}")).unwrap() == disc("image.iso"));
}

#[test]
fn sheets_that_lead_elsewhere_or_to_audio_are_refused() {
    let with = |name: &str| format!("FILE \"{name}\" BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n");
    for name in ["../mode1.bin", "/etc/hostname", "sub/mode1.bin", "C:\\mode1.bin"] {
        assert!(matches!(sheet(&with(name)), Err(Error::Cue(CueError::Outside(_)))), "{name}");
    }
    assert!(matches!(sheet(&with("none.bin")), Err(Error::Cue(CueError::Missing(_)))));
    let beyond = with("mode1.bin").replace("00:00:00", "10:00:00");
    assert!(matches!(sheet(&beyond), Err(Error::Cue(CueError::Size { .. }))));
    let audio = with("mode1.bin").replace("MODE1/2352", "AUDIO");
    assert!(matches!(sheet(&audio), Err(Error::NoDataTrack)));
    let folder = with("mode1.bin").replace("mode1.bin", "..");
    assert!(matches!(sheet(&folder), Err(Error::Cue(CueError::Outside(_)))));
}

#[test]
fn other_kinds_of_files_are_named() {
    let at = |offset: usize, bytes: &[u8]| {
        let mut file = vec![1; 0x11000];
        file[offset..offset + bytes.len()].copy_from_slice(bytes);
        file
    };
    let end = 0x11000;
    for (bytes, expected) in [
        (at(0, b"Rar!\x1A\x07\x01\0"), Other::Rar),
        (at(0, b"\x1F\x8B\x08"), Other::Packed),
        (at(0, b"\0PBP"), Other::Pbp),
        (at(0, b"ECM\0"), Other::Ecm),
        (at(0, b"IsZ!"), Other::Isz),
        (at(0, b"MEDIA DESCRIPTOR"), Other::Mds),
        (at(0, b"[CloneCD]"), Other::Ccd),
        (at(0, b"<!DOCTYPE html>"), Other::Html),
        (at(0x1C, b"\xC2\x33\x9F\x3D"), Other::Nintendo),
        (at(0x18, b"\x5D\x1C\x9E\xA3"), Other::Nintendo),
        (at(0x800, b"PlayStation3\0"), Other::Ps3),
        (at(0x1_0000, b"MICROSOFT*XBOX*MEDIA"), Other::Xbox),
        (at(end - 12, b"NER5"), Other::Nrg),
        (at(end - 8, &[6, 0, 0, 0x80]), Other::Cdi),
    ] {
        assert!(matches!(open_bytes(&bytes), Err(Error::Other(found)) if found == expected), "{expected}");
    }
}

#[cfg(unix)]
#[test]
fn sheet_that_names_a_pipe_does_not_wait_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert!(std::process::Command::new("mkfifo").arg(at("pipe.bin")).status().unwrap().success());
    std::fs::write(at("a.cue"), "FILE pipe.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n").unwrap();
    assert!(matches!(open(Path::new(&at("a.cue"))), Err(Error::Cue(CueError::Missing(_)))));
}
