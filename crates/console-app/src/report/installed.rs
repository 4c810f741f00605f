//! The part of the report about the driver: what it decided, what it counted, and the files that belong to
//! it.

use alloc::format;
use alloc::string::String;

use crate::digest::{Digests, Hasher};
use crate::driver::{self, Status, System, format_name};
use crate::failure::Failure;
use crate::files::{self, Buffer, File};
use crate::platform::{LiveDriver, Mode, Platform};
use crate::report::lines::Lines;
use crate::text::hex;

/// More than the settings or any plugin list needs.
const MOST_OF_A_TEXT: usize = 8 << 10;
/// The end of the log, which contains the latest sessions.
const END_OF_LOG: usize = 4 << 10;

/// Adds what the driver decided.
pub(super) fn decision(lines: &mut Lines, status: &Result<Status, Failure>) {
    lines.section("Driver");
    let status = match status {
        Ok(status) => status,
        Err(error) => {
            return lines.pair("Line", &format!("unknown: the list of plugins cannot be read: {error}"));
        }
    };
    lines.pair(
        "List of plugins",
        status.plugin_file.as_deref().unwrap_or("unknown: so is the custom firmware"),
    );
    lines.pair("Line", status.line.as_deref().unwrap_or("none"));
    lines.pair("Switched on", if status.is_on { "yes" } else { "no" });
    match &status.session {
        None => lines.pair("Last start", "unknown: there is no log (log = on in cisor.ini)"),
        Some(session) => {
            lines.pair("Last start", &session.start);
            if let (Some(reason), Some(cause)) = (&session.aside, session.cause()) {
                lines.pair("Stepped aside", reason);
                lines.pair("What to do", cause.advice());
            }
        }
    }
    match status.session.as_ref().and_then(|session| session.counters) {
        None => lines.pair("Counters in the log", "none"),
        Some(counters) => {
            let driver::Counters { reads, kib, card_reads, card_kib, hits, retries } = counters;
            lines.pair(
                "Counters in the log",
                &format!(
                    "{reads} reads, {kib} KiB, {card_reads} reads from the card, {card_kib} KiB from the card, \
                     {hits} reads without the card, {retries} retries"
                ),
            );
        }
    }
    match &status.live {
        None => lines.pair("Now", "not loaded"),
        Some(live) => lines.pair("Now", &now(live)),
    }
}

fn now(live: &LiveDriver) -> String {
    let [reads, hits, card_reads, retries] = live.counts;
    let [bytes, card_bytes] = live.bytes;
    let image = live.image.map_or(String::from("serves nothing"), |[format, block_size, sectors]| {
        format!("serves {}, blocks of {block_size} bytes, {sectors} sectors", format_name(format))
    });
    format!(
        "{image}; {reads} reads, {bytes} bytes, {card_reads} reads from the card, {card_bytes} bytes from the card, \
         {hits} reads without the card, {retries} retries"
    )
}

/// Adds the lengths and checksums of the installed files.
pub(super) fn files(lines: &mut Lines, console: &dyn Platform) {
    lines.section("Files");
    let program = format!("{}EBOOT.PBP", console.folder());
    let own = [driver::module_path(console), program];
    for path in own.into_iter().chain(lists(console)) {
        match digests(console, &path) {
            Ok(Some((len, Digests { crc32, sha1 }))) => {
                lines.pair(&path, &format!("{len} bytes, CRC32 {crc32:08x}, SHA-1 {}", hex(&sha1)));
            }
            Ok(None) => lines.pair(&path, "not there"),
            Err(error) => lines.pair(&path, &format!("unknown: {error}")),
        }
    }
}

/// Adds the texts that show how the driver was set up and what it did: the plugin lists, its settings, the
/// end of its log.
pub(super) fn texts(lines: &mut Lines, console: &dyn Platform) {
    let folder = format!("{}/SEPLUGINS/", driver::device(console));
    let paths = lists(console).into_iter().chain([format!("{folder}cisor.ini")]);
    for path in paths {
        match files::read_all(console, &path, MOST_OF_A_TEXT) {
            Ok(None) => {}
            Ok(Some(text)) => {
                lines.section(&path);
                lines.block(&text);
            }
            Err(error) => {
                lines.section(&path);
                lines.pair("Not shown", &format!("{error}"));
            }
        }
    }
    if let Some(log) = driver::read_log(console) {
        lines.section(&format!("{folder}cisor.log"));
        lines.block(&log[log.len().saturating_sub(END_OF_LOG)..]);
    }
}

/// The plugin lists of all firmwares, each once.
fn lists(console: &dyn Platform) -> alloc::vec::Vec<String> {
    let mut paths = alloc::vec::Vec::new();
    for system in System::ALL {
        let path = system.plugin_file(console, driver::device(console));
        // Cards do not distinguish upper and lower case.
        if !paths.iter().any(|other: &String| other.eq_ignore_ascii_case(&path)) {
            paths.push(path);
        }
    }
    paths
}

/// Length and digests of a file. `None` when it does not exist.
fn digests(console: &dyn Platform, path: &str) -> Result<Option<(u64, Digests)>, Failure> {
    if !files::exists(console, path) {
        return Ok(None);
    }
    let mut file = File::open(console, path, Mode::Read)?;
    let mut buf = Buffer::new(64 << 10)?;
    let (mut hasher, mut len) = (Hasher::default(), 0);
    loop {
        let read = file.read(&mut buf).map_err(|code| Failure::of_read(console, path, len, code))?;
        if read == 0 {
            return Ok(Some((len, hasher.finish())));
        }
        hasher.update(&buf[..read]);
        len += read as u64;
    }
}
