//! What was put on a card: `cisor-sync.txt` in its top folder.
//!
//! The file has a line for each event: first its own version, then what was put there or deleted. Each line
//! has a checksum, and a later line about the same path replaces an earlier one. A run adds its lines, and
//! each is on the disk before the file that it is about gets its name. A last line that was not finished
//! does not count.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::human;
use crate::output::{Existing, PartFile};
use crate::special;

/// The name in the card's top folder.
pub(super) const NAME: &str = "cisor-sync.txt";
/// The first line.
const HEADER: &str = "cisor-sync 1";
/// What the first line of any version begins with.
const MAGIC: &str = "cisor-sync ";
/// Hexadecimal digits of a line's checksum.
const DIGITS: usize = 16;
/// A manifest of a hundred thousand files has less.
const MOST_BYTES: u64 = 256 << 20;

/// A file on the card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Its path on the card, with slashes.
    pub(super) path: String,
    /// Its length in bytes.
    pub(super) size: u64,
    /// SHA-256 of the file; empty if it was there already.
    pub(super) sha256: String,
    /// SHA-256 of the disc in it; empty if it was there already.
    pub(super) disc_sha256: String,
    /// The path of its source below the shelf.
    pub(super) source: String,
    /// Length of the source in bytes.
    pub(super) source_size: u64,
    /// When the source was modified, in nanoseconds since 1970.
    pub(super) source_time: u64,
    /// What it was made for.
    pub(super) made_for: String,
    /// Whether a run has put it there, rather than found that it is right.
    pub(super) put: bool,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    File(Entry),
    Gone(String),
}

/// What was put on a card.
#[derive(Debug)]
pub(super) struct Manifest {
    file: PathBuf,
    entries: BTreeMap<String, Entry>,
    /// Whether the file has lines that no longer count.
    is_untidy: bool,
    /// The file, once something was added.
    open: Option<File>,
}

impl Manifest {
    /// Reads the manifest of a card; a card without one has nothing on it.
    ///
    /// # Errors
    ///
    /// [`Failure::Manifest`], or when it cannot be read.
    pub(super) fn load(card: &Path) -> Result<Self, Failure> {
        let file = card.join(NAME);
        let mut manifest = Self { file, entries: BTreeMap::new(), is_untidy: false, open: None };
        if std::fs::symlink_metadata(&manifest.file)
            .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        {
            return Ok(manifest);
        }
        let mut bytes = Vec::new();
        let opened = special::open(&manifest.file).map_err(|failure| failure.in_second(&manifest.file))?;
        let read = opened.take(MOST_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|error| Failure::Read { offset: 0, error }.in_second(&manifest.file))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(Failure::Manifest("is too long"));
        }
        manifest.parse(&bytes)?;
        Ok(manifest)
    }

    fn parse(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let end = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        self.is_untidy = end < bytes.len();
        let mut lines = bytes[..end].split(|&byte| byte == b'\n').map(|line| line.trim_ascii_end());
        match lines.next() {
            Some(line) if line == HEADER.as_bytes() => {}
            Some(line) if line.starts_with(MAGIC.as_bytes()) => {
                return Err(Failure::Manifest("is by a newer version of cisor"));
            }
            // Not even its first line was finished.
            _ if bytes.is_empty() || HEADER.as_bytes().starts_with(bytes) => {
                self.is_untidy = true;
                return Ok(());
            }
            _ => return Err(Failure::Manifest("is damaged")),
        }
        let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        for (number, line) in lines.iter().enumerate() {
            match event(line) {
                Some(Event::File(entry)) if is_below(&entry.path) => {
                    self.is_untidy |= self.entries.insert(entry.path.clone(), entry).is_some();
                }
                Some(Event::Gone(path)) => {
                    self.entries.remove(&path);
                    self.is_untidy = true;
                }
                // What a power cut leaves of the last line.
                None if number + 1 == lines.len() => self.is_untidy = true,
                Some(Event::File(_)) | None => return Err(Failure::Manifest("is damaged")),
            }
        }
        Ok(())
    }

    /// Returns all entries, by path.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Returns the entry of a path on the card.
    pub(super) fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// Adds a file, or replaces what is known of it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(super) fn put(&mut self, entry: Entry) -> Result<(), Failure> {
        self.append(&Event::File(entry.clone()))?;
        self.is_untidy |= self.entries.insert(entry.path.clone(), entry).is_some();
        Ok(())
    }

    /// Forgets a file.
    ///
    /// # Errors
    ///
    /// When that cannot be written.
    pub(super) fn forget(&mut self, path: &str) -> Result<(), Failure> {
        self.append(&Event::Gone(path.to_owned()))?;
        self.entries.remove(path);
        self.is_untidy = true;
        Ok(())
    }

    fn append(&mut self, event: &Event) -> Result<(), Failure> {
        if self.open.is_none() {
            // Nothing can be added to a line that was not finished.
            if self.is_untidy || !self.file.exists() {
                self.write_anew()?;
            }
            let mut file = OpenOptions::new()
                .write(true)
                .open(&self.file)
                .map_err(|error| Failure::create(&self.file, error))?;
            file.seek(SeekFrom::End(0)).map_err(Failure::Write)?;
            self.open = Some(file);
        }
        let Some(file) = &mut self.open else { return Ok(()) };
        let written = file.write_all(line(event).as_bytes()).and_then(|()| file.sync_data());
        if let Err(error) = written {
            // The next line must not follow half of this one.
            self.open = None;
            self.is_untidy = true;
            return Err(Failure::Write(error));
        }
        Ok(())
    }

    /// Leaves out the lines that no longer count.
    ///
    /// # Errors
    ///
    /// When the file cannot be written; the old one then stays.
    pub(super) fn tidy(&mut self) -> Result<(), Failure> {
        self.open = None;
        if self.is_untidy { self.write_anew() } else { Ok(()) }
    }

    fn write_anew(&mut self) -> Result<(), Failure> {
        let mut text = format!("{HEADER}\n");
        for entry in self.entries.values() {
            text += &line(&Event::File(entry.clone()));
        }
        let part = PartFile::create(&self.file)?;
        part.file().write_all(text.as_bytes()).map_err(Failure::Write)?;
        part.sync()?;
        part.commit(Existing::Replace)?;
        self.is_untidy = false;
        Ok(())
    }
}

