//! The served folder, as [`udpfs::Files`]: what consoles can see and do there.

mod writing;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::SystemTime;

use udpfs::message::{OpenFlags, Stat};
use udpfs::time::Date;
use udpfs::{Errno, Files, RemotePath};

use super::cache::PieceCache;
use super::events::Events;
use super::names::{MAX_ENTRIES, Names, Place, image_kind, may_be_compressed, shown};
use super::root::{Change, Root};
use super::views::{PlainFile, View, decoded_size, glance_at};
use crate::failure::Failure;
use crate::image::{Image, Workspace};
use crate::special;
use writing::WritableFile;

/// Maximum number of images whose size is remembered.
const MAX_SIZES: usize = 20_000;

/// Settings for a served folder.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// Whether consoles may change anything.
    pub(super) writable: bool,
    /// Whether `game.zso` is also available as `game.iso`.
    pub(super) alias: bool,
    /// The file that is the block device.
    pub(super) disk: Option<PathBuf>,
    /// Size of the cache of decoded images in bytes.
    pub(super) cache: usize,
}

/// The served folder.
#[derive(Debug)]
pub(super) struct SharedFolder {
    names: Names,
    options: Options,
    cache: Arc<PieceCache>,
    events: Events,
    /// Compressed images that some console has open.
    views: Mutex<HashMap<PathBuf, Weak<View>>>,
    /// Known decoded sizes, by path, length and date of the file.
    sizes: Mutex<HashMap<PathBuf, KnownSize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct KnownSize {
    len: u64,
    modified: Option<SystemTime>,
    decoded: Option<u64>,
}

/// An open file.
#[derive(Debug)]
pub(super) enum OpenFile {
    Plain(PlainFile),
    Decoded(Arc<View>),
    Writable(WritableFile),
}

/// An open folder: the entries left to list.
#[derive(Debug)]
pub(super) struct OpenFolder {
    path: PathBuf,
    /// The names, in reverse order.
    names: Vec<OsString>,
    /// Entries that come before those.
    next: Vec<(Vec<u8>, Stat)>,
}

impl SharedFolder {
    /// Opens a folder to serve.
    ///
    /// # Errors
    ///
    /// When it does not exist.
    pub(super) fn new(folder: &Path, mut options: Options, events: Events) -> std::io::Result<Self> {
        let names = Names::new(Root::open(folder)?, options.alias);
        options.disk = options.disk.map(|disk| disk.canonicalize()).transpose()?;
        let cache = Arc::new(PieceCache::new(options.cache));
        Ok(Self { names, options, cache, events, views: Mutex::default(), sizes: Mutex::default() })
    }

    fn root(&self) -> &Root {
        &self.names.root
    }

    /// Whether the path is the block device and not in the folder.
    fn is_outside(&self, path: &Path) -> bool {
        self.options.disk.as_deref() == Some(path) && !path.starts_with(self.root().path())
    }

    fn file(&self, path: &Path) -> Result<File, Failure> {
        if self.is_outside(path) { special::open(path) } else { self.root().file(path) }
    }

    fn metadata(&self, path: &Path) -> std::io::Result<Metadata> {
        if self.is_outside(path) { std::fs::metadata(path) } else { self.root().metadata(path) }
    }

    fn find(&self, path: &RemotePath) -> Result<Place, Errno> {
        self.names.find(path, |file| self.decoded_size(file).is_some())
    }

    /// Returns the decoded size in bytes of an image that consoles cannot read as it is; `None` for any other file.
    fn decoded_size(&self, file: &Path) -> Option<u64> {
        let metadata = self.metadata(file).ok().filter(Metadata::is_file)?;
        let (len, modified) = (metadata.len(), metadata.modified().ok());
        let lock = || self.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().get(file).copied();
        if let Some(known) = known.filter(|known| (known.len, known.modified) == (len, modified)) {
            return known.decoded;
        }
        let image = self.file(file).and_then(|open| glance_at(file, open));
        let image = image.ok().filter(|image| self.is_inside(image));
        let decoded = image.as_ref().and_then(decoded_size);
        if image.is_some_and(|image| has_parts(&image)) {
            // Their times would have to be compared as well.
            return decoded;
        }
        let mut sizes = lock();
        if sizes.len() >= MAX_SIZES {
            sizes.clear();
        }
        sizes.insert(file.to_owned(), KnownSize { len, modified, decoded });
        decoded
    }

