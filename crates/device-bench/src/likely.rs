//! Stand-ins for branch-likely instructions, which gcc uses and rustc does not.
//!
//! Unicorn 2.1.3 may crash where the delay slot of such a branch accesses memory: its liveness pass drops a
//! temporary value at the branch that the check after the access still reads
//! (<https://github.com/unicorn-engine/unicorn/issues/2134>). Here `beql a, b, target; slot` becomes
//! `beq a, b, detour; nop` with `detour: j target; slot`. The branch and the `nop` take the two instructions
//! that the original takes whichever way it goes (a slot that is not executed costs its cycle), so what runs
//! in the detours must not be counted.

const INSTRUCTION_LEN: usize = 4;
const JUMP: u32 = 0b000_010 << 26;

/// Replaces every branch-likely instruction of `text`, which is linked to run at `address`, and returns the
/// detours, which belong at `detours_at`.
///
/// # Panics
///
/// When the detours are out of a branch's reach.
pub(crate) fn replace(text: &mut [u8], address: u32, detours_at: u32) -> Vec<u8> {
    let mut detours = Vec::new();
    let (words, _) = text.as_chunks_mut::<INSTRUCTION_LEN>();
    for (pc, at) in (address..).step_by(INSTRUCTION_LEN).zip(0..words.len().saturating_sub(1)) {
        let Some(ordinary) = ordinary(u32::from_le_bytes(words[at])) else { continue };
        let slot_pc = pc + 4;
        #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "the low half")]
        let offset = i32::from(ordinary as u16 as i16) * 4;
        let target = slot_pc.wrapping_add_signed(offset);
        let detour = detours_at + u32::try_from(detours.len()).expect("a few hundred bytes");
        detours.extend((JUMP | (target >> 2 & 0x03FF_FFFF)).to_le_bytes());
        detours.extend(words[at + 1]);
        let reach = i16::try_from((i64::from(detour) - i64::from(slot_pc)) / 4).expect("detours are near");
        words[at] = (ordinary & 0xFFFF_0000 | u32::from(reach.cast_unsigned())).to_le_bytes();
        words[at + 1] = [0; INSTRUCTION_LEN];
    }
    detours
}

/// The ordinary branch, which always executes its delay slot, for one that does so only when taken.
fn ordinary(instruction: u32) -> Option<u32> {
    match instruction >> 26 {
        // beql, bnel, blezl, bgtzl.
        0b010_100..=0b010_111 => Some(instruction ^ 0b010_000 << 26),
        // bltzl, bgezl.
        0b000_001 if matches!(instruction >> 16 & 0x1F, 0b00010 | 0b00011) => {
            Some(instruction ^ 0b00010 << 16)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::replace;

    fn bytes(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn branch_likely_goes_by_a_detour() {
        // beql a0, a1, 0x10010C; lw v0, 4(v1); bltzl a2, 0x100100; sw s1, 12(s2); beq a0, a1, 0x100100; nop
        let mut text = bytes(&[0x5085_0002, 0x8C62_0004, 0x04C2_FFFD, 0xAE51_000C, 0x1085_FFFB, 0]);
        let detours = replace(&mut text, 0x0010_0100, 0x0010_0200);
        assert_eq!(text, bytes(&[0x1085_003F, 0, 0x04C0_003F, 0, 0x1085_FFFB, 0]));
        assert_eq!(detours, bytes(&[0x0804_0043, 0x8C62_0004, 0x0804_0040, 0xAE51_000C]));
    }
}
