//! What each failure means for callers of the program: a short name, the exit status, and what to do next.
//! One line each, in the order of the work.

use std::io;

use sector_decode::{Foreign, HeaderError};

use super::{Failure, FileKind};
use crate::exit::Status;

/// The facts of one failure.
struct Facts {
    kind: &'static str,
    status: Status,
    fix: Option<&'static str>,
}

const fn refused(kind: &'static str) -> Facts {
    Facts { kind, status: Status::Refused, fix: None }
}

const fn failed(kind: &'static str) -> Facts {
    Facts { kind, status: Status::Failed, fix: None }
}

const fn damaged(kind: &'static str) -> Facts {
    Facts { kind, status: Status::Damaged, fix: None }
}

const fn mismatch(kind: &'static str) -> Facts {
    Facts { kind, status: Status::Mismatch, fix: None }
}

impl Facts {
    const fn fix(self, fix: &'static str) -> Self {
        Self { fix: Some(fix), ..self }
    }
}

/// Size of a CD sector with its headers and checksums.
const RAW_CD_SECTOR: u32 = 2352;

const OTHER_PLACE: &str = "Choose another name or another folder.";
const ONE_AT_A_TIME: &str = "Convert them one at a time, to other names.";
const CHECK_MACHINE: &str = "Nothing was put in place: check this machine's memory and disk.";

impl Failure {
    /// Returns the exit status that the failure leads to.
    pub fn status(&self) -> Status {
        self.facts().status
    }

