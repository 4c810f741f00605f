//! The driver: whether it is installed, what it did, and the line that makes the firmware load it.

mod log;
mod plugin_file;
mod system;
#[cfg(test)]
mod tests;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

pub use log::Session;
pub use system::System;

use crate::console::{Code, Console, LiveDriver};
use crate::failure::Failure;
use crate::files;

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
fn device(console: &dyn Console) -> &str {
    match files::device(console.folder()) {
        "ef0:" => "ef0:",
        _ => "ms0:",
    }
}

fn module_path(console: &dyn Console) -> String {
    format!("{}/SEPLUGINS/cisor.prx", device(console))
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
    let log = files::read_all(console, &format!("{}/SEPLUGINS/cisor.log", device(console)), MAX_FILE);
    Ok(Status {
        system,
        plugin_file,
        is_on: found.as_ref().is_some_and(|found| found.is_on),
        line: found.map(|found| found.text),
        module: files::exists(console, &module).then_some(module),
        session: log.ok().flatten().and_then(|log| log::last_session(&log)),
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

/// Edits the firmware's file: a copy of it is kept, and the new one is written beside it and read back before it
/// takes its place.
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
    let fresh = format!("{path}.new");
    write_and_read_back(console, &fresh, &new)?;
    if old.is_some() {
        console.remove(&path).map_err(|code| Failure::of_write(console, &path, code))?;
    }
    console.rename(&fresh, &path).map_err(|code| Failure::Rename { path: fresh.clone(), code })?;
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
                write_and_read_back(console, &backup, text)?;
                return Ok(backup);
            }
        }
    }
    Err(Failure::TargetExists { path: format!("{path}.bak99") })
}

fn write_and_read_back(console: &dyn Console, path: &str, text: &[u8]) -> Result<(), Failure> {
    files::write_all(console, path, text)?;
    match files::read_all(console, path, MAX_FILE.max(text.len()))? {
        Some(read) if read == text => Ok(()),
        _ => {
            let _ = console.remove(path);
            Err(Failure::Write(Code::IO))
        }
    }
}

/// The name of a live image's format.
#[must_use]
pub fn format_name(number: u32) -> String {
    let known = ["iso", "cso", "cso2", "zso", "dax", "jso"];
    known.get(number as usize).copied().unwrap_or("unknown").to_owned()
}
