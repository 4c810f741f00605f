//! PRX files: what the kernel's loader takes from them (psp contract, section 5.1).
//!
//! [`Prx::parse`] reads the file, [`relocation`] moves the image to its address, [`library`] lists what a
//! module wants from the kernel and what it offers.

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