    /// Returns the short name for JSON objects (docs/json.md).
    pub fn kind(&self) -> &'static str {
        self.facts().kind
    }

    /// Returns what the user can do about it, as a sentence.
    pub fn fix(&self) -> Option<String> {
        match self {
            Self::Profile(refusal) => Some(refusal.fix()),
            Self::InSecond { failure, .. } => failure.fix(),
            _ => self.facts().fix.map(Into::into),
        }
    }

    fn facts(&self) -> Facts {
        match self {
            // Opening.
            Self::Open(_) => failed("open"),
            Self::NotAFile(FileKind::Folder) => failed("not_a_file").fix("Name the images in it, or use -r to take all of them."),
            Self::NotAFile(FileKind::Special) => failed("not_a_file").fix("Dump the disc to a file first."),
            Self::Empty => failed("empty").fix("Copy or dump it again."),
            Self::Shortcut => refused("shortcut").fix("Take the file itself."),
            Self::Header(error) => header(error),
            Self::UnknownDisc => refused("unknown_disc")
                .fix("If it is one after all, say whom it is for: cisor compress --for."),
            Self::NoImages => failed("no_images"),
            Self::NoGameId => refused("no_game_id").fix("Name the file yourself, with -o."),

            // Reading.
            Self::Read { .. } => failed("read"),
            Self::Damaged(damage) => damaged(damage.fault.kind()).fix(
                "The image is damaged: extract --keep-going fills such blocks with zeros and lists them.",
            ),
            Self::DamagedBlocks(_) => damaged("damaged_blocks"),
            Self::Source(error) => source(error),
            Self::ChdSha1 { .. } => {
                mismatch("chd_sha1").fix("The CHD was changed after it was packed: get another copy.")
            }
            Self::Losses(_) => refused("losses").fix("Use --ignore-limits to leave it out; without audio tracks a game has no music."),
            Self::CdDump => refused("cd_as_chd").fix(
                "chdman makes CHDs of CDs, from a CUE sheet: chdman createcd -i GAME.cue -o GAME.chd. A CHD of a CD \
                 stays as it is.",
            ),
            Self::CdImage => refused("cd_as_chd").fix(
                "chdman makes CHDs of CDs: chdman createcd -i GAME.iso -o GAME.chd. If the disc is a DVD, add \
                 --ignore-limits.",
            ),
            Self::Sidecar(error) => sidecar(error),
            Self::NoSidecar(_) => failed("no_sidecar").fix("Name it with --raw-from, or extract without --raw."),
            Self::NothingToKeep => refused("nothing_to_keep").fix("Leave out --keep-raw."),
            Self::HeaderMd5 { .. } => mismatch("header_md5")
                .fix("The image was changed after it was packed: get another copy."),
            Self::Dat(_) => failed("dat").fix("Get the DAT again from where it is published."),
            Self::Library(error) => library(error),
            Self::DatWrong { .. } => mismatch("dat_wrong"),
            Self::NotRenamed(_) => refused("not_renamed"),
            Self::InputChanged => failed("input_changed").fix("Try again when no other program writes it."),
            Self::NoThread(_) => failed("no_thread")
                .fix("Use fewer threads (-j), or allow the program more of them (ulimit -u)."),

            // Planning: the format and the profile.
            Self::NotWholeSectors { .. } => refused("not_whole_sectors")
                .fix("The file is cut off or is not a disc image: dump the disc again, or use --tail pad or drop."),
            Self::PastLastSector { .. } => refused("past_last_sector").fix(
                "Use --tail drop to leave them out, or --tail pad to fill the sector up with zeros.",
            ),
            Self::RawCdSectors => refused("raw_cd_sectors")
                .fix("Convert the BIN/CUE to an ISO of 2048-byte sectors first."),
            Self::AlreadyPlain => refused("already_plain"),
            Self::Profile(_) => refused("profile"),
            Self::Format(_) => refused("format"),

            // Planning: the target.
            Self::TargetExists(_) => refused("target_exists").fix("Use -f to replace it."),
            Self::TargetChanged(_) => failed("target_changed")
                .fix("It was left alone: look what it is, and run again if it may be replaced."),
            Self::TargetIsFolder(_) => failed("target_is_folder").fix("Use -d to write into a folder."),
            Self::TargetIsInput(_) => refused("target_is_input")
                .fix("Name another file with -o, or another folder with -d."),
            Self::ShelfOnCard(_) => refused("target_is_input").fix("Keep the shelf outside of the card."),
            Self::InPlaceLink => refused("in_place").fix("Name the file itself."),
            Self::InPlaceMore(_) => refused("in_place").fix("Leave out --in-place, and keep it beside the new file."),
            Self::InPlaceName(_) => refused("in_place").fix("Leave out --in-place: the new file gets its own name."),
            Self::TargetIsOtherInput(_) => refused("target_is_other_input").fix(ONE_AT_A_TIME),
            Self::TargetTaken { .. } => refused("target_taken").fix(ONE_AT_A_TIME),
            Self::TargetIsSpecial(_) => failed("target_is_special").fix(OTHER_PLACE),
            Self::ImpossibleName { .. } => refused("impossible_name").fix(OTHER_PLACE),
            Self::NoFolder(_) => failed("no_folder").fix("Create it first."),
            Self::NotAFolder(_) => failed("not_a_folder"),
            Self::NoSpace { .. } => failed("no_space")
                .fix("Make room, choose another folder, or add --ignore-limits to try anyway."),
            Self::TooLargeForFat { .. } => failed("too_large_for_fat")
                .fix("Choose a folder on a disk with NTFS or exFAT, or add --ignore-limits to try anyway."),
            Self::TooLargeForOpl { .. } => failed("too_large_for_fat").fix(
                "Open PS2 Loader reads such a game from a disk with exFAT, since a beta of version 1.2.0. From FAT32 it \
                 needs it split into the USBExtreme format, which Cisor does not write.",
            ),
            Self::CardFull { .. } => failed("card_full")
                .fix("Choose fewer titles with --only, or add --ignore-limits to write as many as fit."),
            Self::Manifest(_) => refused("manifest").fix(
                "Move it away to begin anew: what is on the card then counts as somebody else's and stays.",
            ),
            Self::NotDeleted { .. } => failed("not_deleted"),
            Self::CardChanged(_) => {
                mismatch("card_changed").fix("Check the card; -f replaces the file, or delete it yourself.")
            }

            // Writing.
            Self::Create { error, .. } if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                failed("create").fix(
                    "The disk is read-only: use -d to write into a folder elsewhere, or copy the file first.",
                )
            }
            Self::Create { .. } => failed("create"),
            Self::PartInUse(_) => failed("part_in_use").fix("Wait until that run has finished."),
            Self::PartBlocked(_) => failed("part_blocked").fix("Delete it when no other run is writing it."),
            Self::PartLost(_) => failed("part_lost")
                .fix("Nothing was put in place: try again when no other program works there."),
            Self::Write(_) => failed("write"),
            Self::Rename { .. } => failed("rename"),

            // Proving.
            Self::Proof(_) => mismatch("proof").fix(CHECK_MACHINE),
            Self::ReadBack(_) => mismatch("read_back").fix(CHECK_MACHINE),
            Self::Digest { .. } => mismatch("digest").fix(CHECK_MACHINE),
            Self::NotAsWritten { .. } => mismatch("not_as_written").fix(CHECK_MACHINE),
            Self::UnsafeStreams(_) => mismatch("unsafe_streams")
                .fix("Nothing was put in place: please report this with the disc's title."),
            Self::Unsteady { .. } => mismatch("unsteady").fix(
                "Nothing was put in place: check this machine's memory, and the disk and cable of the source.",
            ),

            // The digest beside the file.
            Self::SidecarExists(_) => refused("sidecar_exists")
                .fix("Verify both discs; if that digest is wrong, -f or deleting it makes way for the new one."),
            Self::SidecarUnusable(_) => {
                refused("sidecar_exists").fix("Deleting it, or moving it away, makes way for a new one.")
            }
            Self::SidecarMismatch { .. } => mismatch("sidecar")
                .fix("The file or the sidecar was changed: get another copy of the disc."),

            // With the file in place.
            Self::FolderSync(_) => failed("folder_sync")
                .fix("Check the disk, and verify the file before you delete its source."),
            Self::SourceKept(_) => failed("source_kept"),

            // Comparing.
            Self::Different { .. } | Self::DifferentSize { .. } => mismatch("different"),
            Self::InSecond { failure, .. } => failure.facts(),

            Self::Interrupted => {
                Facts { kind: "interrupted", status: Status::Interrupted, fix: None }
            }
            Self::Internal(_) => failed("internal"),
        }
    }
}

