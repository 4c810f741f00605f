//! Readers made with options: in one piece of memory, in their own, over files.

mod support;

use sector_decode::{BufferError, BufferName, Decoder, Format, ReaderOptions, SectorReader};
use support::dax::{Dax, FRAME_SIZE};
use support::kinds::{Sample, samples};
use support::read::layout_of;
use support::source::Counting;

const OPTIONS: [ReaderOptions; 5] = [
    ReaderOptions::new(),
    ReaderOptions::PSP_DRIVER,
    ReaderOptions::new().with_one_window(0).with_read_ahead(0),
    ReaderOptions::new().with_windows(3, 512).with_checked_windows(true),
    ReaderOptions::new().with_alignment(256).with_two_reads_at_most(true).with_one_window(5),
];

#[test]
fn one_piece_of_memory_of_the_size_that_is_said_is_enough_wherever_it_begins() {
    for Sample { kind, image, file } in samples(40) {
        let layout = layout_of(&file);
        for options in OPTIONS {
            let plan = layout.memory(&options);
            for skip in [0, 1, 7, 63] {
                let (mut memory, mut decoder) = (vec![0xA5; skip + plan.size() + 8], Decoder::new());
                let (before, rest) = memory.split_at_mut(skip);
                let (memory, after) = rest.split_at_mut(plan.size());
                let buffers = plan.split(memory, &mut decoder).unwrap();
                for buffer in [&buffers.packed, &buffers.block, &buffers.index] {
                    assert_eq!(buffer.as_ptr().addr() % options.alignment(), 0, "{kind:?} {options:?}");
                }
                let mut reader =
                    SectorReader::with_memory(&file[..], layout, &options, memory, &mut decoder).unwrap();
                let mut out = vec![0; image.len()];
                reader.read(0, &mut out).unwrap();
                assert!(out == image, "{kind:?} {options:?}");
                assert!(before.iter().chain(&*after).all(|&byte| byte == 0xA5));
            }
        }
    }
}

#[test]
fn options_are_what_their_documentation_says() {
    let (driver, default) = (ReaderOptions::PSP_DRIVER, ReaderOptions::new());
    assert_eq!([driver.read_ahead(), default.read_ahead()], [65_536, 65_536]);
    assert_eq!([driver.alignment(), default.alignment()], [64, 1]);
    assert_eq!([driver.checks_windows(), default.checks_windows()], [true, false]);
}

#[test]
fn memory_is_planned_for_what_the_options_ask_for() {
    for Sample { kind, file, .. } in samples(40) {
        let layout = layout_of(&file);
        let (packed, block) = (layout.max_packed_len() as usize, layout.block_size() as usize);
        let blocks = layout.block_count() as usize;
        let entries = |count: usize| match layout.format() {
            Format::Iso => 0,
            Format::Dax => 7 * count,
            _ => 4 * (count + 1),
        };
        let plan = layout.memory(&ReaderOptions::new().with_one_window(5).with_read_ahead(0));
        assert_eq!(plan.index(), entries(blocks.min(5)), "{kind:?}");
        assert_eq!((plan.packed(), plan.block()), (packed, block), "{kind:?}");
        assert_eq!(plan.size(), plan.index() + packed + block, "{kind:?}");

        let plan = layout.memory(
            &ReaderOptions::new()
                .with_one_window(5)
                .with_read_ahead(0)
                .with_two_reads_at_most(true)
                .with_alignment(64),
        );
        assert_eq!((plan.packed(), plan.block()), (2 * block + packed, block), "{kind:?}");
        let needed =
            plan.index() + (2 * block + packed).next_multiple_of(64) + block.next_multiple_of(64) + 63;
        assert_eq!(plan.size(), needed, "{kind:?}");
    }
}

