//! Creates threads, and puts them at the beginning of a function.

use super::{Psp, RETURN};
use crate::abi::{Args, POISON, register};
use crate::crash::Cause;
use crate::kernel::threads::{Frame, State, Thread, ThreadId};
use crate::memory::{self, Place, Space};
use mips_cpu::Context;

/// Size of the kernel stack for a user program's thread.
const ENTRY_STACK: u32 = 2048;
/// Size of the caller's frame above the stack pointer of a call. It is filled with a pattern, and starts with
/// the 16 bytes that would be the o32 home area: EABI does not let a callee use it.
const CALLERS_FRAME: u32 = 256;

/// The caller of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// $k1: the kernel's mark of who called.
    pub k1: u32,
    /// $gp: that of the calling module.
    pub gp: u32,
    /// Bytes of stack that are left.
    pub stack: u32,
}

impl Caller {
    /// Another kernel module.
    pub fn kernel() -> Self {
        Self { k1: 0, gp: 0x8801_2340, stack: ENTRY_STACK }
    }

    /// A user program, as a driver sees it through the file manager.
    pub fn user() -> Self {
        Self { k1: 0x8000_0000, ..Self::kernel() }
    }

    /// A user program, as seen by a function that is called as a system call.
    pub fn system_call() -> Self {
        Self { k1: 0x0010_0000, ..Self::kernel() }
    }
}

impl Psp {
    /// Creates a thread that is not started yet.
    pub(crate) fn create_thread(&mut self, name: &str, entry: u32, stack: u32) -> ThreadId {
        let id = self.kernel.new_id();
        let thread = Thread {
            name: name.to_owned(),
            context: Context::default(),
            state: State::Dormant,
            frames: Vec::new(),
            entry: (entry, stack),
            is_call: false,
            instructions: 0,
            calls: 0,
            ending: None,
            since: 0,
            stack_peak: 0,
            extended_peak: 0,
        };
        self.kernel.threads.all.insert(id, thread);
        id
    }

    /// Deletes a thread that the guest created, and frees its stack. Returns whether it existed.
    pub(crate) fn delete_thread(&mut self, id: ThreadId) -> bool {
        let Some(thread) = self.kernel.threads.all.remove(&id) else { return false };
        if !thread.is_call {
            let partition = self.kernel.memory.partitions.get_mut(1).expect("the kernel's partition");
            partition.give_back(thread.entry.1);
        }
        true
    }

    /// Starts a thread that the guest created, with a copy of its argument.
    pub(crate) fn start_thread(&mut self, id: ThreadId, argument: &[u8]) -> Result<(), Cause> {
        let len = u32::try_from(argument.len()).map_err(|_| Cause::BadPointer { address: 0, len: 0 })?;
        let pointer = if argument.is_empty() { 0 } else { self.place("thread argument", argument) };
        let stack = self.kernel.threads.all[&id].entry.1;
        let caller = Caller { stack, ..Caller::kernel() };
        self.enter_thread(id, caller, &Args::new().word(len).word(pointer));
        Ok(())
    }

    /// Puts a thread at its entry, ready to run.
    pub(crate) fn enter_thread(&mut self, id: ThreadId, caller: Caller, args: &Args) {
        let now = self.kernel.clock.now();
        let mut context = Context::default();
        for (number, value) in context.general.iter_mut().enumerate().skip(1) {
            *value = POISON ^ (u32::try_from(number).expect("under 32") << 8);
        }
        (context.lo, context.hi) = (POISON, POISON);
        context.general[register::K1] = caller.k1;
        context.general[register::GP] = caller.gp;
        args.place(&mut context);
        let (entry, stack) = self.kernel.threads.all[&id].entry;
        let what = self.kernel.threads.all[&id].name.clone();
        let frame = self.enter(&mut context, what, entry, stack, 0);
        let thread = self.kernel.threads.all.get_mut(&id).expect("created before");
        thread.since = now;
        thread.frames.push(frame);
        thread.context = context;
        thread.state = State::Ready;
    }

    /// Points a context at a function with a separate stack.
    pub(crate) fn enter(
        &mut self,
        context: &mut Context,
        what: String,
        function: u32,
        stack: u32,
        charged: u32,
    ) -> Frame {
        let place = Place::Last { slack: CALLERS_FRAME };
        let stack = self.memory.take(&mut self.cpu, "stack", Space::Kernel, stack, place);
        memory::paint_stack(&mut self.cpu, &stack);
        let caller = context.clone();
        context.general[register::SP] = stack.end();
        context.general[register::RA] = RETURN.address();
        context.pc = function;
        Frame { what, caller, lowest: stack.end(), stack, charged, is_extension: charged > 0 }
    }
}
