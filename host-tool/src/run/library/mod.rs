//! `cisor library`: remembers what images are and when they were verified.

mod due;
mod entry;
mod list;
mod object;
mod page;
mod place;
mod scan;
mod shelf;
mod write;

use std::path::Path;

use disc_library::{Library, Options};

pub(crate) use self::due::{Due, verify_due, wanted};
use self::place::default_place;
use crate::cli::{ForgetArgs, LibraryArgs, LibraryVerb, MergeArgs};
use crate::failure::Failure;
use crate::human;
use crate::report::{Outcome, Record, Reporter};
use crate::special;

/// Runs a verb of `cisor library`.
pub fn library(args: LibraryArgs, reporter: &mut Reporter) {
    let verb = match args.verb {
        LibraryVerb::Scan(_) => "library scan",
        LibraryVerb::List(_) => "library list",
        LibraryVerb::Report(_) => "library report",
        LibraryVerb::Export(_) => "library export",
        LibraryVerb::Forget(_) => "library forget",
        LibraryVerb::Merge(_) => "library merge",
    };
    let place = match args.db.map_or_else(default_place, Ok) {
        Ok(place) => place,
        Err(failure) => return fail(Path::new("library"), failure, verb, reporter),
    };
    let outcome = match args.verb {
        LibraryVerb::Scan(args) => scan::scan(&args, &place, reporter),
        LibraryVerb::List(args) => list::list(&args, &place, reporter),
        LibraryVerb::Report(args) => page::report(&args, &place, reporter),
        LibraryVerb::Export(args) => list::export(&args, &place, reporter),
        LibraryVerb::Forget(args) => forget(&args, &place, reporter),
        LibraryVerb::Merge(args) => merge(&args, &place, reporter),
    };
    if let Err(failure) = outcome {
        fail(&place, failure, verb, reporter);
    }
}

/// Reports that the library cannot be used.
fn fail(place: &Path, failure: Failure, verb: &'static str, reporter: &mut Reporter) {
    let mut record = Record::new(place, Outcome::Library(verb));
    record.fail(failure);
    reporter.finish(record);
}

/// Opens a library for writing. The folder of the default one is made; that of another has to exist.
fn open(place: &Path) -> Result<Library, Failure> {
    if default_place().is_ok_and(|default| default == place)
        && let Some(folder) = place.parent()
    {
        std::fs::create_dir_all(folder).map_err(disc_library::Error::Io)?;
    }
    special::check_target(place)?;
    Ok(Library::open(place, &Options::default())?)
}

/// Opens a library for reading.
fn read(place: &Path) -> Result<Library, Failure> {
    // Opening a pipe would wait for ever.
    special::check_target(place)?;
    Ok(Library::read(place, &Options::default())?)
}

fn forget(args: &ForgetArgs, place: &Path, reporter: &mut Reporter) -> Result<(), Failure> {
    let keys = shelf::Keys::default();
    let named: Vec<_> = args.paths.iter().map(|path| keys.named(path)).collect();
    read(place)?;
    let mut library = open(place)?;
    let known = library.known()?.into_iter();
    let is_meant = |path: &Path| named.is_empty() || named.iter().any(|named| path.starts_with(named));
    let forgotten: Vec<_> = known
        .filter(|known| is_meant(&known.path) && (!args.missing || known.missing.is_some()))
        .map(|known| known.path)
        .collect();
    let count = library.forget(&forgotten)? as u64;
    let text = format!("{} forgotten; no file was deleted", human::count(count, "image", "images"));
    done("library forget", &[("forgotten", count)], &text, reporter);
    Ok(())
}

fn merge(args: &MergeArgs, place: &Path, reporter: &mut Reporter) -> Result<(), Failure> {
    let keys = shelf::Keys::default();
    let root = args.at.as_ref().map(|at| keys.named(at));
    let mut library = open(place)?;
    let (mut added, mut updated, mut unchanged) = (0, 0, 0);
    for other in &args.others {
        let options = Options { root: root.clone(), ..Options::default() };
        let joined = Library::read(other, &options)
            .and_then(|theirs| library.merge(&theirs))
            .map_err(|error| Failure::from(error).in_second(other))?;
        added += joined.added;
        updated += joined.updated;
        unchanged += joined.unchanged;
    }
    let text = format!(
        "{}: {} added, {} updated, {} unchanged",
        human::count(added + updated + unchanged, "image", "images"),
        human::number(added),
        human::number(updated),
        human::number(unchanged)
    );
    let counts = [("added", added), ("updated", updated), ("unchanged", unchanged)];
    done("library merge", &counts, &text, reporter);
    Ok(())
}

/// Prints the end of a verb: an object with these counts, or the text.
fn done(verb: &str, counts: &[(&str, u64)], text: &str, reporter: &mut Reporter) {
    if !reporter.verbosity().json {
        reporter.print(&format!("{text}\n"));
        return;
    }
    let mut object = serde_json::json!({ "schema": crate::report::SCHEMA, "verb": verb, "event": "summary" });
    for (name, count) in counts {
        object[*name] = (*count).into();
    }
    reporter.print(&format!("{object}\n"));
}
