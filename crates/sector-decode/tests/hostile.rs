//! Files that are cut, changed or made up: an error or data, never a panic, never bytes from elsewhere.

#![allow(clippy::cast_possible_truncation, reason = "of numbers that are masked or small")]

mod support;

use std::sync::LazyLock;

use proptest::prelude::*;
use sector_decode::{Coding, Decoder, Layout, ReadAt, deflate_lint, reference};
use support::bytes::set_u32;
use support::image;
use support::kinds::{Kind, Last, Sample, build};
use support::pack;
use support::read::{Memory, image_of, layout_of};
use support::source::Virtual;

const SECTOR: usize = 2048;

/// A small file of each kind with its image: five blocks (plain and packed ones), the last one partial.
static SMALL: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let small = |kind: Kind| {
        let block = kind.block_size(2 * SECTOR);
        let mut image = Vec::new();
        for seed in 0..4 {
            let noise = seed == 2;
            image.extend(if noise { image::noise(block, seed) } else { image::text(block, seed) });
        }
        image.extend(image::text(700, 9));
        let file = build(kind, &image, 2 * SECTOR, Last::Short);
        Sample { kind, image, file }
    };
    Kind::ALL.into_iter().map(small).collect()
});

/// End of header and index of a sound file: what a mutation there can do is of another kind.
fn head_len(file: &[u8]) -> usize {
    usize::try_from(layout_of(file).data_start().0).expect("a small file")
}

/// Reads every block by itself, and the whole, and checks that each success is the image's own bytes.
/// Returns whether all of it could be read.
#[track_caller]
fn errors_or_right_bytes(file: &[u8], image: &[u8]) -> bool {
    let Ok(layout) = Layout::probe(&mut &file[..]) else { return false };
    let mut memory = Memory::sized(&layout, 3, 4);
    let mut reader = memory.reader(file, layout);
    let mut whole = vec![0x55; image.len()];
    let complete = reader.read(0, &mut whole).is_ok();
    assert!(!complete || whole == image);
    for (number, data) in (0..).zip(image.chunks(layout.block_size() as usize)) {
        let mut out = vec![0x55; data.len()];
        let alone = reader.read(number * u64::from(layout.block_size()), &mut out).is_ok();
        assert!(!alone || out == data, "block {number}");
        assert!(!complete || alone, "block {number} can be read only with the others");
    }
    complete
}

/// Reads a file as a whole, and if that can be done, the first of its blocks one by one, with less memory: they are the same bytes.
#[track_caller]
fn blocks_are_those_of_the_whole(file: &[u8]) {
    const BLOCKS: usize = 40;
    let Ok(whole) = image_of(file) else { return };
    let layout = layout_of(file);
    let mut memory = Memory::sized(&layout, 2, 3);
    let mut reader = memory.reader(file, layout);
    for (number, data) in (0..).zip(whole.chunks(layout.block_size() as usize).take(BLOCKS)) {
        let mut out = vec![0x55; data.len()];
        assert_eq!(reader.read(number * u64::from(layout.block_size()), &mut out), Ok(()), "block {number}");
        assert!(out == data, "block {number}");
    }
}

/// What the other decoders say: the bytes, or `None` for damage.
fn reference_of(coding: Coding, packed: &[u8], room: usize, needed: usize) -> Option<Vec<u8>> {
    let mut out = vec![0x33; room];
    reference::decode(coding, packed, &mut out, needed).ok().map(|()| out[..needed].to_vec())
}

#[test]
fn truncation_at_every_byte_gives_an_error_or_right_bytes() {
    for Sample { kind, image, file } in SMALL.iter() {
        for len in 1..file.len() {
            let cut = &file[..len];
            // A plain image that is cut is a shorter one, and so is a file of less than a magic; the last
            // byte of DAX's is a zero, like those that a short file is taken to go on with.
            let plain = *kind == Kind::Iso || len < 4 && cut != b"DAX";
            let complete = errors_or_right_bytes(cut, if plain { cut } else { image });
            assert_eq!(complete, plain, "{kind:?} cut to {len} of {} bytes", file.len());
        }
        assert!(errors_or_right_bytes(file, image));
    }
}

