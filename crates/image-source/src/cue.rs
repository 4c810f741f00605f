//! CUE sheets: which files a CD's dump consists of, and which tracks are in them.

use std::fmt;

/// A real sheet with 99 tracks and all their texts is smaller than 64 KiB.
pub(crate) const MAX_LEN: u64 = 256 << 10;

/// A CUE sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cue {
    /// The files, in order.
    pub files: Vec<CueFile>,
}

/// A file of a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CueFile {
    /// Its name, which is never a path.
    pub name: String,
    /// Its kind of content.
    pub file_type: FileType,
    /// The tracks in it, in order.
    pub tracks: Vec<Track>,
}

/// The kind of content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileType {
    /// Sectors (`BINARY`).
    Binary,
    /// Sectors with big-endian audio samples (`MOTOROLA`).
    Motorola,
    /// An audio file (`WAVE`, `AIFF`, `MP3`).
    Sound,
}

/// A track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// From 1 on.
    pub number: u8,
    /// The kind of content, and how much of each sector the file holds.
    pub mode: TrackMode,
    /// Index number, and its frame in the file.
    pub indexes: Vec<(u8, u32)>,
}

impl Track {
    /// Returns where in the file the track begins, in frames: at its pregap, if the file holds it.
    #[must_use]
    pub fn first_frame(&self) -> Option<u32> {
        self.indexes.first().map(|&(_, frame)| frame)
    }

    /// Returns where its content begins (`INDEX 01`), in frames.
    #[must_use]
    pub fn content_frame(&self) -> Option<u32> {
        self.indexes.iter().find(|(number, _)| *number == 1).map(|&(_, frame)| frame)
    }
}

/// What a track holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackMode {
    /// Audio: 2352 bytes per sector.
    Audio,
    /// Mode 1 data with this many bytes per sector (2048 or 2352).
    Mode1(u32),
    /// Mode 2 data with this many bytes per sector (2048, 2336 or 2352).
    Mode2(u32),
    /// Karaoke or video discs, with this many bytes per sector.
    Other(u32),
}

impl TrackMode {
    /// Returns how many bytes of each sector the file holds.
    #[must_use]
    pub const fn sector_len(self) -> u32 {
        match self {
            Self::Audio => 2352,
            Self::Mode1(len) | Self::Mode2(len) | Self::Other(len) => len,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "AUDIO" => Self::Audio,
            "MODE1/2048" => Self::Mode1(2048),
            "MODE1/2352" => Self::Mode1(2352),
            "MODE2/2048" => Self::Mode2(2048),
            "MODE2/2336" => Self::Mode2(2336),
            "MODE2/2352" => Self::Mode2(2352),
            "CDG" => Self::Other(2448),
            "CDI/2336" => Self::Other(2336),
            "MODE2/2324" => Self::Other(2324),
            "CDI/2352" => Self::Other(2352),
            _ => return None,
        })
    }
}

impl fmt::Display for TrackMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Audio => f.write_str("AUDIO"),
            Self::Mode1(len) => write!(f, "MODE1/{len}"),
            Self::Mode2(len) => write!(f, "MODE2/{len}"),
            Self::Other(len) => write!(f, "OTHER/{len}"),
        }
    }
}

/// Errors of CUE sheets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CueError {
    /// A line is invalid.
    #[error("the CUE sheet's line {line} makes no sense: {text:?}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// The beginning of the line.
        text: String,
    },
    /// A file's name points outside the sheet's folder.
    #[error("the CUE sheet names {0:?}, which is not simply a file beside it")]
    Outside(String),
    /// A file does not exist.
    #[error("the CUE sheet names {0:?}, which is not beside it")]
    Missing(String),
    /// A file does not have the size that its tracks need.
    #[error("{name:?} has {len} bytes, which does not fit the tracks that the CUE sheet lists")]
    Size {
        /// Its name.
        name: String,
        /// Its length in bytes.
        len: u64,
    },
    /// The tracks are not in order.
    #[error("the CUE sheet's tracks are not in order")]
    Order,
    /// There are no tracks.
    #[error("the CUE sheet lists no track")]
    NoTrack,
}

impl Cue {
    /// Returns whether a file that begins with these bytes is a CUE sheet.
    #[must_use]
    pub fn is_one(text: &[u8]) -> bool {
        let text = String::from_utf8_lossy(text);
        let mut has_file = false;
        for line in lines(&text).take(200) {
            let mut words = words(line);
            match words.next().map(|word| word.to_ascii_uppercase()).as_deref() {
                Some("FILE") => has_file = true,
                Some("TRACK") => return has_file,
                None | Some("REM" | "CATALOG" | "TITLE" | "PERFORMER" | "SONGWRITER" | "CDTEXTFILE") => {}
                Some(_) => return false,
            }
        }
        false
    }

