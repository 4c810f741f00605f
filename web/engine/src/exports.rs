//! The functions that the page calls.

use std::cell::RefCell;

use disc_info::{icon, identify};
use sector_decode::{BlockIndex, Format, ImageReader, ReaderOptions};

use crate::convert::{Job, examine};
use crate::dats::Dats;
use crate::describe::{Image, describe};
use crate::digest::Hasher;
use crate::file::{expect, report_panics};
use crate::input::{self, Container};
use crate::json::Object;
use crate::purpose::profiles_json;

#[derive(Default)]
struct Engine {
    input: Vec<u8>,
    out: Vec<u8>,
    image: Vec<u8>,
    reader: Option<Image>,
    container: Option<Container>,
    file_size: u64,
    job: Option<Job>,
    hasher: Hasher,
    dats: Dats,
}

thread_local! {
    static ENGINE: RefCell<Engine> = RefCell::default();
}

/// The most bytes of an image that are asked for at once.
const MAX_PART: u32 = 64 << 20;

fn with<T>(work: impl FnOnce(&mut Engine) -> T) -> T {
    ENGINE.with_borrow_mut(work)
}

/// Runs something that can fail; its text, or the reason why there is none, is in `out` afterwards.
fn run(work: impl FnOnce(&mut Engine) -> Result<Option<Vec<u8>>, String>) -> i32 {
    with(|engine| match work(engine) {
        Ok(out) => {
            if let Some(out) = out {
                engine.out = out;
            }
            0
        }
        Err(reason) => {
            engine.out = reason.into_bytes();
            1
        }
    })
}

const NOT_OPEN: &str = "no file is open";
const NO_PLAN: &str = "nothing is planned";

impl Engine {
    /// Hashes what is in `buffer`, which has this CRC32.
    fn hash(&mut self, crc32: u32) {
        self.hasher.update(&self.input, crc32);
        if let Some(job) = &mut self.job {
            job.hash(&self.input);
        }
    }

    /// Lets the packed bytes of a part of the image be fetched at once.
    fn announce(&mut self, at: u64, len: u32) {
        let Some(reader) = self.reader.as_mut() else { return };
        if self.container.is_some() || reader.layout().format() == Format::Iso || len == 0 {
            return;
        }
        let block_size = u64::from(reader.layout().block_size());
        let block = |at: u64| u32::try_from(at / block_size).map(BlockIndex);
        let (Ok(first), Ok(last)) = (block(at), block(at + u64::from(len) - 1)) else { return };
        // What is wrong with them is said when they are decoded.
        let ends = [first, last].map(|block| reader.extent(block));
        expect(match ends {
            [Ok(first), Ok(last)] => first.offset.0..last.offset.0.saturating_add(last.len.into()),
            _ => 0..0,
        });
    }

    /// Decodes a part of the image into `image`.
    fn fill(&mut self, at: u64, len: u32) -> Result<(), String> {
        self.announce(at, len);
        let reader = self.reader.as_mut().ok_or(NOT_OPEN)?;
        self.image.resize(len.min(MAX_PART) as usize, 0);
        reader.read(at, &mut self.image).map_err(|error| error.to_string())
    }

    /// Packs what is in `image`.
    fn pack(&mut self, at: f64) -> Result<Option<Vec<u8>>, String> {
        let mut out = std::mem::take(&mut self.out);
        let job = self.job.as_mut().ok_or(NO_PLAN)?;
        let first = whole(at) / u64::from(job.block_size());
        job.pack(&self.image, first, &mut out)?;
        Ok(Some(out))
    }
}

/// Sizes in JavaScript are floating-point numbers.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers below 2^53")]
const fn whole(number: f64) -> u64 {
    number as u64
}

/// Makes room for `len` bytes that the page hands in.
#[unsafe(no_mangle)]
pub extern "C" fn buffer(len: usize) -> *mut u8 {
    with(|engine| {
        engine.input.resize(len, 0);
        engine.input.as_mut_ptr()
    })
}

/// Where the bytes of the last result are.
#[unsafe(no_mangle)]
pub extern "C" fn out_at() -> *const u8 {
    with(|engine| engine.out.as_ptr())
}

