//! Packs single blocks: tries the encoders, keeps the result if it is small enough and safe, and proves it.

use std::sync::Arc;

use sector_decode::deflate_lint::Finding;
use sector_decode::{BlockIndex, Coding, Decoder};

use crate::choice::{Candidates, Choice};
use crate::codec::{Deflate, Encoder, Lz4};
use crate::container::{dax, stored_deflate};
use crate::monitor::Monitor;
use crate::packed::PackedBlock;
use crate::plan::{Optimize, OutputFormat, Plan};
use crate::repeats::Repeats;

/// Packs blocks one by one, just as [`encode`](crate::encode()) does in each of its threads.
pub struct BlockPacker {
    format: OutputFormat,
    block_size: usize,
    alignment: usize,
    /// The most bytes that a packed block may have, without padding.
    room: usize,
    optimize: Optimize,
    deflate: Option<Deflate>,
    lz4: Option<Lz4>,
    deflated: Vec<u8>,
    lz4ed: Vec<u8>,
    proof: Proof,
    /// Recently packed and proven blocks.
    repeats: Repeats,
    /// A partial last block, padded with zeros.
    filled: Vec<u8>,
}

/// A part of the image that is packed as one job.
pub(crate) struct Chunk {
    pub(crate) first_block: u32,
    /// Whole blocks, except possibly for the last block of the image.
    pub(crate) bytes: Arc<Vec<u8>>,
}

/// A chunk's blocks, packed and proven.
pub(crate) struct PackedChunk {
    /// The number of bytes of the image that were packed.
    pub(crate) image_len: u64,
    /// The packed blocks back to back, without padding.
    pub(crate) bytes: Vec<u8>,
    pub(crate) blocks: Vec<PackedBlock>,
}

/// Why a chunk was not packed.
pub(crate) enum PackError {
    /// The block does not decode to its source.
    Proof(BlockIndex),
    Cancelled,
}

