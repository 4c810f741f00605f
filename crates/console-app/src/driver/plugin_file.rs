//! Edits a firmware's plugin list. Every line except the driver's own stays as it is, byte for byte.
//!
//! | firmware | a line | comments begin with |
//! |---|---|---|
//! | ARK, Adrenaline 8 | `runlevel, path, switch` | `//`, `;`, `#` |
//! | PRO, ME, LME, Adrenaline 7 | `path switch` | |

use alloc::string::String;
use alloc::vec::Vec;

use crate::driver::system::System;

/// The driver's path without its device: firmwares compare only that part, ignoring case.
const OWN_PATH: &str = "/seplugins/cisor.prx";

/// Adrenaline up to version 7 reads at most this many bytes of its file.
const CLASSIC_LIMIT: usize = 1024;

/// The driver's line.
pub(super) struct Found {
    /// Its text.
    pub(super) text: String,
    /// Whether it switches the driver on.
    pub(super) is_on: bool,
}

/// Finds the driver's line: the last one, because that is the one that counts.
pub(super) fn find(system: System, file: &[u8]) -> Option<Found> {
    let line = lines(file).filter(|line| is_own(system, line)).last()?;
    let text = String::from_utf8_lossy(line.trim_ascii()).into_owned();
    Some(Found { is_on: is_on(system, &text), text })
}

/// Returns the file with exactly one line for the driver, which switches it on.
pub(super) fn install(system: System, file: &[u8], module: &str) -> Vec<u8> {
    let own: Vec<&[u8]> = lines(file).filter(|line| is_own(system, line)).collect();
    if let [line] = own[..]
        && is_on(system, &String::from_utf8_lossy(line))
    {
        return file.into();
    }
    let text = match system {
        System::Ark | System::Adrenaline => alloc::format!("umd, {module}, on"),
        System::Classic => alloc::format!("{module} 1"),
    };
    let end: &[u8] = if file.contains(&b'\n') && !file.ends_with(b"\r\n") && !contains(file, b"\r\n") {
        b"\n"
    } else {
        b"\r\n"
    };
    let mut rest = remove(system, file);
    let mut new = Vec::with_capacity(rest.len() + text.len() + 4);
    if system == System::Classic && rest.len() + text.len() + 2 * end.len() > CLASSIC_LIMIT {
        new.extend_from_slice(text.as_bytes());
        new.extend_from_slice(end);
        new.append(&mut rest);
        return new;
    }
    new.append(&mut rest);
    if !new.is_empty() && !new.ends_with(b"\n") {
        new.extend_from_slice(end);
    }
    new.extend_from_slice(text.as_bytes());
    new.extend_from_slice(end);
    new
}

/// Returns the file without the driver's lines.
pub(super) fn remove(system: System, file: &[u8]) -> Vec<u8> {
    lines(file).filter(|line| !is_own(system, line)).flatten().copied().collect()
}

/// The lines including their line endings.
fn lines(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    file.split_inclusive(|&byte| byte == b'\n')
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Whether a line refers to the driver.
fn is_own(system: System, line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    let line = line.trim();
    let path = match system {
        System::Ark | System::Adrenaline => {
            let is_comment = ["//", ";", "#"].iter().any(|start| line.starts_with(start));
            if is_comment {
                return false;
            }
            line.split(',').nth(1).unwrap_or_default()
        }
        System::Classic => line.split([' ', '\t']).next().unwrap_or_default(),
    };
    let behind_device = path.trim().split_once(':').map_or("", |(_, rest)| rest);
    behind_device.eq_ignore_ascii_case(OWN_PATH)
}

/// Whether the driver's line switches it on.
fn is_on(system: System, line: &str) -> bool {
    match system {
        System::Ark | System::Adrenaline => {
            let word = line.split(',').nth(2).unwrap_or_default();
            // A comment may follow.
            let word = word.trim().split([' ', '\t', ';', '#', '/']).next().unwrap_or_default();
            ["true", "on", "1", "enabled"].iter().any(|on| word.eq_ignore_ascii_case(on))
        }
        System::Classic => line.split_ascii_whitespace().nth(1) == Some("1"),
    }
}
