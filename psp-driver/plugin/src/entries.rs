//! The driver's entries: the functions that the I/O manager calls instead of the firmware's own driver.
//!
//! Each turns the kernel's pointers into slices and hands the request to the device. Requests that are not
//! for the device go to the original entry.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use umd_device::{DescriptorId, Devctl, ErrorCode, Failure, Ioctl, LbaParams, Whence};

use crate::kernel::firmware::{Entries, Functions, NO_ENTRIES};
use crate::kernel::time;
use crate::kernel::user_memory::Caller;
use crate::serving;

/// The kernel's open descriptor, of which only the driver's own word is used.
#[repr(C)]
pub(crate) struct FileArg {
    kernel: [u32; 4],
    word: u32,
}

type Open = unsafe extern "C" fn(*mut FileArg, *const u8, i32, i32) -> i32;
type Close = unsafe extern "C" fn(*mut FileArg) -> i32;
type Read = unsafe extern "C" fn(*mut FileArg, *mut u8, i32) -> i32;

unsafe extern "C" {
    // These are only ever named, never called from here: their arguments are the kernel's.
    fn cisor_io_open();
    fn cisor_io_close();
    fn cisor_io_read();
    fn cisor_io_lseek();
    fn cisor_io_ioctl();
    fn cisor_io_devctl();

    fn cisor_forward_lseek(file: *mut FileArg, offset: i64, whence: i32, entry: *const ()) -> i64;
    fn cisor_forward_ioctl(
        file: *mut FileArg,
        code: u32,
        input: *const u8,
        input_len: i32,
        output: *mut u8,
        output_len: i32,
        entry: *const (),
    ) -> i32;
    fn cisor_forward_devctl(
        file: *mut FileArg,
        device: *const u8,
        code: u32,
        input: *const u8,
        input_len: i32,
        output: *mut u8,
        output_len: i32,
        entry: *const (),
    ) -> i32;
}

const OPEN: usize = 0;
const CLOSE: usize = 1;
const READ: usize = 2;
const LSEEK: usize = 3;
const IOCTL: usize = 4;
const DEVCTL: usize = 5;

/// Addresses of functions, valid on every thread.
struct Addresses(Entries);

// SAFETY: Nothing is read or written through the addresses.
unsafe impl Sync for Addresses {}

/// The entries of this module. A table, so that each address is in the file once.
static OURS: Addresses = Addresses([
    cisor_io_open as *const (),
    cisor_io_close as *const (),
    cisor_io_read as *const (),
    cisor_io_lseek as *const (),
    cisor_io_ioctl as *const (),
    cisor_io_devctl as *const (),
]);

pub(crate) fn own() -> &'static Entries {
    &OURS.0
}

/// The original entries.
struct Original(UnsafeCell<Entries>);

// SAFETY: Written by `remember` only, before the first entry of ours can be called.
unsafe impl Sync for Original {}

static ORIGINAL: Original = Original(UnsafeCell::new(NO_ENTRIES));

/// Keeps the entries of a table, to which others' requests are forwarded.
///
/// # Safety
///
/// None of this module's entries may be in a device's table yet, and the table is that of a driver that
/// stays loaded.
pub(crate) unsafe fn remember(table: *mut Functions) {
    // SAFETY: By this function's contract, nothing reads it now.
    unsafe { Functions::load(table, &mut *ORIGINAL.0.get()) };
}

pub(crate) fn original() -> &'static Entries {
    // SAFETY: No longer written once entries of ours can be called.
    unsafe { &*ORIGINAL.0.get() }
}

/// Returns our descriptor that belongs to the kernel's, if there is one.
///
/// # Safety
///
/// `file` is null or points to the kernel's descriptor.
unsafe fn ours(file: *mut FileArg) -> Option<DescriptorId> {
    // SAFETY: By this function's contract.
    let file = unsafe { file.as_ref()? };
    DescriptorId::from_word(file.word)
}

