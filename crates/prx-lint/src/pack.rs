//! Converts a linked ELF into a PRX.
//!
//! The linker's file is laid out again: the segment as it will be in memory, the relocations, the section
//! names and the section headers. Sections that only debuggers use are left out, and jumps inside the module
//! become branches, which do not need a relocation: this makes the file a seventh shorter and faster to load.

use core::fmt;

use crate::elf::{
    EXECUTABLE, Elf, ElfError, HEADER_LEN, LOAD, MIPS, PROGRAM_HEADER_LEN, PRX, RELOCATION_LEN, Relocation,
    SECTION_HEADER_LEN, Section, flag, kind, relocation,
};

/// The section that contains the description of the module.
const MODULE_INFO: &str = ".rodata.sceModuleInfo";
/// In a module's physical address, marks it as a kernel module.
const KERNEL: u32 = 1 << 31;
/// The same, in the attribute at the start of a module's description.
const KERNEL_ATTRIBUTE: u16 = 0x1000;
const SEGMENT_ALIGN: usize = 16;

/// Why a program cannot be packed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PackError {
    /// The file is damaged.
    Elf(ElfError),
    /// It is not a linked program for MIPS.
    NotAProgram {
        /// The file's type.
        kind: u16,
        /// The file's processor.
        machine: u16,
    },
    /// None of the sections begins at address 0, or two overlap.
    Addresses {
        /// Name of the misplaced section.
        section: String,
        /// Its address.
        address: u32,
    },
    /// The section with the module's description is missing.
    NoModuleInfo,
    /// A relocation is of a kind that the kernel's loader refuses.
    Relocation {
        /// Name of the section that it changes.
        section: String,
        /// Address of what it changes.
        address: u32,
        /// Its kind.
        kind: u8,
    },
    /// The upper half of an address is not followed by its lower half, so it cannot be computed.
    HalfAddress {
        /// Address of the instruction with the upper half.
        address: u32,
    },
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elf(error) => error.fmt(f),
            Self::NotAProgram { kind, machine } => {
                write!(f, "expected a linked program for MIPS, got type {kind:#X} for processor {machine}")
            }
            Self::Addresses { section, address } => {
                write!(f, "section {section} at {address:#X}: sections must begin at 0 and not overlap")
            }
            Self::NoModuleInfo => write!(f, "there is no section {MODULE_INFO}"),
            Self::Relocation { section, address, kind } => {
                write!(f, "{section}: the PSP's loader has no relocation of kind {kind} (at {address:#X})")
            }
            Self::HalfAddress { address } => {
                write!(f, "the upper half of an address at {address:#X} is not followed by its lower half")
            }
        }
    }
}

impl core::error::Error for PackError {}

impl From<ElfError> for PackError {
    fn from(error: ElfError) -> Self {
        Self::Elf(error)
    }
}

