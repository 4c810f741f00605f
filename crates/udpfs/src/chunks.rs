//! How a reply is split into packets.

use crate::packet::MAX_PAYLOAD;

/// The possible numbers of data bytes per packet, smallest first. Multiples of 128, for the console's DMA.
const CANDIDATES: [usize; 3] = [1024, 1280, 1408];

/// A reply split into as few packets as possible and, for that number, into the smallest ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunks {
    len: usize,
    first: usize,
    each: usize,
}

impl Chunks {
    /// Splits `len` bytes of data. The first packet also carries `header_len` bytes of app header.
    pub(crate) fn new(len: usize, header_len: usize) -> Self {
        let cut = |each: usize| Self { len, first: each.min(MAX_PAYLOAD - header_len), each };
        // Of several minima, the first wins.
        CANDIDATES.map(cut).into_iter().min_by_key(Self::count).unwrap_or(cut(MAX_PAYLOAD))
    }

    /// Returns the number of packets: one even without data.
    pub(crate) fn count(&self) -> u32 {
        let more = self.len.saturating_sub(self.first).div_ceil(self.each);
        u32::try_from(more).unwrap_or(u32::MAX - 1) + 1
    }

    /// Returns the range of the data that packet `index` carries.
    pub(crate) fn range(&self, index: u32) -> std::ops::Range<usize> {
        let end = |index: usize| (self.first + index * self.each).min(self.len);
        match index as usize {
            0 => 0..end(0),
            index => end(index - 1)..end(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewest_packets_win_and_then_the_smallest() {
        let each = |len, header| Chunks::new(len, header).each;
        // 64 KiB: 64, 52 or 47 packets.
        assert_eq!((each(65536, 8), Chunks::new(65536, 8).count()), (1408, 47));
        assert_eq!((each(2048, 8), Chunks::new(2048, 8).count()), (1024, 2));
        assert_eq!((each(2560, 8), Chunks::new(2560, 8).count()), (1280, 2));
        assert_eq!((each(100, 0), Chunks::new(100, 0).count()), (1024, 1));
        assert_eq!(Chunks::new(0, 8).count(), 1);
        // The header takes 8 bytes of the first packet.
        assert_eq!(Chunks::new(1408, 0).count(), 1);
        assert_eq!(Chunks::new(1408, 8).count(), 2);
    }

    #[test]
    fn packets_cover_every_byte_once() {
        for len in (0..70_000).step_by(4) {
            for header in [0, 8] {
                let chunks = Chunks::new(len, header);
                let mut at = 0;
                for index in 0..chunks.count() {
                    let range = chunks.range(index);
                    assert_eq!(range.start, at);
                    let room = if index == 0 { MAX_PAYLOAD - header } else { MAX_PAYLOAD };
                    assert!(range.len() <= room && (!range.is_empty() || len == 0));
                    at = range.end;
                }
                assert_eq!(at, len);
            }
        }
    }
}
