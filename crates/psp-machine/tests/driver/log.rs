//! The log file: its contents, that it stays small, and that requests never wait for it.

use psp_machine::{Disturbance, Psp};

use crate::support::{
    LOG, PLUGIN, SETTINGS, USUAL, assert_no_trace, assert_sectors, machine, ok, prx, refused, small_disc,
    take_over, taken_over,
};

const SECOND: u64 = 1_000_000;

fn with_log() -> Psp {
    let mut psp = machine(USUAL.pack(&small_disc().bytes));
    psp.kernel.card.insert_text(SETTINGS, "log = on\n");
    psp
}

fn text(psp: &Psp) -> String {
    String::from_utf8(psp.kernel.card.written(LOG).expect("a log").to_vec()).unwrap()
}

/// The number after a name in the counters.
fn counter(log: &str, name: &str) -> u32 {
    let line = log.lines().last().unwrap();
    let (_, rest) = line.split_once(name).unwrap_or_else(|| panic!("no {name} in {line}"));
    rest.split(';').next().unwrap().trim().parse().unwrap()
}

#[test]
#[ignore = "needs the built driver"]
fn none_is_written_unless_asked_for() {
    let (mut psp, _) = taken_over(USUAL.pack(&small_disc().bytes));
    assert_sectors(&mut psp, small_disc(), 300, 3);
    ok(psp.run_for(10 * SECOND));
    assert_eq!(psp.kernel.card.stats.writes, 0);
    assert!(psp.kernel.card.written(LOG).is_none());
}

#[test]
#[ignore = "needs the built driver"]
fn it_says_what_was_decided_and_what_was_done() {
    let mut psp = with_log();
    take_over(&mut psp);
    assert!(text(&psp).to_lowercase().contains("serving cso"), "{}", text(&psp));
    let writes = psp.kernel.card.stats.writes;
    for lba in 300..350 {
        assert_sectors(&mut psp, small_disc(), lba, 2);
    }
    assert_eq!(psp.kernel.card.stats.writes, writes, "a request wrote to the log");
    ok(psp.run_for(5 * SECOND));
    let log = text(&psp);
    assert_eq!(counter(&log, "  reads: "), 50);
    assert_eq!(counter(&log, "; KiB: "), 200);
    assert_eq!(counter(&log, "retries: "), 0);
    assert!(counter(&log, "; reads from the card: ") > 0);
}

#[test]
#[ignore = "needs the built driver"]
fn it_says_why_the_driver_stepped_aside() {
    let mut psp = machine(small_disc().bytes.clone());
    psp.kernel.card.insert_text(SETTINGS, "log = on\n");
    refused(&mut psp, "plain image");
    assert!(text(&psp).contains("\nstepping aside: plain images"), "{}", text(&psp));
}

/// The kernel cannot allocate the stack on which images are opened.
#[test]
#[ignore = "needs the built driver"]
fn it_says_that_there_is_no_stack() {
    let mut psp = with_log();
    let module = Psp::new().load(prx(), 0).unwrap().region.len;
    psp.kernel.memory.partitions.get_mut(1).unwrap().limit = module + (7 << 10);
    refused(&mut psp, "no stack");
    assert!(text(&psp).contains("\nstepping aside: not enough memory, "), "{}", text(&psp));
}

/// None of the known firmwares starts a module twice. If one does, the driver continues serving, and the log
/// counts it.
#[test]
#[ignore = "needs the built driver"]
fn it_counts_further_starts() {
    let mut psp = with_log();
    let module = take_over(&mut psp);
    for starts in 1..4 {
        assert_eq!(ok(psp.start(&module, PLUGIN)).value, 0, "an error would unload a driver that serves");
        assert_sectors(&mut psp, small_disc(), 300, 3);
        ok(psp.run_for(5 * SECOND));
        assert_eq!(counter(&text(&psp), "further starts: "), starts);
    }
    assert_eq!(ok(psp.stop(&module)).value, 0);
}

#[test]
#[ignore = "needs the built driver"]
fn it_stays_small() {
    let mut psp = with_log();
    psp.kernel.card.insert_text(LOG, &"old line\n".repeat(3000));
    take_over(&mut psp);
    assert!(text(&psp).len() < 1000, "an old log of 27,000 bytes was begun anew");
    let mut longest = 0;
    for round in 0..200 {
        assert_sectors(&mut psp, small_disc(), round * 4, 3);
        ok(psp.run_for(2 * SECOND));
        longest = longest.max(text(&psp).len());
    }
    assert!(longest < 1000, "{longest} bytes");
    assert_eq!(counter(&text(&psp), "  reads: "), 200);
}

#[test]
#[ignore = "needs the built driver"]
fn a_session_after_the_other_is_appended() {
    let mut psp = with_log();
    psp.kernel.card.insert_text(LOG, "first session\n");
    take_over(&mut psp);
    assert!(text(&psp).starts_with("first session\n"));
}

#[test]
#[ignore = "needs the built driver"]
fn a_card_that_cannot_be_written_to_harms_nothing() {
    let mut psp = with_log();
    take_over(&mut psp);
    for round in 0..20 {
        let now = psp.kernel.clock.now();
        psp.kernel.card.remove_until(now + SECOND / 2);
        assert_sectors(&mut psp, small_disc(), 100 + 20 * round, 2);
        ok(psp.run_for(SECOND));
    }
}

#[test]
#[ignore = "needs the built driver"]
fn stopping_deletes_its_thread() {
    let mut psp = with_log();
    let module = take_over(&mut psp);
    assert_sectors(&mut psp, small_disc(), 300, 2);
    assert_eq!(ok(psp.stop(&module)).value, 0);
    assert_no_trace(&psp, 0, "stopped");
    assert_eq!(counter(&text(&psp), "  reads: "), 1, "the last counters are written");
}

/// The driver serves without the counters in its log, and no memory is lost.
#[test]
#[ignore = "needs the built driver"]
fn a_thread_that_cannot_be_started_is_deleted() {
    let mut psp = with_log();
    psp.called = Some(Vec::new());
    take_over(&mut psp);
    let calls = psp.called.take().unwrap();
    let start = (1..).zip(&calls).find(|&(_, &name)| name == "sceKernelStartThread").unwrap().0;
    let mut psp = with_log();
    psp.disturb(start, Disturbance::Returns(0x8002_0190));
    let module = take_over(&mut psp);
    assert!(psp.kernel.threads.all.is_empty());
    assert_sectors(&mut psp, small_disc(), 300, 2);
    assert_eq!(ok(psp.stop(&module)).value, 0);
    assert_no_trace(&psp, 0, "stopped");
}
