//! Packs single blocks: tries the encoders, keeps what is small enough and safe, and proves it.

use std::sync::Arc;

use sector_decode::deflate_lint::Finding;
use sector_decode::{BlockIndex, Coding, Decoder};

use crate::codec::{Deflate, Encoder, Lz4};
use crate::container::dax;
use crate::monitor::Monitor;
use crate::plan::{OutputFormat, Plan};

/// Packs blocks one by one, the way [`encode`](crate::encode) does it in each of its threads.
pub struct BlockPacker {
    format: OutputFormat,
    block_size: usize,
    alignment: usize,
    /// The most bytes that a packed block may have, without padding.
    room: usize,
    deflate: Option<Deflate>,
    lz4: Option<Lz4>,
    deflated: Vec<u8>,
    lz4ed: Vec<u8>,
    proof: Proof,
    /// A last block that is partial, filled up with zeros.
    filled: Vec<u8>,
}

/// How a block was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedBlock {
    /// Its packed bytes, without padding.
    pub len: u32,
    /// How they are packed.
    pub coding: Coding,
    /// Why its deflate stream is not known to be safe for the PSP's firmware. With
    /// [`firmware_safe`](crate::Plan::firmware_safe) that stream is not what was taken.
    pub lint_finding: Option<Finding>,
}

/// Bytes of the image that are packed together.
pub(crate) struct Chunk {
    pub(crate) first_block: u32,
    /// Whole blocks, but for the last block of the image.
    pub(crate) bytes: Arc<Vec<u8>>,
}

/// A chunk's blocks, packed and proven.
pub(crate) struct PackedChunk {
    /// Bytes of the image that went in.
    pub(crate) image_len: u64,
    /// The packed blocks back to back, without padding.
    pub(crate) bytes: Vec<u8>,
    pub(crate) blocks: Vec<PackedBlock>,
}

/// Why a chunk was not packed.
pub(crate) enum PackError {
    /// The block does not decode to what went in.
    Proof(BlockIndex),
    Cancelled,
}

