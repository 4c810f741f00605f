//! The C interface of [`sector_decode`]. `include/sector_decode.h` is made from this file.
//!
//! A reader and its buffers live in one piece of memory that the caller gives, so nothing is allocated and nothing has
//! to be closed.
//!
//! It needs nothing but `core`. Where there is no system that the standard library knows, it has a panic handler of its
//! own.

#![no_std]
#![allow(non_camel_case_types)]

mod memory;
#[cfg(any(target_os = "psp", target_os = "none"))]
mod panic;
mod source;

// For its panic handler.
#[cfg(not(any(target_os = "psp", target_os = "none")))]
extern crate std;

use core::ffi::{c_char, c_int, c_void};
use core::{ptr, slice};

use sector_decode::{Coding, Decoder, Format, Layout, OpenError, ReadError, ReaderOptions, SectorReader};

use memory::Plan;
use source::Source;

/// How a call ended.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum secdec_status {
    /// All that was asked for was done.
    SECDEC_OK = 0,
    /// An argument breaks the contract of the function, as far as it can tell.
    SECDEC_BAD_ARGUMENT = 1,
    /// The memory is smaller than needed.
    SECDEC_TOO_LITTLE_MEMORY = 2,
    /// The read callback failed.
    SECDEC_READ_FAILED = 3,
    /// The header is damaged, or of a kind that is not read.
    SECDEC_BAD_HEADER = 4,
    /// A block, or its entry in the index, is damaged.
    SECDEC_BAD_BLOCK = 5,
    /// The range is not inside the image.
    SECDEC_OUT_OF_RANGE = 6,
    /// A mistake in the library, of which none is known.
    SECDEC_INTERNAL = 7,
}

/// The format of a file.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum secdec_format {
    /// A plain image.
    SECDEC_ISO = 0,
    /// CSO, versions 0 and 1.
    SECDEC_CSO = 1,
    /// CSO, version 2.
    SECDEC_CSO2 = 2,
    /// ZSO.
    SECDEC_ZSO = 3,
    /// DAX.
    SECDEC_DAX = 4,
    /// JSO.
    SECDEC_JSO = 5,
}

/// How the bytes of a block are packed.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum secdec_coding {
    /// As they are in the image.
    SECDEC_STORED = 0,
    /// Raw deflate stream.
    SECDEC_DEFLATE = 1,
    /// Deflate stream with zlib header and Adler-32.
    SECDEC_ZLIB = 2,
    /// Raw LZ4 block without a frame.
    SECDEC_LZ4 = 3,
    /// LZO1X stream with its end mark.
    SECDEC_LZO = 4,
}

/// Where the bytes of the file come from.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct secdec_source {
    /// Fills all of `buf` with the `len` bytes of the file from `offset` on, and returns 0; or returns anything else when
    /// it cannot. Never asked for bytes past `file_size`, nor for none. It must return, and must not use the reader that
    /// called it.
    pub read: Option<unsafe extern "C" fn(user: *mut c_void, offset: u64, buf: *mut u8, len: usize) -> c_int>,
    /// Handed to `read` as it is.
    pub user: *mut c_void,
    /// Length of the file in bytes.
    pub file_size: u64,
}

/// How a reader works. All zero is a good beginning: pass NULL for that.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct secdec_options {
    /// How many blocks the part of the index describes that is kept in memory; 0 for 1024.
    pub index_blocks: u32,
    /// How many bytes of the file are fetched at once, at most, when reads follow each other; 0 for no more than each
    /// read needs.
    pub read_ahead: usize,
    /// Whether one damaged entry makes all blocks unreadable whose entries are loaded with it. Without, a damaged entry is
    /// found when its block is read.
    pub check_index: bool,
}

/// What a file is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct secdec_info {
    /// The format: one of `secdec_format`.
    pub format: u32,
    /// Bytes of the image in each block.
    pub block_size: u32,
    /// Number of blocks.
    pub block_count: u32,
    /// Size of the image in bytes.
    pub image_size: u64,
    /// How much memory `secdec_open` needs, in bytes.
    pub memory_size: usize,
}

