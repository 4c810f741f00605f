//! Lays out DAX files.
//!
//! Header of 32 bytes, then back to back: a 32-bit offset per frame, a 16-bit size per frame, in
//! version 1 the list of uncompressed areas, the frames.

use super::bytes::Bytes;

pub const HEADER_LEN: usize = 32;
pub const FRAME_SIZE: usize = 0x2000;

/// A file by its fields; [`file`](Self::file) puts them in order.
#[derive(Clone)]
pub struct Dax {
    pub image_size: u32,
    pub version: u32,
    /// First frame and number of frames of each uncompressed area. Written in version 1 only.
    pub areas: Vec<(u32, u32)>,
    /// Number of areas that the header names.
    pub area_count: u32,
    pub frames: Vec<Vec<u8>>,
}

impl Dax {
    pub fn v0(image_size: usize, frames: Vec<Vec<u8>>) -> Self {
        let image_size = u32::try_from(image_size).expect("test images are small");
        Self { image_size, version: 0, areas: Vec::new(), area_count: 0, frames }
    }

    pub fn v1(image_size: usize, frames: Vec<Vec<u8>>, areas: Vec<(u32, u32)>) -> Self {
        let area_count = u32::try_from(areas.len()).expect("a short list");
        Self { version: 1, areas, area_count, ..Self::v0(image_size, frames) }
    }

    /// Where the frames begin.
    pub fn data_start(&self) -> usize {
        HEADER_LEN + 6 * self.frames.len() + 8 * self.areas.len()
    }

    /// The bytes of the file.
    pub fn file(&self) -> Vec<u8> {
        let mut file = Bytes::default();
        file.raw(b"DAX\0");
        file.u32(self.image_size);
        file.u32(self.version);
        file.u32(self.area_count);
        file.raw(&[0; 16]);
        let mut at = self.data_start();
        for frame in &self.frames {
            file.u32(u32::try_from(at).expect("test files are small"));
            at += frame.len();
        }
        for frame in &self.frames {
            file.u16(u16::try_from(frame.len()).expect("a frame is small"));
        }
        for &(first, count) in &self.areas {
            file.u32(first).u32(count);
        }
        assert_eq!(file.len(), self.data_start());
        for frame in &self.frames {
            file.raw(frame);
        }
        file.finish()
    }
}
