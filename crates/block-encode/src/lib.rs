//! Encoders for the small blocks that a compressed disc image consists of.
//!
//! Each block of 2 to 64 KiB is encoded by itself, so all of its data is available at once. What a general
//! encoder needs for streams (windows, flushing, state between calls) would only get in the way. The
//! converter and the program on the console use the same encoders.

#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_debug_implementations)]

extern crate alloc;

pub mod deflate;
pub mod lz4;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
#[derive(Debug)]
pub struct Readme;

/// Returns a number of so many bits that depends on all of a word's.
#[inline(always)]
fn hash(word: u32, bits: u32) -> usize {
    (word.wrapping_mul(0x9E37_79B1) >> (u32::BITS - bits)) as usize
}

/// The tables of an encoder say nothing to a person, so its name is all that is shown.
macro_rules! opaque {
    ($($name:literal: $encoder:ty),*) => {$(
        impl core::fmt::Debug for $encoder {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct($name).finish_non_exhaustive()
            }
        }
    )*};
}

opaque!("Deflate": deflate::Deflate, "Fast": lz4::Fast, "Optimal": lz4::Optimal);
