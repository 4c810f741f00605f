//! A MIPS CPU that runs one C function at a time and counts its instructions.

use std::collections::HashMap;

use mips_cpu::{Context, Cpu, Stop, Trap};
use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol};

use crate::likely;

const RAM: u32 = 0x0010_0000;
const RAM_LEN: u32 = 0x0080_0000;
const STACK_TOP: u32 = RAM + RAM_LEN;
const STACK_LEN: u32 = 0x1_0000;
const PACKED: u32 = RAM + 0x0020_0000;
const OUT: u32 = RAM + 0x0040_0000;
/// Where a function returns to.
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
    /// Bytes of stack below the caller's.
    pub(crate) stack: usize,
}

pub(crate) struct Machine {
    cpu: Cpu,
    symbols: HashMap<String, u32>,
}

impl Machine {
    /// Loads a linked ELF.
    pub(crate) fn new(elf: &[u8]) -> Self {
        let file = object::File::parse(elf).expect("the linker writes ELF");
        let address = |address: u64| u32::try_from(address).expect("32-bit ELF");
        let mut cpu = Cpu::new();
        cpu.map(RAM, RAM_LEN);
        for segment in file.segments() {
            let data = segment.data().expect("segment data");
            cpu.write(address(segment.address()), data).expect("fits into RAM");
        }
        // Past everything that the linker placed.
        let detours_at = file.segments().map(|segment| segment.address() + segment.size()).max();
        let detours_at = address(detours_at.expect("something is linked").next_multiple_of(16));
        let text = file.section_by_name(".text").expect("the linker script names it");
        let mut code = text.data().expect("section data").to_vec();
        let detours = likely::replace(&mut code, address(text.address()), detours_at);
        cpu.write(address(text.address()), &code).expect("it was just written");
        cpu.write(detours_at, &detours).expect("fits into RAM");
        cpu.leave_uncounted(detours_at..detours_at + len_of(&detours));
        let named = |symbol: object::Symbol<'_, '_>| {
            Some((symbol.name().ok()?.to_owned(), u32::try_from(symbol.address()).ok()?))
        };
        let symbols = file.symbols().filter_map(named).collect();
        Self { cpu, symbols }
    }

    /// Calls a function and returns its result and cost.
    pub(crate) fn call(&mut self, name: &str, arguments: [u32; 4]) -> (u32, Cost) {
        let entry = *self.symbols.get(name).unwrap_or_else(|| panic!("the guest has no {name}"));
        let bottom = STACK_TOP - STACK_LEN;
        self.cpu.write(bottom, &vec![FILL; STACK_LEN as usize]).expect("the stack is mapped");
        let mut context = Context { pc: entry, ..Context::default() };
        context.general[A0..A0 + 4].copy_from_slice(&arguments);
        // The caller reserves room for four arguments (o32).
        context.general[SP] = STACK_TOP - 16;
        context.general[RA] = RETURN.address();
        let before = self.cpu.instructions();
        let stop = self.cpu.run(&mut context, u64::MAX);
        assert_eq!(stop, Stop::Trap(RETURN), "{name} stopped at {:#X}", context.pc);
        let instructions = self.cpu.instructions() - before;
        let mut stack = vec![0; STACK_LEN as usize - 16];
        self.cpu.read(bottom, &mut stack).expect("mapped");
        let untouched = stack.iter().take_while(|&&byte| byte == FILL).count();
        (context.general[V0], Cost { instructions, stack: stack.len() - untouched })
    }

    /// Decodes a block with one of the guest's functions and checks every byte of it.
    ///
    /// `skew` moves the packed bytes away from a word boundary, as in a file.
    pub(crate) fn decode(&mut self, name: &str, packed: &[u8], plain: &[u8], skew: u32) -> Cost {
        let len = plain.len();
        self.cpu.write(PACKED + skew, packed).expect("mapped");
        self.cpu.write(OUT, &vec![FILL; len + 64]).expect("mapped");
        let (status, cost) = self.call(name, [PACKED + skew, len_of(packed), OUT, len_of(plain)]);
        let mut out = vec![0; len + 64];
        self.cpu.read(OUT, &mut out).expect("mapped");
        assert!(status == 0 && out[..len] == *plain, "{name} did not decode a block");
        assert!(out[len..].iter().all(|&byte| byte == FILL), "{name} wrote past the block");
        cost
    }
}

fn len_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("RAM has 8 MiB")
}
