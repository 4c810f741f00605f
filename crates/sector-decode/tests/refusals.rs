//! Damage and nonsense: what is refused, and with which numbers.

mod support;

use sector_decode::{
    BlockError, BlockIndex, BufferError, BufferName, Buffers, CodecError, Decoder, Format, HeaderError,
    Layout, ReadError, SectorReader,
};
use support::bytes::{get_u32, set_u32};
use support::ciso::{Ciso, FLAG, Stored, entry_at, four_sectors as cso, one_block};
use support::dax::{Dax, FRAME_SIZE};
use support::jso::{self, Jso};
use support::kinds::{Sample, samples};
use support::read::{Failure, Memory, block_error, header_error, image_of, layout_of};
use support::source::Virtual;
use support::{image, pack};

const SECTOR: usize = 2048;

fn codec_error(file: &[u8]) -> CodecError {
    match block_error(file) {
        (0, BlockError::Codec(error)) => error,
        other => panic!("expected block 0 not to decode, got {other:?}"),
    }
}

// Headers.

#[test]
fn empty_file() {
    // No header says so: there is none.
    assert_eq!(header_error(&[]), HeaderError::EmptyFile);
    assert_eq!(header_error(&[]).to_string(), "the file is empty");
}

#[test]
fn file_that_ends_inside_its_header() {
    for Sample { file, .. } in samples(4) {
        let needed = match layout_of(&file).format() {
            Format::Iso => continue,
            Format::Dax => 32,
            Format::Jso => 48,
            _ => 24,
        };
        for len in [needed - 1, needed / 2 + 9, 21_u32] {
            let error = header_error(&file[..len as usize]);
            let expected = HeaderError::FileTooShort { len: len.into(), needed };
            assert_eq!(error, expected, "{:?}", layout_of(&file).format());
        }
    }
}

#[test]
fn file_that_ends_inside_its_index() {
    for Sample { kind, file, .. } in samples(8) {
        let layout = layout_of(&file);
        let index_end = layout.data_start().0;
        if layout.format() == Format::Iso {
            continue;
        }
        let short = &file[..usize::try_from(index_end).unwrap() - 1];
        let expected = HeaderError::IndexPastEnd { index_end, file_len: index_end - 1 };
        assert_eq!(header_error(short), expected, "{kind:?}");
    }
}

#[test]
fn block_size_out_of_range_or_not_whole_sectors() {
    for got in [0, 1, 512, 2047, 2049, 3072, 4095, (1 << 20) + 2048, 1 << 21, 1 << 31, u32::MAX] {
        let mut file = cso();
        set_u32(&mut file, 0x10, got);
        assert_eq!(header_error(&file), HeaderError::BlockSize { got, min: 2048, max: 1 << 20 });
    }
    let mut file = Jso::new(SECTOR, SECTOR, jso::ZLIB, vec![vec![0; 9]]).file();
    file[6..8].copy_from_slice(&2352u16.to_le_bytes());
    assert_eq!(header_error(&file), HeaderError::BlockSize { got: 2352, min: 2048, max: 1 << 20 });
}

#[test]
fn index_shift_over_20() {
    for got in [21, 32, 63, 64, 255] {
        let mut file = cso();
        file[0x15] = got;
        assert_eq!(header_error(&file), HeaderError::IndexShift { got, max: 20 });
    }
}

#[test]
fn image_without_bytes() {
    let mut file = cso();
    file[8..16].fill(0);
    assert_eq!(header_error(&file), HeaderError::EmptyImage);
    assert_eq!(header_error(&Dax::v0(0, vec![]).file()), HeaderError::EmptyImage);
    assert_eq!(header_error(&Jso::new(0, SECTOR, jso::ZLIB, vec![]).file()), HeaderError::EmptyImage);
}

#[test]
fn image_size_that_the_index_cannot_serve() {
    let mut file = cso();
    let len = file.len() as u64;
    set_u32(&mut file, 8, 0x7FFF_FFFF);
    let index_end = 24 + 4 * ((0x7FFF_FFFF_u64).div_ceil(2048) + 1);
    assert_eq!(header_error(&file), HeaderError::IndexPastEnd { index_end, file_len: len });
}

#[test]
fn image_size_of_more_blocks_than_32_bits_count() {
    for (size, blocks) in [(u64::MAX, 1 << 53), (2048 * 0xFFFF_FFFE + 1, 0xFFFF_FFFF)] {
        let mut file = cso();
        file[8..16].copy_from_slice(&size.to_le_bytes());
        assert_eq!(header_error(&file), HeaderError::TooManyBlocks { blocks });
    }
}

