//! What no file can bring about, and the arithmetic of runs.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::units::FileOffset;

fn extent(offset: u64, len: u32) -> Extent {
    Extent { offset: FileOffset(offset), len, coding: Coding::Deflate }
}

/// A CSO of four plain blocks.
fn file() -> Vec<u8> {
    use crate::container::{ciso, cso};
    let mut file = cso::VARIANT.to_bytes(&cso::VARIANT.header(4 * 2048, 2048, 0)).to_vec();
    for block in 0..=4 {
        let position = ciso::index_end(4) + 2048 * block;
        file.extend(ciso::Entry { position, flag: block < 4 }.encode(0).unwrap());
    }
    file.resize(file.len() + 4 * 2048, 0x5A);
    file
}

/// A mistake in the reader's own bookkeeping must not be blamed on the user's file.
#[test]
fn an_inconsistency_is_no_damage_of_the_file() {
    let file = file();
    let layout = Layout::probe(&mut &file[..]).unwrap();
    let sizes = layout.buffer_sizes();
    let (mut index, mut packed, mut block) = (vec![0; 12], vec![0; sizes.packed], vec![0; sizes.block]);
    let mut decoder = Decoder::new();
    let buffers =
        Buffers { index: &mut index, packed: &mut packed, block: &mut block, decoder: &mut decoder };
    let mut reader = SectorReader::new(&file[..], layout, buffers).unwrap();
    let at = |block| ReadError::Internal { block: BlockIndex(block) };

    // No window describes the block; later, another one than the last that was looked into.
    assert_eq!(reader.located(BlockIndex(1)), Err(at(1)));
    reader.read(0, &mut [0; 2048]).unwrap();
    assert_eq!(reader.located(BlockIndex(3)), Err(at(3)));

    // The packed bytes are not among those that are held.
    let extent = reader.extent(BlockIndex(2)).unwrap();
    reader.held = Held::NOTHING;
    let mut out = [0; 2048];
    assert_eq!(reader.decode_to_cache(BlockIndex(2), extent, Place::Packed, &[]), Err(at(2)));
    assert_eq!(reader.decode_to_output(BlockIndex(2), extent, Place::Packed, &mut out, 0), Err(at(2)));
    // And nothing of that spoils a read.
    reader.read(2 * 2048, &mut out).unwrap();
    assert_eq!(out, [0x5A; 2048]);
}

const LIMITS: RunLimits = RunLimits {
    first: BlockIndex(10),
    inside: 0,
    limit: 3,
    wanted: 6144,
    ahead: 0,
    room: 1000,
    block_size: 2048,
};

/// Gathers blocks of these lengths, which lie side by side from byte 500 on.
fn side_by_side(limits: RunLimits, lens: &[u32]) -> Run {
    let place = |block: BlockIndex| {
        let at = (block.0 - limits.first.0) as usize;
        let before: u32 = lens[..at.min(lens.len())].iter().sum();
        lens.get(at).map(|&len| extent(500 + u64::from(before), len))
    };
    gather(limits, place(limits.first).unwrap(), place)
}

#[test]
fn a_run_has_what_is_wanted_and_no_more() {
    let run = side_by_side(LIMITS, &[300, 300, 300, 300]);
    assert_eq!((run.blocks, run.start, run.len, run.fetched), (3, FileOffset(500), 900, 900));
    let run = side_by_side(RunLimits { limit: 1, ..LIMITS }, &[300, 300]);
    assert_eq!((run.blocks, run.len, run.fetched), (1, 300, 300));
}

#[test]
fn blocks_that_are_not_wanted_come_along_up_to_a_limit() {
    for (ahead, fetched) in [(0, 900), (1199, 900), (1200, 1200), (5000, 1500)] {
        let run = side_by_side(RunLimits { ahead, ..LIMITS }, &[300, 300, 300, 300, 300]);
        assert_eq!((run.blocks, run.len, run.fetched), (3, 900, fetched), "{ahead}");
    }
}

#[test]
fn a_run_ends_where_a_place_is_unknown_or_not_behind() {
    let run = side_by_side(LIMITS, &[300, 300]);
    assert_eq!(run.blocks, 2);
    // The next block begins before this one ends.
    let run = gather(LIMITS, extent(500, 300), |_| Some(extent(799, 10)));
    assert_eq!((run.blocks, run.fetched), (1, 300));
    // A gap is fetched along.
    let run = gather(RunLimits { limit: 2, ..LIMITS }, extent(500, 300), |_| Some(extent(900, 10)));
    assert_eq!((run.blocks, run.len), (2, 410));
}

#[test]
fn a_run_over_the_buffer_needs_room_in_the_output() {
    // 1,200 bytes are more than the buffer's 1,000, but the output has 6,144: each block is decoded before its place is
    // written over.
    let run = side_by_side(LIMITS, &[400, 400, 400]);
    assert_eq!((run.blocks, run.len, run.lead), (3, 1200, 4096 - 800));
    // 3 KiB packed would have to begin at 4,096 - 2,000, which ends behind 5,000 bytes of output.
    let run = side_by_side(RunLimits { wanted: 5000, ..LIMITS }, &[1000, 1000, 1000]);
    assert_eq!(run.blocks, 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever the places are, the run fits where it goes, and no block is written over packed bytes that come later.
    #[test]
    fn every_run_fits(
        blocks in prop::collection::vec((0..40_u64, 1..2400_u32), 1..20), inside in 0..2048_usize,
        wanted in 1..30_000_usize, ahead in 0..9000_usize, room in 2400..9000_usize,
    ) {
        let mut places = Vec::new();
        let mut at = 100;
        for &(gap, len) in &blocks {
            places.push(extent(at + gap, len));
            at += gap + u64::from(len);
        }
        let limit = u32::try_from((inside + wanted).div_ceil(2048)).unwrap();
        let limits = RunLimits { first: BlockIndex(0), inside, limit, wanted, ahead, room, block_size: 2048 };
        let run = gather(limits, places[0], |block| places.get(block.0 as usize).copied());
        let count = run.blocks as usize;
        prop_assert!(count >= 1 && run.blocks <= limit && count <= places.len());
        let last = places[count - 1];
        prop_assert_eq!(run.start.0 + run.len as u64, last.offset.0 + u64::from(last.len));
        prop_assert!(run.fetched >= run.len && (run.fetched == run.len || run.fetched <= ahead));
        if run.len > room {
            let begin = wanted.checked_sub(run.len);
            prop_assert!(begin.is_some_and(|begin| begin >= run.lead));
            for (number, place) in places[..count].iter().enumerate().skip(1) {
                let written = 2048 * number - inside;
                prop_assert!(run.lead + distance(run.start, place.offset) >= written);
            }
        }
    }
}
