//! Files as other tools write them, each laid out here byte by byte.
//!
//! None of these tools is run, and no file of theirs is stored: what is known of their output
//! (docs/formats/) is written down as code, with stock encoders for the packed bytes. Every field stands
//! in the order of the file. Where a tool would need a larger disc than a test can have (an index shift
//! comes from 2 GiB on), the small file has the field values of the large one.

#![allow(clippy::cast_possible_truncation, reason = "the files are small")]

mod support;

use sector_decode::{BlockIndex, Coding, Format};
use support::bytes::Bytes;
use support::image;
use support::pack::{deflate, lz4, lzo, zero_filled, zlib};
use support::read::{Memory, assert_decodes, layout_of};

const SECTOR: usize = 2048;
const FRAME: usize = 0x2000;
/// Bit 31 of an index value.
const FLAG: u32 = 1 << 31;

/// How each block of a file is packed, by the reader.
fn codings(file: &[u8]) -> Vec<Coding> {
    let layout = layout_of(file);
    let mut memory = Memory::suggested(&layout);
    let mut reader = memory.reader(file, layout);
    (0..layout.block_count())
        .map(|block| reader.extent(BlockIndex(block)).expect("the index is sound").coding)
        .collect()
}

/// A sector that packs, but to more than 95 percent of its size.
fn hardly_packable() -> Vec<u8> {
    let sector = zero_filled(&image::noise(SECTOR - 60, 5), SECTOR);
    let packed = zlib(&sector, 9).len() - 2;
    assert!((SECTOR * 95 / 100..SECTOR).contains(&packed), "{packed} bytes");
    sector
}

/// ciso.py: version 1, no shift. Its deflate streams are zlib streams without the two bytes of header,
/// so the Adler-32 still stands behind each. A block is plain from 95 percent on. The header size is 0,
/// as the classic tools write it.
#[test]
fn ciso_py_without_shift() {
    let image =
        [image::text(SECTOR, 1), image::noise(SECTOR, 2), hardly_packable(), vec![0; SECTOR]].concat();
    let packed: Vec<_> = image.chunks(SECTOR).map(|sector| zlib(sector, 9)[2..].to_vec()).collect();

    let mut file = Bytes::default();
    file.raw(b"CISO").u32(0).u64(image.len() as u64).u32(2048).u8(1).u8(0).u16(0);
    let data = 24 + 4 * 5;
    let lens = [packed[0].len(), SECTOR, SECTOR, packed[3].len()].map(|len| u32::try_from(len).unwrap());
    file.u32(data);
    file.u32((data + lens[0]) | FLAG);
    file.u32((data + lens[0] + lens[1]) | FLAG);
    file.u32(data + lens[0] + lens[1] + lens[2]);
    file.u32(data + lens.iter().sum::<u32>());
    file.raw(&packed[0]);
    file.raw(&image[SECTOR..3 * SECTOR]);
    file.raw(&packed[3]);

    let file = file.finish();
    assert_eq!(codings(&file), [Coding::Deflate, Coding::Stored, Coding::Stored, Coding::Deflate]);
    assert_decodes(&file, &image);
}

/// ciso.py on a disc of 2 GiB or more: shift 1, so blocks begin at even positions and one byte `X` fills
/// the gap where needed. The Adler-32 stands between stream and gap.
#[test]
fn ciso_py_with_shift() {
    let image = image::mixed(24 * SECTOR, 3);
    let mut blocks = Bytes::default();
    let mut index = Bytes::default();
    let data = 24 + 4 * 25;
    let mut gaps = 0;
    for sector in image.chunks(SECTOR) {
        let packed = &zlib(sector, 9)[2..];
        gaps += blocks.len() % 2;
        blocks.pad(2, b'X');
        let position = (data + blocks.position()) >> 1;
        if packed.len() * 100 >= SECTOR * 95 {
            index.u32(position | FLAG);
            blocks.raw(sector);
        } else {
            index.u32(position);
            blocks.raw(packed);
        }
    }
    assert!(gaps > 0, "no block needs a gap");
    blocks.pad(2, b'X');
    index.u32((data + blocks.position()) >> 1);

    let mut file = Bytes::default();
    file.raw(b"CISO").u32(0).u64(image.len() as u64).u32(2048).u8(1).u8(1).u16(0);
    file.raw(&index.finish()).raw(&blocks.finish());
    assert_decodes(&file.finish(), &image);
}

