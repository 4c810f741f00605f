//! Individual mistakes, and the crash that each must cause.

use psp_machine::abi::Args;
use psp_machine::memory::{Place, Space};
use psp_machine::{Cause, Psp};

use crate::assembler::{
    A0, GP, K1, NOP, RA, S0, SP, V0, ZERO, addiu, branch_always, call, code, framed, jr, li, lw, sw,
};

/// Runs code that must crash.
fn crash(words: &[u32]) -> Cause {
    let mut psp = Psp::new();
    let function = code(&mut psp, words);
    psp.call("mistake", function, &Args::new()).expect_err("a mistake went by").cause
}

/// Runs code with one kernel call in it that must crash.
fn crash_with(library: &str, nid: u32, before: &[u32], after: &[u32]) -> Cause {
    let mut psp = Psp::new();
    let trap = psp.kernel_function(library, nid);
    let function = code(&mut psp, &framed(&[before, &call(trap), after].concat()));
    psp.call("mistake", function, &Args::new()).expect_err("a mistake went by").cause
}

#[test]
fn a_register_that_is_not_preserved() {
    for (register, name) in [(S0, "s0"), (S0 + 7, "s7"), (GP, "gp"), (K1, "k1"), (30, "fp"), (SP, "sp")] {
        let cause = crash(&[addiu(register, register, -8), jr(RA), NOP]);
        assert!(matches!(cause, Cause::Register { name: n, .. } if n == name), "{name}: {cause}");
    }
}

#[test]
fn writing_to_the_home_area_of_o32() {
    for offset in [0, 4, 12, 16, 100] {
        let cause = crash(&[sw(A0, offset, SP), jr(RA), NOP]);
        assert_eq!(cause, Cause::CallersStack { offset: offset as usize });
    }
}

#[test]
fn a_stack_that_is_too_small() {
    let cause = crash(&[sw(A0, -2048, SP), sw(A0, -2052, SP), jr(RA), NOP]);
    assert!(matches!(cause, Cause::Processor { .. } | Cause::Overrun { .. }), "{cause}");
    let cause = crash(&[sw(A0, -6148, SP), jr(RA), NOP]);
    assert!(matches!(cause, Cause::Processor { .. }), "{cause}");
}

#[test]
fn running_data() {
    let words: Vec<u8> = [jr(RA), NOP].into_iter().flat_map(u32::to_le_bytes).collect();
    let mut psp = Psp::new();
    let data = psp.place("data", &words);
    let crash = psp.call("data", data, &Args::new()).unwrap_err();
    assert!(matches!(crash.cause, Cause::Processor { .. }), "{crash}");
    let code = code(&mut psp, &[jr(RA), NOP]);
    assert_eq!(psp.call("after a crash", code, &Args::new()).unwrap_err().cause, Cause::Dead);
}

#[test]
fn running_without_end() {
    let mut psp = Psp::new();
    psp.instruction_limit = 10_000;
    let function = code(&mut psp, &[branch_always(-1), NOP]);
    let crash = psp.call("loop", function, &Args::new()).unwrap_err();
    assert!(matches!(crash.cause, Cause::Endless { instructions: 10_000..10_010 }), "{crash}");
    assert!(crash.trail.len() > 10, "the way there is shown");
    let again = psp.call("after a crash", function, &Args::new()).unwrap_err();
    assert_eq!(again.cause, Cause::Dead);
}

#[test]
fn waiting_without_end() {
    let mut psp = Psp::new();
    let delay = psp.kernel_function("ThreadManForKernel", 0xCEAD_EB47);
    let body = [&li(A0, 1_000_000)[..], &call(delay), &[branch_always(-7), NOP]].concat();
    let function = code(&mut psp, &framed(&body));
    let crash = psp.call("sleep", function, &Args::new()).unwrap_err();
    assert!(matches!(crash.cause, Cause::TimedOut { .. }), "{crash}");
}

#[test]
fn calling_what_is_not_known() {
    let cause = crash_with("SomeLibrary", 0x1234_5678, &[], &[]);
    assert_eq!(cause, Cause::UnknownImport { library: "SomeLibrary".to_owned(), nid: 0x1234_5678 });
}

#[test]
fn pointers_that_lead_nowhere() {
    let cause = crash_with("LoadCoreForKernel", 0xF6B1_BF0F, &li(A0, 0x8900_0000), &[]);
    assert!(matches!(cause, Cause::BadPointer { address: 0x8900_0000, .. }), "{cause}");
    for address in [0, 4, 0x0900_0000, 0x8900_0000, 0xFFFF_FFFC] {
        let [high, low] = li(A0, address);
        let cause = crash(&[high, low, lw(V0, 0, A0), jr(RA), NOP]);
        assert!(matches!(cause, Cause::Processor { .. }), "{address:#X}: {cause}");
    }
}

#[test]
fn a_misaligned_word_and_an_unknown_instruction() {
    let [high, low] = li(A0, 0x8801_0001);
    assert!(matches!(crash(&[high, low, lw(V0, 0, A0), jr(RA), NOP]), Cause::Processor { .. }));
    assert!(matches!(crash(&[0x7C00_003F, jr(RA), NOP]), Cause::Processor { .. }));
}

