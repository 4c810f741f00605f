//! Sidecars of CD dumps: written beside an image, and used to give the dump back.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use image_source::{Content, Dump, DumpFile, SheetOrigin, Source, UserData};
use image_writer::Monitor;
use raw_sidecar::{Disc, Error, FileEntry, Reader, Sheet, Sums, TrackEntry, Writer};
use sector_decode::{ReadAt, SECTOR_SIZE};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::host_file::HostFile;
use crate::human;
use crate::image::{Image, Workspace};
use crate::interrupt;
use crate::output::{Outputs, PartFile};
use crate::plan::Planned;
use crate::plan::raw::{RestoreJob, SidecarJob, open_sidecar};
use crate::report::{Extracted, Record, Reporter, RestoredFile};
use crate::run::{bars, begin_part, each, put_in_place, warn_of_second_name};
use crate::volume;

/// Bytes per call when writing or reading back.
const PIECE: usize = 1 << 20;
/// Sectors that are read at once: enough for several threads to decode.
const SECTORS: usize = 1024;
/// Bytes of user data in a sector.
const USER: usize = SECTOR_SIZE as usize;

/// Shares of regenerating, and of reading back.
const PASSES: &[f64] = &[0.8, 0.2];

/// An image that was written and read back, and belongs to a sidecar.
pub(super) struct Written<'w> {
    pub(super) path: &'w Path,
    pub(super) file: HostFile,
    pub(super) sha256: [u8; 32],
    pub(super) threads: NonZeroUsize,
}

/// A sidecar that is wanted, and its part file.
type Begun<'j> = (PartFile, &'j SidecarJob);

/// Creates the part file of a sidecar, if one is wanted; `image_len` is how long the image beside it may
/// become.
pub(super) fn begin_wanted<'j, O>(
    outputs: &Outputs,
    image: &Image,
    job: Option<&'j SidecarJob>,
    image_len: Option<u64>,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<Option<Begun<'j>>, Failure> {
    let Some(job) = job else { return Ok(None) };
    let all: u64 = dump(image)?.files().iter().map(|file| file.bytes().len()).sum();
    let needed = image_len.map(|len| len + all.saturating_sub(image.layout().image_size()));
    let part = begin_part(outputs, image.path(), &job.target, &job.standing, needed, record, reporter)?;
    Ok(Some((part, job)))
}

/// Writes what `written` lacks of the dump that `image` was opened from. Regenerates the dump from both
/// files, as they are on the disk, and compares it with the source, which is read again for this. Then gives
/// the sidecar its name, before the image gets its own, so that an image never lacks its sidecar. Returns
/// path and length.
///
/// With the image's own pass, the source is read three times. The sidecar is not written in that pass: it
/// begins with the image's digest and refers to the sectors in order, while the image is packed by many
/// threads. And a single pass over the rest of the dump would prove nothing: one wrong read would be in the
/// sidecar, and regenerating the dump from it would give the same wrong bytes.
pub(super) fn keep<O>(
    image: &Image,
    (part, job): Begun<'_>,
    written: Written<'_>,
    outputs: &mut Outputs,
    record: &mut Record<O>,
    reporter: &mut Reporter,
) -> Result<(PathBuf, u64), Failure> {
    let sums = image.settle(write(image, (&part, job), &written, reporter))?;
    let threads = written.threads;
    let file = part.sync()?;
    let len = file.len();
    prove(file, written, &sums, reporter).map_err(|failure| match failure {
        Failure::Interrupted | Failure::NoThread(_) => failure,
        other => Failure::ReadBack(Box::new(other.in_second(&job.target))),
    })?;
    image.settle(read_again(image, &sums, threads))?;
    let placed = put_in_place(outputs, part, &job.target, &job.standing, &mut None);
    warn_of_second_name(&job.target, record, reporter);
    placed.map(|()| (job.target.clone(), len))
}

fn dump(image: &Image) -> Result<&Dump, Failure> {
    image.origin().and_then(|origin| origin.source().dump()).ok_or(Failure::NothingToKeep)
}

