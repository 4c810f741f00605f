//! `cisor library report`: a page about all images, in one file that loads nothing.

mod html;
mod savings;
mod sizes;

use std::path::Path;

use disc_library::{Entry, Query};
use sha2::{Digest, Sha256};

use self::html::escape;
use super::{object, shelf, write};
use crate::cli::ReportArgs;
use crate::failure::Failure;
use crate::human;
use crate::report::Reporter;

/// Writes the page.
pub(super) fn report(args: &ReportArgs, place: &Path, reporter: &mut Reporter) -> Result<(), Failure> {
    let standing = write::claim(&args.output, args.force, place)?;
    let library = super::read(place)?;
    let mut entries = Vec::new();
    library.each(&Query::default(), |entry| entries.push(entry))?;
    let page = page(&entries, place, shelf::now());
    write::file(&args.output, &standing, page.as_bytes(), "library report", reporter)
}

/// Kinds of problems, worst first, with what a page says about each.
const KINDS: [(&str, &str, &str); 6] = [
    ("damaged", "Damaged", "Get another copy, or dump the disc again."),
    ("missing", "Missing", "The last scan did not find these files."),
    ("unusable", "Not readable", "These files could not be opened or used."),
    (
        "unsafe",
        "Unsafe for a PSP",
        "Its firmware may freeze on them: cisor compress -r --in-place --only-unsafe --for psp.",
    ),
    ("duplicate", "Duplicates", "Files with the same disc, in whatever format."),
    ("unverified", "Never verified", "cisor library scan --verify decodes them."),
];

/// Which problems an entry has, as in [`KINDS`].
fn kinds(entry: &Entry, is_duplicate: bool) -> Vec<&'static str> {
    let is_there = entry.missing.is_none();
    let has = [
        ("damaged", entry.is_damaged()),
        ("missing", !is_there),
        ("unusable", entry.outcome.status != "ok" && !entry.is_damaged()),
        ("unsafe", object::is_unsafe(entry)),
        ("duplicate", is_duplicate),
        ("unverified", is_there && entry.verified.is_none()),
    ];
    has.into_iter().filter(|(_, has)| *has).map(|(kind, _)| kind).collect()
}

fn page(entries: &[Entry], place: &Path, now: i64) -> String {
    let duplicates = savings::duplicates(entries);
    let kinds: Vec<Vec<&str>> = entries
        .iter()
        .map(|entry| {
            let digest = entry.digests.filter(|_| entry.missing.is_none());
            kinds(entry, digest.is_some_and(|digests| duplicates.contains_key(&digests.sha256)))
        })
        .collect();
    let all = || entries.iter().zip(&kinds);
    let mut main = String::new();
    let size: u64 = entries.iter().filter(|entry| entry.missing.is_none()).map(object::stored_size).sum();
    let images = human::count(entries.len() as u64, "image", "images");
    main += &format!(
        "<header><h1>Disc images</h1><p class=\"soft\">{images}, {}, on {}. Library: {}</p></header>\n<main>\n",
        human::size(size),
        object::day(now),
        escape(&human::name(place))
    );
    main += "<section aria-labelledby=\"problems\"><h2 id=\"problems\">Problems</h2>\n";
    let before = main.len();
    for (kind, title, advice) in KINDS {
        let found: Vec<&Entry> =
            all().filter(|(_, kinds)| kinds.contains(&kind)).map(|(entry, _)| entry).collect();
        main += &html::problem(kind, title, advice, &found);
    }
    if main.len() == before {
        main += "<p>None: every image was verified, and all is well.</p>\n";
    }
    main +=
        "</section>\n<section aria-labelledby=\"saved\"><h2 id=\"saved\">Space that could be saved</h2>\n";
    main += &savings::html(entries, &duplicates);
    main +=
        "</section>\n<section aria-labelledby=\"sizes\"><h2 id=\"sizes\">Sizes</h2>\n<div class=\"sizes\">\n";
    main += &sizes::html(entries);
    main += "</div></section>\n<section aria-labelledby=\"images\"><h2 id=\"images\">All images</h2>\n";
    main += &html::controls(&KINDS);
    main += html::TABLE_BEGIN;
    all().for_each(|(entry, kinds)| main += &html::row(entry, kinds));
    main += "</tbody></table></div></section>\n</main>\n";
    // Nobody who names a disc knows the rest of the page, and so none can guess this.
    let nonce = human::hex(&Sha256::digest(main.as_bytes())[..16]);
    let csp = format!("default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{csp}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Disc images</title>\n\
         <style nonce=\"{nonce}\">\n{}</style>\n</head>\n<body>\n{main}<script nonce=\"{nonce}\">\n{}</script>\n\
         </body>\n</html>\n",
        include_str!("page/style.css"),
        include_str!("page/script.js"),
    )
}

#[cfg(test)]
mod tests;
