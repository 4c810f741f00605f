//! Deflate streams written field by field, right or wrong.

/// Collects bits, the lowest of each byte first.
#[derive(Default)]
pub(crate) struct BitWriter {
    bytes: Vec<u8>,
    used: usize,
}

impl BitWriter {
    /// Appends the lowest `count` bits of `value`, the lowest first.
    pub(crate) fn bits(&mut self, value: u32, count: usize) -> &mut Self {
        for place in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = u8::from(value >> place & 1 == 1);
            *self.bytes.last_mut().expect("just pushed") |= bit << (self.used % 8);
            self.used += 1;
        }
        self
    }

    /// Appends a codeword, its first bit first.
    pub(crate) fn codeword(&mut self, code: u32, len: usize) -> &mut Self {
        for place in (0..len).rev() {
            self.bits(code >> place & 1, 1);
        }
        self
    }

    pub(crate) fn align(&mut self) -> &mut Self {
        self.used = self.bytes.len() * 8;
        self
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.align();
        self.bytes.extend_from_slice(bytes);
        self.align()
    }

    pub(crate) fn finish(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// Begins a dynamic block with these lengths, each written as it is: no runs, and a code for lengths in which
    /// all of 0 to 15 have four bits.
    pub(crate) fn dynamic(&mut self, last: bool, litlens: &[u8], distances: &[u8]) -> &mut Self {
        self.bits(u32::from(last), 1).bits(2, 2);
        self.bits(litlens.len() as u32 - 257, 5).bits(distances.len() as u32 - 1, 5).bits(15, 4);
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] {
            self.bits(if symbol < 16 { 4 } else { 0 }, 3);
        }
        for &len in litlens.iter().chain(distances) {
            self.codeword(u32::from(len), 4);
        }
        self
    }

    /// Appends a symbol of the canonical code with these lengths.
    pub(crate) fn symbol(&mut self, lengths: &[u8], symbol: usize) -> &mut Self {
        let len = lengths[symbol];
        let mut code = 0_u32;
        for shorter in 1..=len {
            code <<= 1;
            let before = if shorter == len { symbol } else { lengths.len() };
            code += lengths[..before].iter().filter(|&&other| other == shorter).count() as u32;
        }
        // The first codeword of a length is twice the one behind the last of the length before.
        self.codeword(code, usize::from(len))
    }
}
