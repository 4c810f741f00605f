//! Checks a module the way the kernel's loader does.
//!
//! The rules are those of the loader of firmware 6.60, and of the custom firmwares through which plugins are
//! loaded (docs/psp-driver.md names the sources).

use std::collections::HashSet;

use crate::elf::{Elf, LOAD, MIPS, PRX, Section, Segment, kind, relocation, word};
use crate::finding::Finding;
use crate::instruction;
use crate::purpose::Purpose;
use crate::tables::{self, Export, Image};

/// The shortest file that custom firmwares accept, in bytes.
const MIN_FILE_LEN: usize = 256;
/// The loader refuses sections whose position, length or end is this or more.
const SECTION_LIMIT: u32 = 0x0200_0000;
const SEGMENT_MASK: u32 = 0x1FFF_FFFF;

/// Properties of a valid module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its name.
    pub name: String,
    /// Length of the file in bytes.
    pub file_len: usize,
    /// Bytes that it occupies in memory.
    pub memory_len: u32,
    /// How many of these are code.
    pub code_len: u32,
    /// How many of these are zeroed and not in the file.
    pub zeroed_len: u32,
    /// What it exports.
    pub exports: Vec<Export>,
    /// The libraries it imports from.
    pub imports: Vec<String>,
}

/// Checks a plugin.
///
/// # Errors
///
/// All problems, in no particular order.
pub fn check(file: &[u8]) -> Result<Facts, Vec<Finding>> {
    check_for(Purpose::Plugin, file)
}

/// Checks a module by the rules for its purpose.
///
/// # Errors
///
/// All problems, in no particular order.
pub fn check_for(purpose: Purpose, file: &[u8]) -> Result<Facts, Vec<Finding>> {
    let elf = Elf::parse(file).map_err(|error| vec![Finding::Elf(error)])?;
    let mut findings = Vec::new();
    header(&elf, purpose, &mut findings);
    let mut loads = elf.segments.iter().filter(|segment| segment.kind == LOAD);
    let (Some(segment), None) = (loads.next(), loads.next()) else {
        findings.push(Finding::Segments(elf.segments.iter().filter(|segment| segment.kind == LOAD).count()));
        return Err(findings);
    };
    let bytes = load(&elf, segment, purpose, &mut findings);
    sections(&elf, segment, &mut findings);
    let words = relocations(&elf, segment, &mut findings);
    let code = elf.sections.iter().filter(|section| section.is_code());
    let code = code.map(|section| (section.address, section.end())).collect();
    let image = Image { bytes, memory_len: segment.memory_len, words, code };
    let info = (segment.physical & SEGMENT_MASK).wrapping_sub(segment.offset);
    let tables = tables::read(&image, info, purpose, &mut findings);
    instructions(&image, &mut findings);
    let (code_len, zeroed_len) = lengths(&elf);
    if findings.is_empty() {
        Ok(Facts {
            name: tables.name,
            file_len: file.len(),
            memory_len: image.memory_len,
            code_len,
            zeroed_len,
            exports: tables.exports,
            imports: tables.imports,
        })
    } else {
        Err(findings)
    }
}

fn header(elf: &Elf<'_>, purpose: Purpose, findings: &mut Vec<Finding>) {
    if elf.kind != PRX {
        findings.push(Finding::FileType(elf.kind));
    }
    if elf.machine != MIPS {
        findings.push(Finding::Machine(elf.machine));
    }
    let len = elf.file.len();
    let (max, _) = purpose.limits();
    if len > max {
        findings.push(Finding::FileTooLong { len, max });
    }
    if len < MIN_FILE_LEN {
        findings.push(Finding::FileTooShort(len));
    }
}

/// Checks the segment and returns its bytes in the file.
fn load<'a>(elf: &Elf<'a>, segment: &Segment, purpose: Purpose, findings: &mut Vec<Finding>) -> &'a [u8] {
    const KERNEL: u32 = 1 << 31;
    if segment.physical == segment.address {
        findings.push(Finding::PhysicalAddress(segment.physical));
    }
    match (purpose, segment.physical & KERNEL) {
        (Purpose::Plugin, 0) => findings.push(Finding::NotMarkedForKernel(segment.physical)),
        (Purpose::Program, KERNEL) => findings.push(Finding::MarkedForKernel(segment.physical)),
        _ => {}
    }
    let (_, max) = purpose.limits();
    if segment.memory_len > max {
        findings.push(Finding::MemoryTooLong { len: segment.memory_len, max });
    }
    let start = segment.offset as usize;
    let bytes = start.checked_add(segment.file_len as usize).and_then(|end| elf.file.get(start..end));
    match bytes {
        Some(bytes) if segment.file_len <= segment.memory_len => bytes,
        _ => {
            let (file, memory) = (segment.file_len, segment.memory_len);
            findings.push(Finding::SegmentLengths { file, memory });
            &[]
        }
    }
}

