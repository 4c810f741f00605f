//! Image files on this machine: opened once, read at any position by any number of threads.

use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sector_decode::{
    BlockIndex, Decoder, Foreign, Format, HeaderError, Layout, ReadAt, ReaderOptions, SectorReader,
};

use crate::content::{Content, Origin};
use crate::exit::Status;
use crate::failure::Failure;
use crate::host_file::HostFile;
use crate::source::{Stamp, forget_cached, write_back};
use crate::special;

/// How many bytes of packed data are read at once.
const READ_AHEAD: usize = 256 << 10;
/// The same if the decoding of each read is shared among threads.
const SHARED_READ_AHEAD: usize = 4 << 20;

/// The source reads ahead, so the reader need not.
const OPTIONS: ReaderOptions = ReaderOptions::new().with_read_ahead(0);

/// An image file whose header has been read and is valid.
#[derive(Clone, Debug)]
pub struct Image {
    path: PathBuf,
    file: HostFile,
    content: Content,
    /// The container of the disc, if it has one.
    origin: Option<Origin>,
    layout: Layout,
    /// The state of the file when it was opened; `None` if it was open already.
    stamp: Option<Stamp>,
    /// See [`Image::holds_more`].
    more: OnceLock<Option<&'static str>>,
}

impl Image {
    /// Opens a file and reads its header. The format is recognised by the first bytes only.
    ///
    /// # Errors
    ///
    /// When it is not a file, is empty, cannot be read, or has an unusable header.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        Self::of_file(path, special::open(path)?)
    }

    /// Opens a file to read every byte of it: from now on, any change to it must be noticed.
    ///
    /// # Errors
    ///
    /// As [`Image::open`].
    pub fn open_steady(path: &Path) -> Result<Self, Failure> {
        let file = special::open(path)?;
        write_back(&file);
        Self::of_file(path, file)
    }

    fn of_file(path: &Path, file: File) -> Result<Self, Failure> {
        // Taken before the first byte is read, so that any later change is noticed.
        let stamp = Stamp::settled(&file).map_err(Failure::Open)?;
        let mut image = Self::of_source(path, HostFile::new(file).map_err(Failure::Open)?)?;
        image.stamp = Some(stamp);
        Ok(image)
    }

    /// Reads the header of a file that is already open, whatever kind of source it is. Later changes of it are not
    /// noticed.
    ///
    /// # Errors
    ///
    /// As [`Image::open`].
    pub fn of_source(path: &Path, file: HostFile) -> Result<Self, Failure> {
        match Origin::open(path, &file)? {
            Some(origin) => Self::of_origin(path, file, origin),
            None => Self::of(path, file),
        }
    }

    /// Reads the header of a file that is already open; `path` is only its name.
    ///
    /// # Errors
    ///
    /// When it is empty, cannot be read, or has an unusable header.
    pub fn of(path: &Path, mut file: HostFile) -> Result<Self, Failure> {
        if file.is_empty() {
            return Err(Failure::Empty);
        }
        let layout = Layout::probe(&mut file)?;
        let foreign =
            Foreign::in_blocks(&layout, &mut file).map_err(|error| Failure::Read { offset: 0, error })?;
        if let Some(foreign) = foreign {
            return Err(Failure::Header(HeaderError::Foreign(foreign)));
        }
        if layout.format() == Format::Iso && is_shortcut(&mut file) {
            return Err(Failure::Shortcut);
        }
        let content = Content::File(file.clone());
        Ok(Self {
            path: path.to_owned(),
            file,
            content,
            origin: None,
            layout,
            stamp: None,
            more: OnceLock::new(),
        })
    }

    /// Treats the sectors of the container as the image, or as the compressed image that they hold.
    fn of_origin(path: &Path, file: HostFile, origin: Origin) -> Result<Self, Failure> {
        let content = Content::Sectors(origin.source().data());
        // Damage is found by reading, and may be wanted.
        let layout = origin.source().layout()?;
        Ok(Self {
            path: path.to_owned(),
            file,
            content,
            origin: Some(origin),
            layout,
            stamp: None,
            more: OnceLock::new(),
        })
    }

    /// Returns the path that the image was opened with.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the file itself.
    pub(crate) fn file(&self) -> &HostFile {
        &self.file
    }

    /// Returns the container of the disc, such as a CHD or a dump of raw sectors. `None` if the file itself
    /// is the image.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// From now on, drops anything that does not fit 2048-byte sectors instead of refusing it.
    pub(crate) fn take_losses(&self) {
        if let Some(origin) = &self.origin {
            origin.source().take_losses();
        }
    }

    /// Returns what a new file of the disc alone would lack, such as the rest of raw CD sectors. The file is read for that
    /// the first time.
    pub(crate) fn holds_more(&self) -> Option<&'static str> {
        *self.more.get_or_init(|| self.look_for_more())
    }

    fn look_for_more(&self) -> Option<&'static str> {
        let Some(source) = self.origin.as_ref().map(Origin::source) else {
            return self.has_bytes_after_disc().then_some("bytes after the disc");
        };
        match source.archive() {
            _ if source.has_bytes_after_chd() => Some("bytes after the disc"),
            _ if source.is_only_user_data() => None,
            Some(_) => Some("other files or bytes"),
            None => Some("raw CD sectors"),
        }
    }

    /// Whether a compressed file goes on after the last packed byte, with more than padding. Zeros are padding, as is what
    /// rounds a block to the index's unit. What cannot be read counts as more.
    fn has_bytes_after_disc(&self) -> bool {
        if self.layout.format() == Format::Iso {
            return false;
        }
        let mut workspace = Workspace::new(self);
        let mut reader = workspace.reader(self);
        let mut end = self.layout.data_start().0;
        for block in 0..self.layout.block_count() {
            match reader.extent(BlockIndex(block)) {
                Ok(extent) => end = end.max(extent.offset.0 + u64::from(extent.len)),
                Err(_) => return true,
            }
        }
        let end = end.saturating_add(1 << self.layout.index_shift());
        let mut file = self.file.clone();
        image_source::is_more_than_zeros(end..self.file.len(), |buf, at| file.read_exact_at(buf, at))
    }

    /// Returns whether reading anywhere but forward costs much.
    pub(crate) fn is_forward(&self) -> bool {
        self.origin.as_ref().is_some_and(|origin| origin.source().is_forward())
    }

    /// From now on, reads each sector as 2048 bytes, whatever it holds, because the rest is kept elsewhere.
    pub(crate) fn take_all(&self) {
        if let Some(origin) = &self.origin {
            origin.source().take_all();
        }
    }

    /// Returns the length of the file itself in bytes.
    pub fn file_len(&self) -> u64 {
        self.file.len()
    }

    /// Returns the length of the file and of those that belong to it.
    pub fn stored_len(&self) -> u64 {
        let parts = self.origin.iter().flat_map(|origin| origin.source().parts());
        let parts = parts.map(|(_, part)| part.metadata().map_or(0, |metadata| metadata.len()));
        self.file.len() + parts.sum::<u64>()
    }

    /// Returns when the file, or one of those that belong to it, was last modified.
    pub(crate) fn modified(&self) -> Option<std::time::SystemTime> {
        let parts = self.origin.iter().flat_map(|origin| origin.source().parts());
        let parts = parts.filter_map(|(_, part)| part.metadata().ok()?.modified().ok());
        parts.chain(self.file.file().metadata().ok().and_then(|file| file.modified().ok())).max()
    }

    /// Returns the facts from the header.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Returns whether the path still leads to the file that was opened, and that file is unmodified.
    pub fn is_unchanged(&self) -> bool {
        self.stamp.as_ref().is_none_or(|stamp| stamp.fits(&self.path, self.file.file()))
            && self.origin.as_ref().is_none_or(Origin::is_unchanged)
    }

    /// Passes on the result of reading the file, unless the file changed meanwhile: then the change is the
    /// failure.
    ///
    /// # Errors
    ///
    /// [`Failure::InputChanged`], or the failure in the result.
    pub fn settle<T>(&self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        let is_about_input = match outcome.as_ref().err().map(Failure::of_file) {
            None | Some(Failure::Read { .. } | Failure::Header(_) | Failure::Source(_)) => true,
            Some(failure) => matches!(failure.status(), Status::Damaged | Status::Mismatch),
        };
        if is_about_input && !self.is_unchanged() { Err(Failure::InputChanged) } else { outcome }
    }

    /// Makes further reads come from the disk rather than the cache, as far as the system allows.
    pub(crate) fn forget_cached(&self) {
        if let Some(origin) = &self.origin {
            origin.source().forget();
        }
        forget_cached(&self.path, self.file.file());
    }
}

