//! One deflate block: its symbol counts, the codes built from them, what it costs, and its bits.

use alloc::boxed::Box;

use super::bits::BitWriter;
use super::header::{Header, Lengths};
use super::huffman::{Huffman, MAX_CODE_LEN, codewords};
use super::smooth::{SPACE, Smoother, complete, space_left};
use super::symbols::{
    DISTANCES, END_OF_BLOCK, FIRST_LENGTH, LENGTH_BASE, LENGTH_EXTRA, LENGTH_SYMBOL, LITLENS, Token,
    distance_base, distance_extra, distance_symbol,
};

/// The kinds of blocks (RFC 1951, 3.2.3).
const FIXED: u32 = 1;
const DYNAMIC: u32 = 2;
/// Bits for "last block" and its kind.
const KIND_BITS: u32 = 3;

/// How often each symbol occurs in a block.
#[derive(Clone)]
pub(super) struct Histogram {
    pub(super) litlen: [u32; LITLENS],
    pub(super) distance: [u32; DISTANCES],
}

impl Histogram {
    /// Only the end of the block.
    pub(super) const fn new() -> Self {
        let mut litlen = [0; LITLENS];
        litlen[END_OF_BLOCK] = 1;
        Self { litlen, distance: [0; DISTANCES] }
    }

    #[inline]
    pub(super) fn add(&mut self, token: Token) {
        match token.distance() {
            0 => self.litlen[token.value()] += 1,
            distance => {
                self.litlen[FIRST_LENGTH + usize::from(LENGTH_SYMBOL[token.value()])] += 1;
                self.distance[distance_symbol(distance)] += 1;
            }
        }
    }

    pub(super) fn of(tokens: &[Token]) -> Self {
        let mut histogram = Self::new();
        for &token in tokens {
            histogram.add(token);
        }
        histogram
    }

    /// Every byte a literal.
    pub(super) fn of_literals(bytes: &[u8]) -> Self {
        let mut histogram = Self::new();
        for &byte in bytes {
            histogram.litlen[usize::from(byte)] += 1;
        }
        histogram
    }

    /// Whether there is nothing but the end of the block; its code would have only one codeword.
    fn is_empty(&self) -> bool {
        self.litlen.iter().filter(|&&count| count > 0).count() < 2
    }

    /// Gives two distances a codeword if fewer occur: see [`super`] for why.
    fn with_two_distances(&self) -> [u32; DISTANCES] {
        let mut counts = self.distance;
        let missing = 2usize.saturating_sub(counts.iter().filter(|&&count| count > 0).count());
        for count in counts.iter_mut().filter(|count| **count == 0).take(missing) {
            *count = 1;
        }
        counts
    }

    /// The extra bits that follow the codewords.
    pub(super) fn extra_bits(&self) -> u32 {
        let lengths =
            self.litlen[FIRST_LENGTH..].iter().zip(LENGTH_EXTRA).map(|(count, bits)| count * u32::from(bits));
        let distances = (0..).zip(&self.distance).map(|(symbol, count)| count * distance_extra(symbol));
        lengths.sum::<u32>() + distances.sum::<u32>()
    }

    /// Bits that all symbols take with codewords of these lengths, including their extra bits.
    fn bits(&self, lengths: &Lengths) -> u32 {
        let all = |counts: &[u32], lengths: &[u8]| -> u32 {
            counts.iter().zip(lengths).map(|(&count, &length)| count * u32::from(length)).sum()
        };
        self.extra_bits() + all(&self.litlen, &lengths.litlen) + all(&self.distance, &lengths.distance)
    }
}

/// The codes that every decoder knows (RFC 1951, 3.2.6).
const fn fixed_lengths() -> Lengths {
    let mut litlen = [8; LITLENS];
    let mut symbol = 144;
    while symbol < 280 {
        litlen[symbol] = if symbol < 256 { 9 } else { 7 };
        symbol += 1;
    }
    Lengths { litlen, distance: [5; DISTANCES] }
}

/// Plans and writes blocks.
pub(super) struct BlockCoder {
    huffman: Box<Huffman>,
    codes: Codes,
    /// Whether the fixed codes are used, so that no header is needed.
    fixed: bool,
    /// Codes being tried, and the state for finding them.
    attempt: Codes,
    smoother: Option<Smoother>,
}

/// Codeword lengths, and the header that describes them.
struct Codes {
    lengths: Lengths,
    header: Header,
}

impl Codes {
    const fn new() -> Self {
        Self { lengths: Lengths::new(), header: Header::new() }
    }
}

/// If code lengths miss the available code space by more than this, they are tried again at another price.
const FAR_OFF: i32 = SPACE / 5;
/// The initial price of all code space, in bits per symbol of the block.
const FIRST_PRICE: f32 = 1.5;

impl BlockCoder {
    /// [`refine`](Self::refine) only has an effect if `smooths` is set.
    pub(super) fn new(smooths: bool) -> Self {
        Self {
            huffman: Huffman::new(),
            codes: Codes::new(),
            fixed: true,
            attempt: Codes::new(),
            smoother: smooths.then(Smoother::new),
        }
    }

    /// Returns the codeword lengths of the last plan; `None` for the fixed codes.
    pub(super) fn lengths(&self) -> Option<&Lengths> {
        (!self.fixed).then_some(&self.codes.lengths)
    }

