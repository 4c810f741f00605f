//! The directory of a 7z archive. `None` means that it is impossible.

use super::coder::Processor;
use super::fields::Fields;

/// Coders that a folder may have.
const MOST_CODERS: u64 = 8;

mod id {
    pub(super) const END: u64 = 0x00;
    pub(super) const HEADER: u8 = 0x01;
    pub(super) const ARCHIVE_PROPERTIES: u64 = 0x02;
    pub(super) const MAIN_STREAMS: u64 = 0x04;
    pub(super) const FILES: u64 = 0x05;
    pub(super) const PACK_INFO: u64 = 0x06;
    pub(super) const UNPACK_INFO: u64 = 0x07;
    pub(super) const SUB_STREAMS: u64 = 0x08;
    pub(super) const SIZE: u64 = 0x09;
    pub(super) const CRC: u64 = 0x0A;
    pub(super) const FOLDER: u64 = 0x0B;
    pub(super) const UNPACK_SIZE: u64 = 0x0C;
    pub(super) const COUNT: u64 = 0x0D;
    pub(super) const EMPTY_STREAM: u64 = 0x0E;
    pub(super) const NAMES: u64 = 0x11;
    pub(super) const PACKED_HEADER: u8 = 0x17;
}

/// A directory.
pub(super) enum Header {
    /// It is packed itself.
    Packed(Streams),
    /// It lists files.
    Files {
        /// The packed data.
        streams: Streams,
        /// The files' names; `None` for files without data, such as folders.
        names: Vec<Option<String>>,
    },
}

/// The packed data of an archive.
#[derive(Default)]
pub(super) struct Streams {
    pub(super) folders: Vec<Folder>,
}

/// Files that are packed as one.
pub(super) struct Folder {
    pub(super) coders: Vec<Coder>,
    /// Input of a coder, and the coder whose output it is.
    binds: Vec<(u64, u64)>,
    packed_count: u64,
    /// Where its packed data is in the archive.
    pub(super) start: u64,
    pub(super) packed_len: u64,
    pub(super) streams: Vec<Stream>,
    crc: Option<u32>,
}

/// A coder of a folder.
pub(super) struct Coder {
    pub(super) method: Method,
    inputs: u64,
    outputs: u64,
    pub(super) properties: Vec<u8>,
    /// Bytes that come out of it.
    pub(super) len: u64,
}

/// How a folder is packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Copy,
    Deflate,
    Deflate64,
    Bzip2,
    Zstd,
    Lzma,
    Lzma2,
    Ppmd,
    Delta,
    /// A filter for machine code.
    Jumps(Processor),
    Aes,
    Other(String),
}

/// A file in a folder.
pub(super) struct Stream {
    pub(super) len: u64,
    pub(super) crc: Option<u32>,
}

impl Folder {
    /// Returns the coders in the order in which data goes through them. `None` if they are not a chain.
    pub(super) fn order(&self) -> Option<Vec<&Coder>> {
        let is_simple = self.coders.iter().all(|coder| (coder.inputs, coder.outputs) == (1, 1));
        if !is_simple || self.packed_count != 1 {
            return None;
        }
        let count = self.coders.len() as u64;
        // The one whose input is the packed data.
        let mut at = (0..count).find(|&coder| self.binds.iter().all(|&(input, _)| input != coder))?;
        let mut order = Vec::new();
        while order.len() < self.coders.len() {
            order.push(self.coders.get(usize::try_from(at).ok()?)?);
            match self.binds.iter().find(|&&(_, output)| output == at) {
                Some(&(input, _)) => at = input,
                None => break,
            }
        }
        (order.len() == self.coders.len()).then_some(order)
    }

    /// Returns how many bytes come out of it.
    pub(super) fn len(&self) -> Option<u64> {
        let place = self.last_output()?;
        self.coders.get(place).map(|coder| coder.len)
    }

