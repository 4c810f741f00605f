//! `cisor library report`: a page about all images.

use std::path::Path;

use crate::cli::ReportArgs;
use crate::failure::Failure;
use crate::report::Reporter;

pub(super) fn report(_args: &ReportArgs, _place: &Path, _reporter: &mut Reporter) -> Result<(), Failure> {
    Ok(())
}
