//! Real files that other tools made (tests/golden/README.md says which and how): all of them decode to the same image, and
//! their headers are those that this crate writes.

mod support;

use sector_decode::container::{ciso, cso, cso2, dax, zso};
use sector_decode::{BlockIndex, Coding, Foreign, Format, HeaderError};
use support::read::{Memory, assert_decodes, header_error, layout_of};

const IMAGE: &[u8] = include_bytes!("golden/image.iso");

/// Reads a file, and returns how its blocks are packed: S(tored), D(eflate), Z(lib), 4 (LZ4).
fn codings(file: &[u8], format: Format, block_size: u32) -> String {
    let layout = layout_of(file);
    assert_eq!((layout.format(), layout.block_size()), (format, block_size));
    assert_decodes(file, IMAGE);
    let mut memory = Memory::suggested(&layout);
    let mut reader = memory.reader(file, layout);
    (0..layout.block_count())
        .map(|block| match reader.extent(BlockIndex(block)).expect("the index is sound").coding {
            Coding::Stored => 'S',
            Coding::Deflate => 'D',
            Coding::Zlib => 'Z',
            Coding::Lz4 => '4',
            Coding::Lzo => 'O',
        })
        .collect()
}

/// Holds what is written for the image to the header and the index of a file.
fn same_bytes(file: &[u8], variant: ciso::Variant, block_size: u32) {
    let header = variant.header(IMAGE.len() as u64, block_size, 0);
    assert_eq!(variant.parse(file), Ok(header));
    assert_eq!(variant.to_bytes(&header), file[..ciso::HEADER_LEN]);
    let index_end = usize::try_from(layout_of(file).data_start().0).expect("a small file");
    for &value in file[ciso::HEADER_LEN..index_end].as_chunks().0 {
        assert_eq!(ciso::Entry::decode(value, 0).encode(0), Some(value));
    }
}

#[test]
fn cso_by_maxcso() {
    let file = include_bytes!("golden/maxcso-2k.cso");
    assert_eq!(codings(file, Format::Cso, 2048), "DDDSDDDDD");
    same_bytes(file, cso::VARIANT, 2048);
    let file = include_bytes!("golden/maxcso-8k.cso");
    assert_eq!(codings(file, Format::Cso, 8192), "DDD");
    same_bytes(file, cso::VARIANT, 8192);
}

#[test]
fn cso2_by_maxcso() {
    let file = include_bytes!("golden/maxcso-2k.cso2");
    assert_eq!(codings(file, Format::Cso2, 2048), "DDDS4DDDD");
    same_bytes(file, cso2::VARIANT, 2048);
    let file = include_bytes!("golden/maxcso-8k.cso2");
    assert_eq!(codings(file, Format::Cso2, 8192), "DDD");
    same_bytes(file, cso2::VARIANT, 8192);
}

#[test]
fn zso_by_maxcso() {
    let file = include_bytes!("golden/maxcso-2k.zso");
    assert_eq!(codings(file, Format::Zso, 2048), "444S4S444");
    same_bytes(file, zso::VARIANT, 2048);
}

#[test]
fn zso_by_pyoplm() {
    let file = include_bytes!("golden/pyoplm.zso");
    assert_eq!(codings(file, Format::Zso, 2048), "444SSS444");
    same_bytes(file, zso::VARIANT, 2048);
}

#[test]
fn dax_by_maxcso() {
    let file = include_bytes!("golden/maxcso.dax");
    assert_eq!(codings(file, Format::Dax, dax::FRAME_SIZE), "ZZZ");
    let header = dax::Header::new(u32::try_from(IMAGE.len()).expect("a small image"));
    assert_eq!(header.to_bytes(), file[..dax::HEADER_LEN]);
    assert_eq!(dax::index_end(3, 0), layout_of(file).data_start().0);
}

#[test]
fn chd_by_chdman() {
    let error = header_error(include_bytes!("golden/chdman.chd"));
    assert_eq!(error, HeaderError::Foreign(Foreign::Chd));
}
