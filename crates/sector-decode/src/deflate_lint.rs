//! Says whether a raw deflate stream is of the kind that the PSP firmware's own inflate is known to take.
//!
//! Files whose deflate streams have an empty or a one-codeword distance code hang custom firmwares,
//! streams of stock zlib do not. That Sony's inflate rejects such codes, as old zlib versions did, is
//! *inferred* from field reports and from counting codes in the output of several encoders; nobody has
//! taken the firmware apart or seen it on hardware for this project. The lint therefore allows only
//! what stock zlib writes for a block: one deflate block, not a stored one, whose literal/length and
//! distance codes are complete and have at least two codewords each.

use core::fmt;

/// Why a stream is not of the kind that is known to be safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Finding {
    /// More than one deflate block.
    SeveralBlocks,
    /// A stored block inside the stream; such data belongs into the image plain.
    StoredBlock,
    /// Fewer than two literal/length codewords.
    FewLiteralCodewords {
        /// How many there are.
        codewords: u16,
    },
    /// The literal/length code leaves bit patterns unused, or uses some twice.
    IncompleteLiteralCode {
        /// How many codewords there are.
        codewords: u16,
    },
    /// Fewer than two distance codewords: none in a block of literals only, one where all matches
    /// have the same distance code.
    FewDistanceCodewords {
        /// How many there are.
        codewords: u16,
    },
    /// The distance code leaves bit patterns unused, or uses some twice.
    IncompleteDistanceCode {
        /// How many codewords there are.
        codewords: u16,
    },
    /// The header of the stream is damaged or cut off.
    Malformed,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SeveralBlocks => f.write_str("more than one deflate block"),
            Self::StoredBlock => f.write_str("a stored deflate block"),
            Self::FewLiteralCodewords { codewords } => {
                write!(f, "only {codewords} literal/length codewords")
            }
            Self::IncompleteLiteralCode { codewords } => {
                write!(f, "an incomplete literal/length code of {codewords} codewords")
            }
            Self::FewDistanceCodewords { codewords: 0 } => f.write_str("an empty distance code"),
            Self::FewDistanceCodewords { codewords: 1 } => f.write_str("a distance code of one codeword"),
            Self::FewDistanceCodewords { codewords } => write!(f, "only {codewords} distance codewords"),
            Self::IncompleteDistanceCode { codewords } => {
                write!(f, "an incomplete distance code of {codewords} codewords")
            }
            Self::Malformed => f.write_str("a damaged deflate header"),
        }
    }
}

impl core::error::Error for Finding {}

const MAX_CODE_LEN: u16 = 15;
const MAX_META_LEN: usize = 7;
const MAX_LITERALS: u16 = 286;
const MAX_DISTANCES: u16 = 30;
const END_OF_BLOCK: u16 = 256;

/// Looks at the first block's header of a raw deflate stream.
///
/// The data behind the header is not decoded: whether it is sound is what
/// [`Decoder::decode_block`](crate::Decoder::decode_block) tells.
///
/// # Errors
///
/// What makes the stream unsafe, the first such thing.
pub fn lint(stream: &[u8]) -> Result<(), Finding> {
    let mut bits = Bits { stream, at: 0 };
    let last = bits.take(1)? == 1;
    let kind = bits.take(2)?;
    match kind {
        0 => return Err(Finding::StoredBlock),
        // The fixed codes are complete: 288 literal/length codewords and 32 distance codewords.
        1 => {}
        2 => dynamic_codes(&mut bits)?,
        _ => return Err(Finding::Malformed),
    }
    if last { Ok(()) } else { Err(Finding::SeveralBlocks) }
}

