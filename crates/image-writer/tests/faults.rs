//! Images that cannot be read and files that cannot be written, failing at every call: the result is an
//! error, never a panic, and nothing hangs.

#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

mod support;

use std::io::{Cursor, Error, ErrorKind, Seek, SeekFrom, Write};
use std::sync::mpsc;
use std::time::Duration;

use image_writer::{DeflateEncoder, DigestSet, EncodeError, Monitor, OutputFormat, Plan, encode};
use sector_decode::{Layout, ReadAt};
use support::corpus::Mixed;
use support::{FORMATS, pack, plan, threads};

/// Several chunks, so that every stage is busy when an error occurs.
const SIZE: u64 = 2 << 20;

/// An image whose n-th call fails.
struct Failing {
    image: Mixed,
    calls_left: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken")
    }
}

impl Failing {
    fn call(&mut self) -> Result<(), Broken> {
        self.calls_left = self.calls_left.checked_sub(1).ok_or(Broken)?;
        Ok(())
    }
}

impl ReadAt for Failing {
    type Error = Broken;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Broken> {
        self.call()?;
        let Ok(()) = self.image.read_exact_at(buf, offset);
        Ok(())
    }

    fn byte_len(&mut self) -> Result<u64, Broken> {
        self.call()?;
        Ok(self.image.size)
    }
}

/// A file whose n-th call fails: writes, seeks and flushes.
struct FailingFile {
    file: Cursor<Vec<u8>>,
    calls_left: u32,
    /// Accepts at most this many bytes at once, as a file may.
    most: usize,
}

impl FailingFile {
    fn call(&mut self) -> Result<(), Error> {
        self.calls_left = self.calls_left.checked_sub(1).ok_or(Error::from(ErrorKind::StorageFull))?;
        Ok(())
    }
}

impl Write for FailingFile {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Error> {
        self.call()?;
        self.file.write(&buf[..buf.len().min(self.most)])
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.call()?;
        self.file.flush()
    }
}

impl Seek for FailingFile {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, Error> {
        self.call()?;
        self.file.seek(to)
    }
}

fn watched(test: impl FnOnce() + Send + 'static) {
    let (done, finished) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        test();
        done.send(()).ok();
    });
    let outcome = finished.recv_timeout(Duration::from_secs(120));
    assert_ne!(outcome, Err(mpsc::RecvTimeoutError::Timeout), "encode hangs");
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

fn fast(format: OutputFormat, workers: usize) -> Plan {
    Plan { deflate: DeflateEncoder::Libdeflate { level: 1 }, threads: threads(workers), ..plan(format) }
}

#[test]
fn an_image_that_fails_at_any_call() {
    watched(|| {
        let image = Mixed { size: SIZE, seed: 1 };
        for workers in [1, 4, 16] {
            let plan = fast(OutputFormat::Cso, workers);
            let mut calls = 0;
            loop {
                match pack(Failing { image, calls_left: calls }, &plan) {
                    Ok(_) => break,
                    Err(EncodeError::Source { offset, error }) => {
                        assert_eq!(error, Broken);
                        // The first call asks for the length; after that, chunks follow in order.
                        let read = u64::from(calls.saturating_sub(1));
                        assert_eq!(offset, read * (256 << 10));
                    }
                    Err(other) => panic!("{other}"),
                }
                calls += 1;
            }
            assert_eq!(calls, 1 + (SIZE >> 18) as u32, "every call was made to fail once");
        }
    });
}

#[test]
fn a_file_that_fails_at_any_call() {
    watched(|| {
        let image = Mixed { size: SIZE, seed: 2 };
        for format in FORMATS {
            for most in [usize::MAX, 100_000] {
                let plan = Plan { pad_file_to: 4096, ..fast(format, 3) };
                let whole = pack(image, &plan).unwrap().0;
                let mut calls = 0;
                loop {
                    let file = Cursor::new(Vec::new());
                    let mut file = FailingFile { file, calls_left: calls, most };
                    match encode(image, &mut file, &plan, DigestSet::All, &Monitor::new()) {
                        Ok(_) => {
                            assert!(file.file.into_inner() == whole);
                            break;
                        }
                        Err(EncodeError::Sink(error)) => assert_eq!(error.kind(), ErrorKind::StorageFull),
                        Err(other) => panic!("{other}"),
                    }
                    // Unless only the last flush failed, there is not yet a header that would make it an
                    // image.
                    let written = file.file.into_inner();
                    let image = Layout::probe(&mut written.as_slice());
                    let whole = written == whole;
                    assert!(whole || image.map_or(true, |layout| layout.version().is_none()));
                    calls += 1;
                }
                assert!(calls > 8, "{format:?}: {calls} calls");
            }
        }
    });
}

#[test]
fn image_and_file_that_fail_together() {
    watched(|| {
        let image = Mixed { size: SIZE, seed: 3 };
        let plan = fast(OutputFormat::Zso, 8);
        for source_calls in 0..10 {
            for file_calls in 0..10 {
                let mut file =
                    FailingFile { file: Cursor::new(Vec::new()), calls_left: file_calls, most: usize::MAX };
                let source = Failing { image, calls_left: source_calls };
                let outcome = encode(source, &mut file, &plan, DigestSet::All, &Monitor::new());
                assert!(matches!(
                    outcome,
                    Ok(_) | Err(EncodeError::Source { error: Broken, .. } | EncodeError::Sink(_))
                ));
            }
        }
    });
}

/// Cancels when a certain part of the image is read.
struct Cancelling<'a> {
    image: Mixed,
    at: u64,
    monitor: &'a Monitor,
}

impl ReadAt for Cancelling<'_> {
    type Error = Broken;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Broken> {
        if offset >= self.at {
            self.monitor.cancel();
        }
        let Ok(()) = self.image.read_exact_at(buf, offset);
        Ok(())
    }

    fn byte_len(&mut self) -> Result<u64, Broken> {
        Ok(self.image.size)
    }
}

#[test]
fn cancelling_leaves_no_header() {
    watched(|| {
        let image = Mixed { size: SIZE, seed: 4 };
        for workers in [1, 4, 16] {
            for at in (0..SIZE).step_by(256 << 10) {
                let monitor = Monitor::new();
                let mut file = Cursor::new(Vec::new());
                let source = Cancelling { image, at, monitor: &monitor };
                let outcome =
                    encode(source, &mut file, &fast(OutputFormat::Cso, workers), DigestSet::All, &monitor);
                assert!(matches!(outcome, Err(EncodeError::Cancelled)), "{outcome:?}");
                assert!(file.into_inner().iter().take(24).all(|&byte| byte == 0));
                assert!(monitor.bytes_in() <= at + (256 << 10));
            }
        }
    });
}
