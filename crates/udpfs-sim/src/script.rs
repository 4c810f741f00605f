//! What a console's programs do, and the replies that they must get.

use crate::calls::{bread, close, message, next_entry, number, open, plain, read, seek, size_at, write};
use crate::client::Call;
use crate::disc::{DEVICE, FILES, FileNumber, byte};
use crate::random::Random;

/// One step of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a request of the protocol")]
pub enum Step {
    /// A program starts: it looks for a server.
    Start,
    Stat(FileNumber),
    DeviceSize,
    List,
    /// Open a file that does not exist.
    OpenMissing,
    Open(FileNumber),
    Seek(u64),
    Read(u32),
    Bread {
        sector: u64,
        sectors: u16,
    },
    DeviceBread {
        sector: u64,
        sectors: u16,
    },
    Mkdir,
    /// Truncate `saved`, write it in pieces, and close it.
    Save(u32),
    Close,
}

/// The state of a program.
#[derive(Clone, Debug, Default)]
pub struct State {
    handle: i32,
    file: FileNumber,
    position: u64,
    /// Progress inside steps of several calls: the folder's or saved file's handle, and how many calls have
    /// ended.
    inner: i32,
    calls: usize,
    /// Number of bytes compared.
    pub compared: u64,
}

/// A loader that finds a game and reads part of it through the file driver, then the game, which reads
/// through the same handle over a new connection.
#[must_use]
pub fn boot(random: &mut Random, reads: usize) -> Vec<Step> {
    let mut steps = vec![Step::Start, Step::DeviceSize, Step::List, Step::OpenMissing];
    steps.extend((0..FILES.len()).map(Step::Stat));
    steps.extend([Step::Mkdir, Step::Open(2), Step::Read(1000), Step::Close]);
    steps.push(Step::Save(u32::try_from(random.below(9000)).unwrap_or(1)));
    let game = usize::from(random.happens(500));
    steps.extend([
        Step::Open(game),
        Step::Read(2048),
        Step::Seek(299_000),
        Step::Read(60_000),
        Step::Read(9),
    ]);
    steps.push(Step::Start);
    for _ in 0..reads {
        let sectors = 1 + u16::try_from(random.below(128)).unwrap_or(0);
        let sector = if game == 0 { random.below(640) } else { random.below((5 << 30) / 512) };
        steps.push(match random.below(10) {
            0 => Step::Seek(random.below(FILES[game].1)),
            1 => Step::Read(1 + u32::try_from(random.below(65_536)).unwrap_or(0)),
            2 => Step::DeviceBread { sector: random.below(DEVICE / 512), sectors },
            _ => Step::Bread { sector, sectors },
        });
    }
    steps
}

impl State {
    /// Returns the next call of a step.
    #[must_use]
    pub fn call(&self, step: Step) -> Call {
        match step {
            Step::Start => plain(vec![], 0),
            Step::Stat(file) => plain(message([0x1E, 0, 0, 0], &[FILES[file].0.as_bytes(), &[0]]), 48),
            Step::DeviceSize => plain(vec![0x1E, 0, 0, 0], 48),
            Step::List if self.calls == 0 => open("", 1, 1),
            Step::List => next_entry(self.inner),
            Step::OpenMissing => open("nothing/here.iso", 0, 1),
            Step::Open(file) => open(FILES[file].0, 0, 1),
            Step::Seek(to) => seek(self.handle, to),
            Step::Read(len) => read(self.handle, len),
            Step::Bread { sector, sectors } => bread(self.handle, sector, sectors),
            Step::DeviceBread { sector, sectors } => bread(0, sector, sectors),
            Step::Mkdir => plain(message([0x20, 0, 0, 0], &[b"new\0"]), 8),
            Step::Save(len) => match self.calls {
                0 => open("saved", 0, 0x602),
                1 => write(self.inner, len),
                _ => close(self.inner),
            },
            Step::Close => close(self.handle),
        }
    }