pub(crate) unsafe extern "C" fn io_open(file: *mut FileArg, path: *const u8, flags: i32, mode: i32) -> i32 {
    let result = serving::serve(|device| {
        let id = device.open()?;
        // SAFETY: The kernel passes its own descriptor, which is being opened.
        unsafe { (*file).word = id.to_word() };
        Ok(0)
    });
    if !serving::is_for_firmware(result) {
        return result;
    }
    // SAFETY: The original entry, with the arguments that the kernel passed. Both conventions call a
    // function with up to four words in the same way.
    unsafe { core::mem::transmute::<*const (), Open>(original()[OPEN])(file, path, flags, mode) }
}

pub(crate) unsafe extern "C" fn io_close(file: *mut FileArg) -> i32 {
    // SAFETY: The kernel passes its descriptor.
    match unsafe { ours(file) } {
        Some(id) => serving::serve_any_disc(|device| device.close(id).map(|()| 0).map_err(Failure::from)),
        None => {
            // SAFETY: As in `io_open`.
            unsafe { core::mem::transmute::<*const (), Close>(original()[CLOSE])(file) }
        }
    }
}

pub(crate) unsafe extern "C" fn io_read(file: *mut FileArg, buffer: *mut u8, sectors: i32) -> i32 {
    // SAFETY: The kernel passes its descriptor.
    match unsafe { ours(file) } {
        Some(id) => match u32::try_from(sectors) {
            Ok(sectors) => read_raw(id, buffer, sectors, false),
            Err(_) => ErrorCode::InvalidArgument.code(),
        },
        None => {
            // SAFETY: As in `io_open`.
            unsafe { core::mem::transmute::<*const (), Read>(original()[READ])(file, buffer, sectors) }
        }
    }
}

pub(crate) unsafe extern "C" fn io_lseek(file: *mut FileArg, offset: i64, whence: i32) -> i64 {
    // SAFETY: The kernel passes its descriptor.
    let Some(id) = (unsafe { ours(file) }) else {
        // SAFETY: The original entry, with the arguments that the kernel passed.
        return unsafe { cisor_forward_lseek(file, offset, whence, original()[LSEEK]) };
    };
    let Some(whence) = Whence::from_number(whence) else {
        return i64::from(ErrorCode::InvalidArgument.code());
    };
    let mut position = 0;
    let result = serving::serve(|device| {
        position = device.seek(id, offset, whence)?;
        Ok(0)
    });
    // A position may have its highest bit set, which must not be taken for an error.
    if result < 0 { i64::from(result) } else { i64::from(position) }
}

pub(crate) unsafe extern "C" fn io_ioctl(
    file: *mut FileArg,
    code: u32,
    input: *const u8,
    input_len: i32,
    output: *mut u8,
    output_len: i32,
) -> i32 {
    // SAFETY: The kernel passes its descriptor.
    let Some(id) = (unsafe { ours(file) }) else {
        // SAFETY: The original entry, with the arguments that the kernel passed.
        return unsafe {
            cisor_forward_ioctl(file, code, input, input_len, output, output_len, original()[IOCTL])
        };
    };
    // SAFETY: The kernel has checked that the caller may name these bytes.
    let input = unsafe { Input::copy(input, input_len) };
    match Ioctl::parse(code, input.bytes(), output_room(output, output_len)) {
        Err(code) => code.code(),
        Ok(Ioctl::Read(sectors)) => read_raw(id, output, sectors, true),
        Ok(command) => serving::serve(|device| {
            let len = if command == Ioctl::Position { 4 } else { 0 };
            // SAFETY: `parse` has checked that the output is there and has this length.
            let output = unsafe { output_slice(output, len) };
            device.ioctl(id, command, output).map_err(Failure::from)
        }),
    }
}

pub(crate) unsafe extern "C" fn io_devctl(
    file: *mut FileArg,
    device_name: *const u8,
    code: u32,
    input: *const u8,
    input_len: i32,
    output: *mut u8,
    output_len: i32,
) -> i32 {
    // SAFETY: The kernel has checked that the caller may name these bytes.
    let parsed = unsafe { parse_devctl(code, input, input_len, output_room(output, output_len)) };
    if let Some(parsed) = parsed {
        let result = match parsed {
            Ok(command) => serving::serve(|device| {
                // SAFETY: `parse` has checked that the output is there and has this length.
                let output = unsafe { output_slice(output, command.output_len()) };
                device.devctl(&command, output)
            }),
            Err(code) => code.code(),
        };
        if !serving::is_for_firmware(result) {
            return result;
        }
    }
    // SAFETY: The original entry, with the arguments that the kernel passed.
    unsafe {
        cisor_forward_devctl(
            file,
            device_name,
            code,
            input,
            input_len,
            output,
            output_len,
            original()[DEVCTL],
        )
    }
}

