//! The rules for JSO files as they are written here (raw deflate, no block headers), checked byte by byte.

use std::path::Path;

use md5::{Digest, Md5};

use crate::deflate;
use crate::disc::{Decoded, Pieces, hex, u16_at, u32_at, u32s};

const HEADER_LEN: u64 = 48;

/// Reads the whole file, decodes every block, and returns the image's SHA-256 in hexadecimal.
///
/// # Panics
///
/// At the first rule that is broken.
pub fn check(path: &Path, image_size: u64, block_size: u16) -> String {
    let mut file = Pieces::open(path);
    let header = file.up_to(HEADER_LEN);
    assert_eq!(header[..4], *b"JISO", "magic");
    assert_eq!(u16_at(&header, 4), 1, "what jiso.exe writes behind the magic");
    assert_eq!(u16_at(&header, 6), block_size, "block size");
    assert_eq!(u16_at(&header, 8), 0, "no block headers: ARK takes them for data");
    assert_eq!(u16_at(&header, 10), 1, "method: zlib");
    assert_eq!(u64::from(u32_at(&header, 12)), image_size, "size of the image");
    assert_eq!(image_size % u64::from(block_size), 0, "jiso.exe cannot read a last block that is partial");
    assert_eq!(u64::from(u32_at(&header, 32)), HEADER_LEN, "position of the index");
    assert!(header[36..].iter().all(|&byte| byte == 0), "unused bytes");

    let blocks = image_size / u64::from(block_size);
    let index_end = HEADER_LEN + 4 * (blocks + 1);
    let index = u32s(&file.up_to(index_end));
    assert_eq!(u64::from(index[0]), index_end, "the first block follows the index");
    assert_eq!(index.last().map(|&end| u64::from(end)), Some(file.len), "the last entry is the file's end");

    let mut decoded = Decoded::new(image_size);
    let mut md5 = Md5::new();
    let mut out = Vec::new();
    for (number, pair) in index.windows(2).enumerate() {
        assert!(pair[1] > pair[0], "block {number}: the index rises");
        let stored = file.up_to(u64::from(pair[1]));
        assert!(stored.len() <= usize::from(block_size), "block {number}: longer than a block");
        if stored.len() == usize::from(block_size) {
            out.clone_from(&stored);
        } else {
            let used = deflate::decode(&stored, usize::from(block_size), &mut out);
            assert_eq!(used, Some(stored.len()), "block {number}: one deflate stream and nothing else");
            assert_eq!(out.len(), usize::from(block_size), "block {number}: decodes to a whole block");
        }
        md5.update(&out);
        decoded.push(&out);
    }
    assert_eq!(hex(&md5.finalize()), hex(&header[16..32]), "MD5 of the image in the header");
    decoded.sha256()
}
