//! The contents of screens that do not show results.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::VERSION;
use crate::driver;
use crate::dump::{Found, Kind};
use crate::failure::Failure;
use crate::images::Image;
use crate::paths;
use crate::screens::page::{Page, Tone};
use crate::screens::results;
use crate::text::{percent, size};

/// The page for a change of the driver's line.
pub(crate) fn change_page(change: &Result<driver::Change, Failure>) -> Page {
    match change {
        Ok(change) => results::change(change),
        Err(error) => results::failure("Driver", "", error),
    }
}

/// The page for the status of the driver.
pub(crate) fn status_page(status: &Result<driver::Status, Failure>) -> Page {
    match status {
        Ok(status) => results::driver(status, "Circle: back"),
        Err(error) => results::failure("Driver", "", error),
    }
}

/// The page of the driver's screen.
pub(super) fn driver_page(status: &Result<driver::Status, Failure>) -> Page {
    const HINTS: &str = "Cross: add  Square: remove  Left/Right: firmware  Triangle: read";
    match status {
        Ok(status) => results::driver(status, HINTS),
        Err(error) => results::failure("Driver", "", error),
    }
}

/// The page of a program that follows commands, once there are none left, or if they are invalid.
pub(crate) fn commands_page(lines: &[(String, bool)]) -> Page {
    let mut page = Page::new("Commands", "Any button: leave");
    for (line, is_good) in lines {
        page.text(line, if *is_good { Tone::Plain } else { Tone::Bad });
    }
    page
}

pub(super) fn image_line(image: &Image) -> String {
    let (_, file) = paths::split(&image.path);
    let name = image.title.as_deref().unwrap_or(file);
    let format = image.format.map_or(String::from("?"), |format| format.to_string());
    let ratio = image.size.map_or(String::from("-"), |size| percent(image.stored_size, size));
    let mut name = crate::text::shorten(name, 31);
    // Counted in letters, not bytes.
    name.extend(core::iter::repeat_n(' ', 31_usize.saturating_sub(name.chars().count())));
    format!("{name} {format:<6} {:>8} {ratio:>7}", size(image.stored_size))
}

pub(super) fn image_about(image: &Image) -> Vec<String> {
    let id = image.disc_id.as_deref().unwrap_or("no id");
    let blocks =
        image.block_size.map_or(String::new(), |bytes| format!(", blocks of {}", results::block(bytes)));
    let disc = image.size.map_or(String::new(), |bytes| format!(", disc of {}", size(bytes)));
    let what = image.problem.clone().unwrap_or_else(|| format!("{id}{disc}{blocks}"));
    alloc::vec![image.path.clone(), what]
}

pub(super) fn dump_page(found: &Result<Found, Failure>, kind: Kind, folder: &str) -> Page {
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            let mut page = results::failure("Dump the disc", "", error);
            page.hints = "Triangle: look again   Circle: back";
            return page;
        }
    };
    let mut page = Page::new("Dump the disc", "Left, Right: format   Cross: dump   Circle: back");
    page.pair("Title", found.disc.title.as_deref().unwrap_or("-"));
    page.pair("Id", found.disc.id.as_deref().unwrap_or("-"));
    page.pair("Size", format!("{}, {} sectors", size(u64::from(found.sectors) * 2048), found.sectors));
    page.space();
    page.pair("To", folder);
    page.pair_in("Format", kind.name().to_uppercase(), Tone::Accent);
    let about = match kind {
        Kind::Cso => "Deflate in blocks of 2 KiB: smallest, plays on every custom firmware.",
        Kind::Zso => "LZ4 in blocks of 2 KiB: larger and faster, for ARK and this project's driver.",
        Kind::Iso => "Every sector as it is: largest, plays everywhere.",
    };
    page.text(about, Tone::Dim).space();
    page.text(
        "The disc and the card must stay in until the end. The file is read back before it gets its name.",
        Tone::Dim,
    );
    page
}

pub(super) fn about_page() -> Page {
    let mut page = Page::new("About", "Circle: back");
    page.text(&format!("Cisor {VERSION}: compressed disc images for the PSP."), Tone::Plain).space();
    page.text(
        "Images are decoded by the same code as in the driver and in the converter for the PC.",
        Tone::Plain,
    );
    page.space();
    page.text("Check shows CRC32 and SHA-1 of the disc, by which it can be looked up in a DAT. Speed tells which format suits your card.", Tone::Plain);
    page.space();
    page.text("Dump only discs that you own. MIT or Apache-2.0.", Tone::Dim);
    page
}
