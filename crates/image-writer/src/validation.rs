//! Whether a format can hold an image as a [`Plan`] asks, and how long the file can become.

use std::num::NonZeroUsize;

use sector_decode::container::dax;
use sector_decode::{MAX_INDEX_SHIFT, SECTOR_SIZE};

use crate::budget;
use crate::container;
use crate::error::PlanError;
use crate::plan::{DeflateEncoder, Lz4Encoder, Optimize, OutputFormat, Plan};

/// The largest image that `image-source` reads from a CHD: more than a dual-layer DVD.
const LARGEST_CHD: u64 = 11 << 30;

impl OutputFormat {
    /// Returns the block sizes that can be written, smallest and largest, in bytes. All powers of two
    /// between them are possible.
    pub const fn block_sizes(self) -> (u32, u32) {
        container::limits(self).block_sizes
    }
}

impl Plan {
    /// Returns the maximum length of the file in bytes. `u64::MAX` for an image with more blocks than the
    /// formats can count, which cannot be written.
    pub fn worst_case_len(&self, image_size: u64) -> u64 {
        let Ok(blocks) = u32::try_from(image_size.div_ceil(u64::from(self.block_size.max(1)))) else {
            return u64::MAX;
        };
        // A plan can have any block size and shift; with 128 bits nothing below overflows.
        let align = 1u128 << self.index_shift.min(MAX_INDEX_SHIFT);
        let block = u128::from(match self.format {
            // Incompressible frames of DAX v0 grow: they cannot be stored.
            OutputFormat::Dax => dax::MAX_FRAME_LEN,
            _ => self.block_size,
        });
        let index_end = u128::from(container::index_end(self.format, blocks));
        let end = index_end.next_multiple_of(align) + u128::from(blocks) * block.next_multiple_of(align);
        u64::try_from(end.next_multiple_of(u128::from(self.pad_file_to.max(1)))).unwrap_or(u64::MAX)
    }

    /// Returns how many threads pack: fewer than [`threads`](Self::threads) if the encoders of all threads
    /// would exceed the memory limit. The system keeps that memory for the process, so later steps should not
    /// use more threads either.
    pub fn packing_threads(&self) -> NonZeroUsize {
        budget::limits(self).threads
    }

    /// Returns the smallest index shift with which the index can hold the position of every block in the
    /// worst case; `None` if there is none, or if the format needs a shift but does not have one.
    pub fn smallest_shift(&self, image_size: u64) -> Option<u8> {
        // Readers count blocks, and the entries of their index, in 32 bits.
        if image_size.div_ceil(u64::from(self.block_size.max(1))) >= u64::from(u32::MAX) {
            return None;
        }
        // A CHD's positions have 48 bits.
        if self.format == OutputFormat::Chd {
            return (image_size <= LARGEST_CHD).then_some(0);
        }
        let limits = container::limits(self.format);
        (0..=limits.max_shift).find(|&index_shift| {
            let plan = Self { index_shift, pad_file_to: 1, ..*self };
            plan.worst_case_len(image_size) <= u64::from(limits.max_position) << index_shift
        })
    }

    /// Checks that the format can hold an image of this many bytes with these settings.
    ///
    /// # Errors
    ///
    /// The first broken rule.
    pub fn check(&self, image_size: u64) -> Result<(), PlanError> {
        let format = self.format;
        if cfg!(not(feature = "chd")) && format == OutputFormat::Chd {
            return Err(PlanError::NoEncoder { format });
        }
        if image_size == 0 || !image_size.is_multiple_of(u64::from(SECTOR_SIZE)) {
            return Err(PlanError::ImageSize { size: image_size });
        }
        let (min, max) = self.format.block_sizes();
        if !self.block_size.is_power_of_two() || !(min..=max).contains(&self.block_size) {
            return Err(PlanError::BlockSize { format, got: self.block_size, min, max });
        }
        let Some(smallest) = self.smallest_shift(image_size) else {
            return Err(PlanError::TooLarge { format, size: image_size });
        };
        if !(smallest..=container::limits(self.format).max_shift).contains(&self.index_shift) {
            return Err(PlanError::IndexShift { format, got: self.index_shift, smallest });
        }
        // A JSO block is stored only when it is whole.
        let has_packed_rest =
            self.format == OutputFormat::Jso && !image_size.is_multiple_of(u64::from(self.block_size));
        if self.firmware_safe && (self.format == OutputFormat::Dax || has_packed_rest) {
            return Err(PlanError::NoPlainBlocks { format });
        }
        if self.optimize == Optimize::Load && matches!(format, OutputFormat::Dax | OutputFormat::Chd) {
            return Err(PlanError::NoChoice { format });
        }
        self.check_levels()
    }

