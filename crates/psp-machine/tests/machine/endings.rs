//! Threads that are ended from outside, functions that a firmware lacks, and a card on which one operation
//! fails.

use psp_machine::abi::Args;
use psp_machine::kernel::io::{Fault, Mishap};
use psp_machine::kernel::systemctrl::{MissingStub, NOT_LINKED};
use psp_machine::kernel::threads::sync::Sync;
use psp_machine::kernel::threads::{ENDED, Ending};
use psp_machine::{Cause, Outcome, Psp};

use crate::assembler::{A0, A1, A2, A3, T0, V0, ZERO, addiu, addu, call, code, framed, li};

const THREADS: &str = "ThreadManForKernel";
const WAIT: u32 = 0x4E3A_1105;
const SIGNAL: u32 = 0x3F53_E640;
const INTERRUPTS: &str = "InterruptManagerForKernel";
const SUSPEND: u32 = 0x0929_68F4;
const RESUME: u32 = 0x5F10_D406;
const FILES: &str = "IoFileMgrForKernel";
const OPEN: u32 = 0x109F_50BC;
const READ: u32 = 0x6A63_8D83;
const SEEK: u32 = 0x27EB_27B8;

const SEMAPHORE: u32 = 0x777;

/// Takes the semaphore and gives it back.
fn locked(psp: &mut Psp) -> u32 {
    let [wait, signal] = [WAIT, SIGNAL].map(|nid| psp.kernel_function(THREADS, nid));
    let arguments = [&li(A0, SEMAPHORE)[..], &[addiu(A1, ZERO, 1), addiu(A2, ZERO, 0)]].concat();
    code(psp, &framed(&[&arguments[..], &call(wait), &arguments, &call(signal)].concat()))
}

/// The result of the call, and how much of the semaphore is free afterwards.
fn ended(ending: Option<Ending>, free: u32) -> (u32, u32) {
    let mut psp = Psp::new();
    psp.kernel.threads.objects.insert(SEMAPHORE, Sync::Semaphore { count: free, max: 1, owner: None });
    let function = locked(&mut psp);
    psp.end_next_call = ending;
    let value = psp.call("locked", function, &Args::new()).unwrap().value;
    assert!(psp.kernel.threads.all.is_empty(), "no thread is left");
    let Some(Sync::Semaphore { count, .. }) = psp.kernel.threads.objects.get(&SEMAPHORE) else {
        panic!("gone")
    };
    (value, *count)
}

#[test]
fn a_thread_is_ended_before_or_after_a_call() {
    assert_eq!(ended(None, 1), (0, 1));
    assert_eq!(ended(Some(Ending::Before(1)), 1), (ENDED, 1));
    assert_eq!(ended(Some(Ending::After(1)), 1), (ENDED, 0), "it keeps what it took");
    assert_eq!(ended(Some(Ending::Before(2)), 1), (ENDED, 0));
    assert_eq!(ended(Some(Ending::After(2)), 1), (ENDED, 1));
    assert_eq!(ended(Some(Ending::Before(3)), 1), (0, 1), "it makes two calls");
    assert_eq!(ended(Some(Ending::After(1)), 0), (ENDED, 0), "while it waits");
}

/// Only the next call's thread is ended, and never while interrupts are suspended: nothing else could run
/// then.
#[test]
fn a_thread_is_not_ended_while_interrupts_are_suspended() {
    let mut psp = Psp::new();
    let [suspend, resume] = [SUSPEND, RESUME].map(|nid| psp.kernel_function(INTERRUPTS, nid));
    let body = [&call(suspend)[..], &[addu(A0, V0, ZERO)], &call(resume), &[addiu(V0, ZERO, 5)]].concat();
    let function = code(&mut psp, &framed(&body));
    for ending in [Ending::After(1), Ending::Before(2)] {
        psp.end_next_call = Some(ending);
        let value = psp.call("undivided", function, &Args::new()).unwrap().value;
        // After the call that resumes them, or not at all.
        assert_eq!(value, if ending == Ending::After(1) { ENDED } else { 5 }, "{ending:?}");
        assert!(!psp.kernel.interrupts.suspended);
        assert_eq!(psp.call("undivided", function, &Args::new()).unwrap().value, 5, "the next one is not");
    }
}

