//! Short options as getopt takes them: `-c 9`, `-c9`, `-mc9`, anywhere among the file names.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::Misuse;

/// Arguments taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    /// Options in order, those with a value with it.
    pub(super) options: Vec<(char, String)>,
    /// Everything else.
    pub(super) files: Vec<PathBuf>,
}

/// Takes arguments apart; `flags` are the options without a value, `valued` those with one.
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

/// A value that is to be a number in a range.
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

/// The two file names that ziso and ciso take.
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
