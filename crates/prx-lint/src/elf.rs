//! 32-bit little-endian ELF files, as far as modules need them. They are parsed by the crate `object`, which
//! returns an error for any reference outside a damaged file.

use core::fmt;

use object::elf::{FileHeader32, ProgramHeader32, Rel32, SectionHeader32, Sym32};
use object::pod::slice_from_all_bytes;
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::{LittleEndian, ReadRef};

const ENDIAN: LittleEndian = LittleEndian;

pub(crate) const EXECUTABLE: u16 = object::elf::ET_EXEC;
/// The type of a relocatable PSP module.
pub(crate) const PRX: u16 = 0xFFA0;
pub(crate) const MIPS: u16 = object::elf::EM_MIPS;
pub(crate) const LOAD: u32 = object::elf::PT_LOAD;

pub(crate) const HEADER_LEN: usize = size_of::<FileHeader32<LittleEndian>>();
pub(crate) const PROGRAM_HEADER_LEN: usize = size_of::<ProgramHeader32<LittleEndian>>();
pub(crate) const SECTION_HEADER_LEN: usize = size_of::<SectionHeader32<LittleEndian>>();
pub(crate) const RELOCATION_LEN: usize = size_of::<Rel32<LittleEndian>>();

/// Kinds of sections.
pub(crate) mod kind {
    pub(crate) const NULL: u32 = object::elf::SHT_NULL;
    pub(crate) const SYMBOLS: u32 = object::elf::SHT_SYMTAB;
    pub(crate) const STRINGS: u32 = object::elf::SHT_STRTAB;
    pub(crate) const ZEROED: u32 = object::elf::SHT_NOBITS;
    pub(crate) const RELOCATIONS: u32 = object::elf::SHT_REL;
    /// The relocations of a PSP module.
    pub(crate) const PRX_RELOCATIONS: u32 = 0x7000_00A0;
}

/// Flags of sections.
pub(crate) mod flag {
    pub(crate) const WRITE: u32 = object::elf::SHF_WRITE;
    pub(crate) const ALLOC: u32 = object::elf::SHF_ALLOC;
    pub(crate) const EXECUTE: u32 = object::elf::SHF_EXECINSTR;
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

/// Why a file could not be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElfError {
    /// It does not begin like a 32-bit little-endian ELF file.
    Magic,
    /// It ends before something that it claims to contain.
    Truncated {
        /// Where the missing part begins, in bytes.
        offset: usize,
        /// How long that part is, in bytes.
        len: usize,
    },
    /// The entries of a header table do not have the length that the format requires.
    HeaderLen {
        /// What the file says, in bytes.
        len: u16,
        /// What the format requires, in bytes.
        expected: usize,
    },
    /// The section with the section names does not exist.
    NoSectionNames,
}

impl fmt::Display for ElfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("not a 32-bit little-endian ELF file"),
            Self::Truncated { offset, len } => {
                write!(f, "the file ends before the {len} bytes at {offset:#X}")
            }
            Self::HeaderLen { len, expected } => {
                write!(f, "headers of {len} bytes, expected {expected}")
            }
            Self::NoSectionNames => f.write_str("there is no section with the names of the sections"),
        }
    }
}

impl core::error::Error for ElfError {}

/// A parsed file.
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

impl Segment {
    fn new(header: &ProgramHeader32<LittleEndian>) -> Self {
        Self {
            kind: header.p_type(ENDIAN),
            offset: header.p_offset(ENDIAN),
            address: header.p_vaddr(ENDIAN),
            physical: header.p_paddr(ENDIAN),
            file_len: header.p_filesz(ENDIAN),
            memory_len: header.p_memsz(ENDIAN),
        }
    }
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

impl<'a> Section<'a> {
    fn new(name: &'a str, header: &SectionHeader32<LittleEndian>) -> Self {
        Self {
            name,
            kind: header.sh_type(ENDIAN),
            flags: header.sh_flags(ENDIAN),
            address: header.sh_addr(ENDIAN),
            offset: header.sh_offset(ENDIAN),
            len: header.sh_size(ENDIAN),
            link: header.sh_link(ENDIAN),
            info: header.sh_info(ENDIAN),
            entry_len: header.sh_entsize(ENDIAN),
        }
    }

    pub(crate) fn is_allocated(&self) -> bool {
        self.flags & flag::ALLOC != 0
    }

    pub(crate) fn is_code(&self) -> bool {
        self.is_allocated() && self.flags & flag::EXECUTE != 0
    }

    fn truncated(&self) -> ElfError {
        ElfError::Truncated { offset: self.offset as usize, len: self.len as usize }
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
        let header = FileHeader32::<LittleEndian>::parse(file).map_err(|_| ElfError::Magic)?;
        header.endian().map_err(|_| ElfError::Magic)?;
        let truncated = |offset: u32, count: u16, len: u16, expected: usize| {
            if usize::from(len) == expected {
                ElfError::Truncated { offset: offset as usize, len: usize::from(count) * expected }
            } else {
                ElfError::HeaderLen { len, expected }
            }
        };
        let segments = header.program_headers(ENDIAN, file).map_err(|_| {
            let (offset, count) = (header.e_phoff(ENDIAN), header.e_phnum(ENDIAN));
            truncated(offset, count, header.e_phentsize(ENDIAN), PROGRAM_HEADER_LEN)
        })?;
        let sections = header.section_headers(ENDIAN, file).map_err(|_| {
            let (offset, count) = (header.e_shoff(ENDIAN), header.e_shnum(ENDIAN));
            truncated(offset, count, header.e_shentsize(ENDIAN), SECTION_HEADER_LEN)
        })?;
        if sections.is_empty() {
            return Err(ElfError::NoSectionNames);
        }
        let names = header.section_strings(ENDIAN, file, sections).map_err(|_| ElfError::NoSectionNames)?;
        let name = |section: &SectionHeader32<LittleEndian>| {
            let name = section.name(ENDIAN, names).unwrap_or_default();
            core::str::from_utf8(name).unwrap_or_default()
        };
        Ok(Self {
            file,
            kind: header.e_type(ENDIAN),
            machine: header.e_machine(ENDIAN),
            flags: header.e_flags(ENDIAN),
            entry: header.e_entry(ENDIAN),
            segments: segments.iter().map(Segment::new).collect(),
            sections: sections.iter().map(|section| Section::new(name(section), section)).collect(),
        })
    }

