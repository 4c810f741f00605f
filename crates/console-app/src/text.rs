//! Names and numbers in human-readable form.

use alloc::format;
use alloc::string::String;

/// A size in decimal units, like those that cards are sold in, for instance `687.9 MB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 3] = ["kB", "MB", "GB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    // Rounded before choosing the unit: 999,950 bytes are 1.0 MB, not 1000.0 kB.
    let tenths_of = |unit: u128| (u128::from(bytes) * 10 + unit / 2) / unit;
    let (mut unit, mut scale) = (0, 1000);
    while tenths_of(scale) >= 10_000 && unit + 1 < UNITS.len() {
        unit += 1;
        scale *= 1000;
    }
    let tenths = tenths_of(scale);
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// What percentage of `whole` another number is, for instance `58.2 %`.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    let permille = u128::from(part) * 1000 / u128::from(whole.max(1));
    format!("{}.{} %", permille / 10, permille % 10)
}

/// Speed in megabytes (1,000,000 bytes) per second, for instance `12.34 MB/s`.
#[must_use]
pub fn speed(bytes: u64, micros: u64) -> String {
    // Bytes per microsecond are megabytes per second.
    let hundredths = u128::from(bytes) * 100 / u128::from(micros.max(1));
    format!("{}.{:02} MB/s", hundredths / 100, hundredths % 100)
}

/// A time, for instance `1:05` or `2:03:00`.
#[must_use]
pub fn clock(micros: u64) -> String {
    let seconds = micros / 1_000_000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// How long the rest will take at the current rate. `None` while that cannot be estimated.
#[must_use]
pub fn time_left(done: u64, total: u64, micros: u64) -> Option<u64> {
    if done == 0 || micros < 500_000 {
        return None;
    }
    let rest = u128::from(total.saturating_sub(done)) * u128::from(micros) / u128::from(done);
    u64::try_from(rest).ok()
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Shortens a text to `len` characters. A longer one loses its middle, because both ends of a path or a name
/// distinguish it from others.
#[must_use]
pub fn shorten(text: &str, len: usize) -> String {
    let count = text.chars().count();
    if count <= len {
        return text.into();
    }
    let kept = len.saturating_sub(2);
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    let mut short: String = text.chars().take(head).collect();
    short.push_str("..");
    short.extend(text.chars().skip(count - tail));
    short
}

/// Breaks a text into lines of at most `width` characters, between words if possible.
#[must_use]
pub fn wrap(text: &str, width: usize) -> alloc::vec::Vec<String> {
    let mut lines = alloc::vec::Vec::new();
    let mut line = String::new();
    let mut len = 0;
    for word in text.split(' ') {
        let mut word_len = word.chars().count();
        let mut rest = word;
        if len > 0 && len + 1 + word_len > width {
            lines.push(core::mem::take(&mut line));
            len = 0;
        }
        if len > 0 {
            line.push(' ');
            len += 1;
        }
        while word_len > width {
            let cut = rest.char_indices().nth(width).map_or(rest.len(), |(at, _)| at);
            lines.push(rest[..cut].into());
            rest = &rest[cut..];
            word_len -= width;
        }
        line.push_str(rest);
        len += word_len;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn sizes_have_one_decimal() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1000), "1.0 kB");
        assert_eq!(size(687_912_345), "687.9 MB");
        assert_eq!(size(1_789_000_000), "1.8 GB");
        assert_eq!((size(999_949), size(999_950)), ("999.9 kB".into(), "1.0 MB".into()));
    }

    #[test]
    fn speeds_and_times() {
        assert_eq!(speed(3_000_000, 1_000_000), "3.00 MB/s");
        assert_eq!(speed(1_234_567, 2_000_000), "0.61 MB/s");
        assert_eq!(speed(5, 0), "5.00 MB/s");
        assert_eq!(clock(65_000_000), "1:05");
        assert_eq!(clock(7_380_999_999), "2:03:00");
        assert_eq!(time_left(0, 100, 1_000_000), None);
        assert_eq!(time_left(25, 100, 1_000_000), Some(3_000_000));
        assert_eq!(time_left(100, 100, 1_000_000), Some(0));
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(shorten("short", 10), "short");
        assert_eq!(shorten("ms0:/ISO/a very long name.cso", 12), "ms0:/..e.cso");
        assert_eq!(shorten("Zwölf Türme", 6), "Zw..me");
        assert_eq!(shorten("abc", 0), "..");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("", 4), vec![String::new()]);
        for line in wrap("The card has 1.0 MB free, but ms0:/ISO/ULUS-10041.cso may need more.", 20) {
            assert!(line.chars().count() <= 20, "{line}");
        }
    }
}
