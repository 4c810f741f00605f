//! The converter without a command line: what the page's workers call.
//!
//! Every worker has an instance of its own. Numbers are passed as arguments, bytes through three areas that the
//! instance owns: [`buffer`] for what the page hands in, `out` and `image` for what it gets back. A function that can
//! fail returns 0 or 1; after 1, `out` holds the reason as text.
//!
//! What to write, and who can read it, is decided by the program's own code, which is compiled in here from its files.

mod convert;
mod dats;
mod describe;
mod digest;
mod exports;
mod file;
mod input;
mod journal;
mod json;
mod purpose;

#[path = "../../../host-tool/src/level.rs"]
#[allow(dead_code, unreachable_pub)]
mod level;
#[path = "../../../host-tool/src/profile/mod.rs"]
#[allow(dead_code, unreachable_pub)]
mod profile;
#[path = "../../../host-tool/src/readers/mod.rs"]
#[allow(dead_code, unreachable_pub)]
mod readers;

pub use exports::*;
