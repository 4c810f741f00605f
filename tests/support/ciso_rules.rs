//! The rules for CSO v1, CSO v2 and ZSO files, checked byte by byte.

use std::path::Path;

use crate::disc::{Decoded, Pieces, u16_at, u32_at, u32s};
use crate::{deflate, lz4};

const HEADER_LEN: u64 = 24;
const FLAG: u32 = 1 << 31;

/// The requirements for a file of a format and a profile.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The first four bytes.
    pub magic: [u8; 4],
    /// Version in the header.
    pub version: u8,
    /// Bytes of the image in each block.
    pub block_size: u32,
    /// Blocks of at least this percentage of their size are stored.
    pub plain_from: u64,
    /// Every deflate stream must be one that the PSP's own inflate accepts.
    pub firmware_safe: bool,
    /// The index shift must be 0, and the file smaller than 2 GiB.
    pub below_2_gib: bool,
    /// The largest index shift that the readers support.
    pub max_shift: u8,
    /// The file's length must be a multiple of this many bytes.
    pub file_multiple: u64,
}

/// The contents of a file.
#[derive(Debug)]
pub struct Findings {
    /// SHA-256 of the decoded image, in hexadecimal.
    pub sha256: String,
    /// The index shift.
    pub shift: u8,
    /// The position where the last block ends.
    pub end: u64,
    /// Blocks by their coding.
    pub plain: u64,
    /// Blocks by their coding.
    pub deflate: u64,
    /// Blocks by their coding.
    pub lz4: u64,
}

/// How a block is packed.
enum Coding {
    Plain,
    Deflate,
    Lz4,
}

/// Reads the whole file and decodes every block.
///
/// # Panics
///
/// At the first rule that is broken.
pub fn check(path: &Path, image_size: u64, rules: &Rules) -> Findings {
    let mut file = Pieces::open(path);
    let header = file.up_to(HEADER_LEN);
    let shift = check_header(&header, image_size, rules);
    let block_size = u64::from(rules.block_size);
    let blocks = image_size.div_ceil(block_size);
    let smallest = smallest_shift(blocks, block_size);
    assert_eq!(shift, smallest, "the index shift is the smallest that fits the largest possible file");
    check_blocks(file, image_size, rules, shift)
}

/// As [`check`], if more alignment was requested than the file needs: any shift with enough room is right.
///
/// # Panics
///
/// At the first rule that is broken.
pub fn check_aligned(path: &Path, image_size: u64, rules: &Rules) -> Findings {
    let mut file = Pieces::open(path);
    let header = file.up_to(HEADER_LEN);
    let shift = check_header(&header, image_size, rules);
    check_blocks(file, image_size, rules, shift)
}

fn check_header(header: &[u8], image_size: u64, rules: &Rules) -> u8 {
    assert_eq!(header[..4], rules.magic, "magic");
    assert_eq!(u32_at(header, 4), 0x18, "header size");
    let size = u64::from(u32_at(header, 8)) | u64::from(u32_at(header, 12)) << 32;
    assert_eq!(size, image_size, "size of the image");
    assert_eq!(size % 2048, 0, "the image is whole sectors");
    assert_eq!(u32_at(header, 16), rules.block_size, "block size");
    assert_eq!(header[20], rules.version, "version");
    assert_eq!(u16_at(header, 22), 0, "unused bytes");
    assert!(header[21] <= rules.max_shift, "index shift {} over {}", header[21], rules.max_shift);
    header[21]
}

/// The smallest shift with which the end of the largest possible file fits into 31 bits of the index.
fn smallest_shift(blocks: u64, block_size: u64) -> u8 {
    let fits = |shift: &u8| {
        let unit = 1u64 << shift;
        let index_end = HEADER_LEN + 4 * (blocks + 1);
        let end = index_end.next_multiple_of(unit) + blocks * block_size.next_multiple_of(unit);
        end >> shift < u64::from(FLAG)
    };
    (0..=20).find(fits).expect("an image that fits")
}

