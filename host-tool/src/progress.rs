//! Progress on stderr: a bar on a terminal, or lines: one per second for programs that watch, a few on a
//! terminal that cannot draw a bar.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use image_writer::Monitor;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::human;
use crate::terminal::{self, Stderr};

/// How often the bar is drawn.
const INTERVAL: Duration = Duration::from_millis(100);
/// How often a progress line is printed for programs.
const PLAIN_INTERVAL: Duration = Duration::from_secs(1);
/// How often a progress line is printed for people, who do not want to see their results scroll away.
const SLOW_INTERVAL: Duration = Duration::from_secs(10);
/// How much of a file's name the bar shows, so that the numbers after it fit an 80-column terminal.
const NAME_LEN: usize = 14;

/// The kinds of progress display.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Progress {
    /// A bar on a terminal, a line every ten seconds on one that cannot draw a bar, else nothing
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
    /// Lines from the beginning to the end.
    Lines,
    /// Lines while the work takes long.
    SlowLines,
    Nothing,
}

impl Shown {
    fn of(progress: Progress, quiet: bool, stderr: impl FnOnce() -> Stderr) -> Self {
        match progress {
            _ if quiet => Self::Nothing,
            Progress::Never => Self::Nothing,
            Progress::Plain => Self::Lines,
            Progress::Auto => match stderr() {
                Stderr::Terminal => Self::Bar,
                Stderr::Plain => Self::SlowLines,
                Stderr::Pipe => Self::Nothing,
            },
        }
    }

    fn interval(self) -> Duration {
        match self {
            Self::Bar => INTERVAL,
            Self::SlowLines => SLOW_INTERVAL,
            Self::Lines | Self::Nothing => PLAIN_INTERVAL,
        }
    }
}

impl Bars {
    /// Shows the requested kind of progress, or none in quiet mode. `pass` is the range of the work on one
    /// file that the next pass covers.
    pub fn new(progress: Progress, quiet: bool, place: Option<Place>, pass: (f64, f64)) -> Self {
        Self { shown: Shown::of(progress, quiet, terminal::stderr), place, pass }
    }

    /// Shows a bar for work on `file` until the result is dropped; `work` names the work, and `total` is
    /// the length of the decoded image in bytes.
    #[must_use]
    pub fn start(self, work: &str, file: &Path, total: u64, monitor: &Arc<Monitor>) -> Bar {
        let done = Arc::new(AtomicBool::new(false));
        let drawn = match self.shown {
            Shown::Nothing => return Bar { thread: None, done },
            Shown::Bar => Drawn::bar(total, self.prefix(work, &shortened(file))),
            Shown::Lines | Shown::SlowLines => Drawn::Lines(self.prefix(work, &name_of(file))),
        };
        let thread = thread::Builder::new().spawn({
            let (done, monitor) = (Arc::clone(&done), Arc::clone(monitor));
            move || {
                // Short work needs no lines for people.
                let mut is_due = self.shown != Shown::SlowLines;
                while !done.load(Ordering::Relaxed) {
                    if is_due {
                        self.draw(&drawn, &monitor, total);
                    }
                    thread::park_timeout(self.shown.interval());
                    is_due = true;
                }
                if self.shown != Shown::SlowLines {
                    drawn.finish(&monitor, total);
                }
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
    fn what_is_shown_follows_from_wish_and_terminal() {
        let auto = |stderr| Shown::of(Progress::Auto, false, || stderr);
        assert_eq!(auto(Stderr::Terminal), Shown::Bar);
        assert_eq!(auto(Stderr::Plain), Shown::SlowLines);
        assert_eq!(auto(Stderr::Pipe), Shown::Nothing);
        for stderr in [Stderr::Terminal, Stderr::Plain, Stderr::Pipe] {
            assert_eq!(Shown::of(Progress::Plain, false, || stderr), Shown::Lines);
            assert_eq!(Shown::of(Progress::Never, false, || stderr), Shown::Nothing);
            assert_eq!(Shown::of(Progress::Auto, true, || stderr), Shown::Nothing);
        }
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
