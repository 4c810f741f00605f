//! Several windows of the index: which are kept, when one is loaded, and what makes of a damaged one.

mod support;

use sector_decode::{BlockError, BlockIndex, Lba, ReadError, ReaderOptions};
use support::ciso::entry_at;
use support::dax::{Dax, FRAME_SIZE};
use support::image;
use support::kinds::{Kind, Last, build};
use support::pack;
use support::read::{KEPT, Memory, layout_of};
use support::source::{Counting, Flaky, Log};

const SECTOR: usize = 2048;
/// Blocks that a window describes in all formats but DAX, and the memory of each.
const WINDOW: usize = 511;
const WINDOW_BYTES: usize = 2048;

/// A CSO of different sectors, and memory for so many windows.
fn image_and_file(sectors: usize) -> (Vec<u8>, Vec<u8>) {
    let image: Vec<u8> = (0..sectors).flat_map(|lba| number(lba).to_le_bytes().repeat(SECTOR / 4)).collect();
    let file = build(Kind::Cso { shift: 0 }, &image, SECTOR, Last::Short);
    (image, file)
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap()
}

/// How many reads went to the index since the last look.
fn loads(log: &Log, data_start: u64) -> usize {
    log.take().into_iter().filter(|&(offset, _)| offset < data_start).count()
}

#[test]
fn an_index_that_fits_is_read_once() {
    let (image, file) = image_and_file(4 * WINDOW);
    let layout = layout_of(&file);
    assert_eq!(layout.memory(&ReaderOptions::PSP_DRIVER).index(), 4 * WINDOW_BYTES);
    let (source, log) = Counting::new(&file[..]);
    let mut memory = Memory::kept(&layout, 4);
    let mut reader = memory.reader_with(source, layout, &KEPT);
    let mut out = [0; SECTOR];
    for step in 0..2000 {
        let lba = step * 769 % (4 * WINDOW);
        reader.read_sectors(Lba(number(lba)), &mut out).expect("the file is sound");
        assert!(out == image[lba * SECTOR..][..SECTOR]);
    }
    assert_eq!(loads(&log, layout.data_start().0), 4);
}

#[test]
fn the_window_that_was_not_used_for_longest_makes_room() {
    let (_, file) = image_and_file(5 * WINDOW);
    let layout = layout_of(&file);
    let (source, log) = Counting::new(&file[..]);
    let mut memory = Memory::kept(&layout, 3);
    let mut reader = memory.reader_with(source, layout, &KEPT);
    // In windows: which is read from, and whether that loads it.
    for (step, (window, is_loaded)) in [
        (0, true),
        (1, true),
        (2, true),
        (0, false),
        (3, true),
        (0, false),
        (2, false),
        (1, true),
        (0, false),
        (3, true),
    ]
    .into_iter()
    .enumerate()
    {
        reader.extent(BlockIndex(number(window * WINDOW + step))).expect("the file is sound");
        assert_eq!(loads(&log, layout.data_start().0), usize::from(is_loaded), "step {step}");
    }
}

#[test]
fn two_streams_do_not_drive_each_other_out() {
    let (image, file) = image_and_file(4 * WINDOW);
    let layout = layout_of(&file);
    let (source, log) = Counting::new(&file[..]);
    let mut memory = Memory::kept(&layout, 3);
    let mut reader = memory.reader_with(source, layout, &KEPT);
    let mut out = [0; 4 * SECTOR];
    for lba in (0..2 * WINDOW - 4).step_by(4) {
        for lba in [lba, 2 * WINDOW + lba] {
            reader.read_sectors(Lba(number(lba)), &mut out).expect("the file is sound");
            assert!(out == image[lba * SECTOR..][..out.len()]);
        }
    }
    assert_eq!(loads(&log, layout.data_start().0), 4);
}

#[test]
fn a_request_loads_each_window_that_it_lacks_once_and_takes_one_read_of_data() {
    let (image, file) = image_and_file(6 * WINDOW);
    let layout = layout_of(&file);
    for (before, start, count, expected) in [
        // Across a border where nothing is held: a window that begins with it.
        (None, WINDOW - 100, 200, 1),
        // Where its first blocks are held: the window behind them.
        (Some(0), WINDOW - 100, 200, 1),
        (Some(0), 0, 4 * WINDOW, 3),
        (Some(2 * WINDOW), 5, 4 * WINDOW - 5, 4),
        (None, 0, 4 * WINDOW, 4),
    ] {
        let (source, log) = Counting::new(&file[..]);
        let mut memory = Memory::kept(&layout, 4);
        let mut reader = memory.reader_with(source, layout, &KEPT.with_read_ahead(0));
        if let Some(before) = before {
            reader.read_sectors(Lba(number(before)), &mut [0; SECTOR]).expect("the file is sound");
        }
        log.take();
        let mut out = vec![0; count * SECTOR];
        reader.read_sectors(Lba(number(start)), &mut out).expect("the file is sound");
        assert!(out == image[start * SECTOR..][..out.len()]);
        let reads = log.take();
        let index = reads.iter().filter(|&&(offset, _)| offset < layout.data_start().0).count();
        assert!(index <= expected && reads.len() == index + 1, "{start}, {count}: {reads:?}");
    }
}

