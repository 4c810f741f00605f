//! A console in memory: files, a disc and a card that fail on demand, and a list of buttons.

use std::borrow::ToOwned;
use std::boxed::Box;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::string::{String, ToString};
use std::vec::Vec;

use test_noise::Noise;

use crate::code::Code;
use crate::facts::Facts;
use crate::frame::Frame;
use crate::platform::{Button, DiscState, Entry, Handle, LiveDriver, Mode, Platform};

const SECTOR: usize = 2048;

/// What the raw device reports as its end, and how it handles reads past it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drive {
    /// The number of the last sector; reads past it fail. Sony's drive.
    LastSector,
    /// The number of sectors; reads past it return nothing. An image served by a custom firmware.
    Count,
    /// The number of sectors; every read succeeds. PPSSPP.
    ReadsAnything,
    /// The device does not exist, whatever the drive says. PPSSPP without a disc.
    Missing,
}

/// A disc in the drive.
pub(crate) struct Disc {
    pub(crate) image: Vec<u8>,
    pub(crate) drive: Drive,
    /// Unreadable sectors, and how often they fail before they can be read.
    pub(crate) bad: BTreeMap<u32, u32>,
}

struct Open {
    path: String,
    at: usize,
    mode: Mode,
}

type Event = Box<dyn FnMut(&FakePsp)>;

/// The console.
pub(crate) struct FakePsp {
    pub(crate) files: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) folders: RefCell<Vec<String>>,
    open: RefCell<Vec<Option<Open>>>,
    pub(crate) disc: RefCell<Option<Disc>>,
    pub(crate) capacity: Cell<u64>,
    pub(crate) card: Cell<bool>,
    pub(crate) read_only: Cell<bool>,
    /// Whether bytes written to the card differ from those given.
    pub(crate) flips_bits: Cell<bool>,
    pub(crate) rename_fails: Cell<bool>,
    pub(crate) buttons: RefCell<VecDeque<Button>>,
    pub(crate) stop: Cell<bool>,
    pub(crate) said: RefCell<Vec<String>>,
    pub(crate) shown: RefCell<Vec<Frame>>,
    pub(crate) facts: Cell<Facts>,
    /// How many times a wait for a button times out.
    pub(crate) idle: Cell<u32>,
    /// How often the card was accessed.
    pub(crate) asked: Cell<u32>,
    pub(crate) live: Cell<Option<LiveDriver>>,
    clock: Cell<u64>,
    writes: Cell<u32>,
    /// Happens before the write with this number.
    pub(crate) before_write: RefCell<Option<(u32, Event)>>,
    pub(crate) folder: String,
}

impl FakePsp {
    pub(crate) fn new() -> Self {
        Self {
            files: RefCell::default(),
            folders: RefCell::default(),
            open: RefCell::default(),
            disc: RefCell::default(),
            capacity: Cell::new(1 << 30),
            card: Cell::new(true),
            read_only: Cell::default(),
            flips_bits: Cell::default(),
            rename_fails: Cell::default(),
            buttons: RefCell::default(),
            stop: Cell::default(),
            said: RefCell::default(),
            shown: RefCell::default(),
            facts: Cell::default(),
            idle: Cell::default(),
            asked: Cell::default(),
            live: Cell::default(),
            clock: Cell::default(),
            writes: Cell::default(),
            before_write: RefCell::default(),
            folder: "ms0:/PSP/GAME/CISOR/".to_owned(),
        }
    }

    pub(crate) fn with_disc(image: Vec<u8>, drive: Drive) -> Self {
        let console = Self::new();
        *console.disc.borrow_mut() = Some(Disc { image, drive, bad: BTreeMap::new() });
        console
    }

    pub(crate) fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        self.files.borrow_mut().insert(path.to_owned(), bytes.as_ref().to_vec());
    }

    pub(crate) fn file(&self, path: &str) -> Option<Vec<u8>> {
        self.files.borrow().get(path).cloned()
    }

    pub(crate) fn text(&self, path: &str) -> Option<String> {
        self.file(path).map(|bytes| String::from_utf8(bytes).expect("a text"))
    }

    /// Names of all files in a folder and its subfolders.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        self.files.borrow().keys().filter(|path| path.starts_with(folder)).cloned().collect()
    }

    pub(crate) fn press(&self, buttons: &[Button]) {
        self.buttons.borrow_mut().extend(buttons);
    }

    pub(crate) fn last_shown(&self) -> Frame {
        self.shown.borrow().last().cloned().expect("something was shown")
    }

    fn check_card(&self) -> Result<(), Code> {
        self.asked.set(self.asked.get() + 1);
        if self.card.get() { Ok(()) } else { Err(Code::NO_DEVICE) }
    }

    fn with_open<T>(&self, file: Handle, work: impl FnOnce(&mut Open) -> Result<T, Code>) -> Result<T, Code> {
        let mut open = self.open.borrow_mut();
        let slot = usize::try_from(file.0).ok().and_then(|number| open.get_mut(number));
        work(slot.and_then(Option::as_mut).ok_or(Code::IO)?)
    }

    fn used(&self) -> u64 {
        self.files.borrow().values().map(|bytes| bytes.len() as u64).sum()
    }

    /// Triggers the event due before this write.
    fn let_happen(&self) {
        self.writes.set(self.writes.get() + 1);
        let due = self.before_write.borrow_mut().take_if(|(number, _)| *number == self.writes.get());
        if let Some((_, mut event)) = due {
            event(self);
        }
    }
}

