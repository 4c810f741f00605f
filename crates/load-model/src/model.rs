//! All numbers of the model, and how they are turned into a time.

use sector_decode::Coding;

/// A card and a processor, and how much readers use of each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model {
    /// Bytes per second that the card delivers.
    pub card_bytes_per_second: f64,
    /// Seconds per call before the first byte arrives.
    pub card_seconds_per_call: f64,
    /// Instructions per second: the number of cycles, as if each instruction took one.
    pub instructions_per_second: f64,
    /// The maximum number of packed bytes that the project's driver fetches at once.
    pub read_ahead: usize,
    /// The project's driver.
    pub ours: CodecCosts,
    /// Classic readers.
    pub classic: CodecCosts,
    /// How many times classic readers copy decoded data.
    pub classic_copies: f64,
}

/// Instructions that a reader's codecs take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CodecCosts {
    /// Per request of the game, whatever its size.
    pub per_request: f64,
    /// Per byte copied; a stored block takes nothing else.
    pub copy: f64,
    /// Per byte of a deflate block, for block sizes of 2, 8 and 16 KiB.
    pub deflate: [f64; 3],
    /// The same for LZ4.
    pub lz4: [f64; 3],
    /// The same for LZO.
    pub lzo: [f64; 3],
}

/// The cost of a trace, before it is turned into a time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Calls of the card.
    pub card_calls: u64,
    /// Bytes that came from the card.
    pub card_bytes: u64,
    /// Instructions of the processor.
    pub instructions: f64,
}

/// The block sizes that the codecs were measured with, in bytes.
const MEASURED: [f64; 3] = [2048.0, 8192.0, 16384.0];

impl Model {
    /// A PSP at its highest clock speed, with an ordinary card.
    ///
    /// The card and the instruction per cycle are assumptions. Instructions per byte are the means of docs/device-costs.md:
    /// the project's decoders, and for classic readers zlib's inflate, `LZ4_decompress_safe`, minilzo and a word copy, all in C.
    /// Instructions per request are what docs/driver-costs.md shows between requests of 2 KiB and of 128 KiB; classic readers get the same.
    pub const PSP: Self = Self {
        card_bytes_per_second: 10e6,
        card_seconds_per_call: 1e-3,
        instructions_per_second: 333e6,
        read_ahead: 64 << 10,
        ours: CodecCosts {
            per_request: 600.0,
            copy: 0.78,
            deflate: [18.61, 14.15, 13.14],
            lz4: [3.98, 3.87, 3.95],
            lzo: [6.19, 6.04, 6.14],
        },
        classic: CodecCosts {
            per_request: 600.0,
            copy: 1.20,
            deflate: [28.64, 18.81, 16.86],
            lz4: [4.99, 5.28, 5.51],
            lzo: [9.44, 9.37, 9.48],
        },
        classic_copies: 3.0,
    };

    /// Returns how long the project's driver takes to fetch and decode a block of `block_size` bytes that
    /// takes up `stored_len` bytes of the file. Calls of the card are not included: there are equally many
    /// however blocks are packed.
    pub fn block_seconds(&self, coding: Coding, stored_len: u32, block_size: u32) -> f64 {
        f64::from(stored_len) / self.card_bytes_per_second
            + self.ours.block(coding, block_size) / self.instructions_per_second
    }
}

impl CodecCosts {
    /// Returns the instructions that decoding a block of `block_size` bytes takes.
    pub fn block(&self, coding: Coding, block_size: u32) -> f64 {
        let size = f64::from(block_size);
        let per_byte = match coding {
            Coding::Stored => return self.copy * size,
            Coding::Deflate | Coding::Zlib => self.deflate,
            Coding::Lz4 => self.lz4,
            Coding::Lzo => self.lzo,
        };
        // The cost of a block is close to linear in its size: a fixed part, and a cost per byte.
        let [small, middle, large] = [0, 1, 2].map(|at| (MEASURED[at], per_byte[at] * MEASURED[at]));
        let (from, to) = if size <= middle.0 { (small, middle) } else { (middle, large) };
        from.1 + (size - from.0) * (to.1 - from.1) / (to.0 - from.0)
    }
}

impl Load {
    /// Returns the total time: the card's time plus the processor's.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub fn seconds(&self, model: &Model) -> f64 {
        self.card_calls as f64 * model.card_seconds_per_call
            + self.card_bytes as f64 / model.card_bytes_per_second
            + self.instructions / model.instructions_per_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_block_sizes_cost_what_was_measured() {
        let costs = Model::PSP.ours;
        for (at, size) in [2048, 8192, 16384].into_iter().enumerate() {
            for (coding, per_byte) in
                [(Coding::Deflate, costs.deflate), (Coding::Lz4, costs.lz4), (Coding::Lzo, costs.lzo)]
            {
                let expected = per_byte[at] * f64::from(size);
                assert!((costs.block(coding, size) - expected).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn costs_are_those_of_the_committed_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/device-costs.md");
        let table = std::fs::read_to_string(path).unwrap();
        let mean = |size: u32, decoder: &str| -> f64 {
            let key = format!("| {size} | {decoder} |");
            let cells = table.lines().find_map(|line| line.strip_prefix(&key)).expect(&key);
            cells.split('|').nth(1).unwrap().trim().trim_matches('*').parse().unwrap()
        };
        let per_byte = |costs: CodecCosts, coding, size| costs.block(coding, size) / f64::from(size);
        for (coding, ours, classic) in [
            (Coding::Stored, "stored", "stored, word copy in C"),
            (Coding::Deflate, "inflate", "inflate, zlib in C"),
            (Coding::Lz4, "LZ4", "LZ4, LZ4_decompress_safe in C"),
            (Coding::Lzo, "LZO1X", "LZO1X, minilzo's lzo1x_decompress_safe in C"),
        ] {
            for size in [2048, 8192, 16384] {
                for (costs, decoder) in [(Model::PSP.ours, ours), (Model::PSP.classic, classic)] {
                    let (here, there) = (per_byte(costs, coding, size), mean(size, decoder));
                    assert!((here / there - 1.0).abs() <= 0.03, "{decoder}, {size}: {here} is {there} there");
                }
            }
        }
    }

    #[test]
    fn other_block_sizes_lie_between_and_beyond() {
        for costs in [Model::PSP.ours, Model::PSP.classic] {
            for coding in [Coding::Stored, Coding::Deflate, Coding::Lz4, Coding::Lzo] {
                let sizes = (11..=18).map(|bits| costs.block(coding, 1 << bits));
                assert!(sizes.clone().is_sorted_by(|a, b| a < b) && sizes.clone().all(|cost| cost > 0.0));
            }
        }
    }

    #[test]
    fn a_block_costs_its_bytes_and_its_instructions() {
        // 2048 bytes in 204.8 microseconds, and a copy of 0.78 instructions per byte at 333 MHz.
        let plain = Model::PSP.block_seconds(Coding::Stored, 2048, 2048);
        assert!((plain - (204.8e-6 + 2048.0 * 0.78 / 333e6)).abs() < 1e-12);
        // Deflate pays when it saves more than decoding costs: below 952 bytes.
        let deflate = |len| Model::PSP.block_seconds(Coding::Deflate, len, 2048);
        assert!(deflate(951) < plain && deflate(952) > plain);
        let lz4 = |len| Model::PSP.block_seconds(Coding::Lz4, len, 2048);
        assert!(lz4(1851) < plain && lz4(1852) > plain);
    }
}