impl BlockPacker {
    /// Makes the encoders for a plan that [`Plan::check`] has accepted. A CHD does not consist of such blocks: it has
    /// none, and nothing is packed for it.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let block_size = plan.block_size as usize;
        let deflate = || Deflate::new(plan.deflate, plan.firmware_safe, block_size);
        let (deflate, lz4) = match plan.format {
            OutputFormat::Cso | OutputFormat::Dax | OutputFormat::Jso => (Some(deflate()), None),
            OutputFormat::Zso => (None, Some(Lz4::new(plan.lz4))),
            OutputFormat::Cso2 => (Some(deflate()), Some(Lz4::new(plan.lz4))),
            OutputFormat::Chd => (None, None),
        };
        Self {
            format: plan.format,
            block_size,
            alignment: 1 << plan.index_shift,
            room: room(plan),
            optimize: plan.optimize,
            deflate,
            lz4,
            deflated: vec![0; block_size],
            lz4ed: vec![0; block_size],
            proof: Proof::new(block_size),
            repeats: Repeats::new(block_size),
            filled: Vec::with_capacity(block_size),
        }
    }

    /// Packs a block and appends the packed bytes, without padding, to `out`.
    ///
    /// A partial `block` is padded with zeros first, and if it is stored, the zeros are stored too: readers
    /// require last blocks to be whole. JSO is the exception: there a partial block is packed as it is.
    ///
    /// Returns `None` when the packed data does not decode to `block`, which is a fault of this program or of
    /// the machine; also when `block` is longer than the plan's blocks, and for a CHD. In these cases `out` is
    /// unchanged.
    pub fn pack(&mut self, block: &[u8], out: &mut Vec<u8>) -> Option<PackedBlock> {
        if block.len() > self.block_size || self.format == OutputFormat::Chd {
            return None;
        }
        if self.format == OutputFormat::Jso && block.len() < self.block_size {
            return self.pack_rest(block, out);
        }
        let mut filled = std::mem::take(&mut self.filled);
        let whole = if block.len() < self.block_size {
            filled.clear();
            filled.extend_from_slice(block);
            filled.resize(self.block_size, 0);
            filled.as_slice()
        } else {
            block
        };
        let packed = self.pack_or_repeat(whole, out);
        self.filled = filled;
        packed
    }

    /// Packs a partial last JSO block as jiso.exe does: it is not padded, and it is packed even if that makes
    /// it longer, because only whole blocks can be stored.
    fn pack_rest(&mut self, block: &[u8], out: &mut Vec<u8>) -> Option<PackedBlock> {
        let start = out.len();
        // A stream as long as a block would be taken for a stored block.
        let room = self.block_size - 1;
        let stream = match &mut self.deflate {
            Some(deflate) => deflate.pack(block, &mut self.deflated[..room]),
            None => Default::default(),
        };
        let lint_finding = match stream.len {
            Some(len) => {
                out.extend_from_slice(&self.deflated[..len]);
                stream.finding
            }
            None => {
                out.extend_from_slice(&stored_deflate(block));
                Some(Finding::StoredBlock)
            }
        };
        let len = out.len() - start;
        if len > room || !self.proof.holds(Coding::Deflate, &out[start..], len, block) {
            out.truncate(start);
            return None;
        }
        Some(PackedBlock {
            len: u32::try_from(len).unwrap_or(u32::MAX),
            coding: Coding::Deflate,
            lint_finding,
        })
    }

    /// Reuses the result for a block that it remembers.
    fn pack_or_repeat(&mut self, block: &[u8], out: &mut Vec<u8>) -> Option<PackedBlock> {
        let slot = match self.repeats.find(block) {
            (_, Some((packed, how))) => {
                out.extend_from_slice(packed);
                return Some(how);
            }
            (slot, None) => slot,
        };
        let start = out.len();
        let how = self.pack_whole(block, out)?;
        self.repeats.keep(slot, block, &out[start..], how);
        Some(how)
    }

    fn pack_whole(&mut self, block: &[u8], out: &mut Vec<u8>) -> Option<PackedBlock> {
        let start = out.len();
        let stream = match &mut self.deflate {
            Some(deflate) => deflate.pack(block, &mut self.deflated[..self.room]),
            None => Default::default(),
        };
        let lz4 = self.lz4.as_mut().and_then(|lz4| lz4.pack(block, &mut self.lz4ed[..self.room]));
        let candidates =
            Candidates { deflate: stream.len, lz4, block_size: self.block_size, alignment: self.alignment };
        // A stream that was allowed but not chosen is not in the file, so there is nothing to report about
        // it.
        let unwritten = stream.finding.filter(|_| stream.len.is_none());
        let (coding, lint_finding) = match candidates.choose(self.optimize) {
            Choice::Lz4(len) => {
                out.extend_from_slice(&self.lz4ed[..len]);
                (Coding::Lz4, unwritten)
            }
            Choice::Deflate(len) if self.format == OutputFormat::Dax && !dax::looks_plain(len) => {
                dax::wrap(&self.deflated[..len], block, out);
                (Coding::Zlib, stream.finding)
            }
            _ if self.format == OutputFormat::Dax => {
                dax::wrap_stored(block, out);
                (Coding::Zlib, Some(Finding::StoredBlock))
            }
            Choice::Deflate(len) => {
                out.extend_from_slice(&self.deflated[..len]);
                (Coding::Deflate, stream.finding)
            }
            Choice::Stored => {
                out.extend_from_slice(block);
                (Coding::Stored, unwritten)
            }
        };
        let len = out.len() - start;
        if !self.proof.holds(coding, &out[start..], self.padded(len), block) {
            out.truncate(start);
            return None;
        }
        // At most as long as a DAX frame or a block.
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

    /// How much space packed bytes take in the file.
    fn padded(&self, len: usize) -> usize {
        len.next_multiple_of(self.alignment)
    }
}

/// The maximum length of a packed block: the threshold's limit, and less than a block including its padding.
///
/// CSO v2 readers take data as long as a whole block for a stored block, OPL overruns its buffer with longer
/// data, and in the other formats it would save nothing.
fn room(plan: &Plan) -> usize {
    let alignment = 1 << plan.index_shift;
    let below_a_block = (plan.block_size - 1) / alignment * alignment;
    plan.threshold.max_packed(plan.block_size).min(below_a_block) as usize
}

/// Decodes packed data with the console's decoder.
struct Proof {
    decoder: Decoder,
    /// Packed bytes as a reader gets them, followed by the padding.
    packed: Vec<u8>,
    decoded: Vec<u8>,
}

impl Proof {
    fn new(block_size: usize) -> Self {
        Self { decoder: Decoder::new(), packed: Vec::new(), decoded: vec![0; block_size] }
    }

