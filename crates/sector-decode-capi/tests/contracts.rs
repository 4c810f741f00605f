//! What the header promises, where a caller makes mistakes or has little memory.

use std::ffi::{c_int, c_void};
use std::ptr::{null, null_mut};

use sector_decode_capi::secdec_status::*;
use sector_decode_capi::*;

/// A file in memory whose callback counts, or fails from some call on.
struct File {
    bytes: Vec<u8>,
    calls: usize,
    fails_at: usize,
}

unsafe extern "C" fn read(user: *mut c_void, offset: u64, buf: *mut u8, len: usize) -> c_int {
    // SAFETY: The test hands over a file, and uses it when nothing is read.
    let file = unsafe { &mut *user.cast::<File>() };
    file.calls += 1;
    if file.calls == file.fails_at {
        return 77;
    }
    let offset = usize::try_from(offset).expect("a small file");
    assert!(len > 0 && offset + len <= file.bytes.len(), "never past the end");
    // SAFETY: The library promises `len` bytes.
    unsafe { buf.copy_from_nonoverlapping(file.bytes[offset..].as_ptr(), len) };
    0
}

/// A plain image of `sectors` sectors, the first byte of each its number.
fn plain(sectors: u8) -> File {
    let bytes = (0..sectors).flat_map(|number| [[number; 1].as_slice(), &[0x5A; 2047]].concat()).collect();
    File { bytes, calls: 0, fails_at: 0 }
}

/// A CSO of plain blocks.
fn cso(sectors: u8) -> File {
    let mut bytes = b"CISO".to_vec();
    bytes.extend(24_u32.to_le_bytes());
    bytes.extend((u64::from(sectors) * 2048).to_le_bytes());
    bytes.extend(2048_u32.to_le_bytes());
    bytes.extend([1, 0, 0, 0]);
    let blocks = u32::from(sectors);
    let start = 24 + 4 * (blocks + 1);
    bytes.extend((0..=blocks).flat_map(|block| {
        let flag = if block < blocks { 1 << 31 } else { 0 };
        ((start + 2048 * block) | flag).to_le_bytes()
    }));
    bytes.extend((0..sectors).flat_map(|block| [block; 2048]));
    File { bytes, calls: 0, fails_at: 0 }
}

fn source(file: &mut File) -> secdec_source {
    let file_size = file.bytes.len() as u64;
    secdec_source { read: Some(read), user: (&raw mut *file).cast(), file_size }
}

fn probe(source: &secdec_source) -> secdec_info {
    let mut info = secdec_info { format: 99, block_size: 0, block_count: 0, image_size: 0, memory_size: 0 };
    // SAFETY: As the header asks.
    assert_eq!(unsafe { secdec_probe(source, null(), &mut info) }, SECDEC_OK);
    info
}

#[test]
fn memory_of_any_alignment_is_used_and_no_byte_around_it() {
    for skip in 0..20 {
        let mut file = cso(9);
        let source = source(&mut file);
        let info = probe(&source);
        assert_eq!(
            (info.format, info.block_size, info.block_count),
            (secdec_format::SECDEC_CSO as u32, 2048, 9)
        );
        let mut memory = vec![0xAA; skip + info.memory_size + 20];
        let mut reader = null_mut();
        let mut out = [0_u8; 5000];
        // SAFETY: As the header asks.
        unsafe {
            let place = memory.as_mut_ptr().add(skip);
            assert_eq!(secdec_open(&source, null(), place.cast(), info.memory_size, &mut reader), SECDEC_OK);
            assert_eq!(secdec_read(reader, 2048, out.as_mut_ptr().cast(), out.len(), null_mut()), SECDEC_OK);
        }
        assert!(out[..2048].iter().all(|&byte| byte == 1) && out[4096..].iter().all(|&byte| byte == 3));
        assert!(memory[..skip].iter().chain(&memory[skip + info.memory_size..]).all(|&byte| byte == 0xAA));
    }
}

#[test]
fn too_little_memory_is_refused() {
    let mut file = plain(3);
    let source = source(&mut file);
    let info = probe(&source);
    let mut memory = vec![0_u8; info.memory_size];
    let mut reader = null_mut();
    // SAFETY: As the header asks.
    let status = unsafe {
        secdec_open(&source, null(), memory.as_mut_ptr().cast(), info.memory_size - 1, &mut reader)
    };
    assert_eq!((status, reader), (SECDEC_TOO_LITTLE_MEMORY, null_mut()));
}

