//! A model of Sony's disc file system, which sits on top of the block driver: it mounts the disc, walks its
//! directories and reads its files with the same requests as the real one (psp contract, sections 3.3 and
//! 3.6).

use core::fmt;

use crate::crash::Crash;
use crate::machine::Psp;
use crate::umd::{LbaParams, SECTOR, command};

/// Errors of the mount commands that are passed on; with any other error, the real one retries forever.
const FINAL_ERRORS: [u32; 5] = [0x8021_0001, 0x8021_0002, 0x8021_0003, 0xC021_0004, 0x8001_0016];
/// The mark on directory and path-table reads.
const CMD_DIRECTORY: u32 = 3;
/// Directories are read two sectors at a time.
const DIRECTORY_SECTORS: u32 = 2;

/// Why the model could not continue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IsofsError {
    /// The run ended badly.
    Crash(Crash),
    /// The driver returned an error that is passed on to the program.
    Driver {
        /// The command that failed.
        command: u32,
        /// The error.
        code: u32,
    },
    /// The driver returned an error after which the real one would retry forever.
    EndlessRetry {
        /// The command that failed.
        command: u32,
        /// The error.
        code: u32,
    },
    /// The driver reported a different number of bytes than requested, which the real one would treat as
    /// complete.
    Short {
        /// The reported number.
        got: u32,
        /// The requested number.
        wanted: u32,
    },
    /// The data read is not a valid ISO 9660 volume.
    Volume {
        /// What is wrong with it.
        what: &'static str,
    },
}

impl fmt::Display for IsofsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash(crash) => crash.fmt(f),
            Self::Driver { command, code } => write!(f, "{command:#010X} gave {code:#010X}"),
            Self::EndlessRetry { command, code } => {
                write!(f, "{command:#010X} gave {code:#010X}, which isofs retries for ever")
            }
            Self::Short { got, wanted } => write!(f, "{got} bytes delivered instead of {wanted}"),
            Self::Volume { what } => write!(f, "no volume: {what}"),
        }
    }
}

impl std::error::Error for IsofsError {}

impl From<Crash> for IsofsError {
    fn from(crash: Crash) -> Self {
        Self::Crash(crash)
    }
}

/// A file or directory on the disc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscFile {
    /// Its path from the root, with slashes.
    pub path: String,
    /// Where it begins.
    pub lba: u32,
    /// Its length in bytes.
    pub size: u32,
}

/// A mounted disc.
#[derive(Debug)]
pub struct Isofs {
    /// Number of sectors, as reported by the driver.
    pub sectors: u32,
    /// Where the driver keeps the volume descriptor, which is read again on every use.
    descriptor: u32,
    root: DiscFile,
}

impl Isofs {
    /// Mounts the disc with the same commands as the real one, in the same order.
    ///
    /// # Errors
    ///
    /// When the driver gives an unexpected answer.
    pub fn mount(psp: &mut Psp) -> Result<Self, IsofsError> {
        // Any answer except zero aborts the mount, even a positive one.
        let (outcome, answer) = psp.devctl(command::MAY_MOUNT, b"umd0:", 4)?;
        if outcome.value != 0 || answer != [0; 4] {
            return Err(IsofsError::Driver { command: command::MAY_MOUNT, code: outcome.value });
        }
        let sector_size = number(psp, command::SECTOR_SIZE)?;
        if sector_size != SECTOR {
            return Err(IsofsError::Volume { what: "sector size" });
        }
        let sectors = number(psp, command::LAST_LBA)?;
        number(psp, command::CURRENT_LBA)?;
        // The answer of this one is ignored.
        let (_, pointer) = psp.devctl(command::VOLUME_DESCRIPTOR, &[], 4)?;
        let descriptor = le_word(&pointer, 0);
        let mut isofs = Self { sectors, descriptor, root: DiscFile { path: String::new(), lba: 0, size: 0 } };
        let volume = isofs.volume_descriptor(psp)?;
        isofs.root.lba = le_word(&volume, 0x9E);
        isofs.root.size = le_word(&volume, 0xA6);
        let table_size = le_word(&volume, 0x84).next_multiple_of(SECTOR);
        let table = LbaParams {
            unknown: 0,
            cmd: CMD_DIRECTORY,
            ..params_for(le_word(&volume, 0x8C), 0, table_size, true)
        };
        read_directory_sectors(psp, table)?;
        Ok(isofs)
    }

