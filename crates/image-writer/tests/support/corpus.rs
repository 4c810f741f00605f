//! Images made in code: kinds of data that discs hold, mixed the way a disc mixes them.

use std::convert::Infallible;

use sector_decode::ReadAt;

/// Bytes of an image that are of one kind: 32 KiB, about what a small file on a disc has.
const EXTENT: u64 = 32 << 10;

/// What an extent holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Padding.
    Zeros,
    /// Already compressed media: every byte independent.
    Random,
    /// Words of English-like text.
    Text,
    /// Little-endian MIPS code: few opcodes, many registers and immediates.
    Code,
    /// A raw texture: neighbouring bytes are close to each other.
    Texture,
    /// Bytes of little entropy without repetitions longer than chance makes, so that a deflate stream of
    /// them has hardly a match. That is what makes careless encoders write empty distance codes.
    Noise,
    /// Coordinates of models: floats that share their upper bytes.
    Model,
}

impl Kind {
    pub const ALL: [Self; 7] =
        [Self::Zeros, Self::Random, Self::Text, Self::Code, Self::Texture, Self::Noise, Self::Model];

    /// Fills `out` with what stands at `offset`, a multiple of 8, in data of this kind.
    pub fn fill(self, offset: u64, out: &mut [u8]) {
        const WORDS: [&[u8; 8]; 16] = [
            b"the     ",
            b"quest   ",
            b"of a    ",
            b"castle, ",
            b"press X ",
            b"to save ",
            b"memory  ",
            b"stick.\r\n",
            b"You have",
            b" found a",
            b" key.   ",
            b"Level 1 ",
            b"Level 2 ",
            b"start   ",
            b"options ",
            b"quit    ",
        ];
        const OPCODES: [u32; 8] =
            [0x2400_0000, 0x8C00_0000, 0xAC00_0000, 0x0C00_0000, 0x1040_0000, 0x0000_0021, 0x3C00_0000, 0];
        for (number, word) in (offset / 8..).zip(out.chunks_mut(8)) {
            let chance = mix(number);
            let bytes = match self {
                Self::Zeros => [0; 8],
                Self::Random => chance.to_le_bytes(),
                Self::Text => *WORDS[(chance % 16) as usize],
                Self::Code => {
                    let first = OPCODES[(chance % 8) as usize] | (chance >> 16 & 0x001F_003F) as u32;
                    let second = OPCODES[(chance >> 8 & 7) as usize] | (chance >> 32 & 0x0003_FFFC) as u32;
                    (u64::from(second) << 32 | u64::from(first)).to_le_bytes()
                }
                Self::Texture => {
                    std::array::from_fn(|at| ((number * 3 + at as u64) / 5 + (chance >> (8 * at) & 3)) as u8)
                }
                Self::Noise => chance.to_le_bytes().map(|byte| (byte & 0x0F) * (byte >> 4 & 3) + 0x20),
                Self::Model => {
                    let x = 0x3F80_0000 | (chance & 0x000F_FFFF) as u32;
                    let y = 0x4000_0000 | (chance >> 32 & 0x0000_FFFF) as u32;
                    (u64::from(y) << 32 | u64::from(x)).to_le_bytes()
                }
            };
            word.copy_from_slice(&bytes[..word.len()]);
        }
    }
}

/// An image that changes its kind of data from extent to extent, made while it is read.
#[derive(Clone, Copy, Debug)]
pub struct Mixed {
    pub size: u64,
    pub seed: u64,
}

impl Mixed {
    pub fn kind_at(&self, offset: u64) -> Kind {
        let chance = mix((offset / EXTENT) ^ (self.seed << 40));
        Kind::ALL[(chance % Kind::ALL.len() as u64) as usize]
    }

    pub fn bytes(mut self) -> Vec<u8> {
        let mut bytes = vec![0; self.size as usize];
        let Ok(()) = self.read_exact_at(&mut bytes, 0);
        bytes
    }
}

impl ReadAt for Mixed {
    type Error = Infallible;

    fn read_exact_at(&mut self, mut buf: &mut [u8], mut offset: u64) -> Result<(), Infallible> {
        while !buf.is_empty() {
            let len = buf.len().min((EXTENT - offset % EXTENT) as usize);
            let (part, rest) = buf.split_at_mut(len);
            self.kind_at(offset).fill(offset, part);
            (buf, offset) = (rest, offset + len as u64);
        }
        Ok(())
    }

    fn byte_len(&mut self) -> Result<u64, Infallible> {
        Ok(self.size)
    }
}

/// A number that looks random (the finaliser of MurmurHash3).
pub fn mix(number: u64) -> u64 {
    let number = (number ^ number >> 33).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    let number = (number ^ number >> 33).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    number ^ number >> 33
}
