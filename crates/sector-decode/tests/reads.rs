//! What the reader asks of its source: how often, how much, and what it makes of failures.

mod support;

use sector_decode::{BlockError, BlockIndex, CodecError, Format, Layout, Lba, ReadAt, ReadError};
use support::ciso::{Ciso, Stored};
use support::dax::{Dax, FRAME_SIZE};
use support::image;
use support::kinds::{Kind, Last, Sample, build, samples};
use support::pack;
use support::read::{Memory, SUGGESTED, block_error, layout_of};
use support::source::{Counting, Flaky, FlakyError, Log};

const SECTOR: usize = 2048;

/// Reads that go to the index, and reads that go to the data, since the last look.
fn index_and_data_reads(log: &Log, layout: &Layout) -> (usize, usize) {
    let (index, data): (Vec<_>, Vec<_>) =
        log.take().into_iter().partition(|&(offset, _)| offset < layout.data_start().0);
    (index.len(), data.len())
}

/// A CSO of many sectors, all packed.
fn long_cso(sectors: usize) -> (Vec<u8>, Vec<u8>) {
    let sector = image::text(SECTOR, 1);
    let packed = pack::deflate(&sector, 6);
    let blocks = (0..sectors).map(|_| Stored::unflagged(packed.clone())).collect();
    (sector.repeat(sectors), Ciso::cso(sectors * SECTOR, SECTOR, blocks).file())
}

#[test]
fn neighbouring_blocks_are_fetched_with_one_read() {
    for Sample { kind, image, file } in samples(64) {
        let layout = layout_of(&file);
        let (source, log) = Counting::new(&file[..]);
        let mut memory = Memory::sized(&layout, 1024, 64);
        let mut reader = memory.reader(source, layout);
        let whole_blocks = image.len() / layout.block_size() as usize * layout.block_size() as usize;
        let mut out = vec![0; whole_blocks];
        reader.read(0, &mut out).expect("the file is sound");
        let expected = match layout.format() {
            Format::Iso => (0, 1),
            // Offsets, sizes, and areas where there are some.
            Format::Dax if layout.uncompressed_areas() > 0 => (3, 1),
            Format::Dax => (2, 1),
            _ => (1, 1),
        };
        assert_eq!(index_and_data_reads(&log, &layout), expected, "{kind:?}");
        // Again, now that the index is there, and the packed bytes too where there are any.
        reader.read(0, &mut out).expect("the file is sound");
        let expected = if layout.format() == Format::Iso { (0, 1) } else { (0, 0) };
        assert_eq!(index_and_data_reads(&log, &layout), expected, "{kind:?}");
        assert!(out == image[..whole_blocks]);
    }
}

#[test]
fn a_run_that_packs_well_is_fetched_into_the_output() {
    let (image, file) = long_cso(64);
    let layout = layout_of(&file);
    for room in [1, 2, 3, 5, 16] {
        let (source, log) = Counting::new(&file[..]);
        let mut memory = Memory::sized(&layout, 1024, room);
        let mut reader = memory.reader(source, layout);
        let mut out = vec![0; image.len()];
        reader.read(0, &mut out).expect("the file is sound");
        assert!(out == image);
        let reads: Vec<_> =
            log.take().into_iter().filter(|&(offset, _)| offset >= layout.data_start().0).collect();
        let packed = pack::deflate(&image[..SECTOR], 6).len();
        assert_eq!(reads, [(layout.data_start().0, 64 * packed)], "{room}");
    }
}

