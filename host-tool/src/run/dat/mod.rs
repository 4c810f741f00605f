//! `cisor dat`: compares a collection with DATs.

mod companions;
mod content;
mod fixdat;
mod hash;
mod judge;
mod load;
mod rename;
mod summary;
mod survey;

use std::num::NonZeroUsize;

use dat_file::Catalogue;
use image_writer::SomeDigests;

pub(super) use self::load::load;

use self::content::Unit;
use self::judge::Judged;
use crate::cli::{DatArgs, DatVerb};
use crate::failure::Failure;
use crate::image::Image;
use crate::interrupt;
use crate::plan;
use crate::report::{DatRecord, Reporter};

/// Runs a verb of `cisor dat`.
pub fn dat(args: DatArgs, reporter: &mut Reporter) {
    match args.verb {
        DatVerb::Check(args) => summary::check(&args, reporter),
        DatVerb::Fixdat(args) => fixdat::fixdat(&args, reporter),
        DatVerb::Rename(args) => rename::rename(&args, reporter),
    }
}

/// Compares an image that was decoded completely. Raw CD dumps are compared as they are, which reads them
/// again.
///
/// # Errors
///
/// [`Failure::DatWrong`], also noted in `result`, or what reading the raw files fails with.
pub(super) fn of_verified(
    catalogue: &Catalogue,
    image: &Image,
    digests: &SomeDigests,
    threads: NonZeroUsize,
    reporter: &Reporter,
    result: &mut Option<Box<DatRecord>>,
) -> Result<(), Failure> {
    let id = || id(image);
    let unit = match content::of_image(image) {
        Unit::Decoded => {
            let size = image.layout().image_size();
            judge::one(catalogue, image.path(), size, &hash::hashes(digests), id)
        }
        Unit::NotCovered(why) => judge::not_covered(why),
        Unit::Raw(files) => {
            let monitor = interrupt::monitor();
            let all = files.iter().map(|(_, file)| file.len()).sum();
            let _bar = super::bars(reporter).start("comparing", image.path(), all, &monitor);
            let mut hashed = Vec::new();
            for (path, file) in files {
                let hashes = image.settle(hash::file(&file, catalogue.wanted(file.len()), &monitor))?;
                hashed.push((path, file.len(), hashes));
            }
            judge::set(catalogue, image.path(), &hashed, id)
        }
        Unit::Tracks => tracks(catalogue, image, threads, reporter)?,
    };
    *result = Some(Box::new(unit.record));
    unit.failure.map_or(Ok(()), Err)
}

/// Compares the tracks of a CD in one file.
///
/// # Errors
///
/// When it cannot be read, or on a signal.
fn tracks(
    catalogue: &Catalogue,
    image: &Image,
    threads: NonZeroUsize,
    reporter: &Reporter,
) -> Result<Judged, Failure> {
    let Some((dump, pieces)) = content::pieces(image) else {
        return Ok(judge::not_covered("it has no tracks"));
    };
    let threads = if content::is_forward(image) { NonZeroUsize::MIN } else { threads };
    let monitor = interrupt::monitor();
    let all = pieces.iter().map(|piece| piece.len).sum();
    let _bar = super::bars(reporter).start("comparing", image.path(), all, &monitor);
    let mut hashed = Vec::new();
    for piece in pieces {
        let mut bytes = dump.files()[piece.file].reader(threads);
        let hashes = hash::piece(&mut bytes, piece, catalogue.wanted(piece.len), &monitor);
        hashed.push((image.path().to_owned(), piece.len, image.settle(hashes)?));
    }
    Ok(judge::set(catalogue, image.path(), &hashed, || id(image)))
}

/// Returns the disc's id, if it can be read.
fn id(image: &Image) -> Option<String> {
    plan::look_at(image).ok()?.id
}
