//! CHDs made by chdman, some of them damaged.

mod support;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use image_source::{DamageKind, Error, Kind, Loss, Other, SheetOrigin, catches_panics};
use sector_decode::ReadAt;

use crate::support::{content, disc, golden, open, open_bytes, read};

#[test]
fn every_codec_and_hunk_size_of_dvds_gives_the_image() {
    let image = disc("image.iso");
    for name in ["lzma", "zlib", "huff", "flac", "zstd", "none", "2048", "8192"] {
        let path = golden(&format!("dvd-{name}.chd"));
        assert!(content(&path) == image, "{name}");
        let source = open(&path).unwrap().unwrap();
        let Kind::Chd(facts) = source.kind() else { panic!("{name}") };
        assert!(facts.is_dvd && !facts.is_cd && source.tracks().is_empty() && source.is_only_user_data());
        // chdman does not compute it for uncompressed CHDs.
        assert_eq!(facts.raw_sha1.is_none(), name == "none", "{name}");
        let sha1 = source.chd_sha1(|_| true).unwrap();
        assert!(facts.raw_sha1.is_none() || sha1 == facts.raw_sha1, "{name}");
    }
}

#[test]
fn every_codec_of_cds_gives_the_data_track() {
    // Three Form 2 sectors follow the file system; an image holds the first 2048 bytes of each.
    let image = [disc("image.iso"), vec![0; 3 * 2048]].concat();
    for name in ["cdlz", "cdzl", "cdfl", "cdzs"] {
        let source = open(&golden(&format!("cd-{name}.chd"))).unwrap().unwrap();
        assert!(read(&source).unwrap() == image, "{name}");
        let kinds: Vec<_> =
            source.tracks().iter().map(|track| (track.kind.as_str(), track.sectors)).collect();
        assert_eq!(kinds, [("MODE2/2352", image.len() as u64 / 2048), ("AUDIO", 12)], "{name}");
        assert!(matches!(source.losses(), [Loss::Track(track)] if track.number == 2));
        assert!(!source.is_only_user_data());
        let Kind::Chd(facts) = source.kind() else { panic!("{name}") };
        assert_eq!(source.chd_sha1(|_| true).unwrap(), facts.raw_sha1, "{name}");
    }
}

#[test]
fn other_kinds_of_cds_give_the_image() {
    for name in ["cd-mode1.chd", "cd-iso.chd"] {
        assert!(content(&golden(name)) == disc("image.iso"), "{name}");
        assert!(open(&golden(name)).unwrap().unwrap().losses().is_empty(), "{name}");
    }
    let source = open(&golden("raw-game.chd")).unwrap().unwrap();
    assert!(read(&source).unwrap().starts_with(&disc("image.iso")));
    assert_eq!(source.losses().len(), 1, "the audio after the data");
}

/// All that chdman wrote, but for the one that needs a parent.
fn all() -> Vec<std::path::PathBuf> {
    let mut names: Vec<_> =
        std::fs::read_dir(golden("")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| {
        path.extension().is_some_and(|kind| kind == "chd") && !path.ends_with("dvd-child.chd")
    });
    names
}

#[test]
fn bytes_after_a_chd_are_noticed_but_zeros_are_none() {
    for path in all() {
        let chd = std::fs::read(&path).unwrap();
        let goes_on =
            |more: &[u8]| open_bytes(&[&chd[..], more].concat()).unwrap().unwrap().has_bytes_after_chd();
        assert!(!goes_on(b"") && !goes_on(&[0; 300_000]), "{}", path.display());
        assert!(goes_on(b"x") && goes_on(&[&[0; 300_000][..], b"x"].concat()), "{}", path.display());
    }
}

/// chdman computes it from the content's SHA-1 and the metadata; here it is computed again.
#[test]
fn the_sha_1_of_a_chd_covers_its_list_of_tracks() {
    let overall = |chd: &[u8]| {
        let source = open_bytes(chd).unwrap().unwrap();
        let Kind::Chd(facts) = source.kind() else { panic!("a CHD") };
        facts.overall_sha1
    };
    for path in &all() {
        let chd = std::fs::read(path).unwrap();
        let is_none = path.ends_with("dvd-none.chd");
        assert_eq!(overall(&chd).is_none(), is_none, "{}", path.display());
        assert!(overall(&chd).is_none_or(|[header, computed]| header == computed), "{}", path.display());
    }
    let mut chd = std::fs::read(golden("cd-cdzl.chd")).unwrap();
    let at = chd.windows(9).rposition(|bytes| bytes == b"POSTGAP:0").unwrap();
    chd[at + 8] = b'1';
    assert!(overall(&chd).is_some_and(|[header, computed]| header != computed));
}

#[test]
fn discs_of_the_dreamcast_are_named() {
    let mut chd = std::fs::read(golden("cd-cdzl.chd")).unwrap();
    while let Some(at) = chd.windows(4).position(|bytes| bytes == b"CHT2") {
        chd[at..at + 4].copy_from_slice(b"CHGD");
    }
    assert!(matches!(open_bytes(&chd), Err(Error::Other(Other::GdRom))));
}

