//! What the user sees, and what the buttons do.

mod driver;
mod page;
mod pages;
mod report;
mod results;
mod task;
#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub use crate::frame::{Colour, Frame, HEIGHT, WIDTH};

use crate::check;
use crate::disc_files;
use crate::dump::{self, Found, Kind};
use crate::failure::Failure;
use crate::images::{self, Image};
use crate::paths;
use crate::platform::{Button, Platform};
use crate::speed;

use page::{Menu, Page, Tone};
use pages::{about_page, driver_page, dump_page, image_about, image_line};
pub(crate) use pages::{change_page, commands_page, status_page};
pub(crate) use task::{Script, Task};

/// Where dumps go: to the card that the program is on.
pub(crate) fn dump_folder(console: &dyn Platform) -> &'static str {
    if paths::device(console.folder()) == "ef0:" { "ef0:/ISO/" } else { "ms0:/ISO/" }
}

/// A screen that can be shown without any action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The main menu.
    Menu,
    /// The images on the cards.
    Images,
    /// The disc in the drive.
    Dump,
    /// The driver.
    Driver,
    /// The explanation of reports.
    Report,
    /// About the program.
    About,
}

impl Place {
    /// Every screen.
    pub const ALL: [Self; 6] =
        [Self::Menu, Self::Images, Self::Dump, Self::Driver, Self::Report, Self::About];

    /// Returns the name used in commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Menu => "menu",
            Self::Images => "images",
            Self::Dump => "dump",
            Self::Driver => "driver",
            Self::Report => "report",
            Self::About => "about",
        }
    }
}

/// Runs the screens until the user closes the program.
pub(crate) fn run(console: &dyn Platform) {
    let mut screens = Screens::new(console);
    while let Some(place) = screens.choose() {
        let next = match place {
            Place::Images => screens.images(),
            Place::Dump => screens.dump(),
            Place::Driver => screens.driver(),
            Place::Report => screens.reports(),
            Place::Menu | Place::About => screens.about(),
        };
        if next == Next::Leave {
            return;
        }
    }
}

/// Where to go from a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Back,
    Leave,
}

/// The screens, and the picture they are drawn into.
pub(crate) struct Screens<'c> {
    console: &'c dyn Platform,
    frame: Frame,
    chosen: usize,
}

/// The entries of the main menu.
const PLACES: [(Place, &str, &str); 5] = [
    (Place::Images, "Images on the card", "List, check and measure compressed images and ISOs."),
    (Place::Dump, "Dump the disc", "The disc in the drive to a CSO, ZSO or ISO."),
    (Place::Driver, "Driver", "Install or remove cisor.prx, and see what it did."),
    (Place::Report, "Report", "Everything we need to know of your console, in one file."),
    (Place::About, "About", "What this is."),
];

impl<'c> Screens<'c> {
    pub(crate) fn new(console: &'c dyn Platform) -> Self {
        Self { console, frame: Frame::new(), chosen: 0 }
    }

    /// Draws a screen as it first appears to the user.
    pub(crate) fn show_place(&mut self, place: Place) {
        match place {
            Place::Menu => self.show_menu(),
            Place::Images => {
                // A screen shown without any action cannot be cancelled.
                let images = self.list_images(Some(Script::default())).unwrap_or_default();
                self.show_images(&images, 0);
            }
            Place::Dump => {
                let found = self.look_at_disc();
                self.show(&dump_page(&found, Kind::Cso, dump_folder(self.console)));
            }
            Place::Driver => {
                self.show(&driver_page(&crate::driver::status(self.console)));
            }
            Place::Report => self.show(&report::about_page(&crate::report::path(self.console))),
            Place::About => self.show(&about_page()),
        }
    }

    pub(crate) fn show(&mut self, page: &Page) {
        page.draw(&mut self.frame);
        self.console.show(&self.frame);
    }

    fn show_menu(&mut self) {
        let lines: Vec<String> = PLACES.iter().map(|(_, name, _)| (*name).into()).collect();
        let about = [PLACES[self.chosen].2.into()];
        let menu = Menu {
            title: "Cisor",
            lines: &lines,
            chosen: self.chosen,
            about: &about,
            hints: "Up, Down: choose   Cross: go   Home: leave",
        };
        menu.draw(&mut self.frame);
        self.console.show(&self.frame);
    }

    /// The main menu. `None` when the user closes the program.
    fn choose(&mut self) -> Option<Place> {
        loop {
            self.show_menu();
            match self.console.wait_button() {
                Button::Home => return None,
                Button::Cross => return Some(PLACES[self.chosen].0),
                button => self.chosen = moved(self.chosen, PLACES.len(), button),
            }
        }
    }

    pub(crate) fn show_images(&mut self, images: &[Image], chosen: usize) {
        let lines: Vec<String> = images.iter().map(image_line).collect();
        let about = images.get(chosen).map(image_about).unwrap_or_else(|| {
            alloc::vec!["There is no image in ms0:/ISO or ef0:/ISO.".into(), String::new()]
        });
        let menu = Menu {
            title: "Images on the card",
            lines: &lines,
            chosen,
            about: &about,
            hints: "Cross: check   Square: speed   Circle: back",
        };
        menu.draw(&mut self.frame);
        self.console.show(&self.frame);
    }

    /// Lists the images on the cards.
    pub(crate) fn list_images(&mut self, script: Option<Script>) -> Result<Vec<Image>, Failure> {
        let mut task = Task::new(self.console, "Images on the card", "ms0:/ISO, ef0:/ISO", script);
        images::list(self.console, &mut task)
    }

