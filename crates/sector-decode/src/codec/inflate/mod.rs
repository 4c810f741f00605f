//! Raw deflate streams (RFC 1951), decoded at once from one buffer into another.
//!
//! A general inflate can stop at any byte and go on later; this one need not, because a block of an image
//! is there as a whole. So matches are copied from the output itself, there is no window, and all
//! that stays between blocks is the memory of the tables.
//!
//! What is accepted is what `miniz_oxide` 0.9 accepts, and zlib but for one thing: a block need not have a
//! codeword for its end. Codes must be complete, except that literals and distances may
//! have a single codeword of one bit, or none.
//!
//! This file, `bits.rs`, `tables.rs` and `entry.rs` decode anything and decide every error. With the feature
//! `fast` the symbols that lie well inside both buffers are decoded by `fast.rs` first.
//! docs/codec-design.md says what the tables are like and what they cost.

mod bits;
mod entry;
#[cfg(feature = "fast")]
#[allow(unsafe_code)]
mod fast;
mod tables;

use super::Fault;
use super::copy::repeat;
use crate::error::CodecError;
use bits::Bits;
use entry::{Distance, Kind, Litlen};
use tables::{BadCode, Code, EMPTY, Ends, Lists};

const MIN_MATCH: usize = 3;

/// Most symbols that a block's header can give lengths for. The fixed code has two more literal/length
/// and distance symbols each, which mean nothing.
const MAX_LITLENS: usize = 286;
const MAX_DISTANCES: usize = 30;
const FIXED_LITLENS: usize = 288;
const FIXED_DISTANCES: usize = 32;
const CODE_LENGTH_SYMBOLS: usize = 19;

/// Memory of the tables.
pub(super) struct Inflate {
    litlen: LitlenCode,
    distance: Code<Distance, 128, FIXED_DISTANCES>,
    litlen_lists: Lists<{ FIXED_LITLENS + 16 }>,
    distance_lists: Lists<{ FIXED_DISTANCES + 16 }>,
    /// Whether both codes are the fixed ones. A stream can ask for these with ten bits, as often as it likes.
    is_fixed: bool,
}

type LitlenCode = Code<Litlen, 1024, FIXED_LITLENS>;

impl From<BadCode> for Fault {
    fn from(_: BadCode) -> Self {
        Self::Invalid
    }
}

/// A stream on its way.
struct Stream<'a> {
    bits: Bits<'a>,
    out: &'a mut [u8],
    produced: usize,
}

impl Stream<'_> {
    /// Decodes a stored block (RFC 1951, 3.2.4).
    fn stored(&mut self) -> Result<(), Fault> {
        const HEADER_LEN: usize = 4;
        let header = self.bits.at.div_ceil(8);
        let rest = self.bits.packed.get(header..).ok_or(Fault::InputEnded)?;
        let (&[a, b, c, d], rest) = rest.split_first_chunk::<HEADER_LEN>().ok_or(Fault::InputEnded)?;
        let (len, check) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        if len != !check {
            return Err(Fault::Invalid);
        }
        let len = usize::from(len);
        let bytes = rest.get(..len).ok_or(Fault::InputEnded)?;
        let out = self.out.get_mut(self.produced..self.produced + len).ok_or(Fault::Overlong)?;
        out.copy_from_slice(bytes);
        self.produced += len;
        self.bits.at = 8 * (header + HEADER_LEN + len);
        Ok(())
    }
}

impl Inflate {
    pub(super) const fn new() -> Self {
        Self {
            litlen: Code::new(),
            distance: Code::new(),
            litlen_lists: Lists::new(),
            distance_lists: Lists::new(),
            is_fixed: false,
        }
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
        let room = out.len();
        let mut stream = Stream { bits: Bits::new(packed), out, produced: 0 };
        let result = self.blocks(&mut stream);
        let (bits, produced) = (stream.bits, stream.produced);
        result.map_err(|fault| fault.error(produced, needed, room))?;
        if produced < needed {
            return Err(Fault::Short.error(produced, needed, room));
        }
        Ok((bits.at.div_ceil(8), produced))
    }

