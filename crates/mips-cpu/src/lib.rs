//! A processor like the PSP's: Unicorn's MIPS32, little endian, run block by block.
//!
//! `psp-machine` builds an emulated console around it; `device-bench` uses it to count the cost of decoding.
//!
//! Kernel code runs at kseg0 addresses (0x88……), user memory is at 0x08……; both lead to the same
//! physical memory by dropping the upper three bits, as on the console.
//!
//! Only a block hook is installed: hooks on memory accesses, and on the table of pages, make Unicorn forget whether it is in
//! a delay slot.
//! The hook counts instructions, keeps a trail of the last blocks, and stops at trap slots. Through these the
//! guest reaches the kernel: each is two words that branch to themselves, and there is one slot per function.
//!
//! Unicorn is GPL-2.0. This crate is a test tool, and nothing that is shipped depends on it.
#![forbid(unsafe_code)]

use std::fmt;
use std::ops::Range;

use unicorn_engine::unicorn_const::{Arch, Mode, Permission, uc_error};
use unicorn_engine::{RegisterMIPS, Unicorn};

/// Granularity of mapped memory.
pub const PAGE: u32 = 0x1000;
/// Where trap slots begin, as kernel code sees them.
const TRAPS: u32 = 0x887F_0000;
const TRAP_PAGES: u32 = 4;
/// Unicorn's number of the 24Kf model.
const MODEL_24KF: i32 = 8;
/// `b .` and its delay slot: this keeps the guest in the slot even if the hook stops the block late.
const TRAP_WORDS: [u32; 2] = [0x1000_FFFF, 0];
const TRAIL: usize = 24;

/// A place that stops the processor when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Trap(pub u32);

impl Trap {
    /// The address to call.
    pub fn address(self) -> u32 {
        TRAPS + self.0 * 8
    }
}

/// A range of guest memory that is not mapped, or not completely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// Where it begins.
    pub address: u32,
    /// The number of bytes requested there.
    pub len: u32,
}

impl fmt::Display for Unmapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no memory at {:#010X} for {} bytes", self.address, self.len)
    }
}

impl std::error::Error for Unmapped {}

/// Why the processor stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It reached a trap slot.
    Trap(Trap),
    /// It ran the maximum number of instructions.
    Limit,
    /// It cannot continue.
    Fault(String),
}

/// The state of the block hook.
struct Watch {
    instructions: u64,
    limit: u64,
    stop: Option<Stop>,
    trail: [(u32, u32); TRAIL],
    next: usize,
    meter: Option<Meter>,
    uncounted: Range<u32>,
}

/// The cost of the calls of one function, including everything it calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    /// Address of the function.
    pub function: u32,
    /// How often it has returned.
    pub calls: u64,
    /// Total instructions of these calls.
    pub instructions: u64,
    /// For the current call: its return address, and how many instructions had run when it began.
    under_way: Option<(u32, u64)>,
}

impl Meter {
    /// Starts counting the calls of a function.
    #[must_use]
    pub fn new(function: u32) -> Self {
        Self { function, ..Self::default() }
    }
}

/// One processor with its memory.
pub struct Cpu {
    unicorn: Unicorn<'static, Watch>,
}

/// All registers that belong to a thread.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Context {
    /// $0 to $31.
    pub general: [u32; 32],
    /// Quotient or lower half of the last multiplication.
    pub lo: u32,
    /// Remainder or upper half.
    pub hi: u32,
    /// Where execution continues.
    pub pc: u32,
}

impl Cpu {
    /// Makes a processor without memory, except for the trap slots.
    pub fn new() -> Self {
        let watch = Watch {
            instructions: 0,
            limit: 0,
            stop: None,
            trail: [(0, 0); TRAIL],
            next: 0,
            meter: None,
            uncounted: 0..0,
        };
        let mut unicorn = Unicorn::new_with_data(Arch::MIPS, Mode::MIPS32 | Mode::LITTLE_ENDIAN, watch)
            .expect("Unicorn is built with MIPS");
        unicorn.ctl_set_cpu_model(MODEL_24KF).expect("before the first run");
        unicorn.add_block_hook(1, 0, on_block).expect("before the first run");
        let mut cpu = Self { unicorn };
        cpu.map(TRAPS, TRAP_PAGES * PAGE);
        for slot in 0..TRAP_PAGES * PAGE / 8 {
            let [branch, delay] = TRAP_WORDS;
            cpu.write_word(Trap(slot).address(), branch).expect("mapped above");
            cpu.write_word(Trap(slot).address() + 4, delay).expect("mapped above");
        }
        cpu
    }

