//! Copies inside of the output.

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
