//! The images used by the tests.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The PSP disc that `cargo xtask disc` makes, 214 MB.
///
/// # Panics
///
/// When it is not there.
pub fn psp() -> PathBuf {
    named("CISOR_PSP_DISC")
}

/// The PS2 disc that `cargo xtask disc` makes, 15 MB.
///
/// # Panics
///
/// When it is not there.
pub fn ps2() -> PathBuf {
    named("CISOR_PS2_DISC")
}

fn named(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| panic!("{variable} is not set; run `cargo xtask test`, which makes the disc"))
        .into()
}

/// Makes an image of `size` bytes that is nearly all holes: there is data at the beginning, at the end, and
/// around every multiple of 2 GiB, where 31 and 32 bits of a position overflow.
///
/// # Panics
///
/// When the file cannot be written.
pub fn sparse(path: &Path, size: u64) {
    const STEP: u64 = 1 << 31;
    const ISLAND: u64 = 3 << 20;
    let mut file = File::create(path).expect("a file in the scratch folder");
    file.set_len(size).expect("a sparse file");
    let islands =
        (0..=size / STEP).map(|number| (number * STEP).saturating_sub(ISLAND / 2)).chain([size - ISLAND]);
    for start in islands {
        let len = ISLAND.min(size - start);
        file.seek(SeekFrom::Start(start)).expect("a position in the image");
        file.write_all(&island(start, usize::try_from(len).expect("some megabytes")))
            .expect("room on the disk");
    }
}

/// Half noise, half words, in pieces that are not a multiple of a block: some blocks do not pack, most do.
fn island(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(len + 4096);
    while bytes.len() < len {
        for _ in 0..300 {
            // xorshift64: the same bytes on every machine.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend_from_slice(&state.to_le_bytes());
        }
        bytes.extend_from_slice(format!("sector {state} of the test image; ").repeat(90).as_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Copies the first `len` bytes of an image.
///
/// # Panics
///
/// When that fails.
pub fn beginning(image: &Path, len: u64, to: &Path) {
    let image = File::open(image).expect("an image");
    io::copy(&mut image.take(len), &mut File::create(to).expect("a file in the scratch folder"))
        .expect("room");
}

/// Returns the SHA-256 of a file in hexadecimal.
///
/// # Panics
///
/// When it cannot be read.
pub fn sha256(path: &Path) -> String {
    let mut file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).expect("a readable file") {
            0 => return hex(&digest.finalize()),
            read => digest.update(&buffer[..read]),
        }
    }
}

/// Returns the size of a file in bytes.
///
/// # Panics
///
/// When it is not there.
pub fn len(path: &Path) -> u64 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).len()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a judge gets of the decoded image: only as much as the image has, whatever the last block holds.
pub(crate) struct Decoded {
    digest: Sha256,
    left: u64,
}

impl Decoded {
    pub(crate) fn new(image_size: u64) -> Self {
        Self { digest: Sha256::new(), left: image_size }
    }

    pub(crate) fn push(&mut self, block: &[u8]) {
        let take = usize::try_from(self.left).map_or(block.len(), |left| left.min(block.len()));
        self.digest.update(&block[..take]);
        self.left -= take as u64;
    }

    pub(crate) fn sha256(self) -> String {
        assert_eq!(self.left, 0, "the blocks are fewer bytes than the image");
        hex(&self.digest.finalize())
    }
}

/// Reads a file from front to back, in pieces whose borders are absolute positions.
pub(crate) struct Pieces {
    file: io::BufReader<File>,
    at: u64,
    pub(crate) len: u64,
}

impl Pieces {
    pub(crate) fn open(path: &Path) -> Self {
        let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { len: len(path), file: io::BufReader::with_capacity(1 << 20, file), at: 0 }
    }

    /// Returns the bytes from the end of the previous piece up to `end`.
    pub(crate) fn up_to(&mut self, end: u64) -> Vec<u8> {
        assert!(
            end >= self.at && end <= self.len,
            "positions {:#X}..{end:#X} in a file of {:#X}",
            self.at,
            self.len
        );
        let mut piece = vec![0; usize::try_from(end - self.at).expect("a piece that fits into memory")];
        self.file.read_exact(&mut piece).expect("a readable file");
        self.at = end;
        piece
    }
}

/// The little-endian number of 2 bytes at `at`.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("2 bytes"))
}

/// The little-endian number of 4 bytes at `at`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
}

/// The little-endian numbers of 4 bytes that fill `bytes`.
pub(crate) fn u32s(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|entry| u32_at(entry, 0)).collect()
}
