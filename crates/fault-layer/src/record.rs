//! What a program does to the files of a folder, so that a power cut can be played back.

/// A file, whatever its names are: the number that its file system gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u64);

/// Something that a program did to a file or a name. Names are paths from the folder on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Opened a file by this name, which may have made it.
    Open {
        /// Its name.
        name: String,
        /// The file.
        file: FileId,
        /// Whether its content was thrown away.
        truncated: bool,
    },
    /// Wrote bytes.
    Write {
        /// The file.
        file: FileId,
        /// Where the bytes are in it.
        at: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Gave a file this many bytes.
    Truncate {
        /// The file.
        file: FileId,
        /// Its length in bytes.
        len: u64,
    },
    /// Waited until a file was on the disk.
    Sync {
        /// The file.
        file: FileId,
    },
    /// Waited until the names in a folder were on the disk. The folder itself is the empty name.
    SyncFolder {
        /// Its name.
        folder: String,
    },
    /// Renamed a file.
    Rename {
        /// The name before.
        from: String,
        /// The name afterwards.
        to: String,
        /// Whether the two names were exchanged.
        exchanged: bool,
    },
    /// Gave a file one more name.
    Link {
        /// The file.
        file: FileId,
        /// Its new name.
        to: String,
    },
    /// Removed a name.
    Unlink {
        /// The name.
        name: String,
    },
}
