//! The names of the formats: those that are read, and those that are recognised only to be refused.

use core::fmt;

/// A format of disc images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Plain image: every sector as it is on the disc.
    Iso,
    /// `CISO` version 0 or 1: raw deflate blocks.
    Cso,
    /// `CISO` version 2: raw deflate and raw LZ4 blocks.
    Cso2,
    /// `ZISO`: raw LZ4 blocks.
    Zso,
    /// `DAX`: zlib streams of 8 KiB.
    Dax,
    /// `JISO`: LZO1X or raw deflate blocks.
    Jso,
}

impl Format {
    /// Every format, the plain image first.
    pub const ALL: [Self; 6] = [Self::Iso, Self::Cso, Self::Cso2, Self::Zso, Self::Dax, Self::Jso];

    /// Returns the lower-case name that the command line and file extensions use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Iso => "iso",
            Self::Cso => "cso",
            Self::Cso2 => "cso2",
            Self::Zso => "zso",
            Self::Dax => "dax",
            Self::Jso => "jso",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Iso => "ISO",
            Self::Cso => "CSO",
            Self::Cso2 => "CSO v2",
            Self::Zso => "ZSO",
            Self::Dax => "DAX",
            Self::Jso => "JSO",
        })
    }
}

/// A format that is not read, but that people may well hand to this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Foreign {
    /// The sparse `CISO` of GameCube and Wii discs, which shares its magic with the PSP's.
    GameCubeCiso,
    /// MAME's compressed hunks of data.
    Chd,
    /// The `CISO` of Xbox tools, whose header is that of CSO v2.
    XboxCiso,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GameCubeCiso => "a GameCube or Wii CISO, not a PSP or PS2 image",
            Self::Chd => "a CHD image",
            Self::XboxCiso => "an Xbox CISO, not a PSP or PS2 image",
        })
    }
}