/// Reads the code lengths of a dynamic block (RFC 1951, 3.2.7) and checks the codes that they make.
fn dynamic_codes(bits: &mut Bits<'_>) -> Result<(), Finding> {
    const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let literals = bits.take(5)? + 257;
    let distances = bits.take(5)? + 1;
    let symbols = usize::from(bits.take(4)?) + 4;
    if literals > MAX_LITERALS || distances > MAX_DISTANCES {
        return Err(Finding::Malformed);
    }
    let mut meta_lengths = [0; ORDER.len()];
    for &symbol in &ORDER[..symbols] {
        meta_lengths[usize::from(symbol)] = bits.take(3)?;
    }
    let meta = MetaCode::new(&meta_lengths)?;

    // The lengths themselves are not kept: what is asked of a code are sums over them.
    let (mut literal, mut distance) = (Shape::EMPTY, Shape::EMPTY);
    let mut has_end_of_block = false;
    let mut previous = None;
    let mut at = 0;
    while at < literals + distances {
        let (length, times) = match bits.symbol(&meta)? {
            16 => (previous.ok_or(Finding::Malformed)?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (length, 1),
        };
        let end = at + times;
        if end > literals + distances {
            return Err(Finding::Malformed);
        }
        // A repetition may begin in one code and end in the other.
        literal.add(length, end.min(literals) - at.min(literals));
        distance.add(length, end.max(literals) - at.max(literals));
        has_end_of_block |= length > 0 && (at..end).contains(&END_OF_BLOCK);
        previous = Some(length);
        at = end;
    }

    if !has_end_of_block {
        return Err(Finding::Malformed);
    }
    if literal.codewords < 2 {
        return Err(Finding::FewLiteralCodewords { codewords: literal.codewords });
    }
    if !literal.complete() {
        return Err(Finding::IncompleteLiteralCode { codewords: literal.codewords });
    }
    if distance.codewords < 2 {
        return Err(Finding::FewDistanceCodewords { codewords: distance.codewords });
    }
    if !distance.complete() {
        return Err(Finding::IncompleteDistanceCode { codewords: distance.codewords });
    }
    Ok(())
}

/// How many codewords a set of code lengths makes, and how much of the code space they take.
struct Shape {
    codewords: u16,
    /// In units of the longest possible codeword: a complete code takes 2^15.
    space: u32,
}

impl Shape {
    const EMPTY: Self = Self { codewords: 0, space: 0 };

    /// Counts `times` symbols, at most 316, with codewords of `length` bits, at most 15; 0 is none.
    fn add(&mut self, length: u16, times: u16) {
        if length > 0 {
            self.codewords += times;
            self.space += u32::from(times) << (MAX_CODE_LEN - length);
        }
    }

    const fn complete(&self) -> bool {
        self.space == 1 << MAX_CODE_LEN
    }
}

/// The code that the code lengths are written in.
struct MetaCode {
    /// For what the next bits may be, the symbol, above three bits with its codeword's length.
    table: [u16; 1 << MAX_META_LEN],
}

impl MetaCode {
    /// Makes the canonical code: codewords of one length are consecutive numbers, in the order of their symbols.
    fn new(lengths: &[u16; 19]) -> Result<Self, Finding> {
        let mut counts = [0u16; MAX_META_LEN + 1];
        for &length in lengths {
            counts[usize::from(length)] += 1;
        }
        let mut next = [0; MAX_META_LEN + 1];
        for length in 1..MAX_META_LEN {
            next[length + 1] = (next[length] + counts[length]) << 1;
        }
        // Every inflate demands that this code be complete: its last codeword is all ones.
        if next[MAX_META_LEN] + counts[MAX_META_LEN] != 1 << MAX_META_LEN {
            return Err(Finding::Malformed);
        }
        let mut table = [0; 1 << MAX_META_LEN];
        for (symbol, &length) in (0..).zip(lengths).filter(|&(_, &length)| length > 0) {
            let codeword: u16 = next[usize::from(length)];
            next[usize::from(length)] += 1;
            // Codewords come with their first bit lowest; whatever follows belongs to the next.
            let first = usize::from(codeword.reverse_bits() >> (16 - length));
            for entry in table[first..].iter_mut().step_by(1 << length) {
                *entry = symbol << 3 | length;
            }
        }
        Ok(Self { table })
    }
}

/// Bits of the stream, the lowest bit of each byte first.
struct Bits<'a> {
    stream: &'a [u8],
    /// Position in bits.
    at: usize,
}

impl Bits<'_> {
    /// The next 16 bits; zeros behind the end.
    fn peek(&self) -> u16 {
        let rest = self.stream.get(self.at / 8..).unwrap_or_default();
        let word = match rest.first_chunk() {
            Some(word) => u32::from_le_bytes(*word),
            None => rest.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte)),
        };
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
        let next = (word >> (self.at % 8)) as u16;
        next
    }

    fn skip(&mut self, count: usize) -> Result<(), Finding> {
        self.at += count;
        if self.at <= self.stream.len() * 8 { Ok(()) } else { Err(Finding::Malformed) }
    }

    /// Takes up to 15 bits.
    fn take(&mut self, count: usize) -> Result<u16, Finding> {
        let value = self.peek() & ((1 << count) - 1);
        self.skip(count)?;
        Ok(value)
    }

    fn symbol(&mut self, meta: &MetaCode) -> Result<u16, Finding> {
        let entry = meta.table[usize::from(self.peek()) % meta.table.len()];
        self.skip(usize::from(entry & 7))?;
        Ok(entry >> 3)
    }
}
