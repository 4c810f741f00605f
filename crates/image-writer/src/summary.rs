//! What has been written.

use std::collections::BTreeMap;

use sector_decode::deflate_lint::Finding;

use crate::digest::ImageDigests;
use crate::imprint::Imprint;

/// How many blocks are packed in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockCounts {
    /// Plain blocks.
    pub stored: u32,
    /// Deflate streams, raw or (in DAX) with a zlib header.
    pub deflate: u32,
    /// LZ4 blocks.
    pub lz4: u32,
    /// LZO blocks; read only, never written.
    pub lzo: u32,
}

/// What [`encode`](crate::encode()) has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Bytes of the image.
    pub image_size: u64,
    /// Bytes of the file.
    pub stored_size: u64,
    /// How the blocks are packed.
    pub blocks: BlockCounts,
    /// Deflate streams that did not pass the lint, by reason. With
    /// [`firmware_safe`](crate::Plan::firmware_safe) none of these was written: the blocks were stored plain,
    /// or in CSO v2 packed by LZ4 where that made them smaller.
    pub lint_findings: BTreeMap<Finding, u32>,
    /// Digests of the image, taken while it was read.
    pub digests: ImageDigests,
    /// What the finished file is compared with when it is read back: all of its bytes.
    pub imprint: Imprint,
}
