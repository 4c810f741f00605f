//! The bits of a deflate stream, the lowest bit of each byte first.

/// A position in the packed bytes, counted in bits from their beginning.
///
/// Behind the end come zeros, so that a whole word can always be looked at. Whether bits that were
/// used lie behind the end is asked after the fact, with [`overrun`](Self::overrun).
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    pub(super) packed: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(packed: &'a [u8]) -> Self {
        Self { packed, at: 0 }
    }

    /// Returns the next bits, the first one lowest: at least 25 of them are those of the stream.
    #[inline(always)]
    pub(super) fn peek(&self) -> u32 {
        let byte = self.at / 8;
        let word = match self.packed.get(byte..byte + 4) {
            Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
            _ => self.last_word(byte),
        };
        word >> (self.at % 8)
    }

    #[cold]
    #[inline(never)]
    fn last_word(&self, byte: usize) -> u32 {
        let rest = self.packed.get(byte..).unwrap_or_default();
        rest.iter().take(4).rev().fold(0, |word, &byte| word << 8 | u32::from(byte))
    }

    /// Takes up to 25 bits.
    pub(super) fn take(&mut self, count: usize) -> usize {
        let value = self.peek() & ((1 << count) - 1);
        self.at += count;
        value as usize
    }

    /// Returns whether bits were taken that are not there.
    pub(super) fn overrun(&self) -> bool {
        self.at > 8 * self.packed.len()
    }
}
