//! Short options in the style of getopt: `-c 9`, `-c9`, `-mc9`, anywhere among the file names.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use image_writer::Threshold;
use lexopt::Arg;

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

/// Parses arguments; `flags` are the options without a value, `valued` those with one. `names` has the long
/// names of some of them.
pub(super) fn parse(
    args: &[OsString],
    flags: &str,
    valued: &str,
    names: &[(&str, char)],
) -> Result<Parsed, Misuse> {
    let mut parsed = Parsed::default();
    let mut parser = lexopt::Parser::from_args(args.to_vec());
    while let Some(arg) = parser.next().map_err(|error| Misuse(error.to_string()))? {
        let option = match arg {
            Arg::Value(file) => {
                parsed.files.push(file.into());
                continue;
            }
            Arg::Short(option) => option,
            Arg::Long(name) => match names.iter().find(|(known, _)| *known == name) {
                Some(&(_, option)) => option,
                None => return Err(Misuse(format!("unknown option --{name}"))),
            },
        };
        let value = if flags.contains(option) {
            String::new()
        } else if valued.contains(option) {
            text(&parser.value().map_err(|_| Misuse(format!("-{option} needs a value")))?)?
        } else {
            return Err(Misuse(format!("unknown option -{option}")));
        };
        parsed.options.push((option, value));
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
        parse(&args, "mh", "cb", &[("block-size", 'b'), ("multi", 'm')])
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
    fn long_names_are_those_of_short_options() {
        let options = |args: &[&str]| parsed(args).map(|parsed| parsed.options);
        let expected = Ok(vec![('b', "2048".into()), ('m', String::new())]);
        assert_eq!(options(&["--block-size=2048", "--multi"]), expected);
        assert_eq!(options(&["--block-size", "2048", "-m"]), expected);
        assert!(parsed(&["--multi=1"]).is_err());
        assert!(parsed(&["--blocks=1"]).unwrap_err().0.contains("unknown option --blocks"));
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