/// Whether the file begins like a Windows shortcut: with the length of its header and the class id of
/// shortcuts ([MS-SHLLINK] 2.1).
fn is_shortcut(file: &mut HostFile) -> bool {
    const SHORTCUT: [u8; 20] = *b"\x4C\0\0\0\x01\x14\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46";
    let mut start = [0; SHORTCUT.len()];
    file.read_exact_at(&mut start, 0).is_ok() && start == SHORTCUT
}

/// The buffers with which one thread reads an image.
pub struct Workspace {
    memory: Vec<u8>,
    decoder: Box<Decoder>,
    content: Content,
    span: Span,
}

impl Workspace {
    /// Allocates the buffers for reading `image`.
    pub fn new(image: &Image) -> Self {
        Self::with_span(image, image.content.clone(), READ_AHEAD)
    }

    /// As [`Workspace::new`], for the only reader of an image, which reads it forward: if the container has
    /// to be decoded, this many threads do so.
    pub fn reading_forward(image: &Image, threads: NonZeroUsize) -> Self {
        match &image.origin {
            None => Self::new(image),
            Some(_) => Self::with_span(image, image.content.clone().with_threads(threads), SHARED_READ_AHEAD),
        }
    }

    fn with_span(image: &Image, content: Content, span: usize) -> Self {
        Self {
            memory: vec![0; image.layout.memory(&OPTIONS).size()],
            decoder: Box::new(Decoder::new()),
            content,
            span: Span { bytes: vec![0; span], start: 0, len: 0 },
        }
    }

