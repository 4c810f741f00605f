//! The loops with unchecked pointers and the safe decoders accept the same streams, and give the same bytes and errors. The
//! crates `miniz_oxide`, `lz4_flex` and `lzokay` accept the same, and give the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;

/// The most bytes that a stream decodes to here.
const ROOM: usize = 1 << 16;

macro_rules! coding {
    ($decoder:ident, $number:expr) => {{
        use $decoder::Coding;
        [Coding::Stored, Coding::Deflate, Coding::Zlib, Coding::Lz4, Coding::Lzo][$number]
    }};
}

macro_rules! decode {
    ($decoder:ident, $coding:expr, $packed:expr, $out:expr, $needed:expr) => {{
        let coding = coding!($decoder, $coding);
        $decoder::Decoder::new()
            .decode_last_block(coding, $packed, $out, $needed)
            .map_err(|error| error.to_string())
    }};
}

fuzz_target!(|input: &[u8]| {
    let Some(([coding, room, needed], packed)) = input.split_first_chunk::<3>() else { return };
    let coding = usize::from(*coding) % 5;
    let room = (usize::from(*room) << 8 | 0xFF).min(ROOM);
    let needed = room * usize::from(*needed) / 255;
    let (mut fast, mut safe) = (vec![0xA5; room], vec![0xA5; room]);
    let fast_says = decode!(sector_decode, coding, packed, &mut fast, needed);
    let safe_says = decode!(sector_decode_safe, coding, packed, &mut safe, needed);
    assert_eq!(fast_says, safe_says);
    let mut other = vec![0x5A; room];
    let other_says =
        sector_decode::reference::decode(coding!(sector_decode, coding), packed, &mut other, needed);
    assert_eq!(fast_says.is_ok(), other_says.is_ok(), "{fast_says:?}, the other crate {other_says:?}");
    if fast_says.is_ok() {
        assert!(fast[..needed] == safe[..needed] && fast[..needed] == other[..needed]);
    }
});
