//! Raw deflate streams (RFC 1951).
//!
//! The whole input and room for the whole output are there at once, so there is no state to stop and go on
//! with, and tables can be small: for a block of 2 KiB a general inflater spends half of its time on them. It
//! only ever reads: what writes is not in this crate.
//!
//! Two codes with codewords of up to 15 bits say what comes next: the first a literal byte, the end of a block, or
//! the length of a match; the second its distance.

use super::count;
use super::repeat::repeat;
use crate::error::CodecError;

const MAX_BITS: usize = 15;
const LITERALS: usize = 288;
const DISTANCES: usize = 32;
const END_OF_BLOCK: u16 = 256;
/// In this order the header lists the lengths of the code for lengths (RFC 1951, 3.2.7).
const LENGTH_ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// Shortest match and number of further bits for each length symbol, from 257 on (3.2.5).
const LENGTH_BASE: [u16; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
    227, 258,
];
const LENGTH_BITS: [u8; 29] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

/// Tables of the inflater.
pub(super) struct Inflate {
    literals: Code<512, LITERALS>,
    distances: Code<128, DISTANCES>,
    /// Codeword lengths of both codes, one behind the other, while a header is read.
    lengths: [u8; LITERALS + DISTANCES],
}

/// Why decoding stopped before the end of the stream.
enum Stop {
    InputEnded,
    OutputFull,
    Invalid,
}

impl Inflate {
    pub(super) const fn new() -> Self {
        Self { literals: Code::new(), distances: Code::new(), lengths: [0; LITERALS + DISTANCES] }
    }

    /// Decodes a stream from its first byte to its end mark; bytes behind the mark are ignored.
    pub(super) fn raw(&mut self, packed: &[u8], out: &mut [u8], needed: usize) -> Result<(), CodecError> {
        self.stream(packed, out, needed).map(|_| ())
    }

    /// As [`raw`](Self::raw); returns how many bytes were taken from `packed` and how many came out.
    pub(super) fn stream(
        &mut self,
        packed: &[u8],
        out: &mut [u8],
        needed: usize,
    ) -> Result<(usize, usize), CodecError> {
        let mut bits = Bits { input: packed, at: 0, held: 0, count: 0 };
        let mut produced = 0;
        let result = self.blocks(&mut bits, out, &mut produced);
        let (done, expected) = (count(produced), count(needed));
        match result {
            Ok(()) if produced >= needed => Ok((bits.consumed(), produced)),
            Ok(()) => Err(CodecError::Short { produced: done, expected }),
            Err(Stop::OutputFull) => Err(CodecError::Overlong { block_size: count(out.len()) }),
            Err(Stop::InputEnded) => Err(CodecError::InputEnded { produced: done, expected }),
            Err(Stop::Invalid) => Err(CodecError::Invalid { produced: done, expected }),
        }
    }

    fn blocks(&mut self, bits: &mut Bits<'_>, out: &mut [u8], at: &mut usize) -> Result<(), Stop> {
        loop {
            let last = bits.take(1)? != 0;
            match bits.take(2)? {
                0 => stored(bits, out, at)?,
                1 => {
                    self.fixed_codes()?;
                    self.compressed(bits, out, at)?;
                }
                2 => {
                    self.read_codes(bits)?;
                    self.compressed(bits, out, at)?;
                }
                _ => return Err(Stop::Invalid),
            }
            if last {
                return Ok(());
            }
        }
    }

    /// The codes that need no header (3.2.6).
    fn fixed_codes(&mut self) -> Result<(), Stop> {
        let (literals, distances) = self.lengths.split_at_mut(LITERALS);
        literals[..144].fill(8);
        literals[144..256].fill(9);
        literals[256..280].fill(7);
        literals[280..].fill(8);
        distances.fill(5);
        self.literals.build(literals)?;
        self.distances.build(distances)
    }

    /// Reads the header of a block with codes of its own (3.2.7).
    fn read_codes(&mut self, bits: &mut Bits<'_>) -> Result<(), Stop> {
        let literals = 257 + bits.take(5)? as usize;
        let total = literals + 1 + bits.take(5)? as usize;
        let listed = 4 + bits.take(4)? as usize;
        let mut lengths = [0; 19];
        for &symbol in &LENGTH_ORDER[..listed] {
            lengths[usize::from(symbol)] = bits.take(3)?.to_le_bytes()[0];
        }
        // The code for lengths is done with before that for distances is needed.
        self.distances.build(&lengths)?;
        let mut at = 0;
        while at < total {
            let symbol = self.distances.next(bits)?;
            let (length, times) = match symbol {
                16 if at == 0 => return Err(Stop::Invalid),
                16 => (self.lengths[at - 1], 3 + bits.take(2)?),
                17 => (0, 3 + bits.take(3)?),
                18 => (0, 11 + bits.take(7)?),
                length => (length.to_le_bytes()[0], 1),
            };
            let end = at + times as usize;
            if end > total {
                return Err(Stop::Invalid);
            }
            self.lengths[at..end].fill(length);
            at = end;
        }
        let (literal_lengths, distance_lengths) = self.lengths[..total].split_at(literals);
        self.literals.build(literal_lengths)?;
        self.distances.build(distance_lengths)
    }

