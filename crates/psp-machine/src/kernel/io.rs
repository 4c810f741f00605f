//! The memory card: files, descriptors, and everything that can go wrong with them.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// There is no card.
pub const NO_DEVICE: u32 = 0x8001_0013;
/// An argument is not valid.
pub const INVALID: u32 = 0x8001_0016;
/// No open file has this descriptor.
pub const BAD_DESCRIPTOR: u32 = 0x8002_0323;

/// A file of the host that is on the card. It may be larger than memory.
pub trait HostFile {
    /// Its length in bytes.
    fn len(&self) -> u64;
    /// Fills `out` with the bytes starting at `at`; the range must be inside the file.
    fn read_at(&self, at: u64, out: &mut [u8]);
    /// Whether it is empty.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl HostFile for Vec<u8> {
    fn len(&self) -> u64 {
        Vec::len(self) as u64
    }

    fn read_at(&self, at: u64, out: &mut [u8]) {
        let at = usize::try_from(at).expect("inside the file");
        out.copy_from_slice(&self[at..at + out.len()]);
    }
}

impl HostFile for &'static [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, at: u64, out: &mut [u8]) {
        let at = usize::try_from(at).expect("inside the file");
        out.copy_from_slice(&self[at..at + out.len()]);
    }
}

/// Something that goes wrong once, at the next operation of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A read returns only this error.
    ReadFails(u32),
    /// A read returns at most this many bytes.
    ShortRead(usize),
    /// A seek returns this error.
    SeekFails(u32),
    /// Opening an existing file returns this error.
    OpenFails(u32),
    /// A read takes this many microseconds and then fails with this error.
    SlowFailure(u64, u32),
    /// The card is removed at the next read, for this many microseconds. Descriptors do not survive that.
    CardOut(u64),
    /// On the next read, all descriptors turn out to be invalid: the console was suspended in between.
    Stale,
}

impl Fault {
    fn is_for_reads(self) -> bool {
        !matches!(self, Self::SeekFails(_) | Self::OpenFails(_))
    }
}

/// What goes wrong with one operation on an image, of whatever kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It returns this error.
    Fails(u32),
    /// A read returns at most this many bytes. Other operations are unaffected.
    Short(usize),
}

/// What was done with the card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say all there is")]
pub struct CardStats {
    pub opens: u32,
    pub closes: u32,
    pub seeks: u32,
    /// Reads of non-text files, which means: of the image.
    pub reads: u32,
    /// Bytes returned by those.
    pub bytes: u64,
    pub writes: u32,
    pub status_queries: u32,
}

/// A read of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardRead {
    /// Position in the file.
    pub at: u64,
    /// Number of bytes requested.
    pub len: usize,
    /// Destination address.
    pub buffer: u32,
}

impl CardRead {
    /// Whether the buffer starts at a cache line, so that the card's driver can fill it without a copy.
    pub fn is_aligned(&self) -> bool {
        self.buffer.is_multiple_of(64)
    }
}

#[derive(Clone)]
enum Content {
    Host(Rc<dyn HostFile>),
    Written(Vec<u8>),
}

impl Content {
    fn len(&self) -> u64 {
        match self {
            Self::Host(file) => file.len(),
            Self::Written(bytes) => bytes.len() as u64,
        }
    }
}

struct Descriptor {
    path: String,
    position: u64,
    writable: bool,
    /// Which insertion of the card it belongs to.
    generation: u32,
}

/// The card with its files.
pub struct Card {
    files: BTreeMap<String, Content>,
    descriptors: BTreeMap<u32, Descriptor>,
    last_descriptor: u32,
    generation: u32,
    absent_until: u64,
    faults: VecDeque<Fault>,
    /// What goes wrong with the operation of this number.
    mishap: Option<(u64, Mishap)>,
    /// Number of opens, seeks and reads of images.
    pub operations: u64,
    /// How much longer than usual the operation takes, in microseconds.
    pub(crate) delay: u64,
    /// Names of the card's controller.
    pub status_devices: Vec<String>,
    /// What was done with it.
    pub stats: CardStats,
    /// Every read of an image, if they are recorded.
    pub reads: Option<Vec<CardRead>>,
}

