//! The rules for DAX files as they are written here (version 0), checked byte by byte.

use std::path::Path;

use crate::deflate;
use crate::disc::{Decoded, Pieces, u16_at, u32_at, u32s};

const HEADER_LEN: u64 = 32;
const FRAME: u32 = 0x2000;
/// The size of readers' buffers.
const MAX_STORED: usize = 0x2400;

/// Reads the whole file, decodes every frame, and returns the image's SHA-256 in hexadecimal.
///
/// # Panics
///
/// At the first rule that is broken.
pub fn check(path: &Path, image_size: u64) -> String {
    let mut file = Pieces::open(path);
    let header = file.up_to(HEADER_LEN);
    assert_eq!(header[..4], *b"DAX\0", "magic");
    assert_eq!(u64::from(u32_at(&header, 4)), image_size, "size of the image");
    assert_eq!(u32_at(&header, 8), 0, "version");
    assert_eq!(u32_at(&header, 12), 0, "no uncompressed areas: ARK reads them two bytes too late");
    assert!(header[16..].iter().all(|&byte| byte == 0), "unused bytes");

    let frames = image_size.div_ceil(u64::from(FRAME));
    let offsets = u32s(&file.up_to(HEADER_LEN + 4 * frames));
    let sizes = file.up_to(HEADER_LEN + 6 * frames);
    let sizes: Vec<u16> = sizes.chunks_exact(2).map(|size| u16_at(size, 0)).collect();
    assert_eq!(u64::from(offsets[0]), HEADER_LEN + 6 * frames, "the first frame follows the tables");

    let mut decoded = Decoded::new(image_size);
    let mut out = Vec::new();
    for (number, (&offset, &size)) in offsets.iter().zip(&sizes).enumerate() {
        let end = u64::from(offset) + u64::from(size);
        // Some readers take the length from the size table, others from the next offset: both must agree.
        let next = offsets.get(number + 1).map_or(file.len, |&next| u64::from(next));
        assert_eq!(end, next, "frame {number}: ends where the next begins");
        let stored = file.up_to(end);
        assert!(stored.len() <= MAX_STORED, "frame {number}: longer than the buffers of readers");
        let used = deflate::decode_zlib(&stored, FRAME as usize, &mut out);
        assert_eq!(used, Some(stored.len()), "frame {number}: one zlib stream and nothing else");
        assert_eq!(out.len(), FRAME as usize, "frame {number}: decodes to a whole frame, the last one too");
        decoded.push(&out);
    }
    decoded.sha256()
}
