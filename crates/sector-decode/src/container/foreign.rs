//! Formats that are recognised only to be refused by name.

use core::fmt;

use super::{CISO, u32_at};

/// A format that is not read, but that people may well hand to this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Foreign {
    /// The sparse `CISO` of GameCube and Wii discs, which shares its magic with the PSP's.
    GameCubeCiso,
    /// MAME's compressed hunks of data.
    Chd,
}

/// The header of a GameCube CISO is this long, and its block size is no smaller.
const GAMECUBE_HEADER: u32 = 0x8000;

impl Foreign {
    /// Recognises by the first bytes of a file.
    ///
    /// PSP files have 0 or 24 in the field at 4; GameCube files have their block size there, a large
    /// power of two. Values that are neither are taken as a PSP file's unreliable header size.
    pub(super) fn detect(head: &[u8]) -> Option<Self> {
        let first: &[u8; 8] = head.first_chunk()?;
        if first == b"MComprHD" {
            return Some(Self::Chd);
        }
        let field = u32_at(first, 4);
        (first.starts_with(&CISO) && field >= GAMECUBE_HEADER && field.is_power_of_two())
            .then_some(Self::GameCubeCiso)
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GameCubeCiso => "a GameCube or Wii CISO, not a PSP or PS2 image",
            Self::Chd => "a CHD image",
        })
    }
}