    fn compressed(&self, stream: &mut Bits<'_>, out: &mut [u8], produced: &mut usize) -> Result<(), Stop> {
        // Copies, which stay in registers as long as nobody is given their addresses.
        let mut bits = *stream;
        let mut at = *produced;
        let result = loop {
            let symbol = match self.literals.next(&mut bits) {
                Ok(symbol) => symbol,
                Err(stop) => break Err(stop),
            };
            if let Ok(literal) = u8::try_from(symbol) {
                match out.get_mut(at) {
                    Some(place) => *place = literal,
                    None => break Err(Stop::OutputFull),
                }
                at += 1;
                continue;
            }
            if symbol == END_OF_BLOCK {
                break Ok(());
            }
            match self.read_match(&mut bits, symbol) {
                Ok((_, distance)) if distance > at => break Err(Stop::Invalid),
                Ok((len, _)) if len > out.len() - at => break Err(Stop::OutputFull),
                Ok((len, distance)) => {
                    repeat(out, at, distance, len);
                    at += len;
                }
                Err(stop) => break Err(stop),
            }
        };
        *produced = at;
        *stream = bits;
        result
    }

    /// The length and the distance of a match, from the symbol for its length on.
    #[inline(always)]
    fn read_match(&self, bits: &mut Bits<'_>, symbol: u16) -> Result<(usize, usize), Stop> {
        let symbol = usize::from(symbol - END_OF_BLOCK - 1);
        let (Some(&base), Some(&further)) = (LENGTH_BASE.get(symbol), LENGTH_BITS.get(symbol)) else {
            return Err(Stop::Invalid);
        };
        let len = usize::from(base) + bits.take(further.into())? as usize;
        // Two symbols for each number of further bits, from the fifth on.
        let symbol = u32::from(self.distances.next(bits)?);
        let distance = match symbol {
            0..=3 => 1 + symbol,
            4..=29 => {
                let further = symbol / 2 - 1;
                1 + ((2 + (symbol & 1)) << further) + bits.take(further)?
            }
            _ => return Err(Stop::Invalid),
        };
        Ok((len, distance as usize))
    }
}

/// A block that is stored plain (3.2.4).
fn stored(bits: &mut Bits<'_>, out: &mut [u8], at: &mut usize) -> Result<(), Stop> {
    let rest = bits.bytes();
    let (header, rest) = rest.split_first_chunk::<4>().ok_or(Stop::InputEnded)?;
    let len = u16::from_le_bytes([header[0], header[1]]);
    if len != !u16::from_le_bytes([header[2], header[3]]) {
        return Err(Stop::Invalid);
    }
    let len = usize::from(len);
    // As much as there is of it counts as decoded.
    let present = len.min(rest.len());
    let room = out.len() - *at;
    let copied = present.min(room);
    out[*at..*at + copied].copy_from_slice(&rest[..copied]);
    *at += copied;
    if present > room {
        Err(Stop::OutputFull)
    } else if present < len {
        Err(Stop::InputEnded)
    } else {
        bits.at += 4 + len;
        Ok(())
    }
}

/// A canonical prefix code: a table for short codewords, and what it takes to find the others bit by bit.
struct Code<const ENTRIES: usize, const SYMBOLS: usize> {
    /// For the next bits of the stream: symbol and length of the codeword that they begin with, or 0.
    short: [u16; ENTRIES],
    /// Symbols in the order of their codewords.
    symbols: [u16; SYMBOLS],
    /// How many codewords there are of each length.
    counts: [u16; MAX_BITS + 1],
}

/// Bits of a table entry that hold the codeword's length.
const ENTRY_LENGTH_BITS: u32 = 4;

impl<const ENTRIES: usize, const SYMBOLS: usize> Code<ENTRIES, SYMBOLS> {
    const TABLE_BITS: u32 = ENTRIES.ilog2();

    const fn new() -> Self {
        Self { short: [0; ENTRIES], symbols: [0; SYMBOLS], counts: [0; MAX_BITS + 1] }
    }

    /// Makes the code whose codewords have these lengths, at most `SYMBOLS` of them.
    fn build(&mut self, lengths: &[u8]) -> Result<(), Stop> {
        let mut counts = [0u16; MAX_BITS + 1];
        for &length in lengths {
            counts[usize::from(length) & MAX_BITS] += 1;
        }
        let used = lengths.len() - usize::from(counts[0]);
        counts[0] = 0;
        // How many codewords of each length are still free: a code must use all, but for one with a single
        // codeword or none, which some encoders write for distances.
        let mut free = 1i32;
        let mut starts = [0u16; MAX_BITS + 2];
        for length in 1..=MAX_BITS {
            free = 2 * free - i32::from(counts[length]);
            if free < 0 {
                return Err(Stop::Invalid);
            }
            starts[length + 1] = starts[length] + counts[length];
        }
        if free > 0 && used > 1 {
            return Err(Stop::Invalid);
        }
        for (symbol, &length) in (0..).zip(lengths) {
            if length != 0 {
                let start = &mut starts[usize::from(length)];
                if let Some(place) = self.symbols.get_mut(usize::from(*start)) {
                    *place = symbol;
                }
                *start += 1;
            }
        }
        self.counts = counts;
        self.fill_table();
        Ok(())
    }

