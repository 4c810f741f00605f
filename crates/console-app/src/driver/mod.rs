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

use crate::failure::Failure;
use crate::files;
use crate::paths;
use crate::platform::{LiveDriver, Platform};

/// Larger than any such file; a larger one is left alone.
const MAX_FILE: usize = 256 << 10;

/// The state of the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The custom firmware, if it could be identified.
    pub system: Option<System>,
    /// That firmware's plugin list.
    pub plugin_file: Option<String>,
    /// The driver's line in it.
    pub line: Option<String>,
    /// Whether that line switches it on.
    pub is_on: bool,
    /// The driver's file, if it is on the card.
    pub module: Option<String>,
    /// What the driver wrote into its log.
    pub session: Option<Session>,
    /// What the driver reports about itself.
    pub live: Option<LiveDriver>,
}

/// The result of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whether anything was changed.
    pub changed: bool,
    /// The backup of the previous file.
    pub backup: Option<String>,
    /// The new state.
    pub status: Status,
}

/// The card that the firmware's plugins are on: the one that this program was started from.
pub(crate) fn device(console: &dyn Platform) -> &'static str {
    match paths::device(console.folder()) {
        "ef0:" => "ef0:",
        _ => "ms0:",
    }
}

pub(crate) fn module_path(console: &dyn Platform) -> String {
    format!("{}/SEPLUGINS/cisor.prx", device(console))
}

/// The driver's log, if it exists and can be read.
pub(crate) fn read_log(console: &dyn Platform) -> Option<alloc::vec::Vec<u8>> {
    let path = format!("{}/SEPLUGINS/cisor.log", device(console));
    files::read_all(console, &path, MAX_FILE).ok().flatten()
}

/// Determines the state of the driver.
///
/// # Errors
///
/// When the plugin list exists but cannot be read.
pub fn status(console: &dyn Platform) -> Result<Status, Failure> {
    status_of(console, None)
}

/// Determines the state of the driver. `chosen` overrides the detected firmware.
///
/// # Errors
///
/// As [`status`].
pub fn status_of(console: &dyn Platform, chosen: Option<System>) -> Result<Status, Failure> {
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

/// Adds the driver's line to the plugin list. `chosen` overrides the detected firmware.
///
/// # Errors
///
/// When the firmware cannot be identified, the driver's file is missing, or the plugin list cannot be read or
/// written.
pub fn install(console: &dyn Platform, chosen: Option<System>) -> Result<Change, Failure> {
    let module = module_path(console);
    if !files::exists(console, &module) {
        return Err(Failure::NoDriverFile { path: module });
    }
    change(console, chosen, |system, text| plugin_file::install(system, text, &module))
}

/// Removes the driver's line from the plugin list. `chosen` overrides the detected firmware.
///
/// # Errors
///
/// When the firmware cannot be identified, or the plugin list cannot be read or written.
pub fn remove(console: &dyn Platform, chosen: Option<System>) -> Result<Change, Failure> {
    change(console, chosen, plugin_file::remove)
}

/// Edits the plugin list, after making a backup.
fn change(
    console: &dyn Platform,
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

/// Saves a copy of the file under an unused name, or a name already used by a copy with the same text.
fn keep(console: &dyn Platform, path: &str, text: &[u8]) -> Result<String, Failure> {
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
