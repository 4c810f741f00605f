//! Maps a console's path to a file in the served folder, and never to one outside.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use udpfs::{Errno, RemotePath};

use super::root::Root;

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// An existing file or folder, by its real path.
    There(PathBuf),
    /// An existing compressed image, read decoded.
    Decoded(PathBuf),
    /// Nothing; it could be created at this path.
    Nothing(PathBuf),
}

/// Extensions of images that are decoded. Listings only examine these files; for opening `X.iso`, any file `X` that is
/// such an image will do.
const COMPRESSED: [&str; 8] = ["cso", "ciso", "zso", "ziso", "dax", "jso", "chd", "cue"];
/// Extensions of plain images, which can also be raw sectors, or compressed by mistake.
const PLAIN: [&str; 3] = ["iso", "bin", "img"];

/// Entries of a folder that are searched for a name in another case.
pub(super) const MAX_ENTRIES: usize = 20_000;

/// Looks up names in the served folder.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) root: Root,
    /// Whether `game.iso` also stands for `game.zso`.
    alias: bool,
}

impl Names {
    pub(super) fn new(root: Root, alias: bool) -> Self {
        Self { root, alias }
    }

    /// Looks up a path, ignoring case if there is no exact match. Links are followed as long as they stay
    /// inside the served folder.
    ///
    /// # Errors
    ///
    /// When a folder on the way does not exist, or the path leads out.
    pub(super) fn find(
        &self,
        path: &RemotePath,
        is_compressed: impl Fn(&Path) -> bool,
    ) -> Result<Place, Errno> {
        let Some((last, at)) = self.folder_of(path)? else {
            return Ok(Place::There(self.root.path().to_owned()));
        };
        let name = os_name(last).ok_or(Errno::NOT_FOUND)?;
        if let Some(found) = self.entry(&at, &name) {
            return self.root.resolve(&found).map(Place::There);
        }
        if let Some(stem) = without_iso(&name) {
            let real = std::iter::once(stem.clone());
            let aliases = COMPRESSED.iter().filter(|_| self.alias).map(|end| with_end(&stem, end));
            for candidate in real.chain(aliases) {
                if let Some(found) = self.entry(&at, &candidate)
                    && let Ok(found) = self.root.resolve(&found)
                    && is_compressed(&found)
                {
                    return Ok(Place::Decoded(found));
                }
            }
        }
        Ok(Place::Nothing(at.join(name)))
    }

    /// Returns the path of an existing entry itself: of a link, not of what it leads to. `None` for the served folder.
    ///
    /// # Errors
    ///
    /// When it does not exist, or a folder on the way leads out.
    pub(super) fn own_entry(&self, path: &RemotePath) -> Result<Option<PathBuf>, Errno> {
        let Some((last, at)) = self.folder_of(path)? else { return Ok(None) };
        let name = os_name(last).ok_or(Errno::NOT_FOUND)?;
        self.entry(&at, &name).map(Some).ok_or(Errno::NOT_FOUND)
    }

    /// Splits a path into its last name and the real path of the folder that has it. `None` for the served folder.
    fn folder_of<'p>(&self, path: &'p RemotePath) -> Result<Option<(&'p [u8], PathBuf)>, Errno> {
        let mut at = self.root.path().to_owned();
        let Some((last, folders)) = path.names().split_last() else { return Ok(None) };
        for name in folders {
            let name = os_name(name).ok_or(Errno::NOT_FOUND)?;
            at = self.root.resolve(&self.entry(&at, &name).ok_or(Errno::NOT_FOUND)?)?;
        }
        Ok(Some((last, at)))
    }

    /// Returns the path of the entry with this name, or of the first one that differs in case only.
    fn entry(&self, folder: &Path, name: &OsStr) -> Option<PathBuf> {
        let exact = folder.join(name);
        if self.root.has(&exact) {
            return Some(exact);
        }
        let folded = name.to_string_lossy().to_lowercase();
        let entries = self.root.names(folder, MAX_ENTRIES).ok()?.into_iter();
        let found = entries.filter(|other| other.to_string_lossy().to_lowercase() == folded).min();
        found.map(|found| folder.join(found))
    }

    /// Returns the additional names under which a file's decoded form is listed.
    pub(super) fn decoded_names(&self, name: &OsStr) -> Vec<OsString> {
        let mut names = vec![with_end(name, "iso")];
        if self.alias {
            let stem = Path::new(name).file_stem().unwrap_or(name);
            names.push(with_end(stem, "iso"));
        }
        names
    }
}

/// Whether a listing should examine a file with this name for a compressed image.
pub(super) fn may_be_compressed(name: &OsStr) -> bool {
    let end = end_of(name);
    COMPRESSED.iter().chain(&PLAIN).any(|known| end == *known)
}

/// Returns which kind of image a file is, according to its name.
pub(super) fn image_kind(name: &OsStr) -> Option<String> {
    let end = end_of(name);
    let is_image = end == "iso" || COMPRESSED.contains(&&*end);
    is_image.then_some(end)
}

fn end_of(name: &OsStr) -> String {
    Path::new(name).extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

/// Returns a name as consoles see it, if it is possible: at most 255 bytes, without control characters.
pub(super) fn shown(name: &OsStr) -> Option<Vec<u8>> {
    let bytes = bytes_of(name)?;
    let fits = bytes.len() <= udpfs::message::MAX_NAME && !bytes.iter().any(u8::is_ascii_control);
    fits.then_some(bytes)
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere a name may have no bytes to show")]
fn bytes_of(name: &OsStr) -> Option<Vec<u8>> {
    Some(std::os::unix::ffi::OsStrExt::as_bytes(name).to_vec())
}

#[cfg(not(unix))]
fn bytes_of(name: &OsStr) -> Option<Vec<u8>> {
    name.to_str().map(|text| text.as_bytes().to_vec())
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not all bytes are a name")]
fn os_name(bytes: &[u8]) -> Option<OsString> {
    Some(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes).to_owned())
}

/// Windows treats the part after a colon as a stream name, and ignores a trailing dot or space.
#[cfg(not(unix))]
fn os_name(bytes: &[u8]) -> Option<OsString> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_odd = text.contains([':', '<', '>', '"', '|', '?', '*']) || text.ends_with(['.', ' ']);
    (!is_odd).then(|| text.into())
}

/// Returns the name without `.iso` at its end.
fn without_iso(name: &OsStr) -> Option<OsString> {
    let path = Path::new(name);
    let is_iso = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("iso"));
    if is_iso { path.file_stem().map(OsStr::to_owned) } else { None }
}

fn with_end(name: &OsStr, end: &str) -> OsString {
    let mut name = name.to_owned();
    name.push(".");
    name.push(end);
    name
}
