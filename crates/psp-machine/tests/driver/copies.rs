//! The driver's own `memcpy`, `memmove` and `memset`, which are written in assembly: every length and
//! alignment that takes a different path through them.

use psp_machine::abi::Args;
use psp_machine::memory::{Place, Region, Space};
use psp_machine::{Outcome, Psp};

use crate::support::{function_named, machine, ok, prx, small_disc};

const ROOM: u32 = 512;
const LENGTHS: [u32; 22] =
    [0, 1, 3, 4, 7, 11, 12, 16, 19, 20, 21, 23, 31, 35, 52, 63, 67, 83, 95, 128, 131, 200];

struct Machine {
    psp: Psp,
    base: u32,
    memory: Region,
}

impl Machine {
    fn new() -> Self {
        let mut psp = machine(small_disc().bytes.clone());
        let base = psp.load(prx(), 0).expect("the driver loads").region.start;
        let memory = psp.lend(Space::Kernel, ROOM, Place::Last { slack: 0 });
        Self { psp, base, memory }
    }

    /// Fills the memory, calls a function and returns the contents of the memory afterwards.
    fn call(&mut self, name: &str, to: u32, from: u32, len: u32, memory: &[u8]) -> Vec<u8> {
        self.psp.cpu.write(self.memory.start, memory).unwrap();
        let args = [to, from, len].into_iter().fold(Args::new(), Args::word);
        let Outcome { value, .. } = ok(self.psp.call(name, self.base + function_named(name), &args));
        assert_eq!(value, to, "{name} returns its target");
        let mut after = vec![0; memory.len()];
        self.psp.cpu.read(self.memory.start, &mut after).unwrap();
        self.psp.check_guards().unwrap();
        after
    }
}

fn pattern() -> Vec<u8> {
    (0..ROOM).map(|at| (at * 31 + at / 7) as u8).collect()
}

#[test]
#[ignore = "needs the built driver"]
fn memcpy_copies_all_lengths_at_all_alignments() {
    let mut machine = Machine::new();
    let (memory, start) = (pattern(), machine.memory.start);
    for len in LENGTHS {
        for (skew, shift) in (0..4).flat_map(|skew| (0..4).map(move |shift| (skew, shift))) {
            let (from, to) = (256 + skew, 8 + shift);
            let after = machine.call("memcpy", start + to, start + from, len, &memory);
            let mut expected = memory.clone();
            expected.copy_within(from as usize..(from + len) as usize, to as usize);
            assert!(after == expected, "{len} bytes from {from} to {to}");
        }
    }
}

#[test]
#[ignore = "needs the built driver"]
fn memmove_copies_over_itself_in_both_directions() {
    let mut machine = Machine::new();
    let (memory, start) = (pattern(), machine.memory.start);
    for len in LENGTHS {
        for distance in [-70, -33, -9, -4, -3, -1, 0, 1, 2, 4, 5, 31, 64, 90] {
            let from = 160;
            let to = 160_u32.saturating_add_signed(distance);
            let after = machine.call("memmove", start + to, start + from, len, &memory);
            let mut expected = memory.clone();
            expected.copy_within(from as usize..(from + len) as usize, to as usize);
            assert!(after == expected, "{len} bytes from {from} to {to}");
        }
    }
}

#[test]
#[ignore = "needs the built driver"]
fn memset_fills_all_lengths_at_all_alignments() {
    let mut machine = Machine::new();
    let (memory, start) = (pattern(), machine.memory.start);
    for len in LENGTHS {
        for to in 8..12 {
            let after = machine.call("memset", start + to, 0x1A5, len, &memory);
            let mut expected = memory.clone();
            expected[to as usize..(to + len) as usize].fill(0xA5);
            assert!(after == expected, "{len} bytes at {to}");
        }
    }
}
