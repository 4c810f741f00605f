//! The row of each profile.

use image_writer::OutputFormat::{self, Chd, Cso, Cso2, Dax, Jso, Zso};
use image_writer::Threshold;

use sector_decode::{MAX_INDEX_SHIFT, SECTOR_SIZE};

use super::Profile;
use crate::readers::Reader;

/// The rules of a profile.
pub(super) struct Rules {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    /// The default first.
    pub(super) formats: &'static [OutputFormat],
    pub(super) blocks: Blocks,
    pub(super) deflate: Deflate,
    pub(super) threshold: Threshold,
    pub(super) index: Index,
    /// The file is padded to a multiple of this many bytes.
    pub(super) pad_file_to: u32,
    pub(super) readers: &'static [Reader],
}

/// Block sizes in bytes, powers of two.
pub(super) enum Blocks {
    /// From 2048 to `max`.
    Sizes {
        default: u32,
        max: u32,
        /// Larger ones that are only written with `--ignore-limits`.
        beyond: Option<Beyond>,
        /// Why larger ones are not written.
        why: &'static str,
    },
    /// Anything that the format supports; the smallest is the default.
    OfFormat,
}

/// Block sizes that a profile does not recommend but that can be useful.
#[derive(Clone, Copy)]
pub(super) struct Beyond {
    /// The largest of them in bytes.
    pub(super) max: u32,
    /// When they are fine nevertheless; the text follows "if".
    pub(super) fine_if: &'static str,
}

/// Which deflate streams are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Deflate {
    /// Those of stock zlib that pass the lint: for readers that decode with the PSP's firmware.
    Stock,
    /// Those of any encoder that pass the lint.
    Linted,
    /// Any, but stock zlib for the formats that only firmwares play.
    Any,
}

/// The index shift.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Index {
    /// The smallest that fits, as long as the file stays below 4 GiB.
    Below4Gib,
    /// The smallest that fits, up to this.
    UpTo(u8),
}

/// The limit of PPSSPP and of this program's decoder.
const ANY_SHIFT: Index = Index::UpTo(MAX_INDEX_SHIFT);

/// A row with a number that is not a percentage does not compile.
const fn percent(number: u8) -> Threshold {
    match Threshold::new(number) {
        Some(threshold) => threshold,
        None => panic!("not a percentage"),
    }
}

impl Profile {
    pub(super) const fn rules(self) -> &'static Rules {
        match self {
            Self::Psp => &PSP,
            Self::Adrenaline => &ADRENALINE,
            Self::Ark => &ARK,
            Self::Ppsspp => &PPSSPP,
            Self::Pcsx2 => &PCSX2,
            Self::Opl => &OPL,
            Self::Cisor => &CISOR,
            Self::Any => &ANY,
        }
    }

    /// Whether the profile itself allows blocks of this size.
    pub(super) const fn has_blocks_of(self, block_size: u32) -> bool {
        match self.rules().blocks {
            Blocks::Sizes { max, .. } => {
                block_size.is_power_of_two() && block_size >= SECTOR_SIZE && block_size <= max
            }
            Blocks::OfFormat => true,
        }
    }
}

const PSP: Rules = Rules {
    name: "psp",
    summary: "every custom firmware of the PSP: CSO, 2048-byte blocks, stock zlib",
    formats: &[Cso],
    blocks: Blocks::Sizes {
        default: 2048,
        max: 2048,
        beyond: None,
        why: "PRO, ME, M33 and Adrenaline up to 7 read only 2048-byte blocks",
    },
    deflate: Deflate::Stock,
    threshold: percent(95),
    index: Index::Below4Gib,
    pad_file_to: 1,
    readers: &[
        Reader::ArkGame,
        Reader::ArkMenu,
        Reader::Adrenaline8,
        Reader::Adrenaline7,
        Reader::Pro,
        Reader::Ppsspp,
        Reader::Jpcsp,
    ],
};