/// How many bytes the last result has.
#[unsafe(no_mangle)]
pub extern "C" fn out_len() -> usize {
    with(|engine| engine.out.len())
}

/// Where the decoded part of the image is.
#[unsafe(no_mangle)]
pub extern "C" fn image_at() -> *const u8 {
    with(|engine| engine.image.as_ptr())
}

/// How many bytes the decoded part of the image has.
#[unsafe(no_mangle)]
pub extern "C" fn image_len() -> usize {
    with(|engine| engine.image.len())
}

/// Opens the first of the page's files. `buffer` holds the length and the name of each, separated by zeros; the first
/// one may need the others.
#[unsafe(no_mangle)]
pub extern "C" fn open() -> i32 {
    report_panics();
    run(|engine| {
        (engine.reader, engine.container, engine.job) = (None, None, None);
        expect(0..0);
        let files = input::files(&engine.input).ok_or("the list of files makes no sense")?;
        let (input, container) = input::open(&files)?;
        let reader = ImageReader::open(input, &ReaderOptions::default());
        engine.reader = Some(reader.map_err(|error| error.to_string())?);
        engine.file_size = input::size(&files, container.as_ref());
        engine.container = container;
        Ok(None)
    })
}

/// Describes the open file as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn description() -> i32 {
    run(|engine| {
        let reader = engine.reader.as_mut().ok_or(NOT_OPEN)?;
        Ok(Some(describe(reader, engine.container.as_ref(), engine.file_size).into_bytes()))
    })
}

/// Fetches the picture of a PSP disc; nothing if it has none.
#[unsafe(no_mangle)]
pub extern "C" fn picture() -> i32 {
    run(|engine| Ok(Some(icon(engine.reader.as_mut().ok_or(NOT_OPEN)?).unwrap_or_default())))
}

/// Compares what was read with the checksum of the archive that it was in, if it was in one.
#[unsafe(no_mangle)]
pub extern "C" fn check_source() -> i32 {
    run(|engine| engine.container.as_ref().map_or(Ok(()), Container::check).map(|()| None))
}

/// Lists the profiles, their formats and block sizes as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn profiles() -> i32 {
    run(|_| Ok(Some(profiles_json().into_bytes())))
}

/// Plans a file for the profile that `buffer` names, perhaps with a format, a level and a block size: `ark` or
/// `ark:ZSO:9:4096`. The decision is JSON.
#[unsafe(no_mangle)]
pub extern "C" fn plan() -> i32 {
    run(|engine| {
        let reader = engine.reader.as_mut().ok_or(NOT_OPEN)?;
        // A disc that cannot be read fails when it is packed, with the block's number.
        let disc = identify(reader).unwrap_or_default();
        let image_size = reader.layout().image_size();
        let (job, json) = Job::new(&String::from_utf8_lossy(&engine.input), &disc, image_size)?;
        engine.job = Some(job);
        Ok(Some(json.into_bytes()))
    })
}

/// Decodes a part of the image.
#[unsafe(no_mangle)]
pub extern "C" fn decode(at: f64, len: u32) -> i32 {
    run(|engine| engine.fill(whole(at), len).map(|()| None))
}

/// Decodes whole blocks of a packed file and looks at how they are packed. The result is JSON.
#[unsafe(no_mangle)]
pub extern "C" fn check(at: f64, len: u32) -> i32 {
    run(|engine| {
        engine.announce(whole(at), len);
        let reader = engine.reader.as_mut().ok_or(NOT_OPEN)?;
        engine.image.resize(len.min(MAX_PART) as usize, 0);
        let found = examine(reader, whole(at), &mut engine.image)?;
        Ok(Some(Object::new().number("unsafe", found.into()).end().into_bytes()))
    })
}

/// Decodes a part of the image and packs it as planned.
#[unsafe(no_mangle)]
pub extern "C" fn pack(at: f64, len: u32) -> i32 {
    run(|engine| {
        engine.fill(whole(at), len)?;
        engine.pack(at)
    })
}

/// Packs the part of the image that is in `buffer`, as [`pack`] does.
#[unsafe(no_mangle)]
pub extern "C" fn pack_given(at: f64) -> i32 {
    run(|engine| {
        std::mem::swap(&mut engine.input, &mut engine.image);
        engine.pack(at)
    })
}