    /// Creates a reader of the image that these buffers were allocated for.
    pub fn reader(&mut self, image: &Image) -> Reader<'_> {
        self.span.len = 0;
        let source = ReadAhead {
            content: self.content.clone(),
            data_start: image.layout.data_start().0,
            span: &mut self.span,
        };
        // The memory has the size that this very layout asked for.
        SectorReader::with_memory(source, image.layout, &OPTIONS, &mut self.memory, &mut self.decoder)
            .expect("memory made for this image")
    }
}

/// Reads an image's decoded bytes.
pub type Reader<'m> = SectorReader<'m, ReadAhead<'m>>;

/// Buffered bytes of the file.
struct Span {
    bytes: Vec<u8>,
    /// Their offset in the file.
    start: u64,
    /// How many of them are valid.
    len: usize,
}

/// A file that is read in larger pieces than requested: most blocks are one or two kilobytes long and
/// follow each other.
pub struct ReadAhead<'m> {
    content: Content,
    /// The header and index before this position are read as requested; buffering them would only displace
    /// data.
    data_start: u64,
    span: &'m mut Span,
}

impl ReadAt for ReadAhead<'_> {
    type Error = io::Error;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        if offset < self.data_start || buf.len() >= self.span.bytes.len() {
            return self.content.read_exact_at(buf, offset);
        }
        if !self.span.holds(offset, buf.len()) && !self.fill(offset, buf.len()) {
            // The whole piece could not be read, but perhaps the requested part can.
            return self.content.read_exact_at(buf, offset);
        }
        let at = usize::try_from(offset - self.span.start).expect("inside the span");
        buf.copy_from_slice(&self.span.bytes[at..at + buf.len()]);
        Ok(())
    }

    fn byte_len(&mut self) -> io::Result<u64> {
        self.content.byte_len()
    }
}

