//! Progress on stderr: a bar on a terminal, or lines: one per second for programs that watch, a few on a
//! terminal that cannot draw a bar.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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

/// When the last line was printed, so that a run over many small files does not print several a second.
#[derive(Clone, Debug, Default)]
pub struct Pace(Arc<Mutex<Option<Instant>>>);

impl Pace {
    /// Returns whether it is time for the next line. Short work needs no lines for people, so the first of the
    /// slow ones comes after the interval.
    fn is_due(&self, shown: Shown) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shown == Shown::SlowLines {
            last.get_or_insert_with(Instant::now);
        }
        let is_due = last.is_none_or(|last| last.elapsed() >= shown.interval());
        if is_due {
            *last = Some(Instant::now());
        }
        is_due
    }
}

/// Shows progress.
#[derive(Clone, Debug)]
pub struct Bars {
    shown: Shown,
    place: Option<Place>,
    pace: Pace,
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
    pub fn new(progress: Progress, quiet: bool, place: Option<Place>, pace: Pace, pass: (f64, f64)) -> Self {
        Self { shown: Shown::of(progress, quiet, terminal::stderr), place, pace, pass }
    }

    /// Shows a bar for work on `file` until the result is dropped; `work` names the work, and `total` is
    /// the length of the decoded image in bytes. In a run over several files, it is a bar for all of them, with
    /// a line about this one below it.
    #[must_use]
    pub fn start(self, work: &str, file: &Path, total: u64, monitor: &Arc<Monitor>) -> Bar {
        let done = Arc::new(AtomicBool::new(false));
        if self.shown == Shown::Nothing {
            return Bar { thread: None, done };
        }
        let name = if self.shown == Shown::Bar { shortened(file) } else { name_of(file) };
        let pass = Pass { work: format!("{work} {name}"), total, begun: Instant::now() };
        let bar = (self.shown == Shown::Bar).then(|| self.bar(&pass));
        // The first time at once: the work may be over before the thread begins.
        self.show(bar.as_ref(), &pass, monitor);
        let thread = thread::Builder::new().spawn({
            let (done, monitor) = (Arc::clone(&done), Arc::clone(monitor));
            move || {
                while !done.load(Ordering::Relaxed) {
                    thread::park_timeout(self.shown.interval());
                    if !done.load(Ordering::Relaxed) {
                        self.show(bar.as_ref(), &pass, &monitor);
                    }
                }
                match bar {
                    Some(bar) => bar.finish_and_clear(),
                    None if monitor.bytes_in() >= total => self.print_end(&pass),
                    None => {}
                }
            }
        });
        // If the thread cannot be started, there is no bar; the work itself may still succeed.
        Bar { thread: thread.ok(), done }
    }

    fn show(&self, bar: Option<&ProgressBar>, pass: &Pass, monitor: &Monitor) {
        match bar {
            Some(bar) => self.draw(bar, pass, monitor),
            None => self.print(pass, monitor.bytes_in()),
        }
    }

    /// The place in a run over several files.
    fn batch(&self) -> Option<Place> {
        self.place.filter(|place| place.count > 1)
    }

    fn bar(&self, pass: &Pass) -> ProgressBar {
        let (length, style, prefix) = match self.batch() {
            Some(Place { number, count, .. }) => {
                (WHOLE, style(RUN_TEMPLATE), format!("file {number} of {count}"))
            }
            None => (pass.total, style(FILE_TEMPLATE), pass.work.clone()),
        };
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
        bar.with_style(style).with_prefix(prefix)
    }

    fn draw(&self, bar: &ProgressBar, pass: &Pass, monitor: &Monitor) {
        let (read, packed) = (monitor.bytes_in(), monitor.bytes_out());
        let left = self.left(read, pass.total).map(|left| format!("{} left", HumanDuration(left)));
        let packed = (read > 0).then(|| format!("to {}", human::percent(packed, read)));
        if self.batch().is_none() {
            bar.set_position(read);
            bar.set_message([packed, left].into_iter().flatten().collect::<Vec<_>>().join(", "));
            return;
        }
        let speed = human::size(pass.speed(read));
        let packed = packed.map(|packed| format!(", {packed}")).unwrap_or_default();
        let below = format!("{}: {} %, {speed}/s{packed}", pass.work, pass.percent(read));
        bar.set_position(self.thousandths(read, pass.total));
        bar.set_message(format!("{}\n{below}", left.unwrap_or_default()));
    }

    /// Prints a line: about the file, or about the run and the file.
    fn print(&self, pass: &Pass, read: u64) {
        // The only file's first line for programs says that work has begun.
        if (self.batch().is_none() && self.shown == Shown::Lines) || self.pace.is_due(self.shown) {
            line(&self.text(pass, read));
        }
    }

    /// Prints the last line of the only file.
    fn print_end(&self, pass: &Pass) {
        if self.batch().is_none() && self.shown == Shown::Lines {
            line(&self.text(pass, pass.total));
        }
    }

    /// Says that a run over several files has come to its end.
    pub fn end(&self) {
        if let Some(place) = self.batch().filter(|_| self.shown == Shown::Lines) {
            line(&format!("100 %: {}", human::count(place.count as u64, "file", "files")));
        }
    }

