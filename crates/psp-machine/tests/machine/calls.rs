//! Calls in both directions, by the kernel's convention.

use psp_machine::Psp;
use psp_machine::abi::Args;
use psp_machine::inferno::Entry;

use crate::assembler::{
    A0, A1, A2, A3, GP, NOP, RA, SP, T0, T1, V0, V1, addiu, addu, call, code, framed, jr, li, lw, sw,
};

#[test]
fn arguments_arrive_in_the_registers_of_the_convention() {
    let mut psp = Psp::new();
    // The 64-bit argument is in the aligned pair after the first word, the next word in $t0.
    let function = code(&mut psp, &[addu(V0, A2, T0), jr(RA), addu(V1, A3, A0)]);
    let args = Args::new().word(7).long(0x11_0000_0005).word(100);
    let outcome = psp.call("sum", function, &args).unwrap();
    assert_eq!((outcome.value, outcome.high), (105, 0x18));
    assert_eq!(outcome.instructions, 3);
    let function = code(&mut psp, &[addu(V0, T0, T1), jr(RA), NOP]);
    let args = (0..8).fold(Args::new(), |args, word| args.word(word));
    assert_eq!(psp.call("sum", function, &args).unwrap().value, 4 + 5);
}

#[test]
fn instructions_and_stack_are_counted() {
    let mut psp = Psp::new();
    let body = [addiu(SP, SP, -200), sw(A0, 0, SP), addiu(SP, SP, 200), addiu(V0, 0, 1)];
    let function = code(&mut psp, &framed(&body));
    let outcome = psp.call("deep", function, &Args::new()).unwrap();
    assert_eq!((outcome.instructions, outcome.stack, outcome.extended_stack), (9, 232, 0));
}

#[test]
fn a_kernel_function_gets_its_arguments_and_gives_its_answer() {
    let mut psp = Psp::new();
    let name = psp.place_string("PRO_Inferno_Driver");
    let find = psp.kernel_function("LoadCoreForKernel", 0xF6B1_BF0F);
    let function = code(&mut psp, &framed(&call(find)));
    let found = psp.call("find", function, &Args::new().word(name)).unwrap().value;
    assert_eq!(Some(found), psp.kernel.modules.find("PRO_Inferno_Driver"));
    let other = psp.place_string("Other");
    assert_eq!(psp.call("find", function, &Args::new().word(other)).unwrap().value, 0);
}

#[test]
fn an_extended_stack_is_another_one() {
    let mut psp = Psp::new();
    let body = [addiu(SP, SP, -3000), sw(A0, 0, SP), addiu(SP, SP, 3000), addiu(V0, A0, 1)];
    let inner = code(&mut psp, &framed(&body));
    let extend = psp.kernel_function("ThreadManForKernel", 0xBC31_C1B9);
    let [size, function] = [li(A0, 4096), li(A1, inner)];
    let words = [&size[..], &function, &li(A2, 41), &call(extend)].concat();
    let outer = code(&mut psp, &framed(&words));
    let outcome = psp.call("extend", outer, &Args::new()).unwrap();
    assert_eq!((outcome.value, outcome.stack, outcome.extended_stack), (42, 32, 3032));
    assert_eq!(psp.kernel.memory.partitions.kernel().used, 0);
    // Without memory the function is not called at all.
    psp.kernel.memory.partitions.get_mut(1).unwrap().limit = 4095;
    assert!(psp.call("extend", outer, &Args::new()).unwrap().is_error());
}

#[test]
fn the_fake_driver_notes_who_called() {
    let mut psp = Psp::new();
    let lseek = psp.driver_entry(Entry::Lseek);
    psp.inferno.answers.insert(Entry::Lseek as u32, -5);
    let args = Args::new().word(1).long(-2).word(3);
    assert_eq!(psp.call("lseek", lseek, &args).unwrap().long(), -5);
    let arrived = psp.inferno.calls[0].args;
    assert_eq!((arrived[0], arrived[2], arrived[3], arrived[4]), (1, 0xFFFF_FFFE, 0xFFFF_FFFF, 3));
}

#[test]
fn registers_hold_nothing_of_use_after_a_kernel_call() {
    let mut psp = Psp::new();
    let id = psp.kernel_function("ThreadManForKernel", 0x293B_45B8);
    let words = [&li(T0, 5)[..], &call(id), &[addu(V0, T0, 0)]].concat();
    let function = code(&mut psp, &framed(&words));
    assert_ne!(psp.call("spoiled", function, &Args::new()).unwrap().value, 5);
}

#[test]
fn the_stack_may_be_read_above_and_gp_is_the_callers() {
    let mut psp = Psp::new();
    let function = code(&mut psp, &[lw(V0, 16, SP), jr(RA), addu(V1, GP, 0)]);
    let outcome = psp.call("look", function, &Args::new()).unwrap();
    assert_ne!(outcome.value, 0, "what an o32 callee takes for its fifth argument is garbage");
    assert_eq!(outcome.high, psp_machine::machine::Caller::kernel().gp);
}
