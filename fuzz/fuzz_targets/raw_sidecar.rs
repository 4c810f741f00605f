//! Any bytes as the sidecar of any image: reading ends in the files that it promises, or in an error.
//!
//! The checksums of the sections are made to fit first, so that what is inside them is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use raw_sidecar::{Error, Reader};

/// Maximum bytes of the files: a header can declare gigabytes.
const MOST: u64 = 16 << 20;

fuzz_target!(|bytes: &[u8]| {
    let mut sidecar = bytes.to_vec();
    fix_checksums(&mut sidecar);
    let Ok(reader) = Reader::new(&sidecar[..]) else { return };
    let sizes: Vec<u64> = reader.disc().files.iter().map(|file| file.size).collect();
    for name in reader.disc().files.iter().map(|file| &file.name) {
        assert!(!name.is_empty() && !name.contains(['/', '\\', ':', '\0']) && name != "..", "{name}");
    }
    let mut lens = vec![0_u64; sizes.len()];
    let mut all = 0;
    let restored = reader.restore(
        |user| {
            user.fill(0x5A);
            Ok(())
        },
        |file, bytes| {
            lens[file] += bytes.len() as u64;
            all += bytes.len() as u64;
            assert!(lens[file] <= sizes[file]);
            if all > MOST { Err(Error::TooLarge) } else { Ok(()) }
        },
    );
    if restored.is_ok() {
        assert_eq!(lens, sizes);
    }
});

fn fix_checksums(sidecar: &mut [u8]) {
    let mut at = 12;
    while let Some(&[_, _, _, _, a, b, c, d]) = sidecar.get(at..).and_then(<[u8]>::first_chunk) {
        let end = at.saturating_add(8 + u32::from_le_bytes([a, b, c, d]) as usize);
        let Some(section) = sidecar.get(at..end) else { return };
        let crc = crc32fast::hash(section).to_le_bytes();
        let Some(place) = sidecar.get_mut(end..end + 4) else { return };
        place.copy_from_slice(&crc);
        at = end + 4;
    }
}
