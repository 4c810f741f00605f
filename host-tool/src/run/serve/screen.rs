//! The display while consoles are served: one live line for each.

use std::collections::HashMap;
use std::io::Write;
use std::net::Ipv4Addr;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::events::Event;
use super::peers::Pace;
use crate::cli::Verbosity;
use crate::terminal::{self, Stderr};

/// Bytes of data in a packet, nearly always.
const PACKET: u64 = 1408;

/// Prints events and live lines.
pub(super) struct Screen {
    verbosity: Verbosity,
    lines: MultiProgress,
    bars: HashMap<Ipv4Addr, ProgressBar>,
}

impl Screen {
    /// Creates a screen with this verbosity. Live lines are only for a terminal that can draw them again.
    pub(super) fn new(verbosity: Verbosity) -> Self {
        let is_live = !verbosity.quiet && !verbosity.json && terminal::stderr() == Stderr::Terminal;
        let target = if is_live { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { verbosity, lines: MultiProgress::with_draw_target(target), bars: HashMap::new() }
    }

    /// Prints one event. Problems are always printed.
    pub(super) fn tell(&self, event: &Event) {
        if self.verbosity.json {
            event.print_json();
        }
        let is_trouble = matches!(event, Event::Trouble { .. });
        if self.verbosity.quiet && !is_trouble || event.is_detail() && !self.verbosity.verbose {
            return;
        }
        if let Some(line) = event.line() {
            let prefix = if is_trouble { "error: " } else { "" };
            self.print(&format!("{prefix}{line}"));
        }
    }

    /// Prints a line above the live ones.
    pub(super) fn print(&self, line: &str) {
        self.lines.suspend(|| {
            let _ = writeln!(std::io::stderr(), "{line}");
        });
    }

    /// Brings the live lines up to date with what was sent during `span`.
    pub(super) fn draw(&mut self, paces: &[Pace], span: Duration) {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1);
        for pace in paces {
            let console = pace.console.address;
            let playing = pace.console.playing();
            let bytes_per_second = pace.packets.saturating_mul(PACKET).saturating_mul(1000) / millis;
            if self.verbosity.json && pace.packets > 0 {
                let (packets, resent) = (pace.packets, pace.resent);
                let file = playing.clone();
                Event::Progress { console, file, bytes_per_second, packets, resent }.print_json();
            }
            let tenths = bytes_per_second / 100_000;
            let lost = pace.resent;
            let text = format!(
                "{console}  {playing}  {}.{} MB/s  {lost} packets sent again",
                tenths / 10,
                tenths % 10
            );
            let bar = self.bars.entry(console).or_insert_with(|| {
                let style =
                    ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
                self.lines.add(ProgressBar::new_spinner().with_style(style))
            });
            bar.set_message(text);
        }
        self.bars.retain(|console, bar| {
            let is_served = paces.iter().any(|pace| pace.console.address == *console);
            if !is_served {
                bar.finish_and_clear();
            }
            is_served
        });
    }
}
