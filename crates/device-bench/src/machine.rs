//! A MIPS CPU that runs one C function at a time and counts its instructions.

use std::collections::HashMap;

use mips_cpu::{Context, Cpu, Stop, Trap};
use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol};

use crate::likely;

const RAM: u64 = 0x0010_0000;
const RAM_LEN: u64 = 0x0080_0000;
const STACK_TOP: u64 = RAM + RAM_LEN;
const STACK_LEN: usize = 0x1_0000;
const PACKED: u64 = RAM + 0x0020_0000;
const OUT: u64 = RAM + 0x0040_0000;
/// The return address of functions.
const RETURN: Trap = Trap(0);
const FILL: u8 = 0xA5;
/// Registers by number, as the o32 convention uses them.
const V0: usize = 2;
const A0: usize = 4;
const SP: usize = 29;
const RA: usize = 31;

/// What one call cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) instructions: u64,
    /// Bytes of stack used below the caller's.
    pub(crate) stack: usize,
}

pub(crate) struct Machine {
    cpu: Cpu,
    symbols: HashMap<String, u64>,
}

impl Machine {
    /// Loads a linked ELF.
    pub(crate) fn new(elf: &[u8]) -> Self {
        let file = object::File::parse(elf).expect("the linker writes ELF");
        let mut cpu = Cpu::new();
        cpu.map(word(RAM), word(RAM_LEN));
        for segment in file.segments() {
            let data = segment.data().expect("segment data");
            cpu.write(word(segment.address()), data).expect("fits into RAM");
        }
        // After everything that the linker placed.
        let detours_at = file.segments().map(|segment| segment.address() + segment.size()).max();
        let detours_at = word(detours_at.expect("something is linked").next_multiple_of(16));
        let text = file.section_by_name(".text").expect("the linker script names it");
        let mut code = text.data().expect("section data").to_vec();
        let detours = likely::replace(&mut code, word(text.address()), detours_at);
        cpu.write(word(text.address()), &code).expect("it was just written");
        cpu.write(detours_at, &detours).expect("fits into RAM");
        cpu.leave_uncounted(detours_at..detours_at + word(detours.len() as u64));
        let named = |symbol: object::Symbol<'_, '_>| Some((symbol.name().ok()?.to_owned(), symbol.address()));
        let symbols = file.symbols().filter_map(named).collect();
        Self { cpu, symbols }
    }

    /// Calls a function and returns its result and cost.
    pub(crate) fn call(&mut self, name: &str, arguments: [u64; 4]) -> (u32, Cost) {
        let entry = *self.symbols.get(name).unwrap_or_else(|| panic!("the guest has no {name}"));
        let bottom = STACK_TOP - STACK_LEN as u64;
        self.write(bottom, &[FILL; STACK_LEN]);
        let mut context = Context { pc: word(entry), ..Context::default() };
        context.general[A0..A0 + 4].copy_from_slice(&arguments.map(word));
        // The caller reserves space for four arguments (o32).
        context.general[SP] = word(STACK_TOP - 16);
        context.general[RA] = RETURN.address();
        let before = self.cpu.instructions();
        let stop = self.cpu.run(&mut context, u64::MAX);
        assert_eq!(stop, Stop::Trap(RETURN), "{name} stopped at {:#X}", context.pc);
        let instructions = self.cpu.instructions() - before;
        let stack = self.read(bottom, STACK_LEN - 16);
        let untouched = stack.iter().take_while(|&&byte| byte == FILL).count();
        (context.general[V0], Cost { instructions, stack: stack.len() - untouched })
    }

    /// Writes memory between two calls.
    pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) {
        self.cpu.write(word(address), bytes).expect("mapped");
    }

    /// Reads memory between two calls.
    pub(crate) fn read(&self, address: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.cpu.read(word(address), &mut bytes).expect("mapped");
        bytes
    }

    /// Decodes a block with one of the guest's functions, or finds that it is damaged, and checks that nothing is written
    /// past its end.
    pub(crate) fn decode_any(&mut self, name: &str, packed: &[u8], len: usize) -> Cost {
        self.write(PACKED, packed);
        self.write(OUT, &vec![FILL; len + 64]);
        let (_, cost) = self.call(name, [PACKED, packed.len() as u64, OUT, len as u64]);
        let past = self.read(OUT + len as u64, 64);
        assert!(past.iter().all(|&byte| byte == FILL), "{name} wrote past the block");
        cost
    }

    /// Decodes a block with one of the guest's functions and checks every byte of the result.
    ///
    /// `skew` moves the packed bytes off a word boundary, as in a file.
    pub(crate) fn decode(&mut self, name: &str, packed: &[u8], plain: &[u8], skew: u64) -> Cost {
        let len = plain.len();
        self.write(PACKED + skew, packed);
        self.write(OUT, &vec![FILL; len + 64]);
        let (status, cost) = self.call(name, [PACKED + skew, packed.len() as u64, OUT, len as u64]);
        let out = self.read(OUT, len + 64);
        assert!(status == 0 && out[..len] == *plain, "{name} did not decode a block");
        assert!(out[len..].iter().all(|&byte| byte == FILL), "{name} wrote past the block");
        cost
    }
}

/// Converts an address, a length or an argument to the processor's word size.
fn word(number: u64) -> u32 {
    u32::try_from(number).expect("a processor of 32 bits")
}
