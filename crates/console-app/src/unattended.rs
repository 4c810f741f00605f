//! Unattended work: commands from a file, results as lines of JSON.
//!
//! If there is a `commands.txt` next to the program, it is executed. Each result is a line in `results.jsonl`
//! next to it, and on standard output. docs/psp-app.md describes both.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::VERSION;
use crate::check;
use crate::commands::{self, Command, Line};
use crate::digest::Digests;
use crate::disc_files::DiscFile;
use crate::driver::{self, Change, Status};
use crate::dump;
use crate::failure::Failure;
use crate::files::{self, File};
use crate::images::Image;
use crate::json::{Object, list};
use crate::platform::{LiveDriver, Mode, Platform};
use crate::screens::{self, Screens, Script};
use crate::speed;
use crate::text::hex;

/// At most this many invalid lines are reported.
const MAX_BAD_LINES: usize = 20;
/// At most this many unreadable sectors are listed by number.
const MAX_SECTORS: usize = 100;

/// Returns the command file, if there is one.
pub(crate) fn commands(console: &dyn Platform) -> Option<Vec<u8>> {
    let path = format!("{}commands.txt", console.folder());
    match files::read_all(console, &path, commands::MAX_LEN) {
        Ok(text) => text,
        // A file that is too long is reported as an invalid one.
        Err(Failure::TooLong { .. }) => Some(b"?".to_vec()),
        Err(_) => None,
    }
}

/// Executes a command file.
pub(crate) fn run(console: &dyn Platform, text: &[u8]) {
    let mut results = Results::new(console);
    let mut start = Object::new();
    start
        .number("schema", 1_u32)
        .text("event", "start")
        .text("version", VERSION)
        .text("folder", console.folder());
    let lines = match commands::parse(text) {
        Ok(lines) => {
            start.number("commands", lines.len() as u64);
            results.line(start.end());
            lines
        }
        Err(bad) => {
            start.number("commands", 0_u32);
            results.line(start.end());
            let mut shown = Vec::new();
            for line in bad.iter().take(MAX_BAD_LINES) {
                let mut json = event("bad-line");
                json.number("line", line.number).text("error", &line.message);
                results.line(json.end());
                shown.push((format!("commands.txt, line {}: {}", line.number, line.message), false));
            }
            end(&mut results, bad.len());
            Screens::new(console).show(&screens::commands_page(&shown));
            console.wait_button();
            return;
        }
    };
    let mut runner = Runner { console, screens: Screens::new(console), next: Script::default() };
    let (mut failed, mut leaves) = (0, false);
    for line in &lines {
        leaves = line.command == Command::Exit;
        let outcome = runner.obey(line, &mut results);
        failed += usize::from(!outcome);
    }
    end(&mut results, failed);
    if !leaves {
        // The last screen stays until somebody has seen it.
        console.wait_button();
    }
}

fn end(results: &mut Results<'_>, failed: usize) {
    let mut json = event("end");
    json.number("failed", failed as u64);
    results.line(json.end());
}

fn event(name: &str) -> Object {
    let mut json = Object::new();
    json.number("schema", 1_u32).text("event", name);
    json
}

/// Where results go.
struct Results<'c> {
    console: &'c dyn Platform,
    path: String,
}

impl<'c> Results<'c> {
    fn new(console: &'c dyn Platform) -> Self {
        let path = format!("{}results.jsonl", console.folder());
        // If the card cannot be written, the lines on standard output are the only results.
        let _ = files::write_all(console, &path, b"");
        Self { console, path }
    }

    fn line(&mut self, mut line: String) {
        self.console.say(&line);
        line.push('\n');
        if let Ok(mut file) = File::open(self.console, &self.path, Mode::Append) {
            let _ = file.write(line.as_bytes()).and_then(|()| file.close());
        }
    }
}

/// Executes commands one by one.
struct Runner<'c> {
    console: &'c dyn Platform,
    screens: Screens<'c>,
    /// The settings given for the next task.
    next: Script,
}

