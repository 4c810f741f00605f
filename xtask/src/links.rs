//! Checks that links between the project's pages lead somewhere: to a file, and to a heading in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{paths, shell};

/// Checks every page that git knows.
pub(crate) fn check() -> Result<()> {
    let root = paths::root();
    let mut git = Command::new("git");
    git.current_dir(&root).args(["ls-files", "--cached", "--others", "--exclude-standard", "*.md"]);
    let list = shell::text(&mut git)?;
    // Files that were deleted but not yet committed are in the list too.
    let pages: Vec<PathBuf> =
        list.lines().map(|name| root.join(name)).filter(|path| path.is_file()).collect();
    let mut dead = Vec::new();
    let mut count = 0;
    for page in &pages {
        let text = fs::read_to_string(page).with_context(|| page.display().to_string())?;
        let name = page.strip_prefix(&root).unwrap_or(page).display();
        for link in links(&text) {
            count += 1;
            if let Some(reason) = is_dead(page, &text, link) {
                dead.push(format!("{name}: {link}: {reason}"));
            }
        }
    }
    if !dead.is_empty() {
        bail!("{} links lead nowhere:\n  {}", dead.len(), dead.join("\n  "));
    }
    println!("{count} links in {} pages lead somewhere", pages.len());
    Ok(())
}

/// The targets of all links in a page, without those to other sites.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let prose = lines_outside_code(text);
    prose
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| rest.split_once(')'))
        .map(|(link, _)| link)
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
}

fn lines_outside_code(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

fn is_dead(page: &Path, text: &str, link: &str) -> Option<String> {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = page.parent().unwrap_or(page).join(file);
    if !file.is_empty() && !target.exists() {
        return Some("no such file".to_owned());
    }
    if heading.is_empty() {
        return None;
    }
    let there = match file {
        "" => text.to_owned(),
        _ => fs::read_to_string(&target).unwrap_or_default(),
    };
    let found = lines_outside_code(&there).any(|line| anchor(line).as_deref() == Some(heading));
    (!found).then(|| "no such heading".to_owned())
}

/// The anchor that GitHub gives a heading; `None` for other lines.
fn anchor(line: &str) -> Option<String> {
    let title = line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?;
    let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    Some(kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{anchor, is_dead, links};

    #[test]
    fn links_to_other_sites_and_in_code_are_left_out() {
        let page = "[a](b.md), ![c](d.png) [e](https://example.com)\n```\n[f](g.md)\n```\n[h](#i)\n";
        assert_eq!(links(page).collect::<Vec<_>>(), ["b.md", "d.png", "#i"]);
    }

    #[test]
    fn headings_become_the_anchors_of_github() {
        assert_eq!(
            anchor("## crates/sector-decode: from a file").as_deref(),
            Some("cratessector-decode-from-a-file")
        );
        assert_eq!(anchor("plain text"), None);
    }

    #[test]
    fn a_missing_file_or_heading_is_dead() {
        let page = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let text = "# Here\n```\n# not a heading\n```\n";
        assert_eq!(is_dead(page, text, "#here"), None);
        assert_eq!(is_dead(page, text, "src/links.rs"), None);
        assert!(is_dead(page, text, "#not-a-heading").is_some());
        assert!(is_dead(page, text, "gone.md").is_some());
    }
}
