//! What Open PS2 Loader expects of the folders, names and sizes of its games.

use std::path::{Path, PathBuf};

use disc_info::{Console, Disc};
use sector_decode::SECTOR_SIZE;

use crate::failure::Failure;
use crate::human;
use crate::image::{Image, Workspace};
use crate::profile::Profile;
use crate::target;

/// The longest title in bytes; files with longer ones are not in its list.
const MOST_TITLE: usize = 64;
/// The largest CD: 80 minutes of 75 sectors a second.
const MOST_CD: u64 = 80 * 60 * 75;
/// A DVD is padded to whole blocks of 16 sectors, which its file system need not cover.
const DVD_PADDING: u64 = 16;
/// The same for a CD: two seconds.
const CD_PADDING: u64 = 150;
/// Length of `SLES_123.45.`.
const ID_LEN: usize = 12;

/// Returns the place of a game: `CD/SLES_123.45.Title.zso` or `DVD/…` in the folder. `CD` or `DVD` may be missing.
///
/// # Errors
///
/// [`Failure::NoGameId`] if it is not a PS2 game.
pub(crate) fn path(folder: &Path, image: &Image, disc: &Disc, extension: &str) -> Result<PathBuf, Failure> {
    let id = disc.id.as_deref().filter(|_| disc.console == Some(Console::Ps2)).and_then(id_in_names);
    let id = id.ok_or(Failure::NoGameId)?;
    let folder = folder.join(if is_cd(image) { "CD" } else { "DVD" });
    let title = title(image.path(), disc);
    Ok(folder.join(format!("{id}.{title}.{extension}")))
}

/// Turns `SLES-12345` into `SLES_123.45`.
fn id_in_names(id: &str) -> Option<String> {
    let (letters, digits) = id.split_once('-')?;
    let is_id = letters.len() == 4
        && letters.bytes().all(|byte| byte.is_ascii_uppercase())
        && digits.len() == 5
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then(|| format!("{letters}_{}.{}", &digits[..3], &digits[3..]))
}

/// Whether a name begins with an id: `SLES_123.45.`
fn begins_with_id(name: &str) -> bool {
    let bytes = name.as_bytes();
    let has = |at: usize, byte: u8| bytes.get(at) == Some(&byte);
    bytes.len() > ID_LEN && has(4, b'_') && has(8, b'.') && has(11, b'.')
}

/// The title of a game: PS2 discs do not have one, so it is taken from the file's name.
fn title(input: &Path, disc: &Disc) -> String {
    let stem = target::stem_of_disc(input).to_string_lossy().into_owned();
    let without_id = if begins_with_id(&stem) { &stem[ID_LEN..] } else { &stem };
    let clean = |text: &str| {
        let text: String =
            text.chars().map(|c| if c.is_control() || "<>:\"/\\|?*".contains(c) { '_' } else { c }).collect();
        text.trim().trim_end_matches('.').to_owned()
    };
    let from_disc = || clean(disc.volume_id.as_deref().unwrap_or("Game"));
    Some(clean(without_id)).filter(|title| !title.is_empty()).unwrap_or_else(from_disc)
}

/// Whether a disc is a CD. In an image of 2048-byte sectors that is told by the size, and by UDF, which the
/// PS2's DVDs have beside ISO9660.
pub(crate) fn is_cd(image: &Image) -> bool {
    if has_tracks(image) {
        return true;
    }
    image.layout().image_size() <= MOST_CD * u64::from(SECTOR_SIZE) && !has_udf(image)
}

/// Whether an image comes from a dump with the tracks of a CD.
pub(crate) fn has_tracks(image: &Image) -> bool {
    image.origin().is_some_and(|origin| !origin.source().tracks().is_empty())
}

/// Looks for the descriptor of UDF (ECMA-167, 2/9.1) among those of the volume.
fn has_udf(image: &Image) -> bool {
    let mut workspace = Workspace::new(image);
    let mut reader = workspace.reader(image);
    (17..33_u64).any(|sector| {
        let mut start = [0; 6];
        let is_read = reader.read(sector * u64::from(SECTOR_SIZE), &mut start).is_ok();
        is_read && matches!(&start, b"\0NSR02" | b"\0NSR03")
    })
}

