//! Unchecked loads and copies for the fast loops, the same for all codecs.
//!
//! A MIPS CPU loads a word from any address with two instructions and stores it with two more, so
//! copying words costs half of copying bytes, if the bytes behind the end of a copy may be overwritten.
//! The fast loops see to it that there is room for that.

/// What one register copies.
type Word = usize;

/// How far behind its end a copy may write, and read.
pub(super) const OVERRUN: usize = 8;

/// The shortest distance at which words can be copied from the output to itself.
pub(super) const WORD: usize = size_of::<Word>();

/// Returns the four bytes at `from`, the first one lowest.
///
/// # Safety
///
/// Four bytes from `from` on can be read.
#[inline(always)]
pub(super) unsafe fn load(from: *const u8) -> u32 {
    // SAFETY: as the caller promises; the read is one for any alignment.
    u32::from_le(unsafe { from.cast::<u32>().read_unaligned() })
}

/// # Safety
///
/// A word can be read at `from` and written at `to`. They may overlap.
#[inline(always)]
unsafe fn copy_word(from: *const u8, to: *mut u8) {
    // SAFETY: as the caller promises; both accesses are ones for any alignment.
    unsafe { to.cast::<Word>().write_unaligned(from.cast::<Word>().read_unaligned()) }
}

/// Copies `N` bytes word by word; `N` is a multiple of eight, or four.
///
/// # Safety
///
/// `N` bytes can be read at `from` and written at `to`. When they overlap, `from` is a word or more before `to`.
#[inline(always)]
pub(super) unsafe fn copy_chunk<const N: usize>(from: *const u8, to: *mut u8) {
    // SAFETY: all words lie in the `N` bytes.
    unsafe {
        if N < WORD {
            to.cast::<u32>().write_unaligned(from.cast::<u32>().read_unaligned());
        } else {
            let mut at = 0;
            while at < N {
                copy_word(from.add(at), to.add(at));
                at += WORD;
            }
        }
    }
}

/// Copies `N` bytes between places that are aligned to words.
///
/// # Safety
///
/// `N` bytes, a multiple of a word, can be read at `from` and written at `to`, and do not overlap.
#[inline(always)]
pub(super) unsafe fn copy_aligned<const N: usize>(from: *const u8, to: *mut u8) {
    debug_assert!(
        from.addr().is_multiple_of(WORD) && to.addr().is_multiple_of(WORD),
        "only words that are aligned"
    );
    // SAFETY: as the caller promises.
    unsafe {
        let mut at = 0;
        while at < N {
            to.add(at).cast::<Word>().write(from.add(at).cast::<Word>().read());
            at += WORD;
        }
    }
}

/// Copies from `from` to the bytes from `to` up to `end`, and up to [`OVERRUN`] bytes more.
///
/// # Safety
///
/// `end` is behind `to`. Up to `OVERRUN` bytes behind `end` can be written, as many bytes can be read
/// at `from`. When they overlap, `from` is a word or more before `to`.
#[inline(always)]
pub(super) unsafe fn copy(mut from: *const u8, mut to: *mut u8, end: *mut u8) {
    loop {
        // SAFETY: here `to < end`, so that the chunk ends within the overrun; `from` goes along.
        unsafe {
            copy_chunk::<8>(from, to);
            from = from.add(8);
            to = to.add(8);
        }
        if to >= end {
            break;
        }
    }
}

/// Appends what was written `distance` bytes ago, from `to` up to `end`, and possibly up to
/// [`OVERRUN`] bytes of anything more. For distances that are less than [`WORD`].
///
/// # Safety
///
/// `end` is behind `to`. `distance` is from 1 to `WORD - 1`, that many bytes lie written before `to`,
/// and up to `OVERRUN` bytes behind `end` can be written.
pub(super) unsafe fn repeat_short(to: *mut u8, distance: usize, end: *mut u8) {
    // After a word has been written byte by byte, the pattern repeats at any multiple of the distance
    // as well: the first one that is a word or more.
    const MULTIPLE: [usize; WORD] = {
        let mut multiple = [0; WORD];
        let mut distance = 1;
        while distance < WORD {
            multiple[distance] = WORD.div_ceil(distance) * distance;
            distance += 1;
        }
        multiple
    };
    // SAFETY: a word is not longer than the overrun. The multiple is less than a word plus the distance,
    // so the source does not begin before the written bytes.
    unsafe {
        let mut offset = 0;
        while offset < WORD {
            to.add(offset).write(to.add(offset).sub(distance).read());
            offset += 1;
        }
        let next = to.add(WORD);
        if next < end {
            copy(next.sub(MULTIPLE[distance & (WORD - 1)]), next, end);
        }
    }
}

/// Copies all of `from` to `to`.
///
/// The stores are volatile so that the compiler leaves them as they are: it would see what the loops do, and call
/// `memcpy` instead.
///
/// # Panics
///
/// When `to` is shorter.
#[inline(never)]
pub(super) fn copy_slice(from: &[u8], to: &mut [u8]) {
    const CHUNK: usize = 64;
    assert!(from.len() <= to.len());
    // Stores to aligned addresses take one instruction instead of two.
    let head = to.as_ptr().align_offset(WORD).min(from.len());
    let chunks = (from.len() - head) / CHUNK * CHUNK;
    let (source, target) = (from.as_ptr(), to.as_mut_ptr());
    // SAFETY: what is added to the pointers is at most the length of `from`, and so of `to`. Behind `head`, chunks of
    // whole words begin at aligned addresses of `to`, and of `from` where its copy is the aligned one.
    unsafe {
        copy_bytes(source, target, head);
        let (mut from, mut to) = (source.add(head), target.add(head));
        let end = to.add(chunks);
        if from.addr().is_multiple_of(WORD) {
            while to != end {
                store_words::<CHUNK>(to, |at| from.add(at).cast::<Word>().read());
                (from, to) = (from.add(CHUNK), to.add(CHUNK));
            }
        } else {
            while to != end {
                store_words::<CHUNK>(to, |at| from.add(at).cast::<Word>().read_unaligned());
                (from, to) = (from.add(CHUNK), to.add(CHUNK));
            }
        }
    }
    let mut done = head + chunks;
    // SAFETY: as above.
    unsafe {
        while from.len() - done >= WORD {
            store_words::<WORD>(target.add(done), |_| source.add(done).cast::<Word>().read_unaligned());
            done += WORD;
        }
        copy_bytes(source.add(done), target.add(done), from.len() - done);
    }
}

/// Writes `N` bytes of words to an aligned address; `word` gets the distance from there in bytes.
///
/// # Safety
///
/// `N` bytes, a multiple of a word, can be written at `to`, which is aligned for that.
#[inline(always)]
unsafe fn store_words<const N: usize>(to: *mut u8, word: impl Fn(usize) -> Word) {
    let mut at = 0;
    while at < N {
        // SAFETY: as the caller promises.
        unsafe { to.add(at).cast::<Word>().write_volatile(word(at)) };
        at += WORD;
    }
}

/// Copies a few bytes.
///
/// # Safety
///
/// `len` bytes can be read at `from` and written at `to`.
#[inline(always)]
unsafe fn copy_bytes(from: *const u8, to: *mut u8, len: usize) {
    for at in 0..len {
        // SAFETY: as the caller promises.
        unsafe { to.add(at).write_volatile(from.add(at).read()) };
    }
}