    /// Returns the names in all `FILE` lines, even of a sheet that cannot be used: to know which files somebody means.
    #[must_use]
    pub fn named_files(text: &[u8]) -> Vec<String> {
        let text = String::from_utf8_lossy(text);
        let name = |line| {
            let mut words = words(line);
            let is_file = words.next().is_some_and(|word| word.eq_ignore_ascii_case("FILE"));
            if is_file { words.next().map(str::to_owned) } else { None }
        };
        lines(&text).filter_map(name).collect()
    }

    /// Reads a sheet.
    ///
    /// # Errors
    ///
    /// When a line is invalid, a file's name points outside the folder, or the tracks are not in order.
    pub fn parse(text: &[u8]) -> Result<Self, CueError> {
        // Names may be in any code page; names that are not UTF-8 will not be found.
        let text = String::from_utf8_lossy(text);
        let mut cue = Self::default();
        for (place, line) in lines(&text).enumerate() {
            let wrong = || CueError::Line { line: place + 1, text: line.trim().chars().take(60).collect() };
            cue.line(line, wrong)?;
        }
        cue.check()?;
        Ok(cue)
    }

    fn line(&mut self, line: &str, wrong: impl Fn() -> CueError) -> Result<(), CueError> {
        let mut words = words(line);
        let Some(command) = words.next() else { return Ok(()) };
        match command.to_ascii_uppercase().as_str() {
            "FILE" => {
                let (name, kind) = words.next().zip(words.next()).ok_or_else(&wrong)?;
                let file_type = match kind.to_ascii_uppercase().as_str() {
                    "BINARY" => FileType::Binary,
                    "MOTOROLA" => FileType::Motorola,
                    "WAVE" | "AIFF" | "MP3" => FileType::Sound,
                    _ => return Err(wrong()),
                };
                if !is_plain_name(name) {
                    return Err(CueError::Outside(name.to_owned()));
                }
                self.files.push(CueFile { name: name.to_owned(), file_type, tracks: Vec::new() });
            }
            "TRACK" => {
                let (number, mode) = words.next().zip(words.next()).ok_or_else(&wrong)?;
                let number =
                    number.parse().ok().filter(|number| (1..=99).contains(number)).ok_or_else(&wrong)?;
                let mode = TrackMode::parse(&mode.to_ascii_uppercase()).ok_or_else(&wrong)?;
                let file = self.files.last_mut().ok_or_else(&wrong)?;
                file.tracks.push(Track { number, mode, indexes: Vec::new() });
            }
            "INDEX" => {
                let (number, time) = words.next().zip(words.next()).ok_or_else(&wrong)?;
                let number: u8 = number.parse().ok().filter(|&number| number <= 99).ok_or_else(&wrong)?;
                let frame = frames(time).ok_or_else(&wrong)?;
                let track =
                    self.files.last_mut().and_then(|file| file.tracks.last_mut()).ok_or_else(&wrong)?;
                track.indexes.push((number, frame));
            }
            "PREGAP" | "POSTGAP" => {
                // Silence that is not stored in any file.
                words.next().and_then(frames).ok_or_else(&wrong)?;
            }
            "REM" | "CATALOG" | "TITLE" | "PERFORMER" | "SONGWRITER" | "CDTEXTFILE" | "ISRC" | "FLAGS" => {}
            _ => return Err(wrong()),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), CueError> {
        let mut next = None;
        for track in self.files.iter().flat_map(|file| &file.tracks) {
            if next.is_some_and(|next| next != track.number) {
                return Err(CueError::Order);
            }
            next = Some(track.number + 1);
            if track.content_frame().is_none() || !track.indexes.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1)
            {
                return Err(CueError::Order);
            }
        }
        for file in &self.files {
            let starts: Vec<_> = file.tracks.iter().filter_map(Track::first_frame).collect();
            if !starts.is_sorted_by(|a, b| a < b) {
                return Err(CueError::Order);
            }
        }
        if next.is_none() { Err(CueError::NoTrack) } else { Ok(()) }
    }
}

/// Lines end with a line feed, a carriage return, or both.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.trim_start_matches('\u{FEFF}').split(['\n', '\r'])
}

/// Words are separated by spaces, except inside quotation marks.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line.trim();
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        if rest.is_empty() {
            return None;
        }
        let (word, left) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        rest = left;
        Some(word)
    })
}

