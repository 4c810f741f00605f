//! Writes compressed disc images of the PSP and the PS2.
//!
//! [`encode()`] reads an image in order, packs its blocks on several threads, and writes the container in
//! order: data first, header last. Before a worker hands on a block, it decodes what it just packed with
//! `sector-decode`, the console's decoder, and compares.
//!
//! A [`Plan`] describes what to write: a format, a block size, encoders, rules. It is checked before any work
//! starts ([`Plan::check`]). A [`Summary`] describes what was done.
//!
//! # From an image to a file
//!
//! 1. One thread reads the image in chunks of several blocks and gives each to the hasher
//!    ([`ImageHasher`]) and to the [`pipeline`].
//! 2. Workers pack the blocks of a chunk ([`BlockPacker`]): they try the encoders, look whether the result
//!    is small enough and safe, and prove it.
//! 3. The calling thread writes the chunks in order, collects the index page by page and puts each
//!    page into its place; the header comes last, when all digests are known.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod assemble;
mod budget;
#[cfg(feature = "chd")]
mod chd;
mod choice;
mod chunks;
mod codec;
mod container;
mod digest;
mod encode;
mod error;
mod imprint;
mod monitor;
mod output;
mod pack;
mod packed;
pub mod pipeline;
mod plan;
mod repeats;
mod sizer;
mod summary;
mod validation;
mod writer;

pub use assemble::{Assembled, Assembler};
pub use block_encode::deflate::Effort;
pub use digest::{DigestKinds, DigestSet, Digests, ImageDigests, ImageHasher, ParallelHasher, SomeDigests};
pub use encode::encode;
pub use error::{EncodeError, PlanError};
pub use imprint::{Comparison, Differs, Imprint};
pub use monitor::Monitor;
pub use pack::BlockPacker;
pub use packed::PackedBlock;
pub use plan::{DeflateEncoder, Lz4Encoder, Optimize, OutputFormat, Plan, Threshold};
pub use sizer::BlockSizer;
pub use summary::{BlockCounts, Summary};