#[test]
fn a_run_that_grew_is_fetched_as_far_as_it_fits() {
    // DAX v0 has no plain frames, so noise becomes longer than it was: all frames but one fit into the output.
    let image = image::noise(24 * FRAME_SIZE, 5);
    let frames: Vec<_> = image.chunks(FRAME_SIZE).map(|frame| pack::zlib(frame, 9)).collect();
    let packed = frames[0].len();
    assert!(packed > FRAME_SIZE && frames.iter().all(|frame| frame.len() == packed));
    let file = Dax::v0(image.len(), frames).file();
    let layout = layout_of(&file);
    for room in [1, 2, 3, 5, 16] {
        let (source, log) = Counting::new(&file[..]);
        let mut memory = Memory::sized(&layout, 1024, room);
        let mut reader = memory.reader(source, layout);
        let mut out = vec![0; image.len()];
        reader.read(0, &mut out).expect("the file is sound");
        assert!(out == image);
        let reads: Vec<_> =
            log.take().into_iter().filter(|&(offset, _)| offset >= layout.data_start().0).collect();
        let start = layout.data_start().0;
        assert_eq!(reads, [(start, 23 * packed), (start + 23 * packed as u64, packed)], "{room}");
    }
}

#[test]
fn a_run_spans_gaps_but_goes_forwards_only() {
    // DAX frames have sizes of their own, so the table may name them in any order.
    let frames: Vec<_> = (0..4).map(|n| image::text(FRAME_SIZE, n)).collect();
    let dax = Dax::v0(4 * FRAME_SIZE, frames.iter().map(|frame| pack::zlib(frame, 9)).collect());
    let file = dax.file();
    // Swap frames 1 and 2 in both tables; the image is then frames 0, 2, 1, 3.
    let mut swapped = file.clone();
    swapped.copy_within(36..40, 40);
    swapped[36..40].copy_from_slice(&file[40..44]);
    swapped.copy_within(50..52, 52);
    swapped[50..52].copy_from_slice(&file[52..54]);
    let image = [&frames[0][..], &frames[2], &frames[1], &frames[3]].concat();

    let layout = layout_of(&swapped);
    let (source, log) = Counting::new(&swapped[..]);
    let mut memory = Memory::sized(&layout, 1024, 8);
    let mut reader = memory.reader(source, layout);
    let mut out = vec![0; image.len()];
    reader.read(0, &mut out).expect("the file is sound");
    assert!(out == image);
    // Frames 0 and (over a gap) 2; frame 1 and (over a gap) 3.
    assert_eq!(index_and_data_reads(&log, &layout), (2, 2));
}

#[test]
fn sequential_requests_load_each_index_window_once() {
    const SECTORS: usize = 5000;
    const REQUEST: usize = 64;
    const WINDOW: usize = 1024;
    let (image, file) = long_cso(SECTORS);
    let layout = layout_of(&file);
    for room in [1, 8, 64] {
        for start in [0, 1, 40, 63, 1000, 1023] {
            let (source, log) = Counting::new(&file[..]);
            let mut memory = Memory::sized(&layout, WINDOW, room);
            let mut reader = memory.reader(source, layout);
            let mut out = vec![0; REQUEST * SECTOR];
            for lba in (start..SECTORS - REQUEST).step_by(REQUEST) {
                reader.read_sectors(Lba(u32::try_from(lba).unwrap()), &mut out).expect("the file is sound");
                assert!(out == image[lba * SECTOR..][..out.len()]);
            }
            let (loads, _) = index_and_data_reads(&log, &layout);
            let most = (SECTORS - start).div_ceil(WINDOW) + 1;
            assert!(loads <= most, "{loads} loads from {start} on, packed room {room}");
        }
    }
}

#[test]
fn one_request_loads_each_index_window_once() {
    // Also where neither the window nor the packed buffer holds the request.
    const SECTORS: usize = 300;
    let (image, file) = long_cso(SECTORS);
    let layout = layout_of(&file);
    for window in [1, 2, 3, 7, 16, 64, 100, 299] {
        for room in [1, 2, 8] {
            for (start, count) in [(0, 300), (1, 299), (5, 64), (99, 130), (250, 50)] {
                let (source, log) = Counting::new(&file[..]);
                let mut memory = Memory::sized(&layout, window, room);
                let mut reader = memory.reader(source, layout);
                let mut out = vec![0; count * SECTOR];
                reader.read((start * SECTOR) as u64, &mut out).expect("the file is sound");
                assert!(out == image[start * SECTOR..][..out.len()]);
                let (loads, _) = index_and_data_reads(&log, &layout);
                let most = count.div_ceil(window) + 1;
                assert!(
                    loads <= most,
                    "{loads} loads for {count} from {start}, window {window}, room {room}"
                );
            }
        }
    }
}

