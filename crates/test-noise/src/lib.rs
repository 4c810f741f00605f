//! Random-looking numbers for tests, the same in every run and on every machine.
//!
//! Tests that need noise use this, so that none of them needs its own generator and a seed means the same
//! everywhere.
#![forbid(unsafe_code)]

/// A generator: xorshift64, by Marsaglia. Good enough for test data, but not for anything that must not be
/// guessed.
#[derive(Clone, Debug)]
pub struct Noise(u64);

impl Noise {
    /// Makes a generator. Each seed gives different numbers.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        // xorshift would stay at zero forever, so the state is odd.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Returns the next number.
    pub const fn word(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Returns the next number as a byte.
    pub const fn byte(&mut self) -> u8 {
        self.word().to_be_bytes()[0]
    }

    /// Returns a number below `limit`.
    ///
    /// # Panics
    ///
    /// When `limit` is 0.
    pub const fn below(&mut self, limit: u64) -> u64 {
        (self.word() >> 11) % limit
    }

    /// Returns a number below `limit`.
    ///
    /// # Panics
    ///
    /// When `limit` is 0.
    #[expect(clippy::cast_possible_truncation, reason = "below a u32")]
    pub const fn below32(&mut self, limit: u32) -> u32 {
        self.below(limit as u64) as u32
    }

    /// Returns an index into `len` items.
    ///
    /// # Panics
    ///
    /// When `len` is 0.
    #[expect(clippy::cast_possible_truncation, reason = "below a usize")]
    pub const fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// Returns incompressible bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len.div_ceil(8)).flat_map(|_| self.word().to_le_bytes()).take(len).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Noise;

    /// The counts in docs/driver-costs.md are for a disc made from these numbers.
    #[test]
    fn a_seed_always_gives_the_same_numbers() {
        const WORD0: u64 = 0xDC1B_77AE_0BF3_4DAD;
        const WORD1: u64 = 0x64F0_EEB9_026E_6076;
        let mut noise = Noise::new(1);
        assert_eq!([noise.word(), noise.word()], [WORD0, WORD1]);
        assert_eq!(Noise::new(1).bytes(3), WORD0.to_le_bytes()[..3]);
        assert_ne!(Noise::new(0).word(), 0);
    }

    #[test]
    fn all_bytes_come_up_about_equally_often() {
        let mut counts = [0_u32; 256];
        for byte in Noise::new(7).bytes(256 * 1000) {
            counts[usize::from(byte)] += 1;
        }
        assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
        let mut noise = Noise::new(8);
        assert!((0..1000).all(|_| noise.below(10) < 10));
    }
}