/// What the sidecar says about the dump.
fn describe(
    image: &Image,
    dump: &Dump,
    sheet: Option<&image_source::Sheet>,
    sha256: [u8; 32],
) -> Result<Disc, Failure> {
    let small = |number: usize| u8::try_from(number).map_err(|_| Failure::Sidecar(Error::TooLarge));
    let file = |file: &DumpFile| FileEntry { name: file.name().to_owned(), size: file.bytes().len() };
    let tracks = dump.tracks().iter().map(|track| {
        Ok(TrackEntry {
            number: track.number,
            file: small(track.file)?,
            is_audio: track.is_audio,
            start: track.start,
            len: track.len,
        })
    });
    let sectors = u32::try_from(image.layout().image_size() / u64::from(SECTOR_SIZE));
    Ok(Disc {
        image_sectors: sectors.map_err(|_| Failure::Sidecar(Error::TooLarge))?,
        image_sha256: sha256,
        files: dump.files().iter().map(file).collect(),
        tracks: tracks.collect::<Result<_, Failure>>()?,
        sheet: sheet.map(|sheet| Sheet { name: sheet.name.clone(), text: sheet.text.clone() }),
    })
}

/// Reads the whole dump once and writes the sidecar.
fn write(
    image: &Image,
    (part, job): (&PartFile, &SidecarJob),
    written: &Written<'_>,
    reporter: &Reporter,
) -> Result<Sums, Failure> {
    let source = image.origin().ok_or(Failure::NothingToKeep)?.source();
    let dump = source.dump().ok_or(Failure::NothingToKeep)?;
    let sha256 = written.sha256;
    let disc = describe(image, dump, job.sheet.as_ref(), sha256)?;
    let monitor = interrupt::monitor();
    let _bar = bars(reporter).start("keeping the rest of", image.path(), disc.total(), &monitor);
    let out = BufWriter::with_capacity(PIECE, part.file());
    let mut writer = Writer::new(out, disc).map_err(writing)?;
    let mut user = User { source, next: 0, sum: Sha256::new() };
    for file in dump.files() {
        write_file(file, &mut writer, &mut user, written.threads, &monitor)?;
    }
    let (mut out, sums) = writer.finish().map_err(writing)?;
    out.flush().map_err(Failure::Write)?;
    let got: [u8; 32] = user.sum.finalize().into();
    if got == sha256 {
        return Ok(sums);
    }
    Err(Failure::Unsteady { expected: human::hex(&sha256), got: human::hex(&got) })
}

fn write_file(
    file: &DumpFile,
    writer: &mut Writer<impl Write>,
    user: &mut User<'_>,
    threads: NonZeroUsize,
    monitor: &Monitor,
) -> Result<(), Failure> {
    let (mut raw, mut bytes) = (Vec::new(), file.reader(threads));
    for area in file.areas() {
        let len = area.sector_len as usize;
        let most = if len == 1 { PIECE } else { SECTORS * len } as u64;
        let (mut offset, end) = (area.start, area.start + area.len);
        while offset < end {
            if monitor.is_cancelled() {
                return Err(Failure::Interrupted);
            }
            let count = most.min(end - offset);
            raw.resize(usize::try_from(count).unwrap_or(PIECE), 0);
            let read = bytes.read_exact_at(&mut raw, offset);
            read.map_err(|error| Failure::Read { offset, error })?;
            match area.content {
                Content::Image => {
                    for raw in raw.chunks(len) {
                        writer.sector(raw, user.of(raw)?).map_err(writing)?;
                    }
                }
                Content::Kept if len > 1 => {
                    raw.chunks(len).try_for_each(|raw| writer.kept_sector(raw)).map_err(writing)?;
                }
                Content::Kept => writer.bytes(&raw, false).map_err(writing)?,
                Content::Sound => writer.bytes(&raw, true).map_err(writing)?,
            }
            offset += count;
            monitor.advance(count, count);
        }
    }
    Ok(())
}

/// The image's bytes, taken out of raw sectors in order.
struct User<'s> {
    source: &'s Source,
    next: u32,
    sum: Sha256,
}

impl User<'_> {
    fn of<'r>(&mut self, raw: &'r [u8]) -> Result<&'r [u8; USER], Failure> {
        let user = self.source.user_data(self.next, raw).map_err(Failure::Source)?;
        self.next += 1;
        self.sum.update(user);
        Ok(user)
    }
}

/// Errors of the disk are about the new file.
fn writing(error: Error) -> Failure {
    match error {
        Error::Io(error) => Failure::Write(error),
        other => Failure::Sidecar(other),
    }
}

