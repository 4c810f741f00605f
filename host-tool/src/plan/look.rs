//! Opens images, and finds out which discs they hold.

use std::path::Path;

use disc_info::Disc;
use sector_decode::{Format, ReadError, SECTOR_SIZE};

use crate::failure::Failure;
use crate::image::{Image, Workspace};
use crate::report::{CutOff, Record, Reporter};
use crate::target;

/// Opens an image, and warns if its extension does not match its content.
pub(crate) fn open<O>(
    input: &Path,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<Image, Failure> {
    Image::open(input).map(|image| compare_names(image, record, reporter))
}

/// As [`open`], for reading all of it.
pub(crate) fn open_steady<O>(
    input: &Path,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<Image, Failure> {
    Image::open_steady(input).map(|image| compare_names(image, record, reporter))
}

/// Warns if an image's extension does not match its content.
fn compare_names<O>(image: Image, record: &mut Record<O>, reporter: &mut Reporter) -> Image {
    if image.origin().is_some() {
        return image;
    }
    let format = image.layout().format();
    let by_name = match target::known_extension(image.path()) {
        Some("iso" | "img") => Some(&[Format::Iso][..]),
        Some("cso" | "ciso") => Some(&[Format::Cso, Format::Cso2][..]),
        Some("zso") => Some(&[Format::Zso][..]),
        Some("dax") => Some(&[Format::Dax][..]),
        Some("jso") => Some(&[Format::Jso][..]),
        _ => None,
    };
    if by_name.is_some_and(|formats| !formats.contains(&format)) {
        let what = if format == Format::Iso { "a plain image".into() } else { format!("a {format} image") };
        reporter.warn(record, format!("by its content this is {what}, whatever its name says"));
    }
    image
}

/// Identifies the disc. Damage does not stop the work here: it will be found and reported when the image is
/// decoded.
///
/// # Errors
///
/// A read error of the operating system does: planning needs these bytes.
pub(crate) fn identify<O>(
    image: &Image,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<Disc, Failure> {
    match look_at(image) {
        Ok(disc) => {
            if disc.is_partly_unreadable {
                reporter.warn(record, "not all that tells which disc this is can be read".to_owned());
            }
            note_cut_off(image, &disc, record, reporter);
            Ok(disc)
        }
        Err(error @ ReadError::Source { .. }) => image.settle(Err(error.into())),
        Err(error) => {
            reporter.warn(record, format!("cannot tell which disc this is: {}", Failure::from(error)));
            Ok(Disc { is_partly_unreadable: true, ..Disc::default() })
        }
    }
}

/// Returns the hash that RetroAchievements identifies the game by. Damage yields `None` and is reported
/// elsewhere.
pub(crate) fn achievements(image: &Image) -> Option<[u8; 16]> {
    let mut workspace = Workspace::new(image);
    disc_info::achievements_hash(&mut workspace.reader(image)).ok().flatten()
}

/// Identifies the disc, without a warning.
pub(crate) fn look_at(image: &Image) -> Result<Disc, ReadError<std::io::Error>> {
    let mut workspace = Workspace::new(image);
    disc_info::identify(&mut workspace.reader(image))
}

/// Warns if a disc's file system extends past the end of the image.
pub(crate) fn note_cut_off<O>(image: &Image, disc: &Disc, record: &mut Record<O>, reporter: &mut Reporter) {
    let image_sectors = image.layout().image_size() / u64::from(SECTOR_SIZE);
    if let Some(expected) = disc.volume_sectors.filter(|&volume| u64::from(volume) > image_sectors) {
        record.cut_off = Some(CutOff { volume_sectors: expected.into(), image_sectors });
        let text =
            format!("the disc's file system has {expected} sectors, but the image only {image_sectors}");
        reporter.warn(record, text + ": it may be cut off");
    }
}
