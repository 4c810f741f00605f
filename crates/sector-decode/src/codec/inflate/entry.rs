//! What the entries of the tables mean.

use super::tables::{Entry, MAX_LEN};

/// The symbol that ends a block.
const END: usize = 256;

/// A literal, a match length, or the end of the block, in 16 bits.
///
/// | bits | literal | length | special |
/// |---|---|---|---|
/// | 0-7 | the byte | base length - 3 | which one |
/// | 8-11 | codeword length | codeword length | codeword length |
/// | 12-14 | 0 | number of extra bits | 7 |
/// | 15 | 0 | 1 | 1 |
///
/// So the sign tells literals, and shifted right by eight a literal is its codeword length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Litlen(pub(super) i16);

impl Litlen {
    pub(super) const NOT_LITERAL: u16 = 1 << 15;
    pub(super) const EXTRA_SHIFT: u32 = 12;
    pub(super) const EXTRA_MASK: u16 = 7 << Self::EXTRA_SHIFT;
    const SPECIAL: u16 = Self::NOT_LITERAL | Self::EXTRA_MASK;

    const END: u16 = 0;
    const LONG: u16 = 1;
    const INVALID: u16 = 2;

    /// Length of the codeword in bits.
    pub(super) fn len(self) -> usize {
        usize::from(self.bits() >> 8 & 15)
    }

    /// The literal's byte, if this is one.
    #[inline(always)]
    pub(super) fn literal(self) -> u8 {
        self.0.to_le_bytes()[0]
    }

    /// As [`len`](Self::len) for a literal.
    #[inline(always)]
    pub(super) fn literal_len(self) -> usize {
        usize::from(self.bits() >> 8)
    }

    pub(super) fn kind(self) -> Kind {
        let low = self.bits() & 0xFF;
        if self.bits() & Self::NOT_LITERAL == 0 {
            return Kind::Literal(self.literal());
        }
        if self.bits() & Self::EXTRA_MASK != Self::EXTRA_MASK {
            let extra = usize::from((self.bits() & Self::EXTRA_MASK) >> Self::EXTRA_SHIFT);
            return Kind::Match { base: usize::from(low) + super::MIN_MATCH, extra };
        }
        match low {
            Self::END => Kind::End,
            Self::LONG => Kind::Long,
            _ => Kind::Invalid,
        }
    }

    const fn bits(self) -> u16 {
        self.0.cast_unsigned()
    }

    const fn from_bits(bits: u16) -> Self {
        Self(bits.cast_signed())
    }
}

pub(super) enum Kind {
    Literal(u8),
    /// `extra` bits follow, to be added to the base.
    Match {
        base: usize,
        extra: usize,
    },
    End,
    /// The codeword is longer than the table's bits.
    Long,
    Invalid,
}

/// The length symbols from 257 on, as entries without a codeword length (RFC 1951, 3.2.5).
#[expect(clippy::cast_possible_truncation, reason = "5 at most")]
const LENGTHS: [u16; 32] = {
    let mut entries = [Litlen::SPECIAL | Litlen::INVALID; 32];
    let mut base = 0;
    let mut symbol = 0;
    while symbol < 28 {
        let extra = if symbol < 8 { 0 } else { symbol / 4 - 1 };
        entries[symbol] = Litlen::NOT_LITERAL | (extra as u16) << Litlen::EXTRA_SHIFT | base;
        base += 1 << extra;
        symbol += 1;
    }
    // 258 has a symbol of its own, though 227 with its extra bits reaches it too.
    entries[28] = Litlen::NOT_LITERAL | 255;
    entries
};

impl Entry for Litlen {
    const INVALID: Self = Self::from_bits(Self::SPECIAL | 1 << 8 | Self::INVALID);
    const LONG: Self = Self::from_bits(Self::SPECIAL | Self::LONG);
    const EMPTY: Self = Self(0);

    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "lengths are at most 15, literals below 256")]
    fn new(symbol: usize, len: usize) -> Self {
        let len = (len as u16) << 8;
        Self::from_bits(match symbol {
            0..END => len | symbol as u16,
            END => Self::SPECIAL | len | Self::END,
            _ => LENGTHS[(symbol - END - 1) & 31] | len,
        })
    }
}

/// A match distance in 32 bits.
///
/// | bits | |
/// |---|---|
/// | 0-4 | codeword length and number of extra bits together |
/// | 8-11 | codeword length |
/// | 15 | 1 for special ones |
/// | 16-31 | base distance |
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Distance(pub(super) u32);

impl Distance {
    pub(super) const SPECIAL: u32 = 1 << 15;
    pub(super) const BASE_SHIFT: u32 = 16;
    pub(super) const LEN_SHIFT: u32 = 8;

    pub(super) fn is_long(self) -> bool {
        self == Self::LONG
    }

    pub(super) fn is_invalid(self) -> bool {
        self.0 & Self::SPECIAL != 0
    }

    /// Length of the codeword in bits.
    pub(super) fn len(self) -> usize {
        (self.0 >> Self::LEN_SHIFT) as usize & 15
    }

    /// Bits of the codeword and extra bits.
    pub(super) fn total_len(self) -> usize {
        self.0 as usize & 31
    }

    /// Returns the distance, whose extra bits are the lowest of `next`.
    pub(super) fn value(self, next: u32) -> usize {
        let extra = self.total_len() - self.len();
        ((self.0 >> Self::BASE_SHIFT) + (next & ((1 << extra) - 1))) as usize
    }
}

impl Entry for Distance {
    const INVALID: Self = Self(Self::SPECIAL | 1 << Self::LEN_SHIFT | 1);
    const EMPTY: Self = Self(0);
    const LONG: Self = Self(Self::SPECIAL);

    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "symbols are below 32, lengths at most 15")]
    fn new(symbol: usize, len: usize) -> Self {
        let (symbol, len) = (symbol as u32, len as u32);
        if symbol >= 30 {
            return Self::INVALID;
        }
        // Symbols come in pairs with the same number of extra bits (RFC 1951, 3.2.5).
        let extra = (symbol >> 1).saturating_sub(1);
        let base = if symbol < 2 { symbol + 1 } else { ((symbol & 1 | 2) << extra) + 1 };
        Self(base << Self::BASE_SHIFT | len << Self::LEN_SHIFT | (len + extra))
    }
}

const _: () = assert!(MAX_LEN < 16, "codeword lengths have four bits");
