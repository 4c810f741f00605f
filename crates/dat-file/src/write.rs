//! Writes a DAT: Logiqx XML of some games' files.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::model::{Game, Rom};

/// A game and those of its files that are missing.
#[derive(Clone, Debug)]
pub struct Missing<'d> {
    /// The game.
    pub game: &'d Game,
    /// The files.
    pub roms: Vec<&'d Rom>,
}

/// Writes a DAT of these files, in the form that managers of collections read.
///
/// # Errors
///
/// Those of the target.
pub fn write(mut target: impl Write, name: &str, description: &str, games: &[Missing<'_>]) -> io::Result<()> {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE datafile PUBLIC \"-//Logiqx//DTD ROM Management Datafile//EN\" \
         \"http://www.logiqx.com/Dats/datafile.dtd\">\n<datafile>\n\t<header>\n",
    );
    let _ = writeln!(text, "\t\t<name>{}</name>", escape(name));
    let _ = writeln!(text, "\t\t<description>{}</description>\n\t</header>", escape(description));
    for missing in games {
        let name = escape(&missing.game.name);
        let _ = writeln!(text, "\t<game name=\"{name}\">\n\t\t<description>{name}</description>");
        for serial in &missing.game.serials {
            let _ = writeln!(text, "\t\t<serial>{}</serial>", escape(serial));
        }
        for rom in &missing.roms {
            let _ = write!(text, "\t\t<rom name=\"{}\" size=\"{}\"", escape(&rom.name), rom.size);
            if let Some(crc32) = rom.crc32 {
                let _ = write!(text, " crc=\"{crc32:08x}\"");
            }
            if let Some(md5) = &rom.md5 {
                let _ = write!(text, " md5=\"{}\"", hex(md5));
            }
            if let Some(sha1) = &rom.sha1 {
                let _ = write!(text, " sha1=\"{}\"", hex(sha1));
            }
            text.push_str("/>\n");
        }
        text.push_str("\t</game>\n");
        target.write_all(text.as_bytes())?;
        text.clear();
    }
    text.push_str("</datafile>\n");
    target.write_all(text.as_bytes())
}

/// Characters that XML 1.0 cannot hold at all are left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(letter));
            }
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// As DATs write hashes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
