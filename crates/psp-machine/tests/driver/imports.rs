//! A firmware that lacks a function which the driver imports.
//!
//! Such a function's stub holds `syscall 0x15`, and the caller gets 0x8002013A in $v0 (uofw,
//! src/loadcore/loadcore.c, `aLinkClient`, and loadcore_asm.S, `sceLoadCorePrimarySyscallHandler`). A stub
//! that was never linked is `jr $ra; nop`: then $v0 keeps its previous value.

use std::panic::catch_unwind;

use psp_machine::Psp;
use psp_machine::kernel::systemctrl::MissingStub;

use crate::support::{
    LOG, SETTINGS, assert_no_trace, assert_sectors, machine, ok, prx, read_sectors, refused, small_disc,
    start, take_over, usual_image,
};

/// Functions needed only for the log.
const FOR_THE_LOG: [(&str, u32); 4] = [
    ("sceIoWrite", 0x42EC_03AC),
    ("sceKernelCreateThread", 0x446D_8DE6),
    ("sceKernelStartThread", 0xF475_845D),
    ("sceKernelExitDeleteThread", 0x809C_E29B),
];

fn without(missing: &[u32], stubs: MissingStub) -> Psp {
    let mut psp = machine(usual_image());
    psp.kernel.system.missing = missing.to_vec();
    psp.kernel.system.missing_stubs = stubs;
    psp
}

#[test]
#[ignore = "needs the built driver"]
fn serves_and_stops_without_each_function_of_the_log() {
    for (name, nid) in FOR_THE_LOG {
        let mut psp = without(&[nid], MissingStub::Error);
        psp.kernel.card.insert_text(SETTINGS, "log = on");
        let module = take_over(&mut psp);
        for lba in 300..320 {
            assert_sectors(&mut psp, small_disc(), lba, 2);
        }
        ok(psp.run_for(5_000_000));
        let log = psp.kernel.card.written(LOG).map(<[u8]>::len).unwrap_or_default();
        assert_eq!(log == 0, name == "sceIoWrite", "{name}: the log has {log} bytes");
        let outcome = ok(psp.stop(&module));
        assert_eq!(outcome.value, 0, "{name}");
        assert!(outcome.microseconds < 1_000_000, "{name}: {} µs", outcome.microseconds);
    }
}

/// Without these nothing could be done atomically, and every kernel has them.
const NEVER_MISSING: [u32; 2] = [0x0929_68F4, 0x5F10_D406];

/// Cleanup functions: without them, the cleanup is impossible.
const CLEANING_UP: [u32; 3] = [0x810C_4BC3, 0xC1A2_6C6F, 0x28B6_489C];

/// Makes each imported function missing in turn: the driver serves the right bytes, or it steps aside.
fn each_import(stubs: MissingStub) {
    let module = Psp::new().load(prx(), 0).expect("the driver loads");
    let imports = module.info.imports.iter().filter(|import| !NEVER_MISSING.contains(&import.nid));
    let mut failed = Vec::new();
    let mut count = 0;
    for import in imports {
        count += 1;
        let why = format!("without {} {:#010X}", import.library, import.nid);
        if catch_unwind(|| is_harmless(import.nid, stubs, &why)).is_err() {
            failed.push(why);
        }
    }
    assert!(count > 20, "{count} imports");
    assert!(failed.is_empty(), "{failed:#?}");
}

fn is_harmless(nid: u32, stubs: MissingStub, why: &str) {
    let mut psp = without(&[nid], stubs);
    let (_, outcome) = start(&mut psp);
    if outcome.is_error() {
        assert!(psp.inferno.untouched(&psp.cpu), "{why}: the table was touched");
        if !CLEANING_UP.contains(&nid) {
            assert_no_trace(&psp, 0, why);
        }
        return;
    }
    for (lba, count) in [(300, 3), (0, 1), (1000, 24)] {
        let finished = read_sectors(&mut psp, lba, count);
        if !finished.outcome.is_error() {
            let expected = &small_disc().bytes[lba as usize * 2048..][..count as usize * 2048];
            assert!(finished.bytes == expected, "{why}: wrong bytes at {lba}");
        }
    }
}

#[test]
#[ignore = "needs the built driver"]
fn a_function_that_the_firmware_lacks_does_no_harm() {
    each_import(MissingStub::Error);
}

#[test]
#[ignore = "needs the built driver"]
fn a_stub_that_nobody_linked_does_no_harm() {
    each_import(MissingStub::Nothing);
}

/// Firmwares before 6.60 number the functions of these libraries differently, so all of them are missing
/// there.
#[test]
#[ignore = "needs the built driver"]
fn steps_aside_on_a_firmware_with_other_numbers() {
    let module = Psp::new().load(prx(), 0).expect("the driver loads");
    let renumbered = ["SysMemForKernel", "LoadCoreForKernel"];
    let imports = module.info.imports.iter().filter(|import| renumbered.contains(&import.library.as_str()));
    let missing: Vec<u32> = imports.map(|import| import.nid).collect();
    assert!(missing.len() > 4, "{missing:X?}");
    let mut psp = without(&missing, MissingStub::Error);
    refused(&mut psp, "functions of another firmware");
    // Not even if the module it looks for is not loaded, because the answer is not an address either.
    psp.kernel.modules.loaded.clear();
    psp.kernel.system.missing.retain(|&nid| nid == FIND_MODULE);
    refused(&mut psp, "no way to find a module");
}

const FIND_MODULE: u32 = 0xF6B1_BF0F;
