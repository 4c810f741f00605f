//! The image in pieces for the pipeline.

use std::sync::Arc;

use sector_decode::ReadAt;

use crate::budget::chunk_len;
use crate::pack::Chunk;
use crate::{EncodeError, Plan};

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
    pub(crate) fn new(mut source: S, plan: &Plan) -> Result<Self, EncodeError<S::Error>> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::OutputFormat;

    #[test]
    fn pieces_are_the_image_and_know_their_first_blocks() {
        let image: Vec<u8> = (0..(1 << 20) + 10_240_u32).map(|at| (at >> 11).to_le_bytes()[0]).collect();
        for block_size in [2048, 8192, 1 << 17] {
            let plan = Plan::of_tests(OutputFormat::Cso, block_size);
            let mut chunks = Chunks::new(image.as_slice(), &plan).unwrap();
            let mut all = Vec::new();
            while let Some(chunk) = chunks.next().unwrap() {
                assert_eq!(chunk.first_block as usize * block_size as usize, all.len());
                all.extend_from_slice(&chunk.bytes);
            }
            assert!(all == image);
        }
    }
}