    fn blocks(&mut self, stream: &mut Stream<'_>) -> Result<(), Fault> {
        loop {
            let last = stream.bits.take(1) == 1;
            match stream.bits.take(2) {
                0 => stream.stored()?,
                1 => {
                    self.fixed_codes()?;
                    self.symbols(stream)?;
                }
                2 => {
                    self.dynamic_codes(&mut stream.bits)?;
                    self.symbols(stream)?;
                }
                _ => return Err(Fault::Invalid),
            }
            if stream.bits.overrun() {
                return Err(Fault::InputEnded);
            }
            if last {
                return Ok(());
            }
        }
    }

    /// Sets up the codes of RFC 1951, 3.2.6, unless they are still there.
    fn fixed_codes(&mut self) -> Result<(), Fault> {
        if self.is_fixed {
            return Ok(());
        }
        let mut ends = EMPTY;
        for symbol in 0..FIXED_LITLENS {
            let len = match symbol {
                144..256 => 9,
                256..280 => 7,
                _ => 8,
            };
            self.litlen_lists.append(&mut ends, symbol, len);
        }
        self.litlen.build(&self.litlen_lists, &ends)?;
        ends = EMPTY;
        for symbol in 0..FIXED_DISTANCES {
            self.distance_lists.append(&mut ends, symbol, 5);
        }
        self.distance.build(&self.distance_lists, &ends)?;
        self.is_fixed = true;
        Ok(())
    }

    /// Reads the codes of a block from its header (RFC 1951, 3.2.7).
    fn dynamic_codes(&mut self, bits: &mut Bits<'_>) -> Result<(), Fault> {
        let litlens = bits.take(5) + 257;
        let distances = bits.take(5) + 1;
        let code_lengths = bits.take(4) + 4;
        if litlens > MAX_LITLENS || distances > MAX_DISTANCES {
            return Err(Fault::Invalid);
        }
        self.is_fixed = false;
        self.length_code(bits, code_lengths)?;
        let mut run = Run { len: 0, left: 0, any: false };
        let (mut litlen_ends, mut distance_ends) = (EMPTY, EMPTY);
        read_lengths(bits, &self.litlen, &mut run, &mut self.litlen_lists, &mut litlen_ends, litlens)?;
        read_lengths(bits, &self.litlen, &mut run, &mut self.distance_lists, &mut distance_ends, distances)?;
        if run.left > 0 {
            // A run goes on behind the last symbol.
            return Err(Fault::Invalid);
        }
        if bits.overrun() {
            return Err(Fault::InputEnded);
        }
        self.litlen.build(&self.litlen_lists, &litlen_ends)?;
        self.distance.build(&self.distance_lists, &distance_ends)?;
        Ok(())
    }

