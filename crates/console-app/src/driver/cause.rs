//! Why the driver left a game to the firmware, and what the user can do about it.

use alloc::string::String;

/// A kind of reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The program that was started is not a game from an image: it was this program, or another one.
    OtherProgram,
    /// The firmware started the game with an application type unknown to the driver.
    ApplicationType,
    /// The firmware does not report which image it is.
    NoPath,
    /// The firmware's image driver is not Inferno.
    ImageDriver,
    /// That driver's table is not as expected.
    Table,
    /// There is not enough memory.
    Memory,
    /// The image could not be read from the card.
    Card,
    /// The image is damaged or of an unknown kind.
    Damaged,
    /// The image's blocks are too large.
    BlockSize,
    /// The image is not a disc.
    NoDisc,
    /// The image is an uncompressed ISO.
    PlainImage,
    /// Switched off in the settings.
    SwitchedOff,
    /// Anything else.
    Unknown,
}

/// Words that identify a reason, in lower case. The first matching line counts.
const WORDS: [(&[&str], Cause); 14] = [
    (&["switched off"], Cause::SwitchedOff),
    (&["plain image", "plain iso"], Cause::PlainImage),
    (&["application type", "apitype"], Cause::ApplicationType),
    (&["key configuration"], Cause::OtherProgram),
    (&["block size", "blocks of"], Cause::BlockSize),
    (&["cannot be read"], Cause::Card),
    (&["table", "entry", "function at"], Cause::Table),
    (&["inferno", "image driver", "driver for images", "module", "device"], Cause::ImageDriver),
    (&["memory", "stack", "semaphore"], Cause::Memory),
    (&["path", "no image"], Cause::NoPath),
    (&["volume descriptor", "a disc of", "too few or too many sectors"], Cause::NoDisc),
    (&["header", "block", "index", "sector", "damaged"], Cause::Damaged),
    (&["card", "opened", "read"], Cause::Card),
    (&[], Cause::Unknown),
];

/// Whether an application type means a program from a card, a firmware program, or a PlayStation game.
const fn is_of_a_program(apitype: u32) -> bool {
    matches!(apitype >> 4, 0x14 | 0x15 | 0x17 | 0x20..=0x3F)
}

/// The hexadecimal number at the end of a reason, with or without `0x`.
fn number_at_end(reason: &str) -> Option<u32> {
    let word = reason.split(' ').next_back()?;
    u32::from_str_radix(word.strip_prefix("0x").unwrap_or(word), 16).ok()
}

impl Cause {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::OtherProgram,
        Self::ApplicationType,
        Self::NoPath,
        Self::ImageDriver,
        Self::Table,
        Self::Memory,
        Self::Card,
        Self::Damaged,
        Self::BlockSize,
        Self::NoDisc,
        Self::PlainImage,
        Self::SwitchedOff,
        Self::Unknown,
    ];

    /// Identifies the kind of a reason by its words.
    #[must_use]
    pub fn of(reason: &str) -> Self {
        let reason = without_paths(&reason.to_lowercase());
        let found = WORDS.iter().find(|(words, _)| words.iter().any(|word| reason.contains(word)));
        match found {
            Some((_, Self::ApplicationType)) if number_at_end(&reason).is_some_and(is_of_a_program) => {
                Self::OtherProgram
            }
            Some((_, cause)) => *cause,
            None => Self::Unknown,
        }
    }

    /// Returns the name used in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OtherProgram => "other_program",
            Self::ApplicationType => "application_type",
            Self::NoPath => "no_path",
            Self::ImageDriver => "image_driver",
            Self::Table => "table",
            Self::Memory => "memory",
            Self::Card => "card",
            Self::Damaged => "damaged",
            Self::BlockSize => "block_size",
            Self::NoDisc => "no_disc",
            Self::PlainImage => "plain_image",
            Self::SwitchedOff => "switched_off",
            Self::Unknown => "unknown",
        }
    }

    /// Returns advice for the user.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::OtherProgram => {
                "That was not a game from an image. Start a game from a CSO, ZSO, DAX or JSO, then come back here."
            }
            Self::ApplicationType => {
                "The driver does not know this way of starting a game. Please send us a report (see the menu)."
            }
            Self::NoPath => {
                "If this was an image and not a disc in the drive, choose Inferno as the firmware's UMD driver."
            }
            Self::ImageDriver => "Choose Inferno as the UMD driver in the firmware's settings.",
            Self::Table => {
                "Another plugin may have changed the firmware's UMD driver. Switch the others off one by one."
            }
            Self::Memory => {
                "Switch off the firmware's Inferno cache and other plugins, or make the image again with smaller blocks."
            }
            Self::Card => {
                "Check the image (see the menu). If it is sound, copy it to the card once more, or try another card."
            }
            Self::Damaged => "Check the image (see the menu), and make it again on the PC if it is damaged.",
            Self::BlockSize => "Make the image again on the PC with `cisor compress --for cisor`.",
            Self::NoDisc => "This does not seem to be the image of a PSP disc. Check it (see the menu).",
            Self::PlainImage => {
                "The firmware reads an ISO by itself. Put `plain-images = on` into cisor.ini if the driver is to do it."
            }
            Self::SwitchedOff => {
                "cisor.ini says so, for every disc or for this one. Put `enabled = on` there to change it."
            }
            Self::Unknown => "Please send us a report (see the menu).",
        }
    }
}

