//! `cisor compare`: do two images decode to the same bytes?

use std::num::NonZeroUsize;

use image_writer::Monitor;
use image_writer::pipeline::{self, Limits, Stopped};

use crate::cli::{CompareArgs, threads_or_default};
use crate::failure::Failure;
use crate::image::{Image, Workspace};
use crate::interrupt;
use crate::plan;
use crate::report::{Compared, Record, Reporter};
use crate::run::{ONE_PASS, bars, check_archive, each};
use crate::scan;

/// Bytes of the images per job. A multiple of nearly all block sizes, so that few blocks are decoded twice.
const JOB_BYTES: usize = 256 << 10;

/// Compares two images.
pub fn compare(args: CompareArgs, reporter: &mut Reporter) {
    let threads = threads_or_default(args.threads);
    let record = Record::new(&args.a, Compared { other: args.b, layout: None });
    each(vec![((), record)], ONE_PASS, reporter, |(), record, reporter| {
        compare_pair(threads, record, reporter)
    });
}

fn compare_pair(
    threads: NonZeroUsize,
    record: &mut Record<Compared>,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    let a = plan::open_steady(&record.input.clone(), record, reporter)?;
    record.outcome.layout = Some(*a.layout());
    let other = record.outcome.other.clone();
    let b = Image::open_steady(&other).map_err(|failure| failure.in_second(&other))?;
    let (a_size, b_size) = (a.layout().image_size(), b.layout().image_size());
    let common = a_size.min(b_size);

    let monitor = interrupt::monitor();
    let outcome = {
        let _bar = bars(reporter).start("comparing", a.path(), common, &monitor);
        compare_bytes(&a, &b, common, threads, &monitor)
    };
    if outcome.is_ok() {
        check_archive(&a)?;
        check_archive(&b).map_err(|failure| failure.in_second(&other))?;
    }
    let outcome = match outcome {
        Ok(()) if a_size == b_size => Ok(()),
        Ok(()) => Err(Failure::DifferentSize { a: a_size, b: b_size }),
        Err(stopped) => Err(stopped.into()),
    };
    let outcome = b.settle(outcome).map_err(|failure| match failure {
        Failure::InputChanged => failure.in_second(&other),
        failure => failure,
    });
    a.settle(outcome)
}

/// Compares the first `common` bytes; returns the first difference as [`Failure::Different`].
fn compare_bytes(
    a: &Image,
    b: &Image,
    common: u64,
    threads: NonZeroUsize,
    monitor: &Monitor,
) -> Result<(), Stopped<Failure>> {
    let is_forward = a.is_forward() || b.is_forward();
    let threads = if is_forward { threads.min(scan::MOST_FORWARD_THREADS) } else { threads };
    let mut offsets = (0..common).step_by(JOB_BYTES);
    pipeline::run(
        Limits { threads, window: threads },
        monitor,
        || Ok(offsets.next()),
        |jobs| {
            let (mut a_workspace, mut b_workspace) = (Workspace::new(a), Workspace::new(b));
            let (mut a_reader, mut b_reader) = (a_workspace.reader(a), b_workspace.reader(b));
            let (mut a_bytes, mut b_bytes) = (vec![0; JOB_BYTES], vec![0; JOB_BYTES]);
            Ok(jobs.work(|offset| {
                let len = usize::try_from(common - offset).unwrap_or(usize::MAX).min(JOB_BYTES);
                let (a_bytes, b_bytes) = (&mut a_bytes[..len], &mut b_bytes[..len]);
                a_reader.read(offset, a_bytes)?;
                b_reader.read(offset, b_bytes).map_err(|error| Failure::from(error).in_second(b.path()))?;
                match a_bytes.iter().zip(&*b_bytes).position(|(a, b)| a != b) {
                    Some(at) => Err(Failure::Different { offset: offset + at as u64 }),
                    None => Ok(len as u64),
                }
            }))
        },
        |compared| {
            monitor.advance(compared, compared);
            Ok(())
        },
    )
}
