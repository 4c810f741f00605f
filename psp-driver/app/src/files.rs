//! Files and memory cards, through the firmware's functions.

use alloc::string::String;
use alloc::vec::Vec;

use console_app::{Code, Entry, Handle, Mode};
use psp_module::sys::{
    DirectoryEntry, cisor_io_devctl_call, cisor_io_lseek_call, sceIoClose, sceIoDclose, sceIoDopen,
    sceIoDread, sceIoMkdir, sceIoOpen, sceIoRead, sceIoRemove, sceIoRename, sceIoSync, sceIoWrite,
};

const READ: i32 = 0x0001;
const WRITE: i32 = 0x0002;
const APPEND: i32 = 0x0100;
const CREATE: i32 = 0x0200;
const TRUNCATE: i32 = 0x0400;
/// All permissions for everybody; cards do not store them.
const RIGHTS: i32 = 0o777;

pub(crate) const FROM_START: i32 = 0;
pub(crate) const FROM_END: i32 = 2;

/// A path with its NUL.
pub(crate) struct Path(Vec<u8>);

impl Path {
    pub(crate) fn new(text: &str) -> Self {
        let mut bytes = Vec::with_capacity(text.len() + 1);
        bytes.extend(text.bytes().take_while(|&byte| byte != 0));
        bytes.push(0);
        Self(bytes)
    }

    pub(crate) fn as_ptr(&self) -> *const u8 {
        self.0.as_ptr()
    }
}

/// A result of the firmware: a number, or a code with its top bit set.
pub(crate) fn checked(result: i32) -> Result<u32, Code> {
    u32::try_from(result).map_err(|_| Code(result.cast_unsigned()))
}

fn len_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

pub(crate) fn open(path: &str, mode: Mode) -> Result<Handle, Code> {
    let flags = match mode {
        Mode::Read => READ,
        Mode::Create => WRITE | CREATE | TRUNCATE,
        Mode::Append => WRITE | CREATE | APPEND,
    };
    open_with(path, flags)
}

fn open_with(path: &str, flags: i32) -> Result<Handle, Code> {
    let path = Path::new(path);
    // SAFETY: A path that ends with a NUL.
    checked(unsafe { sceIoOpen(path.as_ptr(), flags, RIGHTS) }).map(|number| Handle(number.cast_signed()))
}

pub(crate) fn read(file: Handle, buf: &mut [u8]) -> Result<u32, Code> {
    read_count(file, buf, len_of(buf))
}

/// Reads `count` bytes, or sectors of a raw device.
pub(crate) fn read_count(file: Handle, buf: &mut [u8], count: u32) -> Result<u32, Code> {
    // SAFETY: The caller's buffer has room for that many; `disc` counts sectors.
    checked(unsafe { sceIoRead(file.0, buf.as_mut_ptr(), count) })
}

pub(crate) fn write(file: Handle, bytes: &[u8]) -> Result<u32, Code> {
    // SAFETY: The bytes stay in place during the call.
    checked(unsafe { sceIoWrite(file.0, bytes.as_ptr(), len_of(bytes)) })
}

/// Sets the position; returns it.
pub(crate) fn seek(file: Handle, offset: u64, whence: i32) -> Result<u64, Code> {
    let offset = i64::try_from(offset).map_err(|_| Code::IO)?;
    let position = cisor_io_lseek_call(file.0, offset, whence);
    #[expect(clippy::cast_possible_truncation, reason = "codes have 32 bits")]
    u64::try_from(position).map_err(|_| Code(position as u32))
}

pub(crate) fn close(file: Handle) -> Result<(), Code> {
    checked(sceIoClose(file.0)).map(drop)
}

pub(crate) fn rename(from: &str, to: &str) -> Result<(), Code> {
    let (from, to) = (Path::new(from), Path::new(to));
    // SAFETY: Paths that end with a NUL.
    checked(unsafe { sceIoRename(from.as_ptr(), to.as_ptr()) }).map(drop)
}

pub(crate) fn remove(path: &str) -> Result<(), Code> {
    let path = Path::new(path);
    // SAFETY: A path that ends with a NUL.
    checked(unsafe { sceIoRemove(path.as_ptr()) }).map(drop)
}

pub(crate) fn make_folder(path: &str) -> Result<(), Code> {
    let path = Path::new(path);
    // SAFETY: A path that ends with a NUL.
    checked(unsafe { sceIoMkdir(path.as_ptr(), RIGHTS) }).map(drop)
}

/// Writes the firmware's cached data to a card.
pub(crate) fn sync(device: &str) {
    let device = Path::new(device);
    // SAFETY: A device's name that ends with a NUL.
    unsafe { sceIoSync(device.as_ptr(), 0) };
}

const FOLDER_MODE: u32 = 0x1000;
const FOLDER_ATTRIBUTE: u32 = 0x0010;

pub(crate) fn list(folder: &str) -> Result<Vec<Entry>, Code> {
    let path = Path::new(folder);
    // SAFETY: A path that ends with a NUL.
    let descriptor = checked(unsafe { sceIoDopen(path.as_ptr()) })?.cast_signed();
    let mut entries = Vec::new();
    let result = loop {
        let mut entry = DirectoryEntry {
            mode: 0,
            attributes: 0,
            len: 0,
            times: [0; 48],
            device: [0; 6],
            name: [0; 256],
            more: 0,
            unused: 0,
        };
        // SAFETY: The firmware fills the structure.
        match checked(unsafe { sceIoDread(descriptor, &raw mut entry) }) {
            Ok(0) => break Ok(entries),
            Ok(_) => {
                let name = entry.name.split(|&byte| byte == 0).next().unwrap_or_default();
                if name != b"." && name != b".." {
                    entries.push(Entry {
                        name: String::from_utf8_lossy(name).into_owned(),
                        is_folder: entry.mode & FOLDER_MODE != 0 || entry.attributes & FOLDER_ATTRIBUTE != 0,
                        len: entry.len,
                    });
                }
            }
            Err(code) => break Err(code),
        }
    };
    sceIoDclose(descriptor);
    result
}

/// Whether a card is in the slot. A device that does not report this counts as having one.
pub(crate) fn card_present(device: &str) -> bool {
    let controller = match device {
        "ms0:" => c"mscmhc0:",
        "ef0:" => c"mscmhcemu0:",
        _ => return true,
    };
    const IS_INSERTED: u32 = 0x0202_5806;
    let mut state = 0;
    // SAFETY: The firmware writes one word.
    let result = unsafe {
        cisor_io_devctl_call(controller.as_ptr().cast(), IS_INSERTED, core::ptr::null(), 0, &raw mut state, 4)
    };
    result < 0 || state == 1
}

/// Free bytes on a card.
pub(crate) fn free_bytes(device: &str) -> Result<u64, Code> {
    const GET_CAPACITY: u32 = 0x0242_5818;
    /// Clusters, free clusters, clusters of the largest free piece; bytes per sector; sectors per cluster.
    type Capacity = [u32; 5];
    let mut capacity: Capacity = [0; 5];
    let place: *mut Capacity = &raw mut capacity;
    let device = Path::new(device);
    // SAFETY: The input is the address of a structure that the firmware fills.
    let result = unsafe {
        cisor_io_devctl_call(
            device.as_ptr(),
            GET_CAPACITY,
            (&raw const place).cast(),
            4,
            core::ptr::null_mut(),
            0,
        )
    };
    checked(result)?;
    let [_, free, _, sector, sectors] = capacity.map(u64::from);
    Ok(free * sector * sectors)
}