    fn images(&mut self) -> Next {
        let Ok(mut images) = self.list_images(None) else { return Next::Back };
        let mut chosen = 0;
        loop {
            chosen = chosen.min(images.len().saturating_sub(1));
            self.show_images(&images, chosen);
            let button = self.console.wait_button();
            match (button, images.get(chosen)) {
                (Button::Home, _) => return Next::Leave,
                (Button::Circle, _) => return Next::Back,
                (Button::Cross, Some(image)) => {
                    let page = self.check(&image.path, None).1;
                    if self.wait(&page) == Next::Leave {
                        return Next::Leave;
                    }
                }
                (Button::Square, Some(image)) => {
                    let page = self.speed(&image.path, None).1;
                    if self.wait(&page) == Next::Leave {
                        return Next::Leave;
                    }
                }
                (Button::Triangle, _) => images = self.list_images(None).unwrap_or(images),
                _ => chosen = moved(chosen, images.len(), button),
            }
        }
    }

    /// Checks an image; returns the result and its page.
    pub(crate) fn check(
        &mut self,
        path: &str,
        script: Option<Script>,
    ) -> (Result<check::Report, Failure>, Page) {
        let mut task = Task::new(self.console, "Check", path, script);
        let report = check::check(self.console, path, &mut task);
        let page = match &report {
            Ok(report) => results::check(report),
            Err(error) => results::failure("Check", path, error),
        };
        (report, page)
    }

    /// Measures an image; returns the result and its page.
    pub(crate) fn speed(
        &mut self,
        path: &str,
        script: Option<Script>,
    ) -> (Result<speed::Report, Failure>, Page) {
        let mut task = Task::new(self.console, "Speed", path, script);
        let report = speed::measure(self.console, path, &mut task);
        let page = match &report {
            Ok(report) => results::speed(report),
            Err(error) => results::failure("Speed", path, error),
        };
        (report, page)
    }

    fn look_at_disc(&mut self) -> Result<Found, Failure> {
        let mut page = Page::new("Dump the disc", "");
        page.text("Looking at the disc ...", Tone::Dim);
        self.show(&page);
        dump::look(self.console)
    }

    fn dump(&mut self) -> Next {
        let folder = dump_folder(self.console);
        let mut found = self.look_at_disc();
        let mut kind = 0;
        loop {
            self.show(&dump_page(&found, Kind::ALL[kind], folder));
            match self.console.wait_button() {
                Button::Home => return Next::Leave,
                Button::Circle => return Next::Back,
                Button::Triangle => found = self.look_at_disc(),
                Button::Left => kind = (kind + Kind::ALL.len() - 1) % Kind::ALL.len(),
                Button::Right => kind = (kind + 1) % Kind::ALL.len(),
                Button::Cross if found.is_ok() => {
                    let page = self.run_dump(Kind::ALL[kind], folder, None).1;
                    if self.wait(&page) == Next::Leave {
                        return Next::Leave;
                    }
                }
                _ => {}
            }
        }
    }

    /// Dumps the disc; returns the result and its page.
    pub(crate) fn run_dump(
        &mut self,
        kind: Kind,
        target: &str,
        script: Option<Script>,
    ) -> (Result<dump::Report, Failure>, Page) {
        let mut task = Task::new(self.console, "Dump", &format!("{} to {target}", kind.name()), script);
        let report = dump::run(self.console, kind, target, &mut task);
        let page = match &report {
            Ok(report) => results::dump(report),
            Err(error) => results::failure("Dump", target, error),
        };
        (report, page)
    }

    /// Reads the files of the disc; returns them and the page that sums them up.
    pub(crate) fn disc_files(
        &mut self,
        script: Option<Script>,
    ) -> (Result<Vec<disc_files::DiscFile>, Failure>, Page) {
        let mut task = Task::new(self.console, "Files of the disc", "disc0:", script);
        let files = disc_files::read(self.console, &mut task);
        let page = match &files {
            Ok(files) => results::disc_files(files),
            Err(error) => results::failure("Files of the disc", "disc0:", error),
        };
        (files, page)
    }

    fn about(&mut self) -> Next {
        self.wait(&about_page())
    }

    /// Shows a page until the user continues.
    fn wait(&mut self, page: &Page) -> Next {
        loop {
            self.show(page);
            match self.console.wait_button() {
                Button::Home => return Next::Leave,
                Button::Circle | Button::Cross => return Next::Back,
                _ => {}
            }
        }
    }
}

/// The next line up or down; the list wraps around.
fn moved(chosen: usize, len: usize, button: Button) -> usize {
    const PAGE: usize = 8;
    if len == 0 {
        return 0;
    }
    match button {
        Button::Up => (chosen + len - 1) % len,
        Button::Down => (chosen + 1) % len,
        Button::Left => chosen.saturating_sub(PAGE),
        Button::Right => (chosen + PAGE).min(len - 1),
        _ => chosen,
    }
}

/// The picture shown when the program has panicked.
#[must_use]
pub fn panic_frame(message: &dyn core::fmt::Display) -> Frame {
    let mut page = Page::new("This is a bug", "Home: leave");
    page.text("The program has stopped. Please report this:", Tone::Bad).space();
    page.text(&message.to_string().replace('\n', " "), Tone::Plain);
    let mut frame = Frame::new();
    page.draw(&mut frame);
    frame
}
