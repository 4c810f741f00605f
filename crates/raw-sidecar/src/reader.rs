//! Regenerates a dump from an image and its sidecar.

use std::io::Read;

use sha2::{Digest, Sha256};

use crate::code::{Context, Instruction, Run, Shape};
use crate::disc::Disc;
use crate::error::Error;
use crate::pack::unpack;
use crate::section;
use crate::sector::{RAW, USER};
use crate::sums::{Hashing, Sums};

/// Reads a sidecar. Its bytes are untrusted.
pub struct Reader<R> {
    file: R,
    disc: Disc,
}

impl<R: Read> Reader<R> {
    /// Opens a sidecar and reads its description.
    ///
    /// # Errors
    ///
    /// When it is not a sidecar, is damaged, or has names that are not plain file names.
    pub fn new(mut file: R) -> Result<Self, Error> {
        section::read_start(&mut file)?;
        let mut content = Vec::new();
        if section::read(&mut file, &mut content)? != section::DISC {
            return Err(Error::Damaged("its first section is another one"));
        }
        Ok(Self { file, disc: Disc::parse(&content)? })
    }

    /// Returns what the sidecar belongs to, and the files that it gives back.
    #[must_use]
    pub fn disc(&self) -> &Disc {
        &self.disc
    }

    /// Regenerates all files in one pass over the image, and compares the image and the files with their
    /// digests. `image` fills its argument with the image's next bytes. `sink` receives the number of a file
    /// and its next bytes.
    ///
    /// # Errors
    ///
    /// When the sidecar is damaged or belongs to another image, when a file does not come back as it was, or
    /// when `image` or `sink` fails.
    pub fn restore<E: From<Error>>(
        mut self,
        mut image: impl FnMut(&mut [u8]) -> Result<(), E>,
        sink: impl FnMut(usize, &[u8]) -> Result<(), E>,
    ) -> Result<Sums, E> {
        let mut image_sum = Sha256::new();
        let mut sectors_left = self.disc.image_sectors;
        let mut output = Output { hashing: Hashing::new(&self.disc), sink };
        let mut context = Context::START;
        let mut content = Vec::new();
        let expected = loop {
            match section::read(&mut self.file, &mut content)? {
                section::PART => {}
                section::SUMS => break Sums::parse(&content, &self.disc)?,
                _ => return Err(Error::Damaged("a section is unknown").into()),
            }
            let (instructions, data) = unpack(&content)?;
            let (mut instructions, mut data) = (&instructions[..], &data[..]);
            while !instructions.is_empty() {
                match context.take(&mut instructions)? {
                    Instruction::Bytes(len) => output.put(take(&mut data, len)?)?,
                    Instruction::Run(run) => {
                        let mut next = |user: &mut [u8; USER]| {
                            sectors_left = sectors_left.checked_sub(1).ok_or(Error::Foreign)?;
                            image(user)?;
                            image_sum.update(user);
                            Ok(())
                        };
                        restore_run(&run, &mut data, &mut next, &mut output)?;
                    }
                }
            }
            if !data.is_empty() {
                return Err(Error::Damaged("a part has data that is not used").into());
            }
        };
        let mut after = [0];
        if self.file.read(&mut after).map_err(Error::Io)? != 0 {
            return Err(Error::Damaged("something follows its end").into());
        }
        if output.hashing.file().is_some() || sectors_left > 0 {
            return Err(Error::Damaged("it does not give the whole dump").into());
        }
        let image_sum: [u8; 32] = image_sum.finalize().into();
        if image_sum != self.disc.image_sha256 {
            return Err(Error::Foreign.into());
        }
        let got = output.hashing.finish();
        expected.check(&got, &self.disc)?;
        Ok(got)
    }
}

/// The files, one after the other.
struct Output<S> {
    hashing: Hashing,
    sink: S,
}

impl<S> Output<S> {
    fn put<E: From<Error>>(&mut self, bytes: &[u8]) -> Result<(), E>
    where
        S: FnMut(usize, &[u8]) -> Result<(), E>,
    {
        let Some(file) = self.hashing.file().filter(|_| bytes.len() as u64 <= self.hashing.left()) else {
            return Err(Error::Damaged("it gives more than the dump").into());
        };
        (self.sink)(file, bytes)?;
        self.hashing.update(bytes);
        Ok(())
    }
}

/// Regenerates sectors. `image` gives the next sector of the image.
fn restore_run<E: From<Error>, S: FnMut(usize, &[u8]) -> Result<(), E>>(
    run: &Run,
    data: &mut &[u8],
    image: &mut impl FnMut(&mut [u8; USER]) -> Result<(), E>,
    output: &mut Output<S>,
) -> Result<(), E> {
    let (range, mode) = (run.shape.range(), run.header.mode);
    let mut header = run.header;
    let mut out = Vec::with_capacity(run.shape.len());
    for number in 1..=run.count {
        let mut sector = [0; RAW];
        let kept = take(data, run.kept_len() as u64)?;
        let (kept, subcode) = kept.split_at(kept.len() - run.shape.subcode());
        let start = mode.user_start();
        if run.is_kept {
            sector[start..start + kept.len()].copy_from_slice(kept);
        } else {
            let mut user = [0; USER];
            image(&mut user)?;
            sector[start..start + USER].copy_from_slice(&user);
            sector[start + USER..][..kept.len()].copy_from_slice(kept);
        }
        if run.shape != Shape::User {
            header.complete(&mut sector);
        }
        if number == run.count {
            for (start, bytes) in &run.changes {
                sector[*start..][..bytes.len()].copy_from_slice(bytes);
            }
        }
        out.clear();
        out.extend(&sector[range.clone()]);
        out.extend(subcode);
        output.put(&out)?;
        header.address += 1;
    }
    Ok(())
}

/// Takes the next bytes of a part's data.
fn take<'d>(data: &mut &'d [u8], len: u64) -> Result<&'d [u8], Error> {
    let taken = usize::try_from(len).ok().and_then(|len| data.split_at_checked(len));
    let (bytes, rest) = taken.ok_or(Error::Damaged("a part lacks data"))?;
    *data = rest;
    Ok(bytes)
}
