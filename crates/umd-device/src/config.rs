//! The settings file, `cisor.ini`.
//!
//! ```text
//! # Lines that begin with # or ; are comments.
//! enabled = on         ; serve images at all
//! plain-images = off   ; serve plain ISO images too
//! read-ahead = 64      ; KiB that reads in sequence fetch at once
//! log = off            ; write cisor.log
//! umdseek = 0          ; slow raw reads down like a drive, as ARK-5's settings of these names do
//! umdspeed = 0
//!
//! [ULUS-10019]         ; for this disc only
//! enabled = off
//! ```
//!
//! What is not said keeps its default. A line that cannot be understood changes nothing: a typing error must
//! not keep a game from starting.

/// Longest settings file that is read, in bytes.
pub const MAX_CONFIG_LEN: usize = 2048;

/// What the settings file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whether images are served.
    pub enabled: bool,
    /// Whether plain ISO images are served too, which the firmware reads well enough itself.
    pub plain_images: bool,
    /// How much reads in sequence fetch at once, in KiB; 0 for no more than is asked for.
    pub read_ahead: u16,
    /// Whether a log is written.
    pub log: bool,
    /// Microseconds that a raw read takes more for each KiB that a drive would have to seek.
    pub umd_seek: u8,
    /// Microseconds that a raw read takes more for each byte.
    pub umd_speed: u8,
}

impl Config {
    /// The largest read-ahead, in KiB.
    pub const MAX_READ_AHEAD: u16 = 256;

    /// What holds without a settings file.
    pub const DEFAULT: Self =
        Self { enabled: true, plain_images: false, read_ahead: 64, log: false, umd_seek: 0, umd_speed: 0 };

    /// Reads the settings. Only the lines before the first section count, and those in the section of
    /// `disc_id`, which may be written with or without its hyphen, in either case.
    #[must_use]
    pub fn parse(text: &[u8], disc_id: &[u8]) -> Self {
        let mut config = Self::DEFAULT;
        let mut counts = true;
        for line in text.split(|&byte| byte == b'\n') {
            let line = before(line, b"#;");
            let key = before(line, b"=");
            // Without a `=` the key is the whole line.
            let value = line.get(key.len() + 1..).unwrap_or_default();
            match key {
                [b'[', rest @ ..] => counts = !disc_id.is_empty() && same(before(rest, b"]"), disc_id),
                _ if counts => config.set(key, value),
                _ => {}
            }
        }
        config
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        let (Some(key), Some(value)) =
            (word(b"enabled plainimages log readahead umdseek umdspeed", key), number(value))
        else {
            return;
        };
        #[expect(clippy::cast_possible_truncation, reason = "limited right here")]
        let small = value.min(u8::MAX.into()) as u8;
        let switch = match key {
            3 => {
                self.read_ahead = value;
                return;
            }
            4 => {
                self.umd_seek = small;
                return;
            }
            5 => {
                self.umd_speed = small;
                return;
            }
            0 => &mut self.enabled,
            1 => &mut self.plain_images,
            _ => &mut self.log,
        };
        if value <= 1 {
            *switch = value == 1;
        }
    }
}

/// Which of some words a text is, counted from 0. One text of words takes less of the driver than as many texts.
fn word(words: &[u8], text: &[u8]) -> Option<usize> {
    words.split(|&byte| byte == b' ').position(|word| same(word, text))
}

/// The part of a text before the first of some bytes; all of it when there is none of them.
#[inline(never)]
fn before<'t>(text: &'t [u8], ends: &[u8]) -> &'t [u8] {
    let len = text.iter().position(|byte| ends.contains(byte)).unwrap_or(text.len());
    &text[..len]
}

/// Whether two texts have the same letters and digits, in either case.
#[inline(never)]
fn same(a: &[u8], b: &[u8]) -> bool {
    fn letters(text: &[u8]) -> impl Iterator<Item = u8> {
        text.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase)
    }
    letters(a).eq(letters(b))
}

/// The number that some digits make, but no more than can be read ahead; a word for a switch is 1 or 0.
fn number(value: &[u8]) -> Option<u16> {
    let value = value.trim_ascii();
    if let Some(word) = word(b"on yes true off no false", value) {
        return Some((word < 3).into());
    }
    let mut number = None;
    for &digit in value {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = Some((number.unwrap_or(0) * 10 + u16::from(digit)).min(Config::MAX_READ_AHEAD));
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_changes_nothing() {
        assert_eq!(Config::parse(b"", b"ULUS-10019"), Config::DEFAULT);
    }

    #[test]
    fn settings_are_read_with_comments_spaces_and_line_ends_of_any_kind() {
        let text = b"# comment\r\n  Enabled = off ; why\r\nread-ahead=16\r\n\r\nLOG = Yes\nplain-images= 1";
        let wanted =
            Config { enabled: false, plain_images: true, read_ahead: 16, log: true, ..Config::DEFAULT };
        assert_eq!(Config::parse(text, b""), wanted);
    }

    #[test]
    fn a_drives_time_is_off_unless_asked_for() {
        assert_eq!((Config::DEFAULT.umd_seek, Config::DEFAULT.umd_speed), (0, 0));
        let config = Config::parse(b"umdseek = 2\nUMD-Speed = 999", b"");
        assert_eq!((config.umd_seek, config.umd_speed), (2, 255));
        let config = Config::parse(b"[ULUS-10019]\numdspeed = 1", b"ULUS-10019");
        assert_eq!((config.umd_seek, config.umd_speed), (0, 1));
    }

    #[test]
    fn sections_count_for_their_disc_only() {
        let text = b"enabled = on\n[ULUS-10019]\nenabled = off\n[ules00124]\nread-ahead = 8\n";
        assert!(!Config::parse(text, b"ULUS-10019").enabled);
        assert!(!Config::parse(text, b"ULUS10019").enabled);
        assert!(Config::parse(text, b"ULJM-05024").enabled);
        assert!(Config::parse(text, b"").enabled);
        assert_eq!(Config::parse(text, b"ULES-00124").read_ahead, 8);
    }

    #[test]
    fn what_makes_no_sense_is_passed_over() {
        let text = b"enabled = maybe\nenabled\nenabled =\nread-ahead = x\nread-ahead =\nlog\n= on\n[\n]\n\xFF\xFE=\xFF\n";
        assert_eq!(Config::parse(text, b"X"), Config::DEFAULT);
        assert_eq!(Config::parse(b"read-ahead = 99999999", b"").read_ahead, Config::MAX_READ_AHEAD);
    }
}
