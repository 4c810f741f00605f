//! Files and images of more than 4 GiB, and of as many blocks as a header can ask for. None exists: the
//! source computes the bytes that are read.
#![allow(clippy::cast_possible_truncation, reason = "of numbers that are known to fit")]

mod support;

use core::convert::Infallible;

use sector_decode::{
    BlockError, BlockIndex, Coding, Format, HeaderError, Layout, Lba, OpenError, ReadAt, ReadError,
};
use support::bytes::Bytes;
use support::read::Memory;
use support::{image, pack};

const SECTOR: usize = 2048;
const FLAG: u32 = 1 << 31;
const GIB: u64 = 1 << 30;

/// Room for each of three blocks: plain, packed, packed. The rooms of packed blocks are smaller than a
/// sector, since version 2 would take them for plain, and multiples of 8, for shifts up to 3.
const ROOMS: [u64; 3] = [2048, 2040, 2040];
const ROOM_OF_THREE: u64 = ROOMS[0] + ROOMS[1] + ROOMS[2];

/// A CSO or ZSO of sectors that say their number; what a block does not need of its room is padding.
struct Huge {
    magic: [u8; 4],
    version: u8,
    shift: u8,
    blocks: u32,
    /// The block that was packed last, and its packed bytes.
    packed: Option<(u64, Vec<u8>)>,
}

impl Huge {
    fn new(magic: &[u8; 4], version: u8, shift: u8, image_size: u64) -> Self {
        let blocks = u32::try_from(image_size / SECTOR as u64).expect("fewer than 2^32 blocks");
        Self { magic: *magic, version, shift, blocks, packed: None }
    }

    fn data_start(&self) -> u64 {
        (24 + 4 * (u64::from(self.blocks) + 1)).next_multiple_of(1 << self.shift)
    }

    fn position(&self, block: u64) -> u64 {
        let before: u64 = ROOMS[..(block % 3) as usize].iter().sum();
        self.data_start() + block / 3 * ROOM_OF_THREE + before
    }

    /// The block whose room a byte of the file is in.
    fn block_at(&self, position: u64) -> u64 {
        let first_of_three = (position - self.data_start()) / ROOM_OF_THREE * 3;
        (first_of_three..).find(|&block| position < self.position(block + 1)).expect("one of the three")
    }

    fn sector(block: u64) -> Vec<u8> {
        match block % 3 {
            0 => image::noise(SECTOR, block + 1),
            _ => format!("sector {block} ").into_bytes().into_iter().cycle().take(SECTOR).collect(),
        }
    }

    fn coding(&self, block: u64) -> Coding {
        match (block % 3, self.magic[0], self.version) {
            (0, _, _) => Coding::Stored,
            (_, b'Z', _) | (1, _, 2) => Coding::Lz4,
            _ => Coding::Deflate,
        }
    }

    fn entry(&self, number: u64) -> u32 {
        let value = u32::try_from(self.position(number) >> self.shift).expect("the shift is large enough");
        assert_eq!(value & FLAG, 0, "the shift is too small");
        let flag = match self.coding(number) {
            _ if number == u64::from(self.blocks) => false,
            Coding::Stored => self.version < 2,
            Coding::Lz4 => self.version == 2,
            _ => false,
        };
        if flag { value | FLAG } else { value }
    }

    fn header(&self) -> Vec<u8> {
        let mut header = Bytes::default();
        header.raw(&self.magic).u32(24).u64(u64::from(self.blocks) * SECTOR as u64).u32(2048);
        header.u8(self.version).u8(self.shift).u16(0).finish()
    }

    fn byte(&mut self, at: u64) -> u8 {
        if at < 24 {
            return self.header()[at as usize];
        }
        if at < 24 + 4 * (u64::from(self.blocks) + 1) {
            return self.entry((at - 24) / 4).to_le_bytes()[(at % 4) as usize];
        }
        if at < self.data_start() {
            return b'X';
        }
        let block = self.block_at(at);
        let inside = (at - self.position(block)) as usize;
        if self.packed.as_ref().is_none_or(|&(number, _)| number != block) {
            let sector = Self::sector(block);
            let packed = match self.coding(block) {
                Coding::Lz4 => pack::lz4(&sector),
                Coding::Deflate => pack::deflate(&sector, 9),
                _ => sector,
            };
            self.packed = Some((block, packed));
        }
        let bytes = self.packed.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        bytes.get(inside).copied().unwrap_or(b'X')
    }
}

impl ReadAt for Huge {
    type Error = Infallible;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Infallible> {
        for (at, byte) in (offset..).zip(buf) {
            *byte = self.byte(at);
        }
        Ok(())
    }

    fn byte_len(&mut self) -> Result<u64, Infallible> {
        Ok(self.position(u64::from(self.blocks)))
    }
}

