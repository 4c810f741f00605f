//! The file: ELF header, program headers, relocation sections. The crate `object` reads them.

use core::fmt;

use object::LittleEndian;
use object::elf::{EM_MIPS, FileHeader32, PT_LOAD, ProgramHeader32, SHF_ALLOC, SectionHeader32};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};

use super::relocation::Relocation;
use super::word;

const ENDIAN: LittleEndian = LittleEndian;
const TYPE_PRX: u16 = 0xFFA0;
const SECTION_RELOCATIONS: u32 = 0x7000_00A0;
/// Drops the upper bits of an address, which select the window through which memory is accessed.
const PHYSICAL: u32 = 0x1FFF_FFFF;
const MODULE_INFO_LEN: usize = 0x34;
/// The most memory of any model, in bytes.
const MOST_MEMORY: u32 = 64 << 20;
/// The kernel reads this many bytes of every file.
const SMALLEST_FILE: usize = 256;

/// Why the kernel would not load a file as a PRX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrxError {
    /// It ends before something that it claims to contain.
    Truncated {
        /// The part that is outside.
        what: &'static str,
    },
    /// A header field has a value that the loader refuses.
    Field {
        /// Which one.
        what: &'static str,
        /// Its value.
        got: u32,
    },
}

impl fmt::Display for PrxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { what } => write!(f, "the file ends inside its {what}"),
            Self::Field { what, got } => write!(f, "{what} is {got:#X}, which the kernel refuses"),
        }
    }
}

impl std::error::Error for PrxError {}

/// A PRX that has not been assigned an address yet.
#[derive(Clone, Debug)]
pub struct Prx {
    /// The only segment as it will be in memory, relative to address 0, with zeroes for .bss.
    pub image: Vec<u8>,
    /// Offset of the module info in the image.
    pub info: u32,
    /// Everything that depends on the address.
    pub relocations: Vec<Relocation>,
}

impl Prx {
    /// Parses a file.
    ///
    /// # Errors
    ///
    /// When the kernel would not load it.
    pub fn parse(file: &[u8]) -> Result<Self, PrxError> {
        if file.len() < SMALLEST_FILE {
            return Err(PrxError::Truncated { what: "first 256 bytes" });
        }
        let magic = |_| PrxError::Field { what: "magic", got: word(file, 0).unwrap_or(0) };
        let header = FileHeader32::<LittleEndian>::parse(file).map_err(magic)?;
        header.endian().map_err(magic)?;
        expect("e_type", header.e_type(ENDIAN).into(), TYPE_PRX.into())?;
        expect("e_machine", header.e_machine(ENDIAN).into(), EM_MIPS.into())?;
        let segment = segment(header, file)?;
        let mut image = segment.data(ENDIAN, file).map_err(|()| truncated("first segment"))?.to_vec();
        let memory_len = segment.p_memsz(ENDIAN);
        if (memory_len as usize) < image.len() || memory_len > MOST_MEMORY {
            return Err(PrxError::Field { what: "p_memsz", got: memory_len });
        }
        image.resize(memory_len as usize, 0);
        let info = (segment.p_paddr(ENDIAN) & PHYSICAL)
            .checked_sub(segment.p_offset(ENDIAN))
            .filter(|&at| (at as usize).saturating_add(MODULE_INFO_LEN) <= image.len())
            .ok_or(truncated("module info"))?;
        Ok(Self { image, info, relocations: relocations(header, file)? })
    }
}

/// The only program header, which must be a load segment at address 0 whose physical address gives the
/// position of the module info. `prxgen` puts everything into one segment, and supporting a second one would
/// need loading code here that is not tested by anything.
fn segment<'f>(
    header: &FileHeader32<LittleEndian>,
    file: &'f [u8],
) -> Result<&'f ProgramHeader32<LittleEndian>, PrxError> {
    expect("e_phnum", header.e_phnum(ENDIAN).into(), 1)?;
    let segments = header.program_headers(ENDIAN, file).map_err(|_| truncated("program headers"))?;
    let segment = segments.first().ok_or(truncated("program headers"))?;
    expect("p_type", segment.p_type(ENDIAN), PT_LOAD)?;
    expect("p_vaddr", segment.p_vaddr(ENDIAN), 0)?;
    let physical = segment.p_paddr(ENDIAN);
    if physical & PHYSICAL == 0 {
        return Err(PrxError::Field { what: "p_paddr", got: physical });
    }
    Ok(segment)
}

/// All entries of relocation sections whose target is part of the image.
fn relocations(header: &FileHeader32<LittleEndian>, file: &[u8]) -> Result<Vec<Relocation>, PrxError> {
    let sections = header.section_headers(ENDIAN, file).map_err(|_| truncated("section headers"))?;
    let is_loaded = |section: &SectionHeader32<LittleEndian>| section.sh_flags(ENDIAN) & SHF_ALLOC != 0;
    let mut all = Vec::new();
    for section in sections.iter().filter(|section| section.sh_type(ENDIAN) == SECTION_RELOCATIONS) {
        if sections.get(section.info_link(ENDIAN).0).is_some_and(is_loaded) {
            let entries = section.data(ENDIAN, file).map_err(|_| truncated("relocations"))?;
            for entry in entries.chunks_exact(8) {
                all.push(Relocation::parse(entry)?);
            }
        }
    }
    Ok(all)
}

fn truncated(what: &'static str) -> PrxError {
    PrxError::Truncated { what }
}

fn expect(what: &'static str, got: u32, expected: u32) -> Result<(), PrxError> {
    if got == expected { Ok(()) } else { Err(PrxError::Field { what, got }) }
}
