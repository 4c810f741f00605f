//! Helpers shared by several tests.
#![allow(dead_code, unreachable_pub, reason = "each test uses another part of this")]
#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

pub mod corpus;

use std::io::Cursor;
use std::num::NonZeroUsize;

use image_writer::{
    DeflateEncoder, DigestSet, EncodeError, Lz4Encoder, Monitor, Optimize, OutputFormat, Plan, Summary,
    Threshold, encode,
};
use sector_decode::{Decoder, Layout, ReadAt, ReaderOptions, SectorReader};

pub const FORMATS: [OutputFormat; 5] =
    [OutputFormat::Cso, OutputFormat::Cso2, OutputFormat::Zso, OutputFormat::Dax, OutputFormat::Jso];

/// A plan that works for small images of whole blocks in every format.
pub fn plan(format: OutputFormat) -> Plan {
    Plan {
        format,
        block_size: if format == OutputFormat::Dax { 8192 } else { 2048 },
        index_shift: 0,
        deflate: DeflateEncoder::Zlib { level: 6 },
        lz4: Lz4Encoder::optimal(64),
        threshold: Threshold::new(100).unwrap(),
        optimize: Optimize::Size,
        firmware_safe: false,
        pad_file_to: 1,
        threads: NonZeroUsize::new(2).unwrap(),
    }
}

pub fn threads(threads: usize) -> NonZeroUsize {
    NonZeroUsize::new(threads).unwrap()
}

/// Packs into memory.
pub fn pack<S>(source: S, plan: &Plan) -> Result<(Vec<u8>, Summary), EncodeError<S::Error>>
where
    S: ReadAt + Send,
    S::Error: Send,
{
    let mut file = Cursor::new(Vec::new());
    let summary = encode(source, &mut file, plan, DigestSet::All, &Monitor::new())?;
    Ok((file.into_inner(), summary))
}

/// Decodes a whole file with the console's reader.
pub fn unpack(file: &[u8]) -> Vec<u8> {
    with_reader(file, |reader| {
        let mut image = vec![0xEE; reader.layout().image_size() as usize];
        reader.read(0, &mut image).unwrap();
        image
    })
}

/// Opens a file with the console's reader.
pub fn with_reader<T>(mut file: &[u8], use_it: impl FnOnce(&mut SectorReader<'_, &[u8]>) -> T) -> T {
    let layout = Layout::probe(&mut file).unwrap();
    let options = ReaderOptions::new().with_read_ahead(0);
    let (mut memory, mut decoder) = (vec![0; layout.memory(&options).size()], Decoder::new());
    use_it(&mut SectorReader::with_memory(file, layout, &options, &mut memory, &mut decoder).unwrap())
}
