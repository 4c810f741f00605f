//! CHD version 5 of a DVD or UMD. The crate `chd` packs hunks and writes map, metadata and header; this module
//! reads the image, shares the hunks among threads, and keeps the front of the file back until everything else
//! is in it.
//!
//! A packed hunk of that crate borrows the bytes that it was packed from. So the image goes through the
//! [`pipeline`] in batches: while one batch is packed and written, the next one is read.

mod sink;
mod sizer;

use std::io::{Seek, Write};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ::chd::Error;
use ::chd::header::CodecType;
use ::chd::write::{ChdWriteOptions, ChdWriter, CompressedHunk, HunkCompressor};
use sector_decode::{ReadAt, SECTOR_SIZE};

use self::sink::Sink;
pub(crate) use self::sizer::Sizer;
use crate::budget::limits;
use crate::chunks::Chunks;
use crate::digest::{DigestSet, ImageHasher};
use crate::pipeline;
use crate::{BlockCounts, EncodeError, Monitor, Plan, Summary};

/// Those of chdman for DVDs, in its order. Readers that know no more than these take the file.
const CODECS: [CodecType; 4] = [CodecType::LzmaV5, CodecType::ZLibV5, CodecType::HuffV5, CodecType::FlacV5];

/// What tells readers that it is a DVD: an entry of one zero byte, which the SHA-1 of the CHD covers, as chdman
/// writes it.
const DVD_TAG: u32 = u32::from_be_bytes(*b"DVD ");
const DVD_DATA: &[u8] = &[0];

/// Bytes of the image per job.
const JOB: usize = 32 << 10;

/// Chunks in a batch, for each thread.
const CHUNKS_PER_THREAD: usize = 2;

/// Fills up the image's last bytes with zeros. They are never read: the image ends where the header says.
fn in_whole_hunks(mut bytes: Arc<Vec<u8>>, hunk_len: usize) -> Arc<Vec<u8>> {
    if !bytes.len().is_multiple_of(hunk_len) {
        let whole = bytes.len().next_multiple_of(hunk_len);
        Arc::make_mut(&mut bytes).resize(whole, 0);
    }
    bytes
}

/// The encoder refuses what it was given, which is a mistake here.
fn internal<E>(error: &Error) -> EncodeError<E> {
    EncodeError::Encoder(error.to_string())
}

fn options(plan: &Plan, image_size: u64) -> ChdWriteOptions {
    ChdWriteOptions::new(plan.block_size, SECTOR_SIZE).logical_bytes(image_size).compression(&CODECS)
}

/// Packs all of an image, which the plan fits, into `sink`.
pub(crate) fn encode<S, W>(
    mut chunks: Chunks<S>,
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
    let image_size = chunks.image_size;
    let (sink, failed) = Sink::new(sink).map_err(EncodeError::Sink)?;
    let told = |error: Error| failed.take().map_or_else(|| internal(&error), EncodeError::Sink);
    let mut writer = ChdWriter::new(sink, options(plan, image_size)).map_err(told)?;
    writer.add_metadata(DVD_TAG, DVD_DATA, true).map_err(told)?;
    let mut hasher = ImageHasher::new(digests).map_err(|error| EncodeError::NoThread(error.kind()))?;

    let limits = limits(plan);
    let hunk_len = plan.block_size as usize;
    let compressors = (0..limits.threads.get()).map(|_| writer.compressor());
    let compressors = Mutex::new(compressors.collect::<Result<Vec<HunkCompressor>, _>>().map_err(told)?);
    let idle = || compressors.lock().unwrap_or_else(PoisonError::into_inner);

    let mut read = || -> Result<Vec<Arc<Vec<u8>>>, EncodeError<S::Error>> {
        let mut batch = Vec::new();
        while batch.len() < CHUNKS_PER_THREAD * limits.threads.get()
            && let Some(chunk) = chunks.next()?
        {
            hasher.update(&chunk.bytes);
            batch.push(in_whole_hunks(chunk.bytes, hunk_len));
        }
        Ok(batch)
    };

    // Of the image, without what fills the last hunk up.
    let mut left = image_size;
    let mut batch = read()?;
    while !batch.is_empty() {
        let (packed, next) = thread::scope(|scope| {
            let reading = thread::Builder::new().spawn_scoped(scope, &mut read);
            let reading = reading.map_err(|error| EncodeError::<S::Error>::NoThread(error.kind()))?;
            let mut jobs = batch.iter().flat_map(|bytes| bytes.chunks(JOB.max(hunk_len)));
            let packed = pipeline::run(
                limits,
                monitor,
                || Ok(jobs.next()),
                |jobs| {
                    // There are as many as threads.
                    let Some(mut compressor) = idle().pop() else {
                        return Err(internal(&Error::InvalidState));
                    };
                    let drained = jobs.work(|bytes: &[u8]| {
                        let hunks = bytes.chunks_exact(hunk_len).map(|hunk| compressor.compress(hunk));
                        let hunks = hunks.collect::<Result<Vec<CompressedHunk<'_>>, _>>();
                        Ok((hunks.map_err(|error| internal(&error))?, bytes.len() as u64))
                    });
                    idle().push(compressor);
                    Ok(drained)
                },
                |(hunks, len)| {
                    let before = writer.bytes_stored();
                    for hunk in hunks {
                        writer.write_compressed_hunk(hunk).map_err(told)?;
                    }
                    let len = len.min(left);
                    left -= len;
                    monitor.advance(len, writer.bytes_stored() - before);
                    Ok(())
                },
            );
            let next = reading.join().unwrap_or_else(|panic| resume_unwind(panic));
            Ok::<_, EncodeError<S::Error>>((packed, next))
        })?;
        packed.map_err(EncodeError::from)?;
        batch = next?;
    }

    let sink = writer.finish().map_err(told)?;
    let digests = hasher.finish();
    let (stored_size, imprint) = sink.finish().map_err(EncodeError::Sink)?;
    Ok(Summary {
        image_size,
        stored_size,
        blocks: BlockCounts::default(),
        lint_findings: Default::default(),
        digests,
        imprint,
    })
}