#[test]
fn threads_read_the_same() {
    let source = open(&golden("dvd-2048.chd")).unwrap().unwrap();
    let image = disc("image.iso");
    let mut data = source.data().with_threads(NonZeroUsize::new(7).unwrap());
    let mut all = vec![0; image.len()];
    data.read_exact_at(&mut all, 0).unwrap();
    assert!(all == image);
    assert!(data.read_exact_at(&mut [0; 2], image.len() as u64 - 1).is_err());
    assert!(data.read_exact_at(&mut [0; 2], u64::MAX).is_err());
    std::thread::scope(|scope| {
        for start in 0..4_usize {
            let (mut data, image) = (source.data(), &image);
            scope.spawn(move || {
                for at in (start * 100..image.len() - 3000).step_by(7777) {
                    let mut piece = [0; 3000];
                    data.read_exact_at(&mut piece, at as u64).unwrap();
                    assert!(piece == image[at..at + 3000]);
                }
            });
        }
    });
}

#[test]
fn child_is_refused_by_its_parents_name() {
    let error = open(&golden("dvd-child.chd")).unwrap_err();
    assert!(matches!(&error, Error::NeedsParent { parent } if parent.len() == 40), "{error}");
}

#[test]
fn changed_byte_in_a_hunk_is_noticed() {
    for name in ["lzma", "zlib", "huff", "flac", "zstd"] {
        let sound = std::fs::read(golden(&format!("dvd-{name}.chd"))).unwrap();
        let mut noticed = 0;
        // From the first hunk (after header and metadata) to the map.
        let map = u64::from_be_bytes(sound[40..48].try_into().unwrap());
        let map = usize::try_from(map).unwrap();
        for at in (300..map).step_by(97) {
            let mut bytes = sound.clone();
            bytes[at] ^= 0x10;
            let source = open_bytes(&bytes).unwrap().unwrap();
            match read(&source) {
                // Not every byte matters: some are unused bits at the ends of streams.
                Ok(read) => assert!(read == disc("image.iso"), "{name}: byte {at}"),
                Err(error) => {
                    let error = error.downcast::<Error>().unwrap();
                    assert!(error.is_damage(), "{name}: {error}");
                    noticed += 1;
                }
            }
        }
        assert!(noticed > (map - 300) / 97 / 2, "{name}: {noticed}");
    }
}

#[test]
fn hunk_that_decodes_to_other_bytes_is_found_by_its_crc() {
    // Every bit of a Huffman stream matters, and most changed streams still decode.
    let sound = std::fs::read(golden("dvd-huff.chd")).unwrap();
    let map = usize::try_from(u64::from_be_bytes(sound[40..48].try_into().unwrap())).unwrap();
    let found = (map / 2..map).step_by(50).filter(|&at| {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        let error = read(&open_bytes(&bytes).unwrap().unwrap()).unwrap_err().downcast::<Error>().unwrap();
        matches!(error, Error::Damage(damage) if matches!(damage.kind, DamageKind::HunkCrc { .. }))
    });
    assert!(found.count() > 10);
}

#[test]
fn cut_off_chds_are_errors_and_never_panics() {
    let sound = std::fs::read(golden("dvd-flac.chd")).unwrap();
    for len in (8..sound.len()).step_by(23) {
        // The map is at the end, so nothing can be read.
        let opened = open_bytes(&sound[..len]);
        assert!(
            matches!(&opened, Err(error) if error.is_damage() || matches!(error, Error::ChdVersion(_))),
            "{len}"
        );
    }
    let unpacked = std::fs::read(golden("dvd-none.chd")).unwrap();
    let source = open_bytes(&unpacked[..unpacked.len() - 2048]).unwrap().unwrap();
    assert!(read(&source).is_err());
}

#[test]
fn flipped_bits_in_header_map_and_metadata_never_panic() {
    for name in ["dvd-zlib.chd", "cd-cdzl.chd", "dvd-none.chd"] {
        let sound = std::fs::read(golden(name)).unwrap();
        let map = usize::try_from(u64::from_be_bytes(sound[40..48].try_into().unwrap())).unwrap();
        let places = (8..240).step_by(3).chain((map..sound.len()).step_by(5));
        for at in places {
            for bit in [0, 7] {
                let mut bytes = sound.clone();
                bytes[at] ^= 1 << bit;
                if let Ok(Some(source)) = open_bytes(&bytes)
                    && source.data().len() < 1 << 20
                {
                    let _ = read(&source);
                }
            }
        }
    }
}

#[test]
fn a_map_on_which_the_library_panics_is_an_error() {
    static CAUGHT: AtomicUsize = AtomicUsize::new(0);
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if catches_panics() {
            CAUGHT.fetch_add(1, Ordering::Relaxed);
        } else {
            usual(panic);
        }
    }));
    let mut bytes = std::fs::read(golden("dvd-zlib.chd")).unwrap();
    let map = usize::try_from(u64::from_be_bytes(bytes[40..48].try_into().unwrap())).unwrap();
    // A code of 16 symbols begins with a run of 18.
    bytes[map + 16..][..2].copy_from_slice(&[0x10, 0xF0]);
    assert!(matches!(open_bytes(&bytes), Err(Error::Chd(text)) if text.contains("map")));
    assert!(CAUGHT.load(Ordering::Relaxed) > 0 && !catches_panics());
}

