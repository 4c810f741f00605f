//! Predicts how long a PSP needs to load from a compressed disc image.
//!
//! **It is a model, and no console was measured for it.** It knows a card that takes a fixed time per call and per byte, and
//! a processor that executes an instruction per cycle; what decoding takes in instructions was counted (docs/device-costs.md).
//! All of its numbers are in [`Model::PSP`]. It is good for comparing: what is faster than what, and about by how much.
//!
//! - [`Model::block_seconds`] says what a block costs that is packed in one way or another. The converter chooses by it
//!   when a disc is to load fast.
//! - [`PackedImage`] replays a [`Trace`], a game's accesses to its disc, on a file: with [`PackedImage::load`] through the
//!   project's own reader, whose calls of the card are counted, with [`PackedImage::load_classic`] through a model of how
//!   readers used to work.
//!
//! ```
//! use load_model::{Model, PackedImage, Trace};
//!
//! let image = vec![0; 1 << 20]; // plain, without any compression
//! let trace = Trace::streaming(512);
//! let load = PackedImage::open(image.as_slice())?.load(&trace)?;
//! assert_eq!(load.card_bytes, 1 << 20);
//! assert!(load.seconds(&Model::PSP) > 0.1);
//! # Ok::<(), load_model::LoadError<sector_decode::EndOfSlice>>(())
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod model;
mod replay;
mod trace;

pub use model::{CodecCosts, Load, Model};
pub use replay::{LoadError, PackedImage};
pub use trace::{Access, Origin, Trace, TraceError};
