//! Files as consoles read them: unchanged, or decoded.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use sector_decode::{Format, ReadAt, ReadError};
use udpfs::Errno;

use super::cache::{Key, PIECE, PieceCache};
use super::events::{Event, Events};
use crate::content::Origin;
use crate::failure::Failure;
use crate::host_file::HostFile;
use crate::image::{Image, Workspace};

/// Idle workspaces that an image keeps. Each takes a few hundred KiB.
const SPARE_WORKSPACES: usize = 2;

/// The file that a path leads to, to detect changes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    len: u64,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    inode: (u64, u64),
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Self {
            len: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: {
                use std::os::unix::fs::MetadataExt;
                (metadata.dev(), metadata.ino())
            },
        }
    }
}

/// An open file that must not change.
#[derive(Debug)]
pub(super) struct Steady {
    path: PathBuf,
    identity: Identity,
    /// Whether a change or a read error of the file has been logged.
    reported: AtomicBool,
}

impl Steady {
    fn new(path: &Path, file: &File) -> Result<Self, Failure> {
        let identity = Identity::of(&file.metadata().map_err(Failure::Open)?);
        Ok(Self { path: path.to_owned(), identity, reported: AtomicBool::new(false) })
    }

    /// Whether the path still leads to the same bytes.
    fn is_unchanged(&self) -> io::Result<bool> {
        std::fs::metadata(&self.path).map(|now| Identity::of(&now) == self.identity)
    }

    /// Refuses a file that has changed, and logs it.
    fn check(&self, events: &Events) -> Result<(), Errno> {
        let text = match self.is_unchanged() {
            Ok(true) => return Ok(()),
            Ok(false) => "changed while a console had it open".to_owned(),
            Err(error) => format!("can no longer be read: {error}"),
        };
        self.report(events, &text);
        Err(Errno::IO)
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Logs one line, however often the console tries.
    fn report(&self, events: &Events, text: &str) {
        if !self.reported.swap(true, Ordering::Relaxed) {
            events.send(Event::Trouble { file: self.name(), message: text.to_owned(), block: None });
        }
    }
}

/// An unchanged file.
#[derive(Debug)]
pub(super) struct PlainFile {
    file: HostFile,
    steady: Steady,
}

impl PlainFile {
    /// Takes an open file; `path` is only watched for changes.
    pub(super) fn new(path: &Path, file: File) -> Result<Self, Failure> {
        let steady = Steady::new(path, &file)?;
        Ok(Self { file: HostFile::new(file).map_err(Failure::Open)?, steady })
    }

    pub(super) fn len(&self) -> u64 {
        self.file.len()
    }

    pub(super) fn read_at(&mut self, offset: u64, buf: &mut [u8], events: &Events) -> Result<usize, Errno> {
        self.steady.check(events)?;
        let got = clamp(self.len(), offset, buf.len());
        match self.file.read_exact_at(&mut buf[..got], offset) {
            Ok(()) => Ok(got),
            Err(error) => {
                self.steady.report(events, &format!("cannot be read at {offset:#X}: {error}"));
                Err(Errno::IO)
            }
        }
    }
}

/// How many of the `len` bytes at `offset` exist in a file of `size` bytes.
fn clamp(size: u64, offset: u64, len: usize) -> usize {
    usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX).min(len)
}

/// A compressed image or another source, read as the disc that it holds. All consoles share it.
pub(super) struct View {
    image: Image,
    number: u64,
    steady: Steady,
    spare: Mutex<Vec<Workspace>>,
    cache: Arc<PieceCache>,
    /// The last block found damaged, so that the log mentions each once.
    damaged: AtomicU64,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("image", &self.image).finish_non_exhaustive()
    }
}

/// Reads a few facts from the image in an open file. Later changes of the file are not noticed.
pub(super) fn glance_at(path: &Path, file: File) -> Result<Image, Failure> {
    Image::of_source(path, HostFile::new(file).map_err(Failure::Open)?)
}

/// Returns the decoded size of an image in bytes; `None` if the file itself is the image, or if a console would wait too
/// long for its data: a disc in most archives can only be read forward.
pub(super) fn decoded_size(image: &Image) -> Option<u64> {
    let is_decoded =
        (image.layout().format() != Format::Iso || image.origin().is_some()) && !image.is_forward();
    is_decoded.then(|| image.layout().image_size())
}

