//! One hunk: its position, its codec, and its check against the CRC.

use ::chd::codecs::{
    CdFlacCodec, CdLzmaCodec, CdZlibCodec, CdZstdCodec, CompressionCodec, HuffmanCodec, LzmaCodec,
    RawFlacCodec, ZlibCodec, ZstdCodec,
};
use ::chd::map::{CompressionTypeV5 as Packed, Map, MapEntry};

use super::{CD_UNIT, guarded};
use crate::bytes::Bytes;
use crate::error::{DamageKind, Error};

/// A codec of hunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Zlib,
    Lzma,
    Huffman,
    Flac,
    Zstd,
    CdZlib,
    CdLzma,
    CdFlac,
    CdZstd,
}

impl Codec {
    pub(super) fn of_tag(tag: [u8; 4], hunk_bytes: u32) -> Result<Self, Error> {
        let codec = match &tag {
            b"zlib" => Self::Zlib,
            b"lzma" => Self::Lzma,
            b"huff" => Self::Huffman,
            b"flac" => Self::Flac,
            b"zstd" => Self::Zstd,
            b"cdzl" => Self::CdZlib,
            b"cdlz" => Self::CdLzma,
            b"cdfl" => Self::CdFlac,
            b"cdzs" => Self::CdZstd,
            _ => return Err(Error::ChdCodec(String::from_utf8_lossy(&tag).into_owned())),
        };
        if codec.is_for_cds() && !hunk_bytes.is_multiple_of(CD_UNIT) {
            return Err(Error::Chd("its hunks do not consist of CD sectors, its codecs are for those"));
        }
        if codec == Self::Flac && !hunk_bytes.is_multiple_of(4) {
            return Err(Error::Chd("its hunk size cannot be right"));
        }
        Ok(codec)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Zlib => "zlib",
            Self::Lzma => "lzma",
            Self::Huffman => "huff",
            Self::Flac => "flac",
            Self::Zstd => "zstd",
            Self::CdZlib => "cdzl",
            Self::CdLzma => "cdlz",
            Self::CdFlac => "cdfl",
            Self::CdZstd => "cdzs",
        }
    }

    const fn is_for_cds(self) -> bool {
        matches!(self, Self::CdZlib | Self::CdLzma | Self::CdFlac | Self::CdZstd)
    }

    fn start(self, hunk_bytes: u32) -> Option<Box<dyn CompressionCodec>> {
        fn boxed<C: CompressionCodec + 'static>(hunk_bytes: u32) -> Option<Box<dyn CompressionCodec>> {
            guarded(|| C::new(hunk_bytes)).map(|codec| Box::new(codec) as Box<dyn CompressionCodec>)
        }
        match self {
            Self::Zlib => boxed::<ZlibCodec>(hunk_bytes),
            Self::Lzma => boxed::<LzmaCodec>(hunk_bytes),
            Self::Huffman => boxed::<HuffmanCodec>(hunk_bytes),
            Self::Flac => boxed::<RawFlacCodec>(hunk_bytes),
            Self::Zstd => boxed::<ZstdCodec>(hunk_bytes),
            Self::CdZlib => boxed::<CdZlibCodec>(hunk_bytes),
            Self::CdLzma => boxed::<CdLzmaCodec>(hunk_bytes),
            Self::CdFlac => boxed::<CdFlacCodec>(hunk_bytes),
            Self::CdZstd => boxed::<CdZstdCodec>(hunk_bytes),
        }
    }

    /// Whether the packed bytes begin with the lengths that the crate's codecs assume without checking.
    fn is_framed(self, packed: &[u8], hunk_bytes: usize) -> bool {
        if self == Self::Flac {
            return !packed.is_empty();
        }
        if !self.is_for_cds() || self == Self::CdFlac {
            return true;
        }
        let flags = (hunk_bytes / CD_UNIT as usize).div_ceil(8);
        let len_bytes = if hunk_bytes < 65_536 { 2 } else { 3 };
        let Some(len) = packed.get(flags..flags + len_bytes) else { return false };
        let len = len.iter().fold(0, |len, &byte| len << 8 | usize::from(byte));
        flags + len_bytes + len <= packed.len()
    }
}

/// The buffers of one thread that decodes hunks.
pub(super) struct Decoder {
    codecs: Vec<(Codec, Box<dyn CompressionCodec>)>,
    packed: Vec<u8>,
    hunk: Vec<u8>,
    /// Which hunk is in memory.
    number: Option<u32>,
}

impl Decoder {
    pub(super) fn new(codecs: &[Codec], hunk_bytes: u32) -> Result<Self, Error> {
        let start = |&codec: &Codec| codec.start(hunk_bytes).map(|started| (codec, started));
        let codecs = codecs.iter().map(start).collect::<Option<_>>();
        let codecs = codecs.ok_or(Error::Chd("its codecs do not take its hunk size"))?;
        Ok(Self { codecs, packed: Vec::new(), hunk: vec![0; hunk_bytes as usize], number: None })
    }