/// Packs a program as a module: as a kernel module if its description says so, otherwise as a program for
/// users.
///
/// The program must be linked at address 0 with its relocations kept (`--emit-relocs`) and have the module's
/// description in a separate section, `.rodata.sceModuleInfo`.
///
/// # Errors
///
/// When the program does not meet these requirements, or needs something that the kernel's loader does not
/// support.
pub fn pack(program: &[u8]) -> Result<Vec<u8>, PackError> {
    let elf = Elf::parse(program)?;
    if elf.kind != EXECUTABLE || elf.machine != MIPS {
        return Err(PackError::NotAProgram { kind: elf.kind, machine: elf.machine });
    }
    let kept: Vec<usize> =
        (0..elf.sections.len()).filter(|&number| elf.sections[number].is_allocated()).collect();
    let (mut segment, memory_len) = segment(&elf, &kept)?;
    let info = kept.iter().map(|&number| &elf.sections[number]).find(|section| section.name == MODULE_INFO);
    let info = info.ok_or(PackError::NoModuleInfo)?;

    let mut entries = Vec::new();
    for section in &elf.sections {
        entries.extend(relocations(&elf, section)?);
    }
    entries.retain(|entry| entry.kind() != relocation::JUMP || !branch_instead(&mut segment, entry.offset));

    let start = (HEADER_LEN + PROGRAM_HEADER_LEN).next_multiple_of(SEGMENT_ALIGN);
    let mut file = vec![0; start];
    file.extend(&segment);
    file.resize(file.len().next_multiple_of(4), 0);
    let table = file.len();
    file.extend(entries.iter().flat_map(|entry| [entry.offset, entry.info]).flat_map(u32::to_le_bytes));

    let mut names = Names::default();
    let mut headers = vec![[0; SECTION_HEADER_LEN / 4]];
    for Part { name, kind, flags, address, end } in parts(&elf, &kept) {
        let (offset, len) = (int(start) + address, end - address);
        headers.push([names.add(name), kind, flags, address, offset, len, 0, 0, 4, 0]);
    }
    // The loader requires relocations to be for a section that is in memory, but does not check which.
    let (len, first, entry_len) = (int(file.len() - table), 1, int(RELOCATION_LEN));
    headers.push([names.add(".rel"), kind::PRX_RELOCATIONS, 0, 0, int(table), len, 0, first, 4, entry_len]);
    let name = names.add(".shstrtab");
    headers.push([name, kind::STRINGS, 0, 0, int(file.len()), int(names.bytes.len()), 0, 0, 1, 0]);
    file.extend(&names.bytes);
    file.resize(file.len().next_multiple_of(4), 0);
    let section_table = file.len();
    file.extend(headers.iter().flatten().copied().flat_map(u32::to_le_bytes));

    let half = |number: usize| u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes();
    file[..16].copy_from_slice(&program[..16]);
    file[0x10..0x12].copy_from_slice(&PRX.to_le_bytes());
    file[0x12..0x14].copy_from_slice(&MIPS.to_le_bytes());
    let words = [1, elf.entry, int(HEADER_LEN), int(section_table), elf.flags];
    put_words(&mut file[0x14..], &words);
    let halves = [HEADER_LEN, PROGRAM_HEADER_LEN, 1, SECTION_HEADER_LEN, headers.len(), headers.len() - 1];
    for (place, number) in file[0x28..].chunks_exact_mut(2).zip(halves) {
        place.copy_from_slice(&half(number));
    }
    const READ_AND_EXECUTE: u32 = 5;
    let is_for_kernel = half_at(&segment, info.address as usize) & KERNEL_ATTRIBUTE != 0;
    let physical = if is_for_kernel { KERNEL } else { 0 } | (int(start) + info.address);
    let load =
        [LOAD, int(start), 0, physical, int(segment.len()), memory_len, READ_AND_EXECUTE, int(SEGMENT_ALIGN)];
    put_words(&mut file[HEADER_LEN..], &load);
    Ok(file)
}

