//! Names of games as names of files: a DAT's names may hold characters that disks of Windows do not allow.

/// The most bytes of a name with its extension: the limit of Linux, which is below that of NTFS and FAT.
pub const MOST: usize = 255;

/// Returns a name that FAT, exFAT, NTFS and Linux can hold, with room for an extension of `extra` bytes. It is
/// the same for the same name, on every system.
#[must_use]
pub fn legal(name: &str, extra: usize) -> String {
    let mut legal: String = name.chars().map(replacement).collect();
    let most = MOST.saturating_sub(extra).max(1);
    if legal.len() > most {
        let end = (0..=most).rev().find(|&end| legal.is_char_boundary(end)).unwrap_or_default();
        legal.truncate(end);
    }
    // A name that begins with a dot is hidden, and blanks at the ends get lost.
    let trimmed = legal.trim_end_matches(['.', ' ']).trim_start();
    let mut legal = match trimmed.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None => trimmed.to_owned(),
    };
    if legal.is_empty() {
        legal.push('_');
    }
    if is_device(&legal) {
        legal.insert(0, '_');
    }
    legal
}

/// Returns a form of a name in which names that people take for the same are equal: legal, without regard to
/// case, blanks joined.
#[must_use]
pub fn comparable(name: &str) -> String {
    let legal = legal(name, 0).to_lowercase();
    legal.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns a file's name without its extension.
#[must_use]
pub fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && extension.len() <= 4 => stem,
        _ => name,
    }
}

/// Returns the letters and digits of a serial, in upper case: `SLES-123.45` and `SLES 12345` are the same.
#[must_use]
pub fn serial(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// As collectors replace such characters by hand.
fn replacement(letter: char) -> char {
    match letter {
        ':' | '/' | '\\' | '|' => '-',
        '"' => '\'',
        '<' => '(',
        '>' => ')',
        '?' | '*' => '_',
        // Marks that turn the direction of text or have no width at all.
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => '_',
        letter if letter.is_control() => '_',
        letter => letter,
    }
}

/// Names that Windows has devices for, whatever their extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let is_port = |port: &str| {
        stem.strip_prefix(port).is_some_and(|digit| {
            matches!(digit, "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
        })
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || is_port("COM")
        || is_port("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_legal() {
        for (name, expected) in [
            ("Game (Europe)", "Game (Europe)"),
            ("Spy: The \"Last\" Job?", "Spy- The 'Last' Job_"),
            ("a/b\\c|d<e>f*", "a-b-c-d(e)f_"),
            ("Dr. ", "Dr"),
            ("What...", "What"),
            (" .hidden", "_hidden"),
            ("..", "_"),
            ("", "_"),
            ("con", "_con"),
            ("Aux.iso", "_Aux.iso"),
            ("COM1", "_COM1"),
            ("COMET", "COMET"),
            ("tab\there", "tab_here"),
            ("ゲーム é", "ゲーム é"),
        ] {
            assert_eq!(legal(name, 4), expected, "{name}");
        }
    }

    #[test]
    fn long_names_are_cut_between_letters() {
        let name = legal(&"é".repeat(200), 4);
        assert_eq!(name, "é".repeat(125));
        assert!(legal(&"x".repeat(9000), 4).len() + 4 <= MOST);
        assert_eq!(legal("Game", 999), "G");
    }

    #[test]
    fn names_and_serials_are_compared_loosely() {
        assert_eq!(comparable("SPY:  The Job"), comparable("Spy- The Job"));
        assert_ne!(comparable("Spy 1"), comparable("Spy 2"));
        for text in ["SLES-12345", "sles_123.45", "SLES 12345"] {
            assert_eq!(serial(text), "SLES12345");
        }
    }

    proptest::proptest! {
        #[test]
        fn legal_names_stay_as_they_are(name in ".{0,300}") {
            let once = legal(&name, 4);
            proptest::prop_assert_eq!(legal(&once, 4), once.clone());
            proptest::prop_assert!(!once.is_empty() && once.len() <= MOST - 4 + 1);
            proptest::prop_assert!(!once.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|', '\0']));
        }
    }
}
