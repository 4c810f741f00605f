//! `cisor library list` and `export`.

use std::path::{Path, PathBuf};

use disc_library::{Entry, Query, Sort};

use super::entry::refusal;
use super::{object, shelf, write};
use crate::cli::{ExportArgs, ExportFormat, ListArgs, SortBy};
use crate::failure::Failure;
use crate::human;
use crate::interrupt;
use crate::report::Reporter;

/// Lists images.
pub(super) fn list(args: &ListArgs, place: &Path, reporter: &mut Reporter) -> Result<(), Failure> {
    let library = super::read(place)?;
    let keys = shelf::Keys::default();
    let named: Vec<PathBuf> = args.paths.iter().map(|path| keys.named(path)).collect();
    let wanted = |entry: &Entry| named.is_empty() || named.iter().any(|path| entry.path.starts_with(path));
    let mut table = args.csv.then(Table::new).transpose()?;
    let (mut count, mut without_digests) = (0, 0);
    let mut outcome = Ok(());
    library.each(&query(args), |entry| {
        if outcome.is_err() || interrupt::requested() || !wanted(&entry) {
            return;
        }
        let why = args.wrong_for.and_then(|reader| refusal(reader, &entry));
        if args.wrong_for.is_some() && why.is_none() {
            return;
        }
        count += 1;
        match &mut table {
            Some(table) => outcome = table.add(&entry),
            None if reporter.verbosity().json => {
                reporter.print(&object::json("library list", &entry, why.as_deref()));
            }
            None => reporter.print(&object::line(&entry, why.as_deref())),
        }
    })?;
    outcome?;
    if interrupt::requested() {
        reporter.interrupted();
        return Ok(());
    }
    if let Some(table) = table {
        reporter.print(&String::from_utf8_lossy(&table.finish()?));
        return Ok(());
    }
    if args.duplicates {
        let unverified = Query { unverified: true, missing: Some(false), ..Query::default() };
        library.each(&unverified, |_| without_digests += 1)?;
    }
    if !reporter.verbosity().json && !reporter.verbosity().quiet {
        reporter.print(&format!("\n{}\n", human::count(count, "image", "images")));
        if without_digests > 0 {
            let images = human::count(without_digests, "image was", "images were");
            reporter
                .note(place, &format!("{images} never verified, and so not compared: library scan --verify"));
        }
    }
    Ok(())
}

/// Writes everything.
pub(super) fn export(args: &ExportArgs, place: &Path, reporter: &mut Reporter) -> Result<(), Failure> {
    let claim = |output| Ok::<_, Failure>((output, write::claim(output, args.force, place)?));
    let output = args.output.as_deref().map(claim).transpose()?;
    let library = super::read(place)?;
    let mut table = (args.to == ExportFormat::Csv).then(Table::new).transpose()?;
    let (mut text, mut outcome) = (Vec::new(), Ok(()));
    library.each(&Query::default(), |entry| match &mut table {
        Some(table) if outcome.is_ok() => outcome = table.add(&entry),
        Some(_) => {}
        None if output.is_none() => reporter.print(&object::json("library export", &entry, None)),
        None => text.extend(object::json("library export", &entry, None).into_bytes()),
    })?;
    outcome?;
    if let Some(table) = table {
        text = table.finish()?;
    }
    match output {
        Some((output, standing)) => write::file(output, &standing, &text, "library export", reporter),
        None => {
            reporter.print(&String::from_utf8_lossy(&text));
            Ok(())
        }
    }
}

fn query(args: &ListArgs) -> Query {
    Query {
        formats: args.format.iter().map(|format| format.to_lowercase()).collect(),
        console: args.console.as_ref().map(|name| {
            let names = ["PSP", "PS2", "PS1", "UMD Video", "UMD Music"];
            names.into_iter().find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name).to_owned()
        }),
        damaged: args.damaged,
        unverified: args.unverified,
        unsafe_for_psp: args.unsafe_for_psp,
        duplicates: args.duplicates,
        missing: args.missing.then_some(true),
        sort: match args.sort {
            SortBy::Path if args.duplicates => Sort::Digest,
            SortBy::Path => Sort::Path,
            SortBy::Title => Sort::Title,
            SortBy::Size => Sort::Size,
            SortBy::Ratio => Sort::Ratio,
            SortBy::Verified => Sort::Verified,
            SortBy::Digest => Sort::Digest,
        },
        descending: args.reverse,
        ..Query::default()
    }
}

/// Rows as CSV (RFC 4180).
struct Table(csv::Writer<Vec<u8>>);

impl Table {
    fn new() -> Result<Self, Failure> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(object::COLUMNS).map_err(write_error)?;
        Ok(Self(writer))
    }

    fn add(&mut self, entry: &Entry) -> Result<(), Failure> {
        self.0.write_record(object::row(entry)).map_err(write_error)
    }

    fn finish(mut self) -> Result<Vec<u8>, Failure> {
        self.0.flush().map_err(Failure::Write)?;
        self.0.into_inner().map_err(|error| Failure::Write(error.into_error()))
    }
}

fn write_error(error: csv::Error) -> Failure {
    Failure::Write(std::io::Error::other(error))
}
