//! The metadata list of a CHD: the kind of disc, and a CD's tracks.

use sha1::{Digest, Sha1};

use crate::bytes::Bytes;
use crate::error::Error;
use crate::other::Other;

/// A disc has at most 99 tracks. Each track, and each other fact, is one entry.
const MAX_ENTRIES: usize = 512;
/// A track's entry has less than 150 bytes. Larger entries are skipped.
const MAX_TEXT: usize = 512;
/// Bytes of all entries together whose digests are taken. Those of PSP and PS2 discs have some thousand.
const MAX_DIGESTED: usize = 1 << 20;
/// The flag of an entry that the SHA-1 of the CHD covers.
const IS_COVERED: u8 = 1;
/// Tracks begin at multiples of this many frames.
const TRACK_PADDING: u64 = 4;

/// The facts in the metadata.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub(super) is_dvd: bool,
    pub(super) tracks: Vec<ChdTrack>,
    /// Where the last of its entries ends.
    pub(super) end: u64,
    /// Tag and SHA-1 of each entry that the SHA-1 of the CHD covers; `None` if they are too large.
    digests: Option<Vec<[u8; 24]>>,
}

/// One track of a CD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChdTrack {
    pub(crate) number: u32,
    /// As chdman names it, such as `MODE2_RAW`.
    pub(crate) kind: String,
    /// Number of its sectors in the CHD.
    pub(crate) frames: u64,
    /// How many of them are its pregap.
    pub(crate) pregap: u64,
    /// Length of a pregap that the CHD does not hold.
    pub(crate) silence: u64,
    /// Length of a postgap, which the CHD does not hold.
    pub(crate) postgap: u64,
    /// Whether the CHD holds its subcode, too.
    pub(crate) has_subcode: bool,
    /// Its first sector, counted from the beginning of the CHD.
    pub(crate) start: u64,
}

impl Metadata {
    /// Reads the list, which begins at `at`.
    pub(super) fn read(file: &dyn Bytes, mut at: u64) -> Result<Self, Error> {
        const OUTSIDE: Error = Error::Chd("its metadata lies outside of the file");
        let mut metadata = Self { digests: Some(Vec::new()), ..Self::default() };
        let (mut entries, mut digested) = (0, 0);
        while at != 0 {
            entries += 1;
            if entries > MAX_ENTRIES {
                return Err(Error::Chd("its list of metadata has no end"));
            }
            let mut head = [0; 16];
            file.read_exact_at(&mut head, at).map_err(|_| OUTSIDE)?;
            let [tag @ .., _, _, _, _, _, _, _, _, _, _, _, _] = head;
            let len = usize::from(head[5]) << 16 | usize::from(head[6]) << 8 | usize::from(head[7]);
            metadata.end = metadata.end.max(at.saturating_add(16 + len as u64));
            if head[4] & IS_COVERED != 0 {
                digested += len;
                metadata.digests = metadata.digests.filter(|_| digested <= MAX_DIGESTED);
                if let Some(digests) = &mut metadata.digests {
                    let mut data = vec![0; len];
                    file.read_exact_at(&mut data, at + 16).map_err(|_| OUTSIDE)?;
                    let mut digest = [0; 24];
                    digest[..4].copy_from_slice(&tag);
                    digest[4..].copy_from_slice(&Sha1::digest(&data));
                    digests.push(digest);
                }
            }
            match &tag {
                b"DVD " => metadata.is_dvd = true,
                b"CHTR" | b"CHT2" => {
                    let mut text = vec![0; len.min(MAX_TEXT)];
                    file.read_exact_at(&mut text, at + 16).map_err(|_| OUTSIDE)?;
                    let track = ChdTrack::parse(&String::from_utf8_lossy(&text))
                        .ok_or(Error::Chd("one of its tracks cannot be understood"))?;
                    metadata.tracks.push(track);
                }
                b"CHGT" | b"CHGD" => return Err(Error::Other(Other::GdRom)),
                b"CHCD" => {
                    return Err(Error::Chd(
                        "its tracks are listed in a form that PSP and PS2 discs do not have",
                    ));
                }
                _ => {}
            }
            at = u64::from_be_bytes([
                head[8], head[9], head[10], head[11], head[12], head[13], head[14], head[15],
            ]);
        }
        let mut start = 0;
        for (place, track) in metadata.tracks.iter_mut().enumerate() {
            if track.number as usize != place + 1 {
                return Err(Error::Chd("its tracks are not in order"));
            }
            track.start = start;
            start += track.frames.next_multiple_of(TRACK_PADDING);
        }
        Ok(metadata)
    }