/// Where reading failed.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct secdec_failure {
    /// For `SECDEC_BAD_BLOCK` and `SECDEC_INTERNAL`: the number of the block. Otherwise 0.
    pub block: u32,
    /// For `SECDEC_READ_FAILED` and `SECDEC_BAD_BLOCK`: where in the file. Otherwise 0.
    pub offset: u64,
    /// For `SECDEC_READ_FAILED`: what the callback returned. Otherwise 0.
    pub code: c_int,
}

/// A reader of one image.
#[derive(Debug)]
pub struct secdec_reader(SectorReader<'static, Source>);

/// Tables for `secdec_decode_block`.
#[derive(Debug)]
pub struct secdec_decoder(Decoder);

/// Reads the header of a file.
///
/// `source` must point to a source. `options` is NULL or points to options; `info->memory_size` depends on them.
/// `*info` is written when the status is `SECDEC_OK`, and only then. Keeps no pointer.
///
/// Returns `SECDEC_OK`, `SECDEC_BAD_ARGUMENT`, `SECDEC_READ_FAILED` or `SECDEC_BAD_HEADER`.
///
/// # Safety
///
/// The pointers are as said above, and `source->read` keeps its contract.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secdec_probe(
    source: *const secdec_source,
    options: *const secdec_options,
    info: *mut secdec_info,
) -> secdec_status {
    // SAFETY: The caller's promise.
    let (source, options) = unsafe { (source.as_ref(), options.as_ref()) };
    if info.is_null() {
        return secdec_status::SECDEC_BAD_ARGUMENT;
    }
    let layout = match source.and_then(Source::new).map(layout_of) {
        Some(Ok(layout)) => layout,
        Some(Err(status)) => return status,
        None => return secdec_status::SECDEC_BAD_ARGUMENT,
    };
    let format = match layout.format() {
        Format::Iso => secdec_format::SECDEC_ISO,
        Format::Cso => secdec_format::SECDEC_CSO,
        Format::Cso2 => secdec_format::SECDEC_CSO2,
        Format::Zso => secdec_format::SECDEC_ZSO,
        Format::Dax => secdec_format::SECDEC_DAX,
        Format::Jso => secdec_format::SECDEC_JSO,
    };
    let found = secdec_info {
        format: format as u32,
        block_size: layout.block_size(),
        block_count: layout.block_count(),
        image_size: layout.image_size(),
        memory_size: Plan::of(&layout, &options_of(options)).size(),
    };
    // SAFETY: Not null, and the caller's promise.
    unsafe { info.write(found) };
    secdec_status::SECDEC_OK
}

/// Makes a reader of an image.
///
/// `source` must point to a source, which is copied; what `source->user` points to must live as long as the reader is
/// used. `options` is NULL or points to options, the same as `secdec_probe` had. `memory` must point to `memory_size`
/// bytes of any content and alignment, which belong to the reader from then on: until the reader is no longer used,
/// nobody else may read or write them. There is nothing to close. `*reader` is written when the status is `SECDEC_OK`,
/// and only then; it points into `memory`.
///
/// Returns what `secdec_probe` returns, or `SECDEC_TOO_LITTLE_MEMORY`.
///
/// # Safety
///
/// The pointers are as said above, and `source->read` keeps its contract as long as the reader is used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secdec_open(
    source: *const secdec_source,
    options: *const secdec_options,
    memory: *mut c_void,
    memory_size: usize,
    reader: *mut *mut secdec_reader,
) -> secdec_status {
    // SAFETY: The caller's promise.
    let (source, options) = unsafe { (source.as_ref(), options.as_ref()) };
    if memory.is_null() || reader.is_null() {
        return secdec_status::SECDEC_BAD_ARGUMENT;
    }
    let Some(source) = source.and_then(Source::new) else { return secdec_status::SECDEC_BAD_ARGUMENT };
    let layout = match layout_of(source) {
        Ok(layout) => layout,
        Err(status) => return status,
    };
    let options = options_of(options);
    let plan = Plan::of(&layout, &options);
    if memory_size < plan.size() {
        return secdec_status::SECDEC_TOO_LITTLE_MEMORY;
    }
    // SAFETY: The memory has at least `plan.size()` bytes, which belong to the reader from now on.
    let places = unsafe { plan.place(memory.cast()) };
    let Ok(made) = SectorReader::with_memory(source, layout, &options, places.buffers, places.decoder) else {
        return secdec_status::SECDEC_INTERNAL;
    };
    // SAFETY: The place has the size and the alignment of a reader, and nothing else is there.
    unsafe {
        places.reader.write(secdec_reader(made));
        reader.write(places.reader);
    }
    secdec_status::SECDEC_OK
}

