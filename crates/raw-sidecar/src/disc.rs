//! The first section of a sidecar: the image and the files that belong together.

use crate::error::Error;

/// The largest CUE sheet. Real ones are smaller than 64 KiB.
pub(crate) const MAX_SHEET: usize = 256 << 10;
/// A CD has at most 99 tracks, each perhaps in a file of its own.
const MAX_FILES: usize = 100;
const MAX_TRACKS: usize = 99;
/// The longest name that file systems take, in bytes.
const MAX_NAME: usize = 255;

/// What a sidecar belongs to, and the files that it gives back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disc {
    /// Number of 2048-byte sectors of the image.
    pub image_sectors: u32,
    /// SHA-256 of the image.
    pub image_sha256: [u8; 32],
    /// The files of the dump, in order.
    pub files: Vec<FileEntry>,
    /// The tracks in them, in order.
    pub tracks: Vec<TrackEntry>,
    /// The CUE sheet, if there was one.
    pub sheet: Option<Sheet>,
}

/// One file of a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Its name, which is never a path.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
}

/// One track, with the pregap that its file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackEntry {
    /// Its number, from 1 on.
    pub number: u8,
    /// Index of its file.
    pub file: u8,
    /// Whether it is audio.
    pub is_audio: bool,
    /// Offset in the file.
    pub start: u64,
    /// Length in bytes.
    pub len: u64,
}

/// A CUE sheet, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Its name, which is never a path.
    pub name: String,
    /// Its content.
    pub text: Vec<u8>,
}

impl Disc {
    /// The largest sum of all files, in bytes: two CDs of 100 minutes with subcode are smaller.
    pub const MAX_TOTAL: u64 = 1 << 31;

    /// Returns the sum of all files' sizes, without the CUE sheet.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.size))
    }

    /// Checks all names, numbers and limits.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let mut seen = Vec::new();
        let names =
            self.files.iter().map(|file| &file.name).chain(self.sheet.iter().map(|sheet| &sheet.name));
        for name in names {
            if !is_plain_name(name) {
                return Err(Error::Name(name.clone()));
            }
            let folded = name.to_uppercase().to_lowercase();
            if seen.contains(&folded) {
                return Err(Error::SameName(name.clone()));
            }
            seen.push(folded);
        }
        if self.total() > Self::MAX_TOTAL
            || self.sheet.as_ref().is_some_and(|sheet| sheet.text.len() > MAX_SHEET)
        {
            return Err(Error::TooLarge);
        }
        if self.files.is_empty() || self.files.len() > MAX_FILES || self.tracks.len() > MAX_TRACKS {
            return Err(Error::Damaged("it has an impossible number of files or tracks"));
        }
        let mut end = (0, 0);
        for track in &self.tracks {
            let start = (usize::from(track.file), track.start);
            let track_end = track.start.checked_add(track.len);
            let fits = self.files.get(start.0).zip(track_end).is_some_and(|(file, end)| end <= file.size);
            if start < end || !fits {
                return Err(Error::Damaged("a track is where it cannot be"));
            }
            end = (start.0, track.start + track.len);
        }
        Ok(())
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let small = |count: usize| u8::try_from(count).expect("checked");
        let mut out = Vec::new();
        out.extend(self.image_sectors.to_le_bytes());
        out.extend(self.image_sha256);
        out.extend([small(self.files.len()), small(self.tracks.len()), self.sheet.is_some().into(), 0]);
        for file in &self.files {
            out.extend(file.size.to_le_bytes());
            put_name(&mut out, &file.name);
        }
        for track in &self.tracks {
            out.extend([track.number, track.file, track.is_audio.into(), 0]);
            out.extend(track.start.to_le_bytes());
            out.extend(track.len.to_le_bytes());
        }
        if let Some(sheet) = &self.sheet {
            put_name(&mut out, &sheet.name);
            out.extend(&sheet.text);
        }
        out
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        let image_sectors = u32::from_le_bytes(take(&mut rest)?);
        let image_sha256 = take(&mut rest)?;
        let [files, tracks, has_sheet, zero] = take(&mut rest)?;
        if has_sheet > 1 || zero != 0 {
            return Err(Error::Damaged("a field has an unknown value"));
        }
        let mut disc = Self { image_sectors, image_sha256, ..Self::default() };
        for _ in 0..files {
            let size = u64::from_le_bytes(take(&mut rest)?);
            disc.files.push(FileEntry { name: take_name(&mut rest)?, size });
        }
        for _ in 0..tracks {
            let [number, file, is_audio, zero] = take(&mut rest)?;
            if is_audio > 1 || zero != 0 {
                return Err(Error::Damaged("a field has an unknown value"));
            }
            let (start, len) = (u64::from_le_bytes(take(&mut rest)?), u64::from_le_bytes(take(&mut rest)?));
            disc.tracks.push(TrackEntry { number, file, is_audio: is_audio == 1, start, len });
        }
        if has_sheet == 1 {
            let name = take_name(&mut rest)?;
            disc.sheet = Some(Sheet { name, text: std::mem::take(&mut rest).to_vec() });
        }
        if !rest.is_empty() {
            return Err(Error::Damaged("its first section is too long"));
        }
        disc.check()?;
        Ok(disc)
    }
}