    /// Compares a reply; returns whether the step is finished.
    ///
    /// # Errors
    ///
    /// When the reply does not match the disc.
    pub fn take(&mut self, step: Step, header: &[u8], reply: &[u8]) -> Result<bool, String> {
        let wrong = || Err(format!("{step:?}: wrong reply {header:?} {:?}", &reply[..reply.len().min(64)]));
        self.calls += 1;
        let ended = match step {
            Step::Start => true,
            Step::Stat(file) => {
                if number(reply, 4) != 0 || size_at(reply, 16) != FILES[file].1 {
                    return wrong();
                }
                true
            }
            Step::DeviceSize => {
                if number(reply, 4) != 0 || size_at(reply, 16) != DEVICE {
                    return wrong();
                }
                true
            }
            Step::List if self.calls == 1 => {
                self.inner = number(reply, 4);
                if self.inner <= 0 {
                    return wrong();
                }
                false
            }
            Step::List => match FILES.get(self.calls - 2) {
                Some((name, size)) => {
                    let is_entry = number(reply, 4) == 1 && size_at(reply, 16) == *size;
                    if !is_entry || !reply[48..].starts_with(name.as_bytes()) {
                        return wrong();
                    }
                    false
                }
                None if number(reply, 4) == 0 => true,
                None => return wrong(),
            },
            Step::OpenMissing => {
                if number(reply, 4) != -2 {
                    return wrong();
                }
                true
            }
            Step::Open(file) => {
                (self.handle, self.file, self.position) = (number(reply, 4), file, 0);
                if self.handle <= 0 || size_at(reply, 12) != FILES[file].1 {
                    return wrong();
                }
                true
            }
            Step::Seek(to) => {
                self.position = to;
                if size_at(reply, 4) != to {
                    return wrong();
                }
                true
            }
            Step::Read(len) => {
                let left = FILES[self.file].1.saturating_sub(self.position);
                let got = usize::try_from(left.min(u64::from(len))).unwrap_or(0);
                if number(header, 4) != i32::try_from(got).unwrap_or(-1) || reply.len() < got {
                    return wrong();
                }
                self.compare(step, self.file, self.position, &reply[..got])?;
                self.position += got as u64;
                true
            }
            Step::Bread { sector, sectors } | Step::DeviceBread { sector, sectors } => {
                let file = if matches!(step, Step::Bread { .. }) { self.file } else { FILES.len() };
                let len = usize::from(sectors) * 512;
                // The console only checks the sign, so every byte of the buffer has to be right.
                if number(header, 4) != i32::try_from(len).unwrap_or(-1) || reply.len() != len {
                    return wrong();
                }
                self.compare(step, file, sector * 512, reply)?;
                true
            }
            Step::Mkdir => {
                if number(reply, 4) != -30 {
                    return wrong();
                }
                true
            }
            Step::Save(len) => {
                let value = number(reply, 4);
                let expected = match self.calls {
                    1 => value.max(1),
                    2 => i32::try_from(len).unwrap_or(-1),
                    _ => 0,
                };
                if value != expected {
                    return wrong();
                }
                self.inner = if self.calls == 1 { value } else { self.inner };
                self.calls == 3
            }
            Step::Close => {
                if number(reply, 4) != 0 {
                    return wrong();
                }
                true
            }
        };
        if ended {
            self.calls = 0;
        }
        Ok(ended)
    }

    fn compare(&mut self, step: Step, file: FileNumber, from: u64, got: &[u8]) -> Result<(), String> {
        let size = FILES.get(file).map_or(DEVICE, |(_, size)| *size);
        for (at, &got) in (from..).zip(got) {
            let expected = if at < size { byte(file, at) } else { 0 };
            if got != expected {
                return Err(format!("{step:?}: byte {at} is {got:#04X}, expected {expected:#04X}"));
            }
        }
        self.compared += got.len() as u64;
        Ok(())
    }
}
