//! Deflate streams: stock zlib decodes them, and the code below checks how they are structured.

use flate2::{Decompress, FlushDecompress, Status};

/// Decodes a raw deflate stream with stock zlib up to its end mark; returns how many bytes of `packed` that
/// took. `None` when it is damaged or decodes to more than `room` bytes.
pub fn decode(packed: &[u8], room: usize, out: &mut Vec<u8>) -> Option<usize> {
    inflate(Decompress::new(false), packed, room, out)
}

/// The same for a stream with zlib's header and Adler-32.
pub fn decode_zlib(packed: &[u8], room: usize, out: &mut Vec<u8>) -> Option<usize> {
    inflate(Decompress::new(true), packed, room, out)
}

fn inflate(mut inflate: Decompress, packed: &[u8], room: usize, out: &mut Vec<u8>) -> Option<usize> {
    out.clear();
    out.reserve(room);
    let status = inflate.decompress_vec(packed, out, FlushDecompress::Finish).ok()?;
    let whole = status == Status::StreamEnd && out.len() <= room;
    whole.then(|| usize::try_from(inflate.total_in()).expect("not more than the input"))
}

/// Checks whether the PSP's own inflate accepts a stream: it must be a single, final block, either with fixed
/// codes, or with dynamic codes that are complete and have at least two codewords each.
///
/// # Errors
///
/// The rule that is broken.
pub fn firmware_takes(stream: &[u8]) -> Result<(), &'static str> {
    let mut bits = Bits { stream, at: 0 };
    if bits.take(1)? != 1 {
        return Err("more than one block");
    }
    match bits.take(2)? {
        0 => Err("a stored block"),
        1 => Ok(()),
        2 => codes(&mut bits),
        _ => Err("a block type that does not exist"),
    }
}

/// Reads the lengths of both codes (RFC 1951, 3.2.7).
fn codes(bits: &mut Bits<'_>) -> Result<(), &'static str> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let literals = bits.take(5)? + 257;
    let distances = bits.take(5)? + 1;
    let given = bits.take(4)? + 4;
    let mut meta = [0; 19];
    for &symbol in &ORDER[..given] {
        meta[symbol] = bits.take(3)?;
    }
    let mut lengths = Vec::with_capacity(literals + distances);
    while lengths.len() < literals + distances {
        match symbol(bits, &meta)? {
            16 => {
                let last = *lengths.last().ok_or("a repeat of nothing")?;
                let times = 3 + bits.take(2)?;
                lengths.extend(std::iter::repeat_n(last, times));
            }
            17 => {
                let times = 3 + bits.take(3)?;
                lengths.extend(std::iter::repeat_n(0, times));
            }
            18 => {
                let times = 11 + bits.take(7)?;
                lengths.extend(std::iter::repeat_n(0, times));
            }
            length => lengths.push(length),
        }
    }
    let (literal, distance) = lengths.split_at(literals);
    if !is_complete(literal) {
        return Err("a literal/length code that is not complete");
    }
    if distance.iter().filter(|&&length| length > 0).count() < 2 {
        return Err("a distance code of less than two codewords");
    }
    if !is_complete(distance) {
        return Err("a distance code that is not complete");
    }
    Ok(())
}

/// Whether the codewords fill the code space exactly: the sum of 2^-length is 1.
fn is_complete(lengths: &[usize]) -> bool {
    lengths.iter().filter(|&&length| length > 0).map(|&length| 1 << (15 - length)).sum::<u32>() == 1 << 15
}

/// Reads one symbol of a canonical code, bit by bit (RFC 1951, 3.2.2).
fn symbol(bits: &mut Bits<'_>, lengths: &[usize]) -> Result<usize, &'static str> {
    let (mut code, mut first) = (0, 0);
    for length in 1..=7 {
        code = code << 1 | bits.take(1)?;
        let mut of_length = (0..lengths.len()).filter(|&symbol| lengths[symbol] == length);
        let count = of_length.clone().count();
        if code < first + count {
            return of_length.nth(code - first).ok_or("a codeword that does not exist");
        }
        first = (first + count) << 1;
    }
    Err("a codeword that does not exist")
}

struct Bits<'a> {
    stream: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// A number of `count` bits, the lowest first.
    fn take(&mut self, count: usize) -> Result<usize, &'static str> {
        let mut number = 0;
        for bit in 0..count {
            let byte = *self.stream.get(self.at / 8).ok_or("a stream that ends early")?;
            number |= usize::from(byte >> (self.at % 8) & 1) << bit;
            self.at += 1;
        }
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::firmware_takes;

    /// Appends fields of (value, bits) one after another, the lowest bit first.
    fn stream(fields: &[(u32, u32)]) -> Vec<u8> {
        let bits: Vec<bool> = fields
            .iter()
            .flat_map(|&(value, count)| (0..count).map(move |bit| value >> bit & 1 == 1))
            .collect();
        bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |all, &bit| all << 1 | u8::from(bit))).collect()
    }

    #[test]
    fn only_a_single_block_is_taken() {
        assert_eq!(firmware_takes(&stream(&[(1, 1), (1, 2)])), Ok(()));
        assert_eq!(firmware_takes(&stream(&[(0, 1), (1, 2)])), Err("more than one block"));
        assert_eq!(firmware_takes(&stream(&[(1, 1), (0, 2)])), Err("a stored block"));
    }

    /// A block whose literal/length code has the symbols 0 and 256 with one bit each, and whose distance
    /// code has `distances` symbols of one bit each. Lengths 1, 18 (a run of zeros) and 0 have the
    /// codewords 0 of one bit, and 10 and 11 of two bits in the order of the symbols: 1 is "0", 0 is "10",
    /// 18 is "11".
    fn dynamic(distances: u32) -> Vec<u8> {
        let one = (0, 1);
        let (zero, run) = ((0b01, 2), (0b11, 2));
        let mut fields = vec![(1, 1), (2, 2), (0, 5), (distances.max(1) - 1, 5), (14, 4)];
        // In the order of the format: 16, 17, 18, 0, 8 ... 14, 1.
        fields.extend([(0, 3), (0, 3), (2, 3), (2, 3)]);
        fields.extend([(0, 3); 13]);
        fields.push((1, 3));
        // 0 has a codeword, 1 to 255 have none (138 and 117 zeros), 256 has one.
        fields.extend([one, run, (127, 7), run, (106, 7), one]);
        fields.extend(if distances == 0 { vec![zero] } else { vec![one; distances as usize] });
        stream(&fields)
    }

    #[test]
    fn distance_codes_of_less_than_two_codewords_are_not_taken() {
        assert_eq!(firmware_takes(&dynamic(2)), Ok(()));
        assert_eq!(firmware_takes(&dynamic(1)), Err("a distance code of less than two codewords"));
        assert_eq!(firmware_takes(&dynamic(0)), Err("a distance code of less than two codewords"));
    }

    #[test]
    fn codes_that_are_not_complete_are_not_taken() {
        assert_eq!(firmware_takes(&dynamic(3)), Err("a distance code that is not complete"));
    }
}
