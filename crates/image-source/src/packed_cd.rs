//! Raw CD sectors in compressed images: what some programs made of CD games, although no reader takes it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use sector_decode::{BlockError, Coding, Decoder, Format, ImageReader, Layout, ReadError, ReaderOptions};

use crate::bytes::{Bytes, UserData};
use crate::cd::{RAW, SYNC};
use crate::error::{DamageKind, Error};

/// Returns the content of a compressed image if that is raw CD sectors.
pub(crate) fn open(file: &Arc<dyn Bytes>) -> Option<Arc<dyn Bytes>> {
    let content: Arc<dyn Bytes> = match RawBlocks::open(file) {
        Some(content) => Arc::new(content),
        None => Arc::new(Decoded::open(file)?),
    };
    let mut start = [0; SYNC.len()];
    (content.read_exact_at(&mut start, 0).is_ok() && start == SYNC).then_some(content)
}

fn damage(block: u32, error: BlockError) -> io::Error {
    Error::from(DamageKind::Block { block, error }).into()
}

/// A compressed image, decoded by `sector-decode`.
struct Decoded {
    file: UserData,
    image_size: u64,
    /// One for each thread that has read from it.
    idle: Mutex<Vec<ImageReader<UserData>>>,
}

impl Decoded {
    fn open(file: &Arc<dyn Bytes>) -> Option<Self> {
        let mut file = UserData::new(Arc::clone(file));
        let layout = Layout::probe(&mut file).ok().filter(|layout| layout.format() != Format::Iso)?;
        Some(Self { file, image_size: layout.image_size(), idle: Mutex::default() })
    }
}

impl Bytes for Decoded {
    fn len(&self) -> u64 {
        self.image_size
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let spare = idle().pop();
        let mut reader = match spare {
            Some(reader) => reader,
            None => ImageReader::open(self.file.clone(), &ReaderOptions::new())
                .map_err(|error| io::Error::other(error.to_string()))?,
        };
        let result = reader.read(offset, buf);
        idle().push(reader);
        result.map_err(|error| match error {
            ReadError::Source { error, .. } => error,
            ReadError::Block { block, error, .. } => damage(block.0, error),
            ReadError::OutOfRange { .. } => io::ErrorKind::UnexpectedEof.into(),
            other @ ReadError::Internal { .. } => io::Error::other(other.to_string()),
        })
    }
}

/// A CSO or ZSO whose blocks are whole raw sectors, which `sector-decode` does not read: its blocks are
/// powers of two.
struct RawBlocks {
    file: Arc<dyn Bytes>,
    image_size: u64,
    block_size: u32,
    index_shift: u8,
    coding: Coding,
}

impl RawBlocks {
    const HEADER: usize = 24;
    const MOST_SECTORS: u32 = 64;
    const MOST_SHIFT: u8 = 20;
    /// Set in the index for stored blocks.
    const STORED: u32 = 1 << 31;

    fn open(file: &Arc<dyn Bytes>) -> Option<Self> {
        let mut header = [0; Self::HEADER];
        file.read_exact_at(&mut header, 0).ok()?;
        let coding = match &header[..4] {
            b"CISO" => Coding::Deflate,
            b"ZISO" => Coding::Lz4,
            _ => return None,
        };
        let image_size = u64::from_le_bytes(header[8..16].try_into().ok()?);
        let block_size = u32::from_le_bytes(header[16..20].try_into().ok()?);
        let (version, index_shift) = (header[20], header[21]);
        let content = Self { file: Arc::clone(file), image_size, block_size, index_shift, coding };
        let is_one = block_size.is_multiple_of(RAW)
            && (1..=Self::MOST_SECTORS).contains(&(block_size / RAW))
            && version <= 1
            && index_shift <= Self::MOST_SHIFT
            && image_size > 0;
        // The index has an entry more than there are blocks.
        let index = is_one.then(|| image_size.div_ceil(block_size.into()).checked_add(1))??.checked_mul(4)?;
        let fits = u32::try_from(index).is_ok() && Self::HEADER as u64 + index <= file.len();
        fits.then_some(content)
    }

    fn block_len(&self, block: u32) -> u32 {
        let left = self.image_size - u64::from(block) * u64::from(self.block_size);
        u32::try_from(left).unwrap_or(u32::MAX).min(self.block_size)
    }

    /// Decodes a block into `block`, which has room for a whole one.
    fn decode(&self, number: u32, decoder: &mut Decoder, block: &mut [u8]) -> io::Result<()> {
        let mut entries = [0; 8];
        self.file.read_exact_at(&mut entries, Self::HEADER as u64 + 4 * u64::from(number))?;
        let entry = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| entries[at + byte]));
        let position = |entry: u32| u64::from(entry & !Self::STORED) << self.index_shift;
        let (start, end) = (position(entry(0)), position(entry(4)));
        if start >= end {
            return Err(damage(number, BlockError::NotMonotonic { start, end }));
        }
        if end > self.file.len() {
            return Err(damage(number, BlockError::PastEnd { end, file_len: self.file.len() }));
        }
        let (len, needed) = (end - start, self.block_len(number));
        let max = 2 * u64::from(self.block_size) + (1 << self.index_shift);
        if len > max {
            return Err(damage(number, BlockError::TooLong { len, max }));
        }
        let mut packed = vec![0; usize::try_from(len).expect("a block")];
        self.file.read_exact_at(&mut packed, start)?;
        if entry(0) & Self::STORED != 0 {
            let stored = packed.get(..needed as usize);
            let stored = stored.ok_or_else(|| damage(number, BlockError::TooShort { len, needed }))?;
            block[..stored.len()].copy_from_slice(stored);
            return Ok(());
        }
        let decoded = decoder.decode_last_block(self.coding, &packed, block, needed as usize);
        decoded.map_err(|error| damage(number, BlockError::Codec(error)))
    }
}

impl Bytes for RawBlocks {
    fn len(&self) -> u64 {
        self.image_size
    }

    fn read_exact_at(&self, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
        if offset.checked_add(buf.len() as u64).is_none_or(|end| end > self.image_size) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut decoder = Box::new(Decoder::new());
        let mut block = vec![0; self.block_size as usize];
        while !buf.is_empty() {
            let number = u32::try_from(offset / u64::from(self.block_size)).expect("its index has 32 bits");
            self.decode(number, &mut decoder, &mut block)?;
            let within = usize::try_from(offset % u64::from(self.block_size)).expect("in a block");
            let bytes = &block[within..self.block_len(number) as usize];
            let count = bytes.len().min(buf.len());
            let (now, rest) = std::mem::take(&mut buf).split_at_mut(count);
            now.copy_from_slice(&bytes[..count]);
            offset += count as u64;
            buf = rest;
        }
        Ok(())
    }
}
