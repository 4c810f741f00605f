//! Progress on stderr: a bar on a terminal, or a line per second for programs that watch.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use image_writer::Monitor;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::human;

/// How often the bar is drawn.
const INTERVAL: Duration = Duration::from_millis(100);
/// How often a progress line is printed.
const PLAIN_INTERVAL: Duration = Duration::from_secs(1);
/// How much of a file's name the bar shows, so that the numbers after it fit an 80-column terminal.
const NAME_LEN: usize = 14;

/// The kinds of progress display.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Progress {
    /// A bar while stderr is a terminal, else nothing
    #[default]
    Auto,
    /// A line with the percentage each second, also on a pipe
    Plain,
    /// Nothing
    Never,
}

/// A file's place in a run of several, and the progress of the run when it began.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Number of the file, from 1.
    pub number: usize,
    /// Number of files.
    pub count: usize,
    /// Share of the run's bytes in the files before this one.
    pub before: f64,
    /// Share of the run's bytes in this file.
    pub share: f64,
    /// When the run began.
    pub begun: Instant,
}

/// Shows progress.
#[derive(Clone, Copy, Debug)]
pub struct Bars {
    shown: Shown,
    place: Option<Place>,
    /// The range of the work on its file that this pass covers.
    pass: (f64, f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Bar,
    Lines,
    Nothing,
}

impl Bars {
    /// Shows the requested kind of progress, or none in quiet mode. `pass` is the range of the work on one
    /// file that the next pass covers.
    pub fn new(progress: Progress, quiet: bool, place: Option<Place>, pass: (f64, f64)) -> Self {
        let shown = match progress {
            _ if quiet => Shown::Nothing,
            Progress::Never => Shown::Nothing,
            Progress::Plain => Shown::Lines,
            // A console without support for control sequences would print them.
            Progress::Auto if console::Term::stderr().features().is_attended() => Shown::Bar,
            Progress::Auto => Shown::Nothing,
        };
        Self { shown, place, pass }
    }

    /// Shows a bar for work on `file` until the result is dropped; `work` names the work, and `total` is
    /// the length of the decoded image in bytes.
    #[must_use]
    pub fn start(self, work: &str, file: &Path, total: u64, monitor: &Arc<Monitor>) -> Bar {
        let done = Arc::new(AtomicBool::new(false));
        let drawn = match self.shown {
            Shown::Nothing => return Bar { thread: None, done },
            Shown::Bar => Drawn::bar(total, self.prefix(work, &shortened(file))),
            Shown::Lines => Drawn::Lines(self.prefix(work, &name_of(file))),
        };
        let interval = if self.shown == Shown::Bar { INTERVAL } else { PLAIN_INTERVAL };
        let thread = thread::Builder::new().spawn({
            let (done, monitor) = (Arc::clone(&done), Arc::clone(monitor));
            move || {
                while !done.load(Ordering::Relaxed) {
                    self.draw(&drawn, &monitor, total);
                    thread::park_timeout(interval);
                }
                drawn.finish(&monitor, total);
            }
        });
        // If the thread cannot be started, there is no bar; the work itself may still succeed.
        Bar { thread: thread.ok(), done }
    }

    fn prefix(&self, work: &str, name: &str) -> String {
        match self.place {
            Some(Place { number, count, .. }) if count > 1 => {
                format!("file {number} of {count}: {work} {name}")
            }
            _ => format!("{work} {name}"),
        }
    }

    fn draw(&self, drawn: &Drawn, monitor: &Monitor, total: u64) {
        let (read, packed) = (monitor.bytes_in(), monitor.bytes_out());
        match drawn {
            Drawn::Lines(prefix) => line(prefix, read, total),
            Drawn::Bar(bar) => {
                bar.set_position(read);
                let mut message = String::new();
                if read > 0 {
                    message = format!("to {}", human::percent(packed, read));
                }
                if let Some(left) = self.left(read, total) {
                    message += &format!(", {} left", HumanDuration(left));
                }
                bar.set_message(message);
            }
        }
    }

    /// The remaining time of the whole run at the present rate.
    fn left(&self, read: u64, total: u64) -> Option<Duration> {
        let Place { before, share, begun, .. } = self.place?;
        #[expect(clippy::cast_precision_loss, reason = "for reading, not for counting")]
        let of_pass = read as f64 / total.max(1) as f64;
        let (from, to) = self.pass;
        let done = before + share * (from + (to - from) * of_pass);
        // Before that, it would be a guess.
        const ENOUGH: f64 = 0.01;
        (done >= ENOUGH).then(|| begun.elapsed().mul_f64((1.0 - done).max(0.0) / done))
    }
}

/// The display of one pass.
enum Drawn {
    Bar(ProgressBar),
    /// Lines with this prefix.
    Lines(String),
}

impl Drawn {
    fn bar(total: u64, prefix: String) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        Self::Bar(bar.with_style(style()).with_prefix(prefix))
    }

    fn finish(self, monitor: &Monitor, total: u64) {
        match self {
            Self::Bar(bar) => bar.finish_and_clear(),
            Self::Lines(prefix) if monitor.bytes_in() >= total => line(&prefix, total, total),
            Self::Lines(_) => {}
        }
    }
}

/// Prints the progress of a pass. Errors of a closed pipe are ignored.
fn line(prefix: &str, read: u64, total: u64) {
    let percent = u128::from(read) * 100 / u128::from(total.max(1));
    let _ = writeln!(anstream::stderr(), "{prefix}: {} %", percent.min(100));
}

/// A bar on the terminal; dropping it removes it.
pub struct Bar {
    thread: Option<JoinHandle<()>>,
    done: Arc<AtomicBool>,
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A failed bar must not fail the work.
            let _ = thread.join();
        }
    }
}

fn style() -> ProgressStyle {
    // The bar itself gets the remaining width: not all terminals can erase a wrapped line.
    let template = "{prefix} {wide_bar} {percent} % {decimal_bytes_per_sec} {msg}";
    ProgressStyle::with_template(template).expect("a constant template").progress_chars("=> ")
}

fn name_of(file: &Path) -> String {
    human::name(Path::new(file.file_name().unwrap_or(file.as_os_str())))
}

fn shortened(file: &Path) -> String {
    let name = name_of(file);
    if name.chars().count() <= NAME_LEN {
        return name;
    }
    let mut short: String = name.chars().take(NAME_LEN - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_is_sound() {
        let _ = style();
    }

    #[test]
    fn time_left_is_that_of_the_whole_run() {
        let begun = Instant::now().checked_sub(Duration::from_secs(100)).unwrap();
        let place = Place { number: 2, count: 3, before: 0.2, share: 0.4, begun };
        let bars = Bars { shown: Shown::Bar, place: Some(place), pass: (0.5, 1.0) };
        // The first file and three quarters of the second one make half of the run.
        let left = bars.left(50, 100).unwrap().as_secs_f64();
        assert!((left - 100.0).abs() < 5.0, "{left}");
        assert_eq!(bars.prefix("packing", "a.iso"), "file 2 of 3: packing a.iso");
        assert!(
            Bars { place: Some(Place { before: 0.0, ..place }), pass: (0.0, 1.0), ..bars }
                .left(1, 100)
                .is_none()
        );
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(shortened(Path::new("/somewhere/GAME.iso")), "GAME.iso");
        let long = "ファイナル".repeat(10);
        assert_eq!(shortened(Path::new(&long)).chars().count(), NAME_LEN);
    }
}
