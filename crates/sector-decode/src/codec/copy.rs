//! Copies inside of the output.

/// Appends `len` bytes that were written `distance` bytes ago. A distance below the length repeats what
/// this very copy writes.
///
/// The caller has checked that `distance` is from 1 to `at` and that `at + len` is inside of `out`.
pub(super) fn repeat(out: &mut [u8], at: usize, distance: usize, len: usize) {
    let from = at - distance;
    let mut done = 0;
    // What has been written repeats too, so each turn can copy twice as much as the one before.
    while done < len {
        let count = (distance + done).min(len - done);
        out.copy_within(from..from + count, at + done);
        done += count;
    }
}
