//! Complete zlib streams, as DAX frames are: two bytes of header, deflate data, Adler-32.

use super::count;
use crate::error::CodecError;

const HEADER_LEN: usize = 2;
const CHECKSUM_LEN: usize = 4;

/// Decodes and checks the Adler-32: the only check of content that a compressed image has per block.
///
/// `inflate` decodes the deflate stream in between, from packed bytes to room for a block of which so
/// many bytes are needed; it returns how many bytes it took and how many came out.
pub(crate) fn decode(
    inflate: impl FnOnce(&[u8], &mut [u8], usize) -> Result<(usize, usize), CodecError>,
    packed: &[u8],
    out: &mut [u8],
    needed: usize,
) -> Result<(), CodecError> {
    let ended = CodecError::InputEnded { produced: 0, expected: count(needed) };
    let (header, stream) = packed.split_first_chunk::<HEADER_LEN>().ok_or(ended)?;
    check_header(*header)?;
    let (consumed, produced) = inflate(stream, out, needed)?;
    let trailer = stream.get(consumed..).and_then(|rest| rest.first_chunk::<CHECKSUM_LEN>());
    let expected = trailer
        .map(|bytes| u32::from_be_bytes(*bytes))
        .ok_or(CodecError::InputEnded { produced: count(produced), expected: count(needed) })?;
    let got = adler32(&out[..produced]);
    if got == expected { Ok(()) } else { Err(CodecError::Checksum { expected, got }) }
}

/// Checks the rules of RFC 1950: method 8, check bits, no preset dictionary.
fn check_header(header: [u8; HEADER_LEN]) -> Result<(), CodecError> {
    const DEFLATE: u8 = 8;
    const PRESET_DICTIONARY: u8 = 0x20;
    let got = u16::from_be_bytes(header);
    let sound = header[0] & 0x0F == DEFLATE && got.is_multiple_of(31) && header[1] & PRESET_DICTIONARY == 0;
    if sound { Ok(()) } else { Err(CodecError::ZlibHeader { got }) }
}

fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65521;
    // The most bytes after which neither sum can have overflowed 32 bits (RFC 1950, as zlib's NMAX).
    const CHUNK: usize = 5552;
    let (mut a, mut b) = (1u32, 0u32);
    for chunk in bytes.chunks(CHUNK) {
        for &byte in chunk {
            a += u32::from(byte);
            b += a;
        }
        a %= MODULUS;
        b %= MODULUS;
    }
    b << 16 | a
}