impl Platform for FakePsp {
    fn open(&self, path: &str, mode: Mode) -> Result<Handle, Code> {
        self.check_card()?;
        let is_there = self.files.borrow().contains_key(path);
        match mode {
            Mode::Read if !is_there => return Err(Code::NO_ENTRY),
            Mode::Create | Mode::Append if self.read_only.get() => return Err(Code::READ_ONLY),
            Mode::Create => self.put(path, b""),
            Mode::Append if !is_there => self.put(path, b""),
            Mode::Read | Mode::Append => {}
        }
        let mut open = self.open.borrow_mut();
        open.push(Some(Open { path: path.to_owned(), at: 0, mode }));
        Ok(Handle(i32::try_from(open.len() - 1).unwrap()))
    }

    fn read(&self, file: Handle, buf: &mut [u8]) -> Result<usize, Code> {
        self.check_card()?;
        self.with_open(file, |open| {
            let files = self.files.borrow();
            let bytes = files.get(&open.path).ok_or(Code::IO)?;
            let rest = bytes.get(open.at..).unwrap_or_default();
            // Cards may return less than was requested.
            let len = rest.len().min(buf.len()).min(100_000);
            buf[..len].copy_from_slice(&rest[..len]);
            open.at += len;
            Ok(len)
        })
    }

    fn write(&self, file: Handle, bytes: &[u8]) -> Result<usize, Code> {
        self.let_happen();
        self.check_card()?;
        let room = usize::try_from(self.capacity.get().saturating_sub(self.used())).unwrap();
        self.with_open(file, |open| {
            assert_ne!(open.mode, Mode::Read, "{} is not open for writing", open.path);
            let mut files = self.files.borrow_mut();
            let content = files.get_mut(&open.path).ok_or(Code::IO)?;
            if open.mode == Mode::Append {
                open.at = content.len();
            }
            let grows = (open.at + bytes.len()).saturating_sub(content.len());
            let len = if grows > room { bytes.len() - grows + room } else { bytes.len() };
            if content.len() < open.at + len {
                content.resize(open.at + len, 0);
            }
            content[open.at..open.at + len].copy_from_slice(&bytes[..len]);
            if self.flips_bits.get() && len > 10_000 {
                content[open.at + len / 2] ^= 0x10;
            }
            open.at += len;
            Ok(len)
        })
    }

    fn seek(&self, file: Handle, position: u64) -> Result<(), Code> {
        self.check_card()?;
        self.with_open(file, |open| {
            open.at = usize::try_from(position).unwrap();
            Ok(())
        })
    }

    fn file_len(&self, file: Handle) -> Result<u64, Code> {
        self.with_open(file, |open| Ok(self.files.borrow().get(&open.path).ok_or(Code::IO)?.len() as u64))
    }

