//! Matches: bytes of the output that come once more.

/// Short matches are copied as this many bytes at once, where there is room for bytes that come too much.
const AT_ONCE: usize = 16;

/// Writes `len` bytes at `at` that repeat those from `distance` before on.
///
/// `distance` is at most `at` and not 0, and `out` has room for the bytes.
pub(super) fn repeat(out: &mut [u8], mut at: usize, distance: usize, mut len: usize) {
    let from = at - distance;
    let (done, free) = out.split_at_mut(at);
    if let (Some(from), Some(to)) = (done[from..].first_chunk::<AT_ONCE>(), free.first_chunk_mut::<AT_ONCE>())
        && len <= AT_ONCE
    {
        *to = *from;
        return;
    }
    // A match may reach into its own bytes. What there is of it is copied, which doubles it.
    while len > 0 {
        let piece = len.min(at - from);
        out.copy_within(from..from + piece, at);
        at += piece;
        len -= piece;
    }
}