    /// Whether all files that the image consists of are in the served folder.
    fn is_inside(&self, image: &Image) -> bool {
        let parts = image.origin().into_iter().flat_map(|origin| origin.source().parts());
        parts.into_iter().all(|(path, open)| {
            // A path could lead somewhere else now than when the file was opened.
            let there = self.root().resolve(path).ok().and_then(|real| self.metadata(&real).ok());
            there.zip(open.metadata().ok()).is_some_and(|(there, open)| is_same_file(&there, &open))
        })
    }

    fn view(&self, file: &Path) -> Result<Arc<View>, Errno> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        views.retain(|_, view| view.strong_count() > 0);
        // An image that changed meanwhile is reopened, and its old blocks are not reused.
        if let Some(view) = views.get(file).and_then(Weak::upgrade).filter(|view| view.is_steady()) {
            return Ok(view);
        }
        let open = self.file(file).and_then(|open| View::new(file, open, Arc::clone(&self.cache)));
        let view = Arc::new(open.map_err(|_| Errno::IO)?);
        if !self.is_inside(view.image()) {
            return Err(Errno::ACCESS);
        }
        views.insert(file.to_owned(), Arc::downgrade(&view));
        Ok(view)
    }

    fn plain(&self, path: &Path) -> Result<OpenFile, Errno> {
        let file = self.file(path).and_then(|open| PlainFile::new(path, open));
        file.map(OpenFile::Plain).map_err(|_| Errno::IO)
    }

    /// Returns the title or disc id of an image, if it has one.
    pub(super) fn title(&self, path: &RemotePath) -> Option<String> {
        let (Place::There(file) | Place::Decoded(file)) = self.find(path).ok()? else { return None };
        image_kind(file.file_name()?)?;
        let image = self.file(&file).and_then(|open| glance_at(&file, open)).ok()?;
        if !self.is_inside(&image) {
            return None;
        }
        let disc = disc_info::identify(&mut Workspace::new(&image).reader(&image)).ok()?;
        match (disc.title, disc.id) {
            (Some(title), Some(id)) => Some(format!("{title}, {id}")),
            (title, id) => title.or(id),
        }
    }

    fn stat_of(&self, place: &Place) -> Result<Stat, Errno> {
        match place {
            Place::There(path) => stat(&self.metadata(path).map_err(|_| Errno::NOT_FOUND)?),
            Place::Decoded(path) => {
                let size = self.decoded_size(path).ok_or(Errno::NOT_FOUND)?;
                let as_stored = stat(&self.metadata(path).map_err(|_| Errno::NOT_FOUND)?)?;
                Ok(Stat { size, ..as_stored })
            }
            Place::Nothing(_) => Err(Errno::NOT_FOUND),
        }
    }
}

/// Whether both are of one file, as far as the system can tell.
fn is_same_file(a: &Metadata, b: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (a.dev(), a.ino()) == (b.dev(), b.ino())
    }
    #[cfg(not(unix))]
    {
        (a.len(), a.modified().ok()) == (b.len(), b.modified().ok())
    }
}

/// Whether the image consists of several files.
fn has_parts(image: &Image) -> bool {
    image.origin().is_some_and(|origin| origin.parts().next().is_some())
}

/// Translates the system's metadata of a file or folder; devices and pipes are hidden.
fn stat(metadata: &Metadata) -> Result<Stat, Errno> {
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(Errno::NOT_FOUND);
    }
    let date = |time: std::io::Result<SystemTime>| {
        let since = time.ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        Date::from_unix(since.map_or(0, |since| since.as_secs()))
    };
    let modified = date(metadata.modified());
    Ok(Stat {
        is_folder: metadata.is_dir(),
        size: if metadata.is_dir() { 0 } else { metadata.len() },
        created: metadata.created().map_or(modified, |time| date(Ok(time))),
        accessed: date(metadata.accessed()),
        modified,
    })
}

impl Files for SharedFolder {
    type File = OpenFile;
    type Folder = OpenFolder;

    fn open(&self, path: &RemotePath, flags: OpenFlags) -> Result<(OpenFile, Stat), Errno> {
        let place = self.find(path)?;
        if flags.writes() || flags.creates() || flags.truncates() {
            return self.open_to_write(&place, flags);
        }
        let stat = self.stat_of(&place)?;
        if stat.is_folder {
            return Err(Errno::IS_A_FOLDER);
        }
        let file = match place {
            Place::There(path) => self.plain(&path)?,
            Place::Decoded(path) => OpenFile::Decoded(self.view(&path)?),
            Place::Nothing(_) => return Err(Errno::NOT_FOUND),
        };
        Ok((file, stat))
    }