    /// Maps zeroed memory; both numbers are multiples of [`PAGE`].
    pub fn map(&mut self, address: u32, len: u32) {
        self.map_as(address, len, Permission::ALL);
    }

    /// Maps zeroed memory from which no instruction can run; both numbers are multiples of [`PAGE`]. Unicorn looks for
    /// code that a write changes only where code can be, so programs that write much run twice as fast.
    pub fn map_data(&mut self, address: u32, len: u32) {
        self.map_as(address, len, Permission::READ | Permission::WRITE);
    }

    fn map_as(&mut self, address: u32, len: u32, use_as: Permission) {
        let physical = u64::from(physical(address));
        self.unicorn.mem_map(physical, len as usize, use_as).expect("free, page-aligned range");
    }

    /// Unmaps memory.
    pub fn unmap(&mut self, address: u32, len: u32) {
        self.unicorn.mem_unmap(u64::from(physical(address)), len as usize).expect("mapped before");
    }

    /// Runs from `context` until a trap, a fault or `limit` more instructions; updates `context`.
    pub fn run(&mut self, context: &mut Context, limit: u64) -> Stop {
        for number in 1..32 {
            self.set(RegisterMIPS::ZERO as i32 + number, context.general[number as usize]);
        }
        self.set(RegisterMIPS::LO as i32, context.lo);
        self.set(RegisterMIPS::HI as i32, context.hi);
        let watch = self.unicorn.get_data_mut();
        watch.stop = None;
        watch.limit = watch.instructions.saturating_add(limit);
        let outcome = self.unicorn.emu_start(u64::from(context.pc), 0, 0, 0);
        for number in 1..32 {
            context.general[number as usize] = self.get(RegisterMIPS::ZERO as i32 + number);
        }
        context.lo = self.get(RegisterMIPS::LO as i32);
        context.hi = self.get(RegisterMIPS::HI as i32);
        context.pc = self.get(RegisterMIPS::PC as i32);
        match (outcome, self.unicorn.get_data_mut().stop.take()) {
            (Err(error), _) => Stop::Fault(fault_name(error)),
            (Ok(()), Some(stop)) => stop,
            (Ok(()), None) => Stop::Fault("stopped without a reason".to_owned()),
        }
    }

    /// Instructions run so far, excluding those of trap slots.
    pub fn instructions(&self) -> u64 {
        self.unicorn.get_data().instructions
    }

    /// Does not count instructions of blocks that begin in this range of addresses.
    pub fn leave_uncounted(&mut self, addresses: Range<u32>) {
        self.unicorn.get_data_mut().uncounted = addresses;
    }

    /// Counts the calls of a function from now on; it must not be recursive.
    pub fn set_meter(&mut self, meter: Meter) {
        self.unicorn.get_data_mut().meter = Some(meter);
    }

    /// What has been counted since [`set_meter`](Self::set_meter).
    pub fn meter(&self) -> Meter {
        self.unicorn.get_data().meter.unwrap_or_default()
    }

    /// Address and length in bytes of the blocks that ran last, oldest first.
    pub fn trail(&self) -> Vec<(u32, u32)> {
        let watch = self.unicorn.get_data();
        let (newer, older) = watch.trail.split_at(watch.next);
        older.iter().chain(newer).copied().filter(|&(address, _)| address != 0).collect()
    }

    /// Copies guest memory.
    ///
    /// # Errors
    ///
    /// When a byte of the range is not mapped.
    pub fn read(&self, address: u32, out: &mut [u8]) -> Result<(), Unmapped> {
        self.unicorn
            .mem_read(u64::from(physical(address)), out)
            .map_err(|_| Unmapped { address, len: len_of(out) })
    }

    /// Changes guest memory, as the kernel would.
    ///
    /// # Errors
    ///
    /// When a byte of the range is not mapped.
    pub fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Unmapped> {
        self.unicorn
            .mem_write(u64::from(physical(address)), bytes)
            .map_err(|_| Unmapped { address, len: len_of(bytes) })
    }