impl Default for Card {
    fn default() -> Self {
        Self {
            files: BTreeMap::new(),
            descriptors: BTreeMap::new(),
            last_descriptor: 2,
            generation: 0,
            absent_until: 0,
            faults: VecDeque::new(),
            mishap: None,
            operations: 0,
            delay: 0,
            status_devices: vec!["mscmhc0:".to_owned(), "fatms0:".to_owned()],
            stats: CardStats::default(),
            reads: None,
        }
    }
}

impl Card {
    /// Puts a file of the host on the card.
    pub fn insert_file(&mut self, path: &str, file: Rc<dyn HostFile>) {
        self.files.insert(path.to_ascii_lowercase(), Content::Host(file));
    }

    /// Puts a small text file on the card.
    pub fn insert_text(&mut self, path: &str, text: &str) {
        self.files.insert(path.to_ascii_lowercase(), Content::Written(text.as_bytes().to_vec()));
    }

    /// What the guest wrote to a file.
    pub fn written(&self, path: &str) -> Option<&[u8]> {
        match self.files.get(&path.to_ascii_lowercase())? {
            Content::Written(bytes) => Some(bytes),
            Content::Host(_) => None,
        }
    }

    /// Injects a fault; faults of one kind occur in the order in which they were injected.
    pub fn inject(&mut self, fault: Fault) {
        self.faults.push_back(fault);
    }

    /// Makes the `number`-th operation on an image from now on go wrong, counted from 1: an open, a seek or a
    /// read.
    pub fn inject_at(&mut self, number: u64, mishap: Mishap) {
        self.mishap = Some((self.operations + number, mishap));
    }

    /// Counts an operation on an image; returns what goes wrong with it.
    fn operation(&mut self) -> Option<Mishap> {
        self.operations += 1;
        self.mishap.take_if(|&mut (number, _)| number == self.operations).map(|(_, mishap)| mishap)
    }

    fn is_image(&self, number: u32) -> bool {
        let path = self.descriptors.get(&number).map(|descriptor| &descriptor.path);
        matches!(path.and_then(|path| self.files.get(path)), Some(Content::Host(_)))
    }

    /// Number of faults that have not occurred yet.
    pub fn pending_faults(&self) -> usize {
        self.faults.len()
    }

    /// Number of currently open descriptors.
    pub fn open_descriptors(&self) -> usize {
        self.descriptors.len()
    }

    /// Removes the card until a given time of the machine's clock.
    pub fn remove_until(&mut self, time: u64) {
        self.absent_until = time;
        self.generation += 1;
    }

    /// Makes all descriptors invalid, as after a suspension of the console.
    pub fn make_descriptors_stale(&mut self) {
        self.generation += 1;
    }

    /// Reinserts it.
    pub fn put_back(&mut self) {
        self.absent_until = 0;
    }

    /// Whether it is inserted.
    pub fn present(&self, now: u64) -> bool {
        now >= self.absent_until
    }

    fn next_fault(&mut self, wanted: impl Fn(Fault) -> bool) -> Option<Fault> {
        let at = self.faults.iter().position(|&fault| wanted(fault))?;
        self.faults.remove(at)
    }

    pub(crate) fn open_fault(&mut self, path: &str) -> Option<u32> {
        if !matches!(self.files.get(&path.to_ascii_lowercase()), Some(Content::Host(_))) {
            return None;
        }
        if let Some(Mishap::Fails(error)) = self.operation() {
            return Some(error);
        }
        match self.next_fault(|fault| matches!(fault, Fault::OpenFails(_)))? {
            Fault::OpenFails(error) => Some(error),
            _ => None,
        }
    }

    pub(crate) fn create(&mut self, path: &str, truncate: bool) {
        let path = path.to_ascii_lowercase();
        if truncate || !self.files.contains_key(&path) {
            self.files.insert(path, Content::Written(Vec::new()));
        }
    }

    pub(crate) fn open(&mut self, path: &str, writable: bool) -> Option<u32> {
        let path = path.to_ascii_lowercase();
        self.files.get(&path)?;
        self.last_descriptor += 1;
        let descriptor = Descriptor { path, position: 0, writable, generation: self.generation };
        self.descriptors.insert(self.last_descriptor, descriptor);
        Some(self.last_descriptor)
    }

