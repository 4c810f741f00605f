//! Bytes past the last whole sector of an image: patches leave some, and compressed formats cannot hold
//! them.

use sector_decode::ReadAt;

/// What to do with bytes past the last whole sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Pad the last sector with zeros.
    Pad,
    /// Drop them.
    Drop,
}

impl Tail {
    /// The names on the command line.
    pub const NAMES: [&str; 2] = ["pad", "drop"];

    /// Returns the value with this name on the command line.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "pad" => Some(Self::Pad),
            "drop" => Some(Self::Drop),
            _ => None,
        }
    }
}

/// An image with a different length: truncated, or padded with zeros.
#[derive(Debug)]
pub struct Resized<R> {
    image: R,
    len: u64,
}

impl<R> Resized<R> {
    /// Truncates or pads `image` to `len` bytes.
    pub fn new(image: R, len: u64) -> Self {
        Self { image, len }
    }
}

impl<R: ReadAt> ReadAt for Resized<R> {
    type Error = R::Error;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Self::Error> {
        let there = self.image.byte_len()?.saturating_sub(offset);
        let there = usize::try_from(there).unwrap_or(usize::MAX).min(buf.len());
        let (bytes, zeros) = buf.split_at_mut(there);
        zeros.fill(0);
        if bytes.is_empty() { Ok(()) } else { self.image.read_exact_at(bytes, offset) }
    }

    fn byte_len(&mut self) -> Result<u64, Self::Error> {
        Ok(self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_is_cut_off_or_followed_by_zeros() {
        let bytes: Vec<u8> = (1..=10).collect();
        let read = |len, offset, count| {
            let mut image = Resized::new(&bytes[..], len);
            let mut out = vec![7; count];
            image.read_exact_at(&mut out, offset).unwrap();
            (image.byte_len().unwrap(), out)
        };
        assert_eq!(read(8, 0, 8), (8, bytes[..8].to_vec()));
        assert_eq!(read(12, 8, 4), (12, vec![9, 10, 0, 0]));
        assert_eq!(read(12, 10, 2), (12, vec![0, 0]));
    }
}
