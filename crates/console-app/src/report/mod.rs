//! A report with everything that somebody who was not there needs to know about the console, the driver and
//! the card.
//!
//! It is a text file in the card's root. Sections begin with a name in brackets; each line in them is a name
//! and a value. Anything the firmware does not report is `unknown`, with the reason.

mod console;
mod installed;
mod lines;
#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::String;

use crate::VERSION;
use crate::driver::{self, Status};
use crate::failure::Failure;
use crate::files;
use crate::images;
use crate::platform::Platform;
use crate::speed;
use crate::watch::Watch;

use lines::Lines;

/// The name of the file, in the root of the card.
pub const NAME: &str = "cisor-report.txt";

/// A report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The whole text.
    pub text: String,
    /// The image whose speed was measured, if one was.
    pub image: Option<String>,
    /// The file that it was written to, or why that failed.
    pub kept: Result<String, Failure>,
}

/// The path of the report: on the card that the program is on.
pub(crate) fn path(console: &dyn Platform) -> String {
    format!("{}/{NAME}", driver::device(console))
}

/// Collects a report and writes it, replacing an earlier one. `image` is the one whose speed is measured;
/// without it, that is the image that the driver served last, or the first on the card. If the user cancels
/// the measurement, the report is written without it.
pub fn write(console: &dyn Platform, image: Option<&str>, watch: &mut dyn Watch) -> Report {
    let status = driver::status(console);
    let image = image.map(String::from).or_else(|| choose(console, status.as_ref().ok()));
    let measured = image.as_deref().map(|path| (path, speed::measure_only(console, path, watch)));
    let mut lines = Lines::new();
    lines.pair("Cisor report of version", VERSION);
    lines.pair("Program", console.folder());
    console::add(&mut lines, console, status.as_ref().ok());
    installed::decision(&mut lines, &status);
    installed::files(&mut lines, console);
    lines.section("Speed");
    match &measured {
        None => lines.pair("Image", "none: there is no image in ms0:/ISO or ef0:/ISO"),
        Some((path, Err(error))) => lines.pair("Image", &format!("{path}: not measured: {error}")),
        Some((_, Ok(report))) => lines.block(report.lines().as_bytes()),
    }
    installed::texts(&mut lines, console);
    let text = lines.end();
    let path = path(console);
    let kept = files::replace(console, &path, text.as_bytes()).map(|()| path);
    let image = measured.and_then(|(path, result)| result.is_ok().then(|| path.into()));
    Report { text, image, kept }
}

/// The image of the log's last session, or the first existing one.
fn choose(console: &dyn Platform, status: Option<&Status>) -> Option<String> {
    let start = status.and_then(|status| status.session.as_ref()).map(|session| session.start.to_lowercase());
    let mut paths = images::paths(console);
    let served =
        start.and_then(|start| paths.iter().position(|(path, _)| start.contains(&path.to_lowercase())));
    (!paths.is_empty()).then(|| paths.swap_remove(served.unwrap_or(0)).0)
}
