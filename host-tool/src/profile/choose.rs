//! Turns a profile and the user's options into a plan.

use image_writer::{OutputFormat, Plan};
use sector_decode::MAX_INDEX_SHIFT;

use super::rules::{Blocks, Deflate, Index};
use super::{Choice, CompressOptions, Profile, Refusal};
use crate::level::Level;
use crate::readers::{Facts, Verdict, verdict};
use disc_info::Disc;

/// Decides how an image of `image_size` bytes is written, before any work is done.
///
/// # Errors
///
/// The first thing that the profile, the format, or one of the profile's readers cannot do.
pub fn choose(
    profile: Profile,
    compress_options: &CompressOptions,
    image_size: u64,
) -> Result<Choice, Refusal> {
    let mut notes = Vec::new();
    let format = format(profile, compress_options.to)?;
    let mut plan = Plan {
        format,
        block_size: block_size(profile, format, compress_options)?,
        index_shift: 0,
        deflate: match deflate(profile, format) {
            Deflate::Stock => compress_options.level.zlib(),
            Deflate::Linted | Deflate::Any => compress_options.level.deflate(),
        },
        lz4: compress_options.level.lz4(),
        threshold: compress_options.threshold.unwrap_or(profile.rules().threshold),
        optimize: compress_options.optimize,
        firmware_safe: profile.rules().deflate != Deflate::Any,
        pad_file_to: profile.rules().pad_file_to,
        threads: compress_options.threads,
    };
    plan.index_shift = index_shift(profile, &plan, compress_options.align, image_size)?;
    plan.check(image_size)?;

    if stock_zlib_is_exhausted(profile, format, compress_options.level) {
        notes.push(format!(
            "{} packs as -6 does here: {format} for this reader is written by stock zlib, which has nothing \
             stronger.",
            compress_options.level,
            format = format,
        ));
    }
    if plan.index_shift > 0 && 1 << plan.index_shift >= plan.block_size {
        notes.push(format!(
            "With --align {} every block of {} bytes takes at least as much in the file: nothing is saved.",
            1u64 << plan.index_shift,
            plan.block_size,
        ));
    }
    if format == OutputFormat::Chd
        && (compress_options.level != Level::default() || compress_options.threshold.is_some())
    {
        notes.push(
            "CHD has no levels and no threshold: each hunk gets the smallest of its encodings.".to_owned(),
        );
    }
    if let Some(facts) = Facts::from_plan(&plan, image_size) {
        notes.extend(reservations(profile, &facts)?);
    }
    Ok(Choice { plan, notes })
}

/// Checks that the profile's readers play this disc.
///
/// # Errors
///
/// [`Refusal::Console`], unless limits are ignored.
pub fn check_console(profile: Profile, disc: &Disc, ignore_limits: bool) -> Result<(), Refusal> {
    match (profile.readers().first(), profile.console(), disc.console) {
        (Some(&reader), Some(plays), Some(disc)) if plays != disc && !ignore_limits => {
            Err(Refusal::Console { profile, reader, plays, disc })
        }
        _ => Ok(()),
    }
}

/// The warnings of the profile's readers about the file, each once.
fn reservations(profile: Profile, facts: &Facts) -> Result<Vec<String>, Refusal> {
    let mut found: Vec<(String, Vec<&str>)> = Vec::new();
    for &reader in profile.readers() {
        match verdict(reader, facts) {
            Verdict::Reads => {}
            Verdict::Caution(why) | Verdict::Unknown(why) => {
                match found.iter_mut().find(|(other, _)| *other == why) {
                    Some((_, readers)) => readers.push(reader.name()),
                    None => found.push((why, vec![reader.name()])),
                }
            }
            Verdict::Refuses(why) => return Err(Refusal::Reader { reader, why }),
        }
    }
    Ok(found.into_iter().map(|(why, readers)| format!("{}: {why}.", readers.join("; "))).collect())
}

