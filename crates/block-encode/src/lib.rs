//! Encoders for the small blocks that a compressed disc image consists of.
//!
//! Each block of 2 to 64 KiB is encoded by itself, so all of its data is available at once. What a general
//! encoder needs for streams (windows, flushing, state between calls) would only get in the way. The
//! converter and the program on the console use the same encoders.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod deflate;
pub mod lz4;

/// Returns a hash of this many bits that depends on all bits of the word.
#[inline(always)]
fn hash(word: u32, bits: u32) -> usize {
    (word.wrapping_mul(0x9E37_79B1) >> (u32::BITS - bits)) as usize
}
