//! What people read of each error, and which error is below it.

use std::error::Error;

use sector_decode::{
    BlockError, BlockIndex, BufferError, BufferName, CodecError, EndOfSlice, FileOffset, Foreign, Format,
    HeaderError, ImageError, Lba, OpenError, OutOfMemory, ReadError,
};

const CUT_HEADER: HeaderError = HeaderError::FileTooShort { len: 5, needed: 24 };
const CUT_STREAM: CodecError = CodecError::InputEnded { produced: 7, expected: 2048 };
const UNREAD: EndOfSlice = EndOfSlice { offset: 44, wanted: 8, len: 50 };

#[test]
fn of_headers() {
    for (error, text) in [
        (
            HeaderError::Foreign(Foreign::GameCubeCiso),
            "this is a GameCube or Wii CISO, not a PSP or PS2 image",
        ),
        (HeaderError::Foreign(Foreign::Chd), "this is a CHD image"),
        (HeaderError::Foreign(Foreign::XboxCiso), "this is an Xbox CISO, not a PSP or PS2 image"),
        (CUT_HEADER, "the file has 5 bytes, but its header alone needs 24"),
        (
            HeaderError::Version { format: Format::Cso, got: 9, max: 2 },
            "CSO version 9 is not known (highest known: 2)",
        ),
        (HeaderError::Method { got: 3 }, "JSO method 3 is not known (known: 0 and 1)"),
        (
            HeaderError::IndexPosition { got: 4, min: 48 },
            "the header places the index at byte 4, inside itself; it ends at byte 48",
        ),
        (
            HeaderError::HeaderSize { got: 3, expected: 24 },
            "the header says that it is 3 bytes long, expected 24",
        ),
        (
            HeaderError::BlockSize { got: 7, min: 2048, max: 65_536 },
            "block size 7 is not a multiple of 2048 from 2048 to 65536",
        ),
        (HeaderError::IndexShift { got: 32, max: 31 }, "index shift 32 is over the limit of 31"),
        (HeaderError::EmptyFile, "the file is empty"),
        (HeaderError::EmptyImage, "the header says that the image has no bytes"),
        (HeaderError::TooManyBlocks { blocks: 1 << 33 }, "the header asks for 8589934592 blocks, too many"),
        (
            HeaderError::IndexPastEnd { index_end: 44, file_len: 40 },
            "the index goes to byte 44, but the file has only 40 bytes",
        ),
        (
            HeaderError::TooManyAreas { areas: 3, frames: 2 },
            "the header lists 3 uncompressed areas for 2 frames",
        ),
    ] {
        says(&error, text);
    }
}

#[test]
fn of_blocks() {
    for (error, text) in [
        (
            BlockError::NotMonotonic { start: 44, end: 2 },
            "the index gives it no bytes: expected an end after 0x2C, got 0x2",
        ),
        (
            BlockError::InsideIndex { start: 2, data_start: 44 },
            "the index places it inside the header: expected 0x2C or later, got 0x2",
        ),
        (
            BlockError::PastEnd { end: 1_234_567_089, file_len: 1000 },
            "the file is cut off: it has 1,000 bytes, and the block needs 1,234,567,089",
        ),
        (
            BlockError::PastEnd { end: 1000, file_len: 999 },
            "the file is cut off: it has 999 bytes, and the block needs 1,000",
        ),
        (
            BlockError::TooLong { len: 9, max: 8 },
            "the index gives it too many bytes: expected at most 8, got 9",
        ),
        (BlockError::TooShort { len: 3, needed: 4 }, "it is stored with too few bytes: expected 4, got 3"),
        (
            BlockError::NotIndexed { lost: 12 },
            "the file does not hold the image's last 12 bytes: its writer dropped them, as ziso.py does",
        ),
    ] {
        says(&error, text);
    }
    let error = BlockError::from(CUT_STREAM);
    passes_on(&error, &CUT_STREAM);
}

