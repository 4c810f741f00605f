//! Threads that wait, for each other and for time.

use psp_machine::abi::Args;
use psp_machine::kernel::threads::sync::TIMED_OUT;
use psp_machine::machine::Caller;
use psp_machine::{Cause, Interleave, Psp};

use crate::assembler::{A0, A1, A2, V0, ZERO, addiu, call, code, framed, li, lw, sw};

const THREADS: &str = "ThreadManForKernel";
const CREATE: u32 = 0xD6DA_4BA1;
const WAIT: u32 = 0x4E3A_1105;
const SIGNAL: u32 = 0x3F53_E640;
const DELAY: u32 = 0xCEAD_EB47;

/// Makes a semaphore with a maximum of one, of which `count` is free.
fn semaphore(psp: &mut Psp, count: u32) -> u32 {
    let name = psp.place_string("lock");
    let create = psp.kernel_function(THREADS, CREATE);
    let function = code(psp, &framed(&call(create)));
    let args = Args::new().word(name).word(0).word(count).word(1).word(0);
    let id = psp.call("create", function, &args).unwrap().value;
    assert_eq!(id >> 31, 0, "an id");
    id
}

/// Code that reads a word, sleeps, and writes it back incremented; with or without a semaphore around it.
fn increment(psp: &mut Psp, semaphore: Option<u32>, word: u32) -> u32 {
    let [wait, signal, delay] = [WAIT, SIGNAL, DELAY].map(|nid| psp.kernel_function(THREADS, nid));
    let lock = |trap| {
        semaphore.map_or(Vec::new(), |id| {
            [&li(A0, id)[..], &[addiu(A1, ZERO, 1), addiu(A2, ZERO, 0)], &call(trap)].concat()
        })
    };
    let body = [
        &lock(wait)[..],
        &li(A0, word),
        // The value is kept on the stack while waiting, because only saved registers survive a kernel call.
        &[lw(V0, 0, A0), sw(V0, 16, 29)],
        &li(A0, 50),
        &call(delay),
        &[lw(V0, 16, 29), addiu(V0, V0, 1)],
        &li(A0, word),
        &[sw(V0, 0, A0)],
        &lock(signal),
    ]
    .concat();
    code(psp, &framed(&body))
}

fn two_increments(locked: bool, interleave: Interleave) -> u32 {
    let mut psp = Psp::new();
    psp.interleave = interleave;
    let id = semaphore(&mut psp, 1);
    let word = psp.place("word", &[0; 4]);
    let function = increment(&mut psp, locked.then_some(id), word);
    let threads: Vec<_> =
        (0..2).map(|_| psp.spawn("increment", Caller::kernel(), function, &Args::new())).collect();
    threads.into_iter().for_each(|thread| {
        psp.join(thread).unwrap();
    });
    psp.cpu.read_word(word).unwrap()
}

#[test]
fn a_semaphore_keeps_threads_apart() {
    for interleave in [Interleave::WhenWaiting, Interleave::EveryCall, Interleave::Random] {
        assert_eq!(two_increments(true, interleave), 2, "{interleave:?}");
        assert_eq!(two_increments(false, interleave), 1, "{interleave:?}: without it one gets lost");
    }
}

#[test]
fn a_deadlock_is_noticed() {
    let mut psp = Psp::new();
    let id = semaphore(&mut psp, 0);
    let wait = psp.kernel_function(THREADS, WAIT);
    let function = code(&mut psp, &framed(&call(wait)));
    let crash = psp.call("wait", function, &Args::new().word(id).word(1).word(0)).unwrap_err();
    assert!(matches!(crash.cause, Cause::Deadlock { .. }), "{crash}");
}

#[test]
fn a_wait_with_a_limit_ends() {
    let mut psp = Psp::new();
    let id = semaphore(&mut psp, 0);
    let wait = psp.kernel_function(THREADS, WAIT);
    let limit = psp.place("limit", &5000u32.to_le_bytes());
    let function = code(&mut psp, &framed(&call(wait)));
    let outcome = psp.call("wait", function, &Args::new().word(id).word(1).word(limit)).unwrap();
    assert_eq!(outcome.value, TIMED_OUT);
    assert!((5000..5100).contains(&outcome.microseconds));
}

#[test]
fn time_passes_while_all_sleep() {
    let mut psp = Psp::new();
    let delay = psp.kernel_function(THREADS, DELAY);
    let function = code(&mut psp, &framed(&call(delay)));
    let outcome = psp.call("sleep", function, &Args::new().word(2_000_000)).unwrap();
    assert_eq!(outcome.value, 0);
    assert!((2_000_000..2_000_100).contains(&outcome.microseconds));
}
