//! Cards that fail, come back, or stay away.
#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

mod support;

use std::cell::RefCell;

use sector_decode::ReadAt as _;
use support::{Device, Fault, Params, SECTOR, TestCard, TestHost, disc_image, open, stored_cso};
use umd_device::{
    Card, CardError, CardFile, Check, Devctl, ErrorCode, Failure, Host, MAX_RETRIES, OpenFailure,
    PATIENCE_MICROS, Patience, START_PATIENCE_MICROS, Seek, persist,
};

const SECTORS: usize = 64;

struct Scene {
    image: Vec<u8>,
    card: TestCard,
    host: TestHost,
    device: Device,
}

fn scene() -> Scene {
    let image = disc_image(SECTORS);
    let card = TestCard::new(stored_cso(&image, 2048));
    let device = open(&card).unwrap();
    Scene { image, host: TestHost(card.world.clone()), device, card }
}

impl Scene {
    /// Reads `count` sectors as the driver does: attempts until there is an end.
    fn read(&mut self, lba: u32, count: u32) -> Result<Vec<u8>, ErrorCode> {
        let total = count * SECTOR as u32;
        let params = Params { lba, count, total, centre: total, ..Params::default() };
        let command =
            Devctl::parse(0x01E3_80C0, Some(&params.bytes()), Some(total as usize)).unwrap().unwrap();
        let mut out = vec![0xEE; total as usize];
        let device = &mut self.device;
        let result = persist(&self.host, || device.devctl(&command, &mut out))?;
        assert_eq!(result, total as i32, "never a part");
        Ok(out)
    }

    fn assert_reads(&mut self, lba: u32, count: u32) {
        let bytes = self.read(lba, count).unwrap();
        let from = lba as usize * SECTOR;
        assert!(bytes == self.image[from..from + count as usize * SECTOR], "sector {lba}");
    }
}

#[test]
fn errors_and_short_reads_are_survived() {
    for fault in [Fault::Error, Fault::Short(usize::MAX)] {
        let mut scene = scene();
        scene.card.world.read_faults.borrow_mut().extend([fault; 3]);
        scene.assert_reads(20, 8);
        assert_eq!(scene.card.world.retries.get(), 3, "{fault:?}");
        assert_eq!(scene.card.world.open.get(), 1, "what was opened again was closed before");
        scene.assert_reads(30, 1);
    }
}

#[test]
fn a_read_that_ends_early_goes_on_where_it_stopped() {
    for parts in [&[1][..], &[100], &[2047], &[8 * 2048 - 1, 7 * 2048, 5]] {
        let mut scene = scene();
        let (opened, reads) = (scene.card.world.opened.get(), scene.card.world.reads.get());
        let faults = parts.iter().map(|&missing| Fault::Short(missing));
        scene.card.world.read_faults.borrow_mut().extend(faults);
        scene.assert_reads(20, 8);
        let world = &scene.card.world;
        assert_eq!((world.retries.get(), world.opened.get()), (0, opened), "{parts:?}: nothing failed");
        assert!(world.reads.get() - reads <= 5, "{parts:?}");
    }
}

#[test]
fn a_card_that_delivers_a_byte_at_a_time_is_not_read_for_ever() {
    let mut scene = scene();
    let before = scene.card.world.reads.get();
    scene.card.world.read_faults.borrow_mut().extend([Fault::Short(8 * 2048 - 1); 1000]);
    assert_eq!(scene.read(20, 8), Err(ErrorCode::NoMedium));
    assert!(scene.card.world.reads.get() - before <= 16 + MAX_RETRIES + 1);
    scene.card.world.read_faults.borrow_mut().clear();
    scene.assert_reads(20, 8);
}

/// How often reads go on is limited for each request, not for a whole game.
#[test]
fn a_card_that_delivers_less_in_every_request_is_never_opened_again() {
    let mut scene = scene();
    let opened = scene.card.world.opened.get();
    for lba in 0..50 {
        scene.card.world.read_faults.borrow_mut().push_back(Fault::Short(1));
        scene.assert_reads(lba, 8);
    }
    assert_eq!((scene.card.world.opened.get(), scene.card.world.retries.get()), (opened, 0));
}

/// A card that says nothing about another attempt, and counts how often it is opened.
struct Gone(u32);

impl Card for &mut Gone {
    type Descriptor = ();

    fn open(&mut self) -> Option<()> {
        self.0 += 1;
        assert!(self.0 < 10, "no end");
        None
    }

    fn close(&mut self, (): ()) {}

    fn seek(&mut self, (): (), _: Seek) -> Option<u64> {
        None
    }

