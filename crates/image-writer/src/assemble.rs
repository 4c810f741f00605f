//! Puts packed blocks into a container, for callers that pack and write in their own way.
//!
//! [`encode`](crate::encode()) needs threads. Where there are none, as in WebAssembly, the caller runs
//! [`BlockPacker`](crate::BlockPacker)s wherever it can and hands their results to an [`Assembler`].

use std::collections::BTreeMap;
use std::io::{self, Seek, Write};

use sector_decode::deflate_lint::Finding;

use crate::digest::{Digests, ImageDigests};
use crate::pack::PackedChunk;
use crate::writer::ImageWriter;
use crate::{BlockCounts, OutputFormat, PackedBlock, Plan, PlanError};

/// Writes a container around packed blocks: blocks in order, index in pages, header last.
///
/// ```
/// use std::io::Cursor;
/// use std::num::NonZeroUsize;
///
/// use image_writer::{
///     Assembler, BlockPacker, DeflateEncoder, Lz4Encoder, Optimize, OutputFormat, Plan, Threshold,
/// };
///
/// let image = vec![0x5A; 64 << 10];
/// let plan = Plan {
///     format: OutputFormat::Zso,
///     block_size: 2048,
///     index_shift: 0,
///     deflate: DeflateEncoder::Zlib { level: 9 },
///     lz4: Lz4Encoder::optimal(64),
///     threshold: Threshold::new(95).unwrap(),
///     optimize: Optimize::Size,
///     firmware_safe: false,
///     pad_file_to: 1,
///     threads: NonZeroUsize::MIN,
/// };
/// let mut packer = BlockPacker::new(&plan);
/// let mut assembler = Assembler::new(Cursor::new(Vec::new()), &plan, 64 << 10).unwrap();
/// for block in image.chunks(2048) {
///     let mut packed = Vec::new();
///     let how = packer.pack(block, &mut packed).unwrap();
///     assembler.add(packed, vec![how]).unwrap();
/// }
/// assert_eq!(assembler.finish(None).unwrap().blocks.lz4, 32);
/// ```
pub struct Assembler<W: Write + Seek> {
    writer: ImageWriter<W>,
    blocks_left: u64,
    needs_md5: bool,
}

/// What an [`Assembler`] has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembled {
    /// Length of the file in bytes.
    pub stored_size: u64,
    /// How many blocks are packed in which way.
    pub blocks: BlockCounts,
    /// How often the lint found what.
    pub lint_findings: BTreeMap<Finding, u32>,
}

