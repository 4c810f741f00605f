//! Reads every file of the disc through the firmware's file system, as a game would.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use sector_decode::ReadAt;

use crate::digest::{Digests, Hasher};
use crate::failure::Failure;
use crate::files::{Buffer, File};
use crate::platform::{DiscState, Mode, Platform};
use crate::watch::{Unit, Watch};

const CHUNK: usize = 128 << 10;
/// Folders on a disc are at most this deep (ECMA-119, 6.8.2.1).
const MAX_DEPTH: usize = 8;

/// A file of the disc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscFile {
    /// Its path, starting with `disc0:`.
    pub path: String,
    /// Its length in bytes.
    pub len: u64,
    /// Digests of its contents, or why it cannot be read.
    pub digests: Result<Digests, Failure>,
}

/// Reads every file of the disc in the drive.
///
/// # Errors
///
/// When the drive is empty, the disc's folders cannot be listed, or the user cancels.
pub fn read(console: &dyn Platform, watch: &mut dyn Watch) -> Result<Vec<DiscFile>, Failure> {
    if console.disc() == DiscState::None {
        return Err(Failure::NoDisc);
    }
    console.disc_start().map_err(Failure::of_first_access)?;
    let mut found = find(console)?;
    found.sort();
    let total = found.iter().map(|(_, len)| len).sum();
    watch.begin("Reading files", total, Unit::Bytes);
    let mut buf = Buffer::new(CHUNK)?;
    let (mut done, mut read) = (0, Vec::new());
    for (path, len) in found {
        let digests = match read_file(console, &path, &mut buf, &mut |bytes| {
            done += bytes;
            watch.advance(done)
        }) {
            Err(Failure::Cancelled) => return Err(Failure::Cancelled),
            digests => digests,
        };
        read.push(DiscFile { path, len, digests });
    }
    Ok(read)
}

/// Paths and lengths of all files.
fn find(console: &dyn Platform) -> Result<Vec<(String, u64)>, Failure> {
    let mut folders = vec![(String::from("disc0:"), 0)];
    let mut found = Vec::new();
    while let Some((folder, depth)) = folders.pop() {
        let entries = console.list(&folder).map_err(Failure::of_first_access)?;
        for entry in entries {
            let path = format!("{folder}/{}", entry.name);
            if !entry.is_folder {
                found.push((path, entry.len));
            } else if depth < MAX_DEPTH {
                folders.push((path, depth + 1));
            }
        }
    }
    Ok(found)
}

fn read_file(
    console: &dyn Platform,
    path: &str,
    buf: &mut [u8],
    advance: &mut dyn FnMut(u64) -> Result<(), Failure>,
) -> Result<Digests, Failure> {
    let mut file = File::open(console, path, Mode::Read)?;
    let len = file.byte_len().map_err(|code| Failure::Read { offset: 0, code })?;
    let mut hasher = Hasher::default();
    let mut at = 0;
    while at < len {
        console.stay_awake();
        let part = usize::try_from(len - at).unwrap_or(usize::MAX).min(buf.len());
        file.read_exact_at(&mut buf[..part], at).map_err(|code| Failure::Read { offset: at, code })?;
        hasher.update(&buf[..part]);
        at += part as u64;
        advance(part as u64)?;
    }
    Ok(hasher.finish())
}
