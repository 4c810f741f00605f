//! The file: ELF header, program headers, relocation sections.

use core::fmt;

use super::relocation::Relocation;
use super::{half, word};

const TYPE_PRX: u16 = 0xFFA0;
const MACHINE_MIPS: u16 = 8;
const SEGMENT_LOAD: u32 = 1;
const SECTION_RELOCATIONS: u32 = 0x7000_00A0;
const SECTION_ALLOCATED: u32 = 2;
/// The kernel looks at this many bytes of every file.
const SMALLEST_FILE: usize = 256;

/// Why a file is no PRX the kernel would load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrxError {
    /// It ends too early for what it says it holds.
    Truncated {
        /// What lies outside.
        what: &'static str,
    },
    /// A field of the header has a value the loader refuses.
    Field {
        /// Which one.
        what: &'static str,
        /// What it holds.
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

/// A PRX before it has an address.
#[derive(Clone, Debug)]
pub struct Prx {
    /// The one segment as it lies in memory, counted from address 0, with zeroes for .bss.
    pub image: Vec<u8>,
    /// Where in the image the module info is.
    pub info: u32,
    /// What depends on the address.
    pub relocations: Vec<Relocation>,
}

impl Prx {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When the kernel would not load it.
    pub fn parse(file: &[u8]) -> Result<Self, PrxError> {
        let header = |what| PrxError::Truncated { what };
        if file.len() < SMALLEST_FILE {
            return Err(PrxError::Truncated { what: "first 256 bytes" });
        }
        if &file[..7] != b"\x7FELF\x01\x01\x01" {
            return Err(PrxError::Field { what: "magic", got: word(file, 0).unwrap_or(0) });
        }
        let number = |at, what| half(file, at).ok_or(header(what));
        expect("e_type", number(16, "ELF header")?, TYPE_PRX)?;
        expect("e_machine", number(18, "ELF header")?, MACHINE_MIPS)?;
        let segment = Segment::first(file)?;
        let bytes = file
            .get(segment.offset..segment.offset.saturating_add(segment.file_size))
            .ok_or(header("first segment"))?;
        if segment.memory_size < segment.file_size {
            return Err(PrxError::Field { what: "p_memsz", got: word(file, 0).unwrap_or(0) });
        }
        let mut image = bytes.to_vec();
        image.resize(segment.memory_size, 0);
        let info = (segment.info_offset as usize)
            .checked_sub(segment.offset)
            .filter(|&at| at.checked_add(0x34).is_some_and(|end| end <= image.len()))
            .ok_or(header("module info"))?;
        let info = u32::try_from(info).map_err(|_| header("module info"))?;
        Ok(Self { image, info, relocations: relocations(file)? })
    }
}

struct Segment {
    offset: usize,
    info_offset: u32,
    file_size: usize,
    memory_size: usize,
}

impl Segment {
    /// The first program header, which must be a load segment at address 0 whose physical address says
    /// where the module info is. `prxgen` makes one segment of everything, and a second one would need
    /// loading code here that nothing tests.
    fn first(file: &[u8]) -> Result<Self, PrxError> {
        let truncated = PrxError::Truncated { what: "program headers" };
        let table = word(file, 28).ok_or(truncated)? as usize;
        let count = half(file, 44).ok_or(truncated)?;
        expect("e_phnum", count, 1)?;
        let field = |at| word(file, table.saturating_add(at)).ok_or(truncated);
        let [kind, offset, address, physical, file_size, memory_size] =
            [field(0)?, field(4)?, field(8)?, field(12)?, field(16)?, field(20)?];
        if kind != SEGMENT_LOAD {
            return Err(PrxError::Field { what: "p_type", got: kind });
        }
        if address != 0 {
            return Err(PrxError::Field { what: "p_vaddr", got: address });
        }
        if physical & 0x1FFF_FFFF == 0 {
            return Err(PrxError::Field { what: "p_paddr", got: physical });
        }
        Ok(Self {
            offset: offset as usize,
            info_offset: physical & 0x1FFF_FFFF,
            file_size: file_size as usize,
            memory_size: memory_size as usize,
        })
    }
}

/// All entries of relocation sections whose target takes part in the image.
fn relocations(file: &[u8]) -> Result<Vec<Relocation>, PrxError> {
    let truncated = PrxError::Truncated { what: "section headers" };
    let table = word(file, 32).ok_or(truncated)? as usize;
    let size = usize::from(half(file, 46).ok_or(truncated)?);
    let count = usize::from(half(file, 48).ok_or(truncated)?);
    let section = |number: usize, at: usize| word(file, table + number * size + at).ok_or(truncated);
    let mut all = Vec::new();
    for number in 0..count {
        let target = section(number, 28)? as usize;
        if section(number, 4)? != SECTION_RELOCATIONS
            || target >= count
            || section(target, 8)? & SECTION_ALLOCATED == 0
        {
            continue;
        }
        let start = section(number, 16)? as usize;
        let end = start.saturating_add(section(number, 20)? as usize);
        let entries = file.get(start..end).ok_or(PrxError::Truncated { what: "relocations" })?;
        for entry in entries.chunks_exact(8) {
            all.push(Relocation::parse(entry)?);
        }
    }
    Ok(all)
}

fn expect(what: &'static str, got: u16, expected: u16) -> Result<(), PrxError> {
    if got == expected { Ok(()) } else { Err(PrxError::Field { what, got: got.into() }) }
}
