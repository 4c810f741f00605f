//! The driver: whether it is installed, what it did, and the line that makes the firmware load it.

mod cause;
mod log;
mod plugin_file;
mod system;
#[cfg(test)]
mod tests;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

pub use cause::Cause;
pub use log::{Counters, Session};
pub use system::System;

use crate::console::{Console, LiveDriver};
use crate::failure::Failure;
use crate::files;
use crate::paths;

/// More than any such file has; one that is larger is left alone.
const MAX_FILE: usize = 256 << 10;

/// What there is of the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The custom firmware, as far as it can be told.
    pub system: Option<System>,
    /// The file with the plugins of that firmware.
    pub plugin_file: Option<String>,
    /// The line for the driver in it.
    pub line: Option<String>,
    /// Whether that line switches it on.
    pub is_on: bool,
    /// The driver's file, if it is on the card.
    pub module: Option<String>,
    /// What the driver wrote into its log.
    pub session: Option<Session>,
    /// What the driver says of itself.
    pub live: Option<LiveDriver>,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whether anything was.
    pub changed: bool,
    /// Where the file is kept as it was before.
    pub backup: Option<String>,
    /// How it is now.
    pub status: Status,
}

/// The card that the firmware's plugins are on: the one that this program was started from.
pub(crate) fn device(console: &dyn Console) -> &'static str {
    match paths::device(console.folder()) {
        "ef0:" => "ef0:",
        _ => "ms0:",
    }
}

pub(crate) fn module_path(console: &dyn Console) -> String {
    format!("{}/SEPLUGINS/cisor.prx", device(console))
}

/// The driver's log, if there is one that can be read.
pub(crate) fn read_log(console: &dyn Console) -> Option<alloc::vec::Vec<u8>> {
    let path = format!("{}/SEPLUGINS/cisor.log", device(console));
    files::read_all(console, &path, MAX_FILE).ok().flatten()
}

/// Finds out what there is of the driver.
///
/// # Errors
///
/// When the file with the plugins is there and cannot be read.
pub fn status(console: &dyn Console) -> Result<Status, Failure> {
    status_of(console, None)
}

/// Finds out what there is of the driver. `chosen` overrides what the firmware seems to be.
///
/// # Errors
///
/// As [`status`].
pub fn status_of(console: &dyn Console, chosen: Option<System>) -> Result<Status, Failure> {
    let system = chosen.or_else(|| system::detect(console, device(console)));
    let plugin_file = system.map(|system| system.plugin_file(console, device(console)));
    let text = match &plugin_file {
        Some(path) => files::read_all(console, path, MAX_FILE)?.unwrap_or_default(),
        None => Default::default(),
    };
    let found = system.and_then(|system| plugin_file::find(system, &text));
    let module = module_path(console);
    Ok(Status {
        system,
        plugin_file,
        is_on: found.as_ref().is_some_and(|found| found.is_on),
        line: found.map(|found| found.text),
        module: files::exists(console, &module).then_some(module),
        session: read_log(console).and_then(|log| log::last_session(&log)),
        live: console.driver(),
    })
}

/// Adds the driver's line to the firmware's file. `chosen` overrides what the firmware seems to be.
///
/// # Errors
///
/// When the firmware cannot be told, the driver's file is missing, or the file with the plugins cannot be read or written.
pub fn install(console: &dyn Console, chosen: Option<System>) -> Result<Change, Failure> {
    let module = module_path(console);
    if !files::exists(console, &module) {
        return Err(Failure::NoDriverFile { path: module });
    }
    change(console, chosen, |system, text| plugin_file::install(system, text, &module))
}

/// Takes the driver's line out of the firmware's file. `chosen` overrides what the firmware seems to be.
///
/// # Errors
///
/// When the firmware cannot be told, or the file with the plugins cannot be read or written.
pub fn remove(console: &dyn Console, chosen: Option<System>) -> Result<Change, Failure> {
    change(console, chosen, plugin_file::remove)
}

/// Edits the firmware's file, of which a copy is kept.
fn change(
    console: &dyn Console,
    chosen: Option<System>,
    edit: impl FnOnce(System, &[u8]) -> alloc::vec::Vec<u8>,
) -> Result<Change, Failure> {
    let device = device(console);
    let system = chosen.or_else(|| system::detect(console, device)).ok_or(Failure::NoFirmware)?;
    let path = system.plugin_file(console, device);
    let old = files::read_all(console, &path, MAX_FILE)?;
    let new = edit(system, old.as_deref().unwrap_or_default());
    if new == old.as_deref().unwrap_or_default() {
        return Ok(Change { changed: false, backup: None, status: status_of(console, chosen)? });
    }
    let backup = match &old {
        Some(old) => Some(keep(console, &path, old)?),
        None => None,
    };
    files::replace(console, &path, &new)?;
    Ok(Change { changed: true, backup, status: status_of(console, chosen)? })
}

/// Keeps a copy of the file under a name that is not taken yet, or is by the same text.
fn keep(console: &dyn Console, path: &str, text: &[u8]) -> Result<String, Failure> {
    for number in 1..100 {
        let backup = if number == 1 { format!("{path}.bak") } else { format!("{path}.bak{number}") };
        match files::read_all(console, &backup, MAX_FILE)? {
            Some(kept) if kept == text => return Ok(backup),
            Some(_) => {}
            None => {
                files::write_and_read_back(console, &backup, text)?;
                return Ok(backup);
            }
        }
    }
    Err(Failure::TargetExists { path: format!("{path}.bak99") })
}

/// The name of a live image's format.
#[must_use]
pub fn format_name(number: u32) -> String {
    let known = ["iso", "cso", "cso2", "zso", "dax", "jso"];
    known.get(number as usize).copied().unwrap_or("unknown").to_owned()
}
