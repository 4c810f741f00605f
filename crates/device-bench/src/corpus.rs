//! Blocks of five kinds, packed by the encoders whose streams are common in practice.
//!
//! The sources are files from fixed Debian packages and from the C libraries that the yardsticks come from,
//! and pixels computed here. Figures are only comparable for the same corpus, so its hash is part of every
//! report.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::guest::CSources;

/// A block and its packed forms.
pub(crate) struct Block {
    pub(crate) plain: Vec<u8>,
    pub(crate) deflate: Vec<u8>,
    pub(crate) lz4: Vec<u8>,
    pub(crate) lzo: Vec<u8>,
}

/// Blocks of one size.
pub(crate) struct Corpus {
    pub(crate) block_size: usize,
    pub(crate) blocks: Vec<Block>,
    /// SHA-256 of all unpacked blocks in order, in hex.
    pub(crate) hash: String,
}

/// Names of the kinds, in the order of [`sources`].
pub(crate) const KINDS: [&str; 5] = ["x86 ELF", "MIPS ELF", "text", "RGBA texture", "C source"];

/// Returns about `count` blocks of `block_size` bytes, the same number of each kind.
pub(crate) fn build(c: &CSources, block_size: usize, count: usize) -> Corpus {
    let per_kind = count.div_ceil(KINDS.len());
    let mut blocks = Vec::new();
    let mut hash = Sha256::new();
    for source in sources(c) {
        let found = pick(&source, block_size, per_kind);
        assert_eq!(found.len(), per_kind, "a source has too few blocks of {block_size} bytes");
        for plain in found {
            hash.update(&plain);
            blocks.push(pack(plain));
        }
    }
    let hash = hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    Corpus { block_size, blocks, hash }
}

fn sources(CSources { zlib, lz4, .. }: &CSources) -> [Vec<u8>; 5] {
    let licenses = [
        "Apache-2.0",
        "Artistic",
        "CC0-1.0",
        "GFDL-1.2",
        "GFDL-1.3",
        "GPL-1",
        "GPL-2",
        "GPL-3",
        "LGPL-2",
        "LGPL-2.1",
        "MPL-1.1",
        "MPL-2.0",
    ];
    let text = licenses.map(|name| read(&Path::new("/usr/share/common-licenses").join(name))).concat();
    let zlib_files = ["deflate.c", "inflate.c", "trees.c", "gzread.c", "gzwrite.c", "infback.c", "zlib.h"];
    let mut source = zlib_files.map(|name| read(&zlib.join(name))).concat();
    source.extend(["lz4.c", "lz4hc.c"].map(|name| read(&lz4.join(name))).concat());
    [
        read(Path::new("/usr/lib/x86_64-linux-gnu/libc.so.6")),
        read(Path::new("/usr/mipsel-linux-gnu/lib/libc.so.6")),
        text,
        texture(),
        source,
    ]
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// Takes blocks spread evenly over the source. Blocks that a converter would not compress are left out, and
/// so are constant ones, which would flatter the mean.
fn pick(source: &[u8], block_size: usize, count: usize) -> Vec<Vec<u8>> {
    let worth_it = |block: &&[u8]| {
        let constant = block.iter().all(|&byte| byte == block[0]);
        !constant && deflate(block).len() * 100 < block.len() * 95
    };
    let good: Vec<&[u8]> = source.chunks_exact(block_size).filter(worth_it).collect();
    (0..count.min(good.len())).map(|slot| good[slot * good.len() / count.min(good.len())].to_vec()).collect()
}

fn pack(plain: Vec<u8>) -> Block {
    let deflate = deflate(&plain);
    let lz4_mode = lz4::block::CompressionMode::HIGHCOMPRESSION(12);
    let lz4 = lz4::block::compress(&plain, Some(lz4_mode), false).expect("LZ4 packs everything");
    let lzo = lzokay::compress::compress(&plain).expect("LZO packs everything");
    Block { plain, deflate, lz4, lzo }
}

fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).and_then(|()| encoder.finish()).expect("a vector takes everything")
}

/// Raw 32-bit pixels, 256 wide: shapes with edges, gradients and a little noise, as drawn textures have.
fn texture() -> Vec<u8> {
    const SIZE: i32 = 512;
    let mut noise = 0x2545_F491_u32;
    let mut pixels = Vec::new();
    for y in 0..SIZE {
        for x in 0..SIZE {
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            let (tile_x, tile_y) = (x % 64 - 32, y % 48 - 24);
            let shade = (x / 8 + y / 4) & 0x7F;
            let [red, green, blue] = if tile_x * tile_x + tile_y * tile_y < 300 {
                [200, 160 + tile_y, 40 + shade / 2]
            } else if (x / 16 + y / 16) % 2 == 0 {
                [shade, shade, 90]
            } else {
                [60, 70 + (x & 7), 70 + (y & 7)]
            };
            let grain = if noise.is_multiple_of(11) { 3 } else { 0 };
            pixels.extend([red + grain, green + grain, blue, 255].map(|value| value.to_le_bytes()[0]));
        }
    }
    pixels
}