fn sections(elf: &Elf<'_>, segment: &Segment, findings: &mut Vec<Finding>) {
    let last = elf.sections.len().saturating_sub(1);
    for (number, section) in elf.sections.iter().enumerate() {
        let outside = || Finding::SectionOutside {
            section: section.name.to_owned(),
            address: section.address,
            len: section.len,
        };
        if section.offset >= SECTION_LIMIT
            || section.len >= SECTION_LIMIT
            || section.offset + section.len >= SECTION_LIMIT
            || (number > 0 && section.name.is_empty())
        {
            let section = section.name.to_owned();
            findings.push(Finding::SectionHeader { number, section });
        } else if section.is_allocated() {
            let in_file = section.kind != kind::ZEROED && section.len > 0;
            // The loader uses file positions as addresses, so the two must differ by the same number
            // everywhere.
            let moved = in_file
                && u64::from(section.offset)
                    != u64::from(segment.offset) + u64::from(section.address) - u64::from(segment.address);
            let limit = if in_file { segment.file_len } else { segment.memory_len };
            if moved
                || section.address < segment.address
                || section.end() > u64::from(segment.address) + u64::from(limit)
            {
                findings.push(outside());
            }
        } else {
            let needed = matches!(section.kind, kind::NULL | kind::PRX_RELOCATIONS) || number == last;
            if !needed || (number == last && section.kind != kind::STRINGS) {
                findings.push(Finding::DebugSection(section.name.to_owned()));
            }
        }
    }
}

/// Checks all relocations and returns the addresses of the words that they turn into addresses.
fn relocations(elf: &Elf<'_>, segment: &Segment, findings: &mut Vec<Finding>) -> HashSet<u32> {
    let mut words = HashSet::new();
    for section in elf.sections.iter().filter(|section| section.kind == kind::PRX_RELOCATIONS) {
        let target = elf.sections.get(section.info as usize);
        if section.offset == 0 || section.entry_len != 8 || !target.is_some_and(Section::is_allocated) {
            findings.push(Finding::RelocationTable(section.name.to_owned()));
        }
        let Ok(entries) = elf.relocations(section) else {
            findings.push(Finding::RelocationTable(section.name.to_owned()));
            continue;
        };
        let mut high = None;
        for entry in entries {
            let address = entry.offset;
            let in_file = u64::from(address) + 4 <= u64::from(segment.file_len);
            if entry.symbol() != 0 || !address.is_multiple_of(4) || !in_file {
                findings.push(Finding::RelocationPlace { address });
            }
            match entry.kind() {
                relocation::WORD => {
                    words.insert(address);
                }
                relocation::JUMP => {}
                relocation::HIGH => {
                    high = high.or(Some(address));
                    continue;
                }
                relocation::LOW => high = None,
                kind => findings.push(Finding::RelocationKind { address, kind }),
            }
            if let Some(address) = high.take() {
                findings.push(Finding::HalfAddress { address });
            }
        }
        if let Some(address) = high {
            findings.push(Finding::HalfAddress { address });
        }
    }
    words
}

fn instructions(image: &Image<'_>, findings: &mut Vec<Finding>) {
    for &(start, end) in &image.code {
        let end = usize::try_from(end).unwrap_or(usize::MAX);
        let Some(code) = image.bytes.get(start as usize..end) else { continue };
        for (address, bytes) in (start..).step_by(4).zip(code.chunks_exact(4)) {
            let word = word(bytes, 0);
            if !instruction::is_known(word) {
                findings.push(Finding::Instruction { address, word });
            }
        }
    }
}

fn lengths(elf: &Elf<'_>) -> (u32, u32) {
    let sum = |wanted: &dyn Fn(&&Section<'_>) -> bool| {
        elf.sections.iter().filter(|section| wanted(section)).map(|section| section.len).sum()
    };
    (
        sum(&|section| section.is_code()),
        sum(&|section| section.is_allocated() && section.kind == kind::ZEROED),
    )
}
