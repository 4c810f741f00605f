//! What was written.

use std::collections::BTreeMap;

use sector_decode::deflate_lint::Finding;

use crate::digest::ImageDigests;
use crate::imprint::Imprint;

/// How many blocks use which coding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockCounts {
    /// Stored blocks.
    pub stored: u32,
    /// Deflate streams, raw or (in DAX) with a zlib header.
    pub deflate: u32,
    /// LZ4 blocks.
    pub lz4: u32,
    /// LZO blocks; read only, never written.
    pub lzo: u32,
}

/// What [`encode`](crate::encode()) did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Bytes of the image.
    pub image_size: u64,
    /// Bytes of the file.
    pub stored_size: u64,
    /// How the blocks are packed.
    pub blocks: BlockCounts,
    /// Deflate streams that did not pass the lint, by reason. With
    /// [`firmware_safe`](crate::Plan::firmware_safe) none of these was written: the blocks were stored, or in
    /// CSO v2 packed with LZ4 if that made them smaller.
    pub lint_findings: BTreeMap<Finding, u32>,
    /// Digests of the image, computed while it was read.
    pub digests: ImageDigests,
    /// Used to compare all bytes of the finished file when it is read back.
    pub imprint: Imprint,
}