/// Recognises a command. Most are reads: their parameters are loaded once from the caller's memory into
/// registers, without the intermediate copy that others get.
///
/// # Safety
///
/// `input` is null or points to `len` bytes that the caller may name.
#[inline(always)]
unsafe fn parse_devctl(
    code: u32,
    input: *const u8,
    len: i32,
    room: Option<usize>,
) -> Option<Result<Devctl, ErrorCode>> {
    if Devctl::is_read(code) {
        let there = !input.is_null() && usize::try_from(len).is_ok_and(|len| len >= LbaParams::LEN);
        // SAFETY: By this function's contract, and as many bytes are there.
        let params =
            there.then(|| LbaParams::from_bytes(unsafe { input.cast::<[u8; LbaParams::LEN]>().read() }));
        return Some(Devctl::read(params, room));
    }
    // SAFETY: By this function's contract.
    let copied = unsafe { Input::copy(input, len) };
    Devctl::parse_other(code, copied.bytes(), room)
}

/// Reads from a raw descriptor. The kernel treated the number of sectors as a number of bytes when it
/// checked the buffer, so the rest is checked here. Then the time of a drive passes, if that is enabled.
fn read_raw(id: DescriptorId, buffer: *mut u8, sectors: u32, by_command: bool) -> i32 {
    let caller = Caller::of_entry();
    let mut pause = 0;
    let result = serving::serve(|device| {
        let span = device.raw_span(id, sectors)?;
        pause = device.raw_pause(&span, by_command);
        let address = u32::try_from(buffer.addr()).unwrap_or(u32::MAX);
        let len = u32::try_from(span.byte_len()).unwrap_or(u32::MAX);
        if buffer.is_null() || !caller.may_name(address, len) {
            return Err(Failure::Refused(ErrorCode::InvalidArgument));
        }
        // SAFETY: The caller lends a buffer for the sectors it asked for, and may name all of it.
        let out = unsafe { output_slice(buffer, span.byte_len()) };
        device.read_raw(id, span, out)
    });
    if pause != 0 {
        time::sleep(pause);
    }
    result
}

/// A copy of a command's input: a program may use the same memory for the output.
struct Input {
    /// The first `len` are there.
    bytes: MaybeUninit<[u8; Self::MOST]>,
    len: Option<usize>,
}

impl Input {
    /// The longest input of any command that is answered here.
    const MOST: usize = 36;

    /// # Safety
    ///
    /// `input` is null or points to `len` bytes that the caller may name.
    unsafe fn copy(input: *const u8, len: i32) -> Self {
        let mut bytes = MaybeUninit::<[u8; Self::MOST]>::uninit();
        let len = match usize::try_from(len) {
            Ok(len) if !input.is_null() => {
                let len = len.min(Self::MOST);
                // SAFETY: No more than the caller passed, and no more than fits.
                unsafe { core::ptr::copy_nonoverlapping(input, bytes.as_mut_ptr().cast(), len) };
                Some(len)
            }
            _ => None,
        };
        Self { bytes, len }
    }

    fn bytes(&self) -> Option<&[u8]> {
        // SAFETY: `copy` has written that many, and more do not fit.
        self.len.map(|len| unsafe { core::slice::from_raw_parts(self.bytes.as_ptr().cast(), len) })
    }
}

/// The length of the caller's output, if there is one.
fn output_room(output: *mut u8, len: i32) -> Option<usize> {
    if output.is_null() { None } else { usize::try_from(len).ok() }
}

/// The caller's output as a slice.
///
/// # Safety
///
/// `len` is 0, or `output` points to that many bytes that the caller lends until the entry returns.
unsafe fn output_slice<'a>(output: *mut u8, len: usize) -> &'a mut [u8] {
    if len == 0 {
        return &mut [];
    }
    // SAFETY: By this function's contract. Bytes have no alignment and any value is one.
    unsafe { core::slice::from_raw_parts_mut(output, len) }
}
