//! How much space the images take, by format and by kind of disc: tables with bars.

use std::collections::BTreeMap;

use disc_library::Entry;

use super::html::escape;
use crate::human;
use crate::run::library::object;

/// Returns both tables.
pub(super) fn html(entries: &[Entry]) -> String {
    let there = || entries.iter().filter(|entry| entry.missing.is_none());
    let format = |entry: &Entry| object::format(entry).unwrap_or("unknown").to_uppercase();
    let kind = |entry: &Entry| {
        let disc = &entry.disc;
        disc.other.clone().or_else(|| disc.console.clone()).unwrap_or_else(|| "not recognised".into())
    };
    table("By format", there().map(|entry| (format(entry), object::stored_size(entry))))
        + &table("By kind of disc", there().map(|entry| (kind(entry), object::stored_size(entry))))
}

fn table(title: &str, sizes: impl Iterator<Item = (String, u64)>) -> String {
    let mut groups = BTreeMap::<String, (u64, u64)>::new();
    for (name, size) in sizes {
        let (count, sum) = groups.entry(name).or_default();
        *count += 1;
        *sum += size;
    }
    let most = groups.values().map(|(_, sum)| *sum).max().unwrap_or_default().max(1);
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, (_, sum))| std::cmp::Reverse(*sum));
    let mut text = format!("<table><caption>{title}</caption><tbody>\n");
    for (name, (count, sum)) in groups {
        let width = u128::from(sum) * 1000 / u128::from(most);
        text += &format!(
            "<tr><th scope=\"row\">{}</th><td><svg viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" \
             aria-hidden=\"true\"><rect width=\"{width}\" height=\"10\"/></svg></td><td>{}, {}</td></tr>\n",
            escape(&name),
            human::size(sum),
            human::count(count, "file", "files")
        );
    }
    text + "</tbody></table>\n"
}
