//! How the decoded content and damage of a file affect readers: the format alone does not make a game.

use sector_decode::Format;

use super::Verdict::{Caution, Reads, Refuses, Unknown};
use super::{Content, Facts, Reader, Verdict};

/// Returns what prevents `reader` from playing the content of a file.
pub(super) fn of_reader(reader: Reader, facts: &Facts) -> Verdict {
    if facts.damaged {
        return unknown("the file is damaged, and what becomes of a game with such blocks is not known");
    }
    match facts.content {
        Content::Game => Reads,
        Content::GameOnCdrom1 => match reader {
            // Versions that read ZSO (pull request 61) read such discs (pull request 58).
            Reader::HdlDump if facts.format == Format::Iso => Caution(
                "the disc starts from cdrom1:, and versions from before May 2022 only take cdrom0:".into(),
            ),
            _ => Reads,
        },
        // Converters and file managers accept any content.
        Content::UmdVideo | Content::UmdMusic if reader.console().is_none() => Reads,
        Content::UmdVideo => umd_video(reader, "UMD Video"),
        Content::UmdMusic => umd_video(reader, "UMD Music"),
        Content::Ps1 => unknown("it is a disc of the first PlayStation"),
        Content::RawCd => unknown("it consists of raw CD sectors of 2352 bytes, not of 2048"),
        Content::UnknownDisc => unknown("nothing on the disc tells that it is for the PSP or the PS2"),
        Content::NoDisc => unknown("no disc was recognised in it"),
        Content::Unreadable => unknown("which disc it is could not be read"),
    }
}

/// Films and music. The facts about emulators are from their source code, those about firmwares from their
/// issue threads.
fn umd_video(reader: Reader, kind: &str) -> Verdict {
    match reader {
        Reader::Ppsspp => Refuses(format!("it does not play {kind}")),
        Reader::Adrenaline7 => Refuses(format!("it has no way to mount {kind}, its author says")),
        Reader::Jpcsp => Caution(format!("a player of its own shows {kind}; not verified")),
        _ => Caution(format!(
            "{kind} is mounted from ISO/VIDEO, where the firmware's menu offers that; not verified"
        )),
    }
}

fn unknown(why: &str) -> Verdict {
    Unknown(why.to_owned())
}