impl<W: Write + Seek> Assembler<W> {
    /// Leaves room for header and index in `sink`, which must be empty.
    ///
    /// # Errors
    ///
    /// What [`Plan::check`] finds, or what `sink` reports. A CHD is [`io::ErrorKind::Unsupported`].
    pub fn new(sink: W, plan: &Plan, image_size: u64) -> io::Result<Self> {
        let invalid = |error: PlanError| io::Error::new(io::ErrorKind::InvalidInput, error);
        plan.check(image_size).map_err(invalid)?;
        if plan.format == OutputFormat::Chd {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let blocks_left = image_size.div_ceil(u64::from(plan.block_size));
        let needs_md5 = plan.format == OutputFormat::Jso;
        Ok(Self { writer: ImageWriter::new(sink, plan, image_size)?, blocks_left, needs_md5 })
    }

    /// Writes the blocks that follow those written so far; `bytes` has them back to back.
    ///
    /// # Errors
    ///
    /// What the sink reports. Lengths that do not add up to `bytes`, and more blocks than the image has, are
    /// [`io::ErrorKind::InvalidInput`].
    pub fn add(&mut self, bytes: Vec<u8>, blocks: Vec<PackedBlock>) -> io::Result<()> {
        let total: u64 = blocks.iter().map(|block| u64::from(block.len)).sum();
        if total != bytes.len() as u64 || blocks.len() as u64 > self.blocks_left {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.blocks_left -= blocks.len() as u64;
        self.writer.write(&PackedChunk { image_len: 0, bytes, blocks })
    }

    /// Writes the rest of the index and, last, the header. `md5` is that of the image; only JSO has it in its header.
    ///
    /// # Errors
    ///
    /// What the sink reports, [`io::ErrorKind::UnexpectedEof`] when blocks are missing, and
    /// [`io::ErrorKind::InvalidInput`] when JSO gets no MD5.
    pub fn finish(self, md5: Option<[u8; 16]>) -> io::Result<Assembled> {
        if self.blocks_left > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if self.needs_md5 && md5.is_none() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "JSO needs the MD5 of the image"));
        }
        // No header has any of the other digests.
        let digests = match md5 {
            Some(md5) => ImageDigests::All(Digests { crc32: 0, md5, sha1: [0; 20], sha256: [0; 32] }),
            None => ImageDigests::Sha256([0; 32]),
        };
        let summary = self.writer.finish(digests)?;
        Ok(Assembled {
            stored_size: summary.stored_size,
            blocks: summary.blocks,
            lint_findings: summary.lint_findings,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::num::NonZeroUsize;

    use test_noise::Noise;

    use super::*;
    use crate::{BlockPacker, DeflateEncoder, DigestSet, Lz4Encoder, Monitor, Optimize, Threshold, encode};

    fn plan(format: OutputFormat) -> Plan {
        Plan {
            format,
            block_size: 8192,
            index_shift: 2,
            deflate: DeflateEncoder::Zlib { level: 9 },
            lz4: Lz4Encoder::optimal(16),
            threshold: Threshold::new(95).unwrap(),
            optimize: Optimize::Size,
            firmware_safe: true,
            pad_file_to: 2048,
            threads: NonZeroUsize::MIN,
        }
    }

    /// As JSO has neither an index shift nor padding, and always packs the rest of an image.
    fn jso(plan: Plan) -> Plan {
        Plan { index_shift: 0, pad_file_to: 1, firmware_safe: false, ..plan }
    }

    fn image() -> Vec<u8> {
        let mut noise = Noise::new(3);
        (0..9 * 2048u32).map(|at| if at & 0x1000 == 0 { noise.byte() } else { noise.byte() & 7 }).collect()
    }

    fn assembler(plan: &Plan, len: usize) -> Assembler<Cursor<Vec<u8>>> {
        Assembler::new(Cursor::new(Vec::new()), plan, len as u64).unwrap()
    }

    #[test]
    fn the_file_is_the_one_that_encode_writes() {
        for format in [OutputFormat::Cso, OutputFormat::Cso2, OutputFormat::Zso, OutputFormat::Jso] {
            let (plan, image) = (plan(format), image());
            let plan = if format == OutputFormat::Jso { jso(plan) } else { plan };
            let mut expected = Cursor::new(Vec::new());
            let summary =
                encode(image.as_slice(), &mut expected, &plan, DigestSet::Sha256, &Monitor::new()).unwrap();
            let mut file = Cursor::new(Vec::new());
            let mut assembler = Assembler::new(&mut file, &plan, image.len() as u64).unwrap();
            let mut packer = BlockPacker::new(&plan);
            for block in image.chunks(8192) {
                let mut packed = Vec::new();
                let how = packer.pack(block, &mut packed).unwrap();
                assembler.add(packed, vec![how]).unwrap();
            }
            let done = assembler.finish(summary.digests.all().map(|digests| digests.md5)).unwrap();
            assert_eq!(file.get_ref(), expected.get_ref());
            assert_eq!((done.stored_size, done.blocks), (summary.stored_size, summary.blocks));
        }
    }

    #[test]
    fn too_few_and_too_many_blocks_and_wrong_lengths_are_refused() {
        let (plan, image) = (plan(OutputFormat::Zso), image());
        let mut packer = BlockPacker::new(&plan);
        let mut packed = Vec::new();
        let how = packer.pack(&image[..8192], &mut packed).unwrap();
        let mut two = assembler(&plan, 16384);
        two.add(packed.clone(), vec![how]).unwrap();
        let shorter = packed[1..].to_vec();
        assert_eq!(two.add(shorter, vec![how]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(two.finish(None).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        let mut one = assembler(&plan, 8192);
        one.add(packed.clone(), vec![how]).unwrap();
        assert_eq!(one.add(packed, vec![how]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn jso_without_md5_and_odd_images_are_refused() {
        let plan = plan(OutputFormat::Zso);
        let jso = jso(Plan { format: OutputFormat::Jso, ..plan });
        let mut one = assembler(&jso, 8192);
        let mut packed = Vec::new();
        let how = BlockPacker::new(&jso).pack(&image()[..8192], &mut packed).unwrap();
        one.add(packed, vec![how]).unwrap();
        assert_eq!(one.finish(None).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        let error = Assembler::new(Cursor::new(Vec::new()), &plan, 8191).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