    /// The coder whose output is no other coder's input.
    fn last_output(&self) -> Option<usize> {
        // Only of coders with one output each is the number of an output that of a coder.
        (0..self.coders.len()).find(|&coder| self.binds.iter().all(|&(_, output)| output != coder as u64))
    }
}

/// Reads a directory with at most this many files.
pub(super) fn parse(bytes: &[u8], most_files: u64) -> Option<Header> {
    let mut fields = Fields::new(bytes);
    match fields.u8()? {
        id::PACKED_HEADER => streams(&mut fields, most_files).map(Header::Packed),
        id::HEADER => files(&mut fields, most_files),
        _ => None,
    }
}

fn files(fields: &mut Fields<'_>, most_files: u64) -> Option<Header> {
    let (mut found, mut names) = (Streams::default(), Vec::new());
    loop {
        match number(fields)? {
            id::END => return Some(Header::Files { streams: found, names }),
            id::ARCHIVE_PROPERTIES => {
                while number(fields)? != id::END {
                    sized(fields)?;
                }
            }
            id::MAIN_STREAMS => found = streams(fields, most_files)?,
            id::FILES => names = file_names(fields, most_files)?,
            _ => return None,
        }
    }
}

/// A number of one to nine bytes: the leading ones of the first byte tell how many follow.
fn number(fields: &mut Fields<'_>) -> Option<u64> {
    let first = fields.u8()?;
    let mut value = 0;
    for place in 0..8 {
        let mask = 0x80 >> place;
        if first & mask == 0 {
            return Some(value | u64::from(first & (mask - 1)) << (8 * place));
        }
        value |= u64::from(fields.u8()?) << (8 * place);
    }
    Some(value)
}

/// A number of things that each take at least a bit of what follows.
fn count(fields: &mut Fields<'_>, most: u64) -> Option<usize> {
    let count = number(fields)?;
    usize::try_from(count).ok().filter(|_| count <= most)
}

/// Bytes after their number.
fn sized<'b>(fields: &mut Fields<'b>) -> Option<&'b [u8]> {
    let len = number(fields)?;
    fields.bytes(usize::try_from(len).ok()?)
}

fn bits(fields: &mut Fields<'_>, count: usize) -> Option<Vec<bool>> {
    let bytes = fields.bytes(count.div_ceil(8))?;
    Some((0..count).map(|place| bytes[place / 8] & (0x80 >> (place % 8)) != 0).collect())
}

/// CRCs, of which some may be missing.
fn crcs(fields: &mut Fields<'_>, count: usize) -> Option<Vec<Option<u32>>> {
    let are_there = if fields.u8()? == 0 { bits(fields, count)? } else { vec![true; count] };
    are_there.into_iter().map(|is_there| if is_there { fields.u32().map(Some) } else { Some(None) }).collect()
}

fn streams(fields: &mut Fields<'_>, most: u64) -> Option<Streams> {
    let (mut packed, mut found, mut has_streams) = ((0, Vec::new()), Streams::default(), false);
    loop {
        match number(fields)? {
            id::END => break,
            id::PACK_INFO => packed = pack_info(fields, most)?,
            id::UNPACK_INFO => found.folders = unpack_info(fields, most)?,
            id::SUB_STREAMS => {
                sub_streams(fields, &mut found.folders, most)?;
                has_streams = true;
            }
            _ => return None,
        }
    }
    let (mut start, sizes) = packed;
    let mut sizes = sizes.into_iter();
    for folder in &mut found.folders {
        folder.start = start;
        for _ in 0..folder.packed_count {
            folder.packed_len = folder.packed_len.checked_add(sizes.next()?)?;
        }
        start = start.checked_add(folder.packed_len)?;
        if !has_streams {
            folder.streams = vec![Stream { len: folder.len()?, crc: folder.crc }];
        }
    }
    Some(found)
}

