//! Short options in the style of getopt: `-c 9`, `-c9`, `-mc9`, anywhere among the file names.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use image_writer::Threshold;

use super::Misuse;
use crate::level::Level;

/// Parsed arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    /// Options in order, with their values.
    pub(super) options: Vec<(char, String)>,
    /// Everything else.
    pub(super) files: Vec<PathBuf>,
}

/// Parses arguments; `flags` are the options without a value, `valued` those with one.
pub(super) fn parse(args: &[OsString], flags: &str, valued: &str) -> Result<Parsed, Misuse> {
    let mut parsed = Parsed::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--" {
            parsed.files.extend(args.map(PathBuf::from));
            break;
        }
        let Some(cluster) =
            arg.to_str().and_then(|arg| arg.strip_prefix('-')).filter(|rest| !rest.is_empty())
        else {
            parsed.files.push(PathBuf::from(arg));
            continue;
        };
        let mut rest = cluster.chars();
        while let Some(option) = rest.next() {
            if flags.contains(option) {
                parsed.options.push((option, String::new()));
            } else if valued.contains(option) {
                let value = match rest.as_str() {
                    "" => text(args.next().ok_or_else(|| Misuse(format!("-{option} needs a value")))?)?,
                    value => value.to_owned(),
                };
                parsed.options.push((option, value));
                break;
            } else {
                return Err(Misuse(format!("unknown option -{option}")));
            }
        }
    }
    Ok(parsed)
}

/// Parses a value as a number in a range.
pub(super) fn number(option: &str, value: &str, range: std::ops::RangeInclusive<u32>) -> Result<u32, Misuse> {
    match value.trim().parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => {
            let (min, max) = (range.start(), range.end());
            Err(Misuse(format!("{option} needs a number from {min} to {max}, not {value:?}")))
        }
    }
}

fn text(value: &OsStr) -> Result<String, Misuse> {
    value.to_str().map(str::to_owned).ok_or_else(|| Misuse(format!("{value:?} is no value")))
}

/// The arguments of ziso.py and ciso.py, which share one grammar.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ScriptArguments {
    /// 0 means to extract the image.
    pub(super) level: u32,
    pub(super) block_size: Option<u32>,
    pub(super) threshold: Option<Threshold>,
    pub(super) align: Option<u32>,
}

impl ScriptArguments {
    /// Options without a value: -m changes nothing, as all processors are used anyway.
    pub(super) const FLAGS: &'static str = "mh";
    /// Options with one: -p, the padding byte, changes nothing. Padding is zeros, and readers ignore it.
    pub(super) const VALUED: &'static str = "cbtap";

    /// Parses the options. Without -c the scripts compress at their library's default level.
    pub(super) fn of(
        options: &[(char, String)],
        levels: std::ops::RangeInclusive<u32>,
    ) -> Result<Self, Misuse> {
        let mut asked = Self { level: 9, block_size: None, threshold: None, align: None };
        for (option, value) in options {
            match option {
                'c' => asked.level = number("-c", value, levels.clone())?,
                'b' => asked.block_size = Some(number("-b", value, 1..=1 << 20)?),
                't' => {
                    let percent = number("-t", value, 1..=u32::MAX)?.min(100);
                    asked.threshold = u8::try_from(percent).ok().and_then(Threshold::new);
                }
                'a' => asked.align = Some(1 << number("-a", value, 0..=20)?),
                _ => {}
            }
        }
        Ok(asked)
    }

    /// Returns the level. Numbers beyond ours, such as LZ4 HC's up to 12, map to the best level.
    pub(super) fn level(&self) -> Level {
        level(self.level)
    }
}

/// A level from another tool's number.
pub(super) fn level(number: u32) -> Level {
    u8::try_from(number).ok().and_then(Level::new).unwrap_or(Level::Best)
}

/// Rewrites long options as the corresponding short ones: `--input=FILE` as `-iFILE`.
pub(super) fn shortened(args: &[OsString], names: &[(&str, char)]) -> Vec<OsString> {
    let short = |arg: &OsString| {
        let long = arg.to_str()?.strip_prefix("--")?;
        let (name, value) = long.split_once('=').unwrap_or((long, ""));
        let &(_, option) = names.iter().find(|(known, _)| *known == name)?;
        Some(OsString::from(format!("-{option}{value}")))
    };
    args.iter().map(|arg| short(arg).unwrap_or_else(|| arg.clone())).collect()
}

/// The two file names of ziso and ciso.
pub(super) fn in_and_out(files: Vec<PathBuf>) -> Result<(PathBuf, PathBuf), Misuse> {
    match <[PathBuf; 2]>::try_from(files) {
        Ok([input, output]) => Ok((input, output)),
        Err(files) => Err(Misuse(format!("two file names are needed, not {}", files.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Parsed, Misuse> {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        parse(&args, "mh", "cb")
    }

    #[test]
    fn options_can_stand_anywhere() {
        let expected = Parsed {
            options: vec![('c', "9".into()), ('m', String::new()), ('b', "2048".into())],
            files: vec!["in".into(), "out".into()],
        };
        assert_eq!(parsed(&["-c", "9", "-m", "-b", "2048", "in", "out"]).unwrap(), expected);
        assert_eq!(parsed(&["in", "-c9", "out", "-mb2048"]).unwrap(), expected);
    }

    #[test]
    fn two_dashes_end_the_options() {
        assert_eq!(parsed(&["--", "-c", "-"]).unwrap().files, [PathBuf::from("-c"), "-".into()]);
    }

    #[test]
    fn mistakes_are_named() {
        assert!(parsed(&["-x"]).unwrap_err().0.contains("-x"));
        assert!(parsed(&["-c"]).unwrap_err().0.contains("needs a value"));
        assert!(number("-b", "many", 1..=9).unwrap_err().0.contains("many"));
        assert_eq!(number("-b", " 9", 1..=9), Ok(9));
    }
}
