//! Deflate streams written by hand, field by field.

/// Bits of a stream, the lowest bit of each byte first (RFC 1951, 3.1.1).
#[derive(Clone, Default)]
pub struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    /// Appends a number, its lowest bit first: every field of a deflate header is such a number.
    pub fn field(&mut self, value: u32, count: usize) -> &mut Self {
        for place in 0..count {
            self.bit(value >> place & 1);
        }
        self
    }

    /// Appends a Huffman codeword, its highest bit first.
    pub fn code(&mut self, value: u32, count: usize) -> &mut Self {
        for place in (0..count).rev() {
            self.bit(value >> place & 1);
        }
        self
    }

    /// Skips to the next byte, as before the lengths of a stored block.
    pub fn align(&mut self) -> &mut Self {
        self.used = self.bytes.len() * 8;
        self
    }

    /// Number of bits so far.
    pub fn len(&self) -> usize {
        self.used
    }

    pub fn finish(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    fn bit(&mut self, bit: u32) {
        if self.used == self.bytes.len() * 8 {
            self.bytes.push(0);
        }
        if bit == 1 {
            self.bytes[self.used / 8] |= 1 << (self.used % 8);
        }
        self.used += 1;
    }

    /// Appends the header of a dynamic block from BTYPE's code lengths on: HLIT, HDIST, HCLEN and the
    /// two lists of code lengths, without any repeats.
    ///
    /// The code for the code lengths is the plainest that is complete: 16 codewords of 4 bits, so that
    /// length L is written as the number L.
    pub fn code_lengths(&mut self, literals: &[u8], distances: &[u8]) -> &mut Self {
        let count = |lengths: &[u8]| u32::try_from(lengths.len()).expect("a short list");
        self.field(count(literals) - 257, 5); // HLIT
        self.field(count(distances) - 1, 5); // HDIST
        self.field(19 - 4, 4); // HCLEN: all 19 lengths follow
        self.field(0, 3).field(0, 3).field(0, 3); // symbols 16, 17, 18 (repeats): not used
        for _ in 0..=15 {
            self.field(4, 3); // symbols 0 to 15, in the odd order of the format: 4 bits each
        }
        for &length in literals.iter().chain(distances) {
            self.code(u32::from(length), 4);
        }
        self
    }
}

/// A list of `count` code lengths that are all zero but for these (symbol, length) pairs.
pub fn lengths(count: usize, used: &[(usize, u8)]) -> Vec<u8> {
    let mut lengths = vec![0; count];
    for &(symbol, length) in used {
        lengths[symbol] = length;
    }
    lengths
}

/// `count` bytes `A`, each a literal, in a block whose distance code has no codeword: what miniz and
/// libdeflate before 1.19 write for data without matches.
pub fn empty_distance_code(count: usize) -> Vec<u8> {
    let mut stream = Bits::default();
    stream.field(1, 1); // BFINAL: the last block
    stream.field(2, 2); // BTYPE: dynamic codes
    stream.code_lengths(&lengths(257, &[(usize::from(b'A'), 1), (256, 1)]), &[0]);
    for _ in 0..count {
        stream.code(0, 1); // literal A
    }
    stream.code(1, 1); // end of block
    stream.finish()
}

/// `count` bytes `A`, at least 4: a literal and matches at distance 1, in a block whose distance code has
/// one codeword: what miniz and libdeflate before 1.19 write where all distances are alike.
pub fn one_distance_codeword(count: usize) -> Vec<u8> {
    let mut stream = Bits::default();
    stream.field(1, 1); // BFINAL: the last block
    stream.field(2, 2); // BTYPE: dynamic codes
    // Codewords by length, then symbol: A 00, end 01, match of 3 (257) 10, match of 258 (285) 11.
    let used = [(usize::from(b'A'), 2), (256, 2), (257, 2), (285, 2)];
    stream.code_lengths(&lengths(286, &used), &[1]);
    let mut left = count;
    while left > 0 {
        let (code, produced) = match left {
            _ if left == count => (0b00, 1),
            258.. => (0b11, 258),
            3.. => (0b10, 3),
            _ => (0b00, 1),
        };
        stream.code(code, 2);
        if produced > 1 {
            stream.code(0, 1); // distance 1, the only codeword
        }
        left -= produced;
    }
    stream.code(0b01, 2); // end of block
    stream.finish()
}
