//! How much of a DAT is taken. The largest DATs of Redump have about 11,000 games and 30,000 files.

/// Bytes of one DAT, and of all DATs in one ZIP together once unpacked.
pub const BYTES: u64 = 128 << 20;
/// Bytes of one tag with its attributes, of a comment, or of a run of text.
pub const TAG: u64 = 64 << 10;
/// Bytes of a name, a serial or a description.
pub const NAME: usize = 4096;
/// Attributes of one tag.
pub const ATTRIBUTES: usize = 64;
/// Tags inside each other.
pub const DEPTH: usize = 32;
/// Games in one DAT.
pub const GAMES: usize = 200_000;
/// Files in one DAT.
pub const ROMS: usize = 500_000;
/// Files in one ZIP.
pub const MEMBERS: usize = 1_000;