/// maxcso on a disc of 2 GiB or more: blocks of 16 KiB, shift 1, NUL in the gaps, header size 24. The
/// last block is filled up with zeros before it is packed, so that it decodes to all of 16 KiB.
#[test]
fn maxcso_cso_v1() {
    const BLOCK: usize = 16384;
    let image = [image::text(BLOCK, 1), image::noise(BLOCK, 2), image::text(3 * SECTOR, 3)].concat();
    let first = deflate(&image[..BLOCK], 9);
    let last = deflate(&zero_filled(&image[2 * BLOCK..], BLOCK), 9);

    let mut blocks = Bytes::default();
    let mut index = Bytes::default();
    let data = 24 + 4 * 4;
    index.u32(data >> 1);
    blocks.raw(&first).pad(2, 0);
    index.u32((data + blocks.position()) >> 1 | FLAG);
    blocks.raw(&image[BLOCK..2 * BLOCK]);
    index.u32((data + blocks.position()) >> 1);
    blocks.raw(&last).pad(2, 0);
    index.u32((data + blocks.position()) >> 1);

    let mut file = Bytes::default();
    file.raw(b"CISO").u32(24).u64(image.len() as u64).u32(16384).u8(1).u8(1).u16(0);
    file.raw(&index.finish()).raw(&blocks.finish());
    let file = file.finish();
    assert_eq!(codings(&file), [Coding::Deflate, Coding::Stored, Coding::Deflate]);
    assert_decodes(&file, &image);
}

/// maxcso's version 2: bit 31 says LZ4 here; plain is a block of at least the block's size, whatever
/// bit 31 says. With a shift of 2 there is padding behind the LZ4 block, which does not mark its end.
#[test]
fn maxcso_cso_v2() {
    let image = [
        image::text(SECTOR, 1),  // deflate
        image::text(SECTOR, 21), // LZ4
        image::noise(SECTOR, 3), // plain
        image::text(SECTOR, 4),  // LZ4 again, the last one
    ]
    .concat();
    let sector = |number: usize| &image[number * SECTOR..][..SECTOR];

    let mut blocks = Bytes::default();
    let mut index = Bytes::default();
    let data = 24 + 4 * 5;
    let at = |blocks: &Bytes| (data + blocks.position()) >> 2;
    index.u32(at(&blocks));
    blocks.raw(&deflate(sector(0), 9)).pad(4, 0);
    index.u32(at(&blocks) | FLAG);
    let packed = lz4(sector(1));
    assert_ne!(packed.len() % 4, 0, "the LZ4 block needs no padding");
    blocks.raw(&packed).pad(4, 0);
    index.u32(at(&blocks));
    blocks.raw(sector(2));
    index.u32(at(&blocks) | FLAG);
    blocks.raw(&lz4(sector(3))).pad(4, 0);
    index.u32(at(&blocks));

    let mut file = Bytes::default();
    file.raw(b"CISO").u32(24).u64(image.len() as u64).u32(2048).u8(2).u8(2).u16(0);
    file.raw(&index.finish()).raw(&blocks.finish());
    let file = file.finish();
    assert_eq!(layout_of(&file).format(), Format::Cso2);
    assert_eq!(codings(&file), [Coding::Deflate, Coding::Lz4, Coding::Stored, Coding::Lz4]);
    assert_decodes(&file, &image);
}

/// ziso.py on a disc of 6 to 8 GiB: its shift is the size divided by 2 GiB, so 3, and up to seven bytes
/// follow an LZ4 block. Its -b takes any multiple of 2048, not only powers of two.
#[test]
fn ziso_py_with_shift_and_odd_block_size() {
    const BLOCK: usize = 6144;
    let image = image::mixed(12 * BLOCK, 9);
    let mut blocks = Bytes::default();
    let mut index = Bytes::default();
    // Header and index take 76 bytes; the first block begins at the next multiple of 8.
    let data = 24 + 4 * 13;
    let gap_behind = |blocks: &Bytes| vec![b'X'; (8 - (data + blocks.len()) % 8) % 8];
    blocks.raw(&gap_behind(&blocks.clone()));
    let mut padded = 0;
    for block in image.chunks(BLOCK) {
        let packed = lz4(block);
        let plain = packed.len() * 100 >= BLOCK * 95;
        let position = (data + blocks.len()) as u32 >> 3;
        index.u32(if plain { position | FLAG } else { position });
        blocks.raw(if plain { block } else { &packed });
        let gap = gap_behind(&blocks);
        padded += gap.len();
        blocks.raw(&gap);
    }
    assert!(padded > 0, "no block is padded");
    index.u32((data + blocks.len()) as u32 >> 3);

    let mut file = Bytes::default();
    file.raw(b"ZISO").u32(24).u64(image.len() as u64).u32(6144).u8(1).u8(3).u16(0);
    file.raw(&index.finish()).raw(&blocks.finish());
    assert_decodes(&file.finish(), &image);
}

