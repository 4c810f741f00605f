//! Any header and any entry of an index that is read is written as it was read. What a layout says of its image fits
//! together, for files of any length; and a block lies inside of its file, or nowhere.
#![no_main]

use std::convert::Infallible;

use libfuzzer_sys::fuzz_target;
use sector_decode::container::{ciso, cso, cso2, dax, jso, zso};
use sector_decode::{
    BlockError, BlockIndex, Coding, Format, ImageReader, Layout, ReadAt, ReadError, ReaderOptions,
    SECTOR_SIZE,
};

/// Bytes of an input before the file: its length, and which block is wanted.
const PLAN_LEN: usize = 12;

/// The most memory that a window of the index may take here.
const MOST_MEMORY: usize = 8 << 20;

/// A file of any length of which only the beginning is not zeros.
#[derive(Clone, Copy)]
struct Beginning<'a> {
    bytes: &'a [u8],
    len: u64,
}

impl ReadAt for Beginning<'_> {
    type Error = Infallible;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Infallible> {
        assert!(offset.checked_add(buf.len() as u64).is_some_and(|end| end <= self.len), "past the end");
        buf.fill(0);
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.bytes.len());
        let bytes = &self.bytes[from..];
        let count = bytes.len().min(buf.len());
        buf[..count].copy_from_slice(&bytes[..count]);
        Ok(())
    }

    fn byte_len(&mut self) -> Result<u64, Infallible> {
        Ok(self.len)
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((plan, file)) = input.split_first_chunk::<PLAN_LEN>() else { return };
    headers(file);
    for chunk in file.as_chunks::<8>().0 {
        entries(*chunk);
    }
    let len = u64::from_le_bytes(*plan.first_chunk().expect("eight bytes")).max(file.len() as u64);
    let wanted = u32::from_le_bytes(*plan.last_chunk().expect("four bytes"));
    let mut source = Beginning { bytes: file, len };
    match Layout::probe(&mut source) {
        Ok(layout) => fits(source, layout, wanted),
        Err(error) => cisor_fuzz::in_words(&error),
    }
});

/// The headers of all formats, whatever the magic is.
fn headers(file: &[u8]) {
    for variant in [cso::VARIANT, cso2::VARIANT, zso::VARIANT] {
        match variant.parse(file) {
            Ok(header) => {
                let bytes = variant.to_bytes(&header);
                assert_eq!(bytes[4..ciso::HEADER_LEN - 2], file[4..ciso::HEADER_LEN - 2]);
                assert_eq!(variant.parse(&bytes), Ok(header));
                let written = variant.header(header.image_size, header.block_size, header.index_shift);
                assert_eq!(variant.parse(&variant.to_bytes(&written)), Ok(written));
            }
            Err(error) => cisor_fuzz::in_words(&error),
        }
        let flagged = [Coding::Stored, Coding::Deflate, Coding::Zlib, Coding::Lz4, Coding::Lzo]
            .map(|coding| variant.flag(coding));
        assert!(flagged.iter().filter(|is_flagged| **is_flagged).count() <= 1);
    }
    match dax::Header::parse(file) {
        Ok(header) => {
            assert_eq!(dax::Header::parse(&header.to_bytes()), Ok(header));
            let written = dax::Header::new(header.image_size);
            assert_eq!(dax::Header::parse(&written.to_bytes()), Ok(written));
        }
        Err(error) => cisor_fuzz::in_words(&error),
    }
    match jso::Header::parse(file) {
        Ok(header) => {
            assert_eq!(jso::Header::parse(&header.to_bytes()), Ok(header));
            let written = jso::Header::new(header.image_size, header.block_size, header.image_md5);
            assert_eq!(jso::Header::parse(&written.to_bytes()), Ok(written));
        }
        Err(error) => cisor_fuzz::in_words(&error),
    }
}

