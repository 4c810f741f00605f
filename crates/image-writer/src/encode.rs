//! Packs an image: reads chunks, packs them on several threads, writes them in order.

use std::io::{Seek, Write};
use std::sync::Arc;

use sector_decode::ReadAt;

use crate::budget::{chunk_len, limits};
use crate::digest::{DigestSet, ImageHasher};
use crate::pack::{BlockPacker, Chunk, PackError};
use crate::pipeline::{self, Stopped};
use crate::writer::ImageWriter;
use crate::{EncodeError, Monitor, OutputFormat, Plan, Summary};

/// Packs all of `source` into `sink`, which must be empty and positioned at its beginning.
///
/// The same image and plan produce the same bytes, whatever the number of threads. `digests` selects the
/// digests of the image that are computed along the way; JSO, whose header contains an MD5, always gets all
/// of them. `monitor` is advanced with every chunk and checked at every block.
///
/// ```
/// use std::io::Cursor;
/// use std::num::NonZeroUsize;
///
/// use image_writer::{
///     DeflateEncoder, DigestSet, Lz4Encoder, Monitor, Optimize, OutputFormat, Plan, Threshold, encode,
/// };
///
/// let image = vec![0x5A; 64 << 10];
/// let plan = Plan {
///     format: OutputFormat::Cso,
///     block_size: 2048,
///     index_shift: 0,
///     deflate: DeflateEncoder::Zlib { level: 9 },
///     lz4: Lz4Encoder::Fast,
///     threshold: Threshold::new(95).unwrap(),
///     optimize: Optimize::Size,
///     firmware_safe: true,
///     pad_file_to: 1,
///     threads: NonZeroUsize::new(2).unwrap(),
/// };
/// let mut file = Cursor::new(Vec::new());
/// let summary = encode(image.as_slice(), &mut file, &plan, DigestSet::Sha256, &Monitor::new())?;
/// assert_eq!(summary.blocks.deflate, 32);
/// assert_eq!(summary.stored_size, file.get_ref().len() as u64);
/// # Ok::<(), image_writer::EncodeError<sector_decode::EndOfSlice>>(())
/// ```
///
/// # Errors
///
/// See [`EncodeError`]. The sink is then not a valid image: its header is missing.
pub fn encode<S, W>(
    source: S,
    sink: W,
    plan: &Plan,
    digests: DigestSet,
    monitor: &Monitor,
) -> Result<Summary, EncodeError<S::Error>>
where
    S: ReadAt + Send,
    S::Error: Send,
    W: Write + Seek,
{
    let mut chunks = Chunks::new(source, plan)?;
    let image_size = chunks.image_size;
    #[cfg(feature = "chd")]
    if plan.format == OutputFormat::Chd {
        return crate::chd::encode(chunks, sink, plan, digests, monitor);
    }
    let mut writer = ImageWriter::new(sink, plan, image_size).map_err(EncodeError::Sink)?;
    let digests = if plan.format == OutputFormat::Jso { DigestSet::All } else { digests };
    let mut hasher = ImageHasher::new(digests).map_err(|error| EncodeError::NoThread(error.kind()))?;

    pipeline::run(
        limits(plan),
        monitor,
        || {
            let chunk = chunks.next()?;
            if let Some(chunk) = &chunk {
                hasher.update(&chunk.bytes);
            }
            Ok(chunk)
        },
        |jobs| {
            let mut packer = BlockPacker::new(plan);
            Ok(jobs.work(|chunk| packer.pack_chunk(&chunk, monitor).map_err(EncodeError::from)))
        },
        |chunk| {
            let before = writer.end();
            writer.write(&chunk).map_err(EncodeError::Sink)?;
            monitor.advance(chunk.image_len, writer.end() - before);
            Ok(())
        },
    )
    .map_err(|stopped| match stopped {
        Stopped::Cancelled => EncodeError::Cancelled,
        Stopped::NoThread(kind) => EncodeError::NoThread(kind),
        Stopped::Failed(error) => error,
    })?;

    writer.finish(hasher.finish()).map_err(EncodeError::Sink)
}

/// Reads the image from its beginning to its end.
pub(crate) struct Chunks<S> {
    source: S,
    pub(crate) image_size: u64,
    chunk_len: usize,
    block_size: u32,
    /// Bytes of the image read so far.
    at: u64,
}

impl<S: ReadAt> Chunks<S> {
    /// Begins at the beginning of an image that the plan has to fit.
    fn new(mut source: S, plan: &Plan) -> Result<Self, EncodeError<S::Error>> {
        let image_size = source.byte_len().map_err(|error| EncodeError::Source { offset: 0, error })?;
        plan.check(image_size)?;
        Ok(Self { source, image_size, chunk_len: chunk_len(plan), block_size: plan.block_size, at: 0 })
    }

    pub(crate) fn next(&mut self) -> Result<Option<Chunk>, EncodeError<S::Error>> {
        let left = self.image_size - self.at;
        if left == 0 {
            return Ok(None);
        }
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(self.chunk_len);
        let mut bytes = vec![0; len];
        let offset = self.at;
        self.source
            .read_exact_at(&mut bytes, offset)
            .map_err(|error| EncodeError::Source { offset, error })?;
        self.at += len as u64;
        #[expect(clippy::cast_possible_truncation, reason = "a checked plan has a u32 number of blocks")]
        let first_block = (offset / u64::from(self.block_size)) as u32;
        Ok(Some(Chunk { first_block, bytes: Arc::new(bytes) }))
    }
}

impl<E> From<PackError> for EncodeError<E> {
    fn from(error: PackError) -> Self {
        match error {
            PackError::Proof(block) => Self::Proof { block },
            PackError::Cancelled => Self::Cancelled,
        }
    }
}
