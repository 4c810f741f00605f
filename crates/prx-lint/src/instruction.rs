//! Which instructions the console's processor, the Allegrex, is known to have.
//!
//! It is described as a MIPS II with parts of MIPS32 and a single-precision FPU. Only instructions that all
//! descriptions agree on are allowed here: the integer instructions of MIPS I and II without traps and linked
//! loads (which the driver does not need), and single floats.

/// Returns whether a word is an instruction that the processor definitely has.
pub(crate) fn is_known(word: u32) -> bool {
    let field = |shift: u32, bits: u32| word >> shift & ((1 << bits) - 1);
    match field(26, 6) {
        0x00 => is_known_special(field(0, 6)),
        // Branches that compare with zero: plain, likely, and with link.
        0x01 => matches!(field(16, 5), 0x00..=0x03 | 0x10..=0x13),
        // Jumps, branches, arithmetic with a constant, lui.
        0x02..=0x0F => true,
        // Floats: moves, branches, and arithmetic with singles and words.
        0x11 => matches!(field(21, 5), 0x00 | 0x02 | 0x04 | 0x06 | 0x08 | 0x10 | 0x14),
        // Likely branches.
        0x14..=0x17 => true,
        // Loads and stores of integers, also in halves of unaligned words.
        0x20..=0x26 | 0x28..=0x2B | 0x2E => true,
        // Loads and stores of single floats.
        0x31 | 0x39 => true,
        _ => false,
    }
}

fn is_known_special(function: u32) -> bool {
    match function {
        // Shifts, jumps by register, break.
        0x00 | 0x02..=0x04 | 0x06..=0x09 | 0x0D => true,
        // Sync.
        0x0F => true,
        // Moves from and to hi and lo, multiplication and division.
        0x10..=0x13 | 0x18..=0x1B => true,
        // Arithmetic and comparison.
        0x20..=0x27 | 0x2A | 0x2B => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_instructions_are_known() {
        // lui, addiu, lwl, swr, multu, jalr, beql, bgezal, sync.
        for word in [
            0x3C02_8800,
            0x27BD_FFD0,
            0x8882_0003,
            0xB882_0000,
            0x0043_0019,
            0x0320_F809,
            0x5040_0003,
            0x0411_0001,
            0x0000_000F,
        ] {
            assert!(is_known(word), "{word:#010X}");
        }
    }

    #[test]
    fn traps_doubles_and_later_extensions_are_not() {
        // teq, tgei, add.d, ldc1, movz, ll, sc, mul (MIPS32), seb (MIPS32r2), ld, syscall, mfc0.
        for word in [
            0x0060_01F4,
            0x0408_0001,
            0x4622_0000,
            0xD440_0000,
            0x0062_100A,
            0xC082_0000,
            0xE082_0000,
            0x7043_1002,
            0x7C02_1420,
            0xDC82_0000,
            0x0000_000C,
            0x4002_6000,
        ] {
            assert!(!is_known(word), "{word:#010X}");
        }
    }
}