#[test]
fn backward_reads_load_each_index_window_once() {
    let (image, file) = long_cso(300);
    let layout = layout_of(&file);
    let (source, log) = Counting::new(&file[..]);
    let mut memory = Memory::sized(&layout, 100, 1);
    let mut reader = memory.reader(source, layout);
    let mut out = vec![0; SECTOR];
    for lba in (0..300).rev() {
        reader.read((lba * SECTOR) as u64, &mut out).expect("the file is sound");
        assert!(out == image[lba * SECTOR..][..SECTOR]);
    }
    assert_eq!(index_and_data_reads(&log, &layout), (3, 300));
}

#[test]
fn sectors_of_one_block_are_decoded_from_one_read() {
    for kind in Kind::ALL {
        let image = image::text(16 * SECTOR, 3);
        let file = build(kind, &image, 8 * SECTOR, Last::Short);
        let layout = layout_of(&file);
        let per_block = layout.block_size() as usize / SECTOR;
        let (source, log) = Counting::new(&file[..]);
        let mut memory = Memory::suggested(&layout);
        let mut reader = memory.reader(source, layout);
        for (lba, sector) in image.chunks(SECTOR).enumerate() {
            let mut out = [0; SECTOR];
            reader.read((lba * SECTOR) as u64, &mut out).expect("the file is sound");
            assert!(out == sector);
        }
        let (_, data) = index_and_data_reads(&log, &layout);
        assert_eq!(data, 16usize.div_ceil(per_block), "{kind:?}");
    }
}

#[test]
fn work_for_a_sector_is_bounded() {
    // Wherever it lies and whatever is asked before: the packed bytes of one block, one index window.
    for Sample { kind, image, file } in samples(64) {
        let layout = layout_of(&file);
        let (source, log) = Counting::new(&file[..]);
        let mut memory = Memory::sized(&layout, 4, 16);
        let mut reader = memory.reader(source, layout);
        let sectors = image.len() / SECTOR;
        for step in 0..200 {
            let lba = step * 29 % sectors;
            reader.read((lba * SECTOR) as u64, &mut [0; SECTOR]).expect("the file is sound");
            let reads = log.take();
            let bytes: usize = reads.iter().map(|&(_, len)| len).sum();
            let window = 4 * 5 + 8 * layout.uncompressed_areas() as usize;
            assert!(reads.len() <= 4, "{kind:?}: {reads:?}");
            assert!(bytes <= layout.max_packed_len() as usize + window + 4, "{kind:?}: {reads:?}");
        }
    }
}

#[test]
fn work_for_a_hostile_block_is_bounded() {
    // Streams that put out nothing for as long as they can: the largest block, filled with empty deflate
    // blocks, each with codes to be set up. What counts is that this ends, and in seconds.
    let mut stream = support::bits::Bits::default();
    while stream.len() < 8 * ((1 << 20) - 200) {
        stream.field(0, 1).field(2, 2); // not the last block, dynamic codes
        stream.field(0, 5).field(0, 5).field(14, 4); // 257 and 1 codes, 18 lengths
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
            stream.field(u32::from(symbol == 18 || symbol == 1), 3); // 1 is 0, 18 is 1
        }
        stream.code(1, 1).field(127, 7); // 138 zeros
        stream.code(1, 1).field(107, 7); // 118 zeros: symbols 0 to 255
        stream.code(0, 1); // symbol 256 has one bit
        stream.code(0, 1); // so has the distance code
        stream.code(0, 1); // end of block
    }
    let block = Stored::unflagged(stream.finish());
    let file = Ciso::cso(1 << 20, 1 << 20, vec![block]).file();
    let begin = std::time::Instant::now();
    let (_, error) = block_error(&file);
    // Every one of them was taken for what it is.
    let expected = CodecError::InputEnded { produced: 0, expected: 1 << 20 };
    assert_eq!(error, BlockError::Codec(expected));
    assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
}

