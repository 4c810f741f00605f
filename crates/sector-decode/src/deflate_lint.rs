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

const MAX_CODE_LEN: usize = 15;
const MAX_LITERALS: usize = 286;
const MAX_DISTANCES: usize = 30;
const END_OF_BLOCK: usize = 256;

/// Looks at the first block's header of a raw deflate stream.
///
/// The data behind the header is not decoded: whether it is sound is what
/// [`Decoder::decode`](crate::Decoder::decode) tells.
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
    let literals = bits.take(5)? as usize + 257;
    let distances = bits.take(5)? as usize + 1;
    let symbols = bits.take(4)? as usize + 4;
    if literals > MAX_LITERALS || distances > MAX_DISTANCES {
        return Err(Finding::Malformed);
    }
    let mut meta_lengths = [0; ORDER.len()];
    for &symbol in &ORDER[..symbols] {
        meta_lengths[usize::from(symbol)] = bits.take_byte(3)?;
    }
    // Every inflate demands that this code be complete.
    if !Shape::of(&meta_lengths).complete() {
        return Err(Finding::Malformed);
    }

    let mut lengths = [0; MAX_LITERALS + MAX_DISTANCES];
    let lengths = &mut lengths[..literals + distances];
    let mut filled = 0;
    while filled < lengths.len() {
        let symbol = bits.symbol(&meta_lengths)?;
        let (value, times) = match symbol {
            0..=15 => (symbol, 1),
            16 if filled == 0 => return Err(Finding::Malformed),
            16 => (lengths[filled - 1], 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            _ => (0, 11 + bits.take(7)?),
        };
        let run = lengths.get_mut(filled..filled + times as usize).ok_or(Finding::Malformed)?;
        run.fill(value);
        filled += times as usize;
    }

    let (literal_lengths, distance_lengths) = lengths.split_at(literals);
    if literal_lengths[END_OF_BLOCK] == 0 {
        return Err(Finding::Malformed);
    }
    let (literal, distance) = (Shape::of(literal_lengths), Shape::of(distance_lengths));
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
    fn of(lengths: &[u8]) -> Self {
        let mut shape = Self { codewords: 0, space: 0 };
        for &length in lengths.iter().filter(|&&length| length > 0) {
            shape.codewords += 1;
            shape.space += 1 << (MAX_CODE_LEN - usize::from(length));
        }
        shape
    }

    const fn complete(&self) -> bool {
        self.space == 1 << MAX_CODE_LEN
    }
}

/// Bits of the stream, the lowest bit of each byte first.
struct Bits<'a> {
    stream: &'a [u8],
    /// Position in bits.
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Result<u32, Finding> {
        let mut value = 0;
        for place in 0..count {
            let byte = *self.stream.get(self.at / 8).ok_or(Finding::Malformed)?;
            value |= u32::from(byte >> (self.at % 8) & 1) << place;
            self.at += 1;
        }
        Ok(value)
    }

    fn take_byte(&mut self, count: usize) -> Result<u8, Finding> {
        u8::try_from(self.take(count)?).map_err(|_| Finding::Malformed)
    }

    /// Decodes one symbol of the canonical code with these lengths, bit by bit: codewords of one length
    /// are consecutive numbers, in the order of their symbols.
    fn symbol(&mut self, lengths: &[u8; 19]) -> Result<u8, Finding> {
        let (mut code, mut first) = (0, 0);
        for length in 1..=7 {
            code |= self.take(1)?;
            let mut of_length = 0;
            for (symbol, _) in (0..).zip(lengths).filter(|&(_, &other)| other == length) {
                if code == first + of_length {
                    return Ok(symbol);
                }
                of_length += 1;
            }
            first = (first + of_length) << 1;
            code <<= 1;
        }
        Err(Finding::Malformed)
    }
}
