//! 32-bit little-endian ELF files, as far as modules need them (System V ABI, chapters 4 and 5).

use core::fmt;

pub(crate) const EXECUTABLE: u16 = 2;
/// The type of a relocatable PSP module.
pub(crate) const PRX: u16 = 0xFFA0;
pub(crate) const MIPS: u16 = 8;
pub(crate) const LOAD: u32 = 1;

pub(crate) const HEADER_LEN: usize = 52;
pub(crate) const PROGRAM_HEADER_LEN: usize = 32;
pub(crate) const SECTION_HEADER_LEN: usize = 40;
pub(crate) const RELOCATION_LEN: usize = 8;
const SYMBOL_LEN: usize = 16;

/// Kinds of sections.
pub(crate) mod kind {
    pub(crate) const NULL: u32 = 0;
    pub(crate) const SYMBOLS: u32 = 2;
    pub(crate) const STRINGS: u32 = 3;
    pub(crate) const ZEROED: u32 = 8;
    pub(crate) const RELOCATIONS: u32 = 9;
    pub(crate) const PRX_RELOCATIONS: u32 = 0x7000_00A0;
}

/// Flags of sections.
pub(crate) mod flag {
    pub(crate) const WRITE: u32 = 1;
    pub(crate) const ALLOC: u32 = 2;
    pub(crate) const EXECUTE: u32 = 4;
}

/// Kinds of MIPS relocations.
pub(crate) mod relocation {
    pub(crate) const NONE: u8 = 0;
    pub(crate) const WORD: u8 = 2;
    pub(crate) const JUMP: u8 = 4;
    pub(crate) const HIGH: u8 = 5;
    pub(crate) const LOW: u8 = 6;
    pub(crate) const BRANCH: u8 = 10;
}

/// Why a file cannot even be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElfError {
    /// It does not begin as a 32-bit little-endian ELF file does.
    Magic,
    /// It ends before something that it says is in it.
    Truncated {
        /// Where the missing part begins, in bytes.
        offset: usize,
        /// How long that part is, in bytes.
        len: usize,
    },
    /// The section of the sections' names does not exist.
    NoSectionNames,
}

impl fmt::Display for ElfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("not a 32-bit little-endian ELF file"),
            Self::Truncated { offset, len } => {
                write!(f, "the file ends before the {len} bytes at {offset:#X}")
            }
            Self::NoSectionNames => f.write_str("there is no section with the names of the sections"),
        }
    }
}

impl core::error::Error for ElfError {}

/// A file, taken apart.
pub(crate) struct Elf<'a> {
    pub(crate) file: &'a [u8],
    pub(crate) kind: u16,
    pub(crate) machine: u16,
    pub(crate) flags: u32,
    pub(crate) entry: u32,
    pub(crate) segments: Vec<Segment>,
    pub(crate) sections: Vec<Section<'a>>,
}

#[derive(Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) kind: u32,
    pub(crate) offset: u32,
    pub(crate) address: u32,
    pub(crate) physical: u32,
    pub(crate) file_len: u32,
    pub(crate) memory_len: u32,
}

#[derive(Clone, Copy)]
pub(crate) struct Section<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: u32,
    pub(crate) flags: u32,
    pub(crate) address: u32,
    pub(crate) offset: u32,
    pub(crate) len: u32,
    pub(crate) link: u32,
    pub(crate) info: u32,
    pub(crate) entry_len: u32,
}

impl Section<'_> {
    pub(crate) fn is_allocated(&self) -> bool {
        self.flags & flag::ALLOC != 0
    }

    pub(crate) fn is_code(&self) -> bool {
        self.is_allocated() && self.flags & flag::EXECUTE != 0
    }

    pub(crate) fn end(&self) -> u64 {
        u64::from(self.address) + u64::from(self.len)
    }
}

/// One relocation of a file.
#[derive(Clone, Copy)]
pub(crate) struct Relocation {
    pub(crate) offset: u32,
    pub(crate) info: u32,
}

