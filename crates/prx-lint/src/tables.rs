//! The tables inside a module: its description, what it exports, what it imports.

use std::collections::HashSet;

use crate::elf::{half, word};
use crate::finding::Finding;
use crate::purpose::Purpose;

const MODULE_INFO_LEN: u32 = 0x34;
const EXPORT_LEN: usize = 16;
const IMPORT_LEN: usize = 20;
const STUB_LEN: u32 = 8;
/// The contents of a stub in the file: `jr $ra`, `nop`. Between kernel modules the loader overwrites only the
/// first word with its jump, and the second runs in the delay slot of every call (uofw,
/// src/loadcore/loadcore.c:2095).
const STUB: [u32; 2] = [0x03E0_0008, 0];

const MODULE_START: u32 = 0xD632_ACDB;
const MODULE_STOP: u32 = 0xCEE8_593C;
const MODULE_INFO: u32 = 0xF01D_73A7;
const SDK_VERSION: u32 = 0x11B9_7506;

/// The module's memory as the loader sets it up at address 0, and which words it relocates.
pub(crate) struct Image<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) memory_len: u32,
    /// Addresses of the words that a relocation turns into whole addresses.
    pub(crate) words: HashSet<u32>,
    /// Where code is: start and end of each section.
    pub(crate) code: Vec<(u32, u64)>,
}

/// A function or a library that a module exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Name of the library; empty for the module's own entry points.
    pub library: String,
    /// Numbers of the functions.
    pub functions: Vec<u32>,
    /// Numbers of the variables.
    pub variables: Vec<u32>,
}

/// The contents of the tables.
#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) name: String,
    pub(crate) exports: Vec<Export>,
    pub(crate) imports: Vec<String>,
    /// Start and end of each table of stubs.
    pub(crate) stubs: Vec<(u32, u32)>,
}

impl Image<'_> {
    fn part(&self, address: u32, len: u32) -> Option<&[u8]> {
        let end = address.checked_add(len)?;
        self.bytes.get(address as usize..end as usize)
    }

    fn text(&self, address: u32) -> Option<&str> {
        let rest = self.bytes.get(address as usize..)?;
        let len = rest.iter().position(|&byte| byte == 0)?;
        core::str::from_utf8(&rest[..len]).ok().filter(|text| !text.is_empty())
    }

    fn is_code(&self, address: u32) -> bool {
        address.is_multiple_of(4)
            && self.code.iter().any(|&(start, end)| start <= address && u64::from(address) < end)
    }

    /// Checks that a field with an address moves with the module.
    fn relocated(&self, address: u32, field: &'static str, findings: &mut Vec<Finding>) {
        if !self.words.contains(&address) {
            findings.push(Finding::NotRelocated { address, field });
        }
    }
}

/// Reads the description at `info` and everything that it points to.
pub(crate) fn read(image: &Image<'_>, info: u32, purpose: Purpose, findings: &mut Vec<Finding>) -> Tables {
    let mut tables = Tables::default();
    let Some(fields) = image.part(info, MODULE_INFO_LEN).filter(|_| info.is_multiple_of(4)) else {
        findings.push(Finding::ModuleInfoPlace(info));
        return tables;
    };
    let attribute = half(fields, 0);
    let expected = if purpose == Purpose::Plugin { 0x1000 } else { 0 };
    if attribute != expected {
        findings.push(Finding::Attribute(attribute));
    }
    match core::str::from_utf8(&fields[4..0x20]).ok().and_then(|text| text.split_once('\0')) {
        Some((name, rest)) if !name.is_empty() && rest.bytes().all(|byte| byte == 0) => {
            tables.name = name.to_owned();
        }
        _ => findings.push(Finding::ModuleName),
    }
    for at in [0x24, 0x28, 0x2C, 0x30] {
        image.relocated(info + at, "a table of the module's description", findings);
    }
    exports(image, (word(fields, 0x24), word(fields, 0x28)), info, purpose, &mut tables, findings);
    imports(image, (word(fields, 0x2C), word(fields, 0x30)), purpose, &mut tables, findings);
    tables
}

