//! Small writers for every format, based only on the format's description. They are independent of the
//! project's own encoder: what the driver reads here was laid out by someone else.

use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

/// A block is stored when packing saves less than this.
const SAVING: usize = 16;
const LEVEL: u8 = 3;

/// How a block is packed in a JISO file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsoMethod {
    Lzo,
    Zlib,
}

/// All formats that these writers support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Iso,
    Cso {
        block: usize,
        shift: u32,
    },
    Cso2 {
        block: usize,
        shift: u32,
    },
    Zso {
        block: usize,
        shift: u32,
    },
    /// `plain_areas` selects version 1: these frames are stored.
    Dax {
        plain_areas: bool,
    },
    Jso {
        block: usize,
        method: JsoMethod,
        headers: bool,
    },
}

impl Kind {
    /// Writes an image.
    pub(crate) fn pack(self, image: &[u8]) -> Vec<u8> {
        match self {
            Self::Iso => image.to_vec(),
            Self::Cso { block, shift } => {
                ciso(*b"CISO", 1, image, block, shift, |bytes| Packed::deflate(bytes, Flag::WhenPlain))
            }
            Self::Cso2 { block, shift } => {
                // Alternately deflate and LZ4, so that both occur.
                let mut lz4_next = false;
                ciso(*b"CISO", 2, image, block, shift, move |bytes| {
                    lz4_next = !lz4_next;
                    if lz4_next {
                        Packed::lz4(bytes, Flag::Always)
                    } else {
                        Packed::deflate(bytes, Flag::Never)
                    }
                })
            }
            Self::Zso { block, shift } => {
                ciso(*b"ZISO", 1, image, block, shift, |bytes| Packed::lz4(bytes, Flag::WhenPlain))
            }
            Self::Dax { plain_areas } => dax(image, plain_areas),
            Self::Jso { block, method, headers } => jso(image, block, method, headers),
        }
    }

    /// A name for messages and tables.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Iso => "ISO".to_owned(),
            Self::Cso { block, shift } => format!("CSO v1 {} KiB shift {shift}", block / 1024),
            Self::Cso2 { block, shift } => format!("CSO v2 {} KiB shift {shift}", block / 1024),
            Self::Zso { block, shift } => format!("ZSO {} KiB shift {shift}", block / 1024),
            Self::Dax { plain_areas } => format!("DAX v{}", u8::from(plain_areas)),
            Self::Jso { block, method, headers } => {
                let headers = if headers { " with headers" } else { "" };
                format!("JSO {} KiB {method:?}{headers}", block / 1024)
            }
        }
    }
}

/// When the top bit of a block's index entry is set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flag {
    WhenPlain,
    Always,
    Never,
}

struct Packed {
    bytes: Vec<u8>,
    plain: bool,
    flag: Flag,
}

impl Packed {
    fn deflate(block: &[u8], flag: Flag) -> Self {
        Self::smaller(block, compress_to_vec(block, LEVEL), flag)
    }

    fn lz4(block: &[u8], flag: Flag) -> Self {
        Self::smaller(block, lz4(block), flag)
    }

    fn smaller(block: &[u8], packed: Vec<u8>, flag: Flag) -> Self {
        let plain = packed.len() + SAVING > block.len();
        Self { bytes: if plain { block.to_vec() } else { packed }, plain, flag }
    }

    fn top_bit(&self) -> u32 {
        let set = match self.flag {
            Flag::WhenPlain => self.plain,
            // Stored blocks of version 2 are recognised by their length alone.
            Flag::Always => !self.plain,
            Flag::Never => false,
        };
        u32::from(set) << 31
    }
}

fn lz4(block: &[u8]) -> Vec<u8> {
    let mut out = vec![0; lz4_flex::block::get_maximum_output_size(block.len())];
    let len = lz4_flex::block::compress_into(block, &mut out).expect("room for the worst case");
    out.truncate(len);
    out
}

fn blocks(image: &[u8], size: usize) -> impl Iterator<Item = Vec<u8>> {
    image.chunks(size).map(move |chunk| {
        let mut block = chunk.to_vec();
        block.resize(size, 0);
        block
    })
}

fn word(value: usize) -> u32 {
    u32::try_from(value).expect("a small image")
}