    fn read(&mut self, (): (), _: &mut [u8]) -> Option<usize> {
        None
    }
}

#[test]
fn one_call_makes_one_attempt_unless_the_card_asks_for_another() {
    let mut card = Gone(0);
    let mut file = CardFile::new(&mut card);
    assert_eq!(file.read_exact_at(&mut [0; 4], 50), Err(CardError::Open));
    drop(file);
    assert_eq!(card.0, 1);
}

/// A host whose card is always there, and which notes how long it was let wait.
#[derive(Default)]
struct Pauses(RefCell<Vec<u32>>);

impl Host for Pauses {
    fn now(&self) -> u32 {
        0
    }

    fn sleep(&self, micros: u32) {
        self.0.borrow_mut().push(micros);
    }

    fn card_ready(&self) -> bool {
        true
    }
}

#[test]
fn pauses_between_retries_grow_to_a_third_of_a_second() {
    let (host, mut patience) = (Pauses::default(), Patience::new(PATIENCE_MICROS));
    while patience.again(&host) {}
    let pauses = host.0.borrow();
    assert_eq!(pauses[..8], [0, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 320_000]);
    assert_eq!(pauses.len() as u32, MAX_RETRIES);
}

/// A buffer without bytes has no address that a card's driver could use.
#[test]
fn a_read_of_no_bytes_never_reaches_the_card() {
    let card = TestCard::new(vec![1; 100]);
    let mut file = CardFile::new(card.clone());
    card.world.present.set(false);
    assert_eq!(file.read_exact_at(&mut [], 50), Ok(()));
    assert_eq!((card.world.reads.get(), card.world.opened.get()), (0, 0));
    let mut scene = scene();
    let reads = scene.card.world.reads.get();
    let id = scene.device.open().unwrap();
    let span = scene.device.raw_span(id, 0).unwrap();
    assert_eq!(scene.device.read_raw(id, span, &mut []), Ok(0));
    assert_eq!(scene.card.world.reads.get(), reads);
}

/// Patience is for a card that keeps failing: an attempt that took long by itself is repeated.
#[test]
fn an_attempt_that_takes_all_the_time_is_repeated_once() {
    for takes in [PATIENCE_MICROS, 3 * PATIENCE_MICROS] {
        let mut scene = scene();
        let world = scene.card.world.clone();
        world.read_takes.set(takes);
        world.read_faults.borrow_mut().push_back(Fault::Error);
        scene.assert_reads(20, 8);
        assert_eq!(world.retries.get(), 1);
        // And no more than once: the second one has used up what there was.
        let reads = world.reads.get();
        world.read_faults.borrow_mut().extend([Fault::Error; 5]);
        assert_eq!(scene.read(30, 8), Err(ErrorCode::NoMedium));
        assert_eq!(world.reads.get() - reads, 2);
    }
}

/// Opens the image as the driver does: with patience, all reads together.
fn start(card: &TestCard) -> Result<Device, OpenFailure> {
    card.world.patience.set(Some(Patience::new(START_PATIENCE_MICROS)));
    let device = open(card);
    card.world.patience.set(None);
    device
}

#[test]
fn the_start_is_as_patient_as_a_read() {
    let image = disc_image(SECTORS);
    for faults in [&[Fault::Error; 3][..], &[Fault::Short(1); 4], &[Fault::Short(usize::MAX), Fault::Error]] {
        for after in 0..4 {
            let card = TestCard::new(stored_cso(&image, 2048));
            card.world.read_faults.borrow_mut().extend(vec![Fault::None; after]);
            card.world.read_faults.borrow_mut().extend(faults);
            assert!(start(&card).is_ok(), "{faults:?} after {after} reads");
            assert!(card.world.now.get() < 100_000, "{faults:?}");
        }
    }
    let card = TestCard::new(stored_cso(&image, 2048));
    card.world.seek_faults.borrow_mut().extend([Fault::Error; 4]);
    assert!(start(&card).is_ok());
}

#[test]
fn the_start_waits_for_a_second_and_no_longer() {
    let image = disc_image(SECTORS);
    for (away, starts) in [(700_000, true), (3_000_000, false)] {
        let card = TestCard::new(stored_cso(&image, 2048));
        card.world.pull();
        card.world.returns_at.set(Some(away));
        assert_eq!(start(&card).err(), (!starts).then_some(Check::Card.failed()));
        assert!(card.world.now.get() <= START_PATIENCE_MICROS + 400_000, "{}", card.world.now.get());
    }
    // Failures here and there share what patience there is.
    let card = TestCard::new(stored_cso(&image, 2048));
    card.world.read_takes.set(400_000);
    for _ in 0..8 {
        card.world.read_faults.borrow_mut().extend([Fault::Error, Fault::None]);
    }
    assert_eq!(start(&card).err(), Some(Check::Card.failed()));
    assert_eq!(card.world.open.get(), 0);
}

