//! Calls into the guest, and the threads they run in.
//!
//! The guest runs until it reaches a trap slot. Its function runs on the host immediately, then the thread
//! continues, waits, or lets another run: threads change only at kernel calls.

mod disturbance;
mod module;

use crate::abi::{Args, POISON, PRESERVED, Received, register};
use crate::crash::{Cause, Crash};
use crate::exports;
use crate::kernel::Answer;
use crate::kernel::systemctrl::{MissingStub, NOT_LINKED};
use crate::kernel::threads::{ENDED, Ending, Frame, State, ThreadId};
use crate::machine::{Caller, Psp, RETURN, Target};
use crate::memory::{self, Region};
use mips_cpu::{Context, Stop, Trap};

/// Result of a call for which the kernel cannot allocate memory.
const NO_MEMORY: u32 = 0x8002_0190;

/// The result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// $v0.
    pub value: u32,
    /// $v1.
    pub high: u32,
    /// Instructions it took.
    pub instructions: u64,
    /// Microseconds of the machine's clock it took.
    pub microseconds: u64,
    /// Bytes of the caller's stack that it used.
    pub stack: u32,
    /// Maximum number of bytes of extended stacks that it used.
    pub extended_stack: u32,
}

impl Outcome {
    /// Whether $v0 is an error number.
    pub fn is_error(&self) -> bool {
        self.value >> 31 == 1
    }

    /// $v1:$v0.
    #[expect(clippy::cast_possible_wrap, reason = "the same bits")]
    pub fn long(&self) -> i64 {
        (u64::from(self.high) << 32 | u64::from(self.value)) as i64
    }
}

impl Psp {
    /// Calls a guest function as another kernel module would, and waits until it returns.
    ///
    /// # Errors
    ///
    /// When the run ends badly.
    pub fn call(&mut self, during: &str, function: u32, args: &Args) -> Result<Outcome, Crash> {
        self.call_as(during, Caller::kernel(), function, args)
    }

    /// The same, for a given caller.
    ///
    /// # Errors
    ///
    /// When the run ends badly.
    pub fn call_as(
        &mut self,
        during: &str,
        caller: Caller,
        function: u32,
        args: &Args,
    ) -> Result<Outcome, Crash> {
        let thread = self.spawn(during, caller, function, args);
        self.join(thread)
    }

    /// Starts a call in a separate thread without running it yet.
    pub fn spawn(&mut self, during: &str, caller: Caller, function: u32, args: &Args) -> ThreadId {
        let id = self.create_thread(during, function, caller.stack);
        let thread = self.kernel.threads.all.get_mut(&id).expect("just created");
        thread.is_call = true;
        thread.ending = self.end_next_call.take();
        self.enter_thread(id, caller, args);
        id
    }

    /// Runs threads until this one has ended, and removes it.
    ///
    /// # Errors
    ///
    /// When the run ends badly, in any thread.
    pub fn join(&mut self, id: ThreadId) -> Result<Outcome, Crash> {
        loop {
            let thread = self.kernel.threads.all.get(&id).expect("spawned and not joined yet");
            if let State::Done(value) = thread.state {
                let outcome = Outcome {
                    value: (value & 0xFFFF_FFFF) as u32,
                    high: (value >> 32) as u32,
                    instructions: thread.instructions,
                    microseconds: self.kernel.clock.now() - thread.since,
                    stack: thread.stack_peak,
                    extended_stack: thread.extended_peak,
                };
                self.kernel.threads.all.remove(&id);
                return Ok(outcome);
            }
            self.step()?;
        }
    }

    /// Advances the time: runs all existing threads for this many microseconds.
    ///
    /// # Errors
    ///
    /// When the run ends badly.
    pub fn run_for(&mut self, microseconds: u64) -> Result<(), Crash> {
        let end = self.kernel.clock.now() + microseconds;
        while self.kernel.clock.now() < end {
            let busy = !self.kernel.threads.ready().is_empty();
            match self.kernel.threads.next_timeout() {
                Some(time) if busy || time <= end => self.step()?,
                _ if busy => self.step()?,
                _ => self.kernel.clock.pass(end - self.kernel.clock.now()),
            }
        }
        Ok(())
    }

