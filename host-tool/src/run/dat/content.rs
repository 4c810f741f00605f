//! Which bytes of a file DATs describe: the decoded image or, for CDs, the raw files.

use std::path::{Path, PathBuf};

use image_source::{Dump, Kind, Listed};

use crate::failure::Failure;
use crate::host_file::HostFile;
use crate::image::Image;
use crate::special;

/// What is compared with entries.
pub(super) enum Unit {
    /// The decoded image.
    Decoded,
    /// Raw files, each with an entry of its own.
    Raw(Vec<(PathBuf, HostFile)>),
    /// [`Listed`] parts of one file, each with an entry of its own.
    Tracks,
    /// Nothing, for this reason.
    NotCovered(&'static str),
}

const SUBCODE_IN_CHD: &str = "a CD with subcode in a CHD is not compared";

/// Chooses what is compared of an image.
pub(super) fn of_image(image: &Image) -> Unit {
    let Some(origin) = image.origin() else { return Unit::Decoded };
    let source = origin.source();
    match source.kind() {
        Kind::Image => Unit::Decoded,
        Kind::RawCd(_) | Kind::Cue if source.archive().is_some() => Unit::Tracks,
        // One track of 2048-byte sectors is what an ISO holds; older programs pack DVDs like this.
        Kind::Chd(_) => match source.tracks() {
            [] => Unit::Decoded,
            [track] if track.kind.ends_with("/2048") => Unit::Decoded,
            // DATs of dumps with subcode describe other files.
            _ if source.has_subcode() => Unit::NotCovered(SUBCODE_IN_CHD),
            _ => Unit::Tracks,
        },
        Kind::RawCd(_) => Unit::Raw(vec![(image.path().to_owned(), image.file().clone())]),
        Kind::Cue => {
            if source.parts().len() < source.tracks().len() {
                return Unit::Tracks;
            }
            let mut files = Vec::new();
            for (path, file) in source.parts() {
                match file.try_clone().and_then(HostFile::new) {
                    Ok(file) => files.push((path.clone(), file)),
                    Err(_) => return Unit::NotCovered("its files cannot be opened again"),
                }
            }
            Unit::Raw(files)
        }
    }
}

/// Returns the raw content of a CD, and what of it DATs list.
pub(super) fn pieces(image: &Image) -> Option<(&Dump, Vec<Listed>)> {
    let source = image.origin()?.source();
    Some((source.raw()?, source.listed()))
}

/// Whether the raw content can only be read forward, by one thread.
pub(super) fn is_forward(image: &Image) -> bool {
    image.origin().is_some_and(|origin| origin.source().is_forward())
}

/// A file of a tree, of which exactly one entry is expected.
pub(super) enum Content {
    /// The decoded image.
    Decoded(Image),
    /// The bytes of the file, which may be an image nevertheless.
    Raw(HostFile, Option<Image>),
    /// Its tracks.
    Tracks(Image),
    /// Nothing, for this reason.
    NotCovered(&'static str),
}

/// Opens a file of a tree.
///
/// # Errors
///
/// When it cannot be opened, or is an image that cannot be used.
pub(super) fn open(path: &Path) -> Result<Content, Failure> {
    if has_extension(path, &["cue"]) {
        return raw(path);
    }
    match Image::open_steady(path) {
        Ok(image) => Ok(match of_image(&image) {
            Unit::Decoded => Content::Decoded(image),
            Unit::NotCovered(why) => Content::NotCovered(why),
            Unit::Raw(_) => Content::Raw(image.file().clone(), Some(image)),
            Unit::Tracks => Content::Tracks(image),
        }),
        // A track of music, for instance.
        Err(failure @ (Failure::Header(_) | Failure::Source(_))) if has_extension(path, &["bin", "img"]) => {
            raw(path).map_err(|_| failure)
        }
        Err(failure) => Err(failure),
    }
}

fn raw(path: &Path) -> Result<Content, Failure> {
    let file = special::open(path).and_then(|file| HostFile::new(file).map_err(Failure::Open))?;
    if file.is_empty() { Err(Failure::Empty) } else { Ok(Content::Raw(file, None)) }
}

/// Whether a name has one of these extensions, in any case.
pub(super) fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|own| extensions.iter().any(|extension| own.eq_ignore_ascii_case(extension)))
}
