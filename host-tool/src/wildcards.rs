//! Wildcards in arguments, which Windows shells leave to the program.
//!
//! `*` and `?` cannot be in a file name there, so it does not matter whether they were quoted. `[` can be,
//! as in the names of many discs, so it only stands for itself.

use std::ffi::{OsStr, OsString};

use glob::{MatchOptions, Pattern};

/// Returns the arguments with each pattern replaced by its matching files, sorted by name. A pattern
/// without a match stays, so that the error about opening it names it. The first argument is the program.
pub fn expand(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args = args.into_iter();
    let program = args.next();
    program.into_iter().chain(args.flat_map(|arg| matches(&arg).unwrap_or_else(|| vec![arg]))).collect()
}

/// The files that a pattern matches; `None` if it is not a pattern or does not match any.
fn matches(arg: &OsStr) -> Option<Vec<OsString>> {
    // The question mark of `\\?\C:\…` is not a wildcard.
    const VERBATIM: &str = r"\\?\";
    let text = arg.to_str()?;
    let path = text.strip_prefix(VERBATIM).unwrap_or(text);
    if text.starts_with('-') || !path.contains(['*', '?']) {
        return None;
    }
    let prefix = &text[..text.len() - path.len()];
    let options = MatchOptions { case_sensitive: false, ..MatchOptions::default() };
    let pattern = Pattern::escape(path).replace("[*]", "*").replace("[?]", "?");
    let files = glob::glob_with(&pattern, options).ok()?.flatten();
    let files: Vec<OsString> = files
        .map(|file| {
            let mut name = OsString::from(prefix);
            name.push(file);
            name
        })
        .collect();
    (!files.is_empty()).then_some(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_become_files_and_brackets_are_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.iso", "A.ISO", "a[1].iso", "a1.iso", "c.cso"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let at = |name: &str| folder.path().join(name).into_os_string();
        let of = |pattern: &str| expand(["cisor".into(), "verify".into(), at(pattern)]).split_off(2);
        assert_eq!(of("*.iso"), ["A.ISO", "a1.iso", "a[1].iso", "b.iso"].map(at));
        assert_eq!(of("?.cso"), [at("c.cso")]);
        // `[1]` would be the character 1 elsewhere.
        assert_eq!(of("a[1]*"), [at("a[1].iso")]);
        assert_eq!(of("a[1].iso"), [at("a[1].iso")]);
        assert_eq!(of("none*.iso"), [at("none*.iso")]);
        assert_eq!(expand(["c*".into(), "-o*".into(), "x".into()]), ["c*", "-o*", "x"].map(OsString::from));
    }
}
