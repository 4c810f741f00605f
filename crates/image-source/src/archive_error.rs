//! What can be wrong with an archive.

/// Why the disc in an archive cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// No file in it is a disc image.
    #[error("there is no disc image in this archive")]
    NoDisc,
    /// More than one file in it is a disc image.
    #[error("there are several disc images in this archive: {0}")]
    SeveralDiscs(String),
    /// It has more files than the limit.
    #[error("this archive holds too many files ({0}) to be a disc")]
    TooManyFiles(u64),
    /// The disc image, or the list of files, is encrypted.
    #[error("{} encrypted", .0.as_ref().map_or_else(|| "the names in this archive are".to_owned(), |name| format!("{name:?} in this archive is")))]
    Encrypted(Option<String>),
    /// The disc image is packed by a method that is not supported.
    #[error("{name:?} in this archive is packed with {method}, which is not read")]
    Method {
        /// The packed file.
        name: String,
        /// The method.
        method: String,
    },
    /// Decoding takes more memory than is allowed.
    #[error("{name:?} in this archive needs {} of memory to decode, and at most {} MiB are used", .needed.map_or_else(|| "more".to_owned(), |bytes| format!("{} MiB", bytes >> 20)), .most >> 20)]
    Memory {
        /// The packed file.
        name: String,
        /// Bytes that the decoder needs; `None` if it does not tell.
        needed: Option<u64>,
        /// The limit.
        most: u64,
    },
    /// A format that needs random access is in a packed entry.
    #[error("{name:?} in this archive is a CHD, which cannot be read while it is unpacked")]
    PackedChd {
        /// The packed file.
        name: String,
    },
    /// A compressed image in a packed entry has an index that is too large to keep in memory.
    #[error("the index of {name:?} in this archive is too large to be kept while it is unpacked")]
    LargeIndex {
        /// The packed file.
        name: String,
    },
    /// One of several volumes.
    #[error("this is one volume of an archive that was split")]
    Split,
    /// Its structure is impossible.
    #[error("the archive is damaged: {0}")]
    Structure(&'static str),
    /// Two of its files occupy the same bytes.
    #[error("the archive is damaged: {0:?} and {1:?} overlap")]
    Overlap(String, String),
    /// The directory and the header of a file disagree.
    #[error("the archive is damaged: its directory and the {place} of {name:?} disagree about the {what}")]
    Disagree {
        /// The file.
        name: String,
        /// The place that disagrees with the directory.
        place: &'static str,
        /// What they disagree about.
        what: &'static str,
    },
    /// A file cannot be decoded.
    #[error("{name:?} in the archive is damaged: it cannot be decoded from byte {at} on ({why})")]
    Decode {
        /// The file.
        name: String,
        /// How many bytes came out before.
        at: u64,
        /// The decoder's words.
        why: String,
    },
    /// A file decodes to more or fewer bytes than the directory says.
    #[error("{name:?} in the archive is damaged: it has {} than the {expected} bytes in the directory", if *.is_longer { "more" } else { "fewer" })]
    Size {
        /// The file.
        name: String,
        /// Its size in the directory.
        expected: u64,
        /// Whether there is more.
        is_longer: bool,
    },
    /// A file decodes, but not to the bytes that were packed.
    #[error("{name:?} in the archive has the CRC-32 {got:#010X}, the archive says {expected:#010X}")]
    Crc {
        /// The file.
        name: String,
        /// The archive's CRC-32.
        expected: u32,
        /// That of the decoded bytes.
        got: u32,
    },
    /// The archive itself cannot be read.
    #[error("cannot read the archive: {0}")]
    Read(String),
}

impl ArchiveError {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::NoDisc => "archive_no_disc",
            Self::SeveralDiscs(_) => "archive_several_discs",
            Self::Encrypted(_) => "archive_encrypted",
            Self::TooManyFiles(_)
            | Self::Method { .. }
            | Self::Memory { .. }
            | Self::PackedChd { .. }
            | Self::LargeIndex { .. }
            | Self::Split => "archive_unsupported",
            Self::Structure(_)
            | Self::Overlap(..)
            | Self::Disagree { .. }
            | Self::Decode { .. }
            | Self::Size { .. } => "archive_damaged",
            Self::Crc { .. } => "archive_crc",
            Self::Read(_) => "read",
        }
    }

    /// Whether the rest of the archive can still be read.
    pub(crate) const fn is_about_one_file(&self) -> bool {
        matches!(self, Self::Method { .. } | Self::Memory { .. } | Self::Encrypted(Some(_)))
    }

    pub(crate) const fn is_damage(&self) -> bool {
        matches!(self.kind().as_bytes(), b"archive_damaged" | b"archive_crc")
    }
}
