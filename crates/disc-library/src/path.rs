//! Paths as bytes that mean the same on every system and lose nothing, whatever is in a name.
//!
//! On Unix they are the path's bytes. On Windows they are its 16-bit units in WTF-8, which is UTF-8 that can also
//! hold unpaired surrogates.

use std::path::{Component, Path, PathBuf};

/// The folder that relative paths start from.
#[derive(Clone, Debug)]
pub(crate) struct Root(PathBuf);

impl Root {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Converts an absolute path: one below the root becomes relative, with slashes, so that a tree can be moved
    /// together with its library.
    pub(crate) fn stored(&self, path: &Path) -> Vec<u8> {
        let Ok(below) = path.strip_prefix(&self.0) else { return bytes(path) };
        let names = below.components().filter_map(|component| match component {
            Component::Normal(name) => Some(bytes(Path::new(name))),
            _ => None,
        });
        names.collect::<Vec<_>>().join(&b'/')
    }

    /// The reverse of [`stored`](Self::stored).
    pub(crate) fn path(&self, stored: &[u8]) -> PathBuf {
        let path = path(stored);
        if path.is_absolute() { path } else { self.0.join(path.components().collect::<PathBuf>()) }
    }
}

#[cfg(unix)]
fn bytes(path: &Path) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()
}

#[cfg(unix)]
fn path(bytes: &[u8]) -> PathBuf {
    <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes).into()
}

#[cfg(windows)]
fn bytes(path: &Path) -> Vec<u8> {
    wtf8(std::os::windows::ffi::OsStrExt::encode_wide(path.as_os_str()))
}

#[cfg(windows)]
fn path(bytes: &[u8]) -> PathBuf {
    let name: std::ffi::OsString = std::os::windows::ffi::OsStringExt::from_wide(&units(bytes));
    name.into()
}

/// Encodes 16-bit units.
#[cfg(any(windows, test))]
fn wtf8(units: impl Iterator<Item = u16>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for unit in char::decode_utf16(units) {
        match unit {
            Ok(c) => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            Err(surrogate) => {
                let [high, low] = surrogate.unpaired_surrogate().to_be_bytes();
                bytes.extend([0xED, 0x80 | (high & 0xF) << 2 | low >> 6, 0x80 | low & 0x3F]);
            }
        }
    }
    bytes
}

/// Decodes 16-bit units. What is neither UTF-8 nor a surrogate becomes U+FFFD.
#[cfg(any(windows, test))]
fn units(mut bytes: &[u8]) -> Vec<u16> {
    let mut units = Vec::new();
    while let [first, rest @ ..] = bytes {
        if let [0xED, second @ 0xA0..=0xBF, third @ 0x80..=0xBF, after @ ..] = bytes {
            units.push(0xD000 | u16::from(second & 0x3F) << 6 | u16::from(third & 0x3F));
            bytes = after;
            continue;
        }
        let len = match first {
            0..0x80 => 1,
            0xC0..0xE0 => 2,
            0xE0..0xF0 => 3,
            _ => 4,
        };
        match bytes.get(..len).and_then(|start| std::str::from_utf8(start).ok()) {
            Some(text) => {
                units.extend(text.encode_utf16());
                bytes = &bytes[len..];
            }
            None => {
                units.push(0xFFFD);
                bytes = rest;
            }
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_name_of_windows_comes_back(name in proptest::collection::vec(any::<u16>(), 0..40)) {
            prop_assert_eq!(units(&wtf8(name.iter().copied())), name);
        }

        #[test]
        fn any_bytes_are_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = units(&bytes);
        }
    }

    #[test]
    fn text_is_utf8() {
        assert_eq!(wtf8("Zwölf 🎮.iso".encode_utf16()), "Zwölf 🎮.iso".as_bytes());
        assert_eq!(wtf8([0xD83D, 0x41].into_iter()), b"\xED\xA0\xBD\x41");
    }

    #[cfg(unix)]
    #[test]
    fn paths_below_the_root_move_with_it() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let (here, there) = (Root::new("/mnt/shelf".into()), Root::new("/srv/nas".into()));
        let odd = Path::new(OsStr::from_bytes(b"/mnt/shelf/psp/od\xFFd\\.iso"));
        assert_eq!(here.stored(odd), b"psp/od\xFFd\\.iso");
        assert_eq!(here.path(&here.stored(odd)), odd);
        let moved = there.path(&here.stored(odd));
        assert_eq!(moved, Path::new(OsStr::from_bytes(b"/srv/nas/psp/od\xFFd\\.iso")));
        for elsewhere in ["/mnt/shelves/a.iso", "/a.iso"] {
            assert_eq!(here.stored(Path::new(elsewhere)), elsewhere.as_bytes());
            assert_eq!(there.path(elsewhere.as_bytes()), Path::new(elsewhere));
        }
    }
}