fn check_blocks(mut file: Pieces, image_size: u64, rules: &Rules, shift: u8) -> Findings {
    let unit = 1u64 << shift;
    let blocks = image_size.div_ceil(u64::from(rules.block_size));
    let index_end = HEADER_LEN + 4 * (blocks + 1);
    let index = u32s(&file.up_to(index_end));
    let position = |entry: u32| u64::from(entry & !FLAG) << shift;
    let last = index[index.len() - 1];
    assert_eq!(last & FLAG, 0, "the last index entry has no flag");
    assert_eq!(position(index[0]), index_end.next_multiple_of(unit), "the first block follows the index");
    assert!(file.up_to(position(index[0])).iter().all(|&byte| byte == 0), "zeros between index and blocks");

    let block_size = rules.block_size as usize;
    let mut decoded = Decoded::new(image_size);
    let mut findings =
        Findings { sha256: String::new(), shift, end: position(last), plain: 0, deflate: 0, lz4: 0 };
    let mut out = Vec::new();
    for (number, pair) in index.windows(2).enumerate() {
        assert!(position(pair[1]) > position(pair[0]), "block {number}: the index rises");
        let stored = file.up_to(position(pair[1]));
        assert!(
            stored.len() as u64 <= (block_size as u64).next_multiple_of(unit),
            "block {number}: longer than a block"
        );
        let used = match coding(pair[0], stored.len(), rules) {
            Coding::Plain => {
                findings.plain += 1;
                out.clear();
                out.extend_from_slice(&stored[..block_size.min(stored.len())]);
                Some(out.len())
            }
            Coding::Deflate => {
                findings.deflate += 1;
                let used = deflate::decode(&stored, block_size, &mut out);
                if let (true, Err(why)) = (rules.firmware_safe, deflate::firmware_takes(&stored)) {
                    panic!("block {number}: the PSP's firmware may not take {why}");
                }
                check_worth(number, used, rules);
                used
            }
            Coding::Lz4 => {
                findings.lz4 += 1;
                let used = lz4::decode(&stored, block_size, &mut out);
                check_worth(number, used, rules);
                used
            }
        };
        let used = used.unwrap_or_else(|| panic!("block {number}: does not decode"));
        assert_eq!(out.len(), block_size, "block {number}: decodes to a whole block, the last one too");
        assert!(
            (stored.len() - used) < usize::try_from(unit).expect("a shift"),
            "block {number}: too much padding"
        );
        assert!(stored[used..].iter().all(|&byte| byte == 0), "block {number}: padded with zeros");
        decoded.push(&out);
    }
    check_tail(file, &findings, rules);
    findings.sha256 = decoded.sha256();
    findings
}

fn coding(entry: u32, stored: usize, rules: &Rules) -> Coding {
    let flagged = entry & FLAG != 0;
    match (&rules.magic, rules.version) {
        (b"CISO", 2) if stored >= rules.block_size as usize => Coding::Plain,
        (b"CISO", 2) if flagged => Coding::Lz4,
        (b"CISO", 2) => Coding::Deflate,
        _ if flagged => Coding::Plain,
        (b"ZISO", _) => Coding::Lz4,
        _ => Coding::Deflate,
    }
}

/// Checks that a packed block saves as much as the threshold requires.
fn check_worth(number: usize, used: Option<usize>, rules: &Rules) {
    if let Some(used) = used {
        let limit = rules.plain_from * u64::from(rules.block_size);
        assert!(used as u64 * 100 < limit, "block {number}: {used} bytes should have been stored plain");
    }
}

/// Checks what follows the last block: nothing, or zeros that pad the file to a multiple.
fn check_tail(mut file: Pieces, findings: &Findings, rules: &Rules) {
    assert_eq!(file.len, findings.end.next_multiple_of(rules.file_multiple), "length of the file");
    let len = file.len;
    assert!(file.up_to(len).iter().all(|&byte| byte == 0), "zeros behind the last block");
    if rules.below_2_gib {
        assert!(len < 1 << 31, "the file has 2 GiB or more");
        assert_eq!(findings.shift, 0, "index shift");
    }
}
