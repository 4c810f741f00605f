//! What a module is for, and how large it may be.

/// The largest plugin file, in bytes: it is read into memory as a whole before it is loaded.
pub const MAX_FILE_LEN: usize = 48 * 1024;

/// The most memory that a plugin's code and data may take, in bytes.
pub const MAX_MEMORY_LEN: u32 = 64 * 1024;

/// The largest program file, in bytes.
pub const MAX_PROGRAM_FILE_LEN: usize = 1 << 20;

/// The most memory that a program's code and data may take, in bytes.
pub const MAX_PROGRAM_MEMORY_LEN: u32 = 2 << 20;

/// What a module is for, which determines the rules for loading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A plugin, which runs in the kernel and has little room there.
    Plugin,
    /// A program, which users start and which can use the rest of the memory.
    Program,
}

impl Purpose {
    /// The largest file and the most memory, in bytes.
    pub(crate) const fn limits(self) -> (usize, u32) {
        match self {
            Self::Plugin => (MAX_FILE_LEN, MAX_MEMORY_LEN),
            Self::Program => (MAX_PROGRAM_FILE_LEN, MAX_PROGRAM_MEMORY_LEN),
        }
    }
}
