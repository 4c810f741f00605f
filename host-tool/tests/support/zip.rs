//! ZIP archives that other programs do not write.

use std::io::Read;

/// A file in an archive, with everything that can be wrong with it.
#[derive(Clone)]
pub(crate) struct Packed {
    pub(crate) name: String,
    pub(crate) method: u16,
    pub(crate) data: Vec<u8>,
    pub(crate) len: u64,
    pub(crate) crc: u32,
    /// Whether its numbers are those of ZIP64.
    pub(crate) is_large: bool,
    /// What the header before its data says instead.
    pub(crate) local_crc: Option<u32>,
    pub(crate) local_name: Option<String>,
    /// Where its header is, if it is not written.
    pub(crate) at: Option<u64>,
}

impl Packed {
    pub(crate) fn stored(name: &str, content: &[u8]) -> Self {
        Self {
            name: name.into(),
            method: 0,
            data: content.to_vec(),
            len: content.len() as u64,
            crc: crc32(content),
            is_large: false,
            local_crc: None,
            local_name: None,
            at: None,
        }
    }

    pub(crate) fn deflated(name: &str, content: &[u8]) -> Self {
        Self { method: 8, data: deflate(content), ..Self::stored(name, content) }
    }

    fn fields(&self, name: &str, crc: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.method.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(crc.to_le_bytes());
        for size in [self.data.len() as u64, self.len] {
            let small = u32::try_from(size).unwrap_or(u32::MAX);
            bytes.extend(if self.is_large { u32::MAX } else { small }.to_le_bytes());
        }
        bytes.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        bytes.extend(u16::try_from(self.extra().len()).unwrap().to_le_bytes());
        bytes
    }

    fn extra(&self) -> Vec<u8> {
        if !self.is_large {
            return Vec::new();
        }
        let sizes = [self.len, self.data.len() as u64].map(u64::to_le_bytes).concat();
        [&[1, 0, 16, 0][..], &sizes].concat()
    }
}

/// A raw deflate stream.
pub(crate) fn deflate(content: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut encoder = flate2::read::DeflateEncoder::new(content, flate2::Compression::fast());
    encoder.read_to_end(&mut packed).unwrap();
    packed
}

/// CRC-32, bit by bit.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    })
}

/// An archive of these files.
pub(crate) fn zip(files: &[Packed]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for file in files {
        let at = file.at.unwrap_or(archive.len() as u64);
        if file.at.is_none() {
            let name = file.local_name.as_ref().unwrap_or(&file.name);
            archive.extend(b"PK\x03\x04\x2D\0\0\0");
            archive.extend(file.fields(name, file.local_crc.unwrap_or(file.crc)));
            archive.extend(name.as_bytes());
            archive.extend(file.extra());
            archive.extend(&file.data);
        }
        directory.extend(b"PK\x01\x02\x2D\0\x2D\0\0\0");
        directory.extend(file.fields(&file.name, file.crc));
        // Comment, disk and attributes.
        directory.extend([0; 10]);
        directory.extend(u32::try_from(at).unwrap().to_le_bytes());
        directory.extend(file.name.as_bytes());
        directory.extend(file.extra());
    }
    let start = archive.len() as u64;
    archive.extend(&directory);
    let count = files.len() as u64;
    if files.iter().any(|file| file.is_large) {
        let end = archive.len() as u64;
        archive.extend(b"PK\x06\x06");
        archive.extend(44_u64.to_le_bytes());
        archive.extend([0x2D, 0, 0x2D, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in [count, count, directory.len() as u64, start] {
            archive.extend(number.to_le_bytes());
        }
        archive.extend(b"PK\x06\x07\0\0\0\0");
        archive.extend(end.to_le_bytes());
        archive.extend(1_u32.to_le_bytes());
        archive.extend(b"PK\x05\x06\0\0\0\0");
        archive.extend([0xFF; 12]);
    } else {
        archive.extend(b"PK\x05\x06\0\0\0\0");
        for number in [count, count] {
            archive.extend(u16::try_from(number).unwrap().to_le_bytes());
        }
        for number in [directory.len() as u64, start] {
            archive.extend(u32::try_from(number).unwrap().to_le_bytes());
        }
    }
    archive.extend([0, 0]);
    archive
}
