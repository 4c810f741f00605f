//! `cisor dat rename`: files that match get the DAT's name.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use dat_file::Catalogue;

use super::companions::{Companions, is_taken, lower};
use super::content::has_extension;
use super::judge::{self, Judged};
use super::summary;
use super::survey::survey;
use crate::cli::DatRenameArgs;
use crate::failure::Failure;
use crate::output;
use crate::report::{Checked, Record, Reporter};
use crate::source::Stamp;
use crate::{human, sheets, tree};

/// Renames the files of a tree, or prints how they would be renamed.
pub(super) fn rename(args: &DatRenameArgs, reporter: &mut Reporter) {
    let mut renamer = Renamer {
        is_real: args.yes,
        sheets: tracks_of_sheets(&args.tree.trees),
        taken: HashSet::new(),
        count: 0,
    };
    let mut then = |catalogue: &Catalogue, judged: &Judged, record: &mut Record<Checked>| {
        renamer.rename(catalogue, judged, record)
    };
    let Some(survey) = survey(&args.tree, "dat rename", reporter, &mut then) else { return };
    if reporter.verbosity().json {
        reporter.print(&summary::json("dat rename", &survey, &survey.lacks(), false));
        return;
    }
    let files = human::count(renamer.count, "file", "files");
    reporter.print(&match (args.yes, renamer.count) {
        (_, 0) => "\nNothing to rename.\n".to_owned(),
        (true, _) => format!("\n{files} renamed.\n"),
        (false, _) => format!("\n{files} would be renamed. Add --yes to do it.\n"),
    });
}

struct Renamer {
    is_real: bool,
    /// Files that a CUE sheet names, as [`comparable`].
    sheets: HashSet<PathBuf>,
    /// Names that a dry run has given away, in lower case, as disks of Windows compare them.
    taken: HashSet<String>,
    count: u64,
}

impl Renamer {
    fn rename(
        &mut self,
        catalogue: &Catalogue,
        judged: &Judged,
        record: &mut Record<Checked>,
    ) -> Result<(), Failure> {
        let path = record.input.clone();
        let Some(entry) = judged.entry.filter(|_| judged.record.misnamed == Some(true)) else {
            return Ok(());
        };
        let kept = |why: &str| Err(Failure::NotRenamed(why.to_owned()));
        let Some(name) = judge::target_name(catalogue.rom(entry), &path) else {
            return kept("its name has no image's extension");
        };
        if self.sheets.contains(&comparable(&path)) {
            return kept("a CUE sheet names it as it is");
        }
        let target = path.with_file_name(name);
        record.outcome.rename_to = Some(target.clone());
        let lowered = lower(&target);
        if self.taken.contains(&lowered) || is_taken(&path, &target) {
            return kept(&format!("{} exists already", human::name(&target)));
        }
        let companions = Companions::of(&path, &target);
        if let Some(why) = companions.obstacle() {
            return kept(&why);
        }
        if self.is_real {
            self.really(&path, &target, &companions, judged, record)?;
        }
        self.taken.insert(lowered);
        self.count += 1;
        Ok(())
    }

    fn really(
        &self,
        path: &Path,
        target: &Path,
        companions: &Companions,
        judged: &Judged,
        record: &mut Record<Checked>,
    ) -> Result<(), Failure> {
        // The name must still lead to the file that was read.
        if judged.stamp.is_none() || judged.stamp != Stamp::named(path).ok() {
            return Err(Failure::InputChanged);
        }
        // First, so that no image is ever without them.
        companions.rename()?;
        let outcome = output::rename(path, target);
        if matches!(outcome, Ok(()) | Err(Failure::FolderSync(_))) {
            record.outcome.output = Some(target.to_owned());
            companions.tell()?;
        } else {
            companions.rename_back();
        }
        match outcome {
            Err(Failure::TargetExists(target)) => {
                Err(Failure::NotRenamed(format!("{} exists already", human::name(&target))))
            }
            other => other,
        }
    }
}

/// The files that sheets in the trees name: under another name the sheet would not find them.
fn tracks_of_sheets(trees: &[PathBuf]) -> HashSet<PathBuf> {
    let sheets = tree::files(trees, |path| has_extension(path, &["cue"])).images;
    let mut tracks = HashSet::new();
    for sheet in sheets {
        tracks.extend(sheets::files(&sheet).iter().map(|file| comparable(file)));
    }
    tracks
}

/// A path without `.` in it and in lower case: a sheet may name `./GAME.BIN` where the file is `game.bin`, and be read on
/// another system.
fn comparable(path: &Path) -> PathBuf {
    let path: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    lower(&path).into()
}