#[test]
fn a_request_longer_than_all_windows_is_served() {
    let (image, file) = image_and_file(5 * WINDOW + 7);
    let layout = layout_of(&file);
    for windows in [2, 3] {
        for start in [0, 1, WINDOW - 1, WINDOW] {
            let mut memory = Memory::kept(&layout, windows);
            let mut reader = memory.reader_with(&file[..], layout, &KEPT);
            reader.read_sectors(Lba(number(3 * WINDOW + 5)), &mut [0; SECTOR]).expect("the file is sound");
            let mut out = vec![0; image.len() - start * SECTOR];
            reader.read_sectors(Lba(number(start)), &mut out).expect("the file is sound");
            assert!(out == image[start * SECTOR..], "{windows} windows, from {start}");
        }
    }
}

#[test]
fn each_window_is_checked_when_it_is_loaded() {
    let (image, sound) = image_and_file(4 * WINDOW);
    let entry = 2 * WINDOW + 200;
    let mut file = sound;
    file[24 + 4 * entry..][..4].copy_from_slice(&1_u32.to_le_bytes());
    let layout = layout_of(&file);
    let mut memory = Memory::kept(&layout, 3);
    let mut reader = memory.reader_with(&file[..], layout, &KEPT.with_checked_windows(true));
    let mut out = [0; SECTOR];
    // The damaged one is asked for again and again, also when it would take the place of a sound one.
    for step in 0..400 {
        let lba = step * 757 % (4 * WINDOW);
        let result = reader.read_sectors(Lba(number(lba)), &mut out);
        if lba / WINDOW == 2 {
            let is_named = matches!(result, Err(ReadError::Block { block, .. }) if (block.0 as usize).abs_diff(entry) <= 1);
            assert!(is_named, "{lba}: {result:?}");
        } else {
            assert_eq!(result, Ok(()), "{lba}");
            assert!(out == image[lba * SECTOR..][..SECTOR]);
        }
    }
}

#[test]
fn what_is_wrong_with_a_block_is_said_by_the_window_that_has_it() {
    let (_, mut file) = image_and_file(4 * WINDOW);
    let file_len = file.len() as u64;
    for window in 0..4 {
        let end = number(file.len()) + 1 + number(window);
        file[entry_at(window * WINDOW + 6)..][..4].copy_from_slice(&end.to_le_bytes());
    }
    let layout = layout_of(&file);
    let mut memory = Memory::kept(&layout, 4);
    let mut reader = memory.reader_with(&file[..], layout, &KEPT);
    for window in [0, 1, 2, 3, 1, 0] {
        let error = reader.extent(BlockIndex(number(window * WINDOW + 5))).expect_err("it ends too late");
        let ReadError::Block { block, error, .. } = error else { panic!("{error}") };
        assert_eq!(block.0 as usize, window * WINDOW + 5);
        assert_eq!(error, BlockError::PastEnd { end: file_len + 1 + window as u64, file_len });
    }
}

#[test]
fn a_window_whose_load_failed_is_loaded_again() {
    let (image, file) = image_and_file(4 * WINDOW);
    let layout = layout_of(&file);
    for good_reads in 0..40 {
        let mut memory = Memory::kept(&layout, 2);
        let mut reader = memory.reader_with(Flaky::new(&file, good_reads), layout, &KEPT);
        let mut out = [0; SECTOR];
        let mut failures = 0;
        for step in 0..60 {
            let lba = step * 757 % (4 * WINDOW);
            let mut result = reader.read_sectors(Lba(number(lba)), &mut out);
            if let Err(ReadError::Source { .. }) = result {
                failures += 1;
                result = reader.read_sectors(Lba(number(lba)), &mut out);
            }
            assert_eq!(result, Ok(()), "{lba}");
            assert!(out == image[lba * SECTOR..][..SECTOR], "{lba}");
        }
        assert_eq!(failures, 1);
    }
}

#[test]
fn frames_of_dax_are_kept_too() {
    const FRAMES: usize = 900;
    let frames: Vec<_> = (0..FRAMES).map(|n| vec![number(n).to_le_bytes()[0]; FRAME_SIZE]).collect();
    let is_plain = |n: usize| n % 288 == 287 || n.is_multiple_of(288);
    let stored =
        frames.iter().enumerate().map(|(n, f)| if is_plain(n) { f.clone() } else { pack::zlib(f, 1) });
    let areas = (0..FRAMES).filter(|&n| is_plain(n)).map(|n| (number(n), 1)).collect();
    let file = Dax::v1(FRAMES * FRAME_SIZE, stored.collect(), areas).file();
    let layout = layout_of(&file);
    let (source, log) = Counting::new(&file[..]);
    let mut memory = Memory::kept(&layout, 4);
    let mut reader = memory.reader_with(source, layout, &KEPT.with_checked_windows(true));
    let mut out = [0; FRAME_SIZE];
    for step in 0..2000 {
        let frame = step * 577 % FRAMES;
        reader.read((frame * FRAME_SIZE) as u64, &mut out).expect("the file is sound");
        assert!(out == frames[frame][..], "frame {frame}");
    }
    // Offsets, sizes and areas of four windows.
    assert_eq!(loads(&log, layout.data_start().0), 12);
}

#[test]
fn all_formats_read_alike_through_windows() {
    for kind in Kind::ALL {
        let image = image::mixed(700 * SECTOR, 7);
        let file = build(kind, &image, SECTOR, Last::Short);
        let layout = layout_of(&file);
        let mut memory = Memory::kept(&layout, 2);
        let mut reader = memory.reader_with(&file[..], layout, &KEPT.with_checked_windows(true));
        for (start, count) in [(0, 700), (500, 30), (3, 600), (699, 1), (0, 1), (509, 4)] {
            let mut out = vec![0; count * SECTOR];
            reader.read((start * SECTOR) as u64, &mut out).expect("the file is sound");
            assert!(out == image[start * SECTOR..][..out.len()], "{kind:?}: {count} from {start}");
        }
    }
}