/// ziso.py without a shift, with LZ4 blocks written by hand: one literal, a match that repeats it, and
/// the five literals that every LZ4 block ends with.
#[test]
fn ziso_py_with_handmade_lz4() {
    let image = [[b'P'; SECTOR], [b'S'; SECTOR]].concat();
    // 2042 bytes of match are 19 by the token, 7 bytes of 255 and one of 238.
    let lz4 = |byte: u8| {
        let mut block = vec![0x1F, byte, 1, 0];
        block.extend_from_slice(&[255, 255, 255, 255, 255, 255, 255, 238]);
        block.extend_from_slice(&[0x50, byte, byte, byte, byte, byte]);
        block
    };
    let mut file = Bytes::default();
    file.raw(b"ZISO").u32(24).u64(4096).u32(2048).u8(1).u8(0).u16(0);
    file.u32(36).u32(36 + 18).u32(36 + 36);
    file.raw(&lz4(b'P')).raw(&lz4(b'S'));
    assert_decodes(&file.finish(), &image);
}

/// maxcso's DAX: version 0, which has no plain frames, so that a frame which does not pack is longer
/// than 0x2000; the last frame is filled up with zeros.
#[test]
fn maxcso_dax_v0() {
    let image = [image::text(FRAME, 1), image::noise(FRAME, 2), image::text(SECTOR, 3)].concat();
    let frames = [
        zlib(&image[..FRAME], 9),
        zlib(&image[FRAME..2 * FRAME], 9),
        zlib(&zero_filled(&image[2 * FRAME..], FRAME), 9),
    ];
    assert!((FRAME + 1..=0x2400).contains(&frames[1].len()));
    let lens = frames.each_ref().map(|frame| u16::try_from(frame.len()).unwrap());

    let mut file = Bytes::default();
    file.raw(b"DAX\0").u32(image.len() as u32).u32(0).u32(0).raw(&[0; 16]);
    let data = 32 + 3 * 4 + 3 * 2;
    file.u32(data).u32(data + u32::from(lens[0])).u32(data + u32::from(lens[0]) + u32::from(lens[1]));
    file.u16(lens[0]).u16(lens[1]).u16(lens[2]);
    for frame in &frames {
        file.raw(frame);
    }
    assert_decodes(&file.finish(), &image);
}

/// DAX version 1 as Dark_AleX's tool writes it: frames 1, 2 and 3 are plain, listed as two areas that
/// touch; frame 5, the last one, is plain and its area runs on behind the end of the image.
#[test]
fn dax_v1_with_uncompressed_areas() {
    let text = |seed| image::text(FRAME, seed);
    let noise = |seed| image::noise(FRAME, seed);
    let frames = [text(1), noise(2), noise(3), noise(4), text(5), noise(6)];
    let image = frames.concat();
    let (first, fifth) = (zlib(&frames[0], 9), zlib(&frames[4], 9));
    let lens = [first.len(), FRAME, FRAME, FRAME, fifth.len(), FRAME].map(|len| u16::try_from(len).unwrap());

    let mut file = Bytes::default();
    file.raw(b"DAX\0").u32(image.len() as u32).u32(1).u32(3).raw(&[0; 16]);
    let mut at = 32 + 6 * 4 + 6 * 2 + 3 * 8;
    for len in lens {
        file.u32(at);
        at += u32::from(len);
    }
    for len in lens {
        file.u16(len);
    }
    file.u32(1).u32(2); // frames 1 and 2
    file.u32(3).u32(1); // frame 3, right behind
    file.u32(5).u32(0xFFFF_FFFF); // frame 5 and many that are not there
    file.raw(&first).raw(&frames[1]).raw(&frames[2]).raw(&frames[3]).raw(&fifth).raw(&frames[5]);

    let file = file.finish();
    let (packed, plain) = (Coding::Zlib, Coding::Stored);
    assert_eq!(codings(&file), [packed, plain, plain, plain, packed, plain]);
    assert_decodes(&file, &image);
}

/// DAX version 1 with more areas than a reader may want to look at in one go: every second frame of 80
/// is an area of its own, listed from the last to the first.
#[test]
fn dax_v1_with_forty_areas() {
    let frames: Vec<_> = (0..80)
        .map(|n| if n % 2 == 0 { image::noise(FRAME, n + 1) } else { image::text(FRAME, n + 1) })
        .collect();
    let stored: Vec<_> =
        frames.iter().enumerate().map(|(n, f)| if n % 2 == 0 { f.clone() } else { zlib(f, 6) }).collect();
    let image = frames.concat();

    let mut file = Bytes::default();
    file.raw(b"DAX\0").u32(image.len() as u32).u32(1).u32(40).raw(&[0; 16]);
    let mut at = 32 + 80 * 4 + 80 * 2 + 40 * 8;
    for frame in &stored {
        file.u32(at as u32);
        at += frame.len();
    }
    for frame in &stored {
        file.u16(u16::try_from(frame.len()).unwrap());
    }
    for area in (0..40).rev() {
        file.u32(2 * area).u32(1);
    }
    for frame in &stored {
        file.raw(frame);
    }
    assert_decodes(&file.finish(), &image);
}

