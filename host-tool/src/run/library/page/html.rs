//! The parts of the page that are about single images.

use disc_library::Entry;

use crate::human;
use crate::run::library::object;

/// How many images a list of problems shows: the table has all of them.
const MOST_LISTED: usize = 100;

/// Text for HTML, between tags and in quoted attributes. Characters that could change the text direction are replaced.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in human::name(text.as_ref()).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn path(entry: &Entry) -> String {
    escape(&entry.path.to_string_lossy())
}

/// A list of the images with one kind of problem; nothing if there are none.
pub(super) fn problem(kind: &str, title: &str, advice: &str, found: &[&Entry]) -> String {
    if found.is_empty() {
        return String::new();
    }
    let is_bad = matches!(kind, "damaged" | "missing" | "unusable");
    let (class, open) = if is_bad { (" class=\"bad\"", " open") } else { ("", "") };
    let count = human::number(found.len() as u64);
    let mut text = format!("<details{class}{open}><summary>{title}: {count}</summary><p>{advice}</p><ul>\n");
    for entry in found.iter().take(MOST_LISTED) {
        let message = entry.outcome.message.as_deref().filter(|_| is_bad).map(escape).unwrap_or_default();
        let gap = if message.is_empty() { "" } else { ": " };
        text += &format!("<li>{}{gap}{message}</li>\n", path(entry));
    }
    text += "</ul>";
    if found.len() > MOST_LISTED {
        let more = human::number((found.len() - MOST_LISTED) as u64);
        text += &format!("<p>And {more} more: choose “{title}” below the heading “All images”.</p>");
    }
    text + "</details>\n"
}

/// The search, hidden where there are no scripts.
pub(super) fn controls(kinds: &[(&str, &str, &str)]) -> String {
    let options: String =
        kinds.iter().map(|(kind, title, _)| format!("<option value=\"{kind}\">{title}</option>")).collect();
    format!(
        "<div class=\"controls\" hidden><label>Search <input type=\"search\" id=\"search\"></label>\
         <label>Show <select id=\"show\"><option value=\"\">All</option>{options}</select></label>\
         <output id=\"count\" for=\"search show\" aria-live=\"polite\"></output></div>\n"
    )
}

/// The table up to its first row.
pub(super) const TABLE_BEGIN: &str = "<div class=\"scroll\" role=\"region\" aria-label=\"Table of all images\" tabindex=\"0\">\
    <table class=\"images\"><thead><tr>\
    <th scope=\"col\" aria-sort=\"ascending\"><button type=\"button\">File</button></th>\
    <th scope=\"col\"><button type=\"button\">Title</button></th>\
    <th scope=\"col\"><button type=\"button\">Disc id</button></th>\
    <th scope=\"col\"><button type=\"button\">Kind</button></th>\
    <th scope=\"col\"><button type=\"button\">Format</button></th>\
    <th scope=\"col\"><button type=\"button\">Size</button></th>\
    <th scope=\"col\"><button type=\"button\">Of the disc</button></th>\
    <th scope=\"col\"><button type=\"button\">Verified</button></th>\
    <th scope=\"col\"><button type=\"button\">State</button></th>\
    </tr></thead><tbody>\n";

/// A row of the table.
pub(super) fn row(entry: &Entry, kinds: &[&str]) -> String {
    let text = |text: Option<&String>| text.map(|text| escape(text)).unwrap_or_default();
    let is_bad = kinds.iter().any(|kind| matches!(*kind, "damaged" | "missing" | "unusable"));
    let class = if is_bad { " class=\"bad\"" } else { "" };
    let size = object::stored_size(entry);
    let ratio = entry.layout.as_ref().filter(|layout| layout.image_size > 0).map(|layout| layout.image_size);
    let (share, permille) = match ratio {
        Some(image) => (human::percent(size, image), u128::from(size) * 1000 / u128::from(image)),
        None => (String::new(), 0),
    };
    let states: Vec<&str> = kinds.iter().filter(|kind| **kind != "unverified").copied().collect();
    format!(
        "<tr data-k=\"{}\"{class}><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
         <td data-v=\"{size}\">{}</td><td data-v=\"{permille}\">{share}</td><td>{}</td><td>{}</td></tr>\n",
        kinds.join(" "),
        path(entry),
        text(entry.disc.title.as_ref()),
        text(entry.disc.id.as_ref()),
        text(entry.disc.other.as_ref().or(entry.disc.console.as_ref())),
        escape(&object::format(entry).unwrap_or_default().to_uppercase()),
        human::size(size),
        entry.verified.map_or_else(|| "never".into(), object::day),
        if states.is_empty() { "ok".into() } else { states.join(", ") },
    )
}