    /// Checks only the encoders that the format uses.
    fn check_levels(&self) -> Result<(), PlanError> {
        let check = |encoder, got, (min, max)| {
            if (min..=max).contains(&got) { Ok(()) } else { Err(PlanError::Level { encoder, got, min, max }) }
        };
        if self.format.uses_deflate() {
            match self.deflate {
                DeflateEncoder::Zlib { level } => check("zlib", level, (1, 9))?,
                DeflateEncoder::Libdeflate { level } => check("libdeflate", level, (1, 12))?,
                DeflateEncoder::Sector { .. } => {}
            }
        }
        match self.lz4 {
            Lz4Encoder::Hc { level } if self.format.uses_lz4() => check("LZ4 HC", level, (3, 12)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Threshold;

    const GIB: u64 = 1 << 30;

    fn plan(format: OutputFormat, block_size: u32) -> Plan {
        Plan {
            deflate: DeflateEncoder::Zlib { level: 6 },
            lz4: Lz4Encoder::Fast,
            ..Plan::of_tests(format, block_size)
        }
    }

    #[test]
    fn the_shift_comes_from_the_file_that_the_image_can_become() {
        for format in [OutputFormat::Cso, OutputFormat::Cso2, OutputFormat::Zso] {
            let plan = plan(format, 2048);
            // Blocks that just fit, from 28 + 2052 n <= (2^31 - 1) << shift with the index aligned.
            for (shift, blocks) in [(0, 1_046_531), (1, 2_093_063), (2, 4_186_127), (3, 8_372_255)] {
                assert_eq!(plan.smallest_shift(blocks * 2048), Some(shift));
                assert_eq!(plan.smallest_shift((blocks + 1) * 2048), Some(shift + 1));
                // Below the round number, where a shift chosen by the image's own size would come too late.
                assert!(blocks * 2048 < (2 * GIB) << shift);
                assert_eq!(plan.smallest_shift((2 * GIB) << shift), Some(shift + 1));
            }
            assert_eq!(plan.smallest_shift(2048), Some(0));
        }
    }

    #[test]
    fn a_larger_shift_works_as_well() {
        for block_size in [2048, 8192, 256 << 10] {
            for size in [GIB, 2 * GIB, 4 * GIB - 2048, 4 * GIB, 8 * GIB, 16 * GIB, 100 * GIB] {
                let plan = plan(OutputFormat::Zso, block_size);
                let smallest = plan.smallest_shift(size).unwrap();
                for index_shift in 0..=MAX_INDEX_SHIFT + 1 {
                    let outcome = Plan { index_shift, ..plan }.check(size);
                    let works = (smallest..=MAX_INDEX_SHIFT).contains(&index_shift);
                    assert_eq!(outcome.is_ok(), works, "{size} {block_size} {index_shift}");
                    if !works {
                        let format = OutputFormat::Zso;
                        assert_eq!(
                            outcome,
                            Err(PlanError::IndexShift { format, got: index_shift, smallest })
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn padding_the_file_needs_no_shift() {
        let plan = Plan { pad_file_to: 1 << 30, ..plan(OutputFormat::Zso, 2048) };
        let size = 1_046_531 * 2048;
        assert!(plan.worst_case_len(size) > i32::MAX as u64);
        assert_eq!(plan.smallest_shift(size), Some(0));
    }

    #[test]
    fn dax_and_jso_end_at_4_gib() {
        // 32 + (6 + 8203) n <= 2^32 - 1; readers do not have a shift that would extend this.
        let (dax, size) = (plan(OutputFormat::Dax, 0x2000), 523_202 * 0x2000);
        assert_eq!(dax.check(size), Ok(()));
        assert_eq!(
            dax.check(size + 0x2000),
            Err(PlanError::TooLarge { format: OutputFormat::Dax, size: size + 0x2000 })
        );
        // 52 + 2052 n <= 2^32 - 1.
        let (jso, size) = (plan(OutputFormat::Jso, 2048), 2_093_063 * 2048);
        assert_eq!(jso.check(size), Ok(()));
        assert_eq!(
            jso.check(size + 2048),
            Err(PlanError::TooLarge { format: OutputFormat::Jso, size: size + 2048 })
        );
    }

    #[test]
    fn no_size_overflows() {
        for format in [OutputFormat::Cso, OutputFormat::Zso, OutputFormat::Dax, OutputFormat::Jso] {
            for block_size in [0, 1, 2048, 8192, u32::MAX] {
                for size in [0, 1, u64::MAX - 2047, u64::MAX] {
                    for index_shift in [0, 20, 63, 64, u8::MAX] {
                        let plan = Plan { index_shift, pad_file_to: u32::MAX, ..plan(format, block_size) };
                        assert!(plan.check(size).is_err());
                        let _ = plan.worst_case_len(size);
                    }
                }
            }
        }
    }

    #[test]
    fn more_blocks_than_32_bits_count_are_too_many() {
        let plan = Plan { index_shift: 12, ..plan(OutputFormat::Cso, 2048) };
        let size = u64::from(u32::MAX) * 2048;
        assert_eq!(plan.check(size), Err(PlanError::TooLarge { format: OutputFormat::Cso, size }));
    }

    #[test]
    fn thresholds_are_percentages_of_the_block() {
        assert_eq!(Threshold::new(0), None);
        assert_eq!(Threshold::new(101), None);
        for (percent, most) in [(1, 20), (50, 1023), (95, 1945), (99, 2027), (100, 2047)] {
            // Stored from `percent` of the block on: packed data stays below.
            let threshold = Threshold::new(percent).unwrap();
            assert_eq!(threshold.max_packed(2048), most);
            assert!(u64::from(most) * 100 < 2048 * u64::from(percent));
            assert!(u64::from(most + 1) * 100 >= 2048 * u64::from(percent));
        }
    }
}