#[test]
fn tables_of_a_window_begin_at_aligned_addresses_where_there_is_room() {
    const FRAMES: usize = 8 * 73;
    let file = Dax::v0(FRAMES * FRAME_SIZE, vec![vec![1]; FRAMES]).file();
    let layout = layout_of(&file);
    // Of seven bytes for each frame, the narrowest entries that another table follows have two.
    for (alignment, frames) in [(1, 73), (2, 73), (4, 72), (64, 64), (256, 73)] {
        let options = ReaderOptions::new().with_windows(32, 512).with_alignment(alignment);
        assert_eq!(layout.memory(&options).index(), 512 * FRAMES.div_ceil(frames), "{alignment}");
    }
}

/// Some systems copy what they read to other addresses once more.
#[test]
fn packed_runs_are_read_to_aligned_addresses_of_the_output_where_there_is_room() {
    let options = ReaderOptions::new().with_alignment(64).with_read_ahead(0);
    let (mut aligned, mut all) = (0, 0);
    for Sample { kind, image, file } in samples(40) {
        let layout = layout_of(&file);
        let (mut memory, mut decoder) = (vec![0; layout.memory(&options).size()], Decoder::new());
        for skip in (0..options.alignment()).step_by(4) {
            for sectors in 1..=40 {
                let (source, log) = Counting::new(&file[..]);
                let mut reader =
                    SectorReader::with_memory(source, layout, &options, &mut memory, &mut decoder).unwrap();
                let mut out = vec![0; skip + sectors * 2048];
                let out = &mut out[skip..];
                reader.read(0, out).unwrap();
                assert!(*out == image[..sectors * 2048], "{kind:?}, {sectors} sectors");
                let there = out.as_ptr_range();
                for (offset, memory) in log.take_with_memory() {
                    let bytes = &file[usize::try_from(offset).unwrap()..][..memory.len()];
                    let Some(before) = memory.start.checked_sub(there.start.addr()) else { continue };
                    let is_plain = image.get(before..).is_some_and(|image| image.starts_with(bytes));
                    if memory.end > there.end.addr() || is_plain {
                        continue;
                    }
                    all += 1;
                    aligned += usize::from(memory.start.is_multiple_of(options.alignment()));
                }
            }
        }
    }
    // Where packed data is nearly as long as what it stands for, there is no room to be choosy.
    println!("{aligned} of {all}");
    assert!(aligned * 10 > all * 9, "{aligned} of {all}");
}