#[test]
fn a_checked_window_is_refused_as_a_whole() {
    let (image, sound) = long_cso(300);
    let end = u32::try_from(sound.len()).unwrap();
    for (entry, value) in [(150, 0), (150, 1), (150, u32::MAX), (150, end), (299, 0)] {
        let mut file = sound.clone();
        file[24 + 4 * entry..][..4].copy_from_slice(&value.to_le_bytes());
        let layout = layout_of(&file);
        let mut memory = Memory::sized(&layout, 100, 4);
        let mut reader = memory.reader(&file[..], layout);
        let mut out = [0; SECTOR];
        let damaged = |block: usize| block == entry || block + 1 == entry;
        for block in (0..300).filter(|&block| !damaged(block)) {
            reader.read((block * SECTOR) as u64, &mut out).expect("each block for itself");
        }
        let mut memory = Memory::sized(&layout, 100, 4);
        let mut reader = memory.reader_with(&file[..], layout, &SUGGESTED.with_checked_windows(true));
        for block in 0..300 {
            let result = reader.read((block * SECTOR) as u64, &mut out);
            if block / 100 == entry / 100 {
                let Err(ReadError::Block { block: BlockIndex(named), error, .. }) = result else {
                    panic!("block {block} beside entry {entry}: {result:?}");
                };
                assert!(damaged(named as usize) || named as usize == 299, "{named} for {entry}: {error}");
            } else {
                assert_eq!(result, Ok(()), "block {block} beside entry {entry}");
                assert!(out == image[block * SECTOR..][..SECTOR]);
            }
        }
    }
}

#[test]
fn checking_windows_refuses_nothing_that_is_sound() {
    for Sample { kind, image, file } in samples(64) {
        let layout = layout_of(&file);
        for window in [1, 3, 1024] {
            let mut memory = Memory::sized(&layout, window, 4);
            let mut reader = memory.reader_with(&file[..], layout, &SUGGESTED.with_checked_windows(true));
            let mut out = vec![0; image.len()];
            reader.read(0, &mut out).unwrap_or_else(|error| panic!("{kind:?}, window {window}: {error}"));
            assert!(out == image, "{kind:?}, window {window}");
        }
    }
}

#[test]
fn reading_ahead_ends_on_block_borders_and_never_reads_twice() {
    let (image, file) = long_cso(512);
    let layout = layout_of(&file);
    let packed_bytes = file.len() - usize::try_from(layout.data_start().0).unwrap();
    for (ahead, request) in [(64 << 10, 1), (64 << 10, 16), (10_000, 1), (0, 1), (1, 4)] {
        let (source, log) = Counting::new(&file[..]);
        let mut memory = Memory::sized(&layout, 1024, 64);
        let mut reader = memory.reader_with(source, layout, &SUGGESTED.with_read_ahead(ahead));
        let mut out = vec![0; request * SECTOR];
        for lba in (0..512).step_by(request) {
            reader.read((lba * SECTOR) as u64, &mut out).expect("the file is sound");
            assert!(out == image[lba * SECTOR..][..out.len()]);
        }
        let data: Vec<_> =
            log.take().into_iter().filter(|&(offset, _)| offset >= layout.data_start().0).collect();
        assert_eq!(data.iter().map(|&(_, len)| len).sum::<usize>(), packed_bytes, "{ahead}");
        // The first fetches of a sequence are small, each about twice as large as the one before.
        let growing = (ahead / SECTOR).max(1).ilog2() as usize + 2;
        let fetches =
            if ahead < 2 * SECTOR { 512 / request } else { packed_bytes / (ahead * 9 / 10) + 2 + growing };
        assert!(data.len() <= fetches, "{} reads with {ahead} bytes ahead", data.len());
    }
}

