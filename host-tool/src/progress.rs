//! The progress bar: bytes, ratio so far, MB/s and the time that is left, on stderr while it is a terminal.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use image_writer::Monitor;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::human;

/// How often the bar is drawn.
const INTERVAL: Duration = Duration::from_millis(100);
/// How much of a file's name the bar shows, so that the numbers behind it fit an 80-column terminal.
const NAME_LEN: usize = 14;

/// Whether bars are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bars {
    /// While stderr is a terminal.
    Shown,
    /// Never.
    Hidden,
}

impl Bars {
    /// Shown on a terminal, unless the user wants it quiet.
    pub fn auto(quiet: bool) -> Self {
        if quiet || !std::io::stderr().is_terminal() { Self::Hidden } else { Self::Shown }
    }

    /// Shows a bar for work on `file` until the result is dropped; `work` says what is done, and `total` is
    /// how many bytes of the decoded image there are.
    #[must_use]
    pub fn start(self, work: &str, file: &Path, total: u64, monitor: &Arc<Monitor>) -> Bar {
        if self == Self::Hidden {
            return Bar { thread: None, done: Arc::default() };
        }
        let done = Arc::new(AtomicBool::new(false));
        let bar =
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_style(style());
        bar.set_prefix(format!("{work} {}", shortened(file)));
        let thread = thread::Builder::new().spawn({
            let (done, monitor) = (Arc::clone(&done), Arc::clone(monitor));
            move || {
                while !done.load(Ordering::Relaxed) {
                    draw(&bar, &monitor);
                    thread::park_timeout(INTERVAL);
                }
                bar.finish_and_clear();
            }
        });
        // Without a thread there is no bar; the work itself may still go well.
        Bar { thread: thread.ok(), done }
    }
}

/// A bar on the terminal; dropping it takes it away.
pub struct Bar {
    thread: Option<JoinHandle<()>>,
    done: Arc<AtomicBool>,
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A bar that failed is no reason to fail with it.
            let _ = thread.join();
        }
    }
}

fn draw(bar: &ProgressBar, monitor: &Monitor) {
    let (read, packed) = (monitor.bytes_in(), monitor.bytes_out());
    bar.set_position(read);
    if read > 0 {
        bar.set_message(human::percent(packed, read));
    }
}

fn style() -> ProgressStyle {
    // The bar itself has what the rest leaves: a line that is broken in two is not taken away in all terminals.
    let template = "{prefix} {wide_bar} {decimal_bytes}/{decimal_total_bytes} ratio {msg} \
                    {decimal_bytes_per_sec} ETA {eta}";
    ProgressStyle::with_template(template).expect("a constant template").progress_chars("=> ")
}

fn shortened(file: &Path) -> String {
    let name = human::name(Path::new(file.file_name().unwrap_or(file.as_os_str())));
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
    fn long_names_are_cut_between_characters() {
        assert_eq!(shortened(Path::new("/somewhere/GAME.iso")), "GAME.iso");
        let long = "ファイナル".repeat(10);
        assert_eq!(shortened(Path::new(&long)).chars().count(), NAME_LEN);
    }
}