/// Eight bytes as entries of every index.
fn entries(bytes: [u8; 8]) {
    let [value, rest] = [0, 4].map(|at| <[u8; 4]>::try_from(&bytes[at..at + 4]).expect("four bytes"));
    let size = [rest[0], rest[1]];
    let shift = rest[2];
    if shift <= sector_decode::MAX_INDEX_SHIFT {
        assert_eq!(ciso::Entry::decode(value, shift).encode(shift), Some(value));
    }
    // A position of 64 bits is refused, or comes back whole.
    let entry = ciso::Entry { position: u64::from_le_bytes(bytes) >> (rest[3] % 64), flag: size[0] & 1 != 0 };
    if let Some(encoded) = entry.encode(shift) {
        assert_eq!(ciso::Entry::decode(encoded, shift), entry);
    }
    assert_eq!(jso::Entry::decode(value).encode(), value);
    assert_eq!(dax::Entry::decode(value, size).encode(), (value, size));
    assert_eq!(dax::Area::decode(bytes).encode(), bytes);
}

/// What a layout says of its image, and of one block.
fn fits(source: Beginning<'_>, layout: Layout, wanted: u32) {
    let (format, blocks, block_size) = (layout.format(), layout.block_count(), layout.block_size());
    assert!(Format::ALL.contains(&format) && !format.name().is_empty() && !format.to_string().is_empty());
    assert_eq!(layout.file_len(), source.len);
    let last = layout.block_len(BlockIndex(blocks - 1));
    assert!((1..=block_size).contains(&last) && layout.block_len(BlockIndex(blocks)) == 0);
    assert_eq!(u64::from(blocks - 1) * u64::from(block_size) + u64::from(last), layout.image_size());
    assert!(block_size.is_multiple_of(SECTOR_SIZE) && layout.max_packed_len() > block_size);
    let is_of = |formats: &[Format]| formats.contains(&format);
    assert_eq!(layout.version().is_some(), format != Format::Iso);
    assert_eq!(layout.header_size_field().is_some(), is_of(&[Format::Cso, Format::Cso2, Format::Zso]));
    assert_eq!(layout.image_md5().is_some(), format == Format::Jso);
    assert!(!layout.has_block_headers() || format == Format::Jso);
    assert!(layout.uncompressed_areas() <= blocks && layout.index_shift() <= sector_decode::MAX_INDEX_SHIFT);
    // The data begins where an index of this many blocks ends.
    let index_end = match format {
        Format::Iso => 0,
        Format::Dax => dax::index_end(blocks, layout.uncompressed_areas()),
        Format::Jso => jso::index_end(blocks),
        Format::Cso | Format::Cso2 | Format::Zso => ciso::index_end(blocks),
    };
    // Files of ziso.py have one value less, and in JSO the index may come after the data.
    let data_start = layout.data_start().0;
    assert!(data_start <= source.len);
    assert!(format == Format::Jso || data_start == index_end || data_start + 4 == index_end);

    let options = ReaderOptions::new().with_one_window(wanted % 4096);
    let few = [options, ReaderOptions::PSP_DRIVER, options.with_two_reads_at_most(true).with_alignment(16)];
    let options = few[wanted as usize % few.len()];
    if layout.memory(&options).size() > MOST_MEMORY {
        return;
    }
    let Ok(mut reader) = ImageReader::open(source, &options) else { panic!("it was probed before") };
    assert_eq!(*reader.layout(), layout);
    for block in [0, wanted % blocks, blocks - 1, wanted] {
        match reader.extent(BlockIndex(block)) {
            Ok(extent) => {
                assert!(block < blocks && extent.len > 0 && extent.len <= layout.max_packed_len());
                assert!(extent.offset.0 >= data_start || format == Format::Iso);
                let end = extent.offset.0 + u64::from(extent.len);
                assert!(end <= source.len, "{extent:?} is not in a file of {}", source.len);
            }
            Err(error) => {
                cisor_fuzz::in_words(&error);
                match error {
                    ReadError::OutOfRange { .. } => assert!(block >= blocks),
                    ReadError::Block { error, .. } => assert!(!matches!(error, BlockError::Codec(_))),
                    ReadError::Source { error, .. } => match error {},
                    ReadError::Internal { .. } => panic!("{error}"),
                }
            }
        }
    }
    assert_eq!(reader.source().len, source.len);
    assert_eq!(reader.into_source().len, source.len);
}
