//! The formats that `--to` names.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use image_writer::OutputFormat;

pub(super) fn parser() -> impl TypedValueParser<Value = OutputFormat> {
    let written = OutputFormat::ALL.map(|format| PossibleValue::new(format.name()));
    PossibleValuesParser::new(written).try_map(|name| {
        OutputFormat::ALL.into_iter().find(|format| format.name() == name).ok_or("no such format")
    })
}