#[test]
fn unknown_versions() {
    let mut file = cso();
    for got in [3, 4, 255] {
        file[0x14] = got;
        let expected = HeaderError::Version { format: Format::Cso, got: got.into(), max: 2 };
        assert_eq!(header_error(&file), expected);
    }
    let mut file = Ciso::zso(SECTOR, SECTOR, vec![Stored::flagged(vec![0; SECTOR])]).file();
    for got in [2, 255] {
        file[0x14] = got;
        let expected = HeaderError::Version { format: Format::Zso, got: got.into(), max: 1 };
        assert_eq!(header_error(&file), expected);
    }
    let mut file = Dax::v0(SECTOR, vec![vec![0; 9]]).file();
    for got in [2, u32::MAX] {
        set_u32(&mut file, 8, got);
        assert_eq!(header_error(&file), HeaderError::Version { format: Format::Dax, got, max: 1 });
    }
}

#[test]
fn cso2_header_size_other_than_24() {
    for got in [0, 23, 25, 48] {
        let mut file = Ciso::cso2(SECTOR, SECTOR, vec![Stored::flagged(vec![0; SECTOR])]).file();
        set_u32(&mut file, 4, got);
        assert_eq!(header_error(&file), HeaderError::HeaderSize { got, expected: 24 });
    }
}

#[test]
fn dax_with_more_areas_than_frames() {
    let frames = vec![vec![0; FRAME_SIZE]; 2];
    let file = Dax::v1(2 * FRAME_SIZE, frames, vec![(0, 1), (1, 1), (0, 2)]).file();
    assert_eq!(header_error(&file), HeaderError::TooManyAreas { areas: 3, frames: 2 });
}

