//! Blocks of many kinds.

use test_noise::Noise;

/// What blocks are filled with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Constant,
    Noise,
    /// Two letters, so that there are matches everywhere.
    TwoLetters,
    /// A repeated short pattern, with an occasional mistake.
    Pattern,
    /// Pieces of noise and copies of earlier data.
    Pieces,
    /// Sixteen-byte records that differ in a few bytes.
    Records,
    /// Repetitions of a few short patterns, with varying lengths.
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
        let noise = &mut Noise::new(seed);
        match self {
            Self::Constant => vec![noise.byte(); len],
            Self::Noise => (0..len).map(|_| noise.byte()).collect(),
            Self::TwoLetters => (0..len).map(|_| noise.byte() & 1).collect(),
            Self::Pattern => {
                let period = 1 + noise.index(40);
                let pattern: Vec<u8> = (0..period).map(|_| noise.byte()).collect();
                let mistakes = 2 + noise.index(500);
                let mut flip = || u8::from(noise.index(mistakes) == 0);
                (0..len).map(|at| pattern[at % period] ^ flip()).collect()
            }
            Self::Pieces => {
                let mut block = Vec::with_capacity(len + 400);
                while block.len() < len {
                    let longest = if noise.index(8) == 0 { 400 } else { 24 };
                    let piece = 1 + noise.index(longest);
                    if noise.index(2) == 0 || block.is_empty() {
                        block.extend((0..piece).map(|_| noise.byte()));
                    } else {
                        let from = noise.index(block.len());
                        (from..from + piece).for_each(|at| block.push(block[at]));
                    }
                }
                block.truncate(len);
                block
            }
            Self::Records => (0..len)
                .map(|at| match at % 16 {
                    3 | 7 => noise.byte() & 3,
                    12 => (at / 16).to_le_bytes()[0],
                    field => field.to_le_bytes()[0],
                })
                .collect(),
            Self::Runs => {
                let mut block = Vec::with_capacity(len + 80);
                while block.len() < len {
                    let period = 1 << noise.index(5);
                    let start = block.len();
                    let end = start + 5 + noise.index(70);
                    block.extend((start..end).map(|at| (at % period).to_le_bytes()[0]));
                    block.extend((0..noise.index(3)).map(|_| noise.byte() & 3));
                }
                block.truncate(len);
                block
            }
        }
    }
}
