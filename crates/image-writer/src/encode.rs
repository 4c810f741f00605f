//! Packs an image: reads chunks, packs them on several threads, writes them in order.

use std::io::{Seek, Write};

use sector_decode::ReadAt;

use crate::budget::limits;
use crate::chunks::Chunks;
use crate::digest::{DigestSet, ImageHasher};
use crate::pack::{BlockPacker, PackError};
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
    .map_err(EncodeError::from)?;

    writer.finish(hasher.finish()).map_err(EncodeError::Sink)
}

impl<E> From<Stopped<Self>> for EncodeError<E> {
    fn from(stopped: Stopped<Self>) -> Self {
        match stopped {
            Stopped::Cancelled => Self::Cancelled,
            Stopped::NoThread(kind) => Self::NoThread(kind),
            Stopped::Failed(error) => error,
        }
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
