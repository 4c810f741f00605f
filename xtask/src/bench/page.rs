//! The pages of docs/benchmarks: tasks write the part between two marks, people write the rest.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::disc::Discs;
use crate::{paths, shell};

/// A page that is partly written by a task.
pub(super) struct Page {
    file: &'static str,
    title: &'static str,
    /// The task, as in `cargo xtask bench`.
    task: &'static str,
}

pub(super) const CONVERTER: Page =
    Page { file: "converter.md", title: "The converter, measured", task: "bench" };
pub(super) const LOADING: Page =
    Page { file: "loading.md", title: "Loading on the PSP, predicted", task: "bench --load" };
pub(super) const LZ4: Page = Page { file: "lz4.md", title: "LZ4 encoders, measured", task: "bench --lz4" };
pub(super) const PACKAGES: Page =
    Page { file: "packages.md", title: "The packaged programs, measured", task: "bench --packages" };
pub(super) const ARCHIVE: Page =
    Page { file: "archive.md", title: "Trees of many files", task: "bench --archive" };
pub(super) const SOURCES: Page =
    Page { file: "sources.md", title: "What discs come in", task: "bench --sources" };
pub(super) const PAGE: Page = Page { file: "page.md", title: "The page, measured", task: "bench --page" };

impl Page {
    /// Writes the task's part of the page and leaves the rest as it is. A page that does not exist is
    /// created.
    pub(super) fn write(&self, text: &str) -> Result<()> {
        let path = self.path();
        let page = fs::read_to_string(&path).unwrap_or_else(|_| self.empty());
        let page = self.with(&page, text).with_context(|| path.display().to_string())?;
        fs::write(&path, page).with_context(|| path.display().to_string())
    }

    fn path(&self) -> PathBuf {
        paths::root().join("docs/benchmarks").join(self.file)
    }

    fn empty(&self) -> String {
        let (begin, end) = self.marks();
        format!("# {}\n\n{begin}{end}", self.title)
    }

    /// The lines before and after the part.
    fn marks(&self) -> (String, String) {
        let task = self.task;
        (
            format!("<!-- Written by `cargo xtask {task}`; changes by hand are lost. -->\n"),
            format!("<!-- End of what `cargo xtask {task}` writes. -->\n"),
        )
    }

    /// The page with another text between the marks.
    fn with(&self, page: &str, text: &str) -> Result<String> {
        let (begin, end) = self.marks();
        let (before, rest) = page.split_once(&begin).context("the first mark is missing")?;
        let (_, after) = rest.split_once(&end).context("the second mark is missing")?;
        Ok(format!("{before}{begin}\n{text}{end}{after}"))
    }
}

/// Returns when and on what machine it is measured, as a sentence.
pub(super) fn machine() -> Result<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cpu = cpu.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let compiler = shell::text(Command::new("rustc").arg("--version"))?;
    let date = shell::text(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    Ok(format!("Measured on {date}: {cpu}, {cores} cores; {compiler}. MB are 10^6 bytes, MiB 2^20."))
}

/// Returns what the measurements were made with.
pub(super) fn conditions(discs: &Discs) -> Result<String> {
    let machine = machine()?;
    let disc = discs.described()?;
    let disc: String =
        disc.lines().filter(|line| !line.ends_with(".iso")).map(|line| format!("    {line}\n")).collect();
    Ok(format!(
        "{machine}\nThe discs that `cargo xtask disc` makes, the PSP disc first, then the small \
         one:\n\n{disc}\n"
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{ARCHIVE, CONVERTER, LOADING, LZ4, PACKAGES, PAGE, SOURCES};

    #[test]
    fn only_the_part_between_the_marks_changes() {
        let page = LZ4.with(&format!("{}\nby hand\n", LZ4.empty()), "first\n").unwrap();
        let again = LZ4.with(&page, "second\n").unwrap();
        assert_eq!(again, page.replace("first", "second"));
        assert!(
            again.starts_with("# LZ4 encoders, measured\n") && again.ends_with("writes. -->\n\nby hand\n")
        );
        assert!(LOADING.with(&page, "text\n").is_err(), "the marks are those of another task");
    }

    #[test]
    fn every_page_has_its_title_and_the_marks_of_its_task() {
        for page in [ARCHIVE, CONVERTER, LOADING, LZ4, PACKAGES, PAGE, SOURCES] {
            let text = fs::read_to_string(page.path()).expect(page.file);
            assert!(text.starts_with(&format!("# {}\n", page.title)), "{}", page.file);
            let (begin, end) = page.marks();
            let (_, rest) = text.split_once(&begin).expect(page.file);
            let (part, _) = rest.split_once(&end).expect(page.file);
            assert_eq!(page.with(&text, part.trim_start_matches('\n')).unwrap(), text, "{}", page.file);
        }
    }
}
