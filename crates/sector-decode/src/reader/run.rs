//! Runs: neighbouring blocks that one read of the file fetches, and where their packed bytes may lie meanwhile.

use crate::container::Extent;
use crate::units::{BlockIndex, FileOffset};

/// A part of the file.
#[derive(Clone, Copy)]
pub(super) struct Held {
    pub(super) start: FileOffset,
    pub(super) len: usize,
}

/// Neighbouring blocks that are fetched with one read.
///
/// Decoding goes from the first block to the last, so packed bytes may lie in the memory that the blocks
/// decode into as long as no block is written over packed bytes that come after its own. With the run's
/// packed bytes at `at` in the output that means `at + (packed bytes before a block) >= (output before it)`
/// for each of them; `lead` is the smallest `at` for which it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// How many blocks are wanted.
    pub(super) blocks: u32,
    /// Where the first block's packed bytes begin in the file.
    pub(super) start: FileOffset,
    /// Bytes from there to the end of the last block's.
    pub(super) len: usize,
    pub(super) lead: usize,
    /// Bytes from there to the end of the last block that is fetched along.
    pub(super) fetched: usize,
}

/// What a run is to serve, and the room that there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunLimits {
    /// The block that the run begins with.
    pub(super) first: BlockIndex,
    /// How many bytes of the first block come before those that are wanted.
    pub(super) inside: usize,
    /// How many blocks the wanted bytes lie in, at the most.
    pub(super) limit: u32,
    /// How many bytes of output are wanted.
    pub(super) wanted: usize,
    /// How many bytes of the file may be fetched in all when blocks come along that are not wanted yet.
    pub(super) ahead: usize,
    /// How many packed bytes the reader's own buffer holds.
    pub(super) room: usize,
    /// How many bytes of output a block has.
    pub(super) block_size: usize,
}

/// Finds how many blocks lie one behind the other in the file and fit together into one of the places for packed
/// bytes: the first, which lies at `extent`, in any case, and no more than are wanted. Where `locate` knows no place,
/// the run ends: a damaged entry is the error of the read that begins with it. Blocks behind those that are wanted are
/// fetched along as long as all together have no more than `ahead` bytes.
#[inline(always)]
pub(super) fn gather(
    limits: RunLimits,
    extent: Extent,
    mut locate: impl FnMut(BlockIndex) -> Option<Extent>,
) -> Run {
    let RunLimits { first, inside, limit, wanted, ahead, room, block_size } = limits;
    let len = extent.len as usize;
    let mut run = Run { blocks: 1, start: extent.offset, len, lead: 0, fetched: len };
    let mut block = first;
    let mut output_before = 0;
    loop {
        block.0 += 1;
        let is_wanted = block.0 - first.0 < limit;
        if !(is_wanted || ahead > 0) {
            break;
        }
        let Some(next) = locate(block) else { break };
        let before = distance(run.start, next.offset);
        if before < run.fetched {
            break;
        }
        let len = before.saturating_add(next.len as usize);
        if is_wanted {
            output_before += block_size;
            let lead = run.lead.max((output_before - inside).saturating_sub(before));
            if len > room && len.saturating_add(lead) > wanted {
                break;
            }
            run = Run { blocks: run.blocks + 1, len, lead, ..run };
        } else if len > ahead {
            break;
        }
        run.fetched = len;
    }
    run
}

impl Held {
    pub(super) const NOTHING: Self = Self { start: FileOffset(0), len: 0 };

    /// Whether a block's packed bytes are in this part of the file.
    pub(super) fn has(&self, extent: Extent) -> bool {
        distance(self.start, extent.offset).saturating_add(extent.len as usize) <= self.len
    }
}

/// How many bytes of the file lie between two places; more than any memory has when the second comes first.
pub(super) fn distance(from: FileOffset, to: FileOffset) -> usize {
    to.0.checked_sub(from.0).and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(usize::MAX)
}

/// The packed bytes of a block, out of bytes that begin at `start` in the file; `None` when they are not among them.
pub(super) fn packed_of(bytes: &[u8], start: FileOffset, extent: Extent) -> Option<&[u8]> {
    let at = distance(start, extent.offset);
    bytes.get(at..)?.get(..extent.len as usize)
}