/// Reads at the beginning, around 2 and 4 GiB of the image and of the file, and at the end.
#[track_caller]
fn check(mut file: Huge, format: Format) {
    let layout = Layout::probe(&mut file).expect("the header is sound");
    assert_eq!(layout.format(), format);
    assert!(layout.image_size() > 4 * GIB && layout.file_len() > 4 * GIB);
    let blocks = file.blocks;
    let places = [
        0,
        (2 * GIB / 2048) as u32 - 2,
        (4 * GIB / 2048) as u32 - 2,
        file.block_at(2 * GIB) as u32 - 2,
        file.block_at(4 * GIB) as u32 - 2,
        blocks - 12,
    ];
    let expected: Vec<_> =
        places.iter().map(|&lba| (file.position(lba.into()), file.coding(lba.into()))).collect();

    let mut memory = Memory::sized(&layout, 64, 8);
    let mut reader = memory.reader(file, layout);
    for (lba, (position, coding)) in places.into_iter().zip(expected) {
        let mut out = vec![0; 12 * SECTOR];
        reader.read_sectors(Lba(lba), &mut out).expect("the file is sound");
        for (number, sector) in (u64::from(lba)..).zip(out.chunks(SECTOR)) {
            assert!(sector == Huge::sector(number), "sector {number}");
        }
        let extent = reader.extent(BlockIndex(lba)).expect("the file is sound");
        assert_eq!((extent.offset.0, extent.coding), (position, coding));
    }
    // A range that is no whole sector, across the border of the last two.
    let mut out = [0; 1000];
    reader.read(layout.image_size() - 2500, &mut out).expect("the file is sound");
    let last_two = [Huge::sector(u64::from(blocks) - 2), Huge::sector(u64::from(blocks) - 1)].concat();
    assert!(out[..] == last_two[2 * SECTOR - 2500..][..1000]);
}

#[test]
fn cso_v1_over_4_gib() {
    check(Huge::new(b"CISO", 1, 2, 5 * GIB), Format::Cso);
}

#[test]
fn cso_v1_of_a_dual_layer_disc() {
    check(Huge::new(b"CISO", 1, 3, 8_543_666_176), Format::Cso);
}

#[test]
fn cso_v2_over_4_gib() {
    check(Huge::new(b"CISO", 2, 2, 5 * GIB), Format::Cso2);
}

#[test]
fn zso_over_4_gib() {
    check(Huge::new(b"ZISO", 1, 2, 5 * GIB), Format::Zso);
    check(Huge::new(b"ZISO", 1, 3, 8_543_666_176), Format::Zso);
}

#[test]
fn positions_need_all_31_bits() {
    // The last blocks lie just below 2^31 << 1, as far as a file with a shift of 1 can go.
    let (image_size, shift) = (4 * GIB / ROOM_OF_THREE * 3 * 2048 - 12 * 1024 * 1024, 1);
    let mut file = Huge::new(b"CISO", 1, shift, image_size);
    let last = u64::from(file.blocks);
    assert!(file.entry(last) & !FLAG > 0x7FC0_0000, "{:#X}", file.entry(last));
    let layout = Layout::probe(&mut file).expect("the header is sound");
    let mut memory = Memory::minimal(&layout);
    let mut out = [0; SECTOR];
    memory.reader(file, layout).read(layout.image_size() - 2048, &mut out).expect("the file is sound");
    assert!(out[..] == Huge::sector(last - 1));
}

/// A CSO of this many plain blocks. There are more than index values: all blocks begin at the same place,
/// so that only the last one has bytes.
struct ManyBlocks {
    blocks: u64,
    shift: u8,
    len: u64,
}

impl ReadAt for ManyBlocks {
    type Error = Infallible;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Infallible> {
        assert!(offset + buf.len() as u64 <= self.len, "read past the end");
        let mut header = Bytes::default();
        header.raw(b"CISO").u32(0).u64(self.blocks * 2048).u32(2048).u8(1).u8(self.shift).u16(0);
        let header = header.finish();
        for (at, byte) in (offset..).zip(buf) {
            *byte = match at {
                0..24 => header[at as usize],
                _ if at < 24 + 4 * (self.blocks + 1) => {
                    let value = if (at - 24) / 4 == self.blocks { 0x7FFF_FFFF } else { 0x7FFF_FFFE };
                    (value | FLAG).to_le_bytes()[(at % 4) as usize]
                }
                _ => at as u8,
            };
        }
        Ok(())
    }

    fn byte_len(&mut self) -> Result<u64, Infallible> {
        Ok(self.len)
    }
}

#[test]
fn as_many_blocks_as_numbers_allow() {
    // 2^32 - 2 blocks: an image of 8 TiB less a bit, an index of 16 GiB.
    const BLOCKS: u64 = 0xFFFF_FFFE;
    for shift in [12, 20] {
        let mut file = ManyBlocks { blocks: BLOCKS, shift, len: 0x7FFF_FFFF << shift };
        let layout = Layout::probe(&mut file).expect("the header is sound");
        assert_eq!(u64::from(layout.block_count()), BLOCKS);
        for (window, room) in [(1, 1), (2, 1), (1000, 64)] {
            let mut memory = Memory::sized(&layout, window, room);
            let mut reader = memory.reader(&mut file, layout);
            let last = BlockIndex(BLOCKS as u32 - 1);
            let mut out = [0; SECTOR];
            let result = reader.read((BLOCKS - 1) * 2048, &mut out);
            result.expect("the last block is sound, nearly all of it padding");
            let start = 0x7FFF_FFFE_u64 << shift;
            assert_eq!(reader.extent(last).map(|extent| extent.offset.0), Ok(start));
            assert!((start..).zip(out).all(|(at, byte)| byte == at as u8));
            // The others have no bytes of their own.
            let mut out = vec![0; 64 * SECTOR];
            let error = reader.read((BLOCKS - 64) * 2048, &mut out).unwrap_err();
            let ReadError::Block { block, error: BlockError::NotMonotonic { .. }, .. } = error else {
                panic!("{error:?}")
            };
            assert_eq!(u64::from(block.0), BLOCKS - 64);
            assert!(reader.read(BLOCKS * 2048 - 1, &mut [0; 2]).is_err());
        }
    }
}

#[test]
fn one_block_more_than_numbers_allow() {
    let mut file = ManyBlocks { blocks: 0xFFFF_FFFF, shift: 20, len: u64::MAX };
    let expected = HeaderError::TooManyBlocks { blocks: 0xFFFF_FFFF };
    assert_eq!(Layout::probe(&mut file), Err(OpenError::Header(expected)));
}
