//! Memory at chosen addresses, on 32-bit Linux: up to its very top, and down to the lowest that may be mapped.
//!
//! The kernel puts the first thread's stack at the top. Started by `setarch --3gb`, a process has it at 3 GiB instead, and
//! may give that limit up later.

#![allow(unsafe_code, reason = "asks the system for memory")]

use core::ffi::{c_int, c_ulong, c_void};

/// The first address past what a 32-bit process can map under a 64-bit Linux.
pub const TOP: usize = 0xFFFF_E000;

/// Where the kernel lets a process map at the lowest: `vm.mmap_min_addr` as it is set here and there.
pub const BOTTOMS: [usize; 2] = [0x1000, 0x1_0000];

unsafe extern "C" {
    fn mmap(
        at: *mut c_void,
        len: usize,
        protection: c_int,
        flags: c_int,
        file: c_int,
        offset: isize,
    ) -> *mut c_void;
    fn personality(wanted: c_ulong) -> c_int;
}

/// Maps zeros from `at` on, where nothing may be yet. Returns whether the system did.
pub fn map(at: usize, len: usize) -> bool {
    const READ_WRITE: c_int = 3;
    const PRIVATE_ANONYMOUS: c_int = 0x22;
    const FIXED_NO_REPLACE: c_int = 0x10_0000;
    const ASK: c_ulong = 0xFFFF_FFFF;
    const LIMIT_3GB: c_ulong = 0x800_0000;
    // SAFETY: new memory at a place where there is none touches nothing; the other call changes a limit only.
    unsafe {
        let now = personality(ASK);
        personality(now.cast_unsigned() as c_ulong & !LIMIT_3GB);
        let flags = PRIVATE_ANONYMOUS | FIXED_NO_REPLACE;
        mmap(core::ptr::without_provenance_mut(at), len, READ_WRITE, flags, -1, 0).addr() == at
    }
}
