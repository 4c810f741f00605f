//! A card in memory that fails on demand, and a disc on it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]
#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use sector_decode::container::{ciso, cso};
use sector_decode::{Buffers, Decoder, ReaderOptions};
use umd_device::{Card, CardFile, Disc, Host, OpenFailure, Patience, Seek, UmdDevice};

pub const SECTOR: usize = 2048;

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    Error,
    /// A read ends this many bytes early.
    Short(usize),
}

/// The card, its file, and what is to happen to it.
#[derive(Default)]
pub struct World {
    pub file: RefCell<Vec<u8>>,
    /// Faults of the coming reads; none when empty.
    pub read_faults: RefCell<VecDeque<Fault>>,
    pub seek_faults: RefCell<VecDeque<Fault>>,
    pub present: Cell<bool>,
    /// When the card comes back, in microseconds.
    pub returns_at: Cell<Option<u32>>,
    pub now: Cell<u32>,
    pub open: Cell<u32>,
    pub opened: Cell<u32>,
    pub reads: Cell<u32>,
    pub retries: Cell<u32>,
    /// Descriptors below this number went stale.
    pub stale_below: Cell<u32>,
    /// How long each read takes, in microseconds.
    pub read_takes: Cell<u32>,
    /// What is left of the patience of the start, while the driver starts.
    pub patience: Cell<Option<Patience>>,
}

#[derive(Clone)]
pub struct TestCard {
    pub world: Rc<World>,
    position: Rc<Cell<u64>>,
}

impl TestCard {
    pub fn new(file: Vec<u8>) -> Self {
        let world = World { present: Cell::new(true), ..World::default() };
        *world.file.borrow_mut() = file;
        Self { world: Rc::new(world), position: Rc::new(Cell::new(0)) }
    }
}

impl World {
    fn works(&self, descriptor: u32) -> bool {
        self.present.get() && descriptor >= self.stale_below.get()
    }

    /// Takes the card out: what is open goes stale for good.
    pub fn pull(&self) {
        self.present.set(false);
        self.stale_below.set(self.opened.get() + 1);
    }
}

impl Card for TestCard {
    type Descriptor = u32;

    fn open(&mut self) -> Option<u32> {
        if !self.world.present.get() {
            return None;
        }
        self.world.open.set(self.world.open.get() + 1);
        self.world.opened.set(self.world.opened.get() + 1);
        // Where an earlier driver forgot to seek, it read its own code from here.
        self.position.set(24);
        Some(self.world.opened.get())
    }

    fn close(&mut self, _: u32) {
        self.world.open.set(self.world.open.get() - 1);
    }

    fn seek(&mut self, descriptor: u32, to: Seek) -> Option<u64> {
        let fault = self.world.seek_faults.borrow_mut().pop_front().unwrap_or(Fault::None);
        if fault != Fault::None || !self.world.works(descriptor) {
            return None;
        }
        self.position.set(match to {
            Seek::To(offset) => offset,
            Seek::End => self.world.file.borrow().len() as u64,
        });
        Some(self.position.get())
    }

    fn read(&mut self, descriptor: u32, buf: &mut [u8]) -> Option<usize> {
        self.world.reads.set(self.world.reads.get() + 1);
        self.world.now.set(self.world.now.get().wrapping_add(self.world.read_takes.get()));
        let fault = self.world.read_faults.borrow_mut().pop_front().unwrap_or(Fault::None);
        let missing = match fault {
            Fault::None => 0,
            Fault::Short(missing) => missing,
            Fault::Error => return None,
        };
        if !self.world.works(descriptor) {
            return None;
        }
        let file = self.world.file.borrow();
        let start = (self.position.get() as usize).min(file.len());
        let len = buf.len().saturating_sub(missing).min(file.len() - start);
        buf[..len].copy_from_slice(&file[start..start + len]);
        self.position.set((start + len) as u64);
        Some(len)
    }

    fn again(&mut self) -> bool {
        let mut patience = self.world.patience.get();
        let again = patience.as_mut().is_some_and(|patience| patience.again(&TestHost(self.world.clone())));
        self.world.patience.set(patience);
        again
    }
}

/// The clock and the card's status.
pub struct TestHost(pub Rc<World>);

impl Host for TestHost {
    fn now(&self) -> u32 {
        self.0.now.get()
    }

    fn sleep(&self, micros: u32) {
        self.0.now.set(self.0.now.get().wrapping_add(micros));
        if self.0.returns_at.get().is_some_and(|at| self.0.now.get() >= at) {
            self.0.returns_at.set(None);
            self.0.present.set(true);
        }
    }