    /// Runs one thread up to its next kernel call and executes that call.
    fn step(&mut self) -> Result<(), Crash> {
        if self.dead {
            return Err(self.crash(Cause::Dead, String::new()));
        }
        let id = self.pick()?;
        self.kernel.threads.current = id;
        let thread = self.kernel.threads.all.get_mut(&id).expect("picked from them");
        let limit = self.instruction_limit.saturating_sub(thread.instructions).max(1);
        let before = self.cpu.instructions();
        let mut context = thread.context.clone();
        let stop = self.cpu.run(&mut context, limit);
        let ran = self.cpu.instructions() - before;
        self.kernel.clock.count(ran);
        thread.instructions += ran;
        let during = thread.frames.iter().map(|frame| frame.what.as_str()).collect::<Vec<_>>().join(" > ");
        let (instructions, since, is_call) = (thread.instructions, thread.since, thread.is_call);
        let outcome = match stop {
            Stop::Trap(trap) => self.trapped(id, &mut context, trap),
            Stop::Limit => Err(Cause::Endless { instructions }),
            Stop::Fault(kind) => Err(Cause::Processor { kind, suspects: self.cpu.suspects(&context) }),
        };
        let outcome = outcome.and_then(|()| {
            let microseconds = self.kernel.clock.now() - since;
            if is_call && microseconds > self.time_limit {
                Err(Cause::TimedOut { microseconds })
            } else {
                Ok(())
            }
        });
        if let Some(thread) = self.kernel.threads.all.get_mut(&id) {
            thread.context = context;
        }
        outcome.map_err(|cause| self.crash(cause, during))
    }

    fn trapped(&mut self, id: ThreadId, context: &mut Context, trap: Trap) -> Result<(), Cause> {
        self.check_driver_table()?;
        if trap == RETURN {
            return self.returned(id, context);
        }
        let sp = context.general[register::SP];
        if !sp.is_multiple_of(8) {
            return Err(Cause::Misuse {
                what: "stack pointer not a multiple of 8 at a kernel call",
                value: sp,
            });
        }
        let thread = self.kernel.threads.all.get_mut(&id).expect("running");
        thread.calls += 1;
        if let Some(frame) = thread.frames.last_mut() {
            frame.lowest = frame.lowest.min(sp);
        }
        if self.is_to_end(id, |ending, calls| matches!(ending, Ending::Before(call) if calls >= call)) {
            return self.end_thread(id, u64::from(ENDED));
        }
        let received = Received::of(context);
        let answer = match self.target(trap).cloned() {
            Some(Target::Kernel { library, nid }) => {
                self.count_kernel_call();
                if self.kernel.system.missing.contains(&nid) {
                    context.pc = context.general[register::RA];
                    if self.kernel.system.missing_stubs == MissingStub::Error {
                        context.general[register::V0] = NOT_LINKED;
                    }
                    return Ok(());
                }
                match exports::find(&library, nid) {
                    Some(known) => self.run_known(known, received)?,
                    None => return Err(Cause::UnknownImport { library, nid }),
                }
            }
            Some(Target::Inferno(entry)) => self.inferno.called(&mut self.cpu, entry, received)?,
            None => {
                return Err(Cause::Misuse { what: "jump into an unused trap slot", value: trap.address() });
            }
        };
        context.pc = context.general[register::RA];
        self.spoil(context);
        match answer {
            Answer::Word(word) => context.general[register::V0] = word,
            Answer::Long(long) => set_long(context, long),
            Answer::Exit(status) => {
                self.end_thread(id, u64::from(status))?;
                // A call that a test has made is removed when it is joined. A thread that returns from its function is not
                // deleted: it is dormant, with its stack.
                if !self.kernel.threads.all[&id].is_call {
                    self.delete_thread(id);
                    return Ok(());
                }
            }
            Answer::OnExtendedStack { bytes, function, argument } => {
                self.extend_stack(id, context, bytes, function, argument);
            }
            Answer::Wait(wait) => {
                if self.kernel.interrupts.suspended {
                    return Err(Cause::InterruptsSuspended);
                }
                let thread = self.kernel.threads.all.get_mut(&id).expect("running");
                thread.state = State::Waiting(wait);
                if !thread.is_call {
                    thread.instructions = 0;
                }
            }
        }
        if self.is_to_end(id, |ending, calls| matches!(ending, Ending::After(call) if calls >= call)) {
            return self.end_thread(id, u64::from(ENDED));
        }
        Ok(())
    }

