//! DATs: lists of known good dumps, as Redump, No-Intro and TOSEC publish them.
//!
//! `read` takes a DAT as Logiqx XML, or a ZIP with one or several of them. A [`Catalogue`] finds images in
//! DATs by size and hash, and games by serial or name. [`write()`] writes a DAT of some games' files.
//!
//! Everything in a file is untrusted. Lengths and counts are limited ([`limits`]), a tag is never held in
//! memory beyond its limit, and no entities are expanded other than the five of XML and numeric ones. A
//! document that declares entities is refused.
#![forbid(unsafe_code)]

mod archive;
mod catalogue;
mod error;
mod expected;
pub mod limits;
mod model;
pub mod names;
mod parse;
mod write;

#[cfg(feature = "zip")]
pub use self::archive::read;
pub use self::archive::{Members, is_zip};
pub use self::catalogue::{Catalogue, Found, Hashes, RomId, Wanted};
pub use self::error::{Error, TooMany};
pub use self::expected::{Difference, Differing, Expected, KnownBy};
pub use self::model::{Dat, Game, Rom};
pub use self::parse::parse;
pub use self::write::{Missing, write};