/// Warns of a disc that is larger than it says: the loader refuses reads past the size in its descriptor
/// (Open PS2 Loader issue 1737).
pub(crate) fn volume_note(disc: &Disc, image: &Image) -> Option<String> {
    if disc.console != Some(Console::Ps2) {
        return None;
    }
    let sectors = image.layout().image_size() / u64::from(SECTOR_SIZE);
    let volume = u64::from(disc.volume_sectors?);
    let padding = if is_cd(image) { CD_PADDING } else { DVD_PADDING };
    (sectors > volume + padding).then(|| {
        let (volume, sectors) = (human::number(volume), human::number(sectors));
        format!(
            "the disc says that it has {volume} sectors, but the image has {sectors}: Open PS2 Loader refuses to \
             read past the former, so a game that has files there fails"
        )
    })
}

/// Says of a file that FAT cannot hold what the loader needs instead.
pub(crate) fn explain(failure: Failure, profile: Option<Profile>) -> Failure {
    match failure {
        Failure::TooLargeForFat { target, needed } if profile == Some(Profile::Opl) => {
            Failure::TooLargeForOpl { target, needed }
        }
        other => other,
    }
}

/// Warns of a name that the loader does not list.
pub(crate) fn name_note(target: &Path) -> Option<String> {
    let stem = target.file_stem()?.to_string_lossy();
    let title = if begins_with_id(&stem) { &stem[ID_LEN..] } else { &*stem };
    (title.len() > MOST_TITLE).then(|| {
        format!(
            "Open PS2 Loader does not list it by this name: the title has {} bytes, and {MOST_TITLE} are the most",
            title.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_written_as_the_program_on_the_disc_is() {
        assert_eq!(id_in_names("SLES-12345").as_deref(), Some("SLES_123.45"));
        for other in ["SLES12345", "SLES-1234", "sles-12345", "SLES-1234x", "", "-"] {
            assert_eq!(id_in_names(other), None, "{other}");
        }
    }

    #[test]
    fn title_comes_from_the_name_of_the_file() {
        let disc = Disc { volume_id: Some("VOLUME".into()), ..Disc::default() };
        for (name, expected) in [
            ("Game (Europe).iso", "Game (Europe)"),
            ("a/SLES_123.45.Game.zso", "Game"),
            ("Game: The \"Best\"?.iso", "Game_ The _Best__"),
            ("Game.iso.7z", "Game"),
            ("Game v1.02", "Game v1.02"),
            ("Game....iso", "Game"),
            ("....iso", "VOLUME"),
        ] {
            if cfg!(windows) && name.contains(':') {
                continue;
            }
            assert_eq!(title(Path::new(name), &disc), expected, "{name}");
        }
    }

    #[test]
    fn large_game_on_fat_is_explained_for_the_loader_alone() {
        let failure = || Failure::TooLargeForFat { target: "DVD/a.zso".into(), needed: 5 << 30 };
        let explained = explain(failure(), Some(Profile::Opl));
        assert!(explained.fix().is_some_and(|fix| fix.contains("exFAT") && fix.contains("USBExtreme")));
        assert_eq!(explained.kind(), failure().kind());
        for other in [None, Some(Profile::Psp)] {
            assert!(matches!(explain(failure(), other), Failure::TooLargeForFat { .. }));
        }
    }

    #[test]
    fn long_titles_are_noticed_with_and_without_an_id() {
        let fits = "x".repeat(MOST_TITLE);
        for name in [format!("{fits}.zso"), format!("SLES_123.45.{fits}.zso")] {
            assert_eq!(name_note(Path::new(&name)), None);
            let longer = name.replace("x.zso", "xy.zso");
            assert!(name_note(Path::new(&longer)).is_some());
        }
        // Two bytes each.
        assert!(name_note(Path::new(&format!("{}.zso", "é".repeat(40)))).is_some());
    }
}