#[test]
fn short_sequences_fetch_no_more_than_they_read() {
    let (_, file) = long_cso(512);
    let layout = layout_of(&file);
    let (source, log) = Counting::new(&file[..]);
    let mut memory = Memory::sized(&layout, 1024, 64);
    let mut reader = memory.reader_with(source, layout, &SUGGESTED.with_read_ahead(64 << 10));
    let mut out = [0; SECTOR];
    for (length, from) in [(2, 40), (3, 300), (5, 9), (2, 200), (2, 202), (1, 100)] {
        log.take();
        for lba in from..from + length {
            reader.read((lba * SECTOR) as u64, &mut out).expect("the file is sound");
        }
        let fetched: usize =
            log.take().into_iter().filter(|&(at, _)| at >= layout.data_start().0).map(|(_, len)| len).sum();
        // The first sector by itself, and then as much as was read before, at most.
        assert!(fetched <= 2 * (length + 1) * SECTOR, "{fetched} bytes for {length} sectors from {from}");
    }
}

#[test]
fn a_sequence_begins_anew_after_a_read_that_failed() {
    let (image, mut file) = long_cso(512);
    let layout = layout_of(&file);
    let mut memory = Memory::sized(&layout, 1024, 64);
    let extent = {
        let mut reader = memory.reader(&file[..], layout);
        reader.extent(BlockIndex(300)).expect("the file is sound")
    };
    let at = usize::try_from(extent.offset.0).unwrap();
    file[at..at + extent.len as usize].fill(0xFF);
    let mut reader = memory.reader_with(&file[..], layout, &SUGGESTED.with_read_ahead(64 << 10));
    let mut out = [0; SECTOR];
    reader.read(0, &mut out).expect("this block is sound");
    assert!(reader.read(300 * SECTOR as u64, &mut out).is_err());
    reader.read(SECTOR as u64, &mut out).expect("this block is sound");
    assert!(out == image[SECTOR..][..SECTOR]);
}

#[test]
fn view_shows_a_block_beside_its_packed_bytes() {
    for Sample { kind, image, file } in samples(15) {
        let layout = layout_of(&file);
        let mut memory = Memory::suggested(&layout);
        let mut reader = memory.reader(&file[..], layout);
        for (number, data) in image.chunks(layout.block_size() as usize).enumerate() {
            let view = reader.view(BlockIndex(u32::try_from(number).unwrap())).expect("the file is sound");
            let at = usize::try_from(view.extent.offset.0).unwrap();
            assert!(view.data == data, "{kind:?}, block {number}");
            assert!(view.packed == &file[at..at + view.extent.len as usize], "{kind:?}, block {number}");
        }
    }
}

#[test]
fn a_reader_is_a_source_itself() {
    let image = image::mixed(20 * SECTOR, 4);
    let file = build(Kind::Zso { shift: 0 }, &image, SECTOR, Last::Short);
    let layout = layout_of(&file);
    let mut memory = Memory::suggested(&layout);
    let mut reader = memory.reader(&file[..], layout);
    assert_eq!(reader.byte_len(), Ok(image.len() as u64));
    let mut out = vec![0; 5000];
    reader.read_exact_at(&mut out, 777).expect("the file is sound");
    assert!(out == image[777..5777]);
    // A compressed image of a compressed image is nothing special then.
    let twice = build(Kind::Cso { shift: 0 }, &file, SECTOR, Last::Short);
    let outer = layout_of(&twice);
    let mut outer_memory = Memory::suggested(&outer);
    let mut inner = outer_memory.reader(&twice[..], outer);
    let layout = Layout::probe(&mut inner).expect("the file is sound");
    let mut memory = Memory::suggested(&layout);
    let mut out = vec![0; image.len()];
    memory.reader(inner, layout).read(0, &mut out).expect("the file is sound");
    assert!(out == image);
}