    /// Whether `packed`, followed by zeros up to `padded_len`, decodes to all of `block`.
    fn holds(&mut self, coding: Coding, packed: &[u8], padded_len: usize, block: &[u8]) -> bool {
        // Readers do not fetch padding past the longest possible packed block, nor do they need that much of
        // it.
        let padded_len = padded_len.min(packed.len() + block.len());
        self.packed.clear();
        self.packed.extend_from_slice(packed);
        self.packed.resize(padded_len, 0);
        let decoded = &mut self.decoded[..block.len()];
        self.decoder.decode_block(coding, &self.packed, decoded).is_ok() && decoded == block
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use test_noise::Noise;

    use super::*;
    use crate::plan::{DeflateEncoder, Threshold};

    fn plan(format: OutputFormat) -> Plan {
        Plan::of_tests(format, 8192)
    }

    fn block() -> Vec<u8> {
        (0..8192u32).map(|at| ((at * at / 97) & 0x1F).to_le_bytes()[0]).collect()
    }

    #[test]
    fn a_proof_holds_only_for_the_block_itself() {
        for format in [OutputFormat::Cso, OutputFormat::Zso, OutputFormat::Dax] {
            let block = block();
            let mut packed = Vec::new();
            let coding = BlockPacker::new(&plan(format)).pack(&block, &mut packed).unwrap().coding;
            let mut proof = Proof::new(block.len());
            for padding in [0, 1, 15, 4095] {
                assert!(proof.holds(coding, &packed, packed.len() + padding, &block));
            }
            for at in [0, 1, 4095, 8191] {
                let mut other = block.clone();
                other[at] ^= 1;
                assert!(!proof.holds(coding, &packed, packed.len(), &other), "{format:?} {at}");
            }
            for at in 0..packed.len() {
                let mut damaged = packed.clone();
                damaged[at] ^= 0x10;
                // Bits after the end of a stream are unused; changing any other bit makes it fail.
                if at + 1 < packed.len() {
                    assert!(!proof.holds(coding, &damaged, damaged.len(), &block), "{format:?} {at}");
                }
            }
            assert!(!proof.holds(coding, &packed[..packed.len() - 2], packed.len() - 2, &block));
            assert!(!proof.holds(Coding::Stored, &packed, packed.len(), &block));
        }
    }

    /// From the third block on, claims to have packed a block but has not.
    struct FaultyEncoder(u32);

    impl Encoder for FaultyEncoder {
        fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
            self.0 += 1;
            let len = libdeflater::Compressor::default().deflate_compress(block, out).ok()?;
            if self.0 >= 3 {
                out[len / 2] ^= 0x55;
            }
            Some(len)
        }
    }

    fn chunk(blocks: usize) -> Chunk {
        // All blocks differ, or they would not be packed again.
        let mut bytes = block().repeat(blocks);
        for (number, block) in (0..).zip(bytes.chunks_mut(8192)) {
            block[0] = number;
        }
        Chunk { first_block: 100, bytes: Arc::new(bytes) }
    }

    #[test]
    fn a_block_without_proof_is_not_handed_on() {
        for format in [OutputFormat::Cso, OutputFormat::Jso, OutputFormat::Dax] {
            let mut packer = BlockPacker::new(&plan(format));
            packer.deflate = Some(Deflate::with_encoder(Box::new(FaultyEncoder(0))));
            let outcome = packer.pack_chunk(&chunk(5), &Monitor::new());
            assert!(matches!(outcome, Err(PackError::Proof(BlockIndex(102)))), "{format:?}");
            let mut out = b"before".to_vec();
            let mut another = block();
            another[0] = 99;
            assert_eq!(packer.pack(&another, &mut out), None);
            assert_eq!(out, b"before");
        }
    }

    #[test]
    fn a_last_block_of_jso_without_proof_is_not_handed_on_either() {
        for (calls_before, is_right) in [(0, true), (2, false)] {
            let mut packer = BlockPacker::new(&plan(OutputFormat::Jso));
            packer.deflate = Some(Deflate::with_encoder(Box::new(FaultyEncoder(calls_before))));
            let mut out = b"before".to_vec();
            let packed = packer.pack(&block()[..5000], &mut out);
            assert_eq!(packed.is_some(), is_right);
            assert_eq!(out == b"before", !is_right);
        }
        // Noise without an encoder is stored in a stream that is longer than itself, up to a whole block.
        for (len, fits) in [(8192 - 6, true), (8192 - 5, false), (8191, false)] {
            let mut packer = BlockPacker::new(&plan(OutputFormat::Jso));
            let mut out = Vec::new();
            assert_eq!(packer.pack(&Noise::new(2).bytes(len), &mut out).is_some(), fits, "{len}");
            assert_eq!(out.len(), if fits { len + 5 } else { 0 });
        }
    }