    /// Reads the code for the lengths of codewords, `count` lengths of which stand in the stream.
    ///
    /// Its symbols are below 19, its codewords have at most 7 bits. It passes for a code of literals, and borrows the
    /// memory of the literal/length code, which is built later.
    fn length_code(&mut self, bits: &mut Bits<'_>, count: usize) -> Result<(), Fault> {
        /// In which order the lengths stand.
        const ORDER: [u8; CODE_LENGTH_SYMBOLS] =
            [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        let mut lengths = [0_u8; 32];
        for &symbol in ORDER.iter().take(count) {
            #[expect(clippy::cast_possible_truncation, reason = "three bits")]
            let len = bits.take(3) as u8;
            lengths[usize::from(symbol) & 31] = len;
        }
        let mut ends = EMPTY;
        for (symbol, &len) in lengths.iter().enumerate().take(CODE_LENGTH_SYMBOLS) {
            if len != 0 {
                self.litlen_lists.append(&mut ends, symbol, len);
            }
        }
        self.litlen.build(&self.litlen_lists, &ends)?;
        // Unlike the others, this code must be complete.
        if self.litlen.is_complete() { Ok(()) } else { Err(Fault::Invalid) }
    }

    /// Decodes the symbols of a block up to its end.
    fn symbols(&self, stream: &mut Stream<'_>) -> Result<(), Fault> {
        loop {
            #[cfg(feature = "fast")]
            if let Some(len) = fast::symbols(&self.litlen, &self.distance, stream) {
                #[cfg(test)]
                super::careful::step();
                self.finish_match(stream, len)?;
                continue;
            }
            #[cfg(test)]
            super::careful::step();
            if self.symbol(stream)? {
                return Ok(());
            }
        }
    }

    /// Decodes one symbol, with its distance if it is a length. Returns whether it was the end.
    fn symbol(&self, stream: &mut Stream<'_>) -> Result<bool, Fault> {
        let next = stream.bits.peek();
        let mut entry = self.litlen.lookup(next);
        if matches!(entry.kind(), Kind::Long) {
            entry = self.litlen.lookup_long(next);
        }
        stream.bits.at += entry.len();
        if stream.bits.overrun() {
            return Err(Fault::InputEnded);
        }
        match entry.kind() {
            Kind::Literal(byte) => {
                *stream.out.get_mut(stream.produced).ok_or(Fault::Overlong)? = byte;
                stream.produced += 1;
            }
            Kind::Match { base, extra } => {
                let len = base + stream.bits.take(extra);
                self.finish_match(stream, len)?;
            }
            Kind::End => return Ok(true),
            Kind::Long | Kind::Invalid => return Err(Fault::Invalid),
        }
        Ok(false)
    }

    /// Decodes the distance of a match of `len` bytes, and copies them.
    fn finish_match(&self, stream: &mut Stream<'_>, len: usize) -> Result<(), Fault> {
        let next = stream.bits.peek();
        let mut entry = self.distance.lookup(next);
        if entry.is_long() {
            entry = self.distance.lookup_long(next);
        }
        let (codeword, total) = (entry.len(), entry.total_len());
        stream.bits.at += codeword;
        let next = stream.bits.peek();
        stream.bits.at += total - codeword;
        if stream.bits.overrun() {
            return Err(Fault::InputEnded);
        }
        let distance = entry.value(next);
        if entry.is_invalid() || distance > stream.produced {
            return Err(Fault::Invalid);
        }
        if len > stream.out.len() - stream.produced {
            return Err(Fault::Overlong);
        }
        repeat(stream.out, stream.produced, distance, len);
        stream.produced += len;
        Ok(())
    }
}

/// Equal lengths that are still to be given to symbols.
struct Run {
    len: u8,
    left: usize,
    /// Whether there was a length at all, which could be repeated.
    any: bool,
}

/// Reads the lengths of the codewords of `symbols` symbols, and lists those that have one.
///
/// A run may begin with the last literal/length symbols and go on with distance symbols: `run` keeps the rest.
fn read_lengths<const NEXT: usize>(
    bits: &mut Bits<'_>,
    code: &LitlenCode,
    run: &mut Run,
    lists: &mut Lists<NEXT>,
    ends: &mut Ends,
    symbols: usize,
) -> Result<(), Fault> {
    let mut symbol = 0;
    loop {
        let times = run.left.min(symbols - symbol);
        run.left -= times;
        if run.len != 0 {
            for symbol in symbol..symbol + times {
                lists.append(ends, symbol, run.len);
            }
        }
        symbol += times;
        let kind = loop {
            // A window has 25 bits, three codewords at most 21.
            let next = bits.peek();
            let mut used = 0;
            let mut kind = 0;
            for _ in 0..3 {
                if symbol >= symbols {
                    bits.at += used;
                    return Ok(());
                }
                let entry = code.lookup(next >> used);
                used += entry.literal_len();
                kind = entry.literal();
                if kind >= 16 {
                    break;
                }
                run.len = kind;
                run.any = true;
                if kind != 0 {
                    lists.append(ends, symbol, kind);
                }
                symbol += 1;
            }
            bits.at += used;
            if kind >= 16 {
                break kind;
            }
        };
        run.left = match kind {
            16 if !run.any => return Err(Fault::Invalid),
            16 => 3 + bits.take(2),
            17 => 3 + bits.take(3),
            _ => 11 + bits.take(7),
        };
        if kind != 16 {
            run.len = 0;
        }
        run.any = true;
    }
}
