//! Any text as the CUE sheet of any dump: opening and reading end in data or in an error. The sheet ends at the first
//! zero byte; what follows is the dump, `a.bin`. Both come in a ZIP that is not packed, so that no files are needed.
#![no_main]

use std::path::Path;
use std::sync::Arc;

use image_source::{Cue, Source};
use libfuzzer_sys::fuzz_target;
use sector_decode::ReadAt;

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let (sheet, dump) = bytes.split_at(end);
    let Ok(cue) = Cue::parse(sheet) else { return };
    for file in &cue.files {
        assert!(!file.name.contains(['/', '\\', ':', '\0']) && file.name != ".." && !file.name.is_empty());
    }
    let archive = zip(&[("a.cue", sheet), ("a.bin", dump.get(1..).unwrap_or_default())]);
    let Ok(Some(source)) = Source::of(Path::new("/nowhere/a.zip"), Arc::new(archive)) else { return };
    source.take_losses();
    let mut data = source.data();
    let mut buf = [0; 5000];
    let mut at = 0;
    while at < data.len() {
        let len = usize::try_from(data.len() - at).unwrap_or(usize::MAX).min(buf.len());
        let _ = data.read_exact_at(&mut buf[..len], at);
        at += len as u64;
    }
});

/// A ZIP of stored files (APPNOTE.TXT 4.3).
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let at = u32::try_from(out.len()).expect("a small file").to_le_bytes();
        let len = u32::try_from(content.len()).expect("a small file").to_le_bytes();
        let name_len = u16::try_from(name.len()).expect("a short name").to_le_bytes();
        // Version, flags, method, time, date, CRC, both sizes, length of the name, no more fields.
        let crc = crc32fast::hash(content).to_le_bytes();
        let common = [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &crc, &len, &len, &name_len, &[0, 0]].concat();
        directory.extend([b"PK\x01\x02\x14\0", &common[..], &[0; 10], &at, name.as_bytes()].concat());
        out.extend([b"PK\x03\x04", &common[..], name.as_bytes(), content].concat());
    }
    let place =
        [directory.len(), out.len()].map(|number| u32::try_from(number).expect("small").to_le_bytes());
    out.extend(directory);
    let count = u16::try_from(files.len()).expect("few").to_le_bytes();
    out.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &place[0], &place[1], &[0, 0]].concat());
    out
}
