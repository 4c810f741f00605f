//! `cisor dat check`: what a tree holds, and what it lacks.

use std::fmt::Write as _;

use serde::Serialize;

use super::survey::{Counts, Lack, Survey, survey};
use crate::cli::DatCheckArgs;
use crate::human;
use crate::report::Reporter;

/// Checks a tree.
pub(super) fn check(args: &DatCheckArgs, reporter: &mut Reporter) {
    let Some(survey) = survey(&args.tree, "dat check", reporter, &mut |_, _, _| Ok(())) else { return };
    let lacks = survey.lacks();
    let text = if reporter.verbosity().json {
        json("dat check", &survey, &lacks, args.missing)
    } else {
        text(&survey, &lacks, args.missing)
    };
    reporter.print(&text);
}

/// The last object.
#[derive(Serialize)]
struct Summary<'s> {
    schema: u32,
    verb: &'static str,
    event: &'static str,
    #[serde(flatten)]
    counts: Counts,
    dats: &'s [String],
    games: usize,
    complete: usize,
    incomplete: usize,
    missing: usize,
    entries_left_out: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lacking: Option<Vec<Lacking<'s>>>,
}

#[derive(Serialize)]
struct Lacking<'s> {
    game: &'s str,
    dat: &'s str,
    files: Vec<&'s str>,
}

impl<'s> Lacking<'s> {
    fn of(lack: &'s Lack<'s>) -> Self {
        let files = lack.missing.roms.iter().map(|rom| rom.name.as_str()).collect();
        Self { game: &lack.missing.game.name, dat: lack.dat, files }
    }
}

/// Returns the object about the whole tree.
pub(super) fn json(verb: &'static str, survey: &Survey, lacks: &[Lack<'_>], list: bool) -> String {
    let (missing, incomplete) = split(lacks);
    let games = survey.games();
    let lacking = list.then(|| lacks.iter().map(Lacking::of).collect());
    let summary = Summary {
        schema: crate::report::SCHEMA,
        verb,
        event: "summary",
        counts: survey.counts,
        dats: survey.catalogue.names(),
        games,
        complete: games - missing - incomplete,
        incomplete,
        missing,
        entries_left_out: survey.catalogue.left_out(),
        lacking,
    };
    // Serialising only fails for maps whose keys are not strings; there are none.
    serde_json::to_string(&summary).unwrap_or_default() + "\n"
}

/// How many games are missing altogether, and how many in part.
fn split(lacks: &[Lack<'_>]) -> (usize, usize) {
    let missing = lacks.iter().filter(|lack| held(lack) == 0).count();
    (missing, lacks.len() - missing)
}

/// How many of a game's files were found.
fn held(lack: &Lack<'_>) -> usize {
    lack.all - lack.missing.roms.iter().filter(|rom| !rom.is_sheet()).count()
}

/// Returns the lines about the whole tree.
fn text(survey: &Survey, lacks: &[Lack<'_>], list: bool) -> String {
    let Counts { images, matched, misnamed, wrong, unknown, not_covered, damaged, failed, .. } =
        survey.counts;
    let mut parts = vec![match misnamed {
        0 => format!("{} match", human::number(matched)),
        _ => format!("{} match ({} misnamed)", human::number(matched), human::number(misnamed)),
    }];
    let others = [
        (wrong, "wrong"),
        (unknown, "unknown"),
        (not_covered, "not covered"),
        (damaged, "damaged"),
        (failed, "not read"),
    ];
    parts.extend(
        others
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{} {what}", human::number(*count))),
    );
    let (missing, incomplete) = split(lacks);
    let (games, number) = (survey.games(), |count: usize| human::number(count as u64));
    let mut text = format!("\n{}: {}\n", human::count(images, "image", "images"), parts.join(", "));
    let _ = writeln!(
        text,
        "{} in the DAT: {} complete, {} incomplete, {} missing",
        human::count(games as u64, "game", "games"),
        number(games - missing - incomplete),
        number(incomplete),
        number(missing)
    );
    if list {
        for lack in lacks {
            let name = human::quoted(&lack.missing.game.name);
            let _ = match held(lack) {
                0 => writeln!(text, "  missing     {name}"),
                held => writeln!(text, "  incomplete  {name}: {held} of {} files", lack.all),
            };
        }
    }
    text
}
