//! What a source is: its kind, its tracks, and what an image of it loses.

/// The kinds of sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A CHD of a DVD, of a CD, or of raw data.
    Chd(ChdFacts),
    /// A CUE sheet with its files.
    Cue,
    /// A dump of raw CD sectors of this many bytes.
    RawCd(u32),
    /// An image in an archive, plain or in one of the formats of `sector-decode`.
    Image,
}

/// The facts in a CHD's header and metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChdFacts {
    /// Bytes in a hunk.
    pub hunk_bytes: u32,
    /// The codecs' names; none when nothing is packed.
    pub codecs: Vec<&'static str>,
    /// Whether it has the DVD tag.
    pub is_dvd: bool,
    /// Whether it has CD tracks.
    pub is_cd: bool,
    /// SHA-1 of the whole content, if the header has one. For a CD that covers every sector with its
    /// subcode.
    pub raw_sha1: Option<[u8; 20]>,
    /// SHA-1 of that one and of the metadata, if the header has one: what the header has, then what it is. If they differ,
    /// the header or the metadata is damaged, such as the list of tracks.
    pub overall_sha1: Option<[[u8; 20]; 2]>,
}

impl ChdFacts {
    /// Returns the SHA-1 of content and metadata in the header, then the computed one, if they differ: the header or the
    /// metadata is damaged.
    #[must_use]
    pub fn wrong_sha1(&self) -> Option<[[u8; 20]; 2]> {
        self.overall_sha1.filter(|[expected, got]| expected != got)
    }
}

/// One track of a CD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackInfo {
    /// From 1 on.
    pub number: u32,
    /// As a CUE sheet names it: `MODE1/2352`, `AUDIO`.
    pub kind: String,
    /// Number of its sectors, if known.
    pub sectors: u64,
}

/// What an image of 2048-byte sectors loses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// A track other than the first data track.
    Track(TrackInfo),
}