impl Relocation {
    pub(crate) fn kind(self) -> u8 {
        self.info.to_le_bytes()[0]
    }

    /// The number of the symbol; in a PRX the numbers of two segments.
    pub(crate) fn symbol(self) -> u32 {
        self.info >> 8
    }
}

impl<'a> Elf<'a> {
    pub(crate) fn parse(file: &'a [u8]) -> Result<Self, ElfError> {
        if !file.starts_with(b"\x7FELF\x01\x01") {
            return Err(ElfError::Magic);
        }
        let header = part(file, 0, HEADER_LEN)?;
        let segments = table(file, word(header, 0x1C), half(header, 0x2C), PROGRAM_HEADER_LEN)?
            .map(|entry| Segment {
                kind: word(entry, 0x00),
                offset: word(entry, 0x04),
                address: word(entry, 0x08),
                physical: word(entry, 0x0C),
                file_len: word(entry, 0x10),
                memory_len: word(entry, 0x14),
            })
            .collect();
        let headers = table(file, word(header, 0x20), half(header, 0x30), SECTION_HEADER_LEN)?;
        let names = headers.clone().nth(half(header, 0x32).into()).ok_or(ElfError::NoSectionNames)?;
        let names = part(file, word(names, 0x10) as usize, word(names, 0x14) as usize)?;
        let sections = headers
            .map(|entry| Section {
                name: text(names, word(entry, 0x00) as usize),
                kind: word(entry, 0x04),
                flags: word(entry, 0x08),
                address: word(entry, 0x0C),
                offset: word(entry, 0x10),
                len: word(entry, 0x14),
                link: word(entry, 0x18),
                info: word(entry, 0x1C),
                entry_len: word(entry, 0x24),
            })
            .collect();
        Ok(Self {
            file,
            kind: half(header, 0x10),
            machine: half(header, 0x12),
            flags: word(header, 0x24),
            entry: word(header, 0x18),
            segments,
            sections,
        })
    }

    /// The bytes of a section; none for one that is only zeroed in memory.
    pub(crate) fn content(&self, section: &Section<'_>) -> Result<&'a [u8], ElfError> {
        if section.kind == kind::ZEROED {
            return Ok(&[]);
        }
        part(self.file, section.offset as usize, section.len as usize)
    }

    pub(crate) fn relocations(&self, section: &Section<'_>) -> Result<Vec<Relocation>, ElfError> {
        let entries = self.content(section)?.chunks_exact(RELOCATION_LEN);
        Ok(entries.map(|entry| Relocation { offset: word(entry, 0), info: word(entry, 4) }).collect())
    }

    /// The numbers of the sections that the symbols of a symbol table are in.
    pub(crate) fn symbol_sections(&self, section: &Section<'_>) -> Result<Vec<u16>, ElfError> {
        Ok(self.content(section)?.chunks_exact(SYMBOL_LEN).map(|symbol| half(symbol, 0x0E)).collect())
    }
}

fn part(file: &[u8], offset: usize, len: usize) -> Result<&[u8], ElfError> {
    let end = offset.checked_add(len);
    end.and_then(|end| file.get(offset..end)).ok_or(ElfError::Truncated { offset, len })
}

fn table(
    file: &[u8],
    offset: u32,
    count: u16,
    entry_len: usize,
) -> Result<std::slice::ChunksExact<'_, u8>, ElfError> {
    Ok(part(file, offset as usize, usize::from(count) * entry_len)?.chunks_exact(entry_len))
}

/// A text up to its NUL; empty when it is not where it should be, or not text.
fn text(bytes: &[u8], at: usize) -> &str {
    let rest = bytes.get(at..).unwrap_or_default();
    let len = rest.iter().position(|&byte| byte == 0).unwrap_or(0);
    core::str::from_utf8(&rest[..len]).unwrap_or_default()
}

/// The 32-bit number at `at`, which must be inside `bytes`.
pub(crate) fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The 16-bit number at `at`, which must be inside `bytes`.
pub(crate) fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}
