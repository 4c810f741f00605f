//! Any bytes as a CHD, a CUE sheet, a raw CD dump or an archive: opening and reading end in data or in an error.
#![no_main]

use std::path::Path;
use std::sync::Arc;

use image_source::Source;
use libfuzzer_sys::fuzz_target;
use sector_decode::ReadAt;

/// Maximum bytes read: a few hunks of any size.
const MOST: u64 = 4 << 20;

fuzz_target!(|bytes: &[u8]| {
    // A CUE sheet will not find any file there.
    let Ok(Some(source)) = Source::of(Path::new("/nowhere/disc"), Arc::new(bytes.to_vec())) else { return };
    source.take_losses();
    let mut data = source.data();
    let mut buf = [0; 5000];
    let mut at = 0;
    while at < data.len().min(MOST) {
        let len = usize::try_from(data.len() - at).unwrap_or(usize::MAX).min(buf.len());
        // Damage in one place does not prevent reading another.
        let _ = data.read_exact_at(&mut buf[..len], at);
        at += len as u64;
    }
});
