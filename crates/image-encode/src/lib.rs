//! Writes compressed disc images of the PSP and the PS2.
//!
//! [`encode`] reads an image in order, packs its blocks on several threads, and writes the container
//! in order: data first, header last. Each worker decodes what it just packed with `sector-decode`, the
//! decoder of the console, and compares, before the block is handed on.
//!
//! What is to be written is a [`Plan`]: a format, a block size, encoders, rules. It is checked before any
//! work is done ([`Plan::check`]). What has been done is a [`Summary`].
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod codec;
mod container;
mod digest;
mod encode;
mod error;
mod monitor;
pub mod pipeline;
mod plan;
mod summary;

pub use digest::{Digests, Hasher};
pub use encode::encode;
pub use error::{EncodeError, PlanError};
pub use monitor::Monitor;
pub use plan::{DeflateEncoder, Lz4Encoder, OutputFormat, Plan, Threshold};
pub use summary::{BlockCounts, Summary};