fn source(error: &image_source::Error) -> Facts {
    use image_source::{ArchiveError, Error};
    let facts = match error {
        Error::Io { .. } | Error::Archive(ArchiveError::Read(_)) => return failed(error.kind()),
        Error::Other(other) => return refused(error.kind()).fix(other.fix()),
        error if error.is_damage() => damaged(error.kind()),
        _ => refused(error.kind()),
    };
    match error {
        Error::NeedsParent { .. } => facts.fix("Have chdman copy it with its parent (chdman copy -ip)."),
        Error::ChdVersion(_) => facts.fix("Have chdman copy it (chdman copy): that makes it version 5."),
        Error::Damage(_) if !error.is_damage() => {
            facts.fix("Use --ignore-limits to keep only the first 2048 bytes of each.")
        }
        Error::Archive(ArchiveError::NoDisc) => {
            facts.fix("Take the image itself, or the archive that holds it.")
        }
        Error::Archive(_) if !error.is_damage() => facts.fix("Unpack it first, then take the image inside."),
        Error::Archive(_) => facts.fix("The archive is damaged: get another copy."),
        Error::Damage(_) | Error::Chd(_) | Error::CutSector { .. } => {
            facts.fix("The file is damaged: get another copy, or dump the disc again.")
        }
        _ => facts,
    }
}

fn library(error: &disc_library::Error) -> Facts {
    use disc_library::Error;
    match error {
        Error::Io(_) => failed("library_open"),
        Error::Locked => failed("library_locked").fix("Wait until that run has finished."),
        Error::Interrupted => failed("library_interrupted")
            .fix("Run this again as somebody who may write to the library and to its folder."),
        Error::Newer { .. } => refused("library_newer").fix("Look for a newer version of cisor."),
        Error::Corrupted(_) => damaged("library_damaged")
            .fix("cisor library scan --rebuild makes a new one from your folders, and keeps the damaged one beside it."),
        Error::Foreign => refused("library_foreign").fix("Name another file with --db, or move this one away."),
        _ => failed("library"),
    }
}

fn sidecar(error: &raw_sidecar::Error) -> Facts {
    use raw_sidecar::Error;
    match error {
        Error::Io(_) => failed(error.kind()),
        Error::Damaged(_) => {
            damaged(error.kind()).fix("Get another copy of the sidecar, or extract without --raw.")
        }
        Error::Hash { .. } => mismatch(error.kind()).fix(CHECK_MACHINE),
        Error::Foreign => refused(error.kind()).fix("Take the sidecar that was written with this image."),
        Error::TooLarge => {
            refused(error.kind()).fix("Leave out --keep-raw: only CD dumps have more than their image.")
        }
        Error::Version(_) => refused(error.kind()).fix("Look for a newer version of cisor."),
        _ => refused(error.kind()),
    }
}

fn header(error: &HeaderError) -> Facts {
    match error {
        HeaderError::Foreign(foreign) => refused("foreign_format").fix(foreign_fix(*foreign)),
        // Sizes that other programs write on purpose; any other number is damage.
        HeaderError::BlockSize { got, .. } if got.is_multiple_of(RAW_CD_SECTOR) && *got > 0 => {
            refused("block_size").fix(
                "Its blocks are raw CD sectors: decode it with the program that wrote it, and convert the BIN to an ISO \
                 of 2048-byte sectors.",
            )
        }
        HeaderError::BlockSize { got, .. } if got.is_power_of_two() && (512..=16 << 20).contains(got) => refused("block_size")
            .fix("Decode it with the program that wrote it, and pack the ISO again with blocks of 2048 bytes."),
        HeaderError::Version { .. } => refused("unknown_version").fix("Look for a newer version of cisor."),
        _ => damaged("header").fix("The file is damaged: get another copy."),
    }
}

/// Returns advice for an image in another program's format.
const fn foreign_fix(foreign: Foreign) -> &'static str {
    match foreign {
        Foreign::Chd => "Turn it into an ISO with MAME's chdman first (extractdvd, or extractcd for CDs).",
        Foreign::GameCubeCiso => {
            "It shares only its magic with PSP images: Dolphin and nodtool convert GameCube and Wii discs."
        }
        Foreign::XboxCiso => "It shares only its header with CSO v2: unciso converts Xbox images.",
        _ => "Convert it to an ISO with the program that made it.",
    }
}
