//! Paths as consoles send them.

use crate::errno::Errno;

/// Maximum length of a path in bytes, with its NUL.
pub const MAX_PATH: usize = 256;

/// A path below the served folder: only names, none of which leads up. An empty path is the folder itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RemotePath {
    names: Vec<Vec<u8>>,
}

impl RemotePath {
    /// Parses the bytes after a request's fixed part. The path ends at the first NUL or at the end of the
    /// request. Both slashes separate names; leading and repeated ones mean nothing, so an absolute path
    /// begins at the served folder.
    ///
    /// # Errors
    ///
    /// [`Errno::INVALID`] when the path has 256 bytes or more, [`Errno::ACCESS`] when a name is `..` or has a
    /// control character.
    pub fn parse(bytes: &[u8]) -> Result<Self, Errno> {
        let len = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        if len >= MAX_PATH {
            return Err(Errno::INVALID);
        }
        let mut names = Vec::new();
        for name in bytes[..len].split(|byte| matches!(byte, b'/' | b'\\')) {
            match name {
                b"" | b"." => {}
                b".." => return Err(Errno::ACCESS),
                name if name.iter().any(u8::is_ascii_control) => return Err(Errno::ACCESS),
                name => names.push(name.to_vec()),
            }
        }
        Ok(Self { names })
    }

    /// Returns the names from the served folder down.
    #[must_use]
    pub fn names(&self) -> &[Vec<u8>] {
        &self.names
    }

    /// Returns whether this is the served folder itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.names.is_empty()
    }
}

impl std::fmt::Display for RemotePath {
    /// Writes the names with slashes between them; bytes that are not UTF-8 become U+FFFD.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, name) in self.names.iter().enumerate() {
            let slash = if index == 0 { "" } else { "/" };
            write!(f, "{slash}{}", String::from_utf8_lossy(name))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(path: &[u8]) -> Result<String, Errno> {
        RemotePath::parse(path).map(|path| path.to_string())
    }

    #[test]
    fn paths_begin_at_the_served_folder() {
        assert_eq!(parse(b"DVD/Game.iso\0\0\0"), Ok("DVD/Game.iso".into()));
        assert_eq!(parse(b"//DVD\\.//Game.iso"), Ok("DVD/Game.iso".into()));
        assert_eq!(parse(b"\0junk"), Ok(String::new()));
        assert!(RemotePath::parse(b"/").unwrap().is_root());
        assert_eq!(parse("Ōkami.iso".as_bytes()), Ok("Ōkami.iso".into()));
        assert_eq!(parse(b"...\0"), Ok("...".into()));
    }

    #[test]
    fn paths_that_lead_up_or_are_too_long_are_refused() {
        for path in [&b".."[..], b"a/../..", b"..\\x", b"/../etc/passwd", b"a\nb", b"\x7F"] {
            assert_eq!(parse(path), Err(Errno::ACCESS), "{path:?}");
        }
        assert!(parse(&[b'a'; 255]).is_ok());
        assert_eq!(parse(&[b'a'; 256]), Err(Errno::INVALID));
        assert_eq!(parse(&[b'a'; 1400]), Err(Errno::INVALID));
    }
}