#[test]
fn null_is_refused() {
    let mut file = plain(3);
    let source = source(&mut file);
    let info = probe(&source);
    let mut memory = vec![0_u8; info.memory_size];
    let (memory, size) = (memory.as_mut_ptr().cast(), info.memory_size);
    let mut reader = null_mut();
    let mut byte = 0_u8;
    // SAFETY: What is null is refused before it is used.
    unsafe {
        assert_eq!(secdec_probe(&source, null(), null_mut()), SECDEC_BAD_ARGUMENT);
        assert_eq!(secdec_open(null(), null(), memory, size, &mut reader), SECDEC_BAD_ARGUMENT);
        let none = secdec_source { read: None, ..source };
        assert_eq!(secdec_open(&none, null(), memory, size, &mut reader), SECDEC_BAD_ARGUMENT);
        assert_eq!(secdec_open(&source, null(), null_mut(), size, &mut reader), SECDEC_BAD_ARGUMENT);
        assert_eq!(secdec_open(&source, null(), memory, size, null_mut()), SECDEC_BAD_ARGUMENT);
        assert_eq!(secdec_read(null_mut(), 0, (&raw mut byte).cast(), 1, null_mut()), SECDEC_BAD_ARGUMENT);
        assert_eq!(secdec_open(&source, null(), memory, size, &mut reader), SECDEC_OK);
        assert_eq!(secdec_read(reader, 0, null_mut(), 1, null_mut()), SECDEC_BAD_ARGUMENT);
        assert_eq!(secdec_read(reader, 0, null_mut(), 0, null_mut()), SECDEC_OK);
        assert_eq!(secdec_decoder_init(null_mut(), 1 << 20), null_mut());
    }
}

#[test]
fn a_failed_callback_is_told_and_forgiven() {
    let mut file = cso(9);
    let source = source(&mut file);
    let info = probe(&source);
    let mut memory = vec![0_u8; info.memory_size];
    let (mut reader, mut failure) = (null_mut(), secdec_failure::default());
    let mut out = [0_u8; 2048];
    // SAFETY: As the header asks; the file is changed through the pointer that the callback has.
    unsafe {
        let status = secdec_open(&source, null(), memory.as_mut_ptr().cast(), info.memory_size, &mut reader);
        assert_eq!(status, SECDEC_OK);
        let file = source.user.cast::<File>();
        (*file).fails_at = (*file).calls + 2;
        let out = out.as_mut_ptr().cast();
        assert_eq!(secdec_read(reader, 4096, out, 2048, &mut failure), SECDEC_READ_FAILED);
        assert_eq!((failure.code, failure.offset), (77, u64::from(24 + 40 + 2 * 2048_u32)));
        assert_eq!(secdec_read(reader, 4096, out, 2048, &mut failure), SECDEC_OK);
        assert_eq!(secdec_read(reader, 9 * 2048 - 1, out, 2, &mut failure), SECDEC_OUT_OF_RANGE);
    }
    assert_eq!(out, [2; 2048]);
}

#[test]
fn single_blocks_decode_and_hostile_arguments_do_not() {
    let mut memory = vec![0_u8; secdec_decoder_size()];
    // An LZ4 block of five literals.
    let packed = [0x50, b'h', b'e', b'l', b'l', b'o'];
    let mut out = [0_u8; 8];
    // SAFETY: As the header asks.
    unsafe {
        assert_eq!(secdec_decoder_init(memory.as_mut_ptr().cast(), memory.len() - 1), null_mut());
        let decoder = secdec_decoder_init(memory.as_mut_ptr().cast(), memory.len());
        let mut decode = |coding: u32, size: usize, needed: usize| {
            let (packed, len) = (packed.as_ptr().cast(), packed.len());
            secdec_decode_block(decoder, coding, packed, len, out.as_mut_ptr().cast(), size, needed)
        };
        let lz4 = secdec_coding::SECDEC_LZ4 as u32;
        assert_eq!(decode(lz4, 8, 8), SECDEC_BAD_BLOCK);
        assert_eq!(decode(lz4, 8, 9), SECDEC_BAD_ARGUMENT);
        assert_eq!(decode(9, 8, 8), SECDEC_BAD_ARGUMENT);
        assert_eq!(decode(lz4, 5, 5), SECDEC_OK);
    }
    assert_eq!(&out[..5], b"hello");
}