    /// Returns the SHA-1 that the CHD has by its metadata, if its content has this one: that of the content's and, in order,
    /// tag and SHA-1 of each covered entry (MAME, src/lib/util/chd.cpp, `compute_overall_sha1`). `None` if the metadata is
    /// too large.
    pub(super) fn overall_sha1(&self, raw: [u8; 20]) -> Option<[u8; 20]> {
        let mut digests = self.digests.clone()?;
        digests.sort_unstable();
        let mut overall = Sha1::new().chain_update(raw);
        digests.iter().for_each(|digest| overall.update(digest));
        Some(overall.finalize().into())
    }
}

impl ChdTrack {
    /// Reads a line such as `TRACK:1 TYPE:MODE1 SUBTYPE:NONE FRAMES:330 PREGAP:0 PGTYPE:MODE1 …`.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end_matches(['\0', '\n']);
        let field = |name: &str| {
            let value = |word: &'_ str| {
                word.split_once(':').filter(|(key, _)| *key == name).map(|(_, v)| v.to_owned())
            };
            text.split(' ').find_map(value)
        };
        let number = |name: &str| field(name)?.parse::<u32>().ok();
        // The pregap is stored in the CHD only if its type begins with a V.
        let has_pregap = field("PGTYPE").is_some_and(|kind| kind.starts_with('V'));
        let gap = |name: &str| field(name).map_or(Some(0), |_| number(name).map(u64::from));
        let (pregap, silence) = if has_pregap { (gap("PREGAP")?, 0) } else { (0, gap("PREGAP")?) };
        let (frames, kind) = (number("FRAMES")?.into(), field("TYPE")?);
        let has_subcode = field("SUBTYPE").is_some_and(|kind| kind != "NONE");
        let (number, postgap) = (number("TRACK")?, gap("POSTGAP")?);
        let track = Self { number, kind, frames, pregap, silence, postgap, has_subcode, start: 0 };
        (pregap <= frames).then_some(track)
    }

    pub(crate) fn is_audio(&self) -> bool {
        self.kind == "AUDIO"
    }

    /// Its kind in a CUE sheet, and how many bytes a BIN has of each sector.
    pub(crate) fn in_sheet(&self) -> Option<(&'static str, u32)> {
        Some(match self.kind.as_str() {
            "MODE1" => ("MODE1/2048", 2048),
            "MODE1_RAW" => ("MODE1/2352", 2352),
            "MODE2" | "MODE2_FORM_MIX" => ("MODE2/2336", 2336),
            "MODE2_FORM1" => ("MODE2/2048", 2048),
            "MODE2_FORM2" => ("MODE2/2324", 2324),
            "MODE2_RAW" => ("MODE2/2352", 2352),
            "AUDIO" => ("AUDIO", 2352),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn track_is_read_from_its_line() {
        let text =
            "TRACK:2 TYPE:AUDIO SUBTYPE:NONE FRAMES:300 PREGAP:150 PGTYPE:VAUDIO PGSUB:NONE POSTGAP:0\0";
        let track = ChdTrack::parse(text).unwrap();
        assert_eq!((track.number, track.kind.as_str(), track.frames, track.pregap), (2, "AUDIO", 300, 150));
        let without = text.replace("VAUDIO", "AUDIO");
        let without = ChdTrack::parse(&without).unwrap();
        assert_eq!((without.pregap, without.silence, without.has_subcode), (0, 150, false));
        let old = ChdTrack::parse("TRACK:1 TYPE:MODE1_RAW SUBTYPE:RW_RAW FRAMES:9").unwrap();
        assert_eq!(
            (old.silence, old.postgap, old.has_subcode, old.in_sheet()),
            (0, 0, true, Some(("MODE1/2352", 2352)))
        );
        for wrong in ["", "TRACK:1", "TRACK:x TYPE:MODE1 FRAMES:1", "TRACK:1 TYPE:MODE1 FRAMES:-1"] {
            assert_eq!(ChdTrack::parse(wrong), None, "{wrong}");
        }
    }
}
