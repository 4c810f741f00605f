//! The report's screens: what it is, its progress, and its whole text to scroll through.

use alloc::format;

use crate::platform::Button;
use crate::report::{self, Report};
use crate::screens::page::{COLUMNS, Page, ROWS, Tone};
use crate::screens::{Next, Screens, Script, Task};
use crate::text::wrap;

/// What to know before one is written.
pub(super) fn about_page(path: &str) -> Page {
    let mut page = Page::new("Report", "Cross: write it   Circle: back");
    page.text(
        &format!("Writes {path}: what we need to know when something does not work, or when it does."),
        Tone::Plain,
    );
    page.space();
    page.text(
        "The console's model, its firmware, what the driver decided and counted, your lists of plugins, and how fast \
         one image is. It takes half a minute.",
        Tone::Plain,
    );
    page.space();
    page.text("It has names of images on this card in it, and nothing out of a game.", Tone::Dim);
    page
}

/// The report as a page.
pub(super) fn page(report: &Report) -> Page {
    let mut page = Page::new("Report", "Up, Down, Left, Right: scroll   Circle: back");
    match &report.kept {
        Ok(path) => page.text(&format!("Written to {path}"), Tone::Good),
        Err(error) => page.text(&format!("This could not be written. {error}"), Tone::Bad),
    };
    for line in report.text.lines() {
        let tone = match line {
            line if line.starts_with('[') => Tone::Accent,
            line if line.starts_with(' ') => Tone::Dim,
            _ => Tone::Plain,
        };
        for row in wrap(line, COLUMNS) {
            page.line(row, tone);
        }
    }
    page
}

impl Screens<'_> {
    /// Writes a report; returns it and the page that shows it.
    pub(crate) fn report(&mut self, image: Option<&str>, script: Option<Script>) -> (Report, Page) {
        let mut task = Task::new(self.console, "Report", &report::path(self.console), script);
        let report = report::write(self.console, image, &mut task);
        let page = page(&report);
        (report, page)
    }

    pub(super) fn reports(&mut self) -> Next {
        let about = about_page(&report::path(self.console));
        loop {
            self.show(&about);
            match self.console.wait_button() {
                Button::Home => return Next::Leave,
                Button::Circle => return Next::Back,
                Button::Cross => {
                    let page = self.report(None, None).1;
                    return self.scroll(&page);
                }
                _ => {}
            }
        }
    }

    /// Shows a page, which may be longer than the screen, until the user continues.
    fn scroll(&mut self, page: &Page) -> Next {
        let mut first = 0;
        loop {
            page.draw_from(first, &mut self.frame);
            self.console.show(&self.frame);
            first = match self.console.wait_button() {
                Button::Home => return Next::Leave,
                Button::Circle | Button::Cross => return Next::Back,
                Button::Up => first.saturating_sub(1),
                Button::Down => first + 1,
                Button::Left => first.saturating_sub(ROWS),
                Button::Right => first + ROWS,
                _ => first,
            }
            .min(page.last_start());
        }
    }
}