impl View {
    /// Opens the image in an open file; `path` is watched for changes, and leads to the image's other files.
    pub(super) fn new(path: &Path, file: File, cache: Arc<PieceCache>) -> Result<Self, Failure> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let steady = Steady::new(path, &file)?;
        let image = Image::of_source(path, HostFile::new(file).map_err(Failure::Open)?)?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(Self { image, number, steady, spare: Mutex::default(), cache, damaged: AtomicU64::new(u64::MAX) })
    }

    pub(super) fn is_steady(&self) -> bool {
        matches!(self.steady.is_unchanged(), Ok(true)) && self.are_parts_unchanged()
    }

    /// Whether the other files of the image, such as those that a CUE sheet names, are unchanged.
    fn are_parts_unchanged(&self) -> bool {
        self.image.origin().is_none_or(Origin::is_unchanged)
    }

    /// Returns the image.
    pub(super) fn image(&self) -> &Image {
        &self.image
    }

    pub(super) fn len(&self) -> u64 {
        self.image.layout().image_size()
    }

    /// Reads decoded bytes, from the cache if possible.
    pub(super) fn read_at(&self, offset: u64, buf: &mut [u8], events: &Events) -> Result<usize, Errno> {
        self.steady.check(events)?;
        if !self.are_parts_unchanged() {
            self.steady.report(events, "a file that belongs to it changed while a console had it open");
            return Err(Errno::IO);
        }
        let got = clamp(self.len(), offset, buf.len());
        let end = offset + got as u64;
        let mut at = offset;
        while at < end {
            let number = at / PIECE;
            let piece_end = (number + 1).saturating_mul(PIECE).min(end);
            let out = &mut buf[index(at - offset)..index(piece_end - offset)];
            match self.piece(number) {
                Some(piece) => {
                    let from = index(at - number * PIECE);
                    out.copy_from_slice(&piece[from..from + out.len()]);
                }
                // A block of the piece is damaged, but perhaps not in the requested part.
                None => self.decode(at, out).map_err(|error| self.report(&error, events))?,
            }
            at = piece_end;
        }
        Ok(got)
    }

    /// Decodes pieces into the cache.
    pub(super) fn read_ahead(&self, offset: u64, len: usize) {
        let end = offset.saturating_add(len as u64).min(self.len());
        for number in offset / PIECE..end.div_ceil(PIECE) {
            if self.piece(number).is_none() {
                return;
            }
        }
    }

    fn piece(&self, number: u64) -> Option<Arc<[u8]>> {
        let key = Key { image: self.number, piece: number };
        if let Some(piece) = self.cache.get(key) {
            return Some(piece);
        }
        let from = number * PIECE;
        let mut bytes = vec![0; clamp(self.len(), from, index(PIECE))];
        self.decode(from, &mut bytes).ok()?;
        let piece: Arc<[u8]> = bytes.into();
        self.cache.insert(key, Arc::clone(&piece));
        Some(piece)
    }

    fn decode(&self, offset: u64, out: &mut [u8]) -> Result<(), ReadError<io::Error>> {
        let lock = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let spare = lock().pop();
        let mut workspace = spare.unwrap_or_else(|| Workspace::new(&self.image));
        let outcome = workspace.reader(&self.image).read_exact_at(out, offset);
        let mut spares = lock();
        if spares.len() < SPARE_WORKSPACES {
            spares.push(workspace);
        }
        outcome
    }

    fn report(&self, error: &ReadError<io::Error>, events: &Events) -> Errno {
        let block = if let ReadError::Block { block, .. } = error { Some(block.0) } else { None };
        let number = block.map_or(u64::MAX - 1, u64::from);
        if self.damaged.swap(number, Ordering::Relaxed) != number {
            let file = self.steady.name();
            events.send(Event::Trouble { file, message: error.to_string(), block });
        }
        Errno::IO
    }
}

/// Converts a distance within a buffer or a piece, which is small.
fn index(distance: u64) -> usize {
    usize::try_from(distance).unwrap_or(usize::MAX)
}
