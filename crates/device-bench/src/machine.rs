//! A MIPS CPU that runs one C function at a time and counts its instructions.
//!
//! Only block hooks are used: memory hooks break branches with delay slots. They are set before the
//! first run, because blocks that were translated without a hook are never counted.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol};
use unicorn_engine::unicorn_const::{Arch, Mode, Permission};
use unicorn_engine::{RegisterMIPS, Unicorn};

use crate::likely;

const RAM: u64 = 0x0010_0000;
const RAM_LEN: usize = 0x0080_0000;
const STACK_TOP: u64 = RAM + RAM_LEN as u64;
const STACK_LEN: usize = 0x1_0000;
const PACKED: u64 = RAM + 0x0020_0000;
const OUT: u64 = RAM + 0x0040_0000;
/// Where a function returns to; nothing is run there.
const RETURN: u64 = RAM + 0x0070_0000;
const FILL: u8 = 0xA5;
const INSTRUCTION_LEN: u64 = 4;

/// What one call cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) instructions: u64,
    /// Bytes of stack below the caller's.
    pub(crate) stack: usize,
}

pub(crate) struct Machine {
    cpu: Unicorn<'static, ()>,
    count: Rc<Cell<u64>>,
    symbols: HashMap<String, (u64, u64)>,
}

impl Machine {
    /// Loads a linked ELF.
    pub(crate) fn new(elf: &[u8]) -> Self {
        let file = object::File::parse(elf).expect("the linker writes ELF");
        let mut cpu = Unicorn::new(Arch::MIPS, Mode::MIPS32 | Mode::LITTLE_ENDIAN).expect("MIPS is built in");
        cpu.mem_map(RAM, RAM_LEN, Permission::ALL).expect("nothing else is mapped");
        for segment in file.segments() {
            cpu.mem_write(segment.address(), segment.data().expect("segment data")).expect("fits into RAM");
        }
        // Behind everything that the linker placed.
        let detours_at = file.segments().map(|segment| segment.address() + segment.size()).max();
        let detours_at = detours_at.expect("something is linked").next_multiple_of(16);
        let text = file.section_by_name(".text").expect("the linker script names it");
        let mut code = text.data().expect("section data").to_vec();
        let address = |address: u64| u32::try_from(address).expect("32-bit ELF");
        let detours = likely::replace(&mut code, address(text.address()), address(detours_at));
        cpu.mem_write(text.address(), &code).expect("it was just written");
        cpu.mem_write(detours_at, &detours).expect("fits into RAM");
        let detours = detours_at..detours_at + detours.len() as u64;
        let named = |symbol: object::Symbol<'_, '_>| {
            Some((symbol.name().ok()?.to_owned(), (symbol.address(), symbol.size())))
        };
        let symbols = file.symbols().filter_map(named).collect();
        let count = Rc::new(Cell::new(0));
        let counter = Rc::clone(&count);
        cpu.add_block_hook(1, 0, move |_, at, len| {
            if !detours.contains(&at) {
                counter.set(counter.get() + u64::from(len) / INSTRUCTION_LEN);
            }
        })
        .expect("block hooks exist");
        Self { cpu, count, symbols }
    }

    /// Calls a function and returns its result and cost.
    pub(crate) fn call(&mut self, name: &str, arguments: [u64; 4]) -> (u32, Cost) {
        let (entry, _) = *self.symbols.get(name).unwrap_or_else(|| panic!("the guest has no {name}"));
        let stack = vec![FILL; STACK_LEN];
        self.cpu.mem_write(STACK_TOP - STACK_LEN as u64, &stack).expect("the stack is mapped");
        // The caller reserves room for four arguments (o32).
        let top = STACK_TOP - 16;
        let registers = [RegisterMIPS::A0, RegisterMIPS::A1, RegisterMIPS::A2, RegisterMIPS::A3];
        for (register, value) in registers.into_iter().zip(arguments) {
            self.cpu.reg_write(register, value).expect("a register");
        }
        self.cpu.reg_write(RegisterMIPS::SP, top).expect("a register");
        self.cpu.reg_write(RegisterMIPS::RA, RETURN).expect("a register");
        self.count.set(0);
        self.cpu.emu_start(entry, RETURN, 0, 0).unwrap_or_else(|error| {
            let at = self.cpu.reg_read(RegisterMIPS::PC).unwrap_or_default();
            panic!("{name} stopped at {at:#X}: {error:?}")
        });
        let stack = self.cpu.mem_read_as_vec(top - (STACK_LEN as u64 - 16), STACK_LEN - 16).expect("mapped");
        let untouched = stack.iter().take_while(|&&byte| byte == FILL).count();
        let result = self.cpu.reg_read(RegisterMIPS::V0).expect("a register");
        let cost = Cost { instructions: self.count.get(), stack: stack.len() - untouched };
        #[expect(clippy::cast_possible_truncation, reason = "a 32-bit register")]
        (result as u32, cost)
    }

    /// Writes memory between two calls.
    pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) {
        self.cpu.mem_write(address, bytes).expect("mapped");
    }

    /// Reads memory between two calls.
    pub(crate) fn read(&self, address: u64, len: usize) -> Vec<u8> {
        self.cpu.mem_read_as_vec(address, len).expect("mapped")
    }

    /// Decodes a block with one of the guest's functions and checks every byte of it.
    ///
    /// `skew` moves the packed bytes away from a word border, as they lie in a file.
    pub(crate) fn decode(&mut self, name: &str, packed: &[u8], plain: &[u8], skew: u64) -> Cost {
        let len = plain.len();
        self.write(PACKED + skew, packed);
        self.write(OUT, &vec![FILL; len + 64]);
        let (status, cost) = self.call(name, [PACKED + skew, packed.len() as u64, OUT, len as u64]);
        let out = self.read(OUT, len + 64);
        assert!(status == 0 && out[..len] == *plain, "{name} did not decode a block");
        assert!(out[len..].iter().all(|&byte| byte == FILL), "{name} wrote behind the block");
        cost
    }
}