#[test]
fn of_packed_bytes() {
    let (produced, expected) = (7, 2048);
    for (error, text) in [
        (CUT_STREAM, "the packed data ends too early: expected 2048 bytes, got 7"),
        (
            CodecError::Short { produced, expected },
            "the packed data is complete but too short: expected 2048 bytes, got 7",
        ),
        (
            CodecError::Overlong { block_size: expected },
            "the packed data holds too much: expected 2048 bytes, got more",
        ),
        (
            CodecError::Invalid { produced, expected },
            "the packed data is invalid: expected 2048 bytes, got 7 before the fault",
        ),
        (CodecError::ZlibHeader { got: 0x789D }, "expected a zlib header, got 0x789D"),
        (
            CodecError::Checksum { expected: 1, got: 0xABCD },
            "its Adler-32 does not match: expected 00000001, got 0000ABCD",
        ),
    ] {
        says(&error, text);
    }
}

#[test]
fn of_opening() {
    assert_eq!(UNREAD.to_string(), "wanted 8 bytes at 0x2C, but there are only 50 bytes");
    let unread = OpenError::Source(UNREAD);
    passes_on(&unread, &UNREAD);

    let cut: OpenError<EndOfSlice> = CUT_HEADER.into();
    passes_on(&cut, &CUT_HEADER);

    let opened = ImageError::Open(cut);
    passes_on(&opened, &CUT_HEADER);
}

#[test]
fn of_memory() {
    let none = OutOfMemory { bytes: 4096 };
    assert_eq!(none.to_string(), "there is no memory for 4096 bytes");
    let opened: ImageError<EndOfSlice> = ImageError::Memory(none);
    passes_on(&opened, &none);

    for (buffer, name) in [
        (BufferName::Index, "index buffer"),
        (BufferName::Packed, "packed buffer"),
        (BufferName::Block, "block buffer"),
        (BufferName::Memory, "memory"),
    ] {
        let small = BufferError { buffer, got: 3, needed: 8 };
        assert_eq!(small.to_string(), format!("the {name} has 3 bytes, needed 8"));
    }
}

#[test]
fn of_reads() {
    let unread = ReadError::Source { offset: FileOffset(0x2C), error: UNREAD };
    assert_eq!(unread.to_string(), format!("cannot read at 0x2C: {UNREAD}"));
    assert_eq!(text_below(&unread), UNREAD.to_string());

    let error = BlockError::NotMonotonic { start: 44, end: 2 };
    let damaged: ReadError<EndOfSlice> =
        ReadError::Block { block: BlockIndex(5), offset: FileOffset(0x2C), error };
    assert_eq!(damaged.to_string(), format!("block 5 at 0x2C: {error}"));
    assert_eq!(text_below(&damaged), error.to_string());

    for (error, text) in [
        (
            ReadError::Internal { block: BlockIndex(5) },
            "block 5 was fetched and is not there: a mistake in the reader, not in the file",
        ),
        (
            ReadError::OutOfRange { offset: 0x100, len: 3, image_size: 256 },
            "wanted 3 bytes at 0x100 of an image of 256 bytes",
        ),
    ] {
        says::<ReadError<EndOfSlice>>(&error, text);
    }
}

#[test]
fn names_and_numbers() {
    let formats = [Format::Iso, Format::Cso, Format::Cso2, Format::Zso, Format::Dax, Format::Jso];
    assert_eq!(formats.map(|format| format.to_string()), ["ISO", "CSO", "CSO v2", "ZSO", "DAX", "JSO"]);
    assert_eq!(Format::ALL.map(Format::name), ["iso", "cso", "cso2", "zso", "dax", "jso"]);
    assert_eq!(format!("[{:<7}]", Format::Cso2), "[CSO v2 ]");
    assert_eq!(Lba(7).to_string(), "7");
    assert_eq!(BlockIndex(7).to_string(), "7");
    assert_eq!(FileOffset(0x7A).to_string(), "0x7A");
}

/// Checks an error with no other below.
#[track_caller]
fn says<E: Error>(error: &E, text: &str) {
    assert_eq!(error.to_string(), text);
    assert!(error.source().is_none(), "{text}");
}

/// Checks an error with the text of the one below.
#[track_caller]
fn passes_on(error: &dyn Error, below: &dyn Error) {
    assert_eq!(error.to_string(), below.to_string());
    assert_eq!(text_below(error), below.to_string());
}

fn text_below(error: &dyn Error) -> String {
    error.source().expect("an error below").to_string()
}