#[test]
fn any_value_of_any_byte_of_header_and_index_gives_an_error_or_bytes() {
    for Sample { file, .. } in SMALL.iter() {
        let mut changed = file.clone();
        for at in 0..head_len(file) {
            for change in [1, 0x02, 0x10, 0x55, 0x7F, 0x80, 0xFE, 0xFF] {
                changed[at] = file[at] ^ change;
                blocks_are_those_of_the_whole(&changed);
            }
            changed[at] = file[at];
        }
        assert!(changed == *file);
    }
}

#[test]
fn extreme_values_of_header_and_index_words_give_an_error_or_bytes() {
    const EXTREMES: [u32; 10] =
        [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, 0xFFFF_FFFE, 0xFFFF_FFFF, 0x0100_0000, 2048, 0x7FF];
    for Sample { file, .. } in SMALL.iter() {
        let len = u32::try_from(file.len()).expect("a small file");
        for at in (0..head_len(file).saturating_sub(3)).step_by(2) {
            for value in EXTREMES.into_iter().chain([len - 1, len, len + 1]) {
                let mut changed = file.clone();
                set_u32(&mut changed, at, value);
                blocks_are_those_of_the_whole(&changed);
            }
        }
    }
}

/// A damaged copy of one of the small files.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let file = prop::sample::select(SMALL.iter().map(|sample| sample.file.clone()).collect::<Vec<_>>());
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12);
    (file, changes, any::<bool>(), any::<prop::sample::Index>()).prop_map(|(mut file, changes, data, cut)| {
        let keep = if data { head_len(&file) } else { 0 };
        for (at, byte) in changes {
            if file.len() > keep {
                let at = keep + at.index(file.len() - keep);
                file[at] = byte;
            }
        }
        // One in eight is cut, too.
        if cut.index(8) == 0 {
            file.truncate(cut.index(file.len() + 1));
        }
        file
    })
}

