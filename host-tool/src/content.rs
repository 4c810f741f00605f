//! Where an image's bytes come from: the file itself, or a container.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image_source::{Kind, Loss, Source};
use image_writer::Monitor;
use sector_decode::ReadAt;

use crate::failure::Failure;
use crate::host_file::HostFile;
use crate::human;
use crate::source::Stamp;

/// The bytes of an image, plain or compressed.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// The bytes of the file.
    File(HostFile),
    /// The sectors of a disc in a container.
    Sectors(image_source::UserData),
}

impl Content {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::File(file) => file.len(),
            Self::Sectors(data) => data.len(),
        }
    }

    /// The same for a single reader that reads forward: this many threads decode for it.
    pub(crate) fn with_threads(self, threads: NonZeroUsize) -> Self {
        match self {
            Self::Sectors(data) => Self::Sectors(data.with_threads(threads)),
            file @ Self::File(_) => file,
        }
    }
}

impl ReadAt for Content {
    type Error = io::Error;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        match self {
            Self::File(file) => file.read_exact_at(buf, offset),
            Self::Sectors(data) => data.read_exact_at(buf, offset),
        }
    }

    fn byte_len(&mut self) -> io::Result<u64> {
        Ok(self.len())
    }
}

/// The container of a disc, with the other files that belong to it.
#[derive(Clone, Debug)]
pub struct Origin {
    source: Arc<Source>,
    parts: Vec<(PathBuf, Stamp)>,
}

impl Origin {
    /// Checks whether the file is a CHD, a CUE sheet, a dump of raw sectors, or an archive with a disc.
    /// `None` if it is none of them.
    ///
    /// # Errors
    ///
    /// When it is one that cannot be used, or another known kind of file that is not supported.
    pub(crate) fn open(path: &Path, file: &HostFile) -> Result<Option<Self>, Failure> {
        let Some(source) = Source::open(path, file.file()).map_err(Failure::Source)? else { return Ok(None) };
        let stamp = |(path, file): &(PathBuf, _)| Stamp::settled(file).map(|stamp| (path.clone(), stamp));
        let parts = source.parts().iter().map(stamp).collect::<io::Result<_>>().map_err(Failure::Open)?;
        Ok(Some(Self { source: Arc::new(source), parts }))
    }

    /// Returns the source.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Returns the paths of the other files of the source.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Path> {
        self.parts.iter().map(|(path, _)| path.as_path())
    }

    /// Returns whether the other files of the source are unchanged.
    pub(crate) fn is_unchanged(&self) -> bool {
        let files = self.source.parts().iter().map(|(_, file)| file);
        self.parts.iter().zip(files).all(|((path, stamp), file)| stamp.fits(path, file))
    }

    /// Returns what an image of 2048-byte sectors loses; `None` if it loses nothing.
    pub fn losses(&self) -> Option<String> {
        let name = |Loss::Track(track): &Loss| {
            let seconds = track.sectors / 75;
            let length = if track.kind == "AUDIO" {
                format!("audio, {}:{:02} minutes", seconds / 60, seconds % 60)
            } else {
                format!("{}, {}", track.kind, human::count(track.sectors, "sector", "sectors"))
            };
            format!("track {} ({length})", track.number)
        };
        let names: Vec<String> = self.source.losses().iter().map(name).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// Reads a disc in an archive to its end, and compares it with the CRC-32 in the archive.
    ///
    /// # Errors
    ///
    /// Damage, or the monitor's cancellation.
    pub(crate) fn check_archive(&self, monitor: &Monitor) -> Result<(), Failure> {
        let is_done = self.source.check_archive(|_| !monitor.is_cancelled()).map_err(Failure::Source)?;
        if is_done { Ok(()) } else { Err(Failure::Interrupted) }
    }

    /// Compares header and metadata of a CHD with the SHA-1 in the header that covers both. Nothing is decoded for that.
    ///
    /// # Errors
    ///
    /// [`Failure::ChdSha1`].
    pub(crate) fn check_chd_header(&self) -> Result<(), Failure> {
        let Kind::Chd(facts) = self.source.kind() else { return Ok(()) };
        match facts.wrong_sha1().map(|both| both.map(|sha1| human::hex(&sha1))) {
            Some([expected, got]) => Err(Failure::ChdSha1 { expected, got }),
            None => Ok(()),
        }
    }

    /// Returns whether the SHA-1 of the image tells whether a CHD is what its header says.
    pub(crate) fn is_told_by_sha1(&self) -> bool {
        matches!(self.source.kind(), Kind::Chd(facts) if facts.raw_sha1.is_some())
            && self.source.is_only_user_data()
    }

    /// Compares a CHD with the SHA-1 in its header. `image` is the SHA-1 of the sectors, which is
    /// that of the CHD for a DVD. A CD has to be decoded once more, with its subcode.
    ///
    /// # Errors
    ///
    /// [`Failure::ChdSha1`], damage, or the monitor's cancellation.
    pub(crate) fn check_chd(&self, image: Option<[u8; 20]>, monitor: &Monitor) -> Result<(), Failure> {
        self.check_chd_header()?;
        let Kind::Chd(facts) = self.source.kind() else { return Ok(()) };
        let Some(expected) = facts.raw_sha1 else { return Ok(()) };
        let got = match image.filter(|_| self.source.is_only_user_data()) {
            Some(sha1) => sha1,
            None => {
                let decoded = self.source.chd_sha1(|bytes| {
                    monitor.advance(bytes, bytes);
                    !monitor.is_cancelled()
                });
                decoded.map_err(Failure::Source)?.ok_or(Failure::Interrupted)?
            }
        };
        if got == expected {
            return Ok(());
        }
        Err(Failure::ChdSha1 { expected: human::hex(&expected), got: human::hex(&got) })
    }
}