/// Minutes, seconds and frames. A second has 75 frames.
fn frames(time: &str) -> Option<u32> {
    let mut parts = time.split(':').map(|part| part.parse::<u32>().ok().filter(|_| part.len() <= 3));
    let (minutes, seconds, frames) = (parts.next()??, parts.next()??, parts.next()??);
    (parts.next().is_none() && seconds < 60 && frames < 75).then_some((minutes * 60 + seconds) * 75 + frames)
}

/// Whether a name is a bare file name on every system: no folder, drive or stream, and nothing else that
/// points to another place.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', ':', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHEET: &str = "REM made by hand\nCATALOG 1234567890123\nFILE \"a b.bin\" BINARY\n  TRACK 01 MODE2/2352\n    \
        INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    FLAGS DCP\n    INDEX 00 00:10:00\n    INDEX 01 00:12:00\n";

    #[test]
    fn sheet_is_read_whatever_its_lines_end_with() {
        let expected = Cue::parse(SHEET.as_bytes()).unwrap();
        let file = &expected.files[0];
        assert_eq!((file.name.as_str(), file.file_type, file.tracks.len()), ("a b.bin", FileType::Binary, 2));
        assert_eq!(file.tracks[1].indexes, [(0, 750), (1, 900)]);
        for text in [
            SHEET.replace('\n', "\r\n"),
            SHEET.replace('\n', "\r"),
            format!("\u{FEFF}{SHEET}"),
            SHEET.to_lowercase(),
            SHEET.trim_end().to_owned(),
        ] {
            assert_eq!(Cue::parse(text.as_bytes()).as_ref(), Ok(&expected), "{text:?}");
            assert!(Cue::is_one(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn quotation_marks_may_be_missing() {
        for (quoted, name) in
            [("\"a b.bin\"", "a b.bin"), ("\"(x) 'y' [z].bin\"", "(x) 'y' [z].bin"), ("ab.bin", "ab.bin")]
        {
            let cue = Cue::parse(SHEET.replace("\"a b.bin\"", quoted).as_bytes()).unwrap();
            assert_eq!(cue.files[0].name, name);
        }
        // Without its end, the name is the rest of the line, and the kind is missing.
        for quoted in ["\"a b.bin", "a b.bin", "a\"b.bin\"c d"] {
            let text = SHEET.replace("\"a b.bin\"", quoted);
            assert!(matches!(Cue::parse(text.as_bytes()), Err(CueError::Line { line: 3, .. })), "{quoted}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in
            ["/etc/passwd", "../a.bin", "..", "sub/a.bin", "C:\\a.bin", "a.bin:stream", "sub\\a.bin", ""]
        {
            let text = SHEET.replace("a b.bin", name);
            assert_eq!(Cue::parse(text.as_bytes()), Err(CueError::Outside(name.into())), "{name}");
        }
    }

    #[test]
    fn lines_that_make_no_sense_are_named() {
        for (from, to, line) in [
            ("MODE2/2352", "MODE3/2352", 4),
            ("00:00:00", "00:00:75", 5),
            ("00:00:00", "00:60:00", 5),
            ("00:00:00", "9999:00:00", 5),
            ("TRACK 01", "TRACK 00", 4),
            ("FLAGS DCP", "WHATEVER", 7),
            ("BINARY", "", 3),
        ] {
            let text = SHEET.replace(from, to);
            assert!(
                matches!(Cue::parse(text.as_bytes()), Err(CueError::Line { line: found, .. }) if found == line),
                "{from} -> {to}: {:?}",
                Cue::parse(text.as_bytes())
            );
        }
        assert_eq!(Cue::parse(b"TRACK 01 AUDIO").unwrap_err().to_string().lines().count(), 1);
    }

    #[test]
    fn tracks_out_of_order_are_refused() {
        for (from, to) in [
            ("TRACK 02", "TRACK 03"),
            ("INDEX 00 00:10:00", "INDEX 00 00:13:00"),
            ("INDEX 01 00:12", "INDEX 02 00:12"),
        ] {
            assert_eq!(
                Cue::parse(SHEET.replace(from, to).as_bytes()),
                Err(CueError::Order),
                "{from} -> {to}"
            );
        }
        assert_eq!(Cue::parse(b"FILE a BINARY"), Err(CueError::NoTrack));
        assert_eq!(Cue::parse(b""), Err(CueError::NoTrack));
    }

    #[test]
    fn other_texts_are_no_sheets() {
        for text in ["", "hello", "TRACK 01 AUDIO", "FILE", "<html>FILE TRACK", "[CloneCD]\nFILE a\nTRACK 1"]
        {
            assert!(!Cue::is_one(text.as_bytes()), "{text}");
        }
    }
}