#[test]
fn failed_seeks_are_survived() {
    let mut scene = scene();
    scene.card.world.seek_faults.borrow_mut().extend([Fault::Error; 3]);
    scene.assert_reads(20, 8);
}

#[test]
fn a_stale_descriptor_is_opened_anew_at_once() {
    let mut scene = scene();
    scene.card.world.stale_below.set(scene.card.world.opened.get() + 1);
    let before = scene.card.world.now.get();
    scene.assert_reads(20, 8);
    assert_eq!(scene.card.world.now.get(), before, "no pause was needed");
}

#[test]
fn a_card_that_comes_back_is_waited_for() {
    let mut scene = scene();
    scene.card.world.pull();
    scene.card.world.returns_at.set(Some(1_000_000));
    scene.assert_reads(20, 8);
    assert!(scene.card.world.now.get() < 1_500_000);
}

#[test]
fn a_card_that_stays_away_ends_the_request_in_time_and_only_that() {
    let mut scene = scene();
    scene.card.world.pull();
    assert_eq!(scene.read(20, 8), Err(ErrorCode::NoMedium));
    let waited = scene.card.world.now.get();
    assert!((PATIENCE_MICROS..PATIENCE_MICROS + 500_000).contains(&waited), "{waited}");
    assert_eq!(scene.card.world.open.get(), 0);
    scene.card.world.present.set(true);
    scene.assert_reads(20, 8);
    assert_eq!(scene.card.world.now.get(), waited, "the next request needs no patience");
}

#[test]
fn a_card_that_only_ever_fails_ends_the_request_after_bounded_attempts() {
    let mut scene = scene();
    scene.card.world.read_faults.borrow_mut().extend([Fault::Error; 100]);
    let before = scene.card.world.reads.get();
    assert_eq!(scene.read(20, 8), Err(ErrorCode::NoMedium));
    assert!(scene.card.world.reads.get() - before <= MAX_RETRIES + 1);
    assert!(scene.card.world.now.get() < PATIENCE_MICROS + 500_000);
    scene.card.world.read_faults.borrow_mut().clear();
    scene.assert_reads(20, 8);
}

#[test]
fn the_clock_may_wrap_round_while_waiting() {
    let mut scene = scene();
    scene.card.world.now.set(u32::MAX - 1_000_000);
    scene.card.world.pull();
    assert_eq!(scene.read(20, 8), Err(ErrorCode::NoMedium));
    let waited = scene.card.world.now.get().wrapping_sub(u32::MAX - 1_000_000);
    assert!((PATIENCE_MICROS..PATIENCE_MICROS + 500_000).contains(&waited), "{waited}");
}

#[test]
fn another_card_with_a_file_of_another_length_is_not_read() {
    let mut scene = scene();
    scene.card.world.stale_below.set(scene.card.world.opened.get() + 1);
    scene.card.world.file.borrow_mut().push(0);
    assert_eq!(scene.read(20, 8), Err(ErrorCode::NoMedium));
    scene.card.world.file.borrow_mut().pop();
    scene.assert_reads(20, 8);
}

#[test]
fn what_is_in_memory_needs_no_card() {
    let image = disc_image(SECTORS);
    let card = TestCard::new(stored_cso(&image, 16384));
    let mut scene = Scene { host: TestHost(card.world.clone()), device: open(&card).unwrap(), card, image };
    scene.assert_reads(40, 1);
    scene.card.world.pull();
    scene.assert_reads(41, 7);
    assert_eq!(scene.read(48, 1), Err(ErrorCode::NoMedium));
}

#[test]
fn requests_that_are_refused_are_not_repeated() {
    let scene = scene();
    let mut attempts = 0;
    let result: Result<(), _> = persist(&scene.host, || {
        attempts += 1;
        Err(Failure::Refused(ErrorCode::OutOfRange))
    });
    assert_eq!((result, attempts, scene.card.world.now.get()), (Err(ErrorCode::OutOfRange), 1, 0));
}

#[test]
fn dropping_the_device_closes_the_file() {
    let scene = scene();
    assert_eq!(scene.card.world.open.get(), 1);
    drop(scene.device);
    assert_eq!(scene.card.world.open.get(), 0);
}