    fn text(&self, pass: &Pass, read: u64) -> String {
        let of_file = format!("{}: {} %", pass.work, pass.percent(read));
        let Some(Place { number, count, .. }) = self.batch() else { return of_file };
        let percent = self.thousandths(read, pass.total) / 10;
        let left = match self.left(read, pass.total).filter(|_| percent < 100) {
            Some(left) => format!(", {} left", HumanDuration(left)),
            None => String::new(),
        };
        format!("{percent} %{left}: file {number} of {count}, {of_file}")
    }

    /// The share of the whole run that is done.
    fn done(&self, read: u64, total: u64) -> Option<f64> {
        let Place { before, share, .. } = self.place?;
        #[expect(clippy::cast_precision_loss, reason = "for reading, not for counting")]
        let of_pass = read.min(total) as f64 / total.max(1) as f64;
        let (from, to) = self.pass;
        Some(before + share * (from + (to - from) * of_pass))
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
    fn thousandths(&self, read: u64, total: u64) -> u64 {
        // A sum of shares may end just below the whole.
        (self.done(read, total).unwrap_or_default().clamp(0.0, 1.0) * 1000.0 + 1e-6) as u64
    }

    /// The remaining time of the whole run at the present rate.
    fn left(&self, read: u64, total: u64) -> Option<Duration> {
        let begun = self.place?.begun;
        let done = self.done(read, total)?;
        // Before that, it would be a guess.
        const ENOUGH: f64 = 0.01;
        (done >= ENOUGH).then(|| begun.elapsed().mul_f64((1.0 - done).max(0.0) / done))
    }
}

/// One pass over a file.
struct Pass {
    /// What is done, and the name of the file.
    work: String,
    /// Bytes of the decoded image.
    total: u64,
    begun: Instant,
}

impl Pass {
    fn percent(&self, read: u64) -> u128 {
        if self.total == 0 { 100 } else { (u128::from(read) * 100 / u128::from(self.total)).min(100) }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "for reading, not for counting"
    )]
    fn speed(&self, read: u64) -> u64 {
        (read as f64 / self.begun.elapsed().as_secs_f64().max(0.001)) as u64
    }
}

/// Prints a line about the progress. Errors of a closed pipe are ignored.
fn line(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
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

/// The length of the bar of a run.
const WHOLE: u64 = 1000;
/// The bar of a single file. The bar itself gets the remaining width: not all terminals can erase a wrapped line.
const FILE_TEMPLATE: &str = "{prefix} {wide_bar} {percent} % {decimal_bytes_per_sec} {msg}";
/// The bar of a run; the message has a second line about the file.
const RUN_TEMPLATE: &str = "{prefix} {wide_bar} {percent} % {msg}";

fn style(template: &str) -> ProgressStyle {
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
    fn templates_are_sound() {
        let _ = (style(FILE_TEMPLATE), style(RUN_TEMPLATE));
    }

    fn second_of_three() -> Bars {
        let begun = Instant::now().checked_sub(Duration::from_secs(100)).unwrap();
        let place = Place { number: 2, count: 3, before: 0.2, share: 0.4, begun };
        Bars { shown: Shown::Lines, place: Some(place), pace: Pace::default(), pass: (0.5, 1.0) }
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
        let bars = second_of_three();
        // The first file and three quarters of the second one make half of the run.
        let left = bars.left(50, 100).unwrap().as_secs_f64();
        assert!((left - 100.0).abs() < 5.0, "{left}");
        let place = Place { before: 0.0, ..bars.place.unwrap() };
        assert!(Bars { place: Some(place), pass: (0.0, 1.0), ..bars }.left(1, 100).is_none());
    }

    #[test]
    fn line_is_about_the_run_and_its_file_or_about_the_only_file() {
        let pass = Pass { work: "packing a.iso".into(), total: 100, begun: Instant::now() };
        let bars = second_of_three();
        let text = bars.text(&pass, 50);
        assert!(text.starts_with("50 %, 2 minutes left: file 2 of 3, packing a.iso: 50 %"), "{text}");
        let place = Place { number: 3, before: 0.6, ..bars.place.unwrap() };
        let last = Bars { place: Some(place), ..bars.clone() };
        assert_eq!(last.text(&pass, 100), "100 %: file 3 of 3, packing a.iso: 100 %");
        let only = Place { number: 1, count: 1, before: 0.0, share: 1.0, ..place };
        assert_eq!(Bars { place: Some(only), ..bars }.text(&pass, 37), "packing a.iso: 37 %");
    }

    #[test]
    fn many_small_files_print_one_line() {
        let pace = Pace::default();
        let is_due = |pace: &Pace| pace.is_due(Shown::Lines);
        assert!(is_due(&pace) && !is_due(&pace) && !is_due(&pace.clone()));
        assert!(!Pace::default().is_due(Shown::SlowLines));
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(shortened(Path::new("/somewhere/GAME.iso")), "GAME.iso");
        let long = "ファイナル".repeat(10);
        assert_eq!(shortened(Path::new(&long)).chars().count(), NAME_LEN);
    }
}