#[test]
fn interrupts_that_stay_suspended() {
    let cause = crash_with("InterruptManagerForKernel", 0x0929_68F4, &[], &[]);
    assert_eq!(cause, Cause::InterruptsSuspended);
}

#[test]
fn waiting_while_interrupts_are_suspended() {
    let mut psp = Psp::new();
    let suspend = psp.kernel_function("InterruptManagerForKernel", 0x0929_68F4);
    let delay = psp.kernel_function("ThreadManForKernel", 0xCEAD_EB47);
    let words = [&call(suspend)[..], &li(A0, 5), &call(delay)].concat();
    let function = code(&mut psp, &framed(&words));
    let crash = psp.call("wait", function, &Args::new()).unwrap_err();
    assert_eq!(crash.cause, Cause::InterruptsSuspended);
}

/// A change of the driver table, with and without interrupts suspended.
#[test]
fn writing_the_table_while_interrupts_are_on() {
    for protected in [true, false] {
        let mut psp = Psp::new();
        let suspend = psp.kernel_function("InterruptManagerForKernel", 0x0929_68F4);
        let resume = psp.kernel_function("InterruptManagerForKernel", 0x5F10_D406);
        let table = psp.inferno.functions;
        let write = [&li(S0 - 8, table)[..], &[sw(ZERO, 0x50, S0 - 8)]].concat();
        let words = if protected {
            [&call(suspend)[..], &write, &[addiu(A0, V0, 0)], &call(resume)].concat()
        } else {
            write
        };
        let function = code(&mut psp, &framed(&words));
        let outcome = psp.call("take", function, &Args::new());
        if protected {
            outcome.unwrap();
            assert!(!psp.inferno.untouched(&psp.cpu));
        } else {
            assert_eq!(outcome.unwrap_err().cause, Cause::TableWrittenUnprotected);
        }
    }
}

#[test]
fn writing_beside_a_lent_buffer() {
    for (place, offset) in
        [(Place::First, 100), (Place::Last { slack: 8 }, -1), (Place::Last { slack: 8 }, 104)]
    {
        let mut psp = Psp::new();
        let buffer = psp.lend(Space::User, 100, place);
        let word = buffer.start.wrapping_add_signed(offset) & !3;
        let function = code(&mut psp, &[sw(ZERO, 0, A0), jr(RA), NOP]);
        let run = psp.call("write", function, &Args::new().word(word));
        let beside = i64::from(word) - i64::from(buffer.start);
        run.unwrap();
        let cause = psp.take_back(&buffer).unwrap_err();
        assert_eq!(cause, Cause::Overrun { what: "caller's buffer".to_owned(), offset: beside });
    }
    // Memory directly after a buffer without slack cannot be written.
    let mut psp = Psp::new();
    let buffer = psp.lend(Space::User, 100, Place::Last { slack: 0 });
    let function = code(&mut psp, &[sw(ZERO, 0, A0), jr(RA), NOP]);
    assert!(psp.call("write", function, &Args::new().word(buffer.end())).is_err());
}

#[test]
fn using_a_memory_block_after_it_was_freed() {
    let mut psp = Psp::new();
    let alloc = psp.kernel_function("SysMemForKernel", 0x7158_CE7E);
    let head = psp.kernel_function("SysMemForKernel", 0xF12A_62F7);
    let free = psp.kernel_function("SysMemForKernel", 0xC1A2_6C6F);
    let name = psp.place_string("block");
    let allocate = code(&mut psp, &framed(&call(alloc)));
    let args = Args::new().word(1).word(name).word(0).word(1000).word(0);
    let id = psp.call("allocate", allocate, &args).unwrap().value;
    assert_eq!(psp.kernel.memory.partitions.kernel().used, 1024);
    let head = code(&mut psp, &framed(&call(head)));
    let address = psp.call("address", head, &Args::new().word(id)).unwrap().value;
    assert_eq!(address % 256, 0);
    let touch = code(&mut psp, &[sw(ZERO, 996, A0), jr(RA), NOP]);
    psp.call("touch", touch, &Args::new().word(address)).unwrap();
    psp.check_guards().unwrap();
    let free = code(&mut psp, &framed(&call(free)));
    assert_eq!(psp.call("free", free, &Args::new().word(id)).unwrap().value, 0);
    assert_eq!(psp.kernel.memory.partitions.kernel().used, 0);
    assert!(psp.call("touch", touch, &Args::new().word(address)).is_err());
}

#[test]
fn writing_behind_a_memory_block() {
    let mut psp = Psp::new();
    let alloc = psp.kernel_function("SysMemForKernel", 0x7158_CE7E);
    let head = psp.kernel_function("SysMemForKernel", 0xF12A_62F7);
    let name = psp.place_string("block");
    let allocate = code(&mut psp, &framed(&call(alloc)));
    let args = Args::new().word(1).word(name).word(0).word(1000).word(0);
    let id = psp.call("allocate", allocate, &args).unwrap().value;
    let head = code(&mut psp, &framed(&call(head)));
    let address = psp.call("address", head, &Args::new().word(id)).unwrap().value;
    let touch = code(&mut psp, &[sw(ZERO, 1000, A0), jr(RA), NOP]);
    psp.call("touch", touch, &Args::new().word(address)).unwrap();
    let cause = psp.check_guards().unwrap_err();
    assert_eq!(cause, Cause::Overrun { what: "memory block".to_owned(), offset: 1000 });
}