/// Regenerates the dump from the two finished files, without writing it.
fn prove(sidecar: HostFile, written: Written<'_>, sums: &Sums, reporter: &Reporter) -> Result<(), Failure> {
    let reader = Reader::new(FromStart { file: sidecar, at: 0 }).map_err(Failure::Sidecar)?;
    let monitor = interrupt::monitor();
    let _bar = bars(reporter).start("verifying", written.path, reader.disc().total(), &monitor);
    let image = Image::of(written.path, written.file)?;
    let got = regenerate(reader, &image, written.threads, &monitor, |_, _| Ok(()))?;
    if got == *sums { Ok(()) } else { Err(Failure::Sidecar(Error::Damaged("it has other digests"))) }
}

/// Reads the source once more: what was read wrong the first time would be in the sidecar for ever.
fn read_again(image: &Image, sums: &Sums, threads: NonZeroUsize) -> Result<(), Failure> {
    let dump = dump(image)?;
    if let Some(sheet) = dump.sheet().filter(|sheet| sheet.origin == SheetOrigin::File) {
        let again = std::fs::read(image.path()).map_err(|error| Failure::Read { offset: 0, error })?;
        if again != sheet.text {
            return Err(Failure::InputChanged);
        }
    }
    for (file, expected) in dump.files().iter().zip(&sums.files) {
        let source = SourceFile { bytes: file.reader(threads), at: 0 };
        let (got, _) = sha1(source, &interrupt::monitor())?;
        if got != *expected {
            let [expected, got] = [expected, &got].map(|sum| human::hex(sum));
            return Err(Failure::Sidecar(Error::Hash { name: file.name().to_owned(), expected, got }));
        }
    }
    Ok(())
}

/// One file of the source, from the beginning on.
struct SourceFile {
    bytes: UserData,
    at: u64,
}

impl Read for SourceFile {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.bytes.len() - self.at).unwrap_or(usize::MAX);
        let count = buf.len().min(left);
        self.bytes.read_exact_at(&mut buf[..count], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// Runs `sink` over all bytes of the dump.
fn regenerate<R: Read>(
    reader: Reader<R>,
    image: &Image,
    threads: NonZeroUsize,
    monitor: &Monitor,
    mut sink: impl FnMut(usize, &[u8]) -> Result<(), Failure>,
) -> Result<Sums, Failure> {
    let workspace = Workspace::reading_forward(image, threads);
    let mut user = Forward { image, workspace, at: 0 };
    let (mut buffer, mut used) = (Vec::new(), 0);
    let size = image.layout().image_size();
    let next = |sector: &mut [u8]| {
        if used == buffer.len() {
            if monitor.is_cancelled() {
                return Err(Failure::Interrupted);
            }
            let left = usize::try_from(size - user.at).unwrap_or(usize::MAX);
            buffer.resize(left.min(SECTORS * USER), 0);
            user.next(&mut buffer)?;
            used = 0;
        }
        let there = buffer.get(used..used + sector.len());
        sector.copy_from_slice(there.ok_or(Failure::Sidecar(Error::Foreign))?);
        used += sector.len();
        Ok(())
    };
    reader.restore(next, |file, bytes| {
        monitor.advance(bytes.len() as u64, bytes.len() as u64);
        sink(file, bytes)
    })
}

/// An image's bytes from the beginning on.
struct Forward<'i> {
    image: &'i Image,
    workspace: Workspace,
    at: u64,
}

impl Forward<'_> {
    fn next(&mut self, bytes: &mut [u8]) -> Result<(), Failure> {
        self.workspace.reader(self.image).read(self.at, bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }
}

/// A file's bytes from the beginning on.
struct FromStart {
    file: HostFile,
    at: u64,
}

