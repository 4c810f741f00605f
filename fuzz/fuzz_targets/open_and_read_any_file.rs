//! Any file can be opened and read, or refused in words; and a file that can be read as a whole reads the same in
//! parts, by the reader that owns its memory, and from a disk.
#![no_main]

use std::io::Read;

use cisor_fuzz::Plan;
use libfuzzer_sys::fuzz_target;
use sector_decode::{ImageCursor, ImageReader, ReaderOptions};

fuzz_target!(|input: &[u8]| {
    let Some((plan, file)) = Plan::split(input) else { return };
    let owned = ImageReader::open(file, &ReaderOptions::default());
    if let Err(error) = &owned {
        cisor_fuzz::in_words(error);
    }
    let Some(answers) = plan.read(file, 0x55) else { return };
    let Some(whole) = answers.first().and_then(|answer| answer.bytes.as_ref()) else { return };
    if let Ok(image) = owned {
        let mut bytes = Vec::new();
        if ImageCursor::new(image).take(whole.len() as u64).read_to_end(&mut bytes).is_ok() {
            assert!(bytes == *whole);
        }
    }
    cisor_fuzz::reads_as_file(&plan, file, whole);
    for part in &answers[1..] {
        // In a huge image, the last one can be past the part that is read.
        let Some(from) = usize::try_from(part.offset).ok().filter(|&from| from < whole.len()) else {
            continue;
        };
        let Some(bytes) = &part.bytes else {
            // Reading a part may load a window that extends past everything read here.
            assert!(plan.is_checking(), "{:#X} can be read only with the rest", part.offset);
            continue;
        };
        let len = bytes.len().min(whole.len() - from);
        assert!(bytes[..len] == whole[from..][..len], "{:#X} differs", part.offset);
    }
});
