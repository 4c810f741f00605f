//! The log next to the image: what was dumped, and the digests to look it up by.

use alloc::string::String;
use core::fmt::Write;

use crate::VERSION;
use crate::dump::Report;
use crate::failure::Failure;
use crate::files::File;
use crate::platform::{Mode, Platform};
use crate::text::hex;

/// Appends a report to the log.
pub(super) fn write(console: &dyn Platform, report: &Report) -> Result<(), Failure> {
    let mut file = File::open(console, &report.log, Mode::Append)?;
    file.write(text(report).as_bytes())?;
    file.close()
}

/// If there are more ranges than this, they are only counted, not listed.
const MAX_RANGES: usize = 10_000;

fn text(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a `String` cannot fail.
    let _ = write_text(&mut text, report);
    text
}

fn write_text(out: &mut String, report: &Report) -> core::fmt::Result {
    let disc = &report.found.disc;
    writeln!(out, "Cisor {VERSION} dumped {}", report.path)?;
    writeln!(
        out,
        "disc: {}, {}",
        disc.id.as_deref().unwrap_or("no id"),
        disc.title.as_deref().unwrap_or("no title")
    )?;
    writeln!(out, "sectors: {}", report.found.sectors)?;
    let (end, volume) = report.found.claims;
    write!(out, "  end by the drive: {end}")?;
    match volume {
        Some(volume) => writeln!(out, "; sectors by the volume descriptor: {volume}")?,
        None => writeln!(out, "; no volume descriptor")?,
    }
    writeln!(out, "bytes: {}", report.size())?;
    writeln!(out, "bytes of the file: {}", report.stored_size)?;
    writeln!(out, "CRC32: {:08x}", report.digests.crc32)?;
    writeln!(out, "SHA-1: {}", hex(&report.digests.sha1))?;
    match report.unreadable_count() {
        0 => writeln!(out, "unreadable sectors: none")?,
        count => writeln!(out, "unreadable sectors: {count}, zeros in the image")?,
    }
    for range in report.unreadable.iter().take(MAX_RANGES) {
        match (range.start(), range.end()) {
            (first, last) if first == last => writeln!(out, "  {first}")?,
            (first, last) => writeln!(out, "  {first} to {last}")?,
        }
    }
    writeln!(out)
}
