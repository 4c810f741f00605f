//! The settings file, `cisor.ini`.
//!
//! ```text
//! # Lines that begin with # or ; are comments.
//! enabled = on         ; serve images at all
//! plain-images = off   ; serve plain ISO images too
//! read-ahead = 64      ; KiB that reads in sequence fetch at once
//! log = off            ; write cisor.log
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
}

impl Config {
    /// The largest read-ahead, in KiB.
    pub const MAX_READ_AHEAD: u16 = 256;

    /// What holds without a settings file.
    pub const DEFAULT: Self = Self { enabled: true, plain_images: false, read_ahead: 64, log: false };

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
        let field = if same(key, b"read-ahead") {
            if let Some(value) = number(value.trim_ascii()) {
                self.read_ahead = value;
            }
            return;
        } else if same(key, b"enabled") {
            &mut self.enabled
        } else if same(key, b"plain-images") {
            &mut self.plain_images
        } else if same(key, b"log") {
            &mut self.log
        } else {
            return;
        };
        for (word, meaning) in &WORDS {
            if same(value, word) {
                *field = *meaning;
            }
        }
    }
}

/// How a switch is said to be on or off.
const WORDS: [(&[u8], bool); 8] = [
    (b"on", true),
    (b"yes", true),
    (b"true", true),
    (b"1", true),
    (b"off", false),
    (b"no", false),
    (b"false", false),
    (b"0", false),
];

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

/// The number that some digits make, but no more than can be read ahead.
fn number(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0, |number: u16, &digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit <= 9).then(|| (number * 10 + u16::from(digit)).min(Config::MAX_READ_AHEAD))
    })
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
        let wanted = Config { enabled: false, plain_images: true, read_ahead: 16, log: true };
        assert_eq!(Config::parse(text, b""), wanted);
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
