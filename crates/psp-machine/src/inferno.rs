//! A stand-in for the image driver of custom firmwares, which is registered as "umd" before our driver is
//! loaded.
//!
//! Its table is in guest memory like the real one, and every entry leads to a trap slot that records which
//! entry was called with which arguments. So a test can see which calls our driver forwards, with which
//! arguments, and that the table is unchanged when our driver steps aside.

use std::collections::BTreeMap;

use crate::abi::Received;
use crate::crash::Cause;
use crate::kernel::Answer;
use mips_cpu::Cpu;

/// Name under which ARK, PRO and Adrenaline know the module.
pub const MODULE_NAME: &str = "PRO_Inferno_Driver";

const MAY_MOUNT: u32 = 0x01E3_8034;
const SECTOR_SIZE: u32 = 0x01E2_80A9;
const DISC_TYPE: u32 = 0x01F2_0001;
const REGION_CHECK: u32 = 0x01E1_8030;
const ACTIVATE: u32 = 0x01F0_0003;
const GAME_DISC: u32 = 0x10;
const INVALID: u32 = 0x8001_0016;
/// Its answer to every unknown command.
pub const NOT_SUPPORTED: u32 = 0x8001_0086;

/// Size of the function table: 22 entries.
pub const TABLE_SIZE: u32 = 0x58;

/// Entries of the function table that block device drivers have, by offset (psp contract, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say all there is")]
pub enum Entry {
    Init = 0x00,
    Exit = 0x04,
    Open = 0x08,
    Close = 0x0C,
    Read = 0x10,
    Lseek = 0x18,
    Ioctl = 0x1C,
    Devctl = 0x50,
}

impl Entry {
    /// All entries that the fake driver implements.
    pub const ALL: [Self; 8] =
        [Self::Init, Self::Exit, Self::Open, Self::Close, Self::Read, Self::Lseek, Self::Ioctl, Self::Devctl];
}

/// A call that reached the fake driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// Offset of the entry.
    pub entry: u32,
    /// The eight argument words; those that the entry does not use hold whatever was in the registers.
    pub args: [u32; 8],
}

/// The fake driver.
#[derive(Debug, Default)]
pub struct Inferno {
    /// Address of its function table.
    pub functions: u32,
    /// Address of the structure whose pointer is passed to every call.
    pub device: u32,
    /// Calls that reached it, in order.
    pub calls: Vec<Forwarded>,
    /// Its answers, by entry; unset entries answer like the real driver.
    pub answers: BTreeMap<u32, i64>,
    /// The table as it was registered.
    pub original: Vec<u8>,
}

impl Inferno {
    /// The current contents of the function table; empty when the driver is not registered.
    pub fn table_bytes(&self, cpu: &Cpu) -> Vec<u8> {
        if self.functions == 0 {
            return Vec::new();
        }
        let mut bytes = vec![0; TABLE_SIZE as usize];
        cpu.read(self.functions, &mut bytes).expect("placed when it was registered");
        bytes
    }

    /// Whether the table is still as it was registered.
    pub fn untouched(&self, cpu: &Cpu) -> bool {
        self.table_bytes(cpu) == self.original
    }

    /// Answers a call of one of its entries.
    pub(crate) fn called(&mut self, cpu: &mut Cpu, entry: u32, received: Received) -> Result<Answer, Cause> {
        self.calls.push(Forwarded { entry, args: received.words() });
        if let Some(&answer) = self.answers.get(&entry) {
            return Ok(Answer::Long(answer));
        }
        if entry == Entry::Devctl as u32 {
            return device_control(cpu, received);
        }
        Ok(Answer::Word(0))
    }
}

/// The commands that the real driver answers without its image (psp contract, section 3.4).
fn device_control(cpu: &mut Cpu, received: Received) -> Result<Answer, Cause> {
    let [_, _, command, input, _, out, out_len, _] = received.words();
    let answer = match command {
        MAY_MOUNT if input == 0 || out == 0 => INVALID,
        MAY_MOUNT => {
            cpu.write_word(out, 0)?;
            0
        }
        SECTOR_SIZE if out == 0 || out_len < 4 => INVALID,
        SECTOR_SIZE => {
            cpu.write_word(out, 2048)?;
            0
        }
        DISC_TYPE => {
            cpu.write_word(out, u32::MAX)?;
            cpu.write_word(out + 4, GAME_DISC)?;
            0
        }
        REGION_CHECK => 1,
        ACTIVATE | 0x01F0_10DB => 0,
        _ => NOT_SUPPORTED,
    };
    Ok(Answer::Word(answer))
}
