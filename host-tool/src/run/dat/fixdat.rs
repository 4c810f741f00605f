//! `cisor dat fixdat`: a DAT of what is missing.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use dat_file::Missing;

use super::load;
use super::survey::{Survey, survey};
use crate::cli::DatFixdatArgs;
use crate::failure::Failure;
use crate::output::{Existing, Outputs, Standing};
use crate::report::{Checked, Record, Reporter};
use crate::target::Claims;
use crate::{human, tree};

const VERB: &str = "dat fixdat";

/// Writes a DAT of what the tree lacks.
pub(super) fn fixdat(args: &DatFixdatArgs, reporter: &mut Reporter) {
    let mut record = Record::new(&args.output, Checked { verb: VERB, ..Checked::default() });
    let existing = if args.force { Existing::Replace } else { Existing::Keep };
    // Before hours of work.
    let standing = match Claims::new(&read(args)).claim_report(&args.output, existing) {
        Ok(standing) => standing,
        Err(failure) => {
            record.fail(failure);
            reporter.finish(record);
            return;
        }
    };
    let Some(survey) = survey(&args.tree, VERB, reporter, &mut |_, _, _| Ok(())) else { return };
    if survey.counts.unreadable_folders + survey.counts.failed > 0 {
        reporter.warn(&mut record, "some files could not be read: what they hold counts as missing");
    }
    let lacks = survey.lacks();
    let missing: Vec<Missing<'_>> = lacks.into_iter().map(|lack| lack.missing).collect();
    match write(&args.output, &standing, &survey, &missing) {
        Ok(()) => record.outcome.output = Some(args.output.clone()),
        Err(failure) => {
            if matches!(failure, Failure::FolderSync(_)) {
                record.outcome.output = Some(args.output.clone());
            }
            record.fail(failure);
        }
    }
    if record.failure.is_none() && !reporter.verbosity().json {
        let games = human::count(missing.len() as u64, "game is", "games are");
        reporter.print(&format!("{}: {games} missing\n", human::name(&args.output)));
    }
    reporter.finish(record);
}

/// The DATs and images that are read, which are no place for the new DAT. Those in folders only matter if it would replace
/// a file.
fn read(args: &DatFixdatArgs) -> Vec<PathBuf> {
    let (dats, trees) = (&args.tree.dats, &args.tree.trees);
    let mut read: Vec<PathBuf> = dats.iter().chain(trees).cloned().collect();
    if args.output.exists() {
        read.extend(load::files(dats).images);
        read.extend(tree::images(trees).images);
    }
    read
}

fn write(
    target: &Path,
    standing: &Standing,
    survey: &Survey,
    missing: &[Missing<'_>],
) -> Result<(), Failure> {
    let mut outputs = Outputs::default();
    let part = outputs.begin(target, standing)?;
    let names: Vec<&str> =
        survey.catalogue.names().iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let name = format!("fix_{}", names.join(" + "));
    let mut file = BufWriter::new(part.file());
    dat_file::write(&mut file, &name, "what is missing", missing)
        .and_then(|()| file.flush())
        .map_err(Failure::Write)?;
    drop(file);
    part.sync()?;
    outputs.commit(part, standing)
}