    fn fill_table(&mut self) {
        self.short.fill(0);
        // The codeword as the stream has it, its first bit lowest.
        let mut word = 0;
        let mut symbols = self.symbols.iter();
        for length in 1..=Self::TABLE_BITS {
            for &symbol in symbols.by_ref().take(usize::from(self.counts[length as usize])) {
                #[expect(clippy::cast_possible_truncation, reason = "at most 15")]
                let entry = symbol << ENTRY_LENGTH_BITS | length as u16;
                let mut at = word;
                while let Some(place) = self.short.get_mut(at) {
                    *place = entry;
                    at += 1 << length;
                }
                // The next codeword: one added, counting from the last bit.
                let mut bit = 1 << (length - 1);
                while word & bit != 0 {
                    word ^= bit;
                    bit >>= 1;
                }
                word |= bit;
            }
        }
    }

    /// Takes a codeword and returns its symbol.
    #[inline(always)]
    fn next(&self, bits: &mut Bits<'_>) -> Result<u16, Stop> {
        bits.fill();
        let entry = self.short[bits.held as usize & (ENTRIES - 1)];
        let length = u32::from(entry) & ((1 << ENTRY_LENGTH_BITS) - 1);
        if length == 0 {
            let (length, symbol) = self.find_long(bits.held);
            bits.drop(length)?;
            return symbol.ok_or(Stop::Invalid);
        }
        bits.drop(length)?;
        Ok(entry >> ENTRY_LENGTH_BITS)
    }

    /// Finds a codeword that is longer than the table's, bit by bit; returns its length and its symbol. If no
    /// codeword begins like this, that is only known when all the bits are the stream's.
    fn find_long(&self, held: u32) -> (u32, Option<u16>) {
        let (mut word, mut first, mut index) = (0i32, 0, 0);
        for (length, &count) in (1..).zip(&self.counts[1..]) {
            word = word << 1 | i32::from(held >> (length - 1) & 1 != 0);
            let count = i32::from(count);
            if word - first < count {
                let symbol = usize::try_from(index + word - first).ok();
                return (length, symbol.and_then(|symbol| self.symbols.get(symbol)).copied());
            }
            index += count;
            first = (first + count) << 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a constant")]
        (MAX_BITS as u32, None)
    }
}

/// The stream, bit by bit, the lowest bit of each byte first.
#[derive(Clone, Copy)]
struct Bits<'a> {
    input: &'a [u8],
    /// How many bytes of the input are in `held`, or were.
    at: usize,
    /// The next bits; those from `count` on are bits of the bytes from `at` on, or zero.
    held: u32,
    count: u32,
}

impl<'a> Bits<'a> {
    /// Makes sure that 24 bits are held, or all that are left.
    #[inline(always)]
    fn fill(&mut self) {
        const ENOUGH: u32 = 20;
        if self.count < ENOUGH {
            if let Some(word) = self.input.get(self.at..).and_then(<[u8]>::first_chunk) {
                self.held |= u32::from_le_bytes(*word) << self.count;
                self.at += (31 - self.count as usize) / 8;
                self.count |= 24;
            } else {
                *self = self.filled_by_bytes();
            }
        }
    }

    /// As `fill`, at the end of the input.
    #[inline(never)]
    fn filled_by_bytes(mut self) -> Self {
        // Above `count` there can be bits of a byte that is counted now.
        self.held &= (1 << self.count) - 1;
        while self.count <= 24
            && let Some(&byte) = self.input.get(self.at)
        {
            self.held |= u32::from(byte) << self.count;
            self.at += 1;
            self.count += 8;
        }
        self
    }

    /// Removes bits that were looked at.
    #[inline(always)]
    fn drop(&mut self, bits: u32) -> Result<(), Stop> {
        if bits > self.count {
            return Err(Stop::InputEnded);
        }
        self.held >>= bits;
        self.count -= bits;
        Ok(())
    }

    /// Takes a number of up to 13 bits.
    #[inline(always)]
    fn take(&mut self, bits: u32) -> Result<u32, Stop> {
        self.fill();
        let number = self.held & ((1 << bits) - 1);
        self.drop(bits)?;
        Ok(number)
    }

    /// Gives back the bytes that are held but not begun, and returns all from the next byte on.
    fn bytes(&mut self) -> &'a [u8] {
        self.at = self.consumed();
        (self.held, self.count) = (0, 0);
        self.input.get(self.at..).unwrap_or_default()
    }

    /// How many bytes of the input are used, the last one perhaps in part.
    fn consumed(&self) -> usize {
        self.at - self.count as usize / 8
    }
}