/// CISO and ZISO: 24 bytes of header, an index of shifted positions, blocks.
fn ciso(
    magic: [u8; 4],
    version: u8,
    image: &[u8],
    block: usize,
    shift: u32,
    mut pack: impl FnMut(&[u8]) -> Packed,
) -> Vec<u8> {
    let count = image.len().div_ceil(block);
    let mut file = Vec::new();
    file.extend(magic);
    file.extend(24u32.to_le_bytes());
    file.extend((image.len() as u64).to_le_bytes());
    file.extend(word(block).to_le_bytes());
    file.extend([version, u8::try_from(shift).expect("small"), 0, 0]);
    file.resize(24 + 4 * (count + 1), 0);
    let unit = 1 << shift;
    let mut index = Vec::new();
    for bytes in blocks(image, block) {
        // The part of a stored last block past the image's end is not stored either.
        let packed = pack(&bytes);
        file.resize(file.len().next_multiple_of(unit), 0x58);
        index.push(word(file.len() >> shift) | packed.top_bit());
        file.extend(&packed.bytes);
    }
    file.resize(file.len().next_multiple_of(unit), 0x58);
    index.push(word(file.len() >> shift));
    for (at, entry) in index.into_iter().enumerate() {
        file[24 + 4 * at..][..4].copy_from_slice(&entry.to_le_bytes());
    }
    file
}

const FRAME: usize = 8192;

/// DAX: 32 bytes of header, a table of positions, one of lengths, in version 1 one of uncompressed areas,
/// frames.
fn dax(image: &[u8], plain_areas: bool) -> Vec<u8> {
    let count = image.len().div_ceil(FRAME);
    let frames: Vec<(Vec<u8>, bool)> = blocks(image, FRAME)
        .map(|frame| {
            let packed = compress_to_vec_zlib(&frame, LEVEL);
            let plain = plain_areas && packed.len() + SAVING > FRAME;
            if plain { (frame, true) } else { (packed, false) }
        })
        .collect();
    let mut areas: Vec<(usize, usize)> = Vec::new();
    for (number, _) in frames.iter().enumerate().filter(|(_, (_, plain))| *plain) {
        match areas.last_mut() {
            Some((first, len)) if *first + *len == number => *len += 1,
            _ => areas.push((number, 1)),
        }
    }
    let mut file = Vec::new();
    file.extend(*b"DAX\0");
    for value in [image.len(), usize::from(plain_areas), areas.len(), 0, 0, 0, 0] {
        file.extend(word(value).to_le_bytes());
    }
    let mut at = 32 + 6 * count + 8 * areas.len();
    for (bytes, _) in &frames {
        file.extend(word(at).to_le_bytes());
        at += bytes.len();
    }
    for (bytes, _) in &frames {
        file.extend(u16::try_from(bytes.len()).expect("a frame").to_le_bytes());
    }
    for (first, len) in areas {
        file.extend(word(first).to_le_bytes());
        file.extend(word(len).to_le_bytes());
    }
    frames.into_iter().for_each(|(bytes, _)| file.extend(bytes));
    file
}

/// JISO: 48 bytes of header, an index of positions, and blocks, optionally each with a four-byte header.
fn jso(image: &[u8], block: usize, method: JsoMethod, headers: bool) -> Vec<u8> {
    let head = if headers { 4 } else { 0 };
    let packed: Vec<Vec<u8>> = blocks(image, block)
        .map(|bytes| {
            let packed = match method {
                JsoMethod::Lzo => lzokay::compress::compress(&bytes).expect("LZO packs anything"),
                JsoMethod::Zlib => compress_to_vec(&bytes, LEVEL),
            };
            if packed.len() >= block { bytes } else { packed }
        })
        .collect();
    let mut file = Vec::new();
    file.extend(*b"JISO");
    let halves = [1, block, usize::from(headers), usize::from(method == JsoMethod::Zlib)];
    halves.into_iter().for_each(|half| file.extend(u16::try_from(half).expect("small").to_le_bytes()));
    file.extend(word(image.len()).to_le_bytes());
    // Sixteen bytes for a digest that sector readers ignore.
    file.extend([0; 16]);
    file.extend(48u32.to_le_bytes());
    file.resize(48, 0);
    let mut at = 48 + 4 * (packed.len() + 1);
    for bytes in &packed {
        file.extend(word(at).to_le_bytes());
        at += head + bytes.len();
    }
    file.extend(word(at).to_le_bytes());
    for (number, bytes) in packed.iter().enumerate() {
        if headers {
            let next = packed.get(number + 1).map_or(0, |next| next.len() + head);
            file.extend([1, 4]);
            file.extend(u16::try_from(next).expect("a block").to_le_bytes());
        }
        file.extend(bytes);
    }
    file
}
