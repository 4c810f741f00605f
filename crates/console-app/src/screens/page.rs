//! The common look of all screens: a title, some rows, and what the buttons do.

use alloc::string::String;
use alloc::vec::Vec;

use crate::VERSION;
use crate::frame::{Colour, Font, Frame, HEIGHT, WIDTH};
use crate::text::{shorten, wrap};

/// Pixels left and right of everything.
const MARGIN: usize = 14;
const TITLE_HEIGHT: usize = 30;
const HINT_HEIGHT: usize = 22;
/// Height of a row of text.
pub(crate) const ROW: usize = 16;
/// Where the rows begin.
pub(crate) const TOP: usize = TITLE_HEIGHT + 8;
/// How many rows fit.
pub(crate) const ROWS: usize = (HEIGHT - TOP - HINT_HEIGHT - 2) / ROW;
/// Letters per row.
pub(crate) const COLUMNS: usize = (WIDTH - 2 * MARGIN) / Font::Body.width();
/// Width of the labels, in letters.
const LABEL: usize = 15;

/// The meaning of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Dim,
    Accent,
    Good,
    Bad,
}

impl Tone {
    const fn colour(self) -> Colour {
        match self {
            Self::Plain => Colour::TEXT,
            Self::Dim => Colour::DIM,
            Self::Accent => Colour::ACCENT,
            Self::Good => Colour::GOOD,
            Self::Bad => Colour::BAD,
        }
    }
}

/// A row of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// A line of text.
    Text(String, Tone),
    /// A label and its value.
    Pair(&'static str, String, Tone),
    /// Nothing.
    Space,
}

/// A page of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) hints: &'static str,
}

impl Page {
    pub(crate) fn new(title: &str, hints: &'static str) -> Self {
        Self { title: title.into(), rows: Vec::new(), hints }
    }

    /// Adds a text, on as many rows as it needs.
    pub(crate) fn text(&mut self, text: &str, tone: Tone) -> &mut Self {
        self.rows.extend(wrap(text, COLUMNS).into_iter().map(|line| Row::Text(line, tone)));
        self
    }

    /// Adds a row of text as it is.
    pub(crate) fn line(&mut self, text: String, tone: Tone) -> &mut Self {
        self.rows.push(Row::Text(text, tone));
        self
    }

    /// Adds a label and its value; a value that is too long for the row loses its middle.
    pub(crate) fn pair(&mut self, label: &'static str, value: impl Into<String>) -> &mut Self {
        self.pair_in(label, value, Tone::Plain)
    }

    pub(crate) fn pair_in(&mut self, label: &'static str, value: impl Into<String>, tone: Tone) -> &mut Self {
        self.rows.push(Row::Pair(label, value.into(), tone));
        self
    }

    pub(crate) fn space(&mut self) -> &mut Self {
        self.rows.push(Row::Space);
        self
    }

    /// The last row that can be at the top of the screen.
    pub(crate) fn last_start(&self) -> usize {
        self.rows.len().saturating_sub(ROWS)
    }

    /// Draws the page.
    pub(crate) fn draw(&self, frame: &mut Frame) {
        self.draw_from(0, frame);
    }

    /// Draws the page starting at a row, with a scroll mark if it does not fit on the screen.
    pub(crate) fn draw_from(&self, first: usize, frame: &mut Frame) {
        ground(frame, &self.title, self.hints);
        if self.last_start() > 0 {
            draw_scroll_mark(frame, first, self.rows.len());
        }
        for (number, row) in self.rows.iter().skip(first).take(ROWS).enumerate() {
            let y = TOP + number * ROW;
            match row {
                Row::Text(text, tone) => frame.text(MARGIN, y, text, Font::Body, tone.colour()),
                Row::Pair(label, value, tone) => {
                    frame.text(MARGIN, y, label, Font::Body, Colour::DIM);
                    let x = MARGIN + LABEL * Font::Body.width();
                    frame.text(x, y, &shorten(value, COLUMNS - LABEL), Font::Body, tone.colour());
                }
                Row::Space => {}
            }
        }
    }
}

/// Draws a mark at the right edge that shows which part of the rows is on the screen.
fn draw_scroll_mark(frame: &mut Frame, first: usize, rows: usize) {
    const WIDTH_OF_MARK: usize = 3;
    let (x, height) = (WIDTH - MARGIN + 4, ROWS * ROW);
    frame.fill(x, TOP, WIDTH_OF_MARK, height, Colour::TROUGH);
    let at = |row: usize| height * row.min(rows) / rows;
    frame.fill(x, TOP + at(first), WIDTH_OF_MARK, at(first + ROWS) - at(first), Colour::DIM);
}

/// Draws the elements common to all screens.
fn ground(frame: &mut Frame, title: &str, hints: &str) {
    frame.fill(0, 0, WIDTH, HEIGHT, Colour::GROUND);
    frame.fill(0, 0, WIDTH, TITLE_HEIGHT, Colour::BAR);
    frame.text(MARGIN, 6, title, Font::Title, Colour::TEXT);
    let name = alloc::format!("Cisor {VERSION}");
    let width = name.chars().count() * Font::Small.width();
    frame.text(WIDTH - MARGIN - width, 9, &name, Font::Small, Colour::TEXT);
    frame.fill(0, HEIGHT - HINT_HEIGHT, WIDTH, 1, Colour::TROUGH);
    debug_assert!(hints.len() * Font::Small.width() <= WIDTH - 2 * MARGIN, "{hints}");
    frame.text(MARGIN, HEIGHT - HINT_HEIGHT + 5, hints, Font::Small, Colour::DIM);
}

/// A list of lines, one of which is chosen.
pub(crate) struct Menu<'m> {
    pub(crate) title: &'m str,
    pub(crate) lines: &'m [String],
    pub(crate) chosen: usize,
    /// The description of the chosen line, below the list.
    pub(crate) about: &'m [String],
    pub(crate) hints: &'static str,
}

impl Menu<'_> {
    /// Draws the list, scrolled so that the chosen line is on the screen.
    pub(crate) fn draw(&self, frame: &mut Frame) {
        ground(frame, self.title, self.hints);
        let room = ROWS - self.about.len() - usize::from(!self.about.is_empty());
        let first = (self.chosen + 1).saturating_sub(room);
        for (number, line) in self.lines.iter().enumerate().skip(first).take(room) {
            let y = TOP + (number - first) * ROW;
            let is_chosen = number == self.chosen;
            if is_chosen {
                frame.fill(MARGIN / 2, y - 1, WIDTH - MARGIN, ROW, Colour::CHOSEN);
            }
            let font = if is_chosen { Font::Bold } else { Font::Body };
            frame.text(MARGIN, y, &shorten(line, COLUMNS), font, Colour::TEXT);
        }
        for (number, line) in self.about.iter().enumerate() {
            let y = TOP + (ROWS - self.about.len() + number) * ROW;
            frame.text(MARGIN, y, &shorten(line, COLUMNS), Font::Body, Colour::DIM);
        }
    }
}

/// Draws a bar that is filled to `done` of `total`, with its upper edge at `y`.
pub(crate) fn draw_bar(frame: &mut Frame, y: usize, done: u64, total: u64) {
    const HEIGHT: usize = 18;
    let width = WIDTH - 2 * MARGIN;
    let filled = u128::from(done.min(total)) * width as u128 / u128::from(total.max(1));
    frame.fill(MARGIN, y, width, HEIGHT, Colour::TROUGH);
    frame.fill(MARGIN, y, usize::try_from(filled).unwrap_or(width), HEIGHT, Colour::ACCENT);
}
