//! The screen for long work: a bar, the speed, the remaining time, and Circle to cancel.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::failure::Failure;
use crate::files;
use crate::frame::Frame;
use crate::platform::{Button, Platform};
use crate::screens::page::{COLUMNS, Page, ROW, TOP, Tone, draw_bar};
use crate::text::{clock, percent, shorten, size, speed, time_left};
use crate::watch::{Question, Unit, Watch};

/// The screen is drawn at most four times a second, because drawing takes time away from the work.
const DRAW_EVERY: u64 = 250_000;

/// What should happen automatically during unattended work.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    /// Screenshots to take, and at what percentage.
    pub(crate) shots: Vec<(u8, String)>,
    /// When to cancel.
    pub(crate) cancel_at: Option<u8>,
    /// Whether to fill unreadable sectors with zeros.
    pub(crate) zeros: bool,
    /// Whether to start even if the result may not fit.
    pub(crate) tight: bool,
}

/// The screen for one task.
pub(crate) struct Task<'c> {
    console: &'c dyn Platform,
    title: String,
    /// What is being worked on.
    subject: String,
    script: Option<Script>,
    frame: Frame,
    what: String,
    total: u64,
    unit: Unit,
    begun: u64,
    drawn: Option<u64>,
}

impl<'c> Task<'c> {
    /// Makes the screen. With a script, the user is not asked anything.
    pub(crate) fn new(console: &'c dyn Platform, title: &str, subject: &str, script: Option<Script>) -> Self {
        Self {
            console,
            title: title.to_owned(),
            subject: shorten(subject, COLUMNS),
            script,
            frame: Frame::new(),
            what: String::new(),
            total: 0,
            unit: Unit::Bytes,
            begun: 0,
            drawn: None,
        }
    }

    fn draw(&mut self, done: u64, now: u64) {
        let micros = now.saturating_sub(self.begun);
        let mut page = Page::new(&self.title, "Circle: cancel");
        page.text(&self.subject, Tone::Plain).space().text(&self.what, Tone::Accent);
        let y = TOP + page.rows.len() * ROW + 4;
        page.space().space();
        match self.unit {
            Unit::Bytes => {
                let far = format!("{} of {}, {}", size(done), size(self.total), percent(done, self.total));
                page.text(&far, Tone::Plain).text(&speed(done, micros), Tone::Plain);
            }
            Unit::Pieces => {
                page.text(&percent(done, self.total), Tone::Plain);
            }
        }
        let left = time_left(done, self.total, micros).map(clock);
        page.text(&format!("{} passed, {} left", clock(micros), left.as_deref().unwrap_or("?")), Tone::Plain);
        page.draw(&mut self.frame);
        draw_bar(&mut self.frame, y, done, self.total);
        self.console.show(&self.frame);
        self.drawn = Some(now);
    }

    /// Does what the script says for this percentage.
    fn follow_script(&mut self, done: u64) -> Result<(), Failure> {
        let percent = u128::from(done) * 100 / u128::from(self.total.max(1));
        let is_due = |at: u8| u128::from(at) <= percent;
        let Some(script) = &mut self.script else { return Ok(()) };
        let due: Vec<_> = script.shots.extract_if(.., |(at, _)| is_due(*at)).collect();
        let cancel = script.cancel_at.is_some_and(is_due);
        for (_, path) in due {
            self.draw(done, self.console.micros());
            files::write_all(self.console, &path, &self.console.screen().bmp())?;
        }
        if cancel { Err(Failure::Cancelled) } else { Ok(()) }
    }
}

impl Watch for Task<'_> {
    fn begin(&mut self, what: &str, total: u64, unit: Unit) {
        self.what = what.to_owned();
        self.total = total;
        self.unit = unit;
        self.begun = self.console.micros();
        self.draw(0, self.begun);
    }

    fn advance(&mut self, done: u64) -> Result<(), Failure> {
        let now = self.console.micros();
        if self.drawn.is_none_or(|drawn| now.saturating_sub(drawn) >= DRAW_EVERY) {
            self.draw(done, now);
        }
        self.follow_script(done)?;
        if self.console.wants_to_stop() { Err(Failure::Cancelled) } else { Ok(()) }
    }

    fn ask(&mut self, question: Question) -> bool {
        let mut page = Page::new(&self.title, "Cross: yes   Circle: no");
        page.text(&self.subject, Tone::Plain).space();
        let answer = match question {
            Question::FillWithZeros { lba } => {
                page.text(&format!("Sector {lba} cannot be read."), Tone::Bad).space();
                page.text(
                    "Fill it, and every other one like it, with zeros? They are listed in the log beside the image. \
                     Without that nothing is kept.",
                    Tone::Plain,
                );
                self.script.as_ref().map(|script| script.zeros)
            }
            Question::MayNotFit { needed, free } => {
                page.text(&format!("The card has {} free.", size(free)), Tone::Bad).space();
                page.text(
                    &format!(
                        "The image takes up to {}, usually much less. Try it? If the card becomes full, nothing \
                         is kept.",
                        size(needed)
                    ),
                    Tone::Plain,
                );
                self.script.as_ref().map(|script| script.tight)
            }
        };
        page.draw(&mut self.frame);
        self.console.show(&self.frame);
        let asked = self.console.micros();
        let answer = answer.unwrap_or_else(|| {
            loop {
                match self.console.wait_button() {
                    Button::Cross => break true,
                    Button::Circle | Button::Home => break false,
                    _ => {}
                }
            }
        });
        // The time that the user took to answer does not count.
        self.begun += self.console.micros().saturating_sub(asked);
        self.drawn = None;
        answer
    }
}