#[test]
fn one_byte_less_is_refused() {
    for Sample { kind, file, .. } in samples(4) {
        let layout = layout_of(&file);
        for options in OPTIONS {
            let needed = layout.memory(&options).size();
            let (mut memory, mut decoder) = (vec![0; needed - 1], Decoder::new());
            let made = SectorReader::with_memory(&file[..], layout, &options, &mut memory, &mut decoder);
            let expected = BufferError { buffer: BufferName::Memory, got: needed - 1, needed };
            assert_eq!(made.err(), Some(expected), "{kind:?} {options:?}");
        }
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let refused = |make: fn() -> ReaderOptions| std::panic::catch_unwind(make).is_err();
    assert!(refused(|| ReaderOptions::new().with_windows(0, 2048)));
    assert!(refused(|| ReaderOptions::new().with_windows(33, 2048)));
    assert!(refused(|| ReaderOptions::new().with_windows(1, 0)));
    assert!(refused(|| ReaderOptions::new().with_windows(1, 1000)));
    assert!(refused(|| ReaderOptions::new().with_alignment(3)));
    assert!(refused(|| ReaderOptions::new().with_alignment(0)));
}

#[cfg(feature = "std")]
mod owned {
    use std::error::Error;
    use std::fs::File;
    use std::io::{Cursor, Read, Seek, SeekFrom};
    use std::path::Path;

    use sector_decode::{
        BlockError, BlockIndex, ImageCursor, ImageError, ImageReader, OutOfMemory, ReadAt, ReadError,
    };

    use super::*;

    #[test]
    fn readers_that_own_their_memory_read_the_same() {
        for Sample { kind, image, file } in samples(40) {
            for options in OPTIONS {
                let mut reader = ImageReader::open(&file[..], &options).unwrap();
                let mut out = vec![0; image.len()];
                reader.read(0, &mut out).unwrap();
                assert!(out == image, "{kind:?} {options:?}");
            }
        }
    }

    #[test]
    fn memory_that_there_is_not_is_an_error() {
        let options = ReaderOptions::new().with_read_ahead(usize::MAX);
        let error = ImageReader::open(&[0x5A; 2048][..], &options).expect_err("more than all addresses");
        assert_eq!(error, ImageError::Memory(OutOfMemory { bytes: usize::MAX }));
    }

    #[test]
    fn files_are_read_at_positions_of_their_own() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let image = std::fs::read(folder.join("image.iso")).unwrap();
        let mut file = File::open(folder.join("maxcso-2k.cso")).unwrap();
        let mut reader = ImageReader::open(&file, &ReaderOptions::default()).unwrap();
        let mut out = [0; 5000];
        reader.read(2000, &mut out).unwrap();
        assert!(out == image[2000..7000]);
        let len = file.byte_len().unwrap();
        assert_eq!(len, file.metadata().unwrap().len());
        file.read_exact_at(&mut out[..10], len - 10).unwrap();
        let error = file.read_exact_at(&mut out[..11], len - 10).expect_err("past the end");
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_cursor_does_what_one_over_the_image_does() {
        for Sample { kind, image, file } in samples(20) {
            let mut ours = ImageCursor::new(ImageReader::open(&file[..], &ReaderOptions::new()).unwrap());
            let mut theirs = Cursor::new(&image);
            let seeks = [
                SeekFrom::Start(3000),
                SeekFrom::Current(-3),
                SeekFrom::End(-4100),
                SeekFrom::Current(1),
                SeekFrom::End(-2),
                SeekFrom::End(10),
                SeekFrom::Current(-1 << 40),
                SeekFrom::Start(u64::MAX),
                SeekFrom::Current(1),
                SeekFrom::Start(0),
            ];
            for seek in seeks {
                let (a, b) = (ours.seek(seek), theirs.seek(seek));
                assert_eq!(
                    a.map_err(|error| error.kind()),
                    b.map_err(|error| error.kind()),
                    "{kind:?} {seek:?}"
                );
                let (mut a, mut b) = ([0; 2500], [0; 2500]);
                assert_eq!(ours.read(&mut a).unwrap(), theirs.read(&mut b).unwrap(), "{kind:?} {seek:?}");
                assert!(a == b, "{kind:?} {seek:?}");
            }
        }
    }

    #[test]
    fn errors_name_their_sources() {
        let (_, sound) = super::long();
        let layout = layout_of(&sound);
        let mut reader = ImageReader::open(&sound[..], &ReaderOptions::new()).unwrap();
        let extent = reader.extent(BlockIndex(1)).unwrap();
        let mut file = sound.clone();
        file[usize::try_from(extent.offset.0).unwrap()..][..extent.len as usize].fill(0xFF);
        let mut reader = ImageReader::with_layout(&file[..], layout, &ReaderOptions::new()).unwrap();
        let error = reader.read(2048, &mut [0; 2048]).expect_err("the block is damaged");
        assert!(matches!(error, ReadError::Block { error: BlockError::Codec(_), .. }));
        // The read, the block, the codec.
        assert_eq!(std::iter::successors(Some(&error as &dyn Error), |&error| error.source()).count(), 3);
    }
}

/// A CSO whose blocks are packed.
#[cfg(feature = "std")]
fn long() -> (Vec<u8>, Vec<u8>) {
    use support::kinds::{Kind, Last, build};
    let image = support::image::text(8 * 2048, 1);
    let file = build(Kind::Cso { shift: 0 }, &image, 2048, Last::Short);
    (image, file)
}