/// A JSO header of jiso.exe 1.00: the field at 4 is 1, the index follows the header.
fn jiso_header(block_size: usize, block_headers: u16, method: u16, image_size: usize) -> Bytes {
    let mut file = Bytes::default();
    file.raw(b"JISO").u16(1).u16(block_size as u16).u16(block_headers).u16(method);
    file.u32(image_size as u32);
    file.raw(&[0xD5; 16]); // MD5 of the image, which the decoder passes on and does not check
    file.u32(48).raw(&[0; 12]);
    file
}

/// jiso.exe, zlib method, no block headers: raw deflate, and plain where the payload has exactly the
/// block's size.
#[test]
fn jiso_zlib() {
    let image = [image::text(SECTOR, 1), image::noise(SECTOR, 2), image::text(SECTOR, 3)].concat();
    let (first, last) = (deflate(&image[..SECTOR], 9), deflate(&image[2 * SECTOR..], 9));

    let mut file = jiso_header(SECTOR, 0, 1, image.len());
    let data = 48 + 4 * 4;
    file.u32(data);
    file.u32(data + first.len() as u32);
    file.u32(data + first.len() as u32 + 2048);
    file.u32(data + first.len() as u32 + 2048 + last.len() as u32);
    file.raw(&first).raw(&image[SECTOR..2 * SECTOR]).raw(&last);

    let file = file.finish();
    assert_eq!(layout_of(&file).image_md5(), Some([0xD5; 16]));
    assert_eq!(codings(&file), [Coding::Deflate, Coding::Stored, Coding::Deflate]);
    assert_decodes(&file, &image);
}

/// jiso.exe, LZO method, no block headers. The first stream is written by hand: one literal, a match of
/// 2047 bytes that repeats it (33 + 7 * 255 + 229), the end mark.
#[test]
fn jiso_lzo() {
    let image = [vec![b'J'; SECTOR], image::noise(SECTOR, 2), image::text(SECTOR, 3)].concat();
    let first = [0x12, b'J', 0x20, 0, 0, 0, 0, 0, 0, 0, 229, 0, 0, 0x11, 0, 0];
    let last = lzo(&image[2 * SECTOR..]);

    let mut file = jiso_header(SECTOR, 0, 0, image.len());
    let data = 48 + 4 * 4;
    file.u32(data).u32(data + 16).u32(data + 16 + 2048).u32(data + 16 + 2048 + last.len() as u32);
    file.raw(&first).raw(&image[SECTOR..2 * SECTOR]).raw(&last);

    let file = file.finish();
    assert_eq!(codings(&file), [Coding::Lzo, Coding::Stored, Coding::Lzo]);
    assert_decodes(&file, &image);
}

/// jiso.exe with block headers, both methods: 01 04 and the size of the next block with its header, 0 in
/// the last one. The plain block takes 2052 bytes by the index, and is plain all the same.
#[test]
fn jiso_with_block_headers() {
    let image = [image::text(SECTOR, 1), image::noise(SECTOR, 2), image::text(SECTOR, 3)].concat();
    for (method, coding) in [(0, Coding::Lzo), (1, Coding::Deflate)] {
        let pack = |data: &[u8]| if method == 0 { lzo(data) } else { deflate(data, 9) };
        let (first, last) = (pack(&image[..SECTOR]), pack(&image[2 * SECTOR..]));
        let (first_len, last_len) = (4 + first.len() as u32, 4 + last.len() as u32);

        let mut file = jiso_header(SECTOR, 1, method, image.len());
        let data = 48 + 4 * 4;
        file.u32(data).u32(data + first_len).u32(data + first_len + 2052);
        file.u32(data + first_len + 2052 + last_len);
        file.u8(1).u8(4).u16(2052).raw(&first);
        file.u8(1).u8(4).u16(last_len as u16).raw(&image[SECTOR..2 * SECTOR]);
        file.u8(1).u8(4).u16(0).raw(&last);

        let file = file.finish();
        assert_eq!(codings(&file), [coding, Coding::Stored, coding]);
        assert_decodes(&file, &image);
    }
}

/// The four block sizes that jiso.exe offers.
#[test]
fn jiso_block_sizes() {
    for block_size in [2048, 4096, 8192, 16384] {
        let image = [image::text(block_size, 1), image::text(block_size, 2)].concat();
        let (first, last) = (lzo(&image[..block_size]), lzo(&image[block_size..]));
        let mut file = jiso_header(block_size, 0, 0, image.len());
        let data = 48 + 4 * 3;
        file.u32(data);
        file.u32(data + first.len() as u32);
        file.u32(data + (first.len() + last.len()) as u32);
        file.raw(&first).raw(&last);
        assert_decodes(&file.finish(), &image);
    }
}