    #[test]
    fn a_repeated_block_is_packed_once_and_comes_out_the_same() {
        /// Packs for real, and counts.
        struct Counting(Arc<AtomicU32>);
        impl Encoder for Counting {
            fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
                self.0.fetch_add(1, Ordering::Relaxed);
                libdeflater::Compressor::default().deflate_compress(block, out).ok()
            }
        }
        let calls = Arc::new(AtomicU32::new(0));
        for format in [OutputFormat::Cso, OutputFormat::Dax] {
            let mut packer = BlockPacker::new(&plan(format));
            packer.deflate = Some(Deflate::with_encoder(Box::new(Counting(Arc::clone(&calls)))));
            calls.store(0, Ordering::Relaxed);
            let outs: Vec<_> = [block(), vec![0; 8192], block(), vec![0; 8192], block()]
                .iter()
                .map(|block| {
                    let mut out = Vec::new();
                    let how = packer.pack(block, &mut out).unwrap();
                    (how, out)
                })
                .collect();
            assert_eq!(calls.load(Ordering::Relaxed), 2);
            assert!(outs[0] == outs[2] && outs[2] == outs[4] && outs[1] == outs[3] && outs[0] != outs[1]);
            assert_eq!(outs[0].1.len(), outs[0].0.len as usize);
        }
    }

    #[test]
    fn a_block_that_is_too_long_is_not_packed() {
        for format in [OutputFormat::Cso, OutputFormat::Cso2, OutputFormat::Zso, OutputFormat::Dax] {
            let mut out = Vec::new();
            assert_eq!(BlockPacker::new(&plan(format)).pack(&vec![0; 8193], &mut out), None);
            assert_eq!(BlockPacker::new(&plan(format)).pack(&vec![0; 1 << 20], &mut out), None);
            assert!(out.is_empty());
        }
    }

    #[test]
    fn a_chunk_is_cancelled_between_its_blocks() {
        let monitor = Monitor::new();
        monitor.cancel();
        let outcome = BlockPacker::new(&plan(OutputFormat::Cso)).pack_chunk(&chunk(2), &monitor);
        assert!(matches!(outcome, Err(PackError::Cancelled)));
    }

    #[test]
    fn no_dax_frame_is_as_long_as_a_block() {
        // Noise that does not get smaller, with its end replaced by zeros, so that the length goes through
        // all values.
        let noise = Noise::new(1).bytes(8192);
        let (mut raw, mut frame) = (vec![0; 8192], Vec::new());
        let mut critical = 0;
        for zeros in 0..64 {
            let mut block = noise.clone();
            block[8192 - zeros..].fill(0);
            let mut deflate = Deflate::new(DeflateEncoder::Zlib { level: 9 }, false, 8192);
            critical += u32::from(deflate.pack(&block, &mut raw).len == Some(8192 - 6));
            frame.clear();
            let packed = BlockPacker::new(&plan(OutputFormat::Dax)).pack(&block, &mut frame).unwrap();
            assert_eq!(packed.coding, Coding::Zlib);
            assert_ne!(frame.len(), 8192);
        }
        assert!(critical > 0, "no block was of the critical length");
    }

    #[test]
    fn packed_and_padded_stays_below_a_block() {
        for (index_shift, most) in [(0, 2047), (1, 2046), (3, 2040), (10, 1024), (11, 0), (12, 0), (20, 0)] {
            let plan = Plan { index_shift, block_size: 2048, ..plan(OutputFormat::Cso) };
            assert_eq!(room(&plan), most);
        }
        let plan = Plan {
            index_shift: 3,
            block_size: 2048,
            threshold: Threshold::new(95).unwrap(),
            ..plan(OutputFormat::Zso)
        };
        assert_eq!(room(&plan), 1945);
    }

    #[test]
    fn blocks_are_packed_independently_of_those_before() {
        for format in [OutputFormat::Cso, OutputFormat::Cso2, OutputFormat::Zso, OutputFormat::Dax] {
            let (mut alone, mut after) = (Vec::new(), Vec::new());
            BlockPacker::new(&plan(format)).pack(&block(), &mut alone).unwrap();
            let mut packer = BlockPacker::new(&plan(format));
            packer.pack(&[7; 100], &mut after).unwrap();
            packer.pack(&block()[1..], &mut after).unwrap();
            after.clear();
            packer.pack(&block(), &mut after).unwrap();
            assert!(alone == after, "{format:?}");
        }
    }
}