    /// Returns the content of a hunk. Only the last one is kept.
    pub(super) fn hunk(&mut self, file: &dyn Bytes, map: &Map, number: u32) -> Result<&[u8], Error> {
        if self.number != Some(number) {
            self.number = None;
            self.load(file, map, number)?;
            self.number = Some(number);
        }
        Ok(&self.hunk)
    }

    fn load(&mut self, file: &dyn Bytes, map: &Map, hunk: u32) -> Result<(), Error> {
        let nowhere = || Error::from(DamageKind::HunkPlace { hunk });
        let mut number = hunk;
        loop {
            let entry = match map.get_entry(number as usize).ok_or_else(nowhere)? {
                MapEntry::V5Compressed(entry) => entry,
                // An offset of 0 stands for a hunk of zeros. There are no CRCs in such a map.
                MapEntry::V5Uncompressed(entry) if entry.block_offset() == 0 => {
                    self.hunk.fill(0);
                    return Ok(());
                }
                MapEntry::V5Uncompressed(entry) => {
                    return read(file, &mut self.hunk, entry.block_offset(), hunk);
                }
                MapEntry::LegacyEntry(_) => return Err(nowhere()),
            };
            let codec = match entry.hunk_type().map_err(|_| nowhere())? {
                Packed::CompressionType0 => 0,
                Packed::CompressionType1 => 1,
                Packed::CompressionType2 => 2,
                Packed::CompressionType3 => 3,
                Packed::CompressionNone => {
                    read(file, &mut self.hunk, entry.block_offset(), hunk)?;
                    return self.check(entry.hunk_crc(), hunk);
                }
                Packed::CompressionSelf => {
                    // Writers only refer to earlier hunks, so the chain ends.
                    let other = u32::try_from(entry.block_offset()).ok().filter(|&other| other < number);
                    number = other.ok_or_else(nowhere)?;
                    continue;
                }
                _ => return Err(nowhere()),
            };
            let (codec, decoder) = self.codecs.get_mut(codec).ok_or_else(nowhere)?;
            let codec = *codec;
            // Writers never keep a packed hunk that is larger than the hunk itself.
            if entry.block_size() as usize > self.hunk.len() {
                return Err(nowhere());
            }
            self.packed.resize(entry.block_size() as usize, 0);
            read(file, &mut self.packed, entry.block_offset(), hunk)?;
            let (packed, out) = (&self.packed, &mut self.hunk);
            let is_decoded = codec.is_framed(packed, out.len())
                && guarded(|| decoder.decompress(packed, out))
                    .is_some_and(|done| done.total_out() == out.len());
            if !is_decoded {
                return Err(DamageKind::Hunk { hunk, codec: codec.name() }.into());
            }
            return self.check(entry.hunk_crc(), hunk);
        }
    }

    fn check(&self, expected: u16, hunk: u32) -> Result<(), Error> {
        let got = crc16(&self.hunk);
        if got == expected { Ok(()) } else { Err(DamageKind::HunkCrc { hunk, expected, got }.into()) }
    }
}

/// Where the bytes of a hunk end in the file; `None` if it has none of its own.
pub(super) fn end(map: &Map, hunk: usize) -> Option<u64> {
    let (offset, len) = match map.get_entry(hunk)? {
        MapEntry::V5Compressed(entry) if !matches!(entry.hunk_type().ok()?, Packed::CompressionSelf) => {
            (entry.block_offset(), entry.block_size())
        }
        MapEntry::V5Uncompressed(entry) if entry.block_offset() != 0 => {
            (entry.block_offset(), entry.block_size())
        }
        _ => return None,
    };
    offset.checked_add(len.into())
}

fn read(file: &dyn Bytes, buf: &mut [u8], offset: u64, hunk: u32) -> Result<(), Error> {
    if offset.checked_add(buf.len() as u64).is_none_or(|end| end > file.len()) {
        return Err(DamageKind::HunkPlace { hunk }.into());
    }
    file.read_exact_at(buf, offset).map_err(Error::io("a hunk of the CHD"))
}

/// CRC-16 with the polynomial 0x1021, most significant bit first, from 0xFFFF on.
fn crc16(bytes: &[u8]) -> u16 {
    static TABLE: [u16; 256] = table();
    bytes.iter().fold(0xFFFF, |crc, &byte| crc << 8 ^ TABLE[usize::from(crc.to_be_bytes()[0] ^ byte)])
}

#[expect(clippy::cast_possible_truncation, reason = "256 entries")]
const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_has_the_published_check_value() {
        assert_eq!(crc16(b"123456789"), 0x29B1);
    }

    #[test]
    fn packed_cd_hunks_without_their_lengths_are_not_decoded() {
        let hunk = 8 * CD_UNIT as usize;
        // One byte of flags, two of length, then that many bytes.
        assert!(Codec::CdZlib.is_framed(&[0, 0, 2, 9, 9], hunk));
        for packed in [&[][..], &[0], &[0, 0], &[0, 0, 1], &[0, 0xFF, 0xFF, 1]] {
            assert!(!Codec::CdZlib.is_framed(packed, hunk), "{packed:?}");
        }
    }
}
