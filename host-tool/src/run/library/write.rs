//! Files with text: written beside, then renamed.

use std::io::Write;
use std::iter;
use std::path::{Path, PathBuf};

use disc_library::Known;

use crate::failure::Failure;
use crate::human;
use crate::output::{Existing, Outputs, Standing};
use crate::report::Reporter;
use crate::target::Claims;

/// Returns what exists where a file is to be written. Call it before the work.
///
/// # Errors
///
/// When the file must not be written there: it exists and is not to be replaced, is no regular file, is the library
/// at `place` itself, or is a file that the library knows.
pub(super) fn claim(target: &Path, force: bool, place: &Path) -> Result<Standing, Failure> {
    let existing = if force { Existing::Replace } else { Existing::Keep };
    let mut claims = Claims::new(&[place.to_owned()]);
    if target.exists() {
        let known = super::read(place)?.known()?;
        let paths =
            |known: Known| iter::once(known.path).chain(known.parts.into_iter().map(|part| part.path));
        let known: Vec<PathBuf> = known.into_iter().flat_map(paths).collect();
        claims.add(&known);
    }
    claims.claim_report(target, existing)
}

/// Writes a claimed file, and says so.
///
/// # Errors
///
/// When it cannot be written.
pub(super) fn file(
    target: &Path,
    standing: &Standing,
    bytes: &[u8],
    verb: &str,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    let mut outputs = Outputs::default();
    let part = outputs.begin(target, standing)?;
    part.file().write_all(bytes).map_err(Failure::Write)?;
    part.sync()?;
    outputs.commit(part, standing)?;
    let text = format!("{} written, {}", human::name(target), human::size(bytes.len() as u64));
    super::done(verb, &[("bytes", bytes.len() as u64)], &text, reporter);
    Ok(())
}