/// Reads `len` bytes of the image from `offset` on into `buf`.
///
/// `reader` must come from `secdec_open`. `buf` must point to `len` bytes outside of the reader's memory; it may be NULL
/// if `len` is 0. `failure` is NULL or is written when the status is not `SECDEC_OK`. All of `buf` is filled, or the call
/// fails and its content is unspecified. After a failure the reader can be used as before.
///
/// Returns `SECDEC_OK`, `SECDEC_BAD_ARGUMENT`, `SECDEC_READ_FAILED`, `SECDEC_BAD_BLOCK`, `SECDEC_OUT_OF_RANGE` or
/// `SECDEC_INTERNAL`.
///
/// # Safety
///
/// The pointers are as said above, and no other call uses the reader at the same time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secdec_read(
    reader: *mut secdec_reader,
    offset: u64,
    buf: *mut c_void,
    len: usize,
    failure: *mut secdec_failure,
) -> secdec_status {
    // SAFETY: The caller's promise.
    let (reader, failure) = unsafe { (reader.as_mut(), failure.as_mut()) };
    // SAFETY: The caller's promise.
    let (Some(reader), Some(out)) = (reader, unsafe { bytes_mut(buf, len) }) else {
        return secdec_status::SECDEC_BAD_ARGUMENT;
    };
    let Err(error) = reader.0.read(offset, out) else { return secdec_status::SECDEC_OK };
    let none = secdec_failure::default();
    let (status, found) = match error {
        ReadError::Source { offset, error } => {
            (secdec_status::SECDEC_READ_FAILED, secdec_failure { offset: offset.0, code: error, ..none })
        }
        ReadError::Block { block, offset, .. } => {
            (secdec_status::SECDEC_BAD_BLOCK, secdec_failure { block: block.0, offset: offset.0, ..none })
        }
        ReadError::Internal { block } => {
            (secdec_status::SECDEC_INTERNAL, secdec_failure { block: block.0, ..none })
        }
        ReadError::OutOfRange { .. } => (secdec_status::SECDEC_OUT_OF_RANGE, none),
    };
    if let Some(failure) = failure {
        *failure = found;
    }
    status
}

/// Returns how much memory `secdec_decoder_init` needs, in bytes: less than 8 KiB.
#[unsafe(no_mangle)]
pub extern "C" fn secdec_decoder_size() -> usize {
    size_of::<secdec_decoder>() + align_of::<secdec_decoder>() - 1
}

/// Makes a decoder of single blocks.
///
/// `memory` must point to `memory_size` bytes of any content and alignment, which belong to the decoder until it is no
/// longer used. There is nothing to close. Returns the decoder, which is inside `memory`; or NULL when `memory` is NULL or
/// `memory_size` is less than `secdec_decoder_size()`.
///
/// # Safety
///
/// The pointer is as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secdec_decoder_init(memory: *mut c_void, memory_size: usize) -> *mut secdec_decoder {
    if memory.is_null() || memory_size < secdec_decoder_size() {
        return ptr::null_mut();
    }
    // SAFETY: The size has room for the decoder at the next place that is aligned for it.
    unsafe {
        let place = memory::aligned::<secdec_decoder>(memory.cast());
        place.write(secdec_decoder(Decoder::new()));
        place
    }
}

