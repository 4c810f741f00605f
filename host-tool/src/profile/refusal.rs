//! Why a file is not written. Nothing has been done yet, and there is an alternative to request.

use image_writer::{OutputFormat, PlanError};

use super::Profile;
use crate::readers::Reader;
use disc_info::Console;

/// Why a combination of options is refused.
///
/// [`Display`](std::fmt::Display) gives the reason, [`fix`](Self::fix) the alternative.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The profile does not write this format.
    #[error("--for {profile} does not write {}: {}", got, readers_without(*profile, *got))]
    Format {
        /// The profile.
        profile: Profile,
        /// The requested format.
        got: OutputFormat,
    },
    /// The profile (or, with [`Profile::Any`], the format) does not support this block size.
    #[error("{} with blocks of {got} bytes is not written{}: {why}", format, for_whom(*profile))]
    BlockSize {
        /// The profile.
        profile: Profile,
        /// The format.
        format: OutputFormat,
        /// The requested value in bytes.
        got: u32,
        /// The smallest possible, in bytes.
        min: u32,
        /// The largest possible, in bytes.
        max: u32,
        /// The reason.
        why: &'static str,
    },
    /// Possible, but not recommended.
    #[error("blocks of {got} bytes --for {profile} are not written: {why}")]
    Unwise {
        /// The profile.
        profile: Profile,
        /// The requested value in bytes.
        got: u32,
        /// The largest recommended block size in bytes.
        max: u32,
        /// The reason.
        why: &'static str,
        /// When it is fine nevertheless.
        fine_if: &'static str,
    },
    /// The alignment is not a power of two, or larger than the maximum.
    #[error(
        "--align {got} is not possible for {}{}: {}",
        format, for_whom(*profile), alignments(*max)
    )]
    Align {
        /// The profile.
        profile: Profile,
        /// The format.
        format: OutputFormat,
        /// The requested value in bytes.
        got: u32,
        /// The largest possible, in bytes.
        max: u32,
    },
    /// The profile's readers play discs of another console.
    #[error("this is a {} disc, and --for {profile} writes for {reader}, which plays discs of the {}", disc.name(), plays.name())]
    Console {
        /// The profile.
        profile: Profile,
        /// The first of its readers.
        reader: Reader,
        /// The console whose discs they play.
        plays: Console,
        /// The console of the disc.
        disc: Console,
    },
    /// The profile's files stay below 4 GiB, because its readers keep positions in 32 bits.
    #[error(
        "an image of {image_size} bytes can make a file of {worst_case} bytes, and --for {profile} writes only \
         files that stay below 4 GiB ({limit} bytes)"
    )]
    FourGib {
        /// The profile.
        profile: Profile,
        /// Size of the image in bytes.
        image_size: u64,
        /// The maximum size of the output file in bytes.
        worst_case: u64,
        /// The smallest size that is too large, in bytes.
        limit: u64,
    },
    /// The index needs a larger shift than the profile's readers accept.
    #[error(
        "an image of {image_size} bytes needs an index shift of {needed}, and --for {profile} has at most {max}"
    )]
    Shift {
        /// The profile.
        profile: Profile,
        /// Size of the image in bytes.
        image_size: u64,
        /// The smallest shift that fits.
        needed: u8,
        /// The largest shift that they accept.
        max: u8,
    },
    /// The format cannot hold the image.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// One of the profile's readers cannot use the file. The other refusals cover every known case; this
    /// one is a safeguard.
    #[error("{reader} could not use the file: {why}")]
    Reader {
        /// The reader.
        reader: Reader,
        /// Why not.
        why: String,
    },
}