    pub(crate) fn seek_to_end(&mut self, number: u32) {
        if let Some(descriptor) = self.descriptors.get_mut(&number) {
            descriptor.position = self.files.get(&descriptor.path).map_or(0, Content::len);
        }
    }

    pub(crate) fn close(&mut self, number: u32) -> bool {
        self.descriptors.remove(&number).is_some()
    }

    /// A descriptor that is currently valid.
    fn live(&mut self, number: u32, now: u64) -> Result<&mut Descriptor, u32> {
        if !self.present(now) {
            return Err(NO_DEVICE);
        }
        let generation = self.generation;
        let descriptor = self.descriptors.get_mut(&number).ok_or(BAD_DESCRIPTOR)?;
        if descriptor.generation == generation { Ok(descriptor) } else { Err(NO_DEVICE) }
    }

    pub(crate) fn seek(&mut self, number: u32, offset: i64, whence: u32, now: u64) -> Result<u64, u32> {
        self.stats.seeks += 1;
        if self.is_image(number)
            && let Some(Mishap::Fails(error)) = self.operation()
        {
            return Err(error);
        }
        if let Some(Fault::SeekFails(error)) = self.next_fault(|fault| matches!(fault, Fault::SeekFails(_))) {
            return Err(error);
        }
        let files = core::mem::take(&mut self.files);
        let outcome = self.live(number, now).and_then(|descriptor| {
            let base = match whence {
                0 => 0,
                1 => descriptor.position,
                2 => files.get(&descriptor.path).map_or(0, Content::len),
                _ => return Err(INVALID),
            };
            descriptor.position = base.checked_add_signed(offset).ok_or(INVALID)?;
            Ok(descriptor.position)
        });
        self.files = files;
        outcome
    }

    pub(crate) fn read(&mut self, number: u32, buffer: u32, out: &mut [u8], now: u64) -> Result<usize, u32> {
        let path = self.descriptors.get(&number).map(|descriptor| descriptor.path.clone());
        let content = path.and_then(|path| self.files.get(&path).cloned());
        let is_image = matches!(content, Some(Content::Host(_)));
        let mut limit = out.len();
        if is_image {
            self.stats.reads += 1;
            match self.operation() {
                Some(Mishap::Fails(error)) => return Err(error),
                Some(Mishap::Short(most)) => limit = limit.min(most),
                None => (),
            }
            match self.next_fault(Fault::is_for_reads) {
                Some(Fault::ReadFails(error)) => return Err(error),
                Some(Fault::SlowFailure(microseconds, error)) => {
                    self.delay += microseconds;
                    return Err(error);
                }
                Some(Fault::ShortRead(most)) => limit = limit.min(most),
                Some(Fault::CardOut(microseconds)) => self.remove_until(now.saturating_add(microseconds)),
                Some(Fault::Stale) => self.make_descriptors_stale(),
                Some(Fault::SeekFails(_) | Fault::OpenFails(_)) | None => (),
            }
        }
        let descriptor = self.live(number, now)?;
        let Some(content) = content else { return Err(BAD_DESCRIPTOR) };
        let rest = content.len().saturating_sub(descriptor.position);
        let count = limit.min(usize::try_from(rest).unwrap_or(usize::MAX));
        let at = descriptor.position;
        descriptor.position += count as u64;
        match &content {
            Content::Host(file) => file.read_at(at, &mut out[..count]),
            Content::Written(bytes) => bytes.read_at(at, &mut out[..count]),
        }
        if is_image {
            self.stats.bytes += count as u64;
            if let Some(reads) = &mut self.reads {
                reads.push(CardRead { at, len: out.len(), buffer });
            }
        }
        Ok(count)
    }

    pub(crate) fn write(&mut self, number: u32, bytes: &[u8], now: u64) -> Result<(), u32> {
        self.stats.writes += 1;
        let descriptor = self.live(number, now)?;
        if !descriptor.writable {
            return Err(BAD_DESCRIPTOR);
        }
        let (path, at) = (descriptor.path.clone(), descriptor.position);
        descriptor.position += bytes.len() as u64;
        let Some(Content::Written(content)) = self.files.get_mut(&path) else { return Err(BAD_DESCRIPTOR) };
        let at = usize::try_from(at).map_err(|_| INVALID)?;
        content.resize(content.len().max(at + bytes.len()), 0);
        content[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}
