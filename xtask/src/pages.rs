//! Checks what the project's pages promise of themselves: that the tests which docs/field-reports.md names exist, and, as
//! tests below, that pages begin with what their readers ask first.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::{layout, paths};

/// The table of what people met, with the names of tests.
const REPORTS: &str = "docs/field-reports.md";

/// Fails if the table leaves out a number, or if a test that it names does not exist.
pub(crate) fn named_tests_exist() -> Result<()> {
    let page = fs::read_to_string(paths::root().join(REPORTS)).context(REPORTS)?;
    let mut there = BTreeSet::new();
    for file in layout::all_rust_files()? {
        let source = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        there.extend(tests(&source).map(str::to_owned));
    }
    let rows: Vec<Row> = rows(&page).collect();
    let mut missing = Vec::<&str>::new();
    for (place, row) in rows.iter().enumerate() {
        ensure!(row.number == place + 1, "{REPORTS}: number {} where {} should be", row.number, place + 1);
        ensure!(!row.tests.is_empty(), "{REPORTS}: number {} names no test", row.number);
        missing.extend(row.tests.iter().filter(|name| !there.contains(**name)));
    }
    ensure!(!rows.is_empty(), "{REPORTS} has no table");
    if !missing.is_empty() {
        bail!("{REPORTS}: there is no test of these names: {missing:?}");
    }
    println!("{} reports name {} tests", rows.len(), rows.iter().map(|row| row.tests.len()).sum::<usize>());
    Ok(())
}

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
struct Row<'a> {
    number: usize,
    tests: Vec<&'a str>,
}

/// The rows that begin with a number. The last column has the tests, each between backticks.
fn rows(page: &str) -> impl Iterator<Item = Row<'_>> {
    page.lines().filter_map(|line| {
        let (cells, tests) = line.strip_prefix("| ")?.trim_end().strip_suffix('|')?.rsplit_once('|')?;
        let number = cells.split('|').next()?.trim().parse().ok()?;
        Some(Row { number, tests: tests.split('`').skip(1).step_by(2).collect() })
    })
}

/// The names of the tests in a source file: functions that follow `#[test]`, below other attributes and comments.
fn tests(source: &str) -> impl Iterator<Item = &str> {
    let mut is_test = false;
    source.lines().filter_map(move |line| {
        let line = line.trim_start();
        is_test |= line.starts_with("#[test]");
        let name = line.strip_prefix("fn ")?.split(['(', '<']).next()?;
        std::mem::take(&mut is_test).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn page(name: &str) -> String {
        fs::read_to_string(paths::root().join(name)).unwrap()
    }

    /// The places of phrases in a text, which must have them all.
    fn places(text: &str, phrases: &[&str]) -> Vec<usize> {
        let place = |phrase: &&str| text.find(phrase).unwrap_or_else(|| panic!("there is no {phrase:?}"));
        phrases.iter().map(place).collect()
    }

    #[test]
    fn functions_without_the_attribute_are_no_tests() {
        let source =
            "fn a() {}\n#[test]\n#[ignore = \"x\"]\nfn b() {}\nfn c() {}\n    #[test]\n    fn d(x: u8) {}\n";
        assert_eq!(tests(source).collect::<Vec<_>>(), ["b", "d"]);
    }

    #[test]
    fn tests_are_in_the_last_column_of_numbered_rows() {
        let page = "| # | What | Tests |\n|---:|---|---|\n| 1 | `x` went wrong | `a`, `b_c` |\n";
        assert_eq!(rows(page).collect::<Vec<_>>(), [Row { number: 1, tests: vec!["a", "b_c"] }]);
    }

    #[test]
    fn readme_says_what_why_and_how_to_get_it_in_this_order() {
        let readme = page("README.md");
        let order = [
            "smaller, and gives them back bit for bit",
            "](docs/images/disc-to-card.svg)",
            "**About half the size.**",
            "**Files that do not freeze a PSP.**",
            "**Proven to be the same disc.**",
            "\n## Install\n",
            "release page",
            "| From source |",
            "\n## In five minutes\n",
        ];
        assert!(places(&readme, &order).is_sorted(), "{:?}", places(&readme, &order));
        // What stands before the table of systems is read in about a minute.
        let words = readme[..readme.find("\n## Install\n").unwrap()].split_whitespace().count();
        assert!(words <= 210, "{words} words before it says how to get it");
        // Building is the last way of getting it.
        let install = readme.split("\n## Install\n").nth(1).unwrap().split("\n## ").next().unwrap();
        let rows: Vec<_> = install.lines().filter(|line| line.starts_with("| ")).collect();
        assert!(rows.last().unwrap().starts_with("| From source |"), "{:?}", rows.last());
    }

    #[test]
    fn each_crate_has_its_line_in_the_readme_and_its_place_in_the_architecture() {
        let (readme, architecture) = (page("README.md"), page("docs/architecture.md"));
        for entry in fs::read_dir(paths::root().join("crates")).unwrap() {
            let name = format!("crates/{}", entry.unwrap().file_name().to_string_lossy());
            let is_line = |line: &str| line.strip_prefix(&name).is_some_and(|rest| rest.starts_with(' '));
            assert!(readme.lines().any(is_line), "README.md lacks {name}");
            assert!(architecture.contains(&name), "docs/architecture.md lacks {name}");
        }
    }

    #[test]
    fn each_task_is_in_the_table_of_tasks() {
        let table = page("docs/testing.md");
        let tasks = crate::Cli::command();
        for task in tasks.get_subcommands() {
            let name = format!("`{}`", task.get_name());
            let has = |line: &str| line.starts_with("| `") && line.split('|').nth(1).unwrap().contains(&name);
            assert!(table.lines().any(has), "docs/testing.md lacks {name}");
        }
    }

    #[test]
    fn first_answers_about_the_driver_come_first() {
        let page = page("docs/psp-driver.md");
        let order = ["**Is flash touched?**", "**How do I get out?**", "**Will it harm my saves?**"];
        let places = places(&page, &order);
        assert!(places.is_sorted());
        // Only the introduction stands before them.
        assert_eq!(page[..places[0]].matches("\n## ").count(), 1);
    }

    #[test]
    fn each_way_to_a_ps2_has_an_example() {
        let page = page("docs/ps2.md");
        let routes = ["FAT32", "BIN/CUE", "SMB", "UDPFS", "UDPBD"];
        for route in routes {
            let section = page.split("\n## ").skip(1).find(|section| {
                let title = section.lines().next().unwrap_or_default();
                title.contains(route)
            });
            let section = section.unwrap_or_else(|| panic!("no section about {route}"));
            assert!(section.contains("*Example:*"), "{route}: no worked example");
            let commands = section.split("```").nth(1).unwrap_or_default();
            assert!(commands.contains("cisor "), "{route}: the example has no command");
        }
    }
}
