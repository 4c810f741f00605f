//! PRX files: the parts that the kernel's loader uses (psp contract, section 5.1).
//!
//! [`Prx::parse`] reads the file, [`relocation`] moves the image to its address, [`library`] lists a module's
//! imports from the kernel and its exports.

mod elf;
pub mod library;
pub mod relocation;

pub use elf::{Prx, PrxError};
pub use library::{Export, Import, ModuleInfo};

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