/// Reads the beginning of an image with all buffers full of `fill`, and returns what came out of each of
/// several requests.
fn read_over(file: &[u8], fill: u8) -> Vec<Option<Vec<u8>>> {
    let Ok(layout) = Layout::probe(&mut &file[..]) else { return Vec::new() };
    let mut memory = Memory::sized(&layout, 2, 3).filled_with(fill);
    let mut reader = memory.reader(file, layout);
    let size = layout.image_size().min(1 << 17);
    let block = u64::from(layout.block_size());
    let mut requests = vec![(0, size), (0, block), (0, 1), (block - 1, 2), (size / 2, size - size / 2)];
    requests.extend((0..size.div_ceil(block)).map(|number| (number * block, block)));
    requests
        .into_iter()
        .map(|(offset, len)| {
            let len = len.min(size.saturating_sub(offset));
            let mut out = vec![fill; usize::try_from(len).expect("at most 128 KiB")];
            reader.read(offset, &mut out).ok().map(|()| out)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damage_anywhere_gives_an_error_or_bytes(file in damaged()) {
        blocks_are_those_of_the_whole(&file);
    }

    #[test]
    fn no_output_leak(file in damaged()) {
        // What a successful read returns depends on the file alone, not on what any buffer held before.
        prop_assert!(read_over(&file, 0x00) == read_over(&file, 0xFF));
    }

    #[test]
    fn any_bytes_decode_to_an_error_or_bytes(
        packed in prop::collection::vec(any::<u8>(), 0..3000), room in 0..5000_usize, needed in 0..6000_usize,
    ) {
        for coding in [Coding::Stored, Coding::Deflate, Coding::Zlib, Coding::Lz4, Coding::Lzo] {
            let mut decoder = Decoder::new();
            let mut outs = [vec![0x00; room], vec![0xFF; room]];
            let results = outs.each_mut().map(|out| decoder.decode_last_block(coding, &packed, out, needed));
            prop_assert_eq!(results[0], results[1]);
            if needed <= room {
                let got = results[0].is_ok().then(|| outs[0][..needed].to_vec());
                prop_assert!(got == reference_of(coding, &packed, room, needed), "{:?}", coding);
            }
            if results[0].is_ok() {
                prop_assert!(needed <= room);
                prop_assert!(outs[0][..needed] == outs[1][..needed], "{:?}", coding);
            }
        }
    }

    #[test]
    fn damaged_streams_decode_alike_into_any_buffer(
        seed: u64, coding in 0..4_usize, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let data = image::mixed(2 * SECTOR, seed);
        let (coding, mut packed) = match coding {
            0 => (Coding::Deflate, pack::deflate(&data, 9)),
            1 => (Coding::Zlib, pack::zlib(&data, 9)),
            2 => (Coding::Lz4, pack::lz4(&data)),
            _ => (Coding::Lzo, pack::lzo(&data)),
        };
        for (at, byte) in changes {
            let at = at.index(packed.len());
            packed[at] = byte;
        }
        let mut decoder = Decoder::new();
        for needed in [data.len(), data.len() - 700] {
            let mut outs = [vec![0x00; data.len()], vec![0xFF; data.len()]];
            let results = outs.each_mut().map(|out| decoder.decode_last_block(coding, &packed, out, needed));
            prop_assert_eq!(results[0], results[1]);
            let got = results[0].is_ok().then(|| outs[0][..needed].to_vec());
            prop_assert!(got == reference_of(coding, &packed, data.len(), needed), "{:?}", coding);
            if results[0].is_ok() {
                prop_assert!(outs[0][..needed] == outs[1][..needed], "{:?}", coding);
                // The Adler-32 of a zlib stream tells damage from data.
                prop_assert!(coding != Coding::Zlib || outs[0][..needed] == data[..needed]);
            }
        }
    }

    #[test]
    fn any_header_over_any_length_gives_an_error_or_bytes(
        magic in prop::sample::select(vec![*b"CISO", *b"ZISO", *b"DAX\0", *b"JISO", *b"\0\0\0\0"]),
        rest in prop::array::uniform32(any::<u8>()), sane: bool, fields in any::<u32>(), len in any::<u64>(), shift in 0..64_u32,
        lba in any::<u64>(), noise in any::<u64>(),
    ) {
        // Files of up to 2^64 - 1 bytes of noise behind a header whose sizes are sane now and then.
        let len = len >> shift;
        let mut head = [0; 48];
        head[..4].copy_from_slice(&magic);
        head[4..36].copy_from_slice(&rest);
        match &magic {
            b"CISO" | b"ZISO" if sane => {
                set_u32(&mut head, 4, 24);
                set_u32(&mut head, 12, fields & 0xF);
                set_u32(&mut head, 16, 2048 << (fields >> 8 & 7));
                head[20..22].copy_from_slice(&[(fields >> 16 & 3) as u8, (fields >> 18 & 31) as u8]);
            }
            b"DAX\0" if sane => head[8..12].copy_from_slice(&[(fields & 1) as u8, 0, 0, 0]),
            b"JISO" if sane => {
                head[6..8].copy_from_slice(&(2048_u16 << (fields & 3)).to_le_bytes());
                head[10..12].copy_from_slice(&[(fields >> 2 & 1) as u8, 0]);
                set_u32(&mut head, 32, 48);
            }
            _ => {}
        }
        let word = |at: u64| {
            let mut word = (at ^ noise).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes().map(|b| b.rotate_left(3));
            if at < 48 {
                word[..4].copy_from_slice(&head[at as usize..][..4]);
            }
            [word[0], word[1], word[2], word[3]]
        };
        let mut source = Virtual { len, word };
        if let Ok(layout) = Layout::probe(&mut source) {
            // The whole list of areas is searched for each window.
            prop_assume!(layout.uncompressed_areas() < 1 << 16);
            let mut memory = Memory::sized(&layout, 5, 3);
            let mut reader = memory.reader(&mut source, layout);
            let mut out = vec![0; 3 * SECTOR];
            for offset in [0, lba % layout.image_size(), layout.image_size().saturating_sub(3 * 2048), lba] {
                let _ = reader.read(offset, &mut out);
                let _ = reader.read(offset, &mut out[..1]);
            }
            prop_assert_eq!(reader.byte_len(), Ok(layout.image_size()));
        }
    }

    #[test]
    fn lint_takes_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400), dynamic: bool) {
        let mut bytes = bytes;
        if let (true, Some(first)) = (dynamic, bytes.first_mut()) {
            *first = *first & !7 | 0b101; // last block, dynamic codes
        }
        let _ = deflate_lint::lint(&bytes);
    }
}
