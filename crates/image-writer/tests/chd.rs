//! CHDs, decoded with the crate that wrote them: what chdman says of them is tested in the converter.
#![cfg(feature = "chd")]

mod support;

use std::io::{Cursor, Error, ErrorKind, Seek, SeekFrom, Write};
use std::num::NonZeroUsize;

use chd::Chd;
use image_writer::{
    BlockPacker, BlockSizer, DigestSet, EncodeError, Monitor, Optimize, OutputFormat, Plan, PlanError,
    Summary, encode,
};
use support::plan;
use test_noise::Noise;

fn chd_plan(hunk: u32, threads: usize) -> Plan {
    Plan { threads: NonZeroUsize::new(threads).unwrap(), block_size: hunk, ..plan(OutputFormat::Chd) }
}

/// Sectors of noise, of zeros and of counting, some of them several times.
fn image(sectors: usize) -> Vec<u8> {
    let mut noise = Noise::new(1);
    let sector = |number: usize| -> Vec<u8> {
        match number % 5 {
            0 => (0..2048).map(|_| noise.byte()).collect(),
            1 => vec![0; 2048],
            2 => (0..2048_usize).map(|at| (at / 7).to_le_bytes()[0]).collect(),
            kind => (0..2048_usize).map(|at| (at * kind + number).to_le_bytes()[0]).collect(),
        }
    };
    (0..sectors).flat_map(sector).collect()
}

fn written(image: &[u8], plan: &Plan) -> (Vec<u8>, Summary) {
    let mut file = Cursor::new(Vec::new());
    let summary = encode(image, &mut file, plan, DigestSet::All, &Monitor::new()).unwrap();
    (file.into_inner(), summary)
}

fn decoded(file: &[u8]) -> Vec<u8> {
    let mut chd = Chd::open(Cursor::new(file), None).unwrap();
    let (len, hunks) = (usize::try_from(chd.header().logical_bytes()).unwrap(), chd.header().hunk_count());
    let (mut image, mut hunk, mut packed) = (Vec::new(), chd.get_hunksized_buffer(), Vec::new());
    for number in 0..hunks {
        chd.hunk(number).unwrap().read_hunk_in(&mut packed, &mut hunk).unwrap();
        image.extend_from_slice(&hunk);
    }
    image.truncate(len);
    image
}

#[test]
fn image_comes_back_and_the_file_is_no_longer_than_the_worst_case() {
    let mut noise = Noise::new(2);
    let noise: Vec<u8> = (0..77 * 2048).map(|_| noise.byte()).collect();
    for image in [image(1), image(77), image(1000), noise, vec![0; 501 * 2048]] {
        for hunk in [2048, 4096, 32768] {
            let plan = chd_plan(hunk, 2);
            let (file, summary) = written(&image, &plan);
            assert!(decoded(&file) == image, "{hunk}");
            assert_eq!((summary.image_size, summary.stored_size), (image.len() as u64, file.len() as u64));
            assert!(summary.stored_size <= plan.worst_case_len(summary.image_size));
            let mut comparison = summary.imprint.compare();
            comparison.update(&file);
            assert_eq!(comparison.finish(), Ok(()));
            let chd = Chd::open(Cursor::new(&file), None).unwrap();
            assert_eq!(chd.header().raw_sha1(), summary.digests.all().map(|all| all.sha1));
        }
    }
}

#[test]
fn number_of_threads_changes_no_byte() {
    let image = image(2500);
    let (first, _) = written(&image, &chd_plan(4096, 1));
    for threads in [2, 3, 16] {
        assert!(written(&image, &chd_plan(4096, threads)).0 == first, "{threads}");
    }
}

/// A file whose n-th write fails.
struct Failing {
    file: Cursor<Vec<u8>>,
    writes_left: u32,
}

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.writes_left = self.writes_left.checked_sub(1).ok_or(Error::from(ErrorKind::StorageFull))?;
        self.file.write(bytes)
    }
    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

impl Seek for Failing {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, Error> {
        self.file.seek(to)
    }
}

#[test]
fn error_of_the_file_is_told_as_it_was_and_the_file_is_no_chd() {
    let image = image(2000);
    let mut failures = 0;
    for writes_left in 0.. {
        let mut file = Failing { file: Cursor::new(Vec::new()), writes_left };
        match encode(image.as_slice(), &mut file, &chd_plan(2048, 2), DigestSet::Sha256, &Monitor::new()) {
            Ok(_) => break,
            Err(EncodeError::Sink(error)) => assert_eq!(error.kind(), ErrorKind::StorageFull),
            Err(other) => panic!("{other}"),
        }
        failures += 1;
        // The front is written last.
        assert!(file.file.into_inner().iter().take(8).all(|&byte| byte == 0), "{writes_left}");
    }
    assert!(failures > 3, "{failures}");
}

#[test]
fn cancelled_work_ends() {
    let monitor = Monitor::new();
    monitor.cancel();
    let mut file = Cursor::new(Vec::new());
    let outcome = encode(image(100).as_slice(), &mut file, &chd_plan(2048, 2), DigestSet::Sha256, &monitor);
    assert!(matches!(outcome, Err(EncodeError::Cancelled)));
}

#[test]
fn what_a_chd_cannot_be_is_refused() {
    let plan = chd_plan(2048, 1);
    let dual_layer = 8_540_000_256;
    assert_eq!(plan.check(dual_layer), Ok(()));
    assert_eq!(
        plan.check((11 << 30) + 2048),
        Err(PlanError::TooLarge { format: OutputFormat::Chd, size: (11 << 30) + 2048 })
    );
    for block_size in [1024, 3072, 64 << 10] {
        assert!(matches!(Plan { block_size, ..plan }.check(1 << 20), Err(PlanError::BlockSize { .. })));
    }
    assert!(matches!(Plan { index_shift: 1, ..plan }.check(1 << 20), Err(PlanError::IndexShift { .. })));
    let load = Plan { optimize: Optimize::Load, ..plan };
    assert!(matches!(load.check(1 << 20), Err(PlanError::NoChoice { .. })));
    // Its hunks are not blocks.
    assert!(BlockPacker::new(&plan).pack(&[0; 2048], &mut Vec::new()).is_none());
}

/// What is said of single hunks before an image is packed is what all of them take afterwards.
#[test]
fn lengths_of_single_hunks_are_those_in_the_file() {
    for hunk in [2048, 4096, 32 << 10] {
        let (plan, image) = (chd_plan(hunk, 2), image(1000));
        let (mut file, monitor) = (Cursor::new(Vec::new()), Monitor::new());
        encode(image.as_slice(), &mut file, &plan, DigestSet::All, &monitor).unwrap();
        let file = file.into_inner();
        let mut sizer = BlockSizer::new(&plan).unwrap();
        let hunks: Vec<&[u8]> = image.chunks(hunk as usize).collect();
        let lens: Vec<u64> = hunks.iter().map(|hunk| sizer.packed_len(hunk).unwrap()).collect();
        // Besides the hunks, a file has the header and the map.
        let least = 124 + 17 + 16;
        let rest = file.len() as u64 - lens.iter().sum::<u64>();
        assert!((least..least + 64 + 12 * hunks.len() as u64).contains(&rest), "{hunk}: {rest}");
        assert_eq!((monitor.bytes_in(), monitor.bytes_out()), (image.len() as u64, lens.iter().sum()));
        assert_eq!(sizer.packed_len(hunks[0]), Some(0));
        assert_eq!(sizer.packed_len(&vec![0; hunk as usize + 1]), None);
    }
}