    /// Whether a thread should be ended now, based on the number of kernel calls it has made.
    fn is_to_end(&self, id: ThreadId, is_due: impl Fn(Ending, u64) -> bool) -> bool {
        let thread = &self.kernel.threads.all[&id];
        !self.kernel.interrupts.suspended
            && !matches!(thread.state, State::Done(_))
            && thread.ending.is_some_and(|ending| is_due(ending, thread.calls))
    }

    /// Overwrites the registers that a kernel function need not preserve with useless values.
    fn spoil(&self, context: &mut Context) {
        for number in (1..16).chain([24, 25, register::RA]) {
            context.general[number] = POISON;
        }
        (context.lo, context.hi) = (POISON, POISON);
    }

    fn extend_stack(
        &mut self,
        id: ThreadId,
        context: &mut Context,
        bytes: u32,
        function: u32,
        argument: u32,
    ) {
        let partition = self.kernel.memory.partitions.get_mut(1).expect("the kernel's partition");
        if !partition.take(bytes) {
            context.general[register::V0] = NO_MEMORY;
            return;
        }
        context.general[register::A0] = argument;
        let frame = self.enter(context, format!("extended stack of {bytes}"), function, bytes, bytes);
        self.kernel.threads.all.get_mut(&id).expect("running").frames.push(frame);
    }

    /// The innermost call of a thread has returned.
    fn returned(&mut self, id: ThreadId, context: &mut Context) -> Result<(), Cause> {
        let thread = self.kernel.threads.all.get_mut(&id).expect("running");
        let Some(frame) = thread.frames.pop() else {
            return Err(Cause::Misuse { what: "return without a call", value: 0 });
        };
        for (number, name) in PRESERVED {
            let expected =
                if number == register::SP { frame.stack.end() } else { frame.caller.general[number] };
            let got = context.general[number];
            if got != expected {
                return Err(Cause::Register { name, expected, got });
            }
        }
        // A frame is not always written down to its last byte.
        let used = memory::stack_used(&self.cpu, &frame.stack).max(frame.stack.end() - frame.lowest);
        let peak = if frame.is_extension { &mut thread.extended_peak } else { &mut thread.stack_peak };
        *peak = (*peak).max(used);
        let last = thread.frames.is_empty();
        self.release_stack(&frame)?;
        let (v0, v1) = (context.general[register::V0], context.general[register::V1]);
        if last {
            if self.kernel.interrupts.suspended {
                return Err(Cause::InterruptsSuspended);
            }
            return self.end_thread(id, u64::from(v1) << 32 | u64::from(v0));
        }
        let resume_at = frame.caller.pc;
        *context = frame.caller;
        self.spoil(context);
        context.general[register::V0] = v0;
        context.pc = resume_at;
        Ok(())
    }

    fn release_stack(&mut self, frame: &Frame) -> Result<(), Cause> {
        if frame.charged > 0 {
            self.kernel
                .memory
                .partitions
                .get_mut(1)
                .expect("the kernel's partition")
                .give_back(frame.charged);
        }
        let region: &Region = &frame.stack;
        self.memory.give_back(&self.cpu, region).map_err(|cause| match cause {
            Cause::Overrun { offset, .. } if offset >= i64::from(region.len) => {
                let above = offset - i64::from(region.len);
                Cause::CallersStack { offset: usize::try_from(above).unwrap_or(usize::MAX) }
            }
            other => other,
        })
    }

    fn end_thread(&mut self, id: ThreadId, value: u64) -> Result<(), Cause> {
        let thread = self.kernel.threads.all.get_mut(&id).expect("running");
        thread.state = State::Done(value);
        let frames = core::mem::take(&mut thread.frames);
        frames.iter().try_for_each(|frame| self.release_stack(frame))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "split into two words")]
fn set_long(context: &mut Context, long: i64) {
    context.general[register::V0] = long as u32;
    context.general[register::V1] = (long >> 32) as u32;
}
