//! CUE sheets for dumps that do not have one.

use std::fmt::Write;
use std::path::Path;

/// A CUE sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Its name, which is never a path.
    pub name: String,
    /// Its content, byte for byte.
    pub text: Vec<u8>,
    /// Where it comes from.
    pub origin: SheetOrigin,
}

/// Where a CUE sheet comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetOrigin {
    /// It is the file that was opened.
    File,
    /// It was made from the track list of a CHD.
    Chd,
    /// It was made from the sectors of a dump that was opened without a sheet.
    Sectors,
}

/// A track for a new sheet. All numbers are sectors.
pub(crate) struct SheetTrack<'t> {
    pub(crate) number: u32,
    /// As a CUE sheet names it: `MODE1/2352`, `AUDIO`.
    pub(crate) kind: &'t str,
    /// Where it begins in the file, perhaps with a pregap.
    pub(crate) start: u64,
    /// Length of the pregap in the file.
    pub(crate) pregap: u64,
    /// Length of a pregap that is in no file.
    pub(crate) silence: u64,
    /// Length of a postgap that is in no file.
    pub(crate) postgap: u64,
}

/// The text of a sheet for one file, as chdman writes it.
pub(crate) fn text<'t>(
    remark: Option<&str>,
    file: &str,
    tracks: impl IntoIterator<Item = SheetTrack<'t>>,
) -> Vec<u8> {
    let mut text = String::new();
    if let Some(remark) = remark {
        let _ = writeln!(text, "REM {remark}");
    }
    let _ = writeln!(text, "FILE \"{file}\" BINARY");
    for track in tracks {
        let _ = writeln!(text, "  TRACK {:02} {}", track.number, track.kind);
        if track.pregap > 0 {
            let _ = writeln!(text, "    INDEX 00 {}", time(track.start));
        } else if track.silence > 0 {
            let _ = writeln!(text, "    PREGAP {}", time(track.silence));
        }
        let _ = writeln!(text, "    INDEX 01 {}", time(track.start + track.pregap));
        if track.postgap > 0 {
            let _ = writeln!(text, "    POSTGAP {}", time(track.postgap));
        }
    }
    text.into_bytes()
}

/// Minutes, seconds and frames. A second has 75 frames.
fn time(frames: u64) -> String {
    format!("{:02}:{:02}:{:02}", frames / (60 * 75), frames / 75 % 60, frames % 75)
}

/// Returns whether a sheet can name a file so: it has no way to write quotation marks or line ends.
pub(crate) fn is_writable_name(name: &str) -> bool {
    !name.contains(|c: char| c == '"' || c.is_control())
}

/// The name of a file that belongs to `path`, with another extension, without the characters that some systems do
/// not have in names.
pub(crate) fn sibling(path: &Path, extension: &str) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if matches!(c, '/' | '\\' | ':' | '"') || c.is_control() { '_' } else { c };
    format!("{}.{extension}", stem.chars().map(plain).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_has_every_gap() {
        let track =
            SheetTrack { number: 1, kind: "MODE1/2352", start: 0, pregap: 0, silence: 0, postgap: 75 };
        let in_file =
            SheetTrack { number: 2, kind: "AUDIO", start: 4500, pregap: 150, silence: 150, postgap: 0 };
        let silent =
            SheetTrack { number: 3, kind: "AUDIO", start: 450_074, pregap: 0, silence: 151, postgap: 0 };
        let text = text(Some("a remark"), "a b.bin", [track, in_file, silent]);
        let expected = "REM a remark\nFILE \"a b.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n    \
                        POSTGAP 00:01:00\n  TRACK 02 AUDIO\n    INDEX 00 01:00:00\n    INDEX 01 01:02:00\n  \
                        TRACK 03 AUDIO\n    PREGAP 00:02:01\n    INDEX 01 100:00:74\n";
        assert_eq!(String::from_utf8(text.clone()).unwrap(), expected);
        assert_eq!(crate::Cue::parse(&text).unwrap().files[0].tracks.len(), 3);
    }

    #[test]
    fn sibling_has_a_name_that_every_system_takes() {
        assert_eq!(sibling(Path::new("/a/GAME: 2 \"x\".chd"), "bin"), "GAME_ 2 _x_.bin");
        assert_eq!(sibling(Path::new("GAME v1.02.chd"), "cue"), "GAME v1.02.cue");
        assert!(is_writable_name("GAME (Track 1).bin") && !is_writable_name("a\"b.bin"));
    }
}