/// Where the packed data begins, and the sizes of its parts.
fn pack_info(fields: &mut Fields<'_>, most: u64) -> Option<(u64, Vec<u64>)> {
    /// Positions count from the end of the archive's first bytes.
    const ORIGIN: u64 = 32;
    let start = number(fields)?.checked_add(ORIGIN)?;
    let count = count(fields, most)?;
    let mut sizes = Vec::new();
    loop {
        match number(fields)? {
            id::END => return Some((start, sizes)),
            id::SIZE => sizes = (0..count).map(|_| number(fields)).collect::<Option<_>>()?,
            id::CRC => drop(crcs(fields, count)?),
            _ => return None,
        }
    }
}

fn unpack_info(fields: &mut Fields<'_>, most: u64) -> Option<Vec<Folder>> {
    if number(fields)? != id::FOLDER {
        return None;
    }
    let count = count(fields, most)?;
    // In a stream of its own, which nobody writes.
    if fields.u8()? != 0 {
        return None;
    }
    let mut folders = (0..count).map(|_| folder(fields)).collect::<Option<Vec<_>>>()?;
    if number(fields)? != id::UNPACK_SIZE {
        return None;
    }
    for coder in folders.iter_mut().flat_map(|folder| &mut folder.coders) {
        for _ in 0..coder.outputs {
            coder.len = number(fields)?;
        }
    }
    loop {
        match number(fields)? {
            id::END => return Some(folders),
            id::CRC => {
                let crcs = crcs(fields, count)?;
                folders.iter_mut().zip(crcs).for_each(|(folder, crc)| folder.crc = crc);
            }
            _ => return None,
        }
    }
}

fn folder(fields: &mut Fields<'_>) -> Option<Folder> {
    let coders = (0..count(fields, MOST_CODERS)?).map(|_| coder(fields)).collect::<Option<Vec<_>>>()?;
    let inputs: u64 = coders.iter().map(|coder| coder.inputs).sum();
    let outputs: u64 = coders.iter().map(|coder| coder.outputs).sum();
    let binds = (1..outputs).map(|_| Some((number(fields)?, number(fields)?))).collect::<Option<Vec<_>>>()?;
    let packed_count = inputs.checked_sub(binds.len() as u64)?;
    if packed_count > 1 {
        for _ in 0..packed_count {
            number(fields)?;
        }
    }
    let (start, packed_len, streams, crc) = (0, 0, Vec::new(), None);
    Some(Folder { coders, binds, packed_count, start, packed_len, streams, crc })
}

fn coder(fields: &mut Fields<'_>) -> Option<Coder> {
    const IS_COMPLEX: u8 = 0x10;
    const HAS_PROPERTIES: u8 = 0x20;
    /// Alternatives, which nobody writes.
    const RESERVED: u8 = 0xC0;
    let flags = fields.u8()?;
    if flags & RESERVED != 0 {
        return None;
    }
    let method = method(fields.bytes(usize::from(flags & 0xF))?);
    let is_complex = flags & IS_COMPLEX != 0;
    let mut ports = || if is_complex { number(fields).filter(|&ports| ports <= 8) } else { Some(1) };
    let (inputs, outputs) = (ports()?, ports()?);
    let properties = if flags & HAS_PROPERTIES == 0 { &[][..] } else { sized(fields)? }.to_vec();
    Some(Coder { method, inputs, outputs, properties, len: 0 })
}