/// Begins the planned file.
#[unsafe(no_mangle)]
pub extern "C" fn begin() -> i32 {
    run(|engine| {
        engine.job.as_mut().ok_or(NO_PLAN)?.begin().map_err(|error| error.to_string())?;
        Ok(None)
    })
}

/// Adds the result of [`pack`] that is in `buffer`.
#[unsafe(no_mangle)]
pub extern "C" fn add() -> i32 {
    run(|engine| {
        engine.job.as_mut().ok_or(NO_PLAN)?.add(&engine.input).map_err(|error| error.to_string())?;
        Ok(None)
    })
}

/// Ends the file: index and header. The result is JSON.
#[unsafe(no_mangle)]
pub extern "C" fn finish() -> i32 {
    run(|engine| {
        let done = engine.job.as_mut().ok_or(NO_PLAN)?.finish().map_err(|error| error.to_string())?;
        Ok(Some(done.into_bytes()))
    })
}

/// Fetches the next bytes to write; returns their place in the file, or -1.
#[unsafe(no_mangle)]
#[expect(clippy::cast_precision_loss, reason = "files are shorter than 2^53 bytes")]
pub extern "C" fn next_write() -> f64 {
    with(|engine| match engine.job.as_mut().and_then(Job::next_write) {
        Some((at, bytes)) => {
            engine.out = bytes;
            at as f64
        }
        None => -1.0,
    })
}

/// Returns the CRC32 of the part of the image that was decoded or packed last.
#[unsafe(no_mangle)]
pub extern "C" fn crc32() -> u32 {
    with(|engine| crc32fast::hash(&engine.image))
}

/// Hashes what is in `buffer`, after what was hashed before. All of the image has to be hashed before [`finish`].
#[unsafe(no_mangle)]
pub extern "C" fn hash() {
    with(|engine| engine.hash(crc32fast::hash(&engine.input)));
}

/// As [`hash`], of bytes whose CRC32 a worker has computed.
#[unsafe(no_mangle)]
pub extern "C" fn hash_known(crc32: u32) {
    with(|engine| engine.hash(crc32));
}

/// Lists the lengths of what DATs list of a CD, in bytes, as JSON; none if the open file is no CD.
#[unsafe(no_mangle)]
pub extern "C" fn tracks() -> i32 {
    run(|engine| {
        let lens = engine.container.iter().flat_map(Container::track_lens).map(|len| len.to_string());
        Ok(Some(Object::new().list("lens", lens).end().into_bytes()))
    })
}

/// Hashes a part of a track, as [`hash`] does.
#[unsafe(no_mangle)]
pub extern "C" fn hash_track(number: u32, at: f64, len: u32) -> i32 {
    run(|engine| {
        expect(0..0);
        engine.input.resize(len.min(MAX_PART) as usize, 0);
        let container = engine.container.as_ref().ok_or(NOT_OPEN)?;
        container.read_track(number as usize, &mut engine.input, whole(at))?;
        engine.hasher.update(&engine.input, crc32fast::hash(&engine.input));
        Ok(None)
    })
}

/// Ends hashing; the digests are JSON.
#[unsafe(no_mangle)]
pub extern "C" fn digests() -> i32 {
    run(|engine| Ok(Some(std::mem::take(&mut engine.hasher).finish().into_bytes())))
}

/// Adds the DATs in the page's first file, whose length is `len`. What they are is JSON; `other` in it says why the file
/// is something else than a DAT.
#[unsafe(no_mangle)]
pub extern "C" fn add_dat(len: f64) -> i32 {
    report_panics();
    run(|engine| engine.dats.add(whole(len)).map(|about| Some(about.into_bytes())))
}

/// Says what the DATs know about the disc that `buffer` describes: the file's name, the id, and the size, CRC32 and SHA-1 of
/// the image or of each track, separated by zeros. The verdict is JSON.
#[unsafe(no_mangle)]
pub extern "C" fn judge() -> i32 {
    run(|engine| {
        let verdict = engine.dats.judge(&engine.input).ok_or("the question makes no sense")?;
        Ok(Some(verdict.into_bytes()))
    })
}