fn exports(
    image: &Image<'_>,
    (top, end): (u32, u32),
    info: u32,
    purpose: Purpose,
    tables: &mut Tables,
    findings: &mut Vec<Finding>,
) {
    let Some(entries) = image.part(top, end.wrapping_sub(top)).filter(|part| part.len() % EXPORT_LEN == 0)
    else {
        findings.push(Finding::ExportEntry { number: 0, what: "the table is not inside the segment" });
        return;
    };
    let mut own = None;
    for (number, (entry, address)) in
        entries.chunks_exact(EXPORT_LEN).zip((top..).step_by(EXPORT_LEN)).enumerate()
    {
        let mut wrong = |what| findings.push(Finding::ExportEntry { number, what });
        let (name, attribute) = (word(entry, 0), half(entry, 6));
        let (variables, functions) = (u32::from(entry[9]), u32::from(half(entry, 10)));
        if entry[8] != 4 {
            wrong("its length is not four words");
        }
        let library = match (name, attribute) {
            (0, 0x8000) => String::new(),
            (0, _) => {
                wrong("an entry without a name must have attribute 0x8000");
                String::new()
            }
            (_, 0x0001 | 0x4001) => image.text(name).unwrap_or_default().to_owned(),
            _ => {
                wrong("its attribute is neither 0x0001 nor 0x4001");
                String::new()
            }
        };
        if name != 0 && library.is_empty() {
            wrong("its name cannot be read");
        }
        let count = variables + functions;
        let table = word(entry, 12);
        // Function numbers, variable numbers, then the addresses of both in the same order.
        let Some(words) = image.part(table, 8 * count) else {
            wrong("its table is not inside the segment");
            continue;
        };
        let value = |slot: u32| word(words, 4 * slot as usize);
        if (0..functions).any(|slot| !image.is_code(value(count + slot))) {
            wrong("a function is not in the code");
        }
        let export = Export {
            library,
            functions: (0..functions).map(value).collect(),
            variables: (functions..count).map(value).collect(),
        };
        if name != 0 {
            image.relocated(address, "the name of an exported library", findings);
        }
        image.relocated(address + 12, "the table of an exported library", findings);
        for slot in count..2 * count {
            image.relocated(table + 4 * slot, "an exported address", findings);
        }
        if name == 0 {
            let info_slot = export.variables.iter().position(|&nid| nid == MODULE_INFO);
            own = Some((
                export.clone(),
                info_slot.map(|slot| words[4 * (count + functions) as usize..][4 * slot..][..4].to_vec()),
            ));
        }
        tables.exports.push(export);
    }
    let (own, info_address) = own
        .unwrap_or((Export { library: String::new(), functions: Vec::new(), variables: Vec::new() }, None));
    for (nid, name) in [(MODULE_START, "module_start"), (MODULE_STOP, "module_stop")] {
        // Programs are ended by the kernel rather than asked to stop.
        let is_needed = purpose == Purpose::Plugin || nid == MODULE_START;
        if is_needed && !own.functions.contains(&nid) {
            findings.push(Finding::MissingExport { nid, name });
        }
    }
    if info_address.is_none_or(|bytes| word(&bytes, 0) != info) {
        findings.push(Finding::MissingExport { nid: MODULE_INFO, name: "module_info" });
    }
    if own.variables.contains(&SDK_VERSION) {
        findings.push(Finding::SdkVersion);
    }
}

fn imports(
    image: &Image<'_>,
    (top, end): (u32, u32),
    purpose: Purpose,
    tables: &mut Tables,
    findings: &mut Vec<Finding>,
) {
    let entries = image.part(top, end.wrapping_sub(top)).filter(|part| part.len() % IMPORT_LEN == 0);
    let Some(entries) = entries else {
        let what = "the table is not inside the segment";
        findings.push(Finding::ImportEntry { library: String::new(), what });
        return;
    };
    for (entry, address) in entries.chunks_exact(IMPORT_LEN).zip((top..).step_by(IMPORT_LEN)) {
        let library = image.text(word(entry, 0)).unwrap_or_default().to_owned();
        let mut wrong = |what| findings.push(Finding::ImportEntry { library: library.clone(), what });
        let functions = u32::from(half(entry, 10));
        if entry[8] != 5 || entry[9] != 0 {
            wrong("its length is not five words, or it imports variables");
        }
        if !matches!(half(entry, 4), 0x0000 | 0x0011) {
            wrong("its version is neither 0 nor 0x11");
        }
        // Programs reach most libraries through syscalls (0x4000), and the kernel's memory functions without
        // them.
        let is_known = match purpose {
            Purpose::Plugin => matches!(half(entry, 6), 0x0001 | 0x0009),
            Purpose::Program => matches!(half(entry, 6), 0x4000 | 0x4001 | 0x4009),
        };
        if !is_known {
            wrong("its attribute is neither strong (1) nor weak (9)");
        }
        if functions == 0 {
            wrong("no function is imported");
        }
        let (nids, stubs) = (word(entry, 12), word(entry, 16));
        match image.part(nids, 4 * functions) {
            Some(words) => {
                let unique: HashSet<&[u8]> = words.chunks_exact(4).collect();
                if unique.len() != functions as usize {
                    wrong("a function is imported twice");
                }
            }
            None => wrong("its numbers are not inside the segment"),
        }
        let stubs_end = stubs.saturating_add(STUB_LEN * functions);
        let stub_bytes = image.part(stubs, STUB_LEN * functions);
        if stub_bytes.is_none() || !image.is_code(stubs) {
            wrong("its stubs are not in the code");
        }
        if tables.stubs.iter().any(|&(start, end)| start < stubs_end && stubs < end) {
            wrong("its stubs overlap those of another library");
        }
        // Libraries for programs are reached through syscalls, and kernel modules may not link to them.
        if purpose == Purpose::Plugin && !library.ends_with("ForKernel") {
            findings.push(Finding::ImportLibrary(library.clone()));
        }
        for at in [0, 12, 16] {
            image.relocated(address + at, "an address of an import", findings);
        }
        let stub_words = stub_bytes.unwrap_or_default().chunks_exact(STUB_LEN as usize);
        for (address, stub) in (stubs..).step_by(STUB_LEN as usize).zip(stub_words) {
            let words = [word(stub, 0), word(stub, 4)];
            let moves = image.words.contains(&address) || image.words.contains(&(address + 4));
            if words != STUB || moves {
                findings.push(Finding::Stub { library: library.clone(), address, words });
            }
        }
        tables.stubs.push((stubs, stubs_end));
        tables.imports.push(library);
    }
}
