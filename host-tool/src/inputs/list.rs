//! Lists of paths: one per line, or each followed by a NUL byte.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Reads a list; `-` is standard input. Empty lines do not count.
///
/// # Errors
///
/// When it cannot be read, or a path in it is not possible on this system.
pub(super) fn read(list: &Path, by_nul: bool) -> io::Result<Vec<PathBuf>> {
    let mut bytes = Vec::new();
    if list.as_os_str() == "-" {
        io::stdin().lock().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(list)?;
    }
    parse(&bytes, by_nul)
}

fn parse(bytes: &[u8], by_nul: bool) -> io::Result<Vec<PathBuf>> {
    /// Editors of Windows begin texts with this.
    const MARK: &[u8] = b"\xEF\xBB\xBF";
    if by_nul {
        return bytes.split(|&byte| byte == 0).filter(|path| !path.is_empty()).map(path).collect();
    }
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
    if bytes.contains(&0) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it has NUL bytes: add --null"));
    }
    let lines = bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.is_empty()).map(path).collect()
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "on other systems not every byte can be in a path")]
fn path(bytes: &[u8]) -> io::Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Ok(std::ffi::OsStr::from_bytes(bytes).into())
}

#[cfg(not(unix))]
fn path(bytes: &[u8]) -> io::Result<PathBuf> {
    let not_unicode = |_| io::Error::new(io::ErrorKind::InvalidData, "it has a path that is not UTF-8");
    std::str::from_utf8(bytes).map(PathBuf::from).map_err(not_unicode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_any_system_are_taken() {
        let lines = |text: &str| parse(text.as_bytes(), false).unwrap();
        assert_eq!(lines("a\nb c\n"), [Path::new("a"), Path::new("b c")]);
        assert_eq!(lines("\u{FEFF}a\r\n\r\n\nb"), [Path::new("a"), Path::new("b")]);
        assert!(lines("").is_empty() && lines("\r\n\n").is_empty());
    }

    #[test]
    fn nul_bytes_allow_any_name() {
        let paths = parse(b"a\nb\0\0c\r\0", true).unwrap();
        assert_eq!(paths, [Path::new("a\nb"), Path::new("c\r")]);
        assert!(parse(b"a\0b\0", false).is_err());
    }
}
