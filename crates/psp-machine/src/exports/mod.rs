//! The kernel's functions as the driver sees them, one file per kernel module.
//!
//! A function receives its arguments by the kernel's calling convention, does its work on the host
//! immediately, and says how the thread continues. Error numbers are those of the console (psp contract,
//! sections 3.8 and 4).

mod clock;
mod init;
mod interrupts;
mod io;
mod modules;
mod sysclib;
mod sysevent;
mod sysmem;
pub mod systemctrl;
mod threads;

use crate::abi::Received;
use crate::crash::Cause;
use crate::kernel::Answer;
use crate::machine::Psp;

/// A function that the kernel exports.
pub struct Known {
    /// Library it belongs to.
    pub library: &'static str,
    /// Its number there on firmware 6.60 and 6.61.
    pub nid: u32,
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub run: fn(&mut Psp, Received) -> Result<Answer, Cause>,
}

/// Finds an exported function.
pub fn find(library: &str, nid: u32) -> Option<&'static Known> {
    let tables: [&'static [Known]; 10] = [
        clock::FUNCTIONS,
        init::FUNCTIONS,
        interrupts::FUNCTIONS,
        io::FUNCTIONS,
        modules::FUNCTIONS,
        sysclib::FUNCTIONS,
        sysevent::FUNCTIONS,
        sysmem::FUNCTIONS,
        systemctrl::FUNCTIONS,
        threads::FUNCTIONS,
    ];
    tables.into_iter().flatten().find(|known| known.library == library && known.nid == nid)
}

const OK: Result<Answer, Cause> = Ok(Answer::Word(0));

fn answer(word: u32) -> Result<Answer, Cause> {
    Ok(Answer::Word(word))
}