    /// A copy of the current volume descriptor from the driver's buffer.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn volume_descriptor(&self, psp: &Psp) -> Result<Vec<u8>, IsofsError> {
        let mut volume = vec![0; SECTOR as usize];
        if psp.cpu.read(self.descriptor, &mut volume).is_err() {
            return Err(IsofsError::Volume { what: "pointer to the volume descriptor" });
        }
        if &volume[..6] != b"\x01CD001" {
            return Err(IsofsError::Volume { what: "magic of the volume descriptor" });
        }
        Ok(volume)
    }

    /// Walks all directories; returns all files.
    ///
    /// # Errors
    ///
    /// When a directory cannot be read.
    pub fn files(&self, psp: &mut Psp) -> Result<Vec<DiscFile>, IsofsError> {
        let mut files = Vec::new();
        let mut directories = vec![self.root.clone()];
        while let Some(directory) = directories.pop() {
            for at in (0..directory.size.div_ceil(SECTOR)).step_by(DIRECTORY_SECTORS as usize) {
                let lba = directory.lba + at;
                let params =
                    LbaParams { cmd: CMD_DIRECTORY, ..params_for(lba, 0, DIRECTORY_SECTORS * SECTOR, true) };
                let bytes = read_directory_sectors(psp, params)?;
                let rest = (directory.size - at * SECTOR).min(DIRECTORY_SECTORS * SECTOR) as usize;
                for sector in bytes[..rest].chunks(SECTOR as usize) {
                    entries(sector, &directory.path, &mut files, &mut directories);
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// Reads from a file on behalf of a game; the buffer ends `slack` bytes before a guard page.
    ///
    /// # Errors
    ///
    /// When the driver returns one, or a different number of bytes than requested.
    pub fn read(
        &self,
        psp: &mut Psp,
        file: &DiscFile,
        position: u32,
        len: u32,
        slack: u32,
    ) -> Result<Vec<u8>, IsofsError> {
        let len = len.min(file.size.saturating_sub(position));
        if len == 0 {
            return Ok(Vec::new());
        }
        let aligned = (slack + len).is_multiple_of(64);
        read(psp, params_for(file.lba, position, len, aligned), slack)
    }
}

/// The request that isofs makes for a part of a file (section 3.3, "how isofs chooses"); `aligned` says
/// whether the buffer is aligned to 64 bytes.
pub fn params_for(file_lba: u32, position: u32, len: u32, aligned: bool) -> LbaParams {
    let (r, lba) = (position % SECTOR, file_lba + position / SECTOR);
    let (start, centre, last);
    if r == 0 {
        let rem = len % SECTOR;
        (start, centre, last) = if len <= SECTOR {
            (0, 0, len)
        } else if aligned && position == 0 && len <= 2 * SECTOR {
            (0, SECTOR, len - SECTOR)
        } else if aligned {
            (0, len - rem, rem)
        } else if rem == 0 {
            (SECTOR, len - 2 * SECTOR, SECTOR)
        } else {
            (SECTOR, len - SECTOR - rem, rem)
        };
    } else if r + len <= SECTOR {
        // A part of one sector: here `start` is its offset inside the sector.
        (start, centre, last) = (r, 0, 0);
    } else {
        let rest = len - (SECTOR - r);
        start = SECTOR - r;
        (centre, last) = if rest <= SECTOR {
            if position < SECTOR || !rest.is_multiple_of(SECTOR) { (0, rest) } else { (rest, 0) }
        } else {
            (rest - rest % SECTOR, rest % SECTOR)
        };
    }
    let lba_count = (r + len).div_ceil(SECTOR);
    LbaParams { unknown: 0, cmd: 0, lba, lba_count, total: len, centre, start, last }
}

/// A data read. The real one checks only the sign of the answer, so anything but an error must mean all of
/// the data.
fn read(psp: &mut Psp, params: LbaParams, slack: u32) -> Result<Vec<u8>, IsofsError> {
    let finished = psp.read_lba(params, slack)?;
    let outcome = finished.outcome;
    if outcome.is_error() {
        return Err(IsofsError::Driver { command: command::READ, code: outcome.value });
    }
    if outcome.value != params.total {
        return Err(IsofsError::Short { got: outcome.value, wanted: params.total });
    }
    Ok(finished.bytes)
}

fn read_directory_sectors(psp: &mut Psp, params: LbaParams) -> Result<Vec<u8>, IsofsError> {
    read(psp, params, 0).map_err(|error| match error {
        IsofsError::Driver { command, code } if !FINAL_ERRORS.contains(&code) => {
            IsofsError::EndlessRetry { command, code }
        }
        other => other,
    })
}

/// Requests one word during the mount.
fn number(psp: &mut Psp, command: u32) -> Result<u32, IsofsError> {
    let (outcome, answer) = psp.devctl(command, &[], 4)?;
    match outcome.value {
        0 => Ok(le_word(&answer, 0)),
        code if FINAL_ERRORS.contains(&code) => Err(IsofsError::Driver { command, code }),
        code => Err(IsofsError::EndlessRetry { command, code }),
    }
}

/// The entries of one sector of a directory.
fn entries(sector: &[u8], parent: &str, files: &mut Vec<DiscFile>, directories: &mut Vec<DiscFile>) {
    let mut at = 0;
    while at < sector.len() && sector[at] != 0 {
        let entry = &sector[at..];
        at += usize::from(entry[0]);
        let name = &entry[33..33 + usize::from(entry[32])];
        // The directory itself and its parent.
        if name == [0] || name == [1] {
            continue;
        }
        let path = format!("{parent}/{}", String::from_utf8_lossy(name));
        let found = DiscFile { path, lba: le_word(entry, 2), size: le_word(entry, 10) };
        if entry[25] & 2 == 0 { files.push(found) } else { directories.push(found) }
    }
}

fn le_word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}