impl Read for FromStart {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.file.len() - self.at).unwrap_or(usize::MAX);
        let count = buf.len().min(left);
        self.file.read_exact_at(&mut buf[..count], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// Restores every dump.
pub fn restore(jobs: Vec<Planned<RestoreJob, Extracted>>, reporter: &mut Reporter) {
    let mut outputs = Outputs::default();
    each(jobs, PASSES, reporter, |job, record, reporter| restore_one(job, &mut outputs, record, reporter));
}

fn restore_one(
    job: &RestoreJob,
    outputs: &mut Outputs,
    record: &mut Record<Extracted>,
    reporter: &mut Reporter,
) -> Result<(), Failure> {
    let image = Image::open_steady(&job.input)?;
    record.outcome.layout = Some(*image.layout());
    let reader = open_sidecar(&job.sidecar, &image)?;
    if *reader.disc() != job.disc {
        return Err(Failure::InputChanged.in_second(&job.sidecar));
    }
    if let Some((target, _)) = job.targets.first().filter(|_| !job.try_without_room) {
        volume::check(target, job.disc.total())?;
    }
    let mut parts = Vec::new();
    for (target, standing) in &job.targets {
        parts.push(begin_part(outputs, &job.input, target, standing, None, record, reporter)?);
    }
    let sums = image.settle(write_parts(job, &parts, reader, &image, reporter));
    let sums = sums.map_err(|failure| match failure {
        Failure::Sidecar(_) => failure.in_second(&job.sidecar),
        other => other,
    })?;

    // The sheet was written by one call, and has no other digest.
    let sheet = job.disc.sheet.iter().map(|sheet| Sha1::digest(&sheet.text).into());
    let digests: Vec<[u8; 20]> = sums.files.iter().copied().chain(sheet).collect();
    let monitor = interrupt::monitor();
    let bar = bars(reporter).start("verifying", &job.input, job.disc.total(), &monitor);
    let mut restored = Vec::new();
    for ((part, (target, _)), sha1) in parts.iter().zip(&job.targets).zip(digests) {
        let size = read_back(part, sha1, &monitor).map_err(|failure| failure.in_second(target))?;
        restored.push(RestoredFile { path: target.clone(), size, sha1 });
    }
    drop(bar);
    for ((part, (target, standing)), file) in parts.into_iter().zip(&job.targets).zip(restored) {
        image.settle(Ok(()))?;
        let placed = put_in_place(outputs, part, target, standing, &mut record.outcome.output);
        warn_of_second_name(target, record, reporter);
        placed?;
        record.outcome.restored.push(file);
    }
    Ok(())
}

/// Writes all files of a dump, whose digests are then those in the sidecar.
fn write_parts(
    job: &RestoreJob,
    parts: &[PartFile],
    reader: Reader<impl Read>,
    image: &Image,
    reporter: &Reporter,
) -> Result<Sums, Failure> {
    let monitor = interrupt::monitor();
    let _bar = bars(reporter).start("restoring", &job.input, job.disc.total(), &monitor);
    let mut out: Option<(usize, BufWriter<&File>)> = None;
    let sums = regenerate(reader, image, job.threads, &monitor, |file, bytes| {
        if out.as_ref().is_none_or(|(current, _)| *current != file) {
            finish(out.take())?;
        }
        let (_, out) = out.get_or_insert_with(|| (file, BufWriter::with_capacity(PIECE, parts[file].file())));
        out.write_all(bytes).map_err(Failure::Write)
    })?;
    finish(out)?;
    if let (Some(sheet), Some(part)) = (&job.disc.sheet, parts.last()) {
        let mut file = part.file();
        file.write_all(&sheet.text).map_err(Failure::Write)?;
    }
    Ok(sums)
}

fn finish(out: Option<(usize, BufWriter<&File>)>) -> Result<(), Failure> {
    out.map_or(Ok(()), |(_, mut out)| out.flush()).map_err(Failure::Write)
}

/// Reads a finished file back from the disk, and compares its SHA-1. Returns its length.
fn read_back(part: &PartFile, expected: [u8; 20], monitor: &Monitor) -> Result<u64, Failure> {
    let (got, len) =
        sha1(FromStart { file: part.sync()?, at: 0 }, monitor).map_err(|failure| match failure {
            Failure::Interrupted => failure,
            other => Failure::ReadBack(Box::new(other)),
        })?;
    if got == expected { Ok(len) } else { Err(Failure::NotAsWritten { start: 0, end: len }) }
}

/// Reads to the end; returns the SHA-1 and the length.
fn sha1(mut file: impl Read, monitor: &Monitor) -> Result<([u8; 20], u64), Failure> {
    let mut sum = Sha1::new();
    let mut buffer = vec![0; PIECE];
    let mut offset = 0;
    loop {
        if monitor.is_cancelled() {
            return Err(Failure::Interrupted);
        }
        let count = file.read(&mut buffer).map_err(|error| Failure::Read { offset, error })?;
        if count == 0 {
            return Ok((sum.finalize().into(), offset));
        }
        sum.update(&buffer[..count]);
        offset += count as u64;
        monitor.advance(count as u64, count as u64);
    }
}
