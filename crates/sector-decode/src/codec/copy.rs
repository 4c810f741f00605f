//! Copies from the packed bytes to the output, and inside of the output.

/// Appends `len` bytes that were written `distance` bytes ago. A distance below the length repeats what
/// this very copy writes.
///
/// The caller has checked that `distance` is from 1 to `at` and that `at + len` is inside of `out`.
pub(super) fn repeat(out: &mut [u8], at: usize, distance: usize, len: usize) {
    if distance >= len {
        out.copy_within(at - distance..at - distance + len, at);
    } else {
        for to in at..at + len {
            out[to] = out[to - distance];
        }
    }
}

/// Copies `from` to `to`, as `copy_from_slice` does, but without the byte loops that a PSP program has for a
/// `memcpy`.
///
/// # Panics
///
/// When the lengths differ.
pub fn copy_bytes(from: &[u8], to: &mut [u8]) {
    #[cfg(feature = "fast")]
    if cfg!(any(target_arch = "mips", miri, test)) {
        assert_eq!(from.len(), to.len(), "both slices have the same length");
        super::raw::copy_slice(from, to);
        return;
    }
    to.copy_from_slice(from);
}

#[cfg(test)]
mod tests {
    use super::copy_bytes;

    #[test]
    fn all_lengths_at_all_alignments() {
        let from: [u8; 256] = core::array::from_fn(|at| at.to_le_bytes()[0]);
        for (start, skew) in (0..9).flat_map(|start| (0..9).map(move |skew| (start, skew))) {
            for len in (0..100).chain([191, 192, 193, 240]) {
                let mut to = [0xEE; 272];
                copy_bytes(&from[skew..skew + len], &mut to[start..start + len]);
                assert_eq!(to[start..start + len], from[skew..skew + len]);
                assert!(to[..start].iter().chain(&to[start + len..]).all(|&byte| byte == 0xEE));
            }
        }
    }
}
