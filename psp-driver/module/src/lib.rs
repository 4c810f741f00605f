//! The tables that the PSP's kernel loads a module by: its description, exports, and imports. [`sys`]
//! declares the firmware's functions that can be imported.
//!
//! Both macros generate assembly, the only way to choose the section of each word; the crate that uses them
//! needs `#![feature(asm_experimental_arch)]`. The layout of the tables is that of firmware 6.60 and 6.61.
#![no_std]

pub mod sys;

/// How a library is imported: its attributes and, in the lower half, the requested version. Version 0 links
/// with every version of a library.
pub mod link {
    /// From a kernel library, with jumps.
    pub const KERNEL: u32 = 0x0001_0000;
    /// The same, if the library exists; else calls of it return an error.
    pub const KERNEL_WEAK: u32 = 0x0009_0000;
    /// From the one library that is imported with its version, as the kernel's own modules do.
    pub const KERNEL_VERSION_11: u32 = 0x0001_0011;
    /// From a library for programs, with syscalls.
    pub const USER: u32 = 0x4001_0000;
    /// The same, if the library exists; else calls of it return an error.
    pub const USER_WEAK: u32 = 0x4009_0000;
    /// From a library for programs that is called with jumps.
    pub const USER_BY_JUMPS: u32 = 0x4000_0000;
}

/// Imports functions from a library: `imports!("sceCtrl", link::USER, { sceCtrlReadLatch = 0x0B58_8501 });`.
///
/// Each becomes a symbol that can be declared in an `extern` block. The table of each library is one
/// section, so the linker keeps or drops it as a whole.
#[macro_export]
macro_rules! imports {
    ($name:literal, $link:expr, { $($function:ident = $number:literal),* $(,)? }) => {
        ::core::arch::global_asm!(
            concat!(
                ".section .rodata.sceResident.", $name, ", \"a\", @progbits\n",
                ".Lname_", $name, ": .asciz \"", $name, "\"\n",
                ".p2align 2\n",
                ".section .rodata.sceNid.", $name, ", \"a\", @progbits\n",
                ".p2align 2\n",
                ".Lnids_", $name, ":\n",
                $(".word ", $number, "\n",)*
                ".section .sceStub.text.", $name, ", \"ax\", @progbits\n",
                ".p2align 2\n",
                ".Lstubs_", $name, ":\n",
                // The kernel writes a jump over the first word of each stub, and between kernel modules
                // over that word only (uofw, src/loadcore/loadcore.c:2095): the second runs in the delay
                // slot of every call. So both words are the same as in any other module: `jr $ra`, `nop`.
                $(".globl ", stringify!($function), "\n",
                  stringify!($function), ": .word 0x03E00008, 0\n",)*
                // Keeping the stubs also keeps the tables: this relocation does not change any word.
                ".reloc .Lstubs_", $name, ", R_MIPS_NONE, .Lentry_", $name, "\n",
                ".section .lib.stub.entry.", $name, ", \"a\", @progbits\n",
                ".p2align 2\n",
                ".Lentry_", $name, ":\n",
                ".word .Lname_", $name, "\n",
                ".word {link}\n",
                ".byte 5, 0\n",
                ".2byte {count}\n",
                ".word .Lnids_", $name, ", .Lstubs_", $name, "\n",
            ),
            link = const $link,
            count = const {
                let numbers: &[u32] = &[$($number),*];
                numbers.len()
            },
        );
    };
}

/// Describes the module: its name (at most 27 letters), its attributes (0x1000 for one that runs in the
/// kernel, 0 for a program), and the symbols of its own entries. An exported library may follow: its name,
/// its attributes and version, and its functions, each with its number.
///
/// ```text
/// module!("Example", 0x1000, { module_start = 0xD632_ACDB });
/// ```
#[macro_export]
macro_rules! module {
    ($name:literal, $attributes:literal, { $($entry:ident = $entry_number:literal),* $(,)? }
     $(, $library:literal, $version:literal, { $($function:ident = $number:literal),* $(,)? })?) => {
        ::core::arch::global_asm!(
            concat!(
                ".section .rodata.sceModuleInfo, \"0x102\", @progbits\n",
                ".p2align 4\n",
                ".Lmodule_info:\n",
                ".2byte ", $attributes, "\n",
                ".byte 0, 1\n", // version 1.0
                ".ascii \"", $name, "\"\n",
                ".space 28 - {name_len}\n",
                ".word 0\n", // nothing is addressed relative to $gp
                ".word __lib_ent_top, __lib_ent_bottom, __lib_stub_top, __lib_stub_bottom\n",

                ".section .lib.ent.top, \"a\", @progbits\n",
                ".p2align 2\n",
                ".word 0\n",
                "__lib_ent_top:\n",
                ".section .lib.ent, \"a\", @progbits\n",
                ".p2align 2\n",
                ".word 0\n", // the module's own entries have no name
                ".2byte 0, 0x8000\n",
                ".byte 4, 1\n",
                ".2byte {entries}\n",
                ".word .Lmodule_exports\n",
                $(
                    ".word .Llibrary_name\n",
                    ".word ", $version, "\n",
                    ".byte 4, 0\n",
                    ".2byte {functions}\n",
                    ".word .Llibrary_exports\n",
                )?
                ".section .lib.ent.btm, \"a\", @progbits\n",
                ".p2align 2\n",
                "__lib_ent_bottom:\n",
                ".word 0\n",

                ".section .lib.stub.top, \"a\", @progbits\n",
                ".p2align 2\n",
                "__lib_stub_top:\n",
                ".section .lib.stub.btm, \"a\", @progbits\n",
                ".p2align 2\n",
                "__lib_stub_bottom:\n",
                ".word 0\n",

                ".section .rodata.sceResident, \"a\", @progbits\n",
                ".p2align 2\n",
                ".Lmodule_exports:\n",
                $(".word ", $entry_number, "\n",)*
                ".word 0xF01D73A7\n", // the description above, a variable
                $(".word ", stringify!($entry), "\n",)*
                ".word .Lmodule_info\n",
                $(
                    ".Llibrary_name:\n",
                    ".asciz \"", $library, "\"\n",
                    ".p2align 2\n",
                    ".Llibrary_exports:\n",
                    $(".word ", $number, "\n",)*
                    $(".word ", stringify!($function), "\n",)*
                )?
            ),
            name_len = const $name.len(),
            entries = const {
                let numbers: &[u32] = &[$($entry_number),*];
                numbers.len()
            },
            $(functions = const {
                let numbers: &[u32] = &[$($number),*];
                numbers.len()
            },)?
        );
    };
}