/// Returns whether a path leads to a place on the card. The manifest may come from anywhere.
fn is_below(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.all(|part| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':', '\0']))
}

fn line(event: &Event) -> String {
    // Serialising only fails for maps whose keys are not strings; there are none.
    let json = serde_json::to_string(event).unwrap_or_default();
    format!("{} {json}\n", checksum(json.as_bytes()))
}

fn event(line: &[u8]) -> Option<Event> {
    let (check, rest) = line.split_at_checked(DIGITS)?;
    let json = rest.strip_prefix(b" ")?;
    if check != checksum(json).as_bytes() {
        return None;
    }
    serde_json::from_slice(json).ok()
}

fn checksum(bytes: &[u8]) -> String {
    let mut hex = human::hex(&Sha256::digest(bytes));
    hex.truncate(DIGITS);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, size: u64) -> Entry {
        Entry { path: path.into(), size, sha256: "ab".into(), put: true, ..Entry::default() }
    }

    fn filled(card: &Path) -> Vec<u8> {
        let mut manifest = Manifest::load(card).unwrap();
        manifest.put(entry("ISO/A.cso", 1)).unwrap();
        manifest.put(entry("ISO/B.cso", 2)).unwrap();
        manifest.put(entry("ISO/A.cso", 3)).unwrap();
        manifest.forget("ISO/B.cso").unwrap();
        manifest.put(entry("ISO/C \"x\"\u{FFFD}.cso", 4)).unwrap();
        std::fs::read(card.join(NAME)).unwrap()
    }

    #[test]
    fn what_was_put_is_remembered() {
        let card = tempfile::tempdir().unwrap();
        let bytes = filled(card.path());
        let mut manifest = Manifest::load(card.path()).unwrap();
        let sizes: Vec<_> = manifest.entries().map(|entry| (entry.path.as_str(), entry.size)).collect();
        assert_eq!(sizes, [("ISO/A.cso", 3), ("ISO/C \"x\"\u{FFFD}.cso", 4)]);
        manifest.tidy().unwrap();
        assert!(std::fs::read(card.path().join(NAME)).unwrap().len() < bytes.len());
        let again = Manifest::load(card.path()).unwrap();
        assert_eq!(again.entries, manifest.entries);
        assert!(!again.is_untidy);
    }

    #[test]
    fn cut_off_anywhere_it_tells_what_came_before() {
        let card = tempfile::tempdir().unwrap();
        let bytes = filled(card.path());
        let whole = Manifest::load(card.path()).unwrap().entries;
        for len in 0..bytes.len() {
            std::fs::write(card.path().join(NAME), &bytes[..len]).unwrap();
            let mut manifest =
                Manifest::load(card.path()).unwrap_or_else(|failure| panic!("{len}: {failure}"));
            // Whatever is added next can be read again.
            manifest.put(entry("D", 9)).unwrap();
            let again = Manifest::load(card.path()).unwrap();
            assert_eq!(again.entries, manifest.entries, "{len}");
            assert!(again.entries.len() <= whole.len() + 2);
        }
    }

    #[test]
    fn flipped_bits_never_make_up_an_entry() {
        let card = tempfile::tempdir().unwrap();
        let mut bytes = filled(card.path());
        let mut ever: Vec<_> = Manifest::load(card.path()).unwrap().entries.into_values().collect();
        // A flip between the last two lines loses both, and so that this one is gone.
        ever.push(entry("ISO/B.cso", 2));
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(card.path().join(NAME), &bytes).unwrap();
            if let Ok(manifest) = Manifest::load(card.path()) {
                assert!(manifest.entries().all(|entry| ever.contains(entry)), "bit {bit}");
            }
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn other_files_and_paths_out_of_the_card_are_refused() {
        let card = tempfile::tempdir().unwrap();
        let load = |text: &str| {
            std::fs::write(card.path().join(NAME), text).unwrap();
            Manifest::load(card.path())
        };
        assert!(matches!(load("cisor-sync 2\n"), Err(Failure::Manifest(why)) if why.contains("newer")));
        assert!(matches!(load("something else\n"), Err(Failure::Manifest("is damaged"))));
        for path in ["../x", "/etc/passwd", "a/../../x", "C:/x", "a\\..\\x", "", "a//b", "."] {
            let text =
                format!("{HEADER}\n{}{}", line(&Event::File(entry(path, 1))), line(&Event::Gone("x".into())));
            assert!(load(&text).is_err(), "{path}");
        }
        assert!(load(&format!("{HEADER}\r\n")).is_ok());
    }
}
