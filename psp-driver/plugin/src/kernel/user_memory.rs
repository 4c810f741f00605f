//! Which memory a caller may name.

unsafe extern "C" {
    safe fn cisor_k1() -> u32;
}

/// The rights of the caller whose call is being served.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    k1: u32,
}

impl Caller {
    /// The caller of the current driver entry. The kernel's I/O functions prepared `$k1`: its highest bit
    /// is set if a program in user mode called.
    pub(crate) fn of_entry() -> Self {
        Self { k1: cisor_k1() }
    }

    /// The caller of an exported function, from the `$k1` that the entry code prepared.
    pub(crate) const fn of_syscall(k1: u32) -> Self {
        Self { k1 }
    }

    /// Returns whether the caller may name `len` bytes at `address`: a program in user mode may only name
    /// addresses below 0x80000000.
    pub(crate) fn may_name(self, address: u32, len: u32) -> bool {
        const KERNEL: u32 = 1 << 31;
        match address.checked_add(len) {
            Some(end) => self.k1 & KERNEL == 0 || (address | end | len) & KERNEL == 0,
            None => false,
        }
    }
}
