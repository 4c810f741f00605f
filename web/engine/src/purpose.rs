//! What the page can ask for: profiles, formats, levels and block sizes.

use image_writer::OutputFormat;

use crate::json::{Object, quoted};
use crate::level::Level;
use crate::profile::{CompressOptions, Profile, choose};

/// Block sizes that are offered where a profile takes them; the largest that a format has is 2^18.
const SIZES: std::ops::RangeInclusive<u32> = 11..=18;
/// Of an image that every profile takes.
const SOME_SIZE: u64 = 1 << 30;
/// The name of the level that is no number.
const BEST: &str = "best";

/// Reads `PROFILE`, or `PROFILE:FORMAT:LEVEL:BLOCKSIZE`, of which anything after the profile may be empty or missing.
pub(crate) fn parse(purpose: &str) -> Result<(Profile, CompressOptions), String> {
    let mut fields = purpose.split(':');
    let mut next = || fields.next().filter(|field| !field.is_empty());
    let (name, format, level, block_size) = (next().unwrap_or_default(), next(), next(), next());
    let profile = Profile::from_name(name).ok_or_else(|| format!("no profile {name}"))?;
    let mut options = CompressOptions::default();
    if let Some(name) = format {
        let found = formats(profile).find(|format| format.to_string() == name);
        options.to = Some(found.ok_or_else(|| format!("{profile} has no format {name}"))?);
    }
    if let Some(name) = level {
        let number = || name.parse().ok().and_then(Level::new);
        let level = if name == BEST { Some(Level::Best) } else { number() };
        options.level = level.ok_or_else(|| format!("no level {name}"))?;
    }
    if let Some(bytes) = block_size {
        options.block_size = Some(bytes.parse().map_err(|_| format!("no block size {bytes}"))?);
    }
    Ok((profile, options))
}

/// Lists the profiles with their formats, and the block sizes that these take, the usual one first.
pub(crate) fn profiles_json() -> String {
    let profile = |profile: Profile| {
        let formats = formats(profile).map(|format| format_json(profile, format));
        Object::new().text("name", profile.name()).list("formats", formats).end()
    };
    Object::new().list("profiles", Profile::ALL.map(profile)).end()
}

/// The formats that this build writes.
fn formats(profile: Profile) -> impl Iterator<Item = OutputFormat> {
    profile.formats().iter().copied().filter(|format| *format != OutputFormat::Chd)
}

fn format_json(profile: Profile, format: OutputFormat) -> String {
    let plan = |block_size| {
        let options = CompressOptions { to: Some(format), block_size, ..CompressOptions::default() };
        choose(profile, &options, SOME_SIZE).ok().map(|choice| choice.plan.block_size)
    };
    let usual = plan(None);
    let others = SIZES.filter_map(|shift| plan(Some(1 << shift))).filter(|&size| Some(size) != usual);
    let sizes: Vec<String> = usual.into_iter().chain(others).map(|size| size.to_string()).collect();
    format!("[{},[{}]]", quoted(&format.to_string()), sizes.join(","))
}
