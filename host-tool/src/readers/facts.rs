//! The facts that a verdict is based on.

use image_writer::{OutputFormat, Plan};
use sector_decode::container::ciso::Variant;
use sector_decode::container::{cso, cso2, dax, jso, zso};
use sector_decode::{Format, Layout};

use disc_info::{Disc, OtherDisc};

/// What is known about a file, whether it exists or is only planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The format.
    pub format: Format,
    /// Version field of the header, in the formats that have one.
    pub version: Option<u32>,
    /// Header size field in bytes, in the formats that have one.
    pub header_size: Option<u32>,
    /// Bytes of the image in each block; one sector in a plain image.
    pub block_size: u32,
    /// Left shift of the index values; 0 in the formats that have none.
    pub index_shift: u8,
    /// Bytes of the decoded image.
    pub image_size: u64,
    /// Bytes of the file. For a planned file, the maximum.
    pub file_len: u64,
    /// Whether each block begins with a header (JSO).
    pub block_headers: bool,
    /// How many areas of stored frames are listed (DAX v1).
    pub uncompressed_areas: u32,
    /// How many deflate streams do not pass [`sector_decode::deflate_lint`]; `None` while unknown. The
    /// header does not say: set it after checking all blocks.
    pub unsafe_streams: Option<u32>,
    /// Whether a partial last block was padded before it was packed, or is stored, which is as good; `None`
    /// if that is unknown, or if there is no such block.
    pub last_block_filled: Option<bool>,
    /// How many packed blocks are longer than their decoded data, not counting padding; `None` while
    /// unknown.
    pub overlong_blocks: Option<u32>,
    /// Whether blocks or parts of the index are known to be damaged.
    pub damaged: bool,
    /// What the file decodes to.
    pub content: Content,
}

/// What a file decodes to, as far as it matters for playing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A PSP or PS2 game.
    Game,
    /// A PS2 game that starts from the second drive, `cdrom1:`.
    GameOnCdrom1,
    /// A film on a UMD.
    UmdVideo,
    /// Music on a UMD.
    UmdMusic,
    /// A PS1 game.
    Ps1,
    /// Sectors of 2352 bytes.
    RawCd,
    /// A disc that does not say which console it is for.
    UnknownDisc,
    /// Apparently not a disc at all.
    NoDisc,
    /// Unknown, because it could not be examined.
    Unreadable,
}

impl Content {
    /// The kind of a disc.
    #[must_use]
    pub const fn of(disc: &Disc) -> Self {
        match (disc.other, disc.console) {
            _ if disc.is_raw_cd => Self::RawCd,
            (Some(OtherDisc::UmdVideo), _) => Self::UmdVideo,
            (Some(OtherDisc::UmdMusic), _) => Self::UmdMusic,
            (Some(OtherDisc::Ps1), _) => Self::Ps1,
            (None, Some(_)) if disc.boots_from_cdrom1 => Self::GameOnCdrom1,
            (None, Some(_)) => Self::Game,
            (None, None) if disc.is_partly_unreadable => Self::Unreadable,
            (None, None) if disc.is_iso9660 => Self::UnknownDisc,
            (None, None) => Self::NoDisc,
        }
    }
}

impl Facts {
    /// The facts in a header; the disc in the file is assumed to be a game.
    #[must_use]
    pub fn from_layout(layout: &Layout) -> Self {
        Self {
            format: layout.format(),
            version: layout.version(),
            header_size: layout.header_size_field(),
            block_size: layout.block_size(),
            index_shift: layout.index_shift(),
            image_size: layout.image_size(),
            file_len: layout.file_len(),
            block_headers: layout.has_block_headers(),
            uncompressed_areas: layout.uncompressed_areas(),
            unsafe_streams: None,
            last_block_filled: None,
            overlong_blocks: None,
            damaged: false,
            content: Content::Game,
        }
    }

    /// The facts of a file written by this plan, for an image of this many bytes. `None` for a CHD, which no reader of
    /// the table is asked about.
    #[must_use]
    pub fn from_plan(plan: &Plan, image_size: u64) -> Option<Self> {
        let ciso = |variant: Variant| {
            let header = variant.header(image_size, plan.block_size, plan.index_shift);
            (u32::from(header.version), Some(header.header_size))
        };
        let (version, header_size) = match plan.format {
            OutputFormat::Cso => ciso(cso::VARIANT),
            OutputFormat::Cso2 => ciso(cso2::VARIANT),
            OutputFormat::Zso => ciso(zso::VARIANT),
            OutputFormat::Dax => (dax::VERSION, None),
            OutputFormat::Jso => (jso::VERSION.into(), None),
            OutputFormat::Chd => return None,
        };
        Some(Self {
            format: plan.format.format()?,
            version: Some(version),
            header_size,
            block_size: plan.block_size,
            index_shift: plan.index_shift,
            image_size,
            file_len: plan.worst_case_len(image_size),
            block_headers: false,
            uncompressed_areas: 0,
            // Such blocks are stored instead.
            unsafe_streams: plan.firmware_safe.then_some(0),
            last_block_filled: Some(plan.format != OutputFormat::Jso),
            overlong_blocks: Some(0),
            damaged: false,
            content: Content::Game,
        })
    }

    /// How many bytes of the image the last block holds, if it is partial.
    pub(super) fn partial_block(&self) -> Option<u64> {
        let rest = self.image_size % u64::from(self.block_size.max(1));
        (rest > 0 && self.format != Format::Iso).then_some(rest)
    }
}
