//! How new files are called.

use clap::builder::{PossibleValuesParser, TypedValueParser};

/// How new files are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// Like the source.
    #[default]
    Source,
    /// As Open PS2 Loader expects it, in its folders.
    Opl,
}

/// Reads the name of a way of naming.
pub(super) fn parser() -> impl TypedValueParser<Value = Naming> {
    PossibleValuesParser::new(["source", "opl"])
        .map(|name| if name == "opl" { Naming::Opl } else { Naming::Source })
}