    fn close(&self, file: Handle) -> Result<(), Code> {
        self.with_open(file, |_| Ok(()))?;
        self.open.borrow_mut()[usize::try_from(file.0).unwrap()] = None;
        self.check_card()
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), Code> {
        self.check_card()?;
        let mut files = self.files.borrow_mut();
        if self.rename_fails.get() {
            return Err(Code::IO);
        }
        if files.contains_key(to) {
            return Err(Code::EXISTS);
        }
        let bytes = files.remove(from).ok_or(Code::NO_ENTRY)?;
        files.insert(to.to_owned(), bytes);
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<(), Code> {
        self.check_card()?;
        self.files.borrow_mut().remove(path).map(drop).ok_or(Code::NO_ENTRY)
    }

    fn make_folder(&self, path: &str) -> Result<(), Code> {
        self.check_card()?;
        self.folders.borrow_mut().push(path.to_owned());
        Ok(())
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, Code> {
        self.check_card()?;
        let start = std::format!("{folder}/");
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        for (path, bytes) in self.files.borrow().iter() {
            let Some(rest) = path.strip_prefix(&start) else { continue };
            let (name, is_folder) = match rest.split_once('/') {
                Some((name, _)) => (name, true),
                None => (rest, false),
            };
            let len = bytes.len() as u64;
            entries.insert(name.to_owned(), Entry { name: name.to_owned(), is_folder, len });
        }
        if entries.is_empty() && !self.folders.borrow().iter().any(|one| one == folder) {
            return Err(Code::NO_ENTRY);
        }
        Ok(entries.into_values().collect())
    }

    fn card_present(&self, _device: &str) -> bool {
        self.card.get()
    }

    fn free_bytes(&self, _device: &str) -> Result<u64, Code> {
        self.check_card()?;
        Ok(self.capacity.get().saturating_sub(self.used()))
    }

    fn disc(&self) -> DiscState {
        if self.disc.borrow().is_some() { DiscState::Present } else { DiscState::None }
    }

    fn disc_start(&self) -> Result<(), Code> {
        self.disc.borrow().as_ref().map(drop).ok_or(Code::NO_MEDIUM)
    }

    fn disc_end(&self) -> Result<u32, Code> {
        let disc = self.disc.borrow();
        let disc = disc.as_ref().ok_or(Code::NO_MEDIUM)?;
        if disc.drive == Drive::Missing {
            return Err(Code::NO_ENTRY);
        }
        let sectors = u32::try_from(disc.image.len() / SECTOR).unwrap();
        Ok(if disc.drive == Drive::LastSector { sectors - 1 } else { sectors })
    }

    fn disc_read(&self, lba: u32, buf: &mut [u8]) -> Result<u32, Code> {
        self.clock.set(self.clock.get() + 1000);
        let mut disc = self.disc.borrow_mut();
        let disc = disc.as_mut().ok_or(Code::NO_MEDIUM)?;
        let mut read = 0;
        for (lba, sector) in (lba..).zip(buf.chunks_exact_mut(SECTOR)) {
            if let Some(tries) = disc.bad.get_mut(&lba)
                && *tries > 0
            {
                *tries -= 1;
                return if read > 0 { Ok(read) } else { Err(Code(0x8021_0005)) };
            }
            let start = lba as usize * SECTOR;
            match disc.image.get(start..start + SECTOR) {
                Some(bytes) => sector.copy_from_slice(bytes),
                None if disc.drive == Drive::ReadsAnything => {}
                None if read > 0 || disc.drive == Drive::Count => return Ok(read),
                None => return Err(Code(0x8021_0002)),
            }
            read += 1;
        }
        Ok(read)
    }

    fn micros(&self) -> u64 {
        self.clock.set(self.clock.get() + 1000);
        self.clock.get()
    }

    fn wait_button(&self) -> Button {
        self.buttons.borrow_mut().pop_front().unwrap_or(Button::Home)
    }

    fn wait_button_for(&self, _micros: u64) -> Option<Button> {
        if self.idle.get() > 0 {
            self.idle.set(self.idle.get() - 1);
            return None;
        }
        Some(self.wait_button())
    }

    fn wants_to_stop(&self) -> bool {
        self.stop.get()
    }

    fn show(&self, frame: &Frame) {
        self.shown.borrow_mut().push(frame.clone());
    }

    fn screen(&self) -> Frame {
        self.shown.borrow().last().cloned().unwrap_or_default()
    }

    fn say(&self, line: &str) {
        self.said.borrow_mut().push(line.to_string());
    }

    fn stay_awake(&self) {}

    fn folder(&self) -> &str {
        &self.folder
    }

    fn facts(&self) -> Facts {
        self.facts.get()
    }

    fn driver(&self) -> Option<LiveDriver> {
        self.live.get()
    }
}

/// A disc with an id, a title, and two files, one that packs well and one that does not.
pub(crate) fn psp_disc() -> Vec<u8> {
    let sfo =
        disc_info::test_disc::sfo(&[("CATEGORY", "UG"), ("DISC_ID", "ULUS10041"), ("TITLE", "Zwölf Türme")]);
    let text: Vec<u8> = (0..90_000_u32).flat_map(|n| std::format!("{} ", n % 1234).into_bytes()).collect();
    let noise = Noise::new(1).bytes(60_000);
    disc_info::test_disc::disc(
        "TEST",
        &[
            ("UMD_DATA.BIN", b"ULUS-10041|0123456789ABCDEF|0001|G            |"),
            ("PSP_GAME/PARAM.SFO", &sfo),
            ("PSP_GAME/TEXT.BIN", &text),
            ("PSP_GAME/NOISE.BIN", &noise),
        ],
    )
}
