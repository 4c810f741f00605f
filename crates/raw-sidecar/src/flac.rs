//! Audio as FLAC (RFC 9639): 16 bits, two channels, without loss.
//!
//! The encoder is a simple one: fixed predictors, no linear prediction. The decoder takes every stream of 16
//! bits and two channels.

mod decode;
mod encode;

pub(crate) use self::decode::decode;
pub(crate) use self::encode::encode;

/// The first bytes of a stream.
const MAGIC: [u8; 4] = *b"fLaC";

/// Bytes of one sample of both channels.
const FRAME: usize = 4;

/// How the two channels of a block are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stereo {
    LeftRight = 1,
    LeftSide = 8,
    SideRight = 9,
    MidSide = 10,
}

impl Stereo {
    const ALL: [Self; 4] = [Self::LeftRight, Self::LeftSide, Self::SideRight, Self::MidSide];

    /// Bits of a sample in the two channels: a difference needs one more.
    const fn bits(self) -> [u32; 2] {
        match self {
            Self::LeftRight => [16, 16],
            Self::LeftSide | Self::MidSide => [16, 17],
            Self::SideRight => [17, 16],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(samples: usize, kind: usize) -> Vec<u8> {
        let mut noise = test_noise::Noise::new(3);
        let mut state = (0_i32, 0_i32);
        let sample = |place: usize| {
            let [a, b] = [noise.bytes(1)[0], noise.bytes(1)[0]].map(|byte| i32::from(byte) - 128);
            let pair = match kind {
                0 => (0, 0),
                1 => (i32::from(i16::MIN), i32::from(i16::MAX)),
                2 => (a * 256, b * 255),
                3 => {
                    state = ((state.0 * 15 + a * 60) / 16, (state.1 * 13 + b * 50 + state.0) / 16);
                    state
                }
                _ if place.is_multiple_of(2) => (i32::from(i16::MIN), i32::from(i16::MAX)),
                _ => (i32::from(i16::MAX), i32::from(i16::MIN)),
            };
            [pair.0, pair.1].map(|value| i16::try_from(value).unwrap().to_le_bytes())
        };
        (0..samples).flat_map(sample).flatten().collect()
    }

    #[test]
    fn sound_comes_back_and_another_decoder_agrees() {
        for kind in 0..5 {
            for samples in [1, 5, 588, 4096, 4097, 9000] {
                let bytes = sound(samples, kind);
                let packed = encode(&bytes).unwrap();
                assert_eq!(decode(&packed, bytes.len()), Some(bytes.clone()), "{kind} {samples}");
                let mut reader = claxon::FlacReader::new(&packed[..]).unwrap();
                let other =
                    reader.samples().map(|sample| i16::try_from(sample.unwrap()).unwrap().to_le_bytes());
                assert!(other.flatten().eq(bytes), "{kind} {samples}");
            }
        }
    }

    #[test]
    fn sound_becomes_smaller() {
        let bytes = sound(20_000, 3);
        let packed = encode(&bytes).unwrap();
        assert!(packed.len() * 10 < bytes.len() * 7, "{} of {}", packed.len(), bytes.len());
        assert!(encode(&sound(20_000, 0)).unwrap().len() < 150);
    }

    #[test]
    fn anything_else_is_refused() {
        assert_eq!(encode(&[1, 2, 3]), None);
        let bytes = sound(4200, 3);
        let packed = encode(&bytes).unwrap();
        assert_eq!(decode(&packed, bytes.len() + 4), None);
        assert_eq!(decode(&packed, bytes.len() - 4), None);
        for len in (0..300).chain((300..packed.len()).step_by(97)) {
            assert_eq!(decode(&packed[..len], bytes.len()), None, "{len}");
        }
        // A change may go unnoticed here, but never causes a panic.
        for bit in (0..1000).chain((1000..packed.len() * 8).step_by(501)) {
            let mut changed = packed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let _ = decode(&changed, bytes.len());
        }
    }
}