#[test]
fn metadata_without_end_is_refused() {
    let mut bytes = std::fs::read(golden("dvd-zlib.chd")).unwrap();
    let at = usize::try_from(u64::from_be_bytes(bytes[48..56].try_into().unwrap())).unwrap();
    let own = bytes[48..56].to_vec();
    bytes[at + 8..at + 16].copy_from_slice(&own);
    assert!(matches!(open_bytes(&bytes), Err(Error::Chd(text)) if text.contains("no end")));
}

#[test]
fn sizes_that_no_disc_has_are_refused_before_memory_is_taken() {
    let sound = std::fs::read(golden("dvd-zlib.chd")).unwrap();
    let with = |at: usize, field: &[u8]| {
        let mut bytes = sound.clone();
        bytes[at..at + field.len()].copy_from_slice(field);
        open_bytes(&bytes)
    };
    for (at, field) in [
        (32, &u64::MAX.to_be_bytes()[..]),
        (32, &[0; 8]),
        (56, &[0; 4]),
        (56, &u32::MAX.to_be_bytes()),
        (56, &16_u32.to_be_bytes()),
        (60, &[0; 4]),
        (40, &u64::MAX.to_be_bytes()),
        (48, &u64::MAX.to_be_bytes()),
    ] {
        assert!(matches!(with(at, field), Err(Error::Chd(_))), "{at}: {field:?}");
    }
    assert!(matches!(with(12, &4_u32.to_be_bytes()), Err(Error::ChdVersion(4))));
    assert!(matches!(with(16, b"avhu"), Err(Error::ChdCodec(name)) if name == "avhu"));
}

#[test]
fn map_entry_beyond_the_end_of_the_file_is_damage() {
    let mut bytes = std::fs::read(golden("dvd-none.chd")).unwrap();
    let map = usize::try_from(u64::from_be_bytes(bytes[40..48].try_into().unwrap())).unwrap();
    // Entries of an unpacked CHD count hunks; this is the second one.
    for hunk in [1000, u32::MAX] {
        bytes[map + 4..map + 8].copy_from_slice(&hunk.to_be_bytes());
        let source = open_bytes(&bytes).unwrap().unwrap();
        let error = read(&source).unwrap_err().downcast::<Error>().unwrap();
        assert!(
            matches!(&error, Error::Damage(damage) if damage.kind == DamageKind::HunkPlace { hunk: 1 }),
            "{error}"
        );
    }
}

#[test]
fn long_list_of_metadata_is_refused_and_a_large_entry_skipped() {
    let sound = std::fs::read(golden("dvd-zlib.chd")).unwrap();
    // Entries at the end of the file, each of which leads to the next one.
    let with_list = |entries: u64, len: u32| {
        let mut bytes = sound.clone();
        let start = bytes.len() as u64;
        bytes[48..56].copy_from_slice(&start.to_be_bytes());
        for number in 1..=entries {
            let next = if number == entries { 0 } else { start + 16 * number };
            bytes.extend(b"NOTE");
            bytes.extend(len.to_be_bytes());
            bytes.extend(next.to_be_bytes());
        }
        open_bytes(&bytes)
    };
    assert!(with_list(500, 0).is_ok());
    // The lengths lie: nothing of that size is read.
    assert!(with_list(500, 0x00FF_FFFF).is_ok());
    assert!(matches!(with_list(5000, 0), Err(Error::Chd(text)) if text.contains("no end")));
}

#[test]
fn dump_of_a_cd_is_the_files_that_it_was_made_from() {
    for name in ["cdlz", "cdzl", "cdfl", "cdzs"] {
        let source = open(&golden(&format!("cd-{name}.chd"))).unwrap().unwrap();
        let dump = source.dump().unwrap();
        let sheet = dump.sheet().unwrap();
        assert_eq!((sheet.name.as_str(), sheet.origin), (&*format!("cd-{name}.cue"), SheetOrigin::Chd));
        let text = String::from_utf8(sheet.text.clone()).unwrap();
        let given = String::from_utf8(disc("game.cue")).unwrap().replace("\r\n", "\n");
        assert_eq!(text.replace(&format!("cd-{name}.bin"), "game.bin"), given);
        let [file] = dump.files() else { panic!("{name}") };
        let game = disc("game.bin");
        assert_eq!(file.bytes().len(), game.len() as u64);
        // In pieces that begin and end anywhere, across the tracks.
        for len in [1, 700, 2352, 50_000, game.len()] {
            let mut piece = vec![0; len];
            for at in (0..=game.len() - len).step_by(len.max(1777)) {
                file.bytes().read_exact_at(&mut piece, at as u64).unwrap();
                assert!(piece == game[at..at + len], "{name}: {len} at {at}");
            }
        }
        assert!(file.bytes().read_exact_at(&mut [0; 2], game.len() as u64 - 1).is_err());
    }
    let dvd = open(&golden("dvd-zlib.chd")).unwrap().unwrap();
    assert!(dvd.dump().is_none());
}
