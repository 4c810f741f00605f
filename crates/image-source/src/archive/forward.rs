//! Random access to bytes that come out of a decoder in order.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::coder::{Decoder, MOST_MEMORY};
use super::section::{FileError, Stop};
use crate::archive_error::ArchiveError;
use crate::bytes::Bytes;
use crate::error::Error;

/// Bytes that the decoder passes on at once.
const PIECE: usize = 256 << 10;
/// Pieces that the decoder may be ahead.
const AHEAD: usize = 4;
/// Decoded pieces that are kept. Sixteen threads that each take the next 256 KiB are never further apart
/// than half of this.
const WINDOW: usize = 96;
/// Bytes from the beginning that are kept for good: the file system's descriptors and often its folders.
const HEAD: u64 = 1 << 20;
/// The most that can be kept from the beginning.
pub(crate) const MOST_HEAD: u64 = 20 << 20;

/// Starts decoding at the beginning.
pub(super) type Open = dyn Fn(Stop) -> io::Result<Decoder> + Send + Sync;

/// A packed file in an archive. Its decoder runs in its own thread, or, where there are no threads (WebAssembly), when
/// bytes are asked for. Reading anything before the window of kept bytes restarts it.
pub(crate) struct Forward {
    shared: Arc<Shared>,
    state: Mutex<State>,
}

struct Shared {
    name: String,
    len: u64,
    /// CRC-32 in the archive.
    crc: Option<u32>,
    /// Whether the packed data must end after `len` bytes.
    ends: bool,
    open: Box<Open>,
}

struct State {
    stream: Option<Stream>,
    head: Vec<u8>,
    head_len: u64,
    window: VecDeque<Vec<u8>>,
    /// Where the window begins.
    window_start: u64,
    /// Where the window ends, which is also where the stream is.
    at: u64,
    /// Whether one stream reached the end and its CRC was right.
    is_checked: bool,
    /// Where decoding ends, and why.
    failed: Option<(u64, ArchiveError)>,
}

impl Forward {
    pub(super) fn new(name: String, len: u64, crc: Option<u32>, ends: bool, open: Box<Open>) -> Self {
        let state = State {
            stream: None,
            head: Vec::new(),
            head_len: HEAD,
            window: VecDeque::new(),
            window_start: 0,
            at: 0,
            is_checked: false,
            failed: None,
        };
        Self { shared: Arc::new(Shared { name, len, crc, ends, open }), state: Mutex::new(state) }
    }

    /// Keeps this many bytes from the beginning.
    pub(super) fn keep(&self, len: u64) {
        self.state().head_len = len.clamp(HEAD, MOST_HEAD);
    }

    /// Forgets all decoded bytes, so that they are read from the file again.
    pub(super) fn forget(&self) {
        let mut state = self.state();
        state.rewind();
        state.head.clear();
        state.is_checked = false;
        state.failed = None;
    }

