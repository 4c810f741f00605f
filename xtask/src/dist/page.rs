//! The licences of everything in the page, as one text: the page is one file.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::archive::files_below;
use super::fresh;
use super::licences::{self, Linked};
use crate::paths;

/// Collects the texts in a folder, which is emptied first, and puts them together. Each text is in it once.
pub(crate) fn page_licences(target: &str, folder: &Path) -> Result<String> {
    fresh(folder)?;
    let linked = Linked { workspace: "web/engine", packages: &[], target: Some(target) };
    licences::write_all(&linked, folder)?;
    licences::write_standard_library(folder)?;
    let mut all = String::new();
    let mut seen = BTreeSet::new();
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let text = fs::read_to_string(paths::root().join(name)).context(name)?;
        add(&mut all, &mut seen, &format!("Cisor: {name}"), &text);
    }
    let mut files = files_below(folder)?;
    files.sort();
    for path in files {
        let name = path.strip_prefix(folder)?.display().to_string();
        let text = fs::read(&path).with_context(|| path.display().to_string())?;
        let text = String::from_utf8_lossy(&text);
        let text = if name.ends_with(".html") { without_tags(&text) } else { text.into_owned() };
        add(&mut all, &mut seen, &name, &text);
    }
    Ok(all)
}

/// Adds a text under its name, or only the name if the same text is there already.
fn add(all: &mut String, seen: &mut BTreeSet<String>, name: &str, text: &str) {
    let text = text.replace("\r\n", "\n");
    let words: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    all.push_str(&format!("== {name}\n\n"));
    if seen.insert(words) {
        all.push_str(text.trim());
    } else {
        all.push_str("(the text is above)");
    }
    all.push_str("\n\n");
}

/// What a page of HTML says. Only for pages of the toolchain: it knows no scripts and few entities.
fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = rest[at..].find('>').map_or("", |end| &rest[at + end + 1..]);
    }
    text.push_str(rest);
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    let text = entities.iter().fold(text, |text, (entity, char)| text.replace(entity, char));
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_its_text() {
        assert_eq!(without_tags("<h1>A &amp; B</h1>\n\n\n<pre>x &lt; y</pre>"), "A & B\n\nx < y");
    }

    #[test]
    fn a_text_is_there_once() {
        let (mut all, mut seen) = (String::new(), BTreeSet::new());
        add(&mut all, &mut seen, "first", "Some\nlicence");
        add(&mut all, &mut seen, "second", "Some licence\n");
        assert_eq!(all.matches("licence").count(), 1);
        assert!(all.contains("== second\n\n(the text is above)"));
    }
}
