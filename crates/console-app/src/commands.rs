//! The file of commands for unattended work.
//!
//! There is one command per line. Words are separated by spaces; a word in `"` may contain spaces. Empty
//! lines and lines starting with `#` are ignored.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::driver::System;
use crate::dump::Kind;
use crate::screens::Place;

/// The longest file that is read, in bytes.
pub const MAX_LEN: usize = 64 << 10;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `images list`
    Images,
    /// `check PATH`
    Check(String),
    /// `speed PATH`
    Speed(String),
    /// `dump FORMAT DEST [zeros] [tight]`
    Dump {
        /// The format to write.
        kind: Kind,
        /// A file, or a folder with its slash.
        target: String,
        /// Whether to fill unreadable sectors with zeros.
        zeros: bool,
        /// Whether to start even if the result may not fit.
        tight: bool,
    },
    /// `read-files`
    ReadFiles,
    /// `driver status`
    DriverStatus,
    /// `driver install [SYSTEM]`
    DriverInstall(Option<System>),
    /// `driver remove [SYSTEM]`
    DriverRemove(Option<System>),
    /// `report [PATH]`: with the image whose speed is to be measured.
    Report(Option<String>),
    /// `screen NAME`
    Screen(Place),
    /// `screenshot FILE`
    Screenshot(String),
    /// `shot-at PERCENT FILE`: takes a screenshot when the next task reaches this percentage.
    ShotAt(u8, String),
    /// `cancel-at PERCENT`: cancels the next task when it reaches this percentage.
    CancelAt(u8),
    /// `exit`
    Exit,
}

impl Command {
    /// Returns the name it has in results.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Images => "images list",
            Self::Check(_) => "check",
            Self::Speed(_) => "speed",
            Self::Dump { .. } => "dump",
            Self::ReadFiles => "read-files",
            Self::DriverStatus => "driver status",
            Self::DriverInstall(_) => "driver install",
            Self::DriverRemove(_) => "driver remove",
            Self::Report(_) => "report",
            Self::Screen(_) => "screen",
            Self::Screenshot(_) => "screenshot",
            Self::ShotAt(..) => "shot-at",
            Self::CancelAt(_) => "cancel-at",
            Self::Exit => "exit",
        }
    }
}

/// A command with its line number, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Number of the line.
    pub number: u32,
    /// The command.
    pub command: Command,
}

/// An invalid line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Number of the line, counted from 1.
    pub number: u32,
    /// What is wrong with it.
    pub message: String,
}

/// Parses a command file.
///
/// # Errors
///
/// All invalid lines. If there are any, none of the file's commands may be executed.
pub fn parse(file: &[u8]) -> Result<Vec<Line>, Vec<BadLine>> {
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let (mut lines, mut bad) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(file.split(|&byte| byte == b'\n')) {
        let parsed = core::str::from_utf8(line)
            .map_err(|_| String::from("this is no text"))
            .and_then(|line| words(line.trim()))
            .and_then(|words| command(&words));
        match parsed {
            Ok(Some(command)) => lines.push(Line { number, command }),
            Ok(None) => {}
            Err(message) => bad.push(BadLine { number, message }),
        }
    }
    let exit = lines.iter().position(|line| line.command == Command::Exit);
    if let Some(at) = exit
        && let Some(next) = lines.get(at + 1)
    {
        bad.push(BadLine { number: next.number, message: "nothing can follow `exit`".into() });
    }
    if bad.is_empty() { Ok(lines) } else { Err(bad) }
}

fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = line;
    if rest.starts_with('#') {
        return Ok(words);
    }
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or("a quotation mark is missing")?,
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        if !after.is_empty() && !after.starts_with(char::is_whitespace) {
            return Err("a blank is missing behind a quotation mark".into());
        }
        if word.chars().any(char::is_control) {
            return Err("there is a control character in it".into());
        }
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    Ok(words)
}

fn command(words: &[String]) -> Result<Option<Command>, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(Some(match words[..] {
        [] => return Ok(None),
        ["images", "list"] => Command::Images,
        ["check", name] => Command::Check(path(name)?),
        ["speed", name] => Command::Speed(path(name)?),
        ["dump", kind, target, ref options @ ..] => {
            let named = Kind::ALL.into_iter().find(|one| one.name() == kind);
            let kind = named.ok_or_else(|| format!("`{kind}` is none of iso, cso, zso"))?;
            let unknown = options.iter().find(|option| !matches!(**option, "zeros" | "tight"));
            if let Some(unknown) = unknown {
                return Err(format!("`{unknown}` is neither `zeros` nor `tight`"));
            }
            let (zeros, tight) = (options.contains(&"zeros"), options.contains(&"tight"));
            Command::Dump { kind, target: path(target)?, zeros, tight }
        }
        ["read-files"] => Command::ReadFiles,
        ["driver", "status"] => Command::DriverStatus,
        ["driver", "install"] => Command::DriverInstall(None),
        ["driver", "remove"] => Command::DriverRemove(None),
        ["driver", "install", name] => Command::DriverInstall(Some(system(name)?)),
        ["driver", "remove", name] => Command::DriverRemove(Some(system(name)?)),
        ["report"] => Command::Report(None),
        ["report", name] => Command::Report(Some(path(name)?)),
        ["screen", name] => {
            let place = Place::ALL.into_iter().find(|place| place.name() == name);
            Command::Screen(place.ok_or_else(|| format!("there is no screen `{name}`"))?)
        }
        ["screenshot", name] => Command::Screenshot(path(name)?),
        ["shot-at", at, name] => Command::ShotAt(percent(at)?, path(name)?),
        ["cancel-at", at] => Command::CancelAt(percent(at)?),
        ["exit"] => Command::Exit,
        [first, ..] => return Err(format!("`{first}` is no command, or has other words behind it")),
    }))
}

