//! Contents of discs, made up.

const SECTOR: usize = 2048;

use test_noise::Noise;

/// Text with numbers in it: packs to about a third, with every kind of match.
pub fn text(len: usize, seed: u64) -> Vec<u8> {
    let mut noise = Noise::new(seed);
    let mut text = Vec::with_capacity(len + 64);
    while text.len() < len {
        let number = noise.word() % 1000;
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
        let sector = match noise.word() % 5 {
            0 | 1 => text(SECTOR, noise.word()),
            2 => vec![0; SECTOR],
            3 => noise.bytes(SECTOR),
            _ => (0..512_u32).flat_map(|n| (n * 3).to_le_bytes()).collect(),
        };
        image.extend_from_slice(&sector);
    }
    image.truncate(len);
    image
}
