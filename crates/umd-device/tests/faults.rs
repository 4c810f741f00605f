//! Cards that fail, come back, or stay away.
#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

mod support;

use support::{Device, Fault, Params, SECTOR, TestCard, TestHost, disc_image, open, stored_cso};
use umd_device::{Devctl, ErrorCode, Failure, MAX_RETRIES, PATIENCE_MICROS, persist};

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
    for fault in [Fault::Error, Fault::Short(1), Fault::Short(2047), Fault::Short(usize::MAX)] {
        let mut scene = scene();
        scene.card.world.read_faults.borrow_mut().extend([fault; 3]);
        scene.assert_reads(20, 8);
        assert_eq!(scene.card.world.retries.get(), 3, "{fault:?}");
        assert_eq!(scene.card.world.open.get(), 1, "what was opened anew was closed before");
        scene.assert_reads(30, 1);
    }
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
