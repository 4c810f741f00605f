//! The library `cisor_driver`, as called by programs and other plugins.

use psp_machine::abi::Args;
use psp_machine::kernel::io::Fault;
use psp_machine::machine::{Caller, Module};
use psp_machine::memory::{Place, Space};
use psp_machine::{Outcome, Psp};

use crate::support::{BUFFER_TOO_SMALL, INVALID_ARGUMENT, USUAL, assert_sectors, ok, small_disc, taken_over};

const LIBRARY: &str = "cisor_driver";
const STATUS: u32 = 0x44AD_C6AC;
const IMAGE: u32 = 0x09C3_A0D2;
const COUNTERS: u32 = 0xF281_4FD4;
/// The attribute of a library that user programs reach through system calls.
const FOR_USER_PROGRAMS: u16 = 0x4001;

fn started() -> (Psp, Module) {
    taken_over(USUAL.pack(&small_disc().bytes))
}

fn call(psp: &mut Psp, module: &Module, caller: Caller, nid: u32, args: &Args) -> Outcome {
    let function = module.info.function(LIBRARY, nid).expect("an exported function");
    ok(psp.call_as("cisor_driver", caller, function, args))
}

/// Requests a record of 32 bytes as a user program.
fn record(psp: &mut Psp, module: &Module, nid: u32) -> Vec<u8> {
    let buffer = psp.lend(Space::User, 32, Place::Last { slack: 0 });
    let args = Args::new().word(buffer.start).word(32);
    assert_eq!(call(psp, module, Caller::system_call(), nid, &args).value, 32);
    psp.take_back(&buffer).unwrap()
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

#[test]
#[ignore = "needs the built driver"]
fn functions_are_system_calls() {
    let (mut psp, module) = started();
    let exports: Vec<_> =
        module.info.exports.iter().filter(|export| export.library.as_deref() == Some(LIBRARY)).collect();
    assert_eq!(exports.len(), 3);
    assert!(exports.iter().all(|export| export.attribute == FOR_USER_PROGRAMS));
    for caller in [Caller::system_call(), Caller::kernel()] {
        assert_eq!(call(&mut psp, &module, caller, STATUS, &Args::new()).value, 1);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn facts_about_the_image() {
    let (mut psp, module) = started();
    let bytes = record(&mut psp, &module, IMAGE);
    assert_eq!([0, 4, 8, 12].map(|at| word(&bytes, at)), [1, 2048, 1024, 0]);
    assert_eq!(word(&bytes, 16), 1024 * 2048);
    assert_eq!(word(&bytes, 24) as usize, USUAL.pack(&small_disc().bytes).len());
}

#[test]
#[ignore = "needs the built driver"]
fn counters() {
    let (mut psp, module) = started();
    let before = psp.kernel.card.stats;
    let start = record(&mut psp, &module, COUNTERS);
    for lba in (100..200).step_by(10) {
        assert_sectors(&mut psp, small_disc(), lba, 1);
    }
    assert_sectors(&mut psp, small_disc(), 190, 1);
    psp.kernel.card.inject(Fault::ReadFails(0x8001_0005));
    psp.kernel.card.inject(Fault::ReadFails(0x8001_0005));
    assert_sectors(&mut psp, small_disc(), 700, 1);
    let end = record(&mut psp, &module, COUNTERS);
    let grown = |at| word(&end, at).wrapping_sub(word(&start, at));
    assert_eq!(grown(0), 12, "requests");
    assert!((1..=11).contains(&grown(4)), "reads without the card: {}", grown(4));
    assert_eq!(grown(8), psp.kernel.card.stats.reads - before.reads, "reads from the card");
    assert_eq!(grown(12), 2, "retries");
    assert_eq!(grown(16), 12 * 2048, "bytes");
    assert_eq!(u64::from(grown(24)), psp.kernel.card.stats.bytes - before.bytes, "bytes from the card");
}

#[test]
#[ignore = "needs the built driver"]
fn pointers_are_checked() {
    let (mut psp, module) = started();
    let kernel = psp.place("kernel buffer", &[0; 32]);
    let user = psp.lend(Space::User, 32, Place::Last { slack: 0 });
    for nid in [IMAGE, COUNTERS] {
        let mut code = |caller, pointer, len| {
            call(&mut psp, &module, caller, nid, &Args::new().word(pointer).word(len)).value
        };
        let program = Caller::system_call();
        assert_eq!(code(program, kernel, 32), INVALID_ARGUMENT, "a program may not name kernel memory");
        assert_eq!(code(program, 0x7FFF_FFF0, 32), INVALID_ARGUMENT, "the end wraps into kernel memory");
        assert_eq!(code(program, 0, 32), INVALID_ARGUMENT);
        assert_eq!(code(program, user.start, 31), BUFFER_TOO_SMALL);
        assert_eq!(code(program, user.start, 0), BUFFER_TOO_SMALL);
        assert_eq!(code(program, user.start, 32), 32);
        assert_eq!(code(Caller::kernel(), kernel, 32), 32);
    }
}
