//! Predicts how long a PSP needs to load from a compressed disc image.
//!
//! **This is a model; it was not measured on a console.** It assumes a card that takes a fixed time per call
//! and per byte, and a processor that executes one instruction per cycle; the instructions needed for
//! decoding were counted (docs/device-costs.md). All of its numbers are in [`Model::PSP`]. It is good for
//! comparisons: what is faster than what, and by about how much.
//!
//! - [`Model::block_seconds`] predicts the cost of a block for a given encoding. The converter uses it to
//!   choose when a disc should load fast.
//! - [`PackedImage`] replays a [`Trace`], a game's accesses to its disc, on a file. [`PackedImage::load`]
//!   does so through the project's own reader and counts its calls of the card. [`PackedImage::load_classic`]
//!   does so through a model of how earlier readers worked.
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