    fn card_ready(&self) -> bool {
        self.0.present.get()
    }

    fn note_retry(&self) {
        self.0.retries.set(self.0.retries.get() + 1);
    }
}

/// A disc of `sectors` sectors whose bytes tell where they are, with a volume descriptor in sector 16.
pub fn disc_image(sectors: usize) -> Vec<u8> {
    let mut image: Vec<u8> = (0..sectors * SECTOR / 4)
        .flat_map(|word| (word as u32).wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let volume = &mut image[16 * SECTOR..17 * SECTOR];
    volume[..6].copy_from_slice(b"\x01CD001");
    volume[0x373..0x37D].copy_from_slice(b"ULUS-12345");
    image
}

/// A CSO of an image whose blocks are all stored plain: what matters here is where bytes come from.
pub fn stored_cso(image: &[u8], block_size: usize) -> Vec<u8> {
    let blocks = image.len().div_ceil(block_size);
    let header = cso::VARIANT.header(image.len() as u64, block_size as u32, 0);
    let mut file = cso::VARIANT.to_bytes(&header).to_vec();
    for block in 0..=blocks {
        let position = ciso::index_end(blocks as u32) + (block * block_size).min(image.len()) as u64;
        file.extend(ciso::Entry { position, flag: block < blocks }.encode(0).unwrap());
    }
    file.extend(image);
    file
}

pub type Device = UmdDevice<'static, TestCard>;

/// The address that the devices here give out for their volume descriptor.
pub const VOLUME_ADDRESS: u32 = 0x8812_3400;

/// Opens the device over a file. Its memory is leaked, as a driver's is kept.
pub fn open(card: &TestCard) -> Result<Device, OpenFailure> {
    let mut file = CardFile::new(card.clone());
    let layout = Disc::probe(&mut file)?;
    let options = ReaderOptions::PSP_DRIVER.with_read_ahead(0).with_two_reads_at_most(false);
    let plan = layout.memory(&options);
    let leak = |len| vec![0u8; len].leak();
    let buffers = Buffers {
        index: leak(plan.index()),
        packed: leak(plan.packed()),
        block: leak(plan.block()),
        decoder: Box::leak(Box::new(Decoder::new())),
    };
    let mut volume = [0; SECTOR];
    let mut device = UmdDevice::new(Disc::new(file, layout, buffers, 0)?, VOLUME_ADDRESS);
    device.check(&mut volume)?;
    assert_eq!(umd_device::disc_id(&volume), b"ULUS-12345");
    Ok(device)
}

/// Parameters of a read as the file system writes them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Params {
    pub cmd: u32,
    pub lba: u32,
    pub count: u32,
    pub total: u32,
    pub centre: u32,
    pub start: u32,
    pub last: u32,
}

impl Params {
    pub fn bytes(&self) -> Vec<u8> {
        let Self { cmd, lba, count, total, centre, start, last } = *self;
        [0, cmd, lba, count, total, centre, start, last, 0].into_iter().flat_map(u32::to_le_bytes).collect()
    }

    /// How the file system of firmware 6.60 asks for `size` bytes from byte `position` of a file that begins at
    /// sector `first`, into memory that is `aligned` or not.
    pub fn of_file_system(first: u32, position: u64, size: u32, aligned: bool) -> Self {
        const S: u32 = SECTOR as u32;
        let r = (position % u64::from(S)) as u32;
        let lba = first + (position / u64::from(S)) as u32;
        let count = (r + size).div_ceil(S);
        let (centre, start, last) = if r == 0 && size <= S {
            (0, 0, size)
        } else if r == 0 {
            let rest = size % S;
            match (aligned, rest) {
                (true, 0) if position == 0 && size <= 2 * S => (S, 0, size - S),
                (true, 0) => (size, 0, 0),
                (false, 0) => (size - 2 * S, S, S),
                (true, rest) => (size - rest, 0, rest),
                (false, rest) => (size - S - rest, S, rest),
            }
        } else if r + size <= S {
            (0, r, 0)
        } else {
            let rest = size - (S - r);
            if rest <= S && (position < u64::from(S) || !rest.is_multiple_of(S)) {
                (0, S - r, rest)
            } else {
                (rest - rest % S, S - r, rest % S)
            }
        };
        Self { cmd: 0, lba, count, total: size, centre, start, last }
    }
}
