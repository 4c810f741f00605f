//! Files that are not PSP or PS2 images but can be recognised by their content. Each has a name and advice
//! for the user.

use std::fmt;

use crate::bytes::Bytes;

/// A kind of file that Cisor does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Other {
    /// A RAR archive.
    Rar,
    /// A file packed with gzip, xz, bzip2 or Zstandard.
    Packed,
    /// A PSP program or a PS1 game for the PSP.
    Pbp,
    /// An ECM file.
    Ecm,
    /// An ISZ image of UltraISO.
    Isz,
    /// The descriptor of an Alcohol image.
    Mds,
    /// A Nero image.
    Nrg,
    /// A DiscJuggler image.
    Cdi,
    /// The descriptor of a CloneCD image.
    Ccd,
    /// A web page.
    Html,
    /// A GameCube or Wii disc, or one of its packed formats.
    Nintendo,
    /// A Dreamcast disc.
    GdRom,
    /// A PS3 disc.
    Ps3,
    /// An Xbox disc.
    Xbox,
}

/// Where the game's partition begins: in an image of it alone, and in images of whole discs of three generations.
const XBOX_PARTITIONS: [u64; 4] = [0, 0x1830_0000, 0x0FD9_0000, 0x0208_0000];

impl Other {
    /// Recognises a file by bytes at fixed offsets.
    pub(crate) fn recognise(file: &dyn Bytes) -> Option<Self> {
        let at = |offset: u64, bytes: &[u8]| {
            let mut found = [0; 20];
            let found = &mut found[..bytes.len()];
            file.read_exact_at(found, offset).is_ok() && found == bytes
        };
        let from_end =
            |back: u64, bytes: &[u8]| file.len().checked_sub(back).is_some_and(|offset| at(offset, bytes));
        let starts: [(&[u8], Self); 17] = [
            (b"Rar!\x1A\x07", Self::Rar),
            (b"\x1F\x8B\x08", Self::Packed),
            (b"\xFD7zXZ\0", Self::Packed),
            (b"BZh9", Self::Packed),
            (b"\x28\xB5\x2F\xFD", Self::Packed),
            (b"\0PBP", Self::Pbp),
            (b"ECM\0", Self::Ecm),
            (b"IsZ!", Self::Isz),
            (b"MEDIA DESCRIPTOR", Self::Mds),
            (b"[CloneCD]", Self::Ccd),
            (b"<!DOCTYPE html", Self::Html),
            (b"<!doctype html", Self::Html),
            (b"<html", Self::Html),
            (b"WBFS", Self::Nintendo),
            (b"RVZ\x01", Self::Nintendo),
            (b"WIA\x01", Self::Nintendo),
            (b"\x01\xC0\x0B\xB1", Self::Nintendo),
        ];
        if let Some((_, kind)) = starts.into_iter().find(|(bytes, _)| at(0, bytes)) {
            return Some(kind);
        }
        let is_nintendo = at(0x1C, b"\xC2\x33\x9F\x3D") || at(0x18, b"\x5D\x1C\x9E\xA3");
        let is_cdi = [4, 5, 6].into_iter().any(|version| from_end(8, &[version, 0, 0, 0x80]));
        [
            (is_nintendo, Self::Nintendo),
            (at(0x800, b"PlayStation3\0"), Self::Ps3),
            (XBOX_PARTITIONS.iter().any(|start| at(start + 0x1_0000, b"MICROSOFT*XBOX*MEDIA")), Self::Xbox),
            (from_end(12, b"NER5") || from_end(8, b"NERO"), Self::Nrg),
            (is_cdi, Self::Cdi),
        ]
        .into_iter()
        .find_map(|(is_it, kind)| is_it.then_some(kind))
    }

    /// Returns what the user can do about it.
    #[must_use]
    pub const fn fix(self) -> &'static str {
        match self {
            Self::Rar | Self::Packed => "Unpack it first, then take the image inside.",
            Self::Pbp => "Copy it to PSP/GAME on the memory card: it needs no conversion.",
            Self::Ecm => "Turn it back into a BIN with unecm first.",
            Self::Isz | Self::Nrg | Self::Cdi => {
                "Convert it to BIN/CUE or ISO with the program that made it."
            }
            Self::Mds => "Take the MDF file beside it.",
            Self::Ccd => "Take the IMG file beside it.",
            Self::Html => "Your download is a web page, not the file: download it again.",
            Self::Nintendo => "Dolphin and nodtool convert GameCube and Wii discs.",
            Self::Ps3 | Self::GdRom => "Cisor is for PSP and PS2 discs.",
            Self::Xbox => "Cisor is for PSP and PS2 discs; extract-xiso handles those of the Xbox.",
        }
    }
}

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rar => "a RAR archive",
            Self::Packed => "a packed file (gzip, xz, bzip2 or Zstandard)",
            Self::Pbp => "a program for the PSP (PBP), not a disc image",
            Self::Ecm => "an ECM file",
            Self::Isz => "an ISZ image of UltraISO",
            Self::Mds => "the descriptor of an Alcohol image (MDS)",
            Self::Nrg => "a Nero image (NRG)",
            Self::Cdi => "a DiscJuggler image (CDI)",
            Self::Ccd => "the descriptor of a CloneCD image (CCD)",
            Self::Html => "a web page",
            Self::Nintendo => "a GameCube or Wii disc",
            Self::GdRom => "a Dreamcast disc",
            Self::Ps3 => "a PS3 disc",
            Self::Xbox => "an Xbox disc",
        })
    }
}
