//! The pages that show results.

use alloc::format;
use alloc::string::{String, ToString};

use crate::check;
use crate::disc_files::DiscFile;
use crate::driver::{self, Change, Session, Status};
use crate::dump;
use crate::failure::Failure;
use crate::platform::LiveDriver;
use crate::screens::page::{COLUMNS, Page, Tone};
use crate::speed;
use crate::text::{self, clock, hex, percent, shorten, size, wrap};

const BACK: &str = "Circle: back";

/// Rows available for the reason why the driver stepped aside; the report has the full text of longer ones.
const REASON_ROWS: usize = 3;

/// Something failed.
pub(crate) fn failure(title: &str, subject: &str, failure: &Failure) -> Page {
    let mut page = Page::new(title, BACK);
    page.text(&shorten(subject, COLUMNS), Tone::Plain).space();
    let tone = if *failure == Failure::Cancelled { Tone::Accent } else { Tone::Bad };
    page.text(&failure.to_string(), tone);
    if let Some(advice) = advice(failure) {
        page.space().text(advice, Tone::Dim);
    }
    page
}

fn advice(failure: &Failure) -> Option<&'static str> {
    Some(match failure {
        Failure::NoDisc => "Put a disc in and try again. A PSP Go has no drive.",
        Failure::DiscRemoved => "The disc must stay in until the end. Nothing was kept.",
        Failure::SectorUnreadable { .. } => "Clean the disc and try again. Nothing was kept.",
        Failure::CardFull | Failure::NoSpace { .. } => {
            "Make room on the card and try again. Nothing was kept."
        }
        Failure::CardRemoved => "If a file that ends in .part is left on the card, delete it.",
        Failure::ReadOnly => "Move the card's switch, if it has one, and try again.",
        Failure::TargetExists { .. } => "Delete or rename it, if it is not wanted any more.",
        Failure::NoDriverFile { .. } => "Copy cisor.prx to the card's folder SEPLUGINS and try again.",
        Failure::NoFirmware => "Choose the firmware with Left and Right.",
        Failure::Cancelled => "Nothing was kept.",
        _ => return None,
    })
}

/// An image was checked.
pub(crate) fn check(report: &check::Report) -> Page {
    let mut page = Page::new("Check", BACK);
    page.text(&shorten(&report.path, COLUMNS), Tone::Plain).space();
    page.pair("Format", format!("{}, blocks of {}", report.format, block(report.block_size)));
    page.pair("Disc", size(report.size));
    page.pair("File", format!("{}, {}", size(report.stored_size), percent(report.stored_size, report.size)));
    page.pair("Time", format!("{}, {}", clock(report.micros), text::speed(report.size, report.micros)));
    page.space();
    match (&report.digests, &report.first) {
        (Some(digests), _) => {
            page.pair("CRC32", format!("{:08x}", digests.crc32));
            page.pair("SHA-1", hex(&digests.sha1));
            page.space().text("All blocks decode.", Tone::Good);
        }
        (None, first) => {
            page.text(
                &format!("{} of {} blocks are damaged.", report.damaged, report.block_count),
                Tone::Bad,
            );
            if let Some(damage) = first {
                let check::Damage { block, lba, offset, message } = damage;
                page.text(
                    &format!("First: block {block} (sector {lba}), at byte {offset} of the file: {message}."),
                    Tone::Plain,
                );
            }
        }
    }
    page
}

/// An image's speed was measured.
pub(crate) fn speed(report: &speed::Report) -> Page {
    let mut page = Page::new("Speed", BACK);
    page.text(&shorten(&report.path, COLUMNS), Tone::Plain);
    page.pair("Format", format!("{}, blocks of {}", report.format, block(report.block_size))).space();
    page.line(format!("Reads of  {:>17} {:>17}", "in sequence", "at random"), Tone::Dim);
    for size in speed::SIZES {
        let of = |order| {
            let measured = report.speeds.iter().find(|speed| speed.order == order && speed.size == size);
            measured.map_or(String::from("-"), |speed| text::speed(speed.bytes, speed.micros))
        };
        let (sequential, random) = (of(speed::Order::Sequential), of(speed::Order::Random));
        page.line(format!("{:>3} KiB   {sequential:>17} {random:>17}", size >> 10), Tone::Plain);
    }
    page.space();
    match &report.kept {
        Ok(path) => page.text(&format!("Also in {path}"), Tone::Dim),
        Err(error) => page.text(&format!("This could not be kept in a file. {error}"), Tone::Bad),
    };
    page
}

