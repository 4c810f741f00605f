//! Bits into bytes, the lowest bit of each byte first (RFC 1951, 3.1.1).

/// Writes bits into a buffer and notices when it is full.
pub(super) struct BitWriter<'a> {
    out: &'a mut [u8],
    /// Whole bytes written.
    at: usize,
    /// Bits waiting for their word to fill up, the first one lowest.
    word: u64,
    /// Number of waiting bits, less than 32 between calls.
    waiting: u32,
    full: bool,
}

impl<'a> BitWriter<'a> {
    pub(super) const fn new(out: &'a mut [u8]) -> Self {
        Self { out, at: 0, word: 0, waiting: 0, full: false }
    }

    /// Writes the lowest `count` bits of `bits`, up to 32; the others are 0.
    #[inline]
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        debug_assert!(count <= 32 && u64::from(bits) >> count == 0);
        self.word |= u64::from(bits) << self.waiting;
        self.waiting += count;
        if self.waiting >= 32 {
            match self.out.get_mut(self.at..self.at + 4) {
                Some(place) => place.copy_from_slice(&(self.word as u32).to_le_bytes()),
                None => self.last_bytes(4),
            }
            self.at += 4;
            self.word >>= 32;
            self.waiting -= 32;
        }
    }

    /// Writes the remaining bits; returns how many bytes were written, `None` when the buffer was too small.
    pub(super) fn finish(mut self) -> Option<usize> {
        let left = self.waiting.div_ceil(8) as usize;
        self.last_bytes(left);
        let len = self.at + left;
        (!self.full).then_some(len)
    }

    /// Writes the word's first bytes when there may not be room for a whole word.
    #[cold]
    fn last_bytes(&mut self, count: usize) {
        for (at, byte) in (self.at..).zip(self.word.to_le_bytes()).take(count) {
            match self.out.get_mut(at) {
                Some(place) => *place = byte,
                None => self.full = true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(room: usize, bits: u32) -> (Option<usize>, [u8; 12]) {
        let mut out = [0; 12];
        let mut writer = BitWriter::new(&mut out[..room]);
        for bit in 0..bits {
            writer.put(u32::from(bit % 3 == 0), 1);
        }
        (writer.finish(), out)
    }

    #[test]
    fn bits_fill_bytes_from_below() {
        assert_eq!(write(12, 16).1[..2], [0b0100_1001, 0b1001_0010]);
        let mut out = [0; 8];
        let mut writer = BitWriter::new(&mut out);
        writer.put(0b101, 3);
        writer.put(0xDEAD_BEEF, 32);
        assert_eq!(writer.finish(), Some(5));
        let expected = 0xDEAD_BEEF_u64 << 3 | 0b101;
        assert_eq!(out, expected.to_le_bytes());
    }

    #[test]
    fn a_full_buffer_is_noticed_at_every_length() {
        for bits in 0..90u32 {
            let needed = bits.div_ceil(8) as usize;
            for room in 0..=12 {
                let (len, out) = write(room, bits);
                assert_eq!(len, (needed <= room).then_some(needed), "{bits} bits, room {room}");
                assert!(out[room..].iter().all(|&byte| byte == 0));
            }
        }
    }
}
