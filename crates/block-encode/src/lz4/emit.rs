//! Writes sequences.

use super::{LITERALS_IN_TOKEN, MATCH_IN_TOKEN, MIN_MATCH};

/// An LZ4 block being written.
pub(super) struct Emitter<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl<'a> Emitter<'a> {
    pub(super) fn new(out: &'a mut [u8]) -> Self {
        Self { out, len: 0 }
    }

    /// Appends `block[from..to]` as literals, followed by a match of `len` bytes at a distance of `offset`
    /// bytes. `None` when it does not fit.
    #[inline(always)]
    pub(super) fn sequence(
        &mut self,
        block: &[u8],
        from: usize,
        to: usize,
        offset: u16,
        len: usize,
    ) -> Option<()> {
        let token = self.literals(block, from, to)?;
        self.push(&offset.to_le_bytes())?;
        if len >= MATCH_IN_TOKEN {
            *self.out.get_mut(token)? |= 15;
            self.rest(len - MATCH_IN_TOKEN)?;
        } else {
            #[expect(clippy::cast_possible_truncation, reason = "less than 15")]
            let in_token = (len - MIN_MATCH) as u8;
            *self.out.get_mut(token)? |= in_token;
        }
        Some(())
    }

    /// Appends the last sequence, of literals only. Returns the length of the whole block.
    pub(super) fn finish(mut self, block: &[u8], from: usize) -> Option<usize> {
        self.literals(block, from, block.len())?;
        Some(self.len)
    }

    /// Appends a token and literals; returns where the token is.
    #[inline(always)]
    fn literals(&mut self, block: &[u8], from: usize, to: usize) -> Option<usize> {
        let token = self.len;
        let run = to - from;
        if run >= LITERALS_IN_TOKEN {
            self.push(&[15 << 4])?;
            self.rest(run - LITERALS_IN_TOKEN)?;
        } else {
            #[expect(clippy::cast_possible_truncation, reason = "less than 15")]
            self.push(&[(run as u8) << 4])?;
        }
        // Copying a fixed number of bytes is faster; those past the literals are overwritten afterwards.
        let wide = block.get(from..).and_then(<[u8]>::first_chunk::<16>);
        let room = self.out.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut::<16>);
        match (wide, room) {
            (Some(wide), Some(room)) if run <= 16 => *room = *wide,
            _ => self.out.get_mut(self.len..self.len + run)?.copy_from_slice(block.get(from..to)?),
        }
        self.len += run;
        Some(token)
    }

    /// Appends the part of a length that does not fit the token.
    #[inline(always)]
    fn rest(&mut self, mut rest: usize) -> Option<()> {
        while rest >= 255 {
            self.push(&[255])?;
            rest -= 255;
        }
        #[expect(clippy::cast_possible_truncation, reason = "less than 255")]
        self.push(&[rest as u8])
    }

    #[inline(always)]
    fn push<const N: usize>(&mut self, bytes: &[u8; N]) -> Option<()> {
        *self.out.get_mut(self.len..)?.first_chunk_mut()? = *bytes;
        self.len += N;
        Some(())
    }
}