    /// Decodes to the end and compares the CRC. `go_on` is told the number of newly decoded bytes and
    /// returns whether to continue.
    pub(super) fn check(&self, mut go_on: impl FnMut(u64) -> bool) -> Result<bool, ArchiveError> {
        let mut state = self.state();
        while !state.is_checked {
            let before = state.at;
            self.advance(&mut state)?;
            if !go_on(state.at - before) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next piece from the decoder. At the end, the last step is the comparison with the CRC.
    fn advance(&self, state: &mut State) -> Result<(), ArchiveError> {
        if let Some((at, error)) = &state.failed
            && state.at >= *at
        {
            return Err(error.clone());
        }
        let at = state.at;
        let result = self.next_piece(state);
        if let Err(error) = &result {
            state.stream = None;
            state.failed = Some((at, error.clone()));
        }
        result
    }

    fn next_piece(&self, state: &mut State) -> Result<(), ArchiveError> {
        let stream = match &mut state.stream {
            Some(stream) => stream,
            None => {
                // A stream always starts at the beginning.
                state.window.clear();
                (state.window_start, state.at) = (0, 0);
                state.stream.insert(Stream::start(&self.shared)?)
            }
        };
        let piece = match stream {
            Stream::Here(pieces) => pieces.next(&self.shared)?,
            Stream::Thread(ahead) => {
                let gave_up = io::Error::other("the decoder ended without a result");
                ahead.pieces.recv().map_err(|_| self.shared.decode_error(state.at, &gave_up))??
            }
        };
        match piece {
            Some(piece) => {
                state.take(piece);
                Ok(())
            }
            None => {
                state.is_checked = true;
                Ok(())
            }
        }
    }
}

impl State {
    fn rewind(&mut self) {
        self.stream = None;
        self.window.clear();
        (self.window_start, self.at) = (0, 0);
    }

    fn take(&mut self, piece: Vec<u8>) {
        if self.head.len() as u64 == self.at && self.at < self.head_len {
            self.head.extend_from_slice(&piece);
        }
        self.at += piece.len() as u64;
        self.window.push_back(piece);
        if self.window.len() > WINDOW
            && let Some(oldest) = self.window.pop_front()
        {
            self.window_start += oldest.len() as u64;
        }
    }

    /// Returns the kept bytes from `offset` on, up to the end of a piece.
    fn kept(&self, offset: u64) -> Option<&[u8]> {
        let within = |start: u64| usize::try_from(offset.checked_sub(start)?).ok();
        if let Some(bytes) = within(0).and_then(|at| self.head.get(at..)).filter(|bytes| !bytes.is_empty()) {
            return Some(bytes);
        }
        // Every piece but the last one is full.
        let at = within(self.window_start)?;
        self.window.get(at / PIECE)?.get(at % PIECE..).filter(|bytes| !bytes.is_empty())
    }
}

impl Bytes for Forward {
    fn len(&self) -> u64 {
        self.shared.len
    }

    fn read_exact_at(&self, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
        if offset.checked_add(buf.len() as u64).is_none_or(|end| end > self.shared.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut state = self.state();
        while !buf.is_empty() {
            if let Some(bytes) = state.kept(offset) {
                let count = bytes.len().min(buf.len());
                let (now, rest) = std::mem::take(&mut buf).split_at_mut(count);
                now.copy_from_slice(&bytes[..count]);
                offset += count as u64;
                buf = rest;
                continue;
            }
            if offset < state.at {
                state.rewind();
            }
            self.advance(&mut state).map_err(Error::from)?;
        }
        Ok(())
    }
}

impl Shared {
    fn decode_error(&self, at: u64, error: &io::Error) -> ArchiveError {
        let of_file = error.get_ref().and_then(|inner| inner.downcast_ref::<FileError>());
        match of_file {
            Some(error) => ArchiveError::Read(error.to_string()),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                ArchiveError::Size { name: self.name.clone(), expected: self.len, is_longer: false }
            }
            None if error.kind() == io::ErrorKind::OutOfMemory => {
                ArchiveError::Memory { name: self.name.clone(), needed: None, most: MOST_MEMORY }
            }
            None => ArchiveError::Decode { name: self.name.clone(), at, why: error.to_string() },
        }
    }

    /// Decodes everything into the channel; stops when nobody receives any more.
    fn decode(&self, stop: Stop, mut send: impl FnMut(Option<Vec<u8>>) -> bool) -> Result<(), ArchiveError> {
        let mut pieces = Pieces::start(self, stop)?;
        while let Some(piece) = pieces.next(self)? {
            if !send(Some(piece)) {
                return Ok(());
            }
        }
        send(None);
        Ok(())
    }
}

/// What a decoder gives, piece by piece.
struct Pieces {
    decoder: Decoder,
    crc: crc32fast::Hasher,
    at: u64,
}

impl Pieces {
    fn start(shared: &Shared, stop: Stop) -> Result<Self, ArchiveError> {
        let decoder = (shared.open)(stop).map_err(|error| shared.decode_error(0, &error))?;
        Ok(Self { decoder, crc: crc32fast::Hasher::new(), at: 0 })
    }

    /// Decodes the next piece; `None` after the last one, when the CRC is right.
    fn next(&mut self, shared: &Shared) -> Result<Option<Vec<u8>>, ArchiveError> {
        let error = |error: &io::Error, at: u64| shared.decode_error(at, error);
        if self.at < shared.len {
            let mut piece = vec![0; usize::try_from(shared.len - self.at).unwrap_or(PIECE).min(PIECE)];
            self.decoder.read_exact(&mut piece).map_err(|found| error(&found, self.at))?;
            self.crc.update(&piece);
            self.at += piece.len() as u64;
            return Ok(Some(piece));
        }
        if shared.ends {
            let more = self.decoder.read(&mut [0]).map_err(|found| error(&found, self.at))?;
            if more > 0 {
                let name = shared.name.clone();
                return Err(ArchiveError::Size { name, expected: shared.len, is_longer: true });
            }
        }
        let got = std::mem::take(&mut self.crc).finalize();
        if let Some(expected) = shared.crc.filter(|&expected| expected != got) {
            return Err(ArchiveError::Crc { name: shared.name.clone(), expected, got });
        }
        Ok(None)
    }
}

/// A running decoder.
enum Stream {
    /// In a thread of its own.
    Thread(Ahead),
    /// Where bytes are asked for.
    Here(Pieces),
}

impl Stream {
    fn start(shared: &Arc<Shared>) -> Result<Self, ArchiveError> {
        if cfg!(target_family = "wasm") {
            return Pieces::start(shared, Stop::default()).map(Self::Here);
        }
        Ahead::start(shared).map(Self::Thread)
    }
}

/// A decoder that works ahead in a thread.
struct Ahead {
    /// `None` after the last piece, when the CRC is right.
    pieces: Receiver<Result<Option<Vec<u8>>, ArchiveError>>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl Ahead {
    fn start(shared: &Arc<Shared>) -> Result<Self, ArchiveError> {
        let (sender, pieces) = sync_channel(AHEAD);
        let stop = Arc::new(AtomicBool::new(false));
        let (shared, flag) = (Arc::clone(shared), Arc::clone(&stop));
        let work = move || {
            if let Err(error) = shared.decode(flag, |piece| sender.send(Ok(piece)).is_ok()) {
                let _ = sender.send(Err(error));
            }
        };
        let thread = std::thread::Builder::new()
            .name("archive".into())
            .spawn(work)
            .map_err(|error| ArchiveError::Read(error.to_string()))?;
        Ok(Self { pieces, stop, thread: Some(thread) })
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // The thread may be waiting for a place in the channel.
        self.pieces = sync_channel(0).1;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
