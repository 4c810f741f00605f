//! Where packed bytes are put while a request is served must never show in what is delivered.
//!
//! The images are ZSO with LZ4 blocks written here token by token, so that each block has exactly the
//! packed size that a case needs: tiny, as long as its block, or longer.

#![allow(clippy::cast_possible_truncation, reason = "every number here is small")]

use std::cell::Cell;

use proptest::prelude::*;
use sector_decode::{Buffers, Decoder, Layout, ReadAt, ReaderOptions, SectorReader};
use test_noise::Noise;

/// What is said of the number of reads holds with this much memory.
const TWO_READS: ReaderOptions = ReaderOptions::new().with_read_ahead(0).with_two_reads_at_most(true);

/// A block of the image: so many bytes that do not repeat, and then one byte over and over.
#[derive(Clone, Copy, Debug)]
enum Block {
    Stored,
    Lz4 { literals: usize },
}

fn block() -> impl Strategy<Value = Block> {
    prop_oneof![Just(Block::Stored), (1usize..2048).prop_map(|literals| Block::Lz4 { literals })]
}

/// The bytes that a block stands for.
fn plain(number: usize, kind: Block, size: usize) -> Vec<u8> {
    let literals = match kind {
        Block::Stored => size,
        // A size of 2040 and more leaves nothing to repeat; the packed block is longer than the block then.
        Block::Lz4 { literals } if literals * size / 2048 + 16 > size => size,
        Block::Lz4 { literals } => literals * size / 2048 + 1,
    };
    let mut bytes = Noise::new(number as u64).bytes(literals);
    let last = *bytes.last().unwrap();
    bytes.resize(size, last);
    bytes
}

fn push_length(out: &mut Vec<u8>, mut rest: usize) {
    while rest >= 255 {
        out.push(255);
        rest -= 255;
    }
    out.push(rest as u8);
}

/// Packs a block as LZ4: literals, one match with distance 1 over the repeats, five last literals.
fn lz4(bytes: &[u8]) -> Vec<u8> {
    let last = *bytes.last().unwrap();
    let literals = bytes.len() - bytes.iter().rev().take_while(|&&byte| byte == last).count() + 1;
    let mut out = Vec::new();
    let mut run = |literals: &[u8], matched: usize| {
        let (high, low) = (literals.len().min(15), matched.saturating_sub(4).min(15));
        out.push((high << 4 | low) as u8);
        if high == 15 {
            push_length(&mut out, literals.len() - 15);
        }
        out.extend(literals);
        if matched > 0 {
            out.extend([1, 0]);
            if low == 15 {
                push_length(&mut out, matched - 4 - 15);
            }
        }
    };
    if bytes.len() - literals >= 16 {
        run(&bytes[..literals], bytes.len() - literals - 5);
        run(&bytes[bytes.len() - 5..], 0);
    } else {
        run(bytes, 0);
    }
    out
}

/// Returns the image and the ZSO file that stands for it.
fn zso(blocks: &[Block], block_size: usize, shift: u8) -> (Vec<u8>, Vec<u8>) {
    let mut image = Vec::new();
    let mut data = Vec::new();
    let mut index = Vec::new();
    let unit = 1usize << shift;
    let start = (24 + 4 * (blocks.len() + 1)).next_multiple_of(unit);
    for (number, &kind) in blocks.iter().enumerate() {
        let bytes = plain(number, kind, block_size);
        let flag = if matches!(kind, Block::Stored) { 1 << 31 } else { 0 };
        index.push(((start + data.len()) >> shift) as u32 | flag);
        data.extend(if flag == 0 { lz4(&bytes) } else { bytes.clone() });
        data.resize(data.len().next_multiple_of(unit), b'X');
        image.extend(bytes);
    }
    index.push(((start + data.len()) >> shift) as u32);
    let mut file = b"ZISO".to_vec();
    file.extend(24u32.to_le_bytes());
    file.extend((image.len() as u64).to_le_bytes());
    file.extend((block_size as u32).to_le_bytes());
    file.extend([1, shift, 0, 0]);
    file.extend(index.iter().flat_map(|entry| entry.to_le_bytes()));
    file.resize(start, 0);
    file.extend(data);
    (image, file)
}

/// A file that counts its reads and how many bytes they asked for.
struct Counting<'a> {
    file: &'a [u8],
    reads: &'a Cell<u32>,
}