/// A reason with its paths removed, as names of games may contain any words. A path ends with the image's
/// extension.
fn without_paths(reason: &str) -> String {
    let mut rest = reason;
    let mut kept = String::new();
    while let Some(at) = ["ms0:/", "ef0:/", "disc0:/"].iter().filter_map(|device| rest.find(device)).min() {
        kept.push_str(&rest[..at]);
        let path = &rest[at..];
        let ends = [".cso", ".zso", ".iso", ".dax", ".jso", ".prx", ".ini"];
        let end = ends.iter().filter_map(|end| Some(path.find(end)? + end.len())).min();
        rest = &path[end.unwrap_or(path.len())..];
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use umd_device::Check;

    use super::*;

    #[test]
    fn every_kind_of_reason_is_told() {
        for (reason, cause) in [
            ("no image is started, application type 00000141", Cause::OtherProgram),
            ("no image is started, application type 0x152", Cause::OtherProgram),
            ("no image is started, application type 00000171", Cause::OtherProgram),
            ("no image is started, application type 00000210", Cause::OtherProgram),
            ("no image is started, application type 00000127", Cause::ApplicationType),
            ("no image is started, application type 0x00000110", Cause::ApplicationType),
            ("no image is started, application type", Cause::ApplicationType),
            ("no game is started, key configuration 00000100", Cause::OtherProgram),
            ("the firmware names no image, path at 00000000", Cause::NoPath),
            ("the firmware has no image driver", Cause::ImageDriver),
            ("no module PRO_Inferno_Driver", Cause::ImageDriver),
            ("there is no device umd, found 00000000", Cause::ImageDriver),
            ("the device umd has a function at 08800000", Cause::Table),
            ("the image cannot be read", Cause::Card),
            ("the header is damaged or unknown", Cause::Damaged),
            ("blocks of 131072 bytes are not served", Cause::BlockSize),
            ("plain images are left to the firmware", Cause::PlainImage),
            ("the last sector has only 77 bytes", Cause::Damaged),
            ("a disc of 3 sectors is not served", Cause::NoDisc),
            ("not enough memory, 12 KiB are free", Cause::Memory),
            ("a block cannot be right", Cause::Damaged),
            ("sector 16 is no volume descriptor", Cause::NoDisc),
            ("switched off in cisor.ini", Cause::SwitchedOff),
            // As written by the first version.
            ("not enough memory, code 0x800200D9", Cause::Memory),
            ("the image's block size is not served, code 0x80010086", Cause::BlockSize),
            ("the image has too few or too many sectors, code 0x80010086", Cause::NoDisc),
            ("something else", Cause::Unknown),
            ("", Cause::Unknown),
        ] {
            assert_eq!(Cause::of(reason), cause, "{reason}");
        }
    }

    /// The reason as the driver writes it.
    fn written(failure: umd_device::OpenFailure) -> String {
        let mut memory = [0; 80];
        let mut line = umd_device::Line::new(&mut memory);
        failure.tell(&mut line);
        String::from_utf8(line.end().trim_ascii_end().to_vec()).unwrap()
    }

    /// The expected kind for each of the driver's reasons. A new reason does not compile without a line here.
    const fn expected(check: Check) -> Cause {
        match check {
            Check::KeyConfig => Cause::OtherProgram,
            Check::StartType => Cause::ApplicationType,
            Check::NoImage => Cause::NoPath,
            Check::NoDriver | Check::NoDevice => Cause::ImageDriver,
            Check::Table => Cause::Table,
            Check::Card => Cause::Card,
            Check::Header | Check::CutOff | Check::Block => Cause::Damaged,
            Check::BlockSize => Cause::BlockSize,
            Check::PlainImage => Cause::PlainImage,
            Check::DiscSize | Check::NoVolume => Cause::NoDisc,
            Check::NoMemory => Cause::Memory,
            Check::SwitchedOff => Cause::SwitchedOff,
        }
    }

    #[test]
    fn every_reason_that_the_driver_can_write_is_told() {
        for check in Check::ALL {
            for value in [0, 3, 77, 0x127, 0x1_2000, 0x8801_2346, u32::MAX] {
                let reason = written(check.found(value));
                assert_eq!(Cause::of(&reason), expected(check), "{check:?}: {reason}");
            }
        }
        for value in [0x141, 0x152, 0x171, 0x210] {
            assert_eq!(Cause::of(&written(Check::StartType.found(value))), Cause::OtherProgram, "{value:#X}");
        }
    }

    #[test]
    fn the_name_of_a_game_is_no_reason() {
        assert_eq!(Cause::of("ms0:/ISO/The Memory Table.cso: the image cannot be read"), Cause::Card);
        assert_eq!(Cause::of("switched off for EF0:/ISO/Inferno.ZSO"), Cause::SwitchedOff);
        assert_eq!(Cause::of("ms0:/ISO/Memory"), Cause::Unknown);
    }
}
