//! What can be wrong with a module, with the numbers that a person needs.

use core::fmt;

use crate::elf::ElfError;

/// Something that the kernel's loader, a custom firmware or the console itself would not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// The file cannot be parsed.
    Elf(ElfError),
    /// The file's type is not that of a module.
    FileType(u16),
    /// The file is for another processor.
    Machine(u16),
    /// The file is larger than a plugin should be.
    FileTooLong {
        /// Bytes.
        len: usize,
        /// The most that is allowed.
        max: usize,
    },
    /// Custom firmwares read the first 256 bytes and require all of them.
    FileTooShort(usize),
    /// The module takes more of the kernel's memory than it should.
    MemoryTooLong {
        /// Bytes.
        len: u32,
        /// The most that is allowed.
        max: u32,
    },
    /// The number of segments to load is not one.
    Segments(usize),
    /// The segment's address and physical address are equal, which means that the file is not a module.
    PhysicalAddress(u32),
    /// Bit 31 of the physical address is not set, but must be in a kernel module.
    NotMarkedForKernel(u32),
    /// Bit 31 of the physical address is set, but must not be in a program.
    MarkedForKernel(u32),
    /// The segment is longer in the file than in memory, or not completely in the file.
    SegmentLengths {
        /// Bytes in the file.
        file: u32,
        /// Bytes in memory.
        memory: u32,
    },
    /// A section that belongs in memory is not covered by the segment, or is somewhere else in the file.
    SectionOutside {
        /// Its name.
        section: String,
        /// Its address.
        address: u32,
        /// Its length in bytes.
        len: u32,
    },
    /// The loader refuses sections with such a position, length or name.
    SectionHeader {
        /// Its number.
        number: usize,
        /// Its name, empty when it cannot be read.
        section: String,
    },
    /// A section for debuggers only: it would be read into memory with the rest.
    DebugSection(String),
    /// The module's description is not inside the segment, or not aligned to four bytes.
    ModuleInfoPlace(u32),
    /// The attribute does not say that the module is for the kernel, or has additional bits.
    Attribute(u16),
    /// The module's name is empty or not terminated by a NUL.
    ModuleName,
    /// A relocation table that the loader does not accept: its entries are not eight bytes long, or it is for
    /// a section that is not in memory.
    RelocationTable(String),
    /// The loader does not support this kind of relocation.
    RelocationKind {
        /// Address of what it changes.
        address: u32,
        /// Its kind.
        kind: u8,
    },
    /// A relocation refers to a segment that does not exist, or to a place outside the segment's part of the
    /// file.
    RelocationPlace {
        /// Address of what it changes.
        address: u32,
    },
    /// The upper half of an address is not followed by the lower half.
    HalfAddress {
        /// Address of the instruction with the upper half.
        address: u32,
    },
    /// A field with an address that is not relocated: it would be wrong wherever the module is loaded.
    NotRelocated {
        /// Address of the field.
        address: u32,
        /// What it is.
        field: &'static str,
    },
    /// An invalid entry of the export table.
    ExportEntry {
        /// Its number.
        number: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// The module does not export one of its required entry points.
    MissingExport {
        /// Number of the entry.
        nid: u32,
        /// Its name.
        name: &'static str,
    },
    /// The module says which SDK it was built for, so the firmware does not translate its imports.
    SdkVersion,
    /// An invalid entry of the import table.
    ImportEntry {
        /// The library, empty when its name cannot be read.
        library: String,
        /// What is wrong.
        what: &'static str,
    },
    /// The two words of an import's stub are not `jr $ra` and `nop`, or the loader relocates one of them. The
    /// loader overwrites only the first with a jump, so the second would run on every call.
    Stub {
        /// The library.
        library: String,
        /// Address of the stub.
        address: u32,
        /// What is there.
        words: [u32; 2],
    },
    /// A library that a kernel module must not import from.
    ImportLibrary(String),
    /// A code word that is not a known instruction of the console's processor.
    Instruction {
        /// Its address.
        address: u32,
        /// The word.
        word: u32,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elf(error) => error.fmt(f),
            Self::FileType(kind) => write!(f, "file type {kind:#06X}, expected 0xFFA0"),
            Self::Machine(machine) => write!(f, "for processor {machine}, expected 8 (MIPS)"),
            Self::FileTooLong { len, max } => write!(f, "the file has {len} bytes, allowed are {max}"),
            Self::FileTooShort(len) => write!(f, "the file has {len} bytes, needed are 256"),
            Self::MemoryTooLong { len, max } => {
                write!(f, "code and data take {len} bytes of memory, allowed are {max}")
            }
            Self::Segments(count) => write!(f, "{count} segments to load, expected one"),
            Self::PhysicalAddress(address) => {
                write!(f, "the physical address {address:#X} equals the address: not a module")
            }
            Self::MarkedForKernel(address) => {
                write!(f, "physical address {address:#010X} has bit 31, the mark of modules for the kernel")
            }
            Self::NotMarkedForKernel(address) => {
                write!(f, "bit 31 of the physical address {address:#X} is not set")
            }
            Self::SegmentLengths { file, memory } => {
                write!(f, "the segment has {file} bytes in the file and {memory} in memory")
            }
            Self::SectionOutside { section, address, len } => {
                write!(f, "section {section} ({len} bytes at {address:#X}) is not where the segment has it")
            }
            Self::SectionHeader { number, section } => {
                write!(f, "the header of section {number} ({section}) cannot be right")
            }
            Self::DebugSection(section) => write!(f, "section {section} is for debuggers only"),
            Self::ModuleInfoPlace(address) => write!(f, "the module's description cannot be at {address:#X}"),
            Self::Attribute(attribute) => write!(f, "module attribute {attribute:#06X}, expected 0x1000"),
            Self::ModuleName => f.write_str("the module's name is empty or has no end"),
            Self::RelocationTable(section) => {
                write!(f, "relocation table {section} is not one the loader takes")
            }
            Self::RelocationKind { address, kind } => {
                write!(f, "relocation at {address:#X} is of kind {kind}; known are 2, 4, 5, and 6")
            }
            Self::RelocationPlace { address } => {
                write!(f, "relocation at {address:#X} is outside the segment")
            }
            Self::HalfAddress { address } => {
                write!(f, "the upper half of an address at {address:#X} is not followed by its lower half")
            }
            Self::NotRelocated { address, field } => {
                write!(f, "{field} at {address:#X} is an address without a relocation")
            }
            Self::ExportEntry { number, what } => write!(f, "export entry {number}: {what}"),
            Self::MissingExport { nid, name } => write!(f, "{name} ({nid:#010X}) is not exported"),
            Self::SdkVersion => f.write_str("module_sdk_version is exported"),
            Self::ImportEntry { library, what } => write!(f, "import of {library}: {what}"),
            Self::Stub { library, address, words: [first, second] } => write!(
                f,
                "import of {library}: the stub at {address:#X} is {first:#010X}, {second:#010X}, expected 0x03E00008, 0"
            ),
            Self::ImportLibrary(library) => write!(f, "{library} is not a library for the kernel"),
            Self::Instruction { address, word } => {
                write!(
                    f,
                    "the word {word:#010X} at {address:#X} is no instruction that the console is known to have"
                )
            }
        }
    }
}