fn path(word: &str) -> Result<String, String> {
    let is_path = word.split_once(":/").is_some_and(|(device, _)| {
        !device.is_empty() && device.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if is_path {
        Ok(word.into())
    } else {
        Err(format!("`{word}` does not begin with a device, as ms0:/ does"))
    }
}

fn percent(word: &str) -> Result<u8, String> {
    let number = word.parse().ok().filter(|&number| number <= 100);
    number.ok_or_else(|| format!("`{word}` is no number from 0 to 100"))
}

fn system(word: &str) -> Result<System, String> {
    let named = System::ALL.into_iter().find(|system| system.name() == word);
    named.ok_or_else(|| format!("`{word}` is none of ark, classic, adrenaline"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    fn one(line: &str) -> Command {
        let mut lines = parse(line.as_bytes()).expect("a line that makes sense");
        assert_eq!(lines.len(), 1);
        lines.remove(0).command
    }

    #[test]
    fn every_command_is_understood() {
        let path = || String::from("ms0:/ISO/a b.cso");
        assert_eq!(one("images list"), Command::Images);
        assert_eq!(one("check \"ms0:/ISO/a b.cso\""), Command::Check(path()));
        assert_eq!(one("  speed\t\"ms0:/ISO/a b.cso\"  "), Command::Speed(path()));
        let dump = |zeros, tight| Command::Dump { kind: Kind::Zso, target: "ms0:/ISO/".into(), zeros, tight };
        assert_eq!(one("dump zso ms0:/ISO/"), dump(false, false));
        assert_eq!(one("dump zso ms0:/ISO/ zeros"), dump(true, false));
        assert_eq!(one("dump zso ms0:/ISO/ tight zeros"), dump(true, true));
        assert_eq!(one("read-files"), Command::ReadFiles);
        assert_eq!(one("driver status"), Command::DriverStatus);
        assert_eq!(one("driver install"), Command::DriverInstall(None));
        assert_eq!(one("driver remove ark"), Command::DriverRemove(Some(System::Ark)));
        assert_eq!(one("report"), Command::Report(None));
        assert_eq!(one("report \"ms0:/ISO/a b.cso\""), Command::Report(Some(path())));
        assert_eq!(one("screen menu"), Command::Screen(Place::Menu));
        assert_eq!(one("screenshot ms0:/a.bmp"), Command::Screenshot("ms0:/a.bmp".into()));
        assert_eq!(one("shot-at 50 ms0:/a.bmp"), Command::ShotAt(50, "ms0:/a.bmp".into()));
        assert_eq!(one("cancel-at 100"), Command::CancelAt(100));
        assert_eq!(one("exit"), Command::Exit);
    }

    #[test]
    fn lines_are_counted_and_comments_left_out() {
        let lines = parse(b"\xEF\xBB\xBF# all of it\r\n\r\nimages list\r\n  # more\nexit").unwrap();
        assert_eq!(
            lines,
            vec![Line { number: 3, command: Command::Images }, Line { number: 5, command: Command::Exit },]
        );
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn nonsense_is_named_by_its_line() {
        for (line, part) in [
            ("chek ms0:/a", "`chek` is no command"),
            ("check", "other words"),
            ("check a.cso", "does not begin with a device"),
            ("check :/a.cso", "does not begin with a device"),
            ("check \"ms0:/a", "quotation mark is missing"),
            ("check \"ms0:/a\"b", "blank is missing"),
            ("dump rar ms0:/ISO/", "none of iso, cso, zso"),
            ("dump iso ms0:/ISO/ zero", "neither `zeros`"),
            ("driver install m33", "none of ark"),
            ("report game.cso", "does not begin with a device"),
            ("screen nowhere", "no screen"),
            ("cancel-at 101", "0 to 100"),
            ("check ms0:/\u{7}", "control character"),
            ("exit\nimages list", "nothing can follow"),
        ] {
            let bad = parse(line.as_bytes()).expect_err(line);
            assert!(bad[0].message.contains(part), "{line}: {}", bad[0].message);
        }
        let bad = parse(b"images list\n\xFF\xFE\nnothing").unwrap_err();
        assert_eq!(bad.iter().map(|line| line.number).collect::<Vec<_>>(), [2, 3]);
    }

    proptest! {
        #[test]
        fn no_file_panics(file: Vec<u8>) {
            let _ = parse(&file);
        }

        #[test]
        fn no_text_panics(file in "[ -~\\n\"#]{0,200}") {
            let _ = parse(file.as_bytes());
        }
    }
}
