//! Files with text: written beside, then renamed.

use std::io::Write;
use std::path::Path;

use crate::failure::Failure;
use crate::human;
use crate::output::{Existing, Outputs, Standing};
use crate::report::Reporter;

/// Writes a file, and says so.
///
/// # Errors
///
/// When it exists and is not to be replaced, or cannot be written.
pub(super) fn file(
    target: &Path,
    force: bool,
    bytes: &[u8],
    verb: &str,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    let existing = if force { Existing::Replace } else { Existing::Keep };
    if !force && std::fs::symlink_metadata(target).is_ok() {
        return Err(Failure::TargetExists(target.to_owned()));
    }
    let standing = Standing::at(target, existing);
    let mut outputs = Outputs::default();
    let part = outputs.begin(target, &standing)?;
    let mut file = part.file();
    file.write_all(bytes).map_err(Failure::Write)?;
    part.sync()?;
    outputs.commit(part, &standing)?;
    let text = format!("{} written, {}", human::name(target), human::size(bytes.len() as u64));
    super::done(verb, &[("bytes", bytes.len() as u64)], &text, reporter);
    Ok(())
}
