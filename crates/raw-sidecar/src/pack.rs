//! How the data of a part is packed: the smallest of three ways.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::error::Error;
use crate::flac;

const STORED: u8 = 0;
const DEFLATE: u8 = 1;
const FLAC: u8 = 2;

/// The most bytes that a part is unpacked to, instructions and data each.
pub(crate) const MAX_UNPACKED: usize = 2 << 20;

/// Instructions with the data that they use. Deflate packs the instructions.
pub(crate) fn pack(instructions: &[u8], data: &[u8], is_sound: bool) -> Result<Vec<u8>, Error> {
    let packed_instructions = deflate(instructions)?;
    let mut best = (DEFLATE, deflate(data)?);
    if is_sound && let Some(sound) = flac::encode(data).filter(|sound| sound.len() < best.1.len()) {
        best = (FLAC, sound);
    }
    if best.1.len() >= data.len() {
        best = (STORED, data.to_vec());
    }
    let mut out = vec![best.0];
    for len in [instructions.len(), data.len(), packed_instructions.len()] {
        out.extend(u32::try_from(len).map_err(|_| Error::TooLarge)?.to_le_bytes());
    }
    out.extend(packed_instructions);
    out.extend(best.1);
    Ok(out)
}

/// Returns the instructions and their data.
pub(crate) fn unpack(bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let cut = Error::Damaged("a part is cut off");
    let Some((&[method, ref lens @ ..], rest)) = bytes.split_first_chunk::<13>() else { return Err(cut) };
    let len = |place: usize| {
        let bytes = [lens[place], lens[place + 1], lens[place + 2], lens[place + 3]];
        usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX)
    };
    let (instructions_len, data_len) = (len(0), len(4));
    if instructions_len > MAX_UNPACKED || data_len > MAX_UNPACKED {
        return Err(Error::Damaged("a part is too long"));
    }
    let (instructions, data) = rest.split_at_checked(len(8)).ok_or(cut)?;
    let instructions = inflate(instructions, instructions_len)?;
    let data = match method {
        STORED => data.to_vec(),
        DEFLATE => inflate(data, data_len)?,
        FLAC => flac::decode(data, data_len).ok_or(Error::Damaged("a part's sound does not decode"))?,
        _ => return Err(Error::Damaged("a part is packed in an unknown way")),
    };
    if data.len() == data_len {
        Ok((instructions, data))
    } else {
        Err(Error::Damaged("a part has a wrong length"))
    }
}

fn deflate(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).map_err(Error::Io)?;
    encoder.finish().map_err(Error::Io)
}

fn inflate(bytes: &[u8], len: usize) -> Result<Vec<u8>, Error> {
    let wrong = Error::Damaged("a part does not decode");
    let mut out = Vec::new();
    let most = len as u64 + 1;
    match DeflateDecoder::new(bytes).take(most).read_to_end(&mut out) {
        Ok(got) if got == len => Ok(out),
        _ => Err(wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_and_cut_ones_do_not() {
        let noise = test_noise::Noise::new(1).bytes(5000);
        for data in [&b""[..], &[7; 5000], &noise] {
            let packed = pack(b"instructions", data, true).unwrap();
            assert_eq!(unpack(&packed).unwrap(), (b"instructions".to_vec(), data.to_vec()));
            for len in 0..packed.len() - data.len().min(1) {
                assert!(unpack(&packed[..len]).is_err() || data.is_empty(), "{len}");
            }
        }
        assert!(pack(b"", &noise, false).unwrap().len() < noise.len() + 20);
    }

    #[test]
    fn claims_of_more_than_there_is_are_refused() {
        let packed = pack(b"abc", &[7; 5000], false).unwrap();
        for (at, byte) in [(0, 3), (1, 4), (3, 255), (5, 1), (7, 255), (9, 200), (12, 1)] {
            let mut changed = packed.clone();
            changed[at] = byte;
            assert!(unpack(&changed).is_err(), "{at}");
        }
    }
}
