//! Instructions by name, as words.

use mips_cpu::Trap;
use psp_machine::Psp;

pub(crate) const ZERO: u32 = 0;
pub(crate) const V0: u32 = 2;
pub(crate) const V1: u32 = 3;
pub(crate) const A0: u32 = 4;
pub(crate) const A1: u32 = 5;
pub(crate) const A2: u32 = 6;
pub(crate) const A3: u32 = 7;
pub(crate) const T0: u32 = 8;
pub(crate) const T1: u32 = 9;
pub(crate) const T9: u32 = 25;
pub(crate) const S0: u32 = 16;
pub(crate) const K1: u32 = 27;
pub(crate) const GP: u32 = 28;
pub(crate) const SP: u32 = 29;
pub(crate) const RA: u32 = 31;

pub(crate) const NOP: u32 = 0;

fn immediate(opcode: u32, rs: u32, rt: u32, value: i32) -> u32 {
    opcode << 26 | rs << 21 | rt << 16 | (value as u32 & 0xFFFF)
}

pub(crate) fn addiu(to: u32, from: u32, value: i32) -> u32 {
    immediate(9, from, to, value)
}

pub(crate) fn addu(to: u32, left: u32, right: u32) -> u32 {
    left << 21 | right << 16 | to << 11 | 0x21
}

pub(crate) fn lui(to: u32, value: u32) -> u32 {
    immediate(15, 0, to, value as i32)
}

pub(crate) fn ori(to: u32, from: u32, value: u32) -> u32 {
    immediate(13, from, to, value as i32)
}

pub(crate) fn lw(to: u32, offset: i32, base: u32) -> u32 {
    immediate(35, base, to, offset)
}

pub(crate) fn sw(from: u32, offset: i32, base: u32) -> u32 {
    immediate(43, base, from, offset)
}

pub(crate) fn branch_always(words: i32) -> u32 {
    immediate(4, 0, 0, words)
}

pub(crate) fn jr(to: u32) -> u32 {
    to << 21 | 8
}

pub(crate) fn jalr(to: u32) -> u32 {
    to << 21 | 31 << 11 | 9
}

/// Puts a word into a register.
pub(crate) fn li(to: u32, value: u32) -> [u32; 2] {
    [lui(to, value >> 16), ori(to, to, value & 0xFFFF)]
}

/// Calls a kernel function. The return address is lost; see [`framed`].
pub(crate) fn call(trap: Trap) -> [u32; 4] {
    let [high, low] = li(T9, trap.address());
    [high, low, jalr(T9), NOP]
}

/// Code with a stack frame that saves the return address.
pub(crate) fn framed(body: &[u32]) -> Vec<u32> {
    let mut words = vec![addiu(SP, SP, -32), sw(RA, 28, SP)];
    words.extend(body);
    words.extend([lw(RA, 28, SP), jr(RA), addiu(SP, SP, 32)]);
    words
}

/// Puts code into memory; returns its address.
pub(crate) fn code(psp: &mut Psp, words: &[u32]) -> u32 {
    psp.place_code(words)
}
