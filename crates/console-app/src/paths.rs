//! The parts of a path.

/// The device of a path, with its colon.
pub(crate) fn device(path: &str) -> &str {
    path.split_inclusive(':').next().unwrap_or(path)
}

/// The folder of a path, with its slash, and the name in it.
pub(crate) fn split(path: &str) -> (&str, &str) {
    let at = path.rfind(['/', ':']).map_or(0, |at| at + 1);
    path.split_at(at)
}