impl ReadAhead<'_> {
    /// Loads the piece of the file that begins at `offset`; returns whether it has `wanted` bytes.
    fn fill(&mut self, offset: u64, wanted: usize) -> bool {
        let left = usize::try_from(self.content.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = left.min(self.span.bytes.len());
        self.span.len = 0;
        if len < wanted || self.content.read_exact_at(&mut self.span.bytes[..len], offset).is_err() {
            return false;
        }
        self.span.start = offset;
        self.span.len = len;
        true
    }
}

impl Span {
    fn holds(&self, offset: u64, len: usize) -> bool {
        offset >= self.start && offset + len as u64 <= self.start + self.len as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_ahead_serves_the_same_bytes_as_the_file() {
        let bytes: Vec<u8> = (0..READ_AHEAD * 2 + 777).map(|i| (i * 7 / 3).to_le_bytes()[0]).collect();
        let mut span = Span { bytes: vec![0; READ_AHEAD], start: 0, len: 0 };
        let content = Content::File(HostFile::of_bytes(&bytes));
        let mut source = ReadAhead { content, data_start: 100, span: &mut span };
        for (offset, len) in [
            (0, 50),
            (100, 1000),
            (1100, 2000),
            (READ_AHEAD - 10, 4000),
            (READ_AHEAD * 2, 777),
            (5, 5),
            (0, READ_AHEAD * 2),
        ] {
            let mut buf = vec![0xEE; len];
            source.read_exact_at(&mut buf, offset as u64).unwrap();
            assert_eq!(buf, bytes[offset..offset + len], "{len} bytes at {offset}");
        }
        let mut buf = [0; 10];
        assert!(source.read_exact_at(&mut buf, bytes.len() as u64 - 9).is_err());
        assert!(source.read_exact_at(&mut buf, u64::MAX - 20).is_err());
    }

    #[test]
    fn change_is_what_is_wrong_with_whatever_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.iso");
        std::fs::write(&path, [1; 4096]).unwrap();
        let image = Image::open(&path).unwrap();
        let read = || Failure::Read { offset: 0, error: io::ErrorKind::UnexpectedEof.into() };
        assert!(image.settle(Ok(())).is_ok());
        assert!(matches!(image.settle::<()>(Err(read())), Err(Failure::Read { .. })));
        File::options().write(true).open(&path).unwrap().set_len(2048).unwrap();
        assert!(matches!(image.settle(Ok(())), Err(Failure::InputChanged)));
        assert!(matches!(image.settle::<()>(Err(read())), Err(Failure::InputChanged)));
        // Unrelated failures stay as they are.
        assert!(matches!(image.settle::<()>(Err(Failure::Interrupted)), Err(Failure::Interrupted)));
        // Whichever of two files it concerns.
        let second = read().in_second(Path::new("b.iso"));
        assert!(matches!(image.settle::<()>(Err(second)), Err(Failure::InputChanged)));
        let full = Failure::Write(io::ErrorKind::StorageFull.into());
        assert!(matches!(image.settle::<()>(Err(full)), Err(Failure::Write(_))));
    }

    #[test]
    fn image_that_was_touched_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.iso");
        std::fs::write(&path, [1; 4096]).unwrap();
        let image = Image::open(&path).unwrap();
        assert!(image.is_unchanged());
        std::fs::write(&path, [1; 6144]).unwrap();
        assert!(!image.is_unchanged());
        std::fs::remove_file(&path).unwrap();
        assert!(!image.is_unchanged());
    }
}
