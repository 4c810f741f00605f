//! Names and numbers for people.

use std::path::Path;

/// A file name for messages. Characters that could control the terminal, break the line, or change the text
/// direction are replaced.
pub fn name(path: &Path) -> String {
    path.to_string_lossy().chars().map(|c| if directs_terminal(c) { '\u{FFFD}' } else { c }).collect()
}

/// A name from a file, in quotation marks and as safe for the terminal as [`name()`].
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", name(Path::new(text)))
}

/// Whether a character can control the terminal: a control character, a line separator, or a mark,
/// embedding or isolate of the Unicode bidirectional algorithm.
fn directs_terminal(c: char) -> bool {
    let bidirectional =
        matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || bidirectional
}

/// A size in the decimal units used for disks, for instance `687.9 MB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return count(bytes, "byte", "bytes");
    }
    // Rounded before the unit is chosen: 999,950 bytes are 1.0 MB, not 1000.0 kB.
    let tenths_of = |unit: u128| (u128::from(bytes) * 10 + unit / 2) / unit;
    let (mut unit, mut scale) = (0, 1000);
    while tenths_of(scale) >= 10_000 && unit + 1 < UNITS.len() {
        unit += 1;
        scale *= 1000;
    }
    let tenths = tenths_of(scale);
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// A number with its digits grouped in threes.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number with its noun.
pub fn count(count: u64, one: &str, several: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { several })
}

/// A number as a percentage of `whole`, for instance `58.2 %`.
pub fn percent(part: u64, whole: u64) -> String {
    let permille = u128::from(part) * 1000 / u128::from(whole.max(1));
    format!("{}.{} %", permille / 10, permille % 10)
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_decimal() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(1), "1 byte");
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(1000), "1.0 kB");
        assert_eq!(size(687_865_856), "687.9 MB");
        assert_eq!(size(1_789_000_000), "1.8 GB");
        assert_eq!((size(999_949), size(999_950)), ("999.9 kB".into(), "1.0 MB".into()));
        assert_eq!(size(8_500_000_000), "8.5 GB");
        assert_eq!(size(u64::MAX), "18446744.1 TB");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1000), "1,000");
        assert_eq!(number(1_234_567), "1,234,567");
    }

    #[test]
    fn percentages_do_not_overflow() {
        assert_eq!(percent(582, 1000), "58.2 %");
        assert_eq!(percent(u64::MAX, u64::MAX), "100.0 %");
        assert_eq!(percent(1, 0), "100.0 %");
    }

    #[test]
    fn names_cannot_draw_on_the_terminal() {
        assert_eq!(name(Path::new("a\x1b[31m\n.iso")), "a\u{FFFD}[31m\u{FFFD}.iso");
        assert_eq!(name(Path::new("a\u{202E}osi.b\u{2028}c\u{200F}")), "a\u{FFFD}osi.b\u{FFFD}c\u{FFFD}");
        assert_eq!(name(Path::new("ゲーム.iso")), "ゲーム.iso");
        assert_eq!(name(Path::new("لعبة 👨\u{200D}👩.iso")), "لعبة 👨\u{200D}👩.iso");
    }
}