impl Refusal {
    /// Returns what to do instead, as a sentence.
    #[must_use]
    pub fn fix(&self) -> String {
        match self {
            Self::Format { profile, .. } => {
                let names: Vec<&str> = profile.formats().iter().map(|format| format.name()).collect();
                format!("Use --to {}, or leave out --for.", names.join(" or --to "))
            }
            Self::BlockSize { profile: Profile::Any, min, max, .. } if min == max => {
                format!("Leave out -b: the format has only blocks of {max} bytes.")
            }
            Self::BlockSize { profile: Profile::Any, min, max, .. } => {
                format!("Use a power of two from {min} to {max}.")
            }
            Self::BlockSize { profile, format, got, min, max, .. } => {
                let sizes = if min == max {
                    "Leave out -b".into()
                } else {
                    format!("Use a power of two from {min} to {max}")
                };
                match others_with(*profile, *format, *got) {
                    Some(others) => format!("{sizes}, or name another reader: --for {others}."),
                    None => format!("{sizes}."),
                }
            }
            Self::Unwise { max, fine_if, .. } => {
                format!("Use -b {max}, or add --ignore-limits if {fine_if}.")
            }
            Self::Align { max: 1, .. } => "Leave out --align.".into(),
            Self::Align { max, .. } => format!("Use a power of two up to {max}, or leave out --align."),
            Self::Console { disc, .. } => {
                let names = Profile::ALL.into_iter().filter(|other| other.console() == Some(*disc));
                let names = listed(names.map(Profile::name).collect()).unwrap_or_default();
                format!("Use --for {names}, or add --ignore-limits to do it anyway.")
            }
            Self::FourGib { .. } => {
                "Use --for cisor (this project's PSP driver) or --for ppsspp for a disc of this \
                                    size; if it is a PS2 disc, --for opl."
                    .into()
            }
            Self::Shift { .. } => "Use --for any, which has no such limit.".into(),
            Self::Plan(error) => fix_plan(error),
            Self::Reader { .. } => "Choose the reader that the file is for with --for.".into(),
        }
    }
}

fn fix_plan(error: &PlanError) -> String {
    const RAW_SECTOR: u64 = 2352;
    match *error {
        PlanError::ImageSize { size } if size > 0 && size.is_multiple_of(RAW_SECTOR) => {
            "It may be a raw CD image with sectors of 2352 bytes: convert it to a plain ISO of 2048-byte sectors \
             first."
                .into()
        }
        PlanError::ImageSize { .. } => {
            "It may be cut off, or no image of a disc: dump the disc again and compare.".into()
        }
        PlanError::TooLarge { .. } => "Use --to cso or --to zso, which can hold it.".into(),
        PlanError::NoChoice { .. } => "Use --to cso, or leave out --optimize.".into(),
        _ => "Leave out -b and --align.".into(),
    }
}

/// The possible alignments.
fn alignments(max: u32) -> String {
    match max {
        1 => "its blocks lie back to back".into(),
        max => format!("it must be a power of two up to {max}"),
    }
}

/// Names the profile, if it is the one that refuses.
fn for_whom(profile: Profile) -> String {
    if profile == Profile::Any { String::new() } else { format!(" --for {profile}") }
}

/// The other profiles for the same console that write such blocks, for instance `ark or ppsspp`.
fn others_with(profile: Profile, format: OutputFormat, block_size: u32) -> Option<String> {
    let others: Vec<&str> = Profile::ALL
        .into_iter()
        .filter(|other| *other != Profile::Any && other.console() == profile.console())
        .filter(|other| other.formats().contains(&format) && other.has_blocks_of(block_size))
        .map(Profile::name)
        .collect();
    listed(others)
}

/// Joins names for a sentence: `psp, ark or cisor`.
fn listed(names: Vec<&str>) -> Option<String> {
    let (last, rest) = names.split_last()?;
    Some(if rest.is_empty() { (*last).into() } else { format!("{} or {last}", rest.join(", ")) })
}

/// Why a profile does not write a format: the reason of the first of its readers that has one.
fn readers_without(profile: Profile, format: OutputFormat) -> String {
    let cannot = |reader: &Reader| {
        let why = reader.refuses_format(format.format()?)?;
        Some(match why.strip_prefix("it ") {
            Some(verb) => format!("{reader} {verb}"),
            None => format!("{reader}: {why}"),
        })
    };
    profile.readers().iter().find_map(cannot).unwrap_or_else(|| {
        let names: Vec<String> = profile.formats().iter().map(|format| format.to_string()).collect();
        format!("it writes {}", names.join(" or "))
    })
}