impl Runner<'_> {
    /// Executes a command and writes its result; returns whether all is well.
    fn obey(&mut self, line: &Line, results: &mut Results<'_>) -> bool {
        let mut json = Object::new();
        json.number("schema", 1_u32).text("command", line.command.name()).number("line", line.number);
        let outcome = self.work(&line.command, &mut json, results);
        let is_good = matches!(outcome, Ok("ok"));
        match outcome {
            Ok(status) => {
                json.text("status", status);
            }
            Err(failure) => {
                json.text("status", failure.status()).raw("error", &error(&failure));
            }
        }
        results.line(json.end());
        is_good
    }

    /// Does the work; returns the status unless it failed.
    fn work(
        &mut self,
        command: &Command,
        json: &mut Object,
        results: &mut Results<'_>,
    ) -> Result<&'static str, Failure> {
        match command {
            Command::Images => {
                let script = self.script();
                let images = self.screens.list_images(Some(script))?;
                self.screens.show_images(&images, 0);
                json.raw("images", &list(images.iter().map(image)));
            }
            Command::Check(path) => {
                json.text("path", path);
                let script = self.script();
                let (report, page) = self.screens.check(path, Some(script));
                self.screens.show(&page);
                let report = report?;
                check_report(json, &report);
                if report.damaged > 0 {
                    return Ok("damaged");
                }
            }
            Command::Speed(path) => {
                json.text("path", path);
                let script = self.script();
                let (report, page) = self.screens.speed(path, Some(script));
                self.screens.show(&page);
                speed_report(json, &report?);
            }
            Command::Dump { kind, target, zeros, tight } => {
                json.text("format", kind.name());
                let script = Script { zeros: *zeros, tight: *tight, ..self.script() };
                let (report, page) = self.screens.run_dump(*kind, target, Some(script));
                self.screens.show(&page);
                dump_report(json, &report?);
            }
            Command::ReadFiles => {
                let script = self.script();
                let (files, page) = self.screens.disc_files(Some(script));
                self.screens.show(&page);
                return disc_files(json, &files?, results);
            }
            Command::DriverStatus => {
                let status = driver::status(self.console);
                self.screens.show(&screens::status_page(&status));
                driver_status(json, &status?);
            }
            Command::DriverInstall(system) => {
                let change = driver::install(self.console, *system);
                self.screens.show(&screens::change_page(&change));
                driver_change(json, &change?);
            }
            Command::DriverRemove(system) => {
                let change = driver::remove(self.console, *system);
                self.screens.show(&screens::change_page(&change));
                driver_change(json, &change?);
            }
            Command::Report(image) => {
                let script = self.script();
                let (report, page) = self.screens.report(image.as_deref(), Some(script));
                self.screens.show(&page);
                json.text_or_null("image", report.image.as_deref());
                json.number("size", report.text.len() as u64);
                json.text("output", &report.kept?);
            }
            Command::Screen(place) => {
                json.text("screen", place.name());
                self.screens.show_place(*place);
            }
            Command::Screenshot(path) => {
                json.text("path", path);
                files::write_all(self.console, path, &self.console.screen().bmp())?;
            }
            Command::ShotAt(percent, path) => self.next.shots.push((*percent, path.clone())),
            Command::CancelAt(percent) => self.next.cancel_at = Some(*percent),
            Command::Exit => {}
        }
        Ok("ok")
    }

    fn script(&mut self) -> Script {
        core::mem::take(&mut self.next)
    }
}

fn error(failure: &Failure) -> String {
    let mut json = Object::new();
    json.text("kind", failure.kind()).text("message", &failure.to_string());
    json.text_or_null("code", failure.code().map(|code| code.to_string()).as_deref());
    json.end()
}

fn hashes(digests: &Digests) -> String {
    let mut json = Object::new();
    json.text("crc32", &format!("{:08x}", digests.crc32)).text("sha1", &hex(&digests.sha1));
    json.end()
}

fn image(image: &Image) -> String {
    let mut json = Object::new();
    json.text("path", &image.path);
    json.text_or_null("format", image.format.map(|format| format.name()));
    json.text_or_null("title", image.title.as_deref()).text_or_null("disc_id", image.disc_id.as_deref());
    json.number_or_null("block_size", image.block_size.map(u64::from));
    json.number_or_null("size", image.size).number("stored_size", image.stored_size);
    json.text_or_null("problem", image.problem.as_deref());
    json.end()
}

