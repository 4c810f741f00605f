//! The alphabets of deflate (RFC 1951, 3.2.5) and the tokens that a block is parsed into.

/// Literals, the end of the block, and 29 lengths.
pub(super) const LITLENS: usize = 286;
/// Distances.
pub(super) const DISTANCES: usize = 30;
/// The symbol that ends a deflate block.
pub(super) const END_OF_BLOCK: usize = 256;
/// The symbol of the shortest length.
pub(super) const FIRST_LENGTH: usize = 257;

/// The shortest match.
pub(super) const MIN_MATCH: usize = 3;
/// The longest match.
pub(super) const MAX_MATCH: usize = 258;
/// The maximum distance of a match.
pub(super) const MAX_DISTANCE: usize = 32 << 10;

/// Bits that follow a length's codeword, by symbol.
pub(super) const LENGTH_EXTRA: [u8; 29] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
/// The shortest length of each symbol.
pub(super) const LENGTH_BASE: [u16; 29] = {
    let mut bases = [0; 29];
    let (mut symbol, mut base) = (0, MIN_MATCH as u16);
    while symbol < 28 {
        bases[symbol] = base;
        base += 1 << LENGTH_EXTRA[symbol];
        symbol += 1;
    }
    // The longest length has its own symbol, so the previous symbol uses 31 of its 32 lengths.
    bases[28] = MAX_MATCH as u16;
    bases
};
/// The symbol of each length, relative to that of the shortest.
pub(super) const LENGTH_SYMBOL: [u8; MAX_MATCH + 1] = {
    let mut symbols = [0; MAX_MATCH + 1];
    let mut symbol = 0;
    while symbol < 29 {
        let mut length = LENGTH_BASE[symbol] as usize;
        while length <= MAX_MATCH {
            symbols[length] = symbol as u8;
            length += 1;
        }
        symbol += 1;
    }
    symbols
};

/// Returns the symbol of a distance from 1 to [`MAX_DISTANCE`].
#[inline]
pub(super) const fn distance_symbol(distance: usize) -> usize {
    let below = (distance - 1) as u32;
    if below < 4 {
        return below as usize;
    }
    let bits = below.ilog2();
    (2 * bits + (below >> (bits - 1) & 1)) as usize
}

/// Returns how many bits follow a distance's codeword.
#[inline]
pub(super) const fn distance_extra(symbol: usize) -> u32 {
    if symbol < 4 { 0 } else { symbol as u32 / 2 - 1 }
}

/// Returns the smallest distance of a symbol.
#[inline]
pub(super) const fn distance_base(symbol: usize) -> usize {
    if symbol < 4 { symbol + 1 } else { ((2 + (symbol & 1)) << distance_extra(symbol)) + 1 }
}

/// A literal or a match: a block is a sequence of these.
///
/// The upper half is the distance, 0 for a literal; the lower half is the length, or the literal's byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Token(u32);

impl Token {
    #[inline]
    pub(super) const fn literal(byte: u8) -> Self {
        Self(byte as u32)
    }

    #[inline]
    pub(super) const fn matched(length: usize, distance: usize) -> Self {
        Self((distance as u32) << 16 | length as u32)
    }

    /// Returns the distance, 0 for a literal.
    #[inline]
    pub(super) const fn distance(self) -> usize {
        (self.0 >> 16) as usize
    }

    /// Returns the length of a match, or the byte of a literal.
    #[inline]
    pub(super) const fn value(self) -> usize {
        (self.0 & 0xFFFF) as usize
    }

    /// Returns how many bytes of the block this represents.
    #[inline]
    pub(super) const fn len(self) -> usize {
        if self.distance() == 0 { 1 } else { self.value() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_the_symbols_of_the_rfc() {
        let symbol = |length: usize| FIRST_LENGTH + usize::from(LENGTH_SYMBOL[length]);
        for (length, expected) in
            [(3, 257), (10, 264), (11, 265), (12, 265), (13, 266), (257, 284), (258, 285)]
        {
            assert_eq!(symbol(length), expected);
        }
        assert_eq!((LENGTH_BASE[27], LENGTH_BASE[8]), (227, 11));
    }

    #[test]
    fn distances_have_the_symbols_of_the_rfc() {
        for (distance, expected) in
            [(1, 0), (4, 3), (5, 4), (6, 4), (7, 5), (9, 6), (1025, 20), (24577, 29), (32768, 29)]
        {
            assert_eq!(distance_symbol(distance), expected);
        }
        for symbol in 0..DISTANCES {
            let base = distance_base(symbol);
            assert_eq!(distance_symbol(base), symbol);
            assert_eq!(distance_symbol(base + (1 << distance_extra(symbol)) - 1), symbol);
        }
    }

    #[test]
    fn tokens_keep_what_they_are_made_of() {
        let (literal, farthest) = (Token::literal(255), Token::matched(MAX_MATCH, MAX_DISTANCE));
        assert_eq!((literal.distance(), literal.value(), literal.len()), (0, 255, 1));
        assert_eq!((farthest.distance(), farthest.value(), farthest.len()), (32768, 258, 258));
    }
}
