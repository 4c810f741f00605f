//! All runs of a few blocks of a few bytes: every gap, overlap, length and room. Few enough for Miri, too.

use std::vec::Vec;

use super::*;
use crate::units::FileOffset;

/// Bytes of output in a block.
const BLOCK: usize = 3;
/// How many packed bytes a block has at the most.
const LONGEST: u32 = if cfg!(miri) { 2 } else { 3 };
/// The most blocks. Miri, which is some thousand times slower, gets fewer.
const BLOCKS: usize = if cfg!(miri) { 3 } else { 4 };
/// The most bytes of output that are wanted.
const MOST: usize = if cfg!(miri) { 7 } else { 10 };

/// Where a block begins, after the end of the one before it.
#[derive(Clone, Copy)]
enum Begins {
    /// This many bytes later.
    After(u64),
    /// Inside it.
    Inside,
    /// At a distance that 32 bits do not hold.
    FarAway,
    /// The index has no place for it.
    Nowhere,
}

const ALL_BEGINNINGS: [Begins; 5] =
    [Begins::After(0), Begins::After(1), Begins::Inside, Begins::FarAway, Begins::Nowhere];

/// All places of blocks after `places`, each passed to `check`.
fn every_way(places: &mut Vec<Option<Extent>>, end: u64, check: &mut impl FnMut(&[Option<Extent>])) {
    check(places);
    if places.len() == BLOCKS {
        return;
    }
    for begins in ALL_BEGINNINGS {
        let lens = if matches!(begins, Begins::Nowhere) { 1..=1 } else { 1..=LONGEST };
        for len in lens {
            let offset = match begins {
                Begins::After(gap) => end + gap,
                Begins::Inside => end - 1,
                Begins::FarAway => end + (1 << 40),
                Begins::Nowhere => end,
            };
            let place = (!matches!(begins, Begins::Nowhere)).then_some(Extent {
                offset: FileOffset(offset),
                len,
                coding: Coding::Deflate,
            });
            places.push(place);
            every_way(places, offset + u64::from(len), check);
            places.pop();
        }
    }
}

/// Bytes from the beginning of the first block to the end of a later one, if they are in order.
fn reach(places: &[Option<Extent>], count: usize) -> Option<usize> {
    let start = places[0]?.offset.0;
    let mut end = start;
    for place in &places[..count] {
        let place = (*place)?;
        if place.offset.0 < end {
            return None;
        }
        end = place.offset.0 + u64::from(place.len);
    }
    usize::try_from(end - start).ok()
}

/// The least place of the packed bytes in the output at which no block is written over a later one's.
fn lead(places: &[Option<Extent>], count: usize, inside: usize) -> usize {
    let start = places[0].unwrap().offset.0;
    let before = |number: usize| usize::try_from(places[number].unwrap().offset.0 - start).unwrap();
    (1..count).map(|number| (number * BLOCK - inside).saturating_sub(before(number))).max().unwrap_or(0)
}

/// Checks the run that is gathered of blocks at `places`.
fn check_run(places: &[Option<Extent>], limits: RunLimits) {
    let run = gather(limits, places[0].unwrap(), |block| places.get(block.0 as usize).copied().flatten());
    let count = run.blocks as usize;
    assert!(run.blocks >= 1 && run.blocks <= limits.limit && count <= places.len());
    assert_eq!((run.start, Some(run.len)), (places[0].unwrap().offset, reach(places, count)));
    let fits = |len: usize, lead: usize| len <= limits.room || len.saturating_add(lead) <= limits.wanted;
    assert!(fits(run.len, run.lead));
    assert_eq!(run.lead, lead(places, count, limits.inside));
    // What comes along ends with a block, and has room.
    let ends = (count..=places.len()).map(|count| reach(places, count));
    assert!(run.fetched == run.len || run.fetched <= limits.ahead);
    assert!(ends.flatten().any(|end| end == run.fetched));
    // No block more fits.
    if run.blocks < limits.limit
        && let Some(len) = places.get(count).and_then(|_| reach(places, count + 1))
    {
        assert!(!fits(len, lead(places, count + 1, limits.inside)), "one more fits");
    }
    // Where the packed bytes lie in the output, no block that is written there is written over later ones.
    if run.len > limits.room {
        for at in run.lead..=limits.wanted - run.len {
            for (number, place) in places.iter().enumerate().take(count).skip(1) {
                let written = number * BLOCK - limits.inside;
                let before = distance(run.start, place.unwrap().offset);
                assert!(written <= at + before, "{number} of {count} at {at}");
            }
        }
    }
}

#[test]
fn every_run_of_a_few_bytes_fits_and_is_as_long_as_it_can_be() {
    let mut runs = 0_u64;
    for first_len in 1..=LONGEST {
        let first = Extent { offset: FileOffset(5), len: first_len, coding: Coding::Deflate };
        every_way(&mut std::vec![Some(first)], 5 + u64::from(first_len), &mut |places| {
            for (inside, wanted) in
                (0..BLOCK).flat_map(|inside| (1..=MOST).map(move |wanted| (inside, wanted)))
            {
                let limit = u32::try_from((inside + wanted).div_ceil(BLOCK)).unwrap();
                // A place that is not looked at makes no difference.
                if places.len() > limit as usize + 1 {
                    continue;
                }
                for room in [LONGEST as usize, 5] {
                    for ahead in [0, 2, room] {
                        let first = BlockIndex(0);
                        let block_size = BLOCK;
                        let limits = RunLimits { first, inside, limit, wanted, ahead, room, block_size };
                        check_run(places, limits);
                        runs += 1;
                    }
                }
            }
        });
    }
    assert!(runs > 10_000, "{runs}");
}
