//! Any bytes as a CHD, a CUE sheet, a raw CD dump or an archive: opening and reading end in data or in an error.
#![no_main]

use std::path::Path;
use std::sync::Arc;

use image_source::{Cue, Source};
use libfuzzer_sys::fuzz_target;
use sector_decode::ReadAt;

/// Maximum bytes read: all of every first input, and some of whatever an input says it holds.
const MOST: u64 = 256 << 10;

fuzz_target!(init: forgive_caught_panics(), |bytes: &[u8]| {
    // A CUE sheet will not find any file there.
    let Ok(Some(source)) = Source::of(Path::new("/nowhere/disc"), Arc::new(bytes.to_vec())) else { return };
    source.take_losses();
    let mut data = source.data();
    read(data.len(), |at, buf| drop(data.read_exact_at(buf, at)));
    for file in source.dump().into_iter().flat_map(|dump| dump.files()) {
        let areas: u64 = file.areas().iter().map(|area| area.len).sum();
        assert_eq!(areas, file.bytes().len());
        read(areas, |at, buf| drop(file.bytes().read_exact_at(buf, at)));
    }
    if let Some(sheet) = source.dump().and_then(|dump| dump.sheet()) {
        Cue::parse(&sheet.text).expect("a sheet that was made is one that is read");
    }
});

/// Reads everything forward. Damage in one place does not prevent reading another.
fn read(len: u64, mut at: impl FnMut(u64, &mut [u8])) {
    let mut buf = [0; 5000];
    let mut offset = 0;
    while offset < len.min(MOST) {
        let count = usize::try_from(len - offset).unwrap_or(usize::MAX).min(buf.len());
        at(offset, &mut buf[..count]);
        offset += count as u64;
    }
}

/// The crate `chd` panics on crafted files, which `image_source` catches. Only other panics are findings.
fn forgive_caught_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !image_source::catches_panics() {
            usual(panic);
        }
    }));
}