const ADRENALINE: Rules = Rules {
    name: "adrenaline",
    summary: "Adrenaline on the PS Vita, old and new: as psp",
    blocks: Blocks::Sizes {
        default: 2048,
        max: 2048,
        beyond: None,
        why: "Adrenaline up to 7 overruns its buffer with larger blocks",
    },
    readers: &[Reader::Adrenaline8, Reader::Adrenaline7],
    ..PSP
};

const ARK: Rules = Rules {
    name: "ark",
    summary: "ARK-4 and ARK-5: CSO or ZSO, blocks of 2048 to 8192 bytes, stock zlib",
    formats: &[Cso, Zso],
    blocks: Blocks::Sizes {
        default: 2048,
        max: 8192,
        beyond: None,
        why: "ARK's menu has buffers for 8192 bytes and overwrites its own memory with larger blocks",
    },
    readers: &[Reader::ArkGame, Reader::ArkMenu, Reader::Adrenaline8],
    ..PSP
};

/// Why the emulators' profiles do not use larger blocks.
const UNPACKED_WHOLE: &str = "every small read would have to unpack a larger block whole";

const PPSSPP: Rules = Rules {
    name: "ppsspp",
    summary: "PPSSPP: CSO, 16 KiB blocks",
    formats: &[Cso],
    blocks: Blocks::Sizes { default: 16 << 10, max: 32 << 10, beyond: None, why: UNPACKED_WHOLE },
    deflate: Deflate::Any,
    threshold: percent(100),
    index: ANY_SHIFT,
    pad_file_to: 1,
    readers: &[Reader::Ppsspp],
};

const PCSX2: Rules = Rules {
    name: "pcsx2",
    summary: "PCSX2: CSO or ZSO, 16 KiB blocks",
    formats: &[Cso, Zso],
    blocks: Blocks::Sizes {
        default: 16 << 10,
        max: 32 << 10,
        beyond: Some(Beyond { max: 256 << 10, fine_if: "size matters more to you than loading time" }),
        why: UNPACKED_WHOLE,
    },
    readers: &[Reader::Pcsx2],
    ..PPSSPP
};

const OPL: Rules = Rules {
    name: "opl",
    summary: "Open PS2 Loader: ZSO, 2048-byte blocks, file padded to 2048 bytes",
    formats: &[Zso],
    blocks: Blocks::Sizes {
        default: 2048,
        max: 2048,
        beyond: None,
        why: "Open PS2 Loader takes every block for one of 2048 bytes and crashes",
    },
    deflate: Deflate::Any,
    threshold: percent(95),
    // A larger value makes it divide by zero.
    index: Index::UpTo(11),
    pad_file_to: 2048,
    readers: &[Reader::Opl],
};

const CISOR: Rules = Rules {
    name: "cisor",
    summary: "Cisor's own PSP driver: CSO, CSO v2 or ZSO, blocks of 2048 to 8192 bytes",
    formats: &[Cso, Cso2, Zso],
    blocks: Blocks::Sizes {
        default: 2048,
        max: 8192,
        beyond: Some(Beyond { max: 16 << 10, fine_if: "the disc will not be started from that menu" }),
        why: "the menu of custom firmwares, which reads the disc before the driver does, has buffers \
              for 8192 bytes and overwrites its own memory with larger blocks",
    },
    deflate: Deflate::Linted,
    threshold: percent(100),
    index: ANY_SHIFT,
    pad_file_to: 1,
    readers: &[Reader::Cisor],
};

const ANY: Rules = Rules {
    name: "any",
    summary: "no reader in particular: any format within its own limits, also DAX, JSO and CHD",
    formats: &[Cso, Cso2, Zso, Dax, Jso, Chd],
    blocks: Blocks::OfFormat,
    deflate: Deflate::Any,
    threshold: percent(100),
    index: ANY_SHIFT,
    pad_file_to: 1,
    readers: &[],
};