impl ReadAt for Counting<'_> {
    type Error = sector_decode::EndOfSlice;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Self::Error> {
        self.reads.set(self.reads.get() + 1);
        self.file.read_exact_at(buf, offset)
    }

    fn byte_len(&mut self) -> Result<u64, Self::Error> {
        self.file.byte_len()
    }
}

/// Memory of a reader, with a packed buffer of as many blocks as asked for.
struct Memory {
    index: Vec<u8>,
    packed: Vec<u8>,
    block: Vec<u8>,
    decoder: Decoder,
}

impl Memory {
    fn new(layout: &Layout, packed_blocks: usize) -> Self {
        let (sizes, plan) = (layout.buffer_sizes(), layout.memory(&ReaderOptions::new()));
        Self {
            index: vec![0xAA; plan.index()],
            packed: vec![0xAA; sizes.packed * packed_blocks],
            block: vec![0xAA; sizes.block],
            decoder: Decoder::new(),
        }
    }

    fn buffers(&mut self) -> Buffers<'_> {
        Buffers {
            index: &mut self.index,
            packed: &mut self.packed,
            block: &mut self.block,
            decoder: &mut self.decoder,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Any sequence of reads, with any size of packed buffer, delivers the image's bytes.
    #[test]
    fn requests_of_any_shape_deliver_the_image(
        blocks in prop::collection::vec(block(), 1..40),
        sectors_log2 in 0u32..4,
        shift in 0u8..4,
        packed_blocks in 1usize..5,
        requests in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0u8..4), 1..12),
    ) {
        let (image, file) = zso(&blocks, 2048 << sectors_log2, shift);
        let reads = Cell::new(0);
        let mut source = Counting { file: &file, reads: &reads };
        let layout = Layout::probe(&mut source).unwrap();
        let mut memory = Memory::new(&layout, packed_blocks);
        let mut reader = SectorReader::new(source, layout, memory.buffers()).unwrap();
        let mut end = 0;
        for (from, len, kind) in requests {
            // A quarter of the requests goes on where the last one ended, half is made of whole sectors.
            let mut from = if kind == 0 { end % image.len() } else { from.index(image.len()) };
            let mut len = len.index(image.len() - from) + 1;
            if kind >= 2 {
                from = from / 2048 * 2048;
                len = len.next_multiple_of(2048).min(image.len() - from);
            }
            let mut out = vec![0x55; len];
            reader.read(from as u64, &mut out).unwrap();
            prop_assert!(out == image[from..from + len], "{len} bytes from {from}");
            end = from + len;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// How many reads of data a request takes, as the head of `reader.rs` says: by the packed bytes of the blocks
    /// that it touches, against the memory that there is for them.
    #[test]
    fn requests_take_as_few_reads_as_memory_allows(
        blocks in prop::collection::vec(block(), 1..60),
        sectors_log2 in 0u32..3,
        shift in 0u8..4,
        (from, len) in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        on_borders: bool,
    ) {
        let block_size = 2048 << sectors_log2;
        let (image, file) = zso(&blocks, block_size, shift);
        let (mut from, mut len) = (from.index(image.len()), len.index(image.len()) + 1);
        if on_borders {
            (from, len) = (from / block_size * block_size, len.next_multiple_of(block_size));
        }
        len = len.min(image.len() - from);
        let reads = Cell::new(0);
        let mut source = Counting { file: &file, reads: &reads };
        let layout = Layout::probe(&mut source).unwrap();
        let touched: Vec<_> = (from / block_size..(from + len).div_ceil(block_size)).collect();
        let mut memory = Memory::new(&layout, 1);
        let mut reader = SectorReader::new(source, layout, memory.buffers()).unwrap();
        let extents: Vec<_> =
            touched.iter().map(|&block| reader.extent(sector_decode::BlockIndex(block as u32)).unwrap()).collect();
        let end = extents.last().map(|last| last.offset.0 + u64::from(last.len)).unwrap();
        // By how much the blocks from one to the last are longer packed than plain, at most.
        let growth = (0..touched.len()).map(|first| {
            let packed = (end - extents[first].offset.0) as usize;
            packed.saturating_sub((touched.len() - first) * block_size)
        });
        let growth = growth.max().unwrap();
        let packed = (end - extents[0].offset.0) as usize;

        let room = layout.memory(&TWO_READS).packed() + growth;
        memory.packed = vec![0xAA; room];
        let source = Counting { file: &file, reads: &reads };
        let mut reader = SectorReader::new(source, layout, memory.buffers()).unwrap();
        reader.extent(sector_decode::BlockIndex(0)).unwrap();
        reads.set(0);
        let mut out = vec![0; len];
        reader.read(from as u64, &mut out).unwrap();
        prop_assert!(out == image[from..from + len]);
        let limit = if packed <= room || (on_borders && growth == 0) { 1 } else { 2 };
        prop_assert!(reads.get() <= limit, "{} reads, {packed} packed bytes for {len}", reads.get());
    }
}

/// Blocks that pack to about `literals` of 2048 of their size.
fn even(count: usize, literals: usize) -> Vec<Block> {
    vec![Block::Lz4 { literals }; count]
}

fn reads_of(file: &[u8], packed_blocks: usize, from: u64, len: usize) -> u32 {
    let reads = Cell::new(0);
    let mut source = Counting { file, reads: &reads };
    let layout = Layout::probe(&mut source).unwrap();
    let mut memory = Memory::new(&layout, packed_blocks);
    let mut reader = SectorReader::new(source, layout, memory.buffers()).unwrap();
    // The index window first, so that only data is counted.
    reader.extent(sector_decode::BlockIndex(0)).unwrap();
    reads.set(0);
    reader.read(from, &mut vec![0; len]).unwrap();
    reads.get()
}

#[test]
fn a_request_on_block_borders_takes_one_read() {
    for literals in [1, 700, 1900] {
        let (_, file) = zso(&even(64, literals), 8192, 0);
        assert_eq!(reads_of(&file, 1, 0, 64 * 8192), 1, "{literals}");
        assert_eq!(reads_of(&file, 1, 3 * 8192, 4 * 8192), 1, "{literals}");
    }
    let (_, file) = zso(&[Block::Stored; 64], 8192, 2);
    assert_eq!(reads_of(&file, 1, 8192, 50 * 8192), 1);
}

#[test]
fn a_request_between_block_borders_takes_two_reads_at_most() {
    for literals in [1, 700, 1500] {
        let (_, file) = zso(&even(64, literals), 8192, 0);
        for from in [2048, 6144, 100] {
            let reads = reads_of(&file, 1, from, 128 * 1024);
            assert!(reads <= 2, "{reads} reads from {from} with {literals}");
        }
    }
}

#[test]
fn small_reads_in_sequence_fetch_ahead_when_there_is_room() {
    let (image, file) = zso(&even(64, 700), 2048, 0);
    let reads = Cell::new(0);
    let mut source = Counting { file: &file, reads: &reads };
    let layout = Layout::probe(&mut source).unwrap();
    let mut memory = Memory::new(&layout, 8);
    let mut reader = SectorReader::new(source, layout, memory.buffers()).unwrap();
    reads.set(0);
    let mut out = [0; 2048];
    for (number, sector) in image.chunks(2048).enumerate() {
        reader.read(number as u64 * 2048, &mut out).unwrap();
        assert_eq!(out, sector);
    }
    assert!(reads.get() < 64 / 8, "{} reads of the file for 64 sectors", reads.get());
}

#[test]
fn a_damaged_block_fails_and_leaves_nothing_behind_that_passes_for_data() {
    let (image, mut file) = zso(&even(16, 700), 8192, 0);
    let layout = Layout::probe(&mut file.as_slice()).unwrap();
    let mut memory = Memory::new(&layout, 1);
    let bad = SectorReader::new(file.as_slice(), layout, memory.buffers())
        .unwrap()
        .extent(sector_decode::BlockIndex(5))
        .unwrap();
    // A match that reaches before the block's beginning.
    let at = usize::try_from(bad.offset.0).unwrap();
    file[at..at + 3].copy_from_slice(&[0x00, 0xFF, 0xFF]);
    let mut memory = Memory::new(&layout, 1);
    let mut reader = SectorReader::new(file.as_slice(), layout, memory.buffers()).unwrap();
    assert!(reader.read(0, &mut vec![0; image.len()]).is_err());
    assert!(reader.read(5 * 8192 + 100, &mut [0; 10]).is_err());
    let mut out = vec![0; 3 * 8192];
    reader.read(6 * 8192, &mut out).unwrap();
    assert_eq!(out, image[6 * 8192..9 * 8192]);
}
