//! LZO1X streams, as JSO files hold them. The stream marks its own end, and nothing may follow.
//!
//! A stream is a row of instructions. What a first byte below 16 means depends on how many literals came
//! before it, which is the *state*: 0 to 3 literals that trailed a match, or 4 for a run of more.
//!
//! | first byte | instruction |
//! |---|---|
//! | `0000LLLL` in state 0 | run of 3 + L literals; L = 0 is continued |
//! | `0000DDSS` in state 1-3, then H | 2 bytes from distance 1 + D + 4H |
//! | `0000DDSS` in state 4, then H | 3 bytes from distance 2049 + D + 4H |
//! | `0001HLLL`, then 16 bits | 2 + L bytes from 16384 H + 16384 + D, L = 0 is continued; H and D of 0 are the end |
//! | `001LLLLL`, then 16 bits | 2 + L bytes from distance 1 + D, L = 0 is continued |
//! | `LLLDDDSS` from 64 on, then H | 1 + L bytes from distance 1 + D + 8H |
//!
//! The 16 bits are `DDDDDDDD DDDDDDSS`, lowest byte first. S literals trail each match. A length is continued by zeros of
//! 255 each and a byte that is not zero, on top of the largest value of its field. The stream may begin with a byte
//! from 18 on, which is a run of that less 17 literals.
//! (There is no specification; the Linux kernel documents the format in Documentation/staging/lzo.rst.)
//!
//! This file decodes anything and decides every error. With the feature `fast` the instructions that lie
//! well inside both buffers are decoded by `fast.rs` first.

#[cfg(feature = "fast")]
#[allow(unsafe_code)]
mod fast;

use super::Fault;
use super::copy::repeat;
use crate::error::CodecError;

/// The state behind a run of literals.
const AFTER_RUN: usize = 4;

pub(super) fn decode(packed: &[u8], out: &mut [u8], needed: usize) -> Result<(), CodecError> {
    let room = out.len();
    let mut stream = Stream { packed, at: 0, out, produced: 0, state: 0 };
    let result = stream.decode();
    let produced = stream.produced;
    result.map_err(|fault| fault.error(produced, needed, room))?;
    if produced >= needed { Ok(()) } else { Err(Fault::Short.error(produced, needed, room)) }
}

/// A stream on its way.
struct Stream<'a> {
    packed: &'a [u8],
    at: usize,
    out: &'a mut [u8],
    produced: usize,
    state: usize,
}

impl Stream<'_> {
    fn decode(&mut self) -> Result<(), Fault> {
        const FIRST_RUN: u8 = 18;
        let first = *self.packed.first().ok_or(Fault::InputEnded)?;
        if first >= FIRST_RUN {
            self.at = 1;
            let literals = usize::from(first) - 17;
            self.literals(literals)?;
            self.state = literals.min(AFTER_RUN);
        }
        loop {
            #[cfg(feature = "fast")]
            fast::instructions(self);
            #[cfg(test)]
            super::careful::step();
            if self.instruction()? {
                break;
            }
        }
        if self.at == self.packed.len() { Ok(()) } else { Err(Fault::Invalid) }
    }

    /// Decodes one instruction. Returns whether it was the end.
    fn instruction(&mut self) -> Result<bool, Fault> {
        let byte = self.byte()?;
        let (len, distance, trailing) = match (byte, self.state) {
            (64.., _) => (byte / 32 + 1, 1 + ((byte / 4) & 7) + 8 * self.byte()?, byte & 3),
            (32.., _) => {
                let len = 2 + self.length(byte, 31)?;
                let operand = self.operand()?;
                (len, 1 + operand / 4, operand & 3)
            }
            (16.., _) => {
                let len = 2 + self.length(byte, 7)?;
                let operand = self.operand()?;
                let distance = ((byte & 8) << 11) | (operand / 4);
                if distance == 0 {
                    return if len == 3 { Ok(true) } else { Err(Fault::Invalid) };
                }
                (len, 16384 + distance, operand & 3)
            }
            (_, 0) => {
                let literals = 3 + self.length(byte, 15)?;
                self.literals(literals)?;
                self.state = AFTER_RUN;
                return Ok(false);
            }
            (_, AFTER_RUN) => (3, 2049 + byte / 4 + 4 * self.byte()?, byte & 3),
            _ => (2, 1 + byte / 4 + 4 * self.byte()?, byte & 3),
        };
        if distance > self.produced {
            return Err(Fault::Invalid);
        }
        if len > self.out.len() - self.produced {
            return Err(Fault::Overlong);
        }
        repeat(self.out, self.produced, distance, len);
        self.produced += len;
        self.literals(trailing)?;
        self.state = trailing;
        Ok(false)
    }

    fn byte(&mut self) -> Result<usize, Fault> {
        let byte = *self.packed.get(self.at).ok_or(Fault::InputEnded)?;
        self.at += 1;
        Ok(usize::from(byte))
    }

    /// The 16 bits behind a long match instruction.
    fn operand(&mut self) -> Result<usize, Fault> {
        Ok(self.byte()? | self.byte()? << 8)
    }

    /// The length in the bits of `byte` that `mask` has, continued if it is 0.
    fn length(&mut self, byte: usize, mask: usize) -> Result<usize, Fault> {
        let mut length = byte & mask;
        if length == 0 {
            length = mask;
            loop {
                match self.byte()? {
                    0 => length = length.saturating_add(255),
                    last => return Ok(length.saturating_add(last)),
                }
            }
        }
        Ok(length)
    }

    fn literals(&mut self, len: usize) -> Result<(), Fault> {
        let rest = self.packed.get(self.at..).unwrap_or_default();
        let bytes = rest.get(..len).ok_or(Fault::InputEnded)?;
        let room = self.out.get_mut(self.produced..).unwrap_or_default();
        room.get_mut(..len).ok_or(Fault::Overlong)?.copy_from_slice(bytes);
        self.at += len;
        self.produced += len;
        Ok(())
    }
}
