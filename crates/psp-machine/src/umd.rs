//! Calls of the block driver's entries, as the file manager makes them (psp contract, section 3).

use crate::abi::Args;
use crate::crash::{Cause, Crash};
use crate::inferno::Entry;
use crate::kernel::threads::ThreadId;
use crate::machine::{Caller, Psp};
use crate::memory::{Place, Region, Space};
use crate::run::Outcome;

pub use crate::machine::FileArg;

/// Bytes of a sector.
pub const SECTOR: u32 = 2048;

/// Device commands that read (section 3.4).
#[allow(missing_docs, reason = "the names say all there is")]
pub mod command {
    pub const MAY_MOUNT: u32 = 0x01E3_8034;
    pub const SECTOR_SIZE: u32 = 0x01E2_80A9;
    pub const LAST_LBA: u32 = 0x01F2_0003;
    pub const CURRENT_LBA: u32 = 0x01F2_0002;
    pub const VOLUME_DESCRIPTOR: u32 = 0x01E2_8035;
    pub const READ: u32 = 0x01E3_80C0;
    pub const READ_USER: u32 = 0x01F2_00A1;
    pub const READ_USER_CACHED: u32 = 0x01F2_00A2;
}

/// What to read: the parameters of the read commands (section 3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the contract's names")]
pub struct LbaParams {
    pub unknown: u32,
    pub cmd: u32,
    pub lba: u32,
    pub lba_count: u32,
    pub total: u32,
    pub centre: u32,
    pub start: u32,
    pub last: u32,
}

impl LbaParams {
    /// Whole sectors, as a program would request them.
    pub fn sectors(lba: u32, count: u32) -> Self {
        let total = count * SECTOR;
        Self { lba, lba_count: count, total, centre: total, ..Self::default() }
    }

    /// The nine words that the driver gets; the last is unused.
    pub fn to_bytes(self) -> Vec<u8> {
        let words = [
            self.unknown,
            self.cmd,
            self.lba,
            self.lba_count,
            self.total,
            self.centre,
            self.start,
            self.last,
            0,
        ];
        words.into_iter().flat_map(u32::to_le_bytes).collect()
    }
}

/// A read that was started in a separate thread.
#[derive(Debug)]
pub struct PendingRead {
    thread: ThreadId,
    params: Region,
    buffer: Region,
}

impl PendingRead {
    /// The thread it runs in.
    pub fn thread(&self) -> ThreadId {
        self.thread
    }
}

/// A finished read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedRead {
    /// The driver's answer and what it cost.
    pub outcome: Outcome,
    /// The contents of the whole buffer.
    pub bytes: Vec<u8>,
}

/// The contents of a buffer before a call, so that untouched bytes can be recognised.
pub const UNTOUCHED: u8 = 0xEE;

impl Psp {
    /// A device command: `input` is copied to kernel memory. `out_len` bytes are provided for the answer, and
    /// returned.
    ///
    /// # Errors
    ///
    /// When the run ends badly.
    pub fn devctl(&mut self, command: u32, input: &[u8], out_len: u32) -> Result<(Outcome, Vec<u8>), Crash> {
        let pending = self.spawn_devctl(Caller::kernel(), command, input, (Space::Kernel, out_len, 0));
        let finished = self.finish(pending)?;
        Ok((finished.outcome, finished.bytes))
    }

    /// A read command for a game: the buffer is user memory and ends `slack` bytes before a guard page.
    ///
    /// # Errors
    ///
    /// When the run ends badly.
    pub fn read_lba(&mut self, params: LbaParams, slack: u32) -> Result<FinishedRead, Crash> {
        let pending = self.spawn_read(params, slack);
        self.finish(pending)
    }

    /// The same without running it yet.
    pub fn spawn_read(&mut self, params: LbaParams, slack: u32) -> PendingRead {
        let buffer = (Space::User, params.total, slack);
        self.spawn_devctl(Caller::user(), command::READ, &params.to_bytes(), buffer)
    }

    /// Runs any device command in a separate thread; `output` gives the address for the answer, its length,
    /// and how many bytes follow before the guard page.
    pub fn spawn_devctl(
        &mut self,
        caller: Caller,
        command: u32,
        input: &[u8],
        output: (Space, u32, u32),
    ) -> PendingRead {
        let (space, out_len, slack) = output;
        let in_len = u32::try_from(input.len()).expect("small");
        let params = self.lend(Space::Kernel, in_len, Place::Last { slack: 0 });
        self.cpu.write(params.start, input).expect("just lent");
        let buffer = self.lend(space, out_len, Place::Last { slack });
        self.cpu.write(buffer.start, &vec![UNTOUCHED; out_len as usize]).expect("just lent");
        let file = self.device_file();
        let name = self.empty_name();
        let pointer = |region: &Region| if region.len == 0 { 0 } else { region.start };
        let args = Args::new()
            .word(file.address)
            .word(name)
            .word(command)
            .word(pointer(&params))
            .word(in_len)
            .word(pointer(&buffer))
            .word(out_len);
        let entry = self.driver_entry(Entry::Devctl);
        let thread = self.spawn(&format!("devctl {command:#010X}"), caller, entry, &args);
        PendingRead { thread, params, buffer }
    }

