//! Packs an image.

use std::io::{Seek, Write};

use sector_decode::ReadAt;

use crate::{EncodeError, Monitor, Plan, Summary};

/// Packs all of `source` into `sink`, which is empty and positioned at its beginning.
///
/// # Errors
///
/// See [`EncodeError`]. What the sink holds then is no image: its header is missing.
pub fn encode<S, W>(
    source: S,
    sink: W,
    plan: &Plan,
    monitor: &Monitor,
) -> Result<Summary, EncodeError<S::Error>>
where
    S: ReadAt + Send,
    S::Error: Send,
    W: Write + Seek,
{
    let _ = (source, sink, plan, monitor);
    todo!("the image-encode helper writes this")
}
