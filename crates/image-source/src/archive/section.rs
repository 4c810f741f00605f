//! A part of a file as a stream.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::bytes::Bytes;

/// Whether the reader of a stream has gone.
pub(super) type Stop = Arc<AtomicBool>;

/// An error of the file, as opposed to one of a decoder that reads from it.
#[derive(Debug)]
pub(super) struct FileError(String);

impl std::fmt::Display for FileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FileError {}

/// The bytes of a file from one position to another.
pub(super) struct Section {
    file: Arc<dyn Bytes>,
    at: u64,
    end: u64,
    stop: Stop,
}

impl Section {
    pub(super) fn new(file: Arc<dyn Bytes>, start: u64, len: u64, stop: Stop) -> Self {
        Self { file, at: start, end: start.saturating_add(len), stop }
    }
}

impl Read for Section {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other(FileError("stopped".into())));
        }
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let count = left.min(buf.len());
        let read = self.file.read_exact_at(&mut buf[..count], self.at);
        read.map_err(|error| io::Error::other(FileError(error.to_string())))?;
        self.at += count as u64;
        Ok(count)
    }
}