fn format(profile: Profile, wish: Option<OutputFormat>) -> Result<OutputFormat, Refusal> {
    let formats = profile.formats();
    match wish {
        None => Ok(formats[0]),
        Some(got) if formats.contains(&got) => Ok(got),
        Some(got) => Err(Refusal::Format { profile, got }),
    }
}

fn block_size(
    profile: Profile,
    format: OutputFormat,
    compress_options: &CompressOptions,
) -> Result<u32, Refusal> {
    let (format_min, format_max) = format.block_sizes();
    let (default, max, beyond, why) = match profile.rules().blocks {
        Blocks::Sizes { default, max, beyond, why } => (default, max, beyond, why),
        Blocks::OfFormat => (format_min, format_max, None, limit_of(format)),
    };
    let Some(got) = compress_options.block_size else { return Ok(default) };
    let refused = |why| Err(Refusal::BlockSize { profile, format, got, min: format_min, max, why });
    if got < format_min {
        return refused(if format_min == format_max {
            why
        } else {
            "a block is at least one sector of 2048 bytes"
        });
    }
    if !got.is_power_of_two() {
        return refused("readers take only powers of two");
    }
    match beyond {
        _ if got <= max => Ok(got),
        Some(beyond) if got <= beyond.max && compress_options.ignore_limits => Ok(got),
        Some(beyond) if got <= beyond.max => {
            Err(Refusal::Unwise { profile, got, max, why, fine_if: beyond.fine_if })
        }
        _ => refused(why),
    }
}

/// Why a format does not allow larger blocks.
const fn limit_of(format: OutputFormat) -> &'static str {
    match format {
        OutputFormat::Cso | OutputFormat::Cso2 | OutputFormat::Zso => {
            "no tool is known to write more than 262144"
        }
        OutputFormat::Dax => "all blocks of the format have 8192 bytes",
        OutputFormat::Jso => "the format's own tool has at most 16384",
        OutputFormat::Chd => "every small read would have to unpack a larger hunk whole",
    }
}

/// DAX and JSO are only played by firmwares, whatever the profile.
fn deflate(profile: Profile, format: OutputFormat) -> Deflate {
    match (profile.rules().deflate, format) {
        (Deflate::Any, OutputFormat::Dax | OutputFormat::Jso) => Deflate::Stock,
        (deflate, _) => deflate,
    }
}

/// The smallest shift that fits the worst case, or a larger one if an alignment needs it.
fn index_shift(profile: Profile, plan: &Plan, align: Option<u32>, image_size: u64) -> Result<u8, Refusal> {
    let shifts = matches!(plan.format, OutputFormat::Cso | OutputFormat::Cso2 | OutputFormat::Zso);
    // The limits for the requested shift and for the necessary shift.
    let (most, max) = match profile.rules().index {
        Index::UpTo(max) if shifts => (max.min(MAX_INDEX_SHIFT), max.min(MAX_INDEX_SHIFT)),
        // Twice 2 GiB.
        Index::Below4Gib if shifts => (0, 1),
        _ => (0, 0),
    };
    let wished = match align {
        None => 0,
        Some(got) if got.is_power_of_two() && got <= 1 << most => got.trailing_zeros(),
        Some(got) => {
            return Err(Refusal::Align { profile, format: plan.format, got, max: 1 << most });
        }
    };
    // `Plan::check` refuses an image that is too large for any shift, in the format's own terms.
    let Some(needed) = plan.smallest_shift(image_size) else { return Ok(0) };
    if needed > max {
        return Err(match profile.rules().index {
            Index::Below4Gib => Refusal::FourGib {
                profile,
                image_size,
                worst_case: plan.worst_case_len(image_size),
                limit: 1 << 32,
            },
            Index::UpTo(_) => Refusal::Shift { profile, image_size, needed, max },
        });
    }
    Ok(needed.max(u8::try_from(wished).unwrap_or(max)))
}

fn stock_zlib_is_exhausted(profile: Profile, format: OutputFormat, level: Level) -> bool {
    !matches!(format, OutputFormat::Zso | OutputFormat::Chd)
        && deflate(profile, format) == Deflate::Stock
        && level > Level::default()
}
