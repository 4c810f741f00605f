//! File operations by handle.

use std::fs::{File, OpenOptions};
use std::io;
use std::mem::offset_of;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::Path;

use windows_sys::Win32::Foundation::{FALSE, GENERIC_READ, GENERIC_WRITE};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, DELETE, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT,
    FILE_RENAME_INFO, FileRenameInfo, GetFileInformationByHandle, SetFileInformationByHandle,
};

/// The access that a file must be opened with to be read, written, and renamed by [`rename_open`].
pub const READ_WRITE_DELETE: u32 = GENERIC_READ | GENERIC_WRITE | DELETE;
/// The flag for opening a link itself instead of the file it leads to.
pub const OPEN_LINK_ITSELF: u32 = FILE_FLAG_OPEN_REPARSE_POINT;

/// Returns the numbers of an open file's volume and of the file on it.
///
/// # Errors
///
/// When the system does not report them, for instance for pipes and consoles.
pub fn file_id(file: &File) -> io::Result<(u64, u64)> {
    let told = information(file)?;
    let number = u64::from(told.nFileIndexHigh) << 32 | u64::from(told.nFileIndexLow);
    Ok((told.dwVolumeSerialNumber.into(), number))
}

/// Returns the same for the file or folder that a path leads to: following links, or for a link itself.
///
/// # Errors
///
/// When it does not exist, or the system does not report the numbers.
pub fn file_id_of_path(path: &Path, follow: bool) -> io::Result<(u64, u64)> {
    let link = if follow { 0 } else { OPEN_LINK_ITSELF };
    // Querying does not require any access rights, and works even while others have the file open.
    let mut options = OpenOptions::new();
    options.access_mode(0).custom_flags(FILE_FLAG_BACKUP_SEMANTICS | link);
    file_id(&options.open(path)?)
}

/// Returns how many names an open file has.
///
/// # Errors
///
/// When the system does not report it.
pub fn link_count(file: &File) -> io::Result<u32> {
    information(file).map(|told| told.nNumberOfLinks)
}

/// Renames the open file, whatever its current name is. It must have been opened with [`READ_WRITE_DELETE`].
///
/// # Errors
///
/// `AlreadyExists` when another file has the name and must not be replaced, or the system's error.
pub fn rename_open(file: &File, to: &Path, replace: bool) -> io::Result<()> {
    let name: Vec<u16> = std::path::absolute(to)?.as_os_str().encode_wide().collect();
    let name_bytes = name.len() * size_of::<u16>();
    // The name starts inside the structure and continues past its end; a zero terminates it. The buffer is
    // made of 64-bit words, so that the structure is aligned.
    let bytes = size_of::<FILE_RENAME_INFO>() + name_bytes;
    let mut buffer = vec![0u64; bytes.div_ceil(size_of::<u64>())];
    let info: *mut FILE_RENAME_INFO = buffer.as_mut_ptr().cast();
    let too_long = |_| io::Error::from(io::ErrorKind::InvalidFilename);
    let name_len = u32::try_from(name_bytes).map_err(too_long)?;
    let info_len = u32::try_from(bytes).map_err(too_long)?;
    // SAFETY: the buffer is aligned and large enough for the structure with the whole name. It is zeroed,
    // which is valid for every field that is not written here. The name is written through a raw pointer,
    // without a reference to the array of one element that the name is declared as.
    unsafe {
        (*info).Anonymous.ReplaceIfExists = replace;
        (*info).FileNameLength = name_len;
        let start = info.cast::<u8>().add(offset_of!(FILE_RENAME_INFO, FileName)).cast::<u16>();
        std::ptr::copy_nonoverlapping(name.as_ptr(), start, name.len());
    }
    // SAFETY: the handle is open as long as the file; the buffer has the given length, and both live through
    // the call.
    let done = unsafe {
        SetFileInformationByHandle(file.as_raw_handle(), FileRenameInfo, buffer.as_ptr().cast(), info_len)
    };
    if done == FALSE { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn information(file: &File) -> io::Result<BY_HANDLE_FILE_INFORMATION> {
    // SAFETY: the structure consists only of integers, for which zeros are valid.
    let mut told: BY_HANDLE_FILE_INFORMATION = unsafe { std::mem::zeroed() };
    // SAFETY: the handle is open as long as the file; the structure lives through the call.
    if unsafe { GetFileInformationByHandle(file.as_raw_handle(), &mut told) } == FALSE {
        return Err(io::Error::last_os_error());
    }
    Ok(told)
}
