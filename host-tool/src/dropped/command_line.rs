//! The command line that a `.cmd` file was started with.
//!
//! Windows quotes a dropped name only if it contains a space, and its command interpreter interprets `&`,
//! `^` and others in unquoted names. The arguments that reach a script are then cut or changed, but the
//! command line itself, `cmd.exe /c ""SCRIPT" NAMES"`, is complete.

use std::path::{Path, PathBuf};

/// Returns the names that follow the script in the line; `None` if this line did not start the script.
pub(super) fn paths(line: &str, script: &Path) -> Option<Vec<PathBuf>> {
    let at = line.to_ascii_lowercase().find(" /c ")?;
    let command = line[at + 4..].trim();
    // The whole command has another pair of quotes around it.
    let command = match command.strip_prefix('"') {
        Some(inner) if inner.starts_with('"') => inner.strip_suffix('"').unwrap_or(inner),
        _ => command,
    };
    let mut words = words(command).into_iter();
    let started = PathBuf::from(words.next()?);
    // On Linux, where only tests run this, a backslash is not a separator.
    let name = |path: &Path| path.to_string_lossy().rsplit(['\\', '/']).next().map(str::to_lowercase);
    (name(&started) == name(script)).then(|| words.map(PathBuf::from).collect())
}

/// Splits at spaces outside quotes. File names cannot contain quotes.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None::<String>;
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' | '\t' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<Vec<String>> {
        let paths = paths(line, Path::new(r"C:\My Tools\Compress for PSP.cmd"))?;
        Some(paths.into_iter().map(|path| path.to_str().unwrap().to_owned()).collect())
    }

    #[test]
    fn names_are_what_the_desktop_wrote() {
        let line = r#"C:\WINDOWS\system32\cmd.exe /c ""C:\My Tools\Compress for PSP.cmd" C:\a&b.iso "D:\c d^&%e%!.iso" C:\x^y!z.iso""#;
        assert_eq!(of(line).unwrap(), [r"C:\a&b.iso", r"D:\c d^&%e%!.iso", r"C:\x^y!z.iso"]);
        let one = r#"cmd /C ""c:\my tools\compress for psp.CMD" C:\100%.iso""#;
        assert_eq!(of(one).unwrap(), [r"C:\100%.iso"]);
        let quoted_last = r#"cmd.exe /c ""C:\My Tools\Compress for PSP.cmd" "C:\a b.iso"""#;
        assert_eq!(of(quoted_last).unwrap(), [r"C:\a b.iso"]);
        assert_eq!(of(r#"cmd.exe /c ""C:\My Tools\Compress for PSP.cmd" ""#).unwrap(), [""; 0]);
    }

    #[test]
    fn lines_of_others_are_not_taken() {
        assert_eq!(of(r#""C:\WINDOWS\system32\cmd.exe""#), None);
        assert_eq!(of(r#"cmd.exe /c ""C:\other.cmd" C:\a.iso""#), None);
        assert_eq!(of("cmd.exe /c "), None);
        assert_eq!(of(""), None);
    }
}