    /// The bytes of a section; empty for one that is only zeroed in memory.
    pub(crate) fn content(&self, section: &Section<'_>) -> Result<&'a [u8], ElfError> {
        if section.kind == kind::ZEROED {
            return Ok(&[]);
        }
        self.file.read_bytes_at(section.offset.into(), section.len.into()).map_err(|()| section.truncated())
    }

    pub(crate) fn relocations(&self, section: &Section<'_>) -> Result<Vec<Relocation>, ElfError> {
        let entries = slice_from_all_bytes::<Rel32<LittleEndian>>(self.content(section)?);
        let entries = entries.map_err(|()| section.truncated())?.iter();
        let relocation = |entry: &Rel32<LittleEndian>| Relocation {
            offset: entry.r_offset.get(ENDIAN),
            info: entry.r_info.get(ENDIAN),
        };
        Ok(entries.map(relocation).collect())
    }

    /// The numbers of the sections that the symbols of a symbol table are in.
    pub(crate) fn symbol_sections(&self, section: &Section<'_>) -> Result<Vec<u16>, ElfError> {
        let symbols = slice_from_all_bytes::<Sym32<LittleEndian>>(self.content(section)?);
        let symbols = symbols.map_err(|()| section.truncated())?.iter();
        Ok(symbols.map(|symbol| symbol.st_shndx.get(ENDIAN)).collect())
    }
}

/// The 32-bit number at `at`, which must be inside `bytes`.
pub(crate) fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The 16-bit number at `at`, which must be inside `bytes`.
pub(crate) fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECTIONS: usize = HEADER_LEN + PROGRAM_HEADER_LEN;
    const NAMES: usize = SECTIONS + 3 * SECTION_HEADER_LEN;

    /// One segment and three sections: none, relocations, and the names.
    fn file() -> Vec<u8> {
        let mut file = vec![0; NAMES + 32];
        file[..7].copy_from_slice(b"\x7FELF\x01\x01\x01");
        let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
        let number = |at: usize| u32::try_from(at).unwrap().to_le_bytes();
        put(0x1C, &number(HEADER_LEN));
        put(0x20, &number(SECTIONS));
        put(0x28, &[52, 0, 32, 0, 1, 0, 40, 0, 3, 0, 2, 0]);
        for (section, name, kind, offset, len) in
            [(1, 1, kind::RELOCATIONS, HEADER_LEN, 24), (2, 6, kind::STRINGS, NAMES, 16)]
        {
            let at = SECTIONS + section * SECTION_HEADER_LEN;
            put(at, &number(name));
            put(at + 4, &kind.to_le_bytes());
            put(at + 16, &[number(offset), number(len)].concat());
        }
        put(NAMES, b"\0.rel\0.names\0");
        file
    }

    fn refused(at: usize, byte: u8) -> ElfError {
        let mut file = file();
        file[at] = byte;
        Elf::parse(&file).map(drop).expect_err("a damaged header")
    }

    #[test]
    fn headers_are_read() {
        let file = file();
        let elf = Elf::parse(&file).unwrap();
        let names: Vec<_> = elf.sections.iter().map(|section| section.name).collect();
        assert_eq!((elf.segments.len(), names), (1, vec!["", ".rel", ".names"]));
        assert_eq!(elf.relocations(&elf.sections[1]).unwrap().len(), 3);
        assert_eq!(elf.content(&elf.sections[2]), Ok(&file[NAMES..NAMES + 16]));
    }

    #[test]
    fn damaged_headers_are_refused_with_their_numbers() {
        // 64 bits; big-endian; no version of ELF.
        assert_eq!([(4, 2), (5, 2), (6, 0)].map(|(at, byte)| refused(at, byte)), [ElfError::Magic; 3]);
        assert_eq!(refused(0x1D, 0x10), ElfError::Truncated { offset: 0x1034, len: 32 });
        assert_eq!(refused(0x21, 0x10), ElfError::Truncated { offset: 0x1054, len: 120 });
        assert_eq!(refused(0x2A, 31), ElfError::HeaderLen { len: 31, expected: 32 });
        assert_eq!(refused(0x2E, 41), ElfError::HeaderLen { len: 41, expected: 40 });
        assert_eq!([0, 3].map(|section| refused(0x32, section)), [ElfError::NoSectionNames; 2]);
    }

    #[test]
    fn no_damage_leads_outside_the_file() {
        let whole = file();
        let read = |file: &[u8]| {
            let Ok(elf) = Elf::parse(file) else { return };
            for section in &elf.sections {
                let _ = (elf.content(section), elf.relocations(section).is_ok());
                let _ = elf.symbol_sections(section);
            }
        };
        for len in 0..whole.len() {
            read(&whole[..len]);
        }
        for at in 0..whole.len() {
            for byte in [0, 1, 0x7F, 0x80, 0xFF] {
                let mut file = whole.clone();
                file[at] = byte;
                read(&file);
            }
        }
    }
}