fn method(id: &[u8]) -> Method {
    match id {
        [0x00] => Method::Copy,
        [0x21] => Method::Lzma2,
        [0x03, 0x01, 0x01] => Method::Lzma,
        [0x03, 0x04, 0x01] => Method::Ppmd,
        [0x04, 0x01, 0x08] => Method::Deflate,
        [0x04, 0x01, 0x09] => Method::Deflate64,
        [0x04, 0x02, 0x02] => Method::Bzip2,
        [0x04, 0xF7, 0x11, 0x01] => Method::Zstd,
        [0x06, 0xF1, 0x07, ..] => Method::Aes,
        [0x03] => Method::Delta,
        [0x04] | [0x03, 0x03, 0x01, 0x03] => Method::Jumps(Processor::X86),
        [0x05] | [0x03, 0x03, 0x02, 0x05] => Method::Jumps(Processor::PowerPc),
        [0x06] | [0x03, 0x03, 0x04, 0x01] => Method::Jumps(Processor::Itanium),
        [0x07] | [0x03, 0x03, 0x05, 0x01] => Method::Jumps(Processor::Arm),
        [0x08] | [0x03, 0x03, 0x07, 0x01] => Method::Jumps(Processor::Thumb),
        [0x09] | [0x03, 0x03, 0x08, 0x05] => Method::Jumps(Processor::Sparc),
        [0x0A] => Method::Jumps(Processor::Arm64),
        [0x0B] => Method::Jumps(Processor::RiscV),
        [0x03, 0x03, ..] => Method::Other("a filter for programs of an unknown kind".into()),
        other => Method::Other(format!(
            "method {}",
            other.iter().map(|byte| format!("{byte:02X}")).collect::<String>()
        )),
    }
}

fn sub_streams(fields: &mut Fields<'_>, folders: &mut [Folder], most: u64) -> Option<()> {
    let mut id = number(fields)?;
    let mut counts = vec![1; folders.len()];
    if id == id::COUNT {
        let mut all = 0_u64;
        for entry in &mut counts {
            *entry = count(fields, most)?;
            all += *entry as u64;
            if all > most {
                return None;
            }
        }
        id = number(fields)?;
    }
    // All sizes but the last one of each folder, which is the rest.
    let has_sizes = id == id::SIZE;
    for (folder, &count) in folders.iter_mut().zip(&counts) {
        let mut left = folder.len()?;
        for place in 0..count {
            let len = if place + 1 == count {
                left
            } else if has_sizes {
                number(fields)?
            } else {
                return None;
            };
            left = left.checked_sub(len)?;
            folder.streams.push(Stream { len, crc: None });
        }
        if count == 1 {
            folder.streams[0].crc = folder.crc;
        }
    }
    if has_sizes {
        id = number(fields)?;
    }
    loop {
        match id {
            id::END => return Some(()),
            id::CRC => {
                let unknown = |folder: &Folder| folder.streams.len() != 1 || folder.crc.is_none();
                let streams = folders.iter_mut().filter(|folder| unknown(folder));
                let mut streams: Vec<_> = streams.flat_map(|folder| &mut folder.streams).collect();
                let crcs = crcs(fields, streams.len())?;
                streams.iter_mut().zip(crcs).for_each(|(stream, crc)| stream.crc = crc);
            }
            _ => return None,
        }
        id = number(fields)?;
    }
}

fn file_names(fields: &mut Fields<'_>, most: u64) -> Option<Vec<Option<String>>> {
    let count = count(fields, most)?;
    let (mut names, mut are_empty) = (Vec::new(), vec![false; count]);
    loop {
        let kind = number(fields)?;
        if kind == id::END {
            break;
        }
        let mut content = Fields::new(sized(fields)?);
        match kind {
            id::EMPTY_STREAM => are_empty = bits(&mut content, count)?,
            id::NAMES => {
                if content.u8()? != 0 {
                    return None;
                }
                names = (0..count).map(|_| name(&mut content)).collect::<Option<_>>()?;
                if !content.is_empty() {
                    return None;
                }
            }
            // Times, attributes, padding.
            _ => {}
        }
    }
    // Archives without names exist: of a single file.
    names.resize(count, String::new());
    Some(names.into_iter().zip(are_empty).map(|(name, is_empty)| (!is_empty).then_some(name)).collect())
}

/// A name in UTF-16 that ends with a zero.
fn name(fields: &mut Fields<'_>) -> Option<String> {
    let mut units = Vec::new();
    loop {
        match fields.u16()? {
            0 => return Some(String::from_utf16_lossy(&units)),
            unit => units.push(unit),
        }
    }
}