    /// Plans the smallest block for these symbols; returns how many bits it takes.
    pub(super) fn plan(&mut self, histogram: &Histogram) -> u32 {
        let Codes { lengths, header } = &mut self.codes;
        self.huffman.lengths(&histogram.litlen, MAX_CODE_LEN, &mut lengths.litlen);
        self.huffman.lengths(&histogram.with_two_distances(), MAX_CODE_LEN, &mut lengths.distance);
        let dynamic = header.plan(lengths, &mut self.huffman) + histogram.bits(lengths);
        let fixed = histogram.bits(const { &fixed_lengths() });
        self.fixed = histogram.is_empty() || fixed <= dynamic;
        KIND_BITS + if self.fixed { fixed } else { dynamic }
    }

    /// As [`plan`](Self::plan), followed by this many rounds of looking for codes that are cheaper with their
    /// header.
    pub(super) fn plan_refined(&mut self, histogram: &Histogram, rounds: u32) -> u32 {
        let bits = self.plan(histogram);
        self.refine(histogram, bits, rounds)
    }

    /// Looks for codes that are cheaper together with their header than those of [`plan`](Self::plan), which
    /// took `bits` for the same symbols; returns how many bits the block takes then.
    ///
    /// Each round uses the costs of header symbols in the best header so far, and prices corrected by the
    /// previous round.
    fn refine(&mut self, histogram: &Histogram, mut bits: u32, rounds: u32) -> u32 {
        let Some(smoother) = self.smoother.as_mut().filter(|_| !histogram.is_empty()) else { return bits };
        let distances = histogram.with_two_distances();
        let price = |counts: &[u32]| FIRST_PRICE * counts.iter().sum::<u32>() as f32;
        let (mut litlen_price, mut distance_price) = (price(&histogram.litlen), price(&distances));
        for _ in 0..rounds {
            let costs = self.codes.header.costs();
            let Codes { lengths, header } = &mut self.attempt;
            let mut cheap = |counts: &[u32], price: &mut f32, lengths: &mut [u8]| {
                let used = counts.iter().rposition(|&count| count > 0).map_or(0, |last| last + 1);
                let (lengths, rest) = lengths.split_at_mut(used);
                rest.fill(0);
                smoother.solve(&counts[..used], *price, &costs, lengths);
                let left = space_left(lengths);
                *price *= (SPACE - left) as f32 / SPACE as f32;
                // Many codewords that are far off take too long to repair; there are only a few for
                // distances.
                (used <= DISTANCES || left.abs() <= FAR_OFF) && complete(lengths, counts)
            };
            let sound = cheap(&histogram.litlen, &mut litlen_price, &mut lengths.litlen)
                && cheap(&distances, &mut distance_price, &mut lengths.distance);
            if !sound {
                continue;
            }
            let attempt = KIND_BITS + header.plan(lengths, &mut self.huffman) + histogram.bits(lengths);
            if attempt < bits {
                bits = attempt;
                self.fixed = false;
                core::mem::swap(&mut self.codes, &mut self.attempt);
            }
        }
        bits
    }

    /// Writes the last planned block; `tokens` must be those its symbols were counted from.
    pub(super) fn write(&self, tokens: &[Token], last: bool, bits: &mut BitWriter<'_>) {
        bits.put(u32::from(last), 1);
        let mut words = Codewords { litlen: [0; LITLENS + 2], distance: [0; DISTANCES] };
        let lengths = if self.fixed { const { &fixed_lengths() } } else { &self.codes.lengths };
        if self.fixed {
            bits.put(FIXED, 2);
            // Two more symbols, which never occur, have codewords between those of others.
            let mut litlen = [8; LITLENS + 2];
            litlen[..LITLENS].copy_from_slice(&lengths.litlen);
            codewords(&litlen, &mut words.litlen);
        } else {
            bits.put(DYNAMIC, 2);
            self.codes.header.write(bits);
            codewords(&lengths.litlen, &mut words.litlen[..LITLENS]);
        }
        codewords(&lengths.distance, &mut words.distance);
        for &token in tokens {
            words.write(lengths, token, bits);
        }
        bits.put(u32::from(words.litlen[END_OF_BLOCK]), u32::from(lengths.litlen[END_OF_BLOCK]));
    }
}

struct Codewords {
    litlen: [u16; LITLENS + 2],
    distance: [u16; DISTANCES],
}

impl Codewords {
    #[inline]
    fn write(&self, lengths: &Lengths, token: Token, bits: &mut BitWriter<'_>) {
        let (value, distance) = (token.value(), token.distance());
        if distance == 0 {
            bits.put(u32::from(self.litlen[value]), u32::from(lengths.litlen[value]));
            return;
        }
        let length = usize::from(LENGTH_SYMBOL[value]);
        let symbol = FIRST_LENGTH + length;
        let (word, len) = (u32::from(self.litlen[symbol]), u32::from(lengths.litlen[symbol]));
        let extra = (value - usize::from(LENGTH_BASE[length])) as u32;
        bits.put(word | extra << len, len + u32::from(LENGTH_EXTRA[length]));
        let symbol = distance_symbol(distance);
        let (word, len) = (u32::from(self.distance[symbol]), u32::from(lengths.distance[symbol]));
        let extra = (distance - distance_base(symbol)) as u32;
        bits.put(word | extra << len, len + distance_extra(symbol));
    }
}