    /// Waits for a command that was started earlier.
    ///
    /// # Errors
    ///
    /// When the run ends badly.
    pub fn finish(&mut self, pending: PendingRead) -> Result<FinishedRead, Crash> {
        let outcome = self.join(pending.thread)?;
        let taken = self.take_back(&pending.params).and_then(|_| self.take_back(&pending.buffer));
        let bytes = taken.map_err(|cause: Cause| self.crash_in(cause, "buffers of a device command"))?;
        Ok(FinishedRead { outcome, bytes })
    }

    /// Opens the raw device.
    ///
    /// # Errors
    ///
    /// When the run ends badly.
    pub fn raw_open(&mut self, file: FileArg) -> Result<Outcome, Crash> {
        let name = self.empty_name();
        let args = Args::new().word(file.address).word(name).word(1).word(0o777);
        let entry = self.driver_entry(Entry::Open);
        self.call_as("open", Caller::user(), entry, &args)
    }

    /// Closes it.
    ///
    /// # Errors
    ///
    /// When the run ends badly.
    pub fn raw_close(&mut self, file: FileArg) -> Result<Outcome, Crash> {
        let entry = self.driver_entry(Entry::Close);
        self.call_as("close", Caller::user(), entry, &Args::new().word(file.address))
    }

    /// Reads sectors; returns the whole buffer.
    ///
    /// # Errors
    ///
    /// When the run ends badly.
    pub fn raw_read(&mut self, file: FileArg, sectors: u32) -> Result<FinishedRead, Crash> {
        let buffer = self.lend(Space::User, sectors * SECTOR, Place::Last { slack: 0 });
        self.cpu.write(buffer.start, &vec![UNTOUCHED; buffer.len as usize]).expect("just lent");
        let args = Args::new().word(file.address).word(buffer.start).word(sectors);
        let entry = self.driver_entry(Entry::Read);
        let outcome = self.call_as("read", Caller::user(), entry, &args)?;
        let bytes = self.take_back(&buffer).map_err(|cause| self.crash_in(cause, "buffer of a raw read"))?;
        Ok(FinishedRead { outcome, bytes })
    }

    /// Seeks in sectors; the position is the 64-bit answer.
    ///
    /// # Errors
    ///
    /// When the run ends badly.
    pub fn raw_seek(&mut self, file: FileArg, offset: i64, whence: u32) -> Result<Outcome, Crash> {
        let args = Args::new().word(file.address).long(offset).word(whence);
        let entry = self.driver_entry(Entry::Lseek);
        self.call_as("lseek", Caller::user(), entry, &args)
    }

    /// A command on a descriptor.
    ///
    /// # Errors
    ///
    /// When the run ends badly.
    pub fn raw_ioctl(
        &mut self,
        file: FileArg,
        command: u32,
        input: &[u8],
        out_len: u32,
    ) -> Result<FinishedRead, Crash> {
        let in_len = u32::try_from(input.len()).expect("small");
        let params = self.lend(Space::Kernel, in_len, Place::Last { slack: 0 });
        self.cpu.write(params.start, input).expect("just lent");
        let buffer = self.lend(Space::User, out_len, Place::Last { slack: 0 });
        self.cpu.write(buffer.start, &vec![UNTOUCHED; out_len as usize]).expect("just lent");
        let pointer = |region: &Region| if region.len == 0 { 0 } else { region.start };
        let args = Args::new()
            .word(file.address)
            .word(command)
            .word(pointer(&params))
            .word(in_len)
            .word(pointer(&buffer))
            .word(out_len);
        let entry = self.driver_entry(Entry::Ioctl);
        let outcome = self.call_as(&format!("ioctl {command:#010X}"), Caller::user(), entry, &args)?;
        let taken = self.take_back(&params).and_then(|_| self.take_back(&buffer));
        let bytes = taken.map_err(|cause| self.crash_in(cause, "buffers of an ioctl"))?;
        Ok(FinishedRead { outcome, bytes })
    }
}