impl BlockPacker {
    /// Makes the encoders of a plan that [`Plan::check`] has accepted.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let block_size = plan.block_size as usize;
        let deflate = || Deflate::new(plan.deflate, plan.firmware_safe, block_size);
        let (deflate, lz4) = match plan.format {
            OutputFormat::Cso | OutputFormat::Dax | OutputFormat::Jso => (Some(deflate()), None),
            OutputFormat::Zso => (None, Some(Lz4::new(plan.lz4))),
            OutputFormat::Cso2 => (Some(deflate()), Some(Lz4::new(plan.lz4))),
        };
        Self {
            format: plan.format,
            block_size,
            alignment: 1 << plan.index_shift,
            room: room(plan),
            deflate,
            lz4,
            deflated: vec![0; block_size],
            lz4ed: vec![0; block_size],
            proof: Proof::new(block_size),
            filled: Vec::with_capacity(block_size),
        }
    }

    /// Packs a block and appends the packed bytes, without padding, to `out`.
    ///
    /// A `block` of less than a whole block is filled up with zeros first, and a plain one is stored
    /// with them: readers demand last blocks that are whole. Longer than a block it must not be.
    ///
    /// Returns `None` when what was packed does not decode to `block`, a fault of this program or of the
    /// machine; `out` is as it was then.
    pub fn pack(&mut self, block: &[u8], out: &mut Vec<u8>) -> Option<PackedBlock> {
        let mut filled = std::mem::take(&mut self.filled);
        let whole = if block.len() < self.block_size {
            filled.clear();
            filled.extend_from_slice(block);
            filled.resize(self.block_size, 0);
            filled.as_slice()
        } else {
            block
        };
        let packed = self.pack_whole(whole, out);
        self.filled = filled;
        packed
    }

    fn pack_whole(&mut self, block: &[u8], out: &mut Vec<u8>) -> Option<PackedBlock> {
        let start = out.len();
        let stream = match &mut self.deflate {
            Some(deflate) => deflate.pack(block, &mut self.deflated[..self.room]),
            None => Default::default(),
        };
        let lz4 = self.lz4.as_mut().and_then(|lz4| lz4.pack(block, &mut self.lz4ed[..self.room]));
        let (coding, lint_finding) = match (stream.len, lz4) {
            // What counts is the room in the file. LZ4 is cheaper to decode, so it wins a tie.
            (deflated, Some(len)) if deflated.is_none_or(|other| self.padded(len) <= self.padded(other)) => {
                out.extend_from_slice(&self.lz4ed[..len]);
                // A stream that was allowed but lost is not in the file, so nothing is to be said of it.
                (Coding::Lz4, stream.finding.filter(|_| deflated.is_none()))
            }
            (Some(len), _) if self.format == OutputFormat::Dax => {
                dax::wrap(&self.deflated[..len], block, out);
                (Coding::Zlib, stream.finding)
            }
            (Some(len), _) => {
                out.extend_from_slice(&self.deflated[..len]);
                (Coding::Deflate, stream.finding)
            }
            (None, _) if self.format == OutputFormat::Dax => {
                dax::wrap_stored(block, out);
                (Coding::Zlib, Some(Finding::StoredBlock))
            }
            (None, _) => {
                out.extend_from_slice(block);
                (Coding::Stored, stream.finding)
            }
        };
        let len = out.len() - start;
        if !self.proof.holds(coding, &out[start..], self.padded(len), block) {
            out.truncate(start);
            return None;
        }
        // Not longer than a DAX frame or a block.
        Some(PackedBlock { len: u32::try_from(len).unwrap_or(u32::MAX), coding, lint_finding })
    }

    /// Packs all blocks of a chunk.
    pub(crate) fn pack_chunk(&mut self, chunk: &Chunk, monitor: &Monitor) -> Result<PackedChunk, PackError> {
        let blocks = chunk.bytes.len().div_ceil(self.block_size);
        let mut packed = PackedChunk {
            image_len: chunk.bytes.len() as u64,
            bytes: Vec::with_capacity(chunk.bytes.len()),
            blocks: Vec::with_capacity(blocks),
        };
        for (number, block) in (chunk.first_block..).zip(chunk.bytes.chunks(self.block_size)) {
            // A chunk can take seconds with the slowest encoder.
            if monitor.is_cancelled() {
                return Err(PackError::Cancelled);
            }
            let block = self.pack(block, &mut packed.bytes).ok_or(PackError::Proof(BlockIndex(number)))?;
            packed.blocks.push(block);
        }
        Ok(packed)
    }

    /// How much room packed bytes take in the file.
    fn padded(&self, len: usize) -> usize {
        len.next_multiple_of(self.alignment)
    }
}

/// The most bytes that a packed block may have: the threshold's, and with its padding less than a block.
///
/// CSO v2 readers take a block that is as long as a whole one for plain, OPL overruns its buffer with
/// a longer one, and in the other formats it would save nothing.
fn room(plan: &Plan) -> usize {
    let alignment = 1 << plan.index_shift;
    let below_a_block = (plan.block_size - 1) / alignment * alignment;
    plan.threshold.max_packed(plan.block_size).min(below_a_block) as usize
}

/// Decodes with the console's decoder what was just packed.
struct Proof {
    decoder: Decoder,
    /// Packed bytes as a reader gets them, with the padding behind them.
    packed: Vec<u8>,
    decoded: Vec<u8>,
}

impl Proof {
    fn new(block_size: usize) -> Self {
        Self { decoder: Decoder::new(), packed: Vec::new(), decoded: vec![0; block_size] }
    }

    /// Whether `packed`, followed by zeros up to `padded_len`, decodes to all of `block`.
    fn holds(&mut self, coding: Coding, packed: &[u8], padded_len: usize, block: &[u8]) -> bool {
        // Readers do not fetch padding behind the longest possible packed block, nor need that much of it.
        let padded_len = padded_len.min(packed.len() + block.len());
        self.packed.clear();
        self.packed.extend_from_slice(packed);
        self.packed.resize(padded_len, 0);
        let decoded = &mut self.decoded[..];
        self.decoder.decode(coding, &self.packed, decoded, block.len()).is_ok() && decoded == block
    }
}
