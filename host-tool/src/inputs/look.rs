//! The first look at a file that was found in a folder: is it a disc image? A few small reads, whatever the
//! size of the file.

use std::path::{Path, PathBuf};

use image_source::Source;
use sector_decode::{Format, HeaderError, Layout, OpenError, ReadAt};

use crate::failure::Failure;
use crate::host_file::HostFile;
use crate::identity::FileId;
use crate::{special, target};

/// What a file seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A plain image.
    Plain,
    /// A compressed image, perhaps with a damaged header. `None` if that does not even say which format.
    Packed(Option<Format>),
    /// A CHD, a CUE sheet or a dump of raw CD sectors.
    Source,
}

/// An image that is known without a look at the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What it is.
    pub look: Look,
    /// The other files that belong to it.
    pub parts: Vec<PathBuf>,
}

/// A look at a file, and the other files that belong to it.
pub(super) struct Seen {
    pub(super) look: Option<Look>,
    pub(super) parts: Vec<FileId>,
}

impl From<Known> for Seen {
    fn from(Known { look, parts }: Known) -> Self {
        Self { look: Some(look), parts: parts.iter().filter_map(|part| FileId::at(part).ok()).collect() }
    }
}

/// Where the first volume descriptor of ISO 9660 has its name.
const VOLUME: (u64, &[u8; 5]) = (16 * 2048 + 1, b"CD001");

/// Looks at a file. `None` for anything that is not a disc image. A file that is only named like one counts:
/// the verb then says what is wrong with it.
///
/// # Errors
///
/// When it cannot be opened or read.
pub(super) fn at(path: &Path) -> Result<Seen, Failure> {
    let file = special::open(path)?;
    let mut file = HostFile::new(file).map_err(Failure::Open)?;
    let only = |look| Ok(Seen { look, parts: Vec::new() });
    let by_name = match target::known_extension(path) {
        Some("iso") => Some(Look::Plain),
        Some("cso" | "ciso" | "zso" | "dax" | "jso") => Some(Look::Packed(None)),
        Some("chd" | "cue") => Some(Look::Source),
        _ => None,
    };
    if file.is_empty() {
        return only(by_name);
    }
    match Source::open(path, file.file()) {
        Ok(Some(source)) => {
            let parts = source.parts().iter().filter_map(|(_, part)| FileId::open(part).ok()).collect();
            return Ok(Seen { look: Some(Look::Source), parts });
        }
        Err(image_source::Error::Other(_)) => return only(None),
        Err(image_source::Error::Io { error, .. }) => return Err(Failure::Read { offset: 0, error }),
        // Whatever is wrong with it, it is one.
        Err(_) => return only(Some(Look::Source)),
        Ok(None) => {}
    }
    match Layout::probe(&mut file) {
        Ok(layout) if layout.format() != Format::Iso => only(Some(Look::Packed(Some(layout.format())))),
        Ok(_) if has_volume(&mut file) => only(Some(Look::Plain)),
        Ok(_) => only(by_name),
        Err(OpenError::Header(HeaderError::Foreign(_))) => only(None),
        Err(OpenError::Header(HeaderError::FileTooShort { .. })) => only(by_name),
        Err(OpenError::Header(_)) => only(Some(Look::Packed(None))),
        Err(OpenError::Source(error)) => Err(Failure::Read { offset: 0, error }),
    }
}

fn has_volume(file: &mut HostFile) -> bool {
    let mut found = [0; VOLUME.1.len()];
    file.read_exact_at(&mut found, VOLUME.0).is_ok() && found == *VOLUME.1
}