    fn open_folder(&self, path: &RemotePath) -> Result<(OpenFolder, Stat), Errno> {
        let place = self.find(path)?;
        let stat = self.stat_of(&place)?;
        let Place::There(path) = place else { return Err(Errno::NOT_FOUND) };
        if !stat.is_folder {
            return Err(Errno::NOT_A_FOLDER);
        }
        // Only the names: opening every file could take longer than a console waits.
        let mut names = self.root().names(&path, MAX_ENTRIES).map_err(|_| Errno::IO)?;
        names.sort_unstable_by(|a, b| b.cmp(a));
        Ok((OpenFolder { path, names, next: Vec::new() }, stat))
    }

    fn next_entry(&self, folder: &mut OpenFolder) -> Result<Option<(Vec<u8>, Stat)>, Errno> {
        loop {
            if let Some(entry) = folder.next.pop() {
                return Ok(Some(entry));
            }
            let Some(name) = folder.names.pop() else { return Ok(None) };
            // Anything that leads out, is neither file nor folder, or has just been deleted is hidden.
            let Ok(path) = self.root().resolve(&folder.path.join(&name)) else { continue };
            let place = Place::There(path);
            let (Some(bytes), Ok(stat)) = (shown(&name), self.stat_of(&place)) else { continue };
            let Place::There(path) = place else { continue };
            if !stat.is_folder
                && may_be_compressed(&name)
                && let Some(size) = self.decoded_size(&path)
            {
                for decoded in self.names.decoded_names(&name).into_iter().rev() {
                    // A real file with that name is listed anyway.
                    if !self.root().has(&folder.path.join(&decoded))
                        && let Some(decoded) = shown(&decoded)
                    {
                        folder.next.push((decoded, Stat { size, ..stat }));
                    }
                }
            }
            return Ok(Some((bytes, stat)));
        }
    }

    fn stat(&self, path: &RemotePath) -> Result<Stat, Errno> {
        self.stat_of(&self.find(path)?)
    }

    fn open_device(&self) -> Result<(OpenFile, Stat), Errno> {
        let path = self.options.disk.as_deref().ok_or(Errno::NO_DEVICE)?;
        let place = match self.decoded_size(path) {
            Some(_) => Place::Decoded(path.to_owned()),
            None => Place::There(path.to_owned()),
        };
        let stat = self.stat_of(&place)?;
        Ok(match place {
            Place::Decoded(path) => (OpenFile::Decoded(self.view(&path)?), stat),
            _ => (self.plain(path)?, stat),
        })
    }

    fn size(&self, file: &OpenFile) -> Result<u64, Errno> {
        match file {
            OpenFile::Plain(file) => Ok(file.len()),
            OpenFile::Decoded(view) => Ok(view.len()),
            OpenFile::Writable(file) => file.len(),
        }
    }

    fn read_at(&self, file: &mut OpenFile, offset: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        match file {
            OpenFile::Plain(file) => file.read_at(offset, buf, &self.events),
            OpenFile::Decoded(view) => view.read_at(offset, buf, &self.events),
            OpenFile::Writable(file) => file.read_at(offset, buf),
        }
    }

    fn write_at(&self, file: &mut OpenFile, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
        match file {
            OpenFile::Plain(_) | OpenFile::Decoded(_) => Err(Errno::READ_ONLY),
            OpenFile::Writable(file) => file.write_at(offset, bytes),
        }
    }

    fn make_folder(&self, path: &RemotePath) -> Result<(), Errno> {
        self.make_folder_at(path)
    }

    fn remove_file(&self, path: &RemotePath) -> Result<(), Errno> {
        self.remove(path, Change::RemoveFile)
    }

    fn remove_folder(&self, path: &RemotePath) -> Result<(), Errno> {
        self.remove(path, Change::RemoveFolder)
    }

    fn read_ahead(&self, file: &mut OpenFile, offset: u64, len: usize) {
        // The system itself reads ahead in plain files.
        if let OpenFile::Decoded(view) = file {
            view.read_ahead(offset, len);
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
