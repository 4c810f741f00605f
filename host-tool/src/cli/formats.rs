//! The formats that `--to` names.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use image_writer::OutputFormat;

/// Every format that is written, in the order of the help text.
pub(crate) const FORMATS: [OutputFormat; 5] =
    [OutputFormat::Cso, OutputFormat::Cso2, OutputFormat::Zso, OutputFormat::Dax, OutputFormat::Jso];

/// What people may ask for, although Cisor only reads it.
const CHD: &str = "chd";

/// Says which program writes CHDs, and how for which disc: PPSSPP wants hunks of one sector, and PS2 emulators the
/// usual ones.
const NO_CHD: &str = "Cisor reads CHDs and does not write them. chdman does:\n  \
    PSP:     chdman createdvd -hs 2048 -i GAME.iso -o GAME.chd\n  \
    PS2 DVD: chdman createdvd -hs 4096 -i GAME.iso -o GAME.chd\n  \
    PS2 CD:  chdman createcd -i GAME.cue -o GAME.chd\n\
    cisor extract makes the ISO";

pub(super) fn parser() -> impl TypedValueParser<Value = OutputFormat> {
    let written = FORMATS.map(|format| PossibleValue::new(format.format().name()));
    PossibleValuesParser::new(written.into_iter().chain([PossibleValue::new(CHD).hide(true)])).try_map(
        |name| {
            let unknown = if name == CHD { NO_CHD } else { "no such format" };
            FORMATS.into_iter().find(|format| format.format().name() == name).ok_or(unknown)
        },
    )
}
