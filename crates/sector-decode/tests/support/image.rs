//! Contents of discs, made up.

const SECTOR: usize = 2048;

/// Xorshift: noise that is the same on every machine.
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).take(len).collect()
    }
}

/// Text with numbers in it: packs to about a third, with every kind of match.
pub fn text(len: usize, seed: u64) -> Vec<u8> {
    let mut noise = Noise::new(seed);
    let mut text = Vec::with_capacity(len + 64);
    while text.len() < len {
        let number = noise.next() % 1000;
        text.extend_from_slice(format!("FILE_{number:03}.BIN;1 lies at sector {}\n", number * 37).as_bytes());
    }
    text.truncate(len);
    text
}

/// What nothing packs.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    Noise::new(seed).bytes(len)
}

/// A bit of everything: the sectors are text, zeros, noise and counters in turn, so that every block
/// size meets blocks that pack well, badly and not at all.
pub fn mixed(len: usize, seed: u64) -> Vec<u8> {
    let mut noise = Noise::new(seed);
    let mut image = Vec::with_capacity(len + SECTOR);
    while image.len() < len {
        let sector = match noise.next() % 5 {
            0 | 1 => text(SECTOR, noise.next()),
            2 => vec![0; SECTOR],
            3 => noise.bytes(SECTOR),
            _ => (0..512_u32).flat_map(|n| (n * 3).to_le_bytes()).collect(),
        };
        image.extend_from_slice(&sector);
    }
    image.truncate(len);
    image
}