#[test]
fn a_function_that_is_missing_returns_an_error_or_nothing() {
    for (stubs, expected) in [(MissingStub::Error, NOT_LINKED), (MissingStub::Nothing, 0x123)] {
        let mut psp = Psp::new();
        let trap = psp.kernel_function(THREADS, 0x293B_45B8);
        psp.kernel.system.missing = vec![0x293B_45B8];
        psp.kernel.system.missing_stubs = stubs;
        let function = code(&mut psp, &framed(&[&[addiu(V0, ZERO, 0x123)][..], &call(trap)].concat()));
        assert_eq!(psp.call("a missing function", function, &Args::new()).unwrap().value, expected);
    }
}

/// Calls a file function with four words and, for a seek, a fifth.
fn files(psp: &mut Psp, nid: u32, words: [u32; 5]) -> Result<Outcome, Cause> {
    let trap = psp.kernel_function(FILES, nid);
    let body: Vec<u32> = [A0, A1, A2, A3, T0]
        .into_iter()
        .zip(words)
        .flat_map(|(register, word)| li(register, word))
        .chain(call(trap))
        .collect();
    let function = code(psp, &framed(&body));
    psp.call("a file function", function, &Args::new()).map_err(|crash| crash.cause)
}

/// A machine with an open image, a buffer, and the descriptor.
fn image() -> (Psp, u32, u32) {
    let mut psp = Psp::new();
    psp.kernel.card.insert_file("ms0:/image", std::rc::Rc::new((0..100).collect::<Vec<u8>>()));
    let path = psp.place_string("ms0:/image");
    let buffer = psp.place("buffer", &[0; 100]);
    let descriptor = files(&mut psp, OPEN, [path, 1, 0, 0, 0]).unwrap().value;
    assert_eq!(descriptor >> 31, 0);
    (psp, descriptor, buffer)
}

#[test]
fn any_one_operation_on_an_image_goes_wrong() {
    const ERROR: u32 = 0x8001_0005;
    for number in 1..5 {
        let (mut psp, descriptor, buffer) = image();
        psp.kernel.card.inject_at(number, Mishap::Fails(ERROR));
        let got: Vec<u32> = [(SEEK, [descriptor, 0, 7, 0, 0]), (READ, [descriptor, buffer, 10, 0, 0])]
            .repeat(2)
            .into_iter()
            .map(|(nid, words)| files(&mut psp, nid, words).unwrap().value)
            .collect();
        let failed: Vec<bool> = got.iter().map(|&value| value == ERROR).collect();
        assert_eq!(failed, (1..5).map(|at| at == number).collect::<Vec<_>>(), "{got:X?}");
    }
    let (mut psp, descriptor, buffer) = image();
    psp.kernel.card.inject_at(2, Mishap::Short(3));
    let read = |psp: &mut Psp| files(psp, READ, [descriptor, buffer, 10, 0, 0]).unwrap().value;
    assert_eq!([read(&mut psp), read(&mut psp), read(&mut psp)], [10, 3, 10]);
}

#[test]
fn a_read_may_take_long_before_it_fails() {
    let (mut psp, descriptor, buffer) = image();
    psp.kernel.card.inject(Fault::SlowFailure(4_000_000, 0x8001_0005));
    let outcome = files(&mut psp, READ, [descriptor, buffer, 10, 0, 0]).unwrap();
    assert_eq!(outcome.value, 0x8001_0005);
    assert!((4_000_000..4_001_000).contains(&outcome.microseconds), "{} µs", outcome.microseconds);
    let outcome = files(&mut psp, READ, [descriptor, buffer, 10, 0, 0]).unwrap();
    assert!(outcome.value == 10 && outcome.microseconds < 1000);
}

#[test]
fn a_read_of_no_bytes_ends_the_run() {
    let (mut psp, descriptor, buffer) = image();
    let cause = files(&mut psp, READ, [descriptor, buffer, 0, 0, 0]).unwrap_err();
    assert!(matches!(cause, Cause::Misuse { what: "read of no bytes, to", .. }), "{cause}");
}
