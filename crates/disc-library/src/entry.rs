//! What the library knows about one image.

use std::path::PathBuf;

/// The state of a file, by which a changed one is recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Bytes of the file.
    pub size: u64,
    /// Time of its last change, in nanoseconds since 1970.
    pub mtime: i64,
    /// The number that the file system gives it, where it has one.
    pub inode: Option<u64>,
}

impl Stamp {
    /// Returns whether size and time are the same. The inode is another one on another machine.
    #[must_use]
    pub fn has_same_content(&self, other: &Self) -> bool {
        (self.size, self.mtime) == (other.size, other.mtime)
    }
}

/// A file that belongs to an image: one that a CUE sheet names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its absolute path.
    pub path: PathBuf,
    /// Its state.
    pub stamp: Stamp,
}

/// What a header and an index say about an image. Names are those of JSON objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The format, for instance `cso`.
    pub format: String,
    /// Bytes of the image in each block.
    pub block_size: u32,
    /// Bytes of the decoded image.
    pub image_size: u64,
    /// Bytes of the file, with the other files that belong to it.
    pub stored_size: u64,
    /// Version in the header.
    pub version: Option<u32>,
    /// Header size field in bytes.
    pub header_size: Option<u32>,
    /// Left shift of the index values.
    pub index_shift: u8,
    /// Whether each block begins with a header.
    pub block_headers: bool,
    /// Number of areas of stored frames.
    pub uncompressed_areas: u32,
    /// Whether a partial last block was padded before it was packed.
    pub last_block_filled: Option<bool>,
    /// Number of packed blocks that are longer than their decoded data.
    pub overlong_blocks: Option<u32>,
    /// What the file decodes to, as a name.
    pub content: String,
}

/// The disc in an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disc {
    /// `PSP` or `PS2`.
    pub console: Option<String>,
    /// What else it is, if it is not a game of one of the two.
    pub other: Option<String>,
    /// Disc id.
    pub id: Option<String>,
    /// Title.
    pub title: Option<String>,
}

/// Digests of the decoded image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// CRC-32.
    pub crc32: u32,
    /// MD5.
    pub md5: [u8; 16],
    /// SHA-1.
    pub sha1: [u8; 20],
    /// SHA-256.
    pub sha256: [u8; 32],
}

/// How the last look at a file ended. Names are those of JSON objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// `ok`, `damaged`, `mismatch`, `failed` or `refused`.
    pub status: String,
    /// Kind of the error.
    pub kind: Option<String>,
    /// What is wrong, in a sentence.
    pub message: Option<String>,
}

impl Default for Outcome {
    fn default() -> Self {
        Self { status: OK.into(), kind: None, message: None }
    }
}

/// The status of a file without a fault.
pub(crate) const OK: &str = "ok";

/// An image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its absolute path.
    pub path: PathBuf,
    /// Its state when it was read.
    pub stamp: Stamp,
    /// The other files that belong to it.
    pub parts: Vec<Part>,
    /// When it was last described, in seconds since 1970.
    pub scanned: i64,
    /// Since when it has been missing, in seconds since 1970.
    pub missing: Option<i64>,
    /// Its container, for instance `chd` or `zip`; `None` if the file itself is the image.
    pub source: Option<String>,
    /// What its header says; `None` if it has no usable one.
    pub layout: Option<Layout>,
    /// The disc in it.
    pub disc: Disc,
    /// Digests of the decoded image, once it was verified.
    pub digests: Option<Digests>,
    /// The hash that RetroAchievements identifies the game by.
    pub achievements: Option<[u8; 16]>,
    /// How many deflate streams a firmware of the PSP may not read; `None` while unknown.
    pub unsafe_streams: Option<u32>,
    /// How the last look at it ended.
    pub outcome: Outcome,
    /// When all of it was last decoded, in seconds since 1970.
    pub verified: Option<i64>,
}

impl Entry {
    /// Returns whether something is wrong with its content.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        matches!(self.outcome.status.as_str(), "damaged" | "mismatch")
    }

    /// Returns when anything was last learnt about the file.
    #[must_use]
    pub fn last_seen(&self) -> i64 {
        self.scanned.max(self.verified.unwrap_or_default()).max(self.missing.unwrap_or_default())
    }
}
