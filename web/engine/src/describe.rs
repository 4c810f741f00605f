//! What the open file is, for its card on the page.

use disc_info::{Disc, identify};
use sector_decode::{Format, ImageReader, SECTOR_SIZE};

use crate::input::{Container, Input};
use crate::json::{Object, quoted};
use crate::profile::Profile;
use crate::readers::{Content, Facts, Reader, Verdict, verdict};

pub(crate) type Image = ImageReader<Input>;

/// Describes the image as JSON. `file_size` is that of all its files.
pub(crate) fn describe(image: &mut Image, container: Option<&Container>, file_size: u64) -> String {
    let layout = *image.layout();
    let found = identify(image);
    let unreadable = found.as_ref().err().map(ToString::to_string);
    let disc = found.unwrap_or_else(|_| Disc { is_partly_unreadable: true, ..Disc::default() });
    let mut facts = Facts::from_layout(&layout);
    facts.content = Content::of(&disc);
    let readers = Reader::of_console(disc.console).map(|reader| reader_json(reader, &facts));
    // A compressed image has a SHA-1 of its own.
    let sha1 = container.filter(|_| layout.format() == Format::Iso).and_then(Container::sha1);
    Object::new()
        .text("format", &layout.format().to_string())
        .flag("packed", layout.format() != Format::Iso)
        .number("blockSize", layout.block_size().into())
        .number("imageSize", layout.image_size())
        .number("fileSize", file_size)
        .maybe("container", container.map(Container::name).as_deref())
        .flag("forward", container.is_some_and(Container::is_forward))
        .maybe("sourceSha1", sha1.as_deref())
        .flag("hasTracks", container.is_some_and(Container::has_tracks))
        .list("parts", container.iter().flat_map(|container| &container.parts).map(|name| quoted(name)))
        .list("lostTracks", container.iter().flat_map(|container| container.lost_tracks()).map(track_json))
        .maybe("console", disc.console.map(|console| console.name()))
        .maybe("other", disc.other.map(|other| other.name()))
        .maybe("id", disc.id.as_deref())
        .maybe("title", disc.title.as_deref().or(disc.volume_id.as_deref()))
        .maybe("profile", Profile::for_disc(&disc).map(Profile::name))
        .flag("isDisc", disc.is_iso9660)
        .flag("wholeSectors", layout.image_size().is_multiple_of(SECTOR_SIZE.into()))
        .flag("partlyUnreadable", disc.is_partly_unreadable)
        .maybe("unreadable", unreadable.as_deref())
        .list("readers", readers)
        .end()
}

fn track_json((number, kind, sectors): (u32, &str, u64)) -> String {
    format!("[{number},{},{sectors}]", quoted(kind))
}

fn reader_json(reader: Reader, facts: &Facts) -> String {
    let (word, why) = match verdict(reader, facts) {
        Verdict::Reads => ("yes", String::new()),
        Verdict::Caution(why) => ("caution", why),
        Verdict::Unknown(why) => ("maybe", why),
        Verdict::Refuses(why) => ("no", why),
    };
    format!("[{},\"{word}\",{}]", quoted(reader.name()), quoted(&why))
}