fn check_report(json: &mut Object, report: &check::Report) {
    json.text("format", report.format.name()).number("block_size", report.block_size);
    json.number("block_count", report.block_count);
    json.number("size", report.size).number("stored_size", report.stored_size);
    json.raw("hashes", &report.digests.as_ref().map_or("null".into(), hashes));
    json.number("damaged", report.damaged);
    let first = report.first.as_ref().map_or("null".into(), |damage| {
        let mut json = Object::new();
        json.number("block", damage.block).number("lba", damage.lba).number("offset", damage.offset);
        json.text("message", &damage.message);
        json.end()
    });
    json.raw("first_damaged", &first).seconds("seconds", report.micros);
}

fn speed_report(json: &mut Object, report: &speed::Report) {
    json.text("format", report.format.name()).number("block_size", report.block_size);
    let speeds = report.speeds.iter().map(|speed| {
        let mut json = Object::new();
        json.text("order", speed.order.name()).number("size", speed.size).number("bytes", speed.bytes);
        json.seconds("seconds", speed.micros);
        let per_second = u128::from(speed.bytes) * 1_000_000 / u128::from(speed.micros.max(1)) / 1024;
        json.number("kib_per_second", u64::try_from(per_second).unwrap_or(u64::MAX));
        json.end()
    });
    json.raw("speeds", &list(speeds));
    json.text_or_null("file", report.kept.as_deref().ok());
}

fn dump_report(json: &mut Object, report: &dump::Report) {
    json.text("output", &report.path).number("size", report.size()).number("stored_size", report.stored_size);
    json.number("sectors", report.found.sectors);
    json.text_or_null("disc_id", report.found.disc.id.as_deref());
    json.text_or_null("title", report.found.disc.title.as_deref());
    json.raw("hashes", &hashes(&report.digests));
    let sectors = report.unreadable.iter().cloned().flatten().take(MAX_SECTORS);
    json.raw("unreadable", &list(sectors.map(|lba| lba.to_string())));
    json.number("unreadable_count", report.unreadable_count());
    json.text("log", &report.log).seconds("seconds", report.micros);
}

/// A line for each file, and the total in the command's own line.
fn disc_files(
    json: &mut Object,
    files: &[DiscFile],
    results: &mut Results<'_>,
) -> Result<&'static str, Failure> {
    let mut first_error = None;
    for file in files {
        let mut json = event("file");
        json.text("path", &file.path).number("size", file.len);
        match &file.digests {
            Ok(digests) => {
                json.text("crc32", &format!("{:08x}", digests.crc32)).text("sha1", &hex(&digests.sha1));
            }
            Err(failure) => {
                json.raw("error", &error(failure));
                first_error.get_or_insert_with(|| failure.clone());
            }
        }
        results.line(json.end());
    }
    json.number("files", files.len() as u64);
    json.number("bytes", files.iter().map(|file| file.len).sum::<u64>());
    first_error.map_or(Ok("ok"), Err)
}

fn driver_status(json: &mut Object, status: &Status) {
    json.text_or_null("firmware", status.system.map(|system| system.name()));
    json.text_or_null("plugin_file", status.plugin_file.as_deref());
    json.text_or_null("line_text", status.line.as_deref()).flag("installed", status.is_on);
    json.text_or_null("module", status.module.as_deref());
    let log = status.session.as_ref().map_or("null".into(), |session| {
        let mut json = Object::new();
        json.text("start", &session.start);
        json.text_or_null("stepped_aside", session.aside.as_deref());
        json.text_or_null("cause", session.cause().map(|cause| cause.name()));
        if let Some(counters) = session.counters {
            json.number("reads", counters.reads).number("kib", counters.kib);
            json.number("card_reads", counters.card_reads).number("card_kib", counters.card_kib);
            json.number("hits", counters.hits).number("retries", counters.retries);
        }
        json.end()
    });
    json.raw("log", &log).raw("live", &status.live.as_ref().map_or("null".into(), live));
}

fn live(live: &LiveDriver) -> String {
    let mut json = Object::new();
    json.flag("serving", live.serving);
    if let Some([format, block_size, sectors]) = live.image {
        json.text("format", &driver::format_name(format)).number("block_size", block_size);
        json.number("sectors", sectors);
    }
    let [reads, hits, card_reads, retries] = live.counts;
    json.number("reads", reads).number("hits", hits);
    json.number("card_reads", card_reads).number("retries", retries);
    json.number("bytes", live.bytes[0]).number("card_bytes", live.bytes[1]);
    json.end()
}

fn driver_change(json: &mut Object, change: &Change) {
    json.flag("changed", change.changed).text_or_null("backup", change.backup.as_deref());
    driver_status(json, &change.status);
}