/// Whether a name is a bare file name on every system: no folder, drive or stream, and no device.
fn is_plain_name(name: &str) -> bool {
    let wrong = |c: char| matches!(c, '/' | '\\' | ':') || c.is_control();
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let is_port = |port| {
        stem.strip_prefix(port).is_some_and(|number| {
            matches!(number, "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
        })
    };
    let is_device = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$");
    !name.is_empty()
        && name.len() <= MAX_NAME
        && name != "."
        && name != ".."
        && !name.contains(wrong)
        && !is_device
        && !is_port("COM")
        && !is_port("LPT")
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    out.extend(u16::try_from(name.len()).expect("checked").to_le_bytes());
    out.extend(name.as_bytes());
}

fn take_name(rest: &mut &[u8]) -> Result<String, Error> {
    let len = usize::from(u16::from_le_bytes(take(rest)?));
    let (name, left) = rest.split_at_checked(len).ok_or(Error::Damaged("a name is cut off"))?;
    *rest = left;
    String::from_utf8(name.to_vec()).map_err(|error| Error::Name(error.to_string()))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Error> {
    let (bytes, left) = rest.split_first_chunk().ok_or(Error::Damaged("its first section is cut off"))?;
    *rest = left;
    Ok(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disc(names: &[&str]) -> Disc {
        let files = names.iter().map(|&name| FileEntry { name: name.into(), size: 100 }).collect();
        let track = TrackEntry { number: 1, file: 0, is_audio: false, start: 0, len: 60 };
        let sheet = Some(Sheet { name: "a.cue".into(), text: b"FILE\xFF".to_vec() });
        Disc { image_sectors: 7, image_sha256: [9; 32], files, tracks: vec![track], sheet }
    }

    #[test]
    fn description_comes_back() {
        let disc = disc(&["a b (Track 1).bin", "Spiel [ü].bin"]);
        assert_eq!(Disc::parse(&disc.to_bytes()).unwrap(), disc);
        for len in 0..disc.to_bytes().len() - 5 {
            assert!(Disc::parse(&disc.to_bytes()[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn only_plain_names_are_accepted() {
        for name in [
            "",
            ".",
            "..",
            "../a",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "C:a",
            "a:b",
            "a\0",
            "a\nb",
            "nul",
            "Con.bin",
            "COM1",
            "lpt¹.bin",
            "aux .bin",
        ] {
            assert!(matches!(disc(&[name]).check(), Err(Error::Name(_))), "{name}");
            assert!(matches!(Disc::parse(&disc(&[name]).to_bytes()), Err(Error::Name(_))), "{name}");
        }
        assert!(matches!(disc(&[&"a".repeat(256)]).check(), Err(Error::Name(_))));
        for names in [&["a.bin", "A.BIN"][..], &["a.cue"]] {
            assert!(matches!(disc(names).check(), Err(Error::SameName(_))), "{names:?}");
        }
        for name in ["COM10.bin", "console", "...", "a..b", "-f"] {
            assert!(disc(&[name]).check().is_ok(), "{name}");
        }
    }

    #[test]
    fn impossible_numbers_are_refused() {
        let changed = |change: &dyn Fn(&mut Disc)| {
            let mut disc = disc(&["a.bin", "b.bin"]);
            change(&mut disc);
            disc.check().is_err()
        };
        assert!(!changed(&|_| {}));
        assert!(changed(&|disc| disc.files.clear()));
        assert!(changed(&|disc| disc.files[0].size = Disc::MAX_TOTAL + 1));
        assert!(changed(&|disc| disc.files.iter_mut().for_each(|file| file.size = u64::MAX)));
        assert!(changed(&|disc| disc.tracks[0].file = 2));
        assert!(changed(&|disc| disc.tracks[0].len = 101));
        assert!(changed(&|disc| disc.tracks[0].start = u64::MAX));
        assert!(changed(&|disc| disc.tracks.push(disc.tracks[0])));
    }
}
