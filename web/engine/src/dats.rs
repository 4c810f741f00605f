//! What DATs say about discs whose digests are known.

use std::io::{self, Read};
use std::sync::Arc;

use dat_file::{Catalogue, Dat, Differing, Error, Hashes, Members, is_zip, names, parse};
use image_source::{Bytes, ZipFiles};

use crate::input;
use crate::json::{Object, quoted};

/// The DATs that the page was given.
#[derive(Default)]
pub(crate) struct Dats(Catalogue);

impl Dats {
    /// Reads the page's first file, which has this length, and adds the DATs in it. Returns what they are as JSON.
    pub(crate) fn add(&mut self, len: u64) -> Result<String, String> {
        let read = match read(&input::shared(0, len)) {
            Ok(read) => read,
            Err(Refusal { is_other_file: true, why }) => return Ok(Object::new().text("other", &why).end()),
            Err(Refusal { why, .. }) => return Err(why),
        };
        let games = read.iter().map(|dat| dat.games.len() as u64).sum();
        let left_out = read.iter().map(|dat| dat.left_out).sum();
        let names: Vec<String> = read.iter().map(|dat| quoted(&dat.name)).collect();
        read.into_iter().for_each(|dat| self.0.push(dat));
        Ok(Object::new().list("names", names).number("games", games).number("leftOut", left_out).end())
    }

    /// Judges a disc, as `cisor verify --dat` does. `question` has its file's name, its id, and the size, CRC32 and SHA-1
    /// of the image or of each track, separated by zeros.
    pub(crate) fn judge(&self, question: &[u8]) -> Option<String> {
        let question = std::str::from_utf8(question).ok()?;
        let fields: Vec<&str> = question.split('\0').collect();
        let ([name, id], parts) = fields.split_first_chunk()?;
        let parts = parts.chunks(3).map(part).collect::<Option<Vec<_>>>()?;
        let (stem, id) = (names::stem(name), Some(*id).filter(|id| !id.is_empty()));
        let verdict = match parts[..] {
            [ref part] => self.matching(stem, part),
            _ => self.matching_set(&parts),
        };
        let differing = || parts.iter().find(|(size, hashes)| self.0.find(*size, hashes).is_none());
        verdict.or_else(|| {
            let (size, hashes) = differing().or(parts.first())?;
            Some(self.differing(stem, id, *size, hashes))
        })
    }

    /// The game of which this is the image or a track.
    fn matching(&self, stem: &str, (size, hashes): &Part) -> Option<String> {
        let (_, entries) = self.0.find(*size, hashes)?;
        let entry = self.0.best_named(entries, stem)?;
        Some(self.verdict("match", entry.game).end())
    }

    /// The first game that has all of these tracks.
    fn matching_set(&self, parts: &[Part]) -> Option<String> {
        let games = self.0.with_all(parts.iter().map(|(size, hashes)| (*size, hashes)));
        Some(self.verdict("match", *games.first()?).end())
    }

    /// What is said of content that no entry has.
    fn differing(&self, stem: &str, id: Option<&str>, size: u64, hashes: &Hashes) -> String {
        let all = &self.0;
        // A CRC-32 that is the same proves nothing where the DAT has something stronger.
        let has_only_md5 = |entry| all.rom(entry).sha1.is_none() && all.rom(entry).md5.is_some();
        let expected = all.expected(stem, id, size);
        let differs = expected.and_then(|expected| {
            let differs = all.rom(expected.entry).difference(size, hashes)?;
            let is_proof = differs.what == Differing::Size || !has_only_md5(expected.entry);
            is_proof.then_some((expected, differs))
        });
        match differs {
            Some((expected, differs)) => self
                .verdict("wrong", expected.entry.game)
                .text("what", differs.what.name())
                .text("expected", &differs.expected)
                .text("got", &differs.got)
                .end(),
            None if all.wanted(size).md5 => Object::new().text("verdict", "md5").end(),
            None => Object::new().text("verdict", "unknown").end(),
        }
    }

    fn verdict(&self, verdict: &str, game: usize) -> Object {
        let name = self.0.games().get(game).map_or("", |game| game.name.as_str());
        Object::new().text("verdict", verdict).text("game", name).text("dat", self.0.dat_of(game))
    }
}

/// An image, or a track of one: its size and its digests.
type Part = (u64, Hashes);

fn part(fields: &[&str]) -> Option<Part> {
    let [size, crc32, sha1] = fields else { return None };
    let crc32 = u32::from_str_radix(crc32, 16).ok()?;
    Some((size.parse().ok()?, Hashes { crc32: Some(crc32), md5: None, sha1: Some(digest(sha1)?) }))
}

fn digest(text: &str) -> Option<[u8; 20]> {
    let mut digest = [0; 20];
    for (at, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(digest)
}

/// Why there is no DAT in a file.
struct Refusal {
    /// Whether it is something else, rather than a broken DAT.
    is_other_file: bool,
    why: String,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { is_other_file: error.is_other_file(), why: error.to_string() }
    }
}

/// Reads a DAT, or all DATs in a ZIP.
fn read(file: &Arc<dyn Bytes>) -> Result<Vec<Dat>, Refusal> {
    let mut start = [0; 4];
    if file.len() < 4 || file.read_exact_at(&mut start, 0).is_err() || !is_zip(&start) {
        return Ok(vec![parse(Reading { file, at: 0 })?]);
    }
    // Nobody knows what a damaged archive was to hold.
    let refusal =
        |is_other_file| move |error: image_source::Error| Refusal { is_other_file, why: error.to_string() };
    let zip = ZipFiles::open(Arc::clone(file)).map_err(refusal(true))?;
    let mut members = Members::new(zip.entries().count())?;
    for (place, (name, len)) in zip.entries().enumerate() {
        if Members::is_dat_name(name) {
            members.check_len(len)?;
            members.take(name, &zip.content(place).map_err(refusal(false))?[..])?;
        }
    }
    Ok(members.finish()?)
}

/// A file of the page from its beginning on.
struct Reading<'f> {
    file: &'f Arc<dyn Bytes>,
    at: u64,
}

impl Read for Reading<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.file.len().saturating_sub(self.at)).unwrap_or(usize::MAX);
        let len = buf.len().min(left);
        self.file.read_exact_at(&mut buf[..len], self.at)?;
        self.at += len as u64;
        Ok(len)
    }
}