#[test]
fn jso_index_inside_the_header() {
    for got in [0, 47] {
        let mut file = Jso::new(SECTOR, SECTOR, jso::ZLIB, vec![vec![0; 9]]).file();
        set_u32(&mut file, 0x20, got);
        let error = header_error(&file);
        assert_eq!(error, HeaderError::IndexPosition { got, min: 48 });
        let expected =
            format!("the header places the index at byte {got}, inside itself; it ends at byte 48");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn jso_method_that_nobody_writes() {
    for got in [2, 3, 0x100, u16::MAX] {
        let file = Jso::new(SECTOR, SECTOR, got, vec![vec![0; 9]]).file();
        assert_eq!(header_error(&file), HeaderError::Method { got });
        assert!(header_error(&file).to_string().contains(&format!("method {got} ")));
    }
}

// Packed bytes.

#[test]
fn deflate_stream_that_is_cut_off() {
    let stream = pack::deflate(&image::text(SECTOR, 1), 9);
    let file = one_block(Stored::unflagged(stream[..stream.len() - 1].to_vec()));
    assert!(matches!(codec_error(&file), CodecError::InputEnded { expected: 2048, .. }));
}

#[test]
fn deflate_stream_that_is_too_short() {
    let file = one_block(Stored::unflagged(pack::deflate(&[7; SECTOR - 1], 9)));
    assert_eq!(codec_error(&file), CodecError::Short { produced: 2047, expected: 2048 });
}

#[test]
fn deflate_stream_that_goes_on_behind_the_block() {
    let file = one_block(Stored::unflagged(pack::deflate(&[7; SECTOR + 1], 9)));
    assert_eq!(codec_error(&file), CodecError::Overlong { block_size: 2048 });
}

#[test]
fn deflate_match_before_the_beginning_of_the_block() {
    let mut stream = support::bits::Bits::default();
    stream.field(1, 1).field(1, 2); // last block, fixed codes
    stream.code(0b0011_0000 + u32::from(b'A'), 8); // literal A
    stream.code(1, 7); // symbol 257: match of 3
    stream.code(1, 5); // distance 2, one byte too far
    stream.code(0, 7); // end of block
    let file = one_block(Stored::unflagged(stream.finish()));
    assert!(matches!(codec_error(&file), CodecError::Invalid { .. }));
}

#[test]
fn deflate_block_of_the_reserved_type() {
    let file = one_block(Stored::unflagged(vec![0b111, 0, 0]));
    assert_eq!(codec_error(&file), CodecError::Invalid { produced: 0, expected: 2048 });
}

fn lz4_error(packed: &[u8]) -> CodecError {
    codec_error(&Ciso::zso(SECTOR, SECTOR, vec![Stored::unflagged(packed.to_vec())]).file())
}

#[test]
fn lz4_block_that_is_cut_off() {
    let packed = pack::lz4(&image::text(SECTOR, 1));
    for len in 1..packed.len() {
        assert!(matches!(lz4_error(&packed[..len]), CodecError::InputEnded { expected: 2048, .. }), "{len}");
    }
}

#[test]
fn lz4_block_that_goes_on_behind_the_block() {
    assert_eq!(lz4_error(&pack::lz4(&[7; SECTOR + 1])), CodecError::Overlong { block_size: 2048 });
    let noise = image::noise(SECTOR + 1, 1);
    assert_eq!(lz4_error(&pack::lz4(&noise)), CodecError::Overlong { block_size: 2048 });
}

#[test]
fn lz4_match_of_impossible_distance() {
    // One literal, then a match at distance 0, 2, 65535.
    for distance in [[0, 0], [2, 0], [0xFF, 0xFF]] {
        let error = lz4_error(&[0x10, b'A', distance[0], distance[1], 0x50, 1, 2, 3, 4, 5]);
        assert_eq!(error, CodecError::Invalid { produced: 1, expected: 2048 });
    }
}

#[test]
fn lz4_length_that_never_ends() {
    assert!(matches!(lz4_error(&[0xFF; 2300]), CodecError::InputEnded { produced: 0, .. }));
}

#[test]
fn zlib_header_of_another_kind() {
    // Method 7, wrong check bits, a preset dictionary (with right check bits).
    for head in [[0x77, 0x9C], [0x78, 0x9D], [0x78, 0xBB]] {
        let mut frame = pack::zlib(&[7; FRAME_SIZE], 9);
        frame[..2].copy_from_slice(&head);
        let file = Dax::v0(FRAME_SIZE, vec![frame]).file();
        assert_eq!(codec_error(&file), CodecError::ZlibHeader { got: u16::from_be_bytes(head) });
    }
}

#[test]
fn zlib_checksum_that_does_not_match() {
    let frame = pack::zlib(&image::text(FRAME_SIZE, 1), 9);
    let sum = u32::from_be_bytes(*frame.last_chunk().unwrap());
    let mut wrong = frame.clone();
    *wrong.last_mut().unwrap() ^= 1;
    let file = Dax::v0(FRAME_SIZE, vec![wrong]).file();
    assert_eq!(codec_error(&file), CodecError::Checksum { expected: sum ^ 1, got: sum });
    for cut in 1..=4 {
        let file = Dax::v0(FRAME_SIZE, vec![frame[..frame.len() - cut].to_vec()]).file();
        assert!(matches!(codec_error(&file), CodecError::InputEnded { .. }), "{cut}");
    }
}

fn lzo_error(packed: Vec<u8>) -> CodecError {
    codec_error(&Jso::new(SECTOR, SECTOR, jso::LZO, vec![packed]).file())
}

#[test]
fn lzo_stream_that_is_damaged() {
    let packed = pack::lzo(&image::text(SECTOR, 1));
    let cut = packed[..packed.len() - 1].to_vec();
    assert!(matches!(lzo_error(cut), CodecError::InputEnded { .. }));
    assert_eq!(lzo_error(pack::lzo(&[7; SECTOR + 1])), CodecError::Overlong { block_size: 2048 });
    let short = CodecError::Short { produced: 2047, expected: 2048 };
    assert_eq!(lzo_error(pack::lzo(&[7; SECTOR - 1])), short);
    // One literal, then a match of 3 at distance 2.
    let error = lzo_error(vec![0x12, b'A', 0x21, 1 << 2, 0, 0x11, 0, 0]);
    assert_eq!(error, CodecError::Invalid { produced: 1, expected: 2048 });
}

// Calls.

#[test]
fn range_outside_the_image() {
    for Sample { kind, image, file } in samples(4) {
        let layout = layout_of(&file);
        let mut memory = Memory::minimal(&layout);
        let mut reader = memory.reader(&file[..], layout);
        let image_size = image.len() as u64;
        for (offset, len) in
            [(image_size, 1), (image_size - 1, 2), (0, image.len() + 1), (u64::MAX, 1), (u64::MAX - 3, 4)]
        {
            let expected = ReadError::OutOfRange { offset, len: len as u64, image_size };
            assert_eq!(reader.read(offset, &mut vec![0; len]), Err(expected), "{kind:?}");
        }
        assert_eq!(reader.read(image_size, &mut []), Ok(()), "{kind:?}: nothing at the end is inside");
        let block = BlockIndex(layout.block_count());
        let len = u64::from(layout.block_size());
        let expected = ReadError::OutOfRange { offset: u64::from(block.0) * len, len, image_size };
        assert_eq!(reader.extent(block).map(|extent| extent.offset), Err(expected), "{kind:?}");
        assert!(matches!(reader.view(BlockIndex(u32::MAX)), Err(ReadError::OutOfRange { .. })), "{kind:?}");
    }
}

#[test]
fn buffers_smaller_than_the_layout_asks_for() {
    for Sample { kind, file, .. } in samples(4) {
        let layout = layout_of(&file);
        let sizes = layout.buffer_sizes();
        let full = [sizes.index, sizes.packed, sizes.block];
        for (which, buffer) in
            [BufferName::Index, BufferName::Packed, BufferName::Block].into_iter().enumerate()
        {
            let mut lens = full;
            let Some(less) = lens[which].checked_sub(1) else { continue };
            lens[which] = less;
            let [mut index, mut packed, mut block] = lens.map(|len| vec![0; len]);
            let mut decoder = Decoder::new();
            let buffers =
                Buffers { index: &mut index, packed: &mut packed, block: &mut block, decoder: &mut decoder };
            let error = SectorReader::new(&file[..], layout, buffers).err();
            assert_eq!(error, Some(BufferError { buffer, got: less, needed: full[which] }), "{kind:?}");
        }
    }
}

#[test]
fn a_damaged_block_does_not_spoil_the_others() {
    let image = image::text(4 * SECTOR, 1);
    let mut file = cso();
    let at = get_u32(&file, entry_at(2)) as usize;
    file[at] = 0xFF; // a block of the reserved type
    let layout = layout_of(&file);
    let mut memory = Memory::sized(&layout, 1024, 64);
    let mut reader = memory.reader(&file[..], layout);
    for (number, sector) in image.chunks(SECTOR).enumerate() {
        let mut out = vec![0; SECTOR];
        match reader.read((number * SECTOR) as u64, &mut out) {
            Ok(()) => assert_eq!((number == 2, &out[..]), (false, sector)),
            Err(error) => {
                let damaged = matches!(error, ReadError::Block { block: BlockIndex(2), .. });
                assert!(damaged && number == 2, "{error}");
            }
        }
    }
    // A request over all of them names the same block.
    let error = reader.read(0, &mut vec![0; image.len()]).unwrap_err();
    assert!(matches!(error, ReadError::Block { block: BlockIndex(2), .. }), "{error}");
}

#[test]
fn a_damaged_entry_is_named_by_the_read_that_needs_it() {
    let image = image::text(4 * SECTOR, 1);
    let mut file = cso();
    set_u32(&mut file, entry_at(2), 5 | FLAG);
    let layout = layout_of(&file);
    let mut memory = Memory::sized(&layout, 1024, 64);
    let mut reader = memory.reader(&file[..], layout);
    let mut out = vec![0; SECTOR];
    reader.read(0, &mut out).expect("block 0 is whole");
    assert_eq!(out, image[..SECTOR]);
    // Block 1 has no end now, and block 2 begins inside the header.
    for number in [1, 2] {
        let error = reader.read(number * 2048, &mut out).unwrap_err();
        let ReadError::Block { block, .. } = error else { panic!("{error}") };
        assert_eq!(u64::from(block.0), number);
    }
    reader.read(3 * 2048, &mut out).expect("block 3 is whole");
    assert_eq!(out, image[3 * SECTOR..]);
}

/// Of real files; `error_texts.rs` has the texts of all.
#[test]
fn messages_carry_the_numbers() {
    let Err(Failure::Open(error)) = image_of(&cso()[..40]) else { panic!("the index is cut") };
    assert_eq!(error.to_string(), "the index goes to byte 44, but the file has only 40 bytes");

    let mut file = cso();
    set_u32(&mut file, entry_at(1), 2);
    let Err(Failure::Read(error)) = image_of(&file) else { panic!("the index is damaged") };
    let expected = "block 0 at 0x2C: the index gives it no bytes: expected an end after 0x2C, got 0x2";
    assert_eq!(error.to_string(), expected);

    let mut file = cso();
    file[0x14] = 9;
    let expected = "CSO version 9 is not known (highest known: 2)";
    assert_eq!(header_error(&file).to_string(), expected);
}

#[test]
fn errors_name_their_sources() {
    let file = cso();
    let opened = sector_decode::ImageReader::open(&file[..40], &sector_decode::ReaderOptions::new());
    let Err(error) = opened else { panic!("the index is cut") };
    let below = std::error::Error::source(&error).expect("what was wrong with opening");
    assert!(below.source().expect("what was wrong with the header").to_string().contains("byte 44"));
}

#[test]
fn plain_image_of_too_many_sectors() {
    let mut huge = Virtual { len: u64::MAX, word: |_| [0; 4] };
    assert!(Layout::probe(&mut huge).is_err());
}
