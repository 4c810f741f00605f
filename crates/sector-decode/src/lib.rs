//! Decodes compressed disc images of the PSP and the PS2, sector by sector.
//!
//! This is the one decoder of the project: the PSP driver serves a game's reads with it, and the
//! converter on the PC proves every file it writes with it. It needs neither `std` nor an
//! allocator, contains no unsafe code unless the feature `fast` is on, and keeps all file positions in 64 bits.
//!
//! # From a file to sectors
//!
//! 1. [`Layout::probe`] reads the header of any [`ReadAt`] and returns a validated, `Copy` [`Layout`].
//! 2. [`Layout::memory`] says how much memory a reader needs that works as its [`ReaderOptions`] say.
//! 3. [`SectorReader`] serves any byte range of the image. It loads the index window by window, asks
//!    the layout where a block lies (pure arithmetic), fetches runs of blocks with one read, and keeps
//!    the last block that was only partly wanted.
//!
//! ```
//! use sector_decode::{Decoder, Layout, ReaderOptions, SectorReader};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut file: &[u8] = &[0x5A; 4096]; // no magic: a plain image of two sectors
//! let (layout, options) = (Layout::probe(&mut file)?, ReaderOptions::default());
//! let (mut memory, mut decoder) = (vec![0; layout.memory(&options).size()], Decoder::new());
//! let mut reader = SectorReader::with_memory(file, layout, &options, &mut memory, &mut decoder)?;
//! let mut sector = [0; 2048];
//! reader.read(2048, &mut sector)?;
//! assert_eq!(sector, [0x5A; 2048]);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! - `alloc`: `ImageReader::open` does all of that in one line.
//! - `std`: files are sources, and `ImageCursor` makes an image a `Read + Seek`.
//! - `fast`: loops with unchecked pointers in front of the safe decoders, with the same results.
//! - `reference`: for tests alone, the same decoding by other crates.
//!
//! # Trust
//!
//! No input panics, loops without end, or reads or writes out of bounds: damaged files end in one of
//! three small `Copy` errors that carry the numbers ([`HeaderError`], [`BlockError`], [`CodecError`]).
//! Work is bounded by the sizes of the buffers: a block's packed bytes are limited by its block size
//! ([`Layout::max_packed_len`]), and each is looked at once or twice. The exception is DAX's list of
//! uncompressed areas, at most as long as that of its frames: each index window looks through all of it.
#![no_std]
#![cfg_attr(not(feature = "fast"), forbid(unsafe_code))]
#![cfg_attr(feature = "fast", deny(unsafe_code))]
#![deny(missing_docs, missing_debug_implementations)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod bytes;
mod codec;
pub mod container;
pub mod deflate_lint;
mod error;
mod format;
mod index;
#[cfg(feature = "std")]
mod io;
mod reader;
#[cfg(feature = "test-reference")]
pub mod reference;
mod units;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
#[derive(Debug)]
pub struct Readme;

pub use bytes::{EndOfSlice, ReadAt};
pub use codec::{Coding, Decoder};
pub use container::{Extent, Foreign, Format, Layout, MAX_BLOCK_SIZE, MAX_INDEX_SHIFT, MIN_BLOCK_SIZE};
pub use error::{BlockError, BufferError, BufferName, CodecError, HeaderError, OpenError, ReadError};
#[cfg(feature = "alloc")]
pub use error::{ImageError, OutOfMemory};
#[cfg(feature = "std")]
pub use io::ImageCursor;
#[cfg(feature = "alloc")]
pub use reader::{AlignedBytes, ImageReader};
pub use reader::{BlockView, BufferSizes, Buffers, MemoryPlan, Reader, ReaderOptions, SectorReader};
pub use units::{BlockIndex, FileOffset, Lba, SECTOR_SIZE};
