//! Import stubs: which parts the linker writes, and which it leaves as in the file.

use psp_machine::machine::LoadError;
use psp_machine::{Cause, Crash, Outcome, Psp};

use crate::assembler::{NOP, S0, V0, ZERO, addiu, framed};
use crate::module_files::{IMAGE, MODULE_INFO, file_of, put};

const STUB: usize = 0x30;
const IMPORT: usize = 0xC0;
const NUMBER: usize = 0xE0;
const LIBRARY: usize = 0xF0;

/// A module whose start function calls `sceKernelGetThreadId` through a stub with these two words in the
/// file, and which requires this version of the library.
fn module(stub: [u32; 2], version: u32) -> Vec<u8> {
    let mut image = vec![0; IMAGE];
    let jump = 0x0C00_0000 | (STUB as u32 / 4);
    put(&mut image, 0, &framed(&[jump, addiu(V0, ZERO, 7)]));
    put(&mut image, STUB, &stub);
    put(&mut image, MODULE_INFO, &[0x0100_1000]);
    image[MODULE_INFO + 4..MODULE_INFO + 8].copy_from_slice(b"Stub");
    put(&mut image, MODULE_INFO + 0x20, &[0, 0x80, 0x90, IMPORT as u32, IMPORT as u32 + 20]);
    put(&mut image, 0x80, &[0, 0x8000_0000, 0x0001_0004, 0xA0]);
    put(&mut image, 0xA0, &[0xD632_ACDB, 0]);
    put(
        &mut image,
        IMPORT,
        &[LIBRARY as u32, 0x0001_0000 | version, 0x0001_0005, NUMBER as u32, STUB as u32],
    );
    put(&mut image, NUMBER, &[0x293B_45B8]);
    image[LIBRARY..LIBRARY + 18].copy_from_slice(b"ThreadManForKernel");
    let addresses = [0x64, 0x68, 0x6C, 0x70, 0x8C, 0xA4, 0xC0, 0xCC, 0xD0];
    let mut relocations: Vec<(u32, u32)> = addresses.map(|at| (at, 2)).to_vec();
    relocations.push((8, 4));
    file_of(&image, &relocations)
}

/// The result of starting it.
fn run(stub: [u32; 2]) -> Result<Outcome, Crash> {
    let mut psp = Psp::new();
    let module = psp.load(&module(stub, 0), 0).expect("the module loads");
    psp.start(&module, "ms0:/stub.prx")
}

#[test]
fn the_second_word_of_a_stub_runs_in_the_delay_slot() {
    for first in [0x03E0_0008, 0xDEAD_BEEF] {
        assert!(run([first, NOP]).unwrap().value > 0, "the first word is replaced");
    }
    // A reserved instruction, and a plausible one that overwrites a register of the caller.
    let cause = run([0x03E0_0008, 0x7C00_003F]).unwrap_err().cause;
    assert!(matches!(cause, Cause::Processor { .. }), "{cause}");
    let cause = run([0x03E0_0008, addiu(S0, S0, 8)]).unwrap_err().cause;
    assert!(matches!(cause, Cause::Register { name: "s0", .. }), "{cause}");
}

#[test]
fn a_library_is_not_linked_when_a_newer_one_is_wanted() {
    assert!(Psp::new().load(&module([0; 2], 0x11), 0).is_ok());
    let refused = Psp::new().load(&module([0; 2], 0x12), 0).unwrap_err();
    let library = "ThreadManForKernel".to_owned();
    assert_eq!(refused, LoadError::LibraryVersion { library, wanted: 0x12 });
}
