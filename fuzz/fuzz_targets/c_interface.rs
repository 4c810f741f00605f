//! Any bytes as a file, through the C interface: the functions keep to their contracts, write nothing beside the buffers
//! that they are given, and read the same bytes as the Rust interface.
#![no_main]

use std::ffi::{c_int, c_void};
use std::ptr;

use cisor_fuzz::Plan;
use libfuzzer_sys::fuzz_target;
use sector_decode_capi::{
    secdec_decode_block, secdec_decoder_init, secdec_decoder_size, secdec_info, secdec_open, secdec_options,
    secdec_probe, secdec_read, secdec_source, secdec_status,
};

/// The most memory that a reader gets.
const MOST_MEMORY: usize = 32 << 20;
/// The bytes around a buffer that nobody may write to.
const GUARD: usize = 64;

/// # Safety
///
/// `user` points to a slice, and `buf` to `len` bytes.
unsafe extern "C" fn read(user: *mut c_void, offset: u64, buf: *mut u8, len: usize) -> c_int {
    // SAFETY: The file outlives the reader, and the library promises the buffer.
    let (file, buf) = unsafe { (*user.cast::<&[u8]>(), std::slice::from_raw_parts_mut(buf, len)) };
    let Some(bytes) = usize::try_from(offset).ok().and_then(|at| file.get(at..at.checked_add(len)?)) else {
        panic!("{len} bytes at {offset} were asked for, which the file does not have");
    };
    assert!(len > 0);
    buf.copy_from_slice(bytes);
    0
}

/// A buffer with bytes around it that are checked in the end.
struct Guarded {
    bytes: Vec<u8>,
    len: usize,
}

impl Guarded {
    fn new(len: usize) -> Self {
        Self { bytes: vec![0xA5; 2 * GUARD + len], len }
    }

    fn get(&mut self) -> *mut c_void {
        self.bytes[GUARD..].as_mut_ptr().cast()
    }

    fn filled(&self) -> &[u8] {
        &self.bytes[GUARD..][..self.len]
    }

    fn check(&self) {
        let (before, rest) = self.bytes.split_at(GUARD);
        assert!(before.iter().chain(&rest[self.len..]).all(|&byte| byte == 0xA5));
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((plan, mut file)) = Plan::split(input) else { return };
    let whole = plan.read(file, 0x55);
    let source =
        secdec_source { read: Some(read), user: (&raw mut file).cast(), file_size: file.len() as u64 };
    let options =
        secdec_options { index_blocks: u32::from(input[0]), read_ahead: 0, check_index: plan.is_checking() };
    let mut info = std::mem::MaybeUninit::<secdec_info>::zeroed();
    // SAFETY: All pointers are to what they should be.
    let status = unsafe { secdec_probe(&source, &options, info.as_mut_ptr()) };
    assert_eq!(status == secdec_status::SECDEC_OK, whole.is_some(), "{status:?}");
    if status == secdec_status::SECDEC_OK {
        // SAFETY: It was filled.
        let info = unsafe { info.assume_init() };
        let needed = info.memory_size;
        if needed <= MOST_MEMORY {
            let mut memory = Guarded::new(needed);
            let mut reader = ptr::null_mut();
            // SAFETY: As above; the memory has as many bytes as were asked for.
            let status = unsafe { secdec_open(&source, &options, memory.get(), needed, &mut reader) };
            assert_eq!(status, secdec_status::SECDEC_OK);
            let len = usize::try_from(info.image_size.min(1 << 16)).unwrap_or_default();
            let mut out = Guarded::new(len);
            // SAFETY: As above.
            let status = unsafe { secdec_read(reader, 0, out.get(), len, ptr::null_mut()) };
            let first =
                whole.as_ref().and_then(|answers| answers.first()).and_then(|answer| answer.bytes.as_ref());
            if let (secdec_status::SECDEC_OK, Some(bytes)) = (status, first) {
                assert!(bytes[..len.min(bytes.len())] == out.filled()[..len.min(bytes.len())]);
            }
            out.check();
            memory.check();
        }
    }
    decode_a_block(input);
});

fn decode_a_block(input: &[u8]) {
    let size = secdec_decoder_size();
    let mut memory = Guarded::new(size);
    let (needed, out_size) = (usize::from(input[1]) * 16, usize::from(input[2]) * 16);
    let mut out = Guarded::new(out_size);
    // SAFETY: All pointers are to as many bytes as is said.
    unsafe {
        let decoder = secdec_decoder_init(memory.get(), size);
        assert!(!decoder.is_null());
        let packed = &input[3..];
        let (coding, packed_len) = (u32::from(input[0] % 7), packed.len());
        secdec_decode_block(decoder, coding, packed.as_ptr().cast(), packed_len, out.get(), out_size, needed);
    }
    out.check();
    memory.check();
}
