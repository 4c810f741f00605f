//! Blocks of many kinds.

/// Numbers that look random (SplitMix64).
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let number = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let number = (number ^ number >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        number ^ number >> 31
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[7]
    }
}

/// What blocks are filled with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Constant,
    Noise,
    /// Two letters, so that there are matches everywhere.
    TwoLetters,
    /// A short pattern again and again, with a mistake now and then.
    Pattern,
    /// Pieces of noise and of what came before.
    Pieces,
    /// Words of sixteen bytes that differ in a few.
    Records,
    /// Repetitions of short patterns, the same few again and again, for a longer or shorter time.
    Runs,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Constant,
        Self::Noise,
        Self::TwoLetters,
        Self::Pattern,
        Self::Pieces,
        Self::Records,
        Self::Runs,
    ];

    pub(crate) fn block(self, len: usize, seed: u64) -> Vec<u8> {
        let random = &mut Random(seed);
        match self {
            Self::Constant => vec![random.byte(); len],
            Self::Noise => (0..len).map(|_| random.byte()).collect(),
            Self::TwoLetters => (0..len).map(|_| random.byte() & 1).collect(),
            Self::Pattern => {
                let period = 1 + random.below(40);
                let pattern: Vec<u8> = (0..period).map(|_| random.byte()).collect();
                let mistakes = 2 + random.below(500);
                let mut flip = || u8::from(random.below(mistakes) == 0);
                (0..len).map(|at| pattern[at % period] ^ flip()).collect()
            }
            Self::Pieces => {
                let mut block = Vec::with_capacity(len + 400);
                while block.len() < len {
                    let longest = if random.below(8) == 0 { 400 } else { 24 };
                    let piece = 1 + random.below(longest);
                    if random.below(2) == 0 || block.is_empty() {
                        block.extend((0..piece).map(|_| random.byte()));
                    } else {
                        let from = random.below(block.len());
                        (from..from + piece).for_each(|at| block.push(block[at]));
                    }
                }
                block.truncate(len);
                block
            }
            Self::Records => (0..len)
                .map(|at| match at % 16 {
                    3 | 7 => random.byte() & 3,
                    12 => (at / 16).to_le_bytes()[0],
                    field => field.to_le_bytes()[0],
                })
                .collect(),
            Self::Runs => {
                let mut block = Vec::with_capacity(len + 80);
                while block.len() < len {
                    let period = 1 << random.below(5);
                    let start = block.len();
                    let end = start + 5 + random.below(70);
                    block.extend((start..end).map(|at| (at % period).to_le_bytes()[0]));
                    block.extend((0..random.below(3)).map(|_| random.byte() & 3));
                }
                block.truncate(len);
                block
            }
        }
    }
}
