//! Unchecked loads and copies for the fast loops, the same for all codecs.
//!
//! A MIPS CPU loads a word from any address with two instructions and stores it with two more, so
//! copying words costs half of copying bytes, if the bytes behind the end of a copy may be overwritten.
//! The fast loops see to it that there is room for that.
//!
//! # Bounds
//!
//! Lengths and distances come from the input, so a pointer that one of them has moved says nothing: at an end of
//! the address space it wraps, and compares as if it lay inside. The rule of all fast loops:
//! *a length is compared with the room that is left, as a number, before a pointer moves by it.* [`room`] and [`gap`]
//! are those numbers. Pointers are compared only when they are known to lie in their buffer.
//!
//! # Packed bytes that change meanwhile
//!
//! The driver decodes from memory that a game's other threads can write. So no check may rest on a byte having the
//! same value twice. Bytes that decide something are loaded with [`fetch`] and [`load`], which are volatile: the compiler does not
//! load them a second time, and a length that was checked is the length that is used. Where a loop
//! reads a byte again (a literal, an instruction after the loop was left), the second value gets all checks of its own.
//! Literals are only copied. Changed bytes give a wrong block or an error, and touch nothing outside.

/// What one register copies.
type Word = usize;

/// How far behind its end a copy may write, and read.
pub(super) const OVERRUN: usize = 8;

/// The shortest distance at which words can be copied from the output to itself.
pub(super) const WORD: usize = size_of::<Word>();

/// Whether the loops of LZ4 and LZO copy more than a few bytes from nearer than a word themselves. With words of four bytes that is
/// rare enough to leave it to the careful code, and the console's driver has no room to spare.
pub(super) const COPIES_NEAR: bool = WORD > 4;

/// Returns how many bytes there are from `from` to `end`, which lie in one buffer, `end` not before `from`.
#[inline(always)]
pub(super) fn room(from: *const u8, end: *const u8) -> usize {
    debug_assert!(from <= end, "pointers that never left their buffer");
    end.addr().wrapping_sub(from.addr())
}

/// Returns how many bytes `to` lies after `from`, less than 0 if before.
///
/// Either may have been moved out of its buffer, even past an end of the address space: the difference is right as
/// long as the true one is below 2^31, which is more than a buffer's size and a length together.
#[inline(always)]
pub(super) fn gap(from: *const u8, to: *const u8) -> isize {
    to.addr().wrapping_sub(from.addr()).cast_signed()
}

/// Returns the byte at `from`. The load is volatile: the compiler does it once, so what is checked is what is used.
///
/// # Safety
///
/// The byte can be read.
#[inline(always)]
pub(super) unsafe fn fetch(from: *const u8) -> usize {
    // SAFETY: as the caller promises.
    usize::from(unsafe { from.read_volatile() })
}

/// Four bytes at any address.
#[derive(Clone, Copy)]
#[repr(C, packed)]
struct Unaligned(u32);

/// Returns the four bytes at `from`, the first one lowest. Volatile, as [`fetch`].
///
/// # Safety
///
/// Four bytes from `from` on can be read.
#[inline(always)]
pub(super) unsafe fn load(from: *const u8) -> u32 {
    // SAFETY: as the caller promises; the type has no alignment.
    let bytes = unsafe { from.cast::<Unaligned>().read_volatile() };
    u32::from_le(bytes.0)
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
            // The pattern repeats at any multiple of the distance as well: this is the first that is a word or more.
            let mut multiple = distance;
            while multiple < WORD {
                multiple += distance;
            }
            copy(next.sub(multiple), next, end);
        }
    }
}

/// As [`repeat_short`], for a few bytes: with words of four bytes that is best done byte by byte.
///
/// # Safety
///
/// As for `repeat_short`.
#[inline(always)]
pub(super) unsafe fn repeat_few(mut to: *mut u8, distance: usize, end: *mut u8) {
    // SAFETY: as the caller promises; in the loop `to < end`.
    unsafe {
        if COPIES_NEAR {
            return repeat_short(to, distance, end);
        }
        loop {
            to.write(to.sub(distance).read());
            to = to.add(1);
            if to == end {
                break;
            }
        }
    }
}