/// A disc was dumped.
pub(crate) fn dump(report: &dump::Report) -> Page {
    let mut page = Page::new("Dump", BACK);
    page.text(&shorten(&report.path, COLUMNS), Tone::Plain).space();
    page.pair("Disc", format!("{}, {} sectors", size(report.size()), report.found.sectors));
    page.pair(
        "File",
        format!("{}, {}", size(report.stored_size), percent(report.stored_size, report.size())),
    );
    page.pair("Time", clock(report.micros));
    page.pair("CRC32", format!("{:08x}", report.digests.crc32));
    page.pair("SHA-1", hex(&report.digests.sha1));
    page.space();
    match report.unreadable_count() {
        0 => page.text("Every sector was read; the file was read back.", Tone::Good),
        count => page.text(&format!("{count} sectors could not be read and are zeros."), Tone::Bad),
    };
    page.pair("Log", report.log.as_str());
    page
}

/// The files of the disc were read.
pub(crate) fn disc_files(files: &[DiscFile]) -> Page {
    let mut page = Page::new("Files of the disc", BACK);
    let failed = files.iter().filter(|file| file.digests.is_err()).count();
    page.pair("Files", files.len().to_string());
    page.pair("Bytes", size(files.iter().map(|file| file.len).sum())).space();
    match files.iter().find_map(|file| Some((&file.path, file.digests.as_ref().err()?))) {
        None => page.text("All of them read.", Tone::Good),
        Some((path, error)) => page
            .text(&format!("{failed} do not read."), Tone::Bad)
            .text(&format!("{path}: {error}"), Tone::Plain),
    };
    page
}

/// The state of the driver.
pub(crate) fn driver(status: &Status, hints: &'static str) -> Page {
    let mut page = installation(status, hints);
    page.space();
    match (&status.live, &status.session) {
        (Some(live), _) => now(&mut page, live),
        (None, Some(session)) => last_game(&mut page, session),
        (None, None) => {
            page.text("No log of a game: put `log = on` into cisor.ini.", Tone::Dim);
        }
    }
    page
}

/// Whether the driver is installed.
fn installation(status: &Status, hints: &'static str) -> Page {
    let mut page = Page::new("Driver", hints);
    page.pair("Firmware", status.system.map_or("cannot be told", |system| system.title()));
    page.pair("Its plugins", status.plugin_file.as_deref().unwrap_or("-"));
    match &status.module {
        Some(path) => page.pair("Driver", path.as_str()),
        None => page.pair_in("Driver", "not in SEPLUGINS", Tone::Bad),
    };
    match (&status.line, status.is_on) {
        (Some(line), true) => page.pair_in("Installed", line.as_str(), Tone::Good),
        (Some(line), false) => page.pair_in("Switched off", line.as_str(), Tone::Accent),
        (None, _) => page.pair("Installed", "no"),
    };
    page
}

/// What a loaded driver reports about itself.
fn now(page: &mut Page, live: &LiveDriver) {
    let [reads, hits, card_reads, retries] = live.counts;
    let image = live.image.map(|[format, block_size, _]| {
        format!("{}, blocks of {}", driver::format_name(format), block(block_size))
    });
    let serving = if live.serving { "serves this disc" } else { "loaded, serves nothing" };
    page.pair_in("Now", format!("{serving} {}", image.unwrap_or_default()), Tone::Good);
    page.pair("Reads", format!("{reads}, {hits} without the card"));
    page.pair("From the card", format!("{card_reads}, {retries} retries"));
    page.pair("Bytes", format!("{}, {} from the card", size(live.bytes[0]), size(live.bytes[1])));
}

/// What the driver's log says of the last game.
fn last_game(page: &mut Page, session: &Session) {
    if let (Some(reason), Some(cause)) = (&session.aside, session.cause()) {
        page.text("The driver left the last game to the firmware, because:", Tone::Dim);
        let rows = wrap(reason, COLUMNS);
        for row in rows.iter().take(REASON_ROWS) {
            page.line(row.clone(), Tone::Accent);
        }
        page.space().text(cause.advice(), Tone::Plain);
        return;
    }
    page.text("The last game, by the driver's log:", Tone::Dim);
    for row in wrap(&session.start, COLUMNS).into_iter().take(REASON_ROWS + 1) {
        page.line(row, Tone::Plain);
    }
    if let Some(counters) = session.counters {
        page.pair("Reads", format!("{}, {} without the card", counters.reads, counters.hits));
        page.pair("From the card", format!("{}, {} retries", counters.card_reads, counters.retries));
        let kib = |kib: u32| size(u64::from(kib) * 1024);
        page.pair("Bytes", format!("{}, {} from the card", kib(counters.kib), kib(counters.card_kib)));
    }
}

/// The driver's line was added or removed.
pub(crate) fn change(change: &Change) -> Page {
    let mut page = installation(&change.status, BACK);
    page.space();
    match (&change.backup, change.changed) {
        (_, false) => page.text("It was like that already.", Tone::Accent),
        (Some(backup), true) => {
            page.text("Done. The file as it was before:", Tone::Good).text(backup, Tone::Plain)
        }
        (None, true) => page.text("Done.", Tone::Good),
    };
    page
}

/// A block's size.
pub(crate) fn block(bytes: u32) -> String {
    format!("{} KiB", bytes >> 10)
}
