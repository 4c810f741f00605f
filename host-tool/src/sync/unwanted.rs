//! Which files of a card are deleted.

use std::path::Path;

use super::card;
use super::manifest::{Entry, Manifest};
use super::{Decided, Step};

/// Files that earlier runs have put on the card and that no wanted title has.
///
/// A file that this run reads stays, whatever its name: the card may be a part of the shelf, or the shelf have links into
/// the card.
pub(super) fn find(card: &Path, manifest: &Manifest, decided: &Decided) -> Vec<Entry> {
    let targets: Vec<String> = decided
        .jobs
        .iter()
        .filter_map(|(step, record)| match step {
            Step::Write(writing) => Some(card::name_of(card, &writing.job.target)),
            _ => record.outcome.already_done.as_deref().map(|path| card::name_of(card, path)),
        })
        .collect();
    let is_wanted =
        |entry: &Entry| targets.contains(&entry.path) || decided.unsettled.contains(&entry.source);
    let is_unwanted = |entry: &&Entry| {
        let path = card::path_of(card, entry);
        entry.put
            && !is_wanted(entry)
            && !decided.claims.is_input(&path)
            && std::fs::symlink_metadata(path).is_ok()
    };
    manifest.entries().filter(is_unwanted).cloned().collect()
}
