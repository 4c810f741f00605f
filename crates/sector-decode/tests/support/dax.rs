//! Lays out DAX files: header, tables of offsets and sizes, in version 1 the list of uncompressed areas, the frames.

use sector_decode::container::dax::{self, Area, Entry, Header};

use super::bytes::Bytes;

pub use sector_decode::container::dax::HEADER_LEN;
pub const FRAME_SIZE: usize = dax::FRAME_SIZE as usize;

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
        let Self { image_size, version, area_count, .. } = *self;
        file.raw(&Header { image_size, version, area_count }.to_bytes());
        let mut at = self.data_start();
        let mut sizes = Bytes::default();
        for frame in &self.frames {
            let offset = u32::try_from(at).expect("test files are small");
            let size = u16::try_from(frame.len()).expect("a frame is small");
            let (offset, size) = Entry { offset, size }.encode();
            file.raw(&offset);
            sizes.raw(&size);
            at += frame.len();
        }
        file.raw(&sizes.finish());
        for &(first, frames) in &self.areas {
            file.raw(&Area { first, frames }.encode());
        }
        assert_eq!(file.len(), self.data_start());
        for frame in &self.frames {
            file.raw(frame);
        }
        file.finish()
    }
}