    /// Reads one little-endian word.
    ///
    /// # Errors
    ///
    /// When it is not mapped.
    pub fn read_word(&self, address: u32) -> Result<u32, Unmapped> {
        let mut word = [0; 4];
        self.read(address, &mut word)?;
        Ok(u32::from_le_bytes(word))
    }

    /// Writes one little-endian word.
    ///
    /// # Errors
    ///
    /// When it is not mapped.
    pub fn write_word(&mut self, address: u32, word: u32) -> Result<(), Unmapped> {
        self.write(address, &word.to_le_bytes())
    }

    /// Reads a NUL-terminated string of at most 255 bytes.
    ///
    /// # Errors
    ///
    /// When it leaves mapped memory before it ends.
    pub fn read_string(&self, address: u32) -> Result<String, Unmapped> {
        let mut bytes = Vec::new();
        for at in address..address.saturating_add(255) {
            let mut byte = [0];
            self.read(at, &mut byte)?;
            if byte == [0] {
                break;
            }
            bytes.push(byte[0]);
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The loads and stores of the last block whose addresses are not mapped, based on the current register
    /// values. This is a hint, because the processor does not report which instruction failed.
    pub fn suspects(&self, context: &Context) -> Vec<String> {
        let Some(&(start, len)) = self.trail().last() else { return Vec::new() };
        (start..start + len)
            .step_by(4)
            .filter_map(|pc| {
                let word = self.read_word(pc).ok()?;
                let is_access = (0x20..0x3C).contains(&(word >> 26));
                let base = context.general[(word >> 21 & 31) as usize];
                #[expect(clippy::cast_possible_truncation, reason = "the immediate is the lower half")]
                let address = base.wrapping_add_signed(i32::from(word as i16));
                let bad = is_access && self.read(address, &mut [0]).is_err();
                bad.then(|| format!("{word:08X} at {pc:#010X} for address {address:#010X}"))
            })
            .collect()
    }

    fn set(&mut self, register: i32, value: u32) {
        self.unicorn.reg_write(register, u64::from(value)).expect("a register of this processor");
    }

    #[expect(clippy::cast_possible_truncation, reason = "a processor of 32 bits")]
    fn get(&self, register: i32) -> u32 {
        self.unicorn.reg_read(register).expect("a register of this processor") as u32
    }
}

impl Default for Cpu {
    fn default() -> Self {
        Self::new()
    }
}

/// The physical address for a guest address.
pub fn physical(address: u32) -> u32 {
    address & 0x1FFF_FFFF
}

#[expect(clippy::cast_possible_truncation, reason = "guest addresses have 32 bits")]
fn on_block(unicorn: &mut Unicorn<'_, Watch>, address: u64, size: u32) {
    let address = address as u32;
    let watch = unicorn.get_data_mut();
    let slot = address.wrapping_sub(TRAPS) / 8;
    if slot < TRAP_PAGES * PAGE / 8 {
        watch.stop = Some(Stop::Trap(Trap(slot)));
    } else {
        watch.trail[watch.next] = (address, size);
        watch.next = (watch.next + 1) % TRAIL;
        if let Some(mut meter) = watch.meter {
            match meter.under_way {
                None if address == meter.function => {
                    let began = watch.instructions;
                    let back = unicorn.reg_read(RegisterMIPS::RA).unwrap_or_default();
                    meter.under_way = Some((back as u32, began));
                }
                Some((back, began)) if address == back => {
                    meter.calls += 1;
                    meter.instructions += watch.instructions - began;
                    meter.under_way = None;
                }
                _ => {}
            }
            unicorn.get_data_mut().meter = Some(meter);
        }
        let watch = unicorn.get_data_mut();
        if !watch.uncounted.contains(&address) {
            watch.instructions += u64::from(size / 4);
        }
        if watch.instructions < watch.limit {
            return;
        }
        watch.stop = Some(Stop::Limit);
    }
    unicorn.emu_stop().expect("while running");
}

fn fault_name(error: uc_error) -> String {
    format!("{error:?}").to_lowercase().replace('_', " ")
}

fn len_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