/// Two bytes of the segment; 0 past its end.
fn half_at(segment: &[u8], at: usize) -> u16 {
    segment.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

/// The segment's contents, placed by address, and its length in memory.
fn segment(elf: &Elf<'_>, kept: &[usize]) -> Result<(Vec<u8>, u32), PackError> {
    let mut sections: Vec<&Section<'_>> = kept.iter().map(|&number| &elf.sections[number]).collect();
    sections.sort_by_key(|section| (section.address, section.len));
    let mut bytes = Vec::new();
    let mut end = 0;
    for (number, section) in sections.into_iter().enumerate() {
        let wrong = || PackError::Addresses { section: section.name.to_owned(), address: section.address };
        if (number == 0 && section.address != 0)
            || u64::from(section.address) < end
            || section.end() > 1 << 30
        {
            return Err(wrong());
        }
        if section.kind != kind::ZEROED && section.len > 0 {
            bytes.resize(section.address as usize, 0);
            bytes.extend(elf.content(section)?);
            if section.is_code() {
                clear_gaps(&mut bytes[section.address as usize..]);
            }
        }
        end = section.end();
    }
    Ok((bytes, u32::try_from(end).unwrap_or(u32::MAX)))
}

/// Neighbouring sections of the same kind, as they appear in the module's file.
struct Part {
    name: &'static str,
    kind: u32,
    flags: u32,
    address: u32,
    end: u32,
}

/// The sections of the program, ordered by address and joined by kind.
fn parts(elf: &Elf<'_>, kept: &[usize]) -> Vec<Part> {
    let mut sections: Vec<&Section<'_>> = kept.iter().map(|&number| &elf.sections[number]).collect();
    sections.retain(|section| section.len > 0);
    sections.sort_by_key(|section| section.address);
    let mut parts: Vec<Part> = Vec::new();
    for section in sections {
        let flags = section.flags & (flag::WRITE | flag::ALLOC | flag::EXECUTE);
        let end = section.address + section.len;
        match parts.last_mut() {
            Some(last) if (last.kind, last.flags) == (section.kind, flags) => last.end = end,
            _ => {
                let name = match (section.kind, flags & flag::EXECUTE, flags & flag::WRITE) {
                    (kind::ZEROED, ..) => ".bss",
                    (_, 0, 0) => ".rodata",
                    (_, 0, _) => ".data",
                    _ => ".text",
                };
                parts.push(Part { name, kind: section.kind, flags, address: section.address, end });
            }
        }
    }
    parts
}

/// Fills the gaps between functions with zeros, which are instructions that do nothing. The linker fills
/// them with an instruction of MIPS32 release 6 that signals an error; no compiled code contains it.
fn clear_gaps(code: &mut [u8]) {
    const FILLER: u32 = 0x0417_0001;
    for word in code.chunks_exact_mut(4) {
        if *word == FILLER.to_le_bytes() {
            word.fill(0);
        }
    }
}

/// The relocations of a relocation section in PRX form; none for other sections.
fn relocations(elf: &Elf<'_>, section: &Section<'_>) -> Result<Vec<Relocation>, PackError> {
    let target = elf.sections.get(section.info as usize);
    let Some(target) = target.filter(|target| target.is_allocated()) else {
        return Ok(Vec::new());
    };
    if section.kind != kind::RELOCATIONS {
        return Ok(Vec::new());
    }
    let symbols = elf.sections.get(section.link as usize).filter(|symbols| symbols.kind == kind::SYMBOLS);
    let symbols = symbols.map(|symbols| elf.symbol_sections(symbols)).transpose()?.unwrap_or_default();
    let mut kept = Vec::new();
    let mut high: Option<Relocation> = None;
    for entry in elf.relocations(section)? {
        // Undefined (a weak function that is missing) and absolute symbols do not move with the module.
        let home = symbols.get(entry.symbol() as usize).copied().unwrap_or(0);
        if home == 0 || home == 0xFFF1 {
            continue;
        }
        match entry.kind() {
            // PC-relative values move along with the code.
            relocation::NONE | relocation::BRANCH => continue,
            relocation::WORD | relocation::JUMP => {}
            relocation::HIGH => {
                // The loader takes the lower half from the next entry that is not an upper half.
                if high.is_some_and(|high| high.symbol() != entry.symbol()) {
                    return Err(PackError::HalfAddress { address: entry.offset });
                }
                high = Some(entry);
            }
            relocation::LOW => {
                if high.is_some_and(|high| high.symbol() != entry.symbol()) {
                    return Err(PackError::HalfAddress { address: entry.offset });
                }
                high = None;
            }
            kind => {
                let section = target.name.to_owned();
                return Err(PackError::Relocation { section, address: entry.offset, kind });
            }
        }
        if let (Some(high), relocation::WORD | relocation::JUMP) = (high, entry.kind()) {
            return Err(PackError::HalfAddress { address: high.offset });
        }
        // The segment numbers replace the symbol; there is only one segment, so both refer to it.
        kept.push(Relocation { offset: entry.offset, info: entry.kind().into() });
    }
    match high {
        Some(high) => Err(PackError::HalfAddress { address: high.offset }),
        None => Ok(kept),
    }
}

/// Turns the jump at `address`, a `j` or `jal`, into a branch to the same place, if it is near enough. Both
/// kinds first run the instruction in their delay slot, and leave the same return address.
fn branch_instead(segment: &mut [u8], address: u32) -> bool {
    const JUMP: u32 = 0x02;
    const JUMP_AND_LINK: u32 = 0x03;
    /// `beq $zero, $zero` and `bgezal $zero`, which always branch.
    const BRANCH: u32 = 0x1000_0000;
    const BRANCH_AND_LINK: u32 = 0x0411_0000;
    let Some(bytes) = segment.get_mut(address as usize..).and_then(|rest| rest.first_chunk_mut::<4>()) else {
        return false;
    };
    let jump = u32::from_le_bytes(*bytes);
    let branch = match jump >> 26 {
        JUMP => BRANCH,
        JUMP_AND_LINK => BRANCH_AND_LINK,
        _ => return false,
    };
    // Both addresses count instructions from the start of the segment, which is linked at 0.
    let target = i64::from(jump & 0x03FF_FFFF);
    let Ok(distance) = i16::try_from(target - i64::from(address / 4 + 1)) else { return false };
    *bytes = (branch | u32::from(distance.cast_unsigned())).to_le_bytes();
    true
}

/// The section names, one after another.
struct Names {
    bytes: Vec<u8>,
}

impl Default for Names {
    fn default() -> Self {
        Self { bytes: vec![0] }
    }
}

impl Names {
    fn add(&mut self, name: &str) -> u32 {
        let at = self.bytes.len();
        self.bytes.extend(name.bytes());
        self.bytes.push(0);
        int(at)
    }
}

/// A position in a file that is a few KiB long.
fn int(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn put_words(out: &mut [u8], words: &[u32]) {
    for (place, word) in out.chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf;

    #[test]
    fn a_file_that_is_no_program_is_refused() {
        assert_eq!(pack(b"MZ"), Err(PackError::Elf(ElfError::Magic)));
        let mut header = vec![0; elf::HEADER_LEN];
        header[..7].copy_from_slice(b"\x7FELF\x01\x01\x01");
        assert_eq!(pack(&header), Err(PackError::Elf(ElfError::NoSectionNames)));
    }
}