/// Requests of all sorts: single sectors of one block, runs, parts of blocks, the partial last block.
const REQUESTS: [(u64, usize); 9] = [
    (0, 2048),
    (2048, 2048),
    (0, 40 * 2048),
    (3 * 2048, 100),
    (3 * 2048 + 100, 5000),
    (38 * 2048, 3 * 2048),
    (20 * 2048, 2048),
    (0, 2048),
    (16 * 2048, 16 * 2048),
];

#[test]
fn a_failed_read_never_leaves_bytes_that_pass_for_valid() {
    // The cache rule: mark invalid, read, decode, mark valid. The source fails at its n-th read, with
    // garbage in the buffer, for every n; each request is repeated until it succeeds, and must then be
    // right, as must all that come after.
    for kind in Kind::ALL {
        let image = image::mixed(41 * SECTOR, 5);
        let file = build(kind, &image, 4 * SECTOR, Last::Short);
        let layout = layout_of(&file);
        for (window, room) in [(1, 1), (3, 2), (1024, 64)] {
            for good_reads in 0..80 {
                let mut memory = Memory::sized(&layout, window, room);
                let mut reader = memory.reader(Flaky::new(&file, good_reads), layout);
                let mut failures = 0;
                for (offset, len) in REQUESTS {
                    let mut out = vec![0; len];
                    while let Err(error) = reader.read(offset, &mut out) {
                        let pulled = matches!(error, ReadError::Source { error: FlakyError::PulledOut, .. });
                        assert!(pulled, "{kind:?}: {error:?}");
                        failures += 1;
                        // Another place first, which the failure may have left half-loaded.
                        let mut other = vec![0; SECTOR];
                        reader.read(12 * 2048, &mut other).expect("only one read fails");
                        assert!(other == image[12 * SECTOR..13 * SECTOR], "{kind:?}");
                        out.fill(0);
                    }
                    let at = usize::try_from(offset).unwrap();
                    assert!(out == image[at..at + len], "{kind:?}, read {good_reads}, {len} at {offset}");
                }
                assert!(failures <= 1, "{kind:?}");
            }
        }
    }
}

#[test]
fn a_damaged_block_never_leaves_bytes_that_pass_for_valid() {
    // Block 1 does not decode; reading it must not make sector reads of block 0 or 1 return its bytes.
    let image = image::text(3 * 4 * SECTOR, 6);
    let mut blocks: Vec<_> =
        image.chunks(4 * SECTOR).map(|block| Stored::unflagged(pack::deflate(block, 9))).collect();
    let half = blocks[1].bytes.len() / 2;
    blocks[1].bytes.truncate(half);
    let file = Ciso::cso(image.len(), 4 * SECTOR, blocks).file();
    let layout = layout_of(&file);
    let mut memory = Memory::suggested(&layout);
    let mut reader = memory.reader(&file[..], layout);
    let mut out = [0; SECTOR];
    reader.read(0, &mut out).expect("block 0 is whole");
    for _ in 0..2 {
        reader.read(4 * 2048, &mut out).expect_err("block 1 is cut");
        reader.view(BlockIndex(1)).expect_err("block 1 is cut");
    }
    reader.read(2048, &mut out).expect("block 0 is whole");
    assert!(out == image[SECTOR..2 * SECTOR]);
    reader.read(4 * 2048, &mut out).expect_err("block 1 is still cut");
}

#[test]
fn packed_bytes_of_before_do_not_count_after_a_fetch_that_failed() {
    let (image, file) = long_cso(8);
    let layout = layout_of(&file);
    // The index and the first block can be read; then garbage is in the packed buffer.
    let mut memory = Memory::sized(&layout, 1024, 1);
    let mut reader = memory.reader(Flaky::new(&file, 2), layout);
    let mut out = vec![0; SECTOR];
    reader.read(0, &mut out).expect("two good reads");
    reader.read(4 * SECTOR as u64, &mut out).expect_err("the third read fails");
    reader.read(0, &mut out).expect("the file is intact");
    assert!(out == image[..SECTOR]);
}