/// Decodes one block.
///
/// `decoder` must come from `secdec_decoder_init`; it keeps nothing from one call to the next. `coding` is one of
/// `secdec_coding`. `packed` must point to `packed_len` bytes, which begin with the block's packed bytes; what follows
/// their end is ignored, except for LZO, where nothing may follow. `out` must point to `out_size` bytes, the room of a
/// whole block, not overlapping with `packed`. At least `needed` bytes must come out, and no more than `out_size`:
/// `needed` is `out_size` but for the last block of an image, which some writers fill up with zeros and others do not.
/// What `out` holds is unspecified past `needed` bytes, and all of it after a failure.
///
/// Returns `SECDEC_OK`, `SECDEC_BAD_ARGUMENT` or `SECDEC_BAD_BLOCK`.
///
/// # Safety
///
/// The pointers are as said above, and no other call uses the decoder at the same time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn secdec_decode_block(
    decoder: *mut secdec_decoder,
    coding: u32,
    packed: *const c_void,
    packed_len: usize,
    out: *mut c_void,
    out_size: usize,
    needed: usize,
) -> secdec_status {
    let coding = match coding {
        0 => Coding::Stored,
        1 => Coding::Deflate,
        2 => Coding::Zlib,
        3 => Coding::Lz4,
        4 => Coding::Lzo,
        _ => return secdec_status::SECDEC_BAD_ARGUMENT,
    };
    // SAFETY: The caller's promise.
    let places = unsafe { (decoder.as_mut(), bytes(packed, packed_len), bytes_mut(out, out_size)) };
    let (Some(decoder), Some(packed), Some(out)) = places else { return secdec_status::SECDEC_BAD_ARGUMENT };
    if needed > out.len() {
        return secdec_status::SECDEC_BAD_ARGUMENT;
    }
    match decoder.0.decode_last_block(coding, packed, out, needed) {
        Ok(()) => secdec_status::SECDEC_OK,
        Err(_) => secdec_status::SECDEC_BAD_BLOCK,
    }
}

/// Returns what a status means, in English: a string that ends with 0 and lives for ever. Any number may be asked for.
#[unsafe(no_mangle)]
pub extern "C" fn secdec_status_text(status: u32) -> *const c_char {
    let text = match status {
        0 => c"no error",
        1 => c"an argument is wrong",
        2 => c"the memory is too small",
        3 => c"the file cannot be read",
        4 => c"the header is damaged or of another format",
        5 => c"a block is damaged",
        6 => c"the range is not inside the image",
        7 => c"a mistake in the library",
        _ => c"not a status",
    };
    text.as_ptr()
}

fn layout_of(mut source: Source) -> Result<Layout, secdec_status> {
    Layout::probe(&mut source).map_err(|error| match error {
        OpenError::Source(_) => secdec_status::SECDEC_READ_FAILED,
        OpenError::Header(_) => secdec_status::SECDEC_BAD_HEADER,
    })
}

fn options_of(options: Option<&secdec_options>) -> ReaderOptions {
    let &secdec_options { index_blocks, read_ahead, check_index } =
        options.unwrap_or(&secdec_options { index_blocks: 0, read_ahead: 0, check_index: false });
    let options = ReaderOptions::new().with_read_ahead(read_ahead).with_checked_windows(check_index);
    if index_blocks == 0 { options } else { options.with_one_window(index_blocks) }
}

/// # Safety
///
/// `start` points to `len` bytes, which nobody writes meanwhile, or is null.
unsafe fn bytes<'a>(start: *const c_void, len: usize) -> Option<&'a [u8]> {
    match (start.is_null(), len) {
        (_, 0) => Some(&[]),
        (true, _) => None,
        _ if isize::try_from(len).is_err() => None,
        // SAFETY: The caller's promise.
        _ => Some(unsafe { slice::from_raw_parts(start.cast(), len) }),
    }
}

/// # Safety
///
/// `start` points to `len` bytes, which nobody else uses meanwhile, or is null. They need not have been written before:
/// the library writes each byte before it reads it, and a C compiler cannot tell.
unsafe fn bytes_mut<'a>(start: *mut c_void, len: usize) -> Option<&'a mut [u8]> {
    match (start.is_null(), len) {
        (_, 0) => Some(&mut []),
        (true, _) => None,
        _ if isize::try_from(len).is_err() => None,
        // SAFETY: The caller's promise.
        _ => Some(unsafe { slice::from_raw_parts_mut(start.cast(), len) }),
    }
}
