//! Consoles boot over networks that lose, duplicate, delay and reorder datagrams, and every byte they get
//! is compared.

use std::time::Duration;

use udpfs_sim::link::Faults;
use udpfs_sim::random::Random;
use udpfs_sim::script::boot;
use udpfs_sim::world::{Fate, Plan, Report, World};

/// What the ordinary tests run.
const SEEDS: u64 = 200;
/// What the long run adds.
const MANY_SEEDS: u64 = 10_000;

fn plan(random: &mut Random, checks_acks: bool) -> Plan {
    let reads = 10 + usize::try_from(random.below(30)).unwrap();
    let restart_after = random.happens(300).then(|| 1 + random.below(200));
    Plan { steps: boot(random, reads), restart_after, checks_acks }
}

/// Independent losses only, 0 to 10 %; everything else arrives in order.
fn losses(random: &mut Random) -> Faults {
    Faults { lost: random.below(101), delay: Duration::from_micros(random.below(3000)), ..Faults::default() }
}

fn everything(random: &mut Random) -> Faults {
    let delay = Duration::from_micros(random.below(20_000));
    let lateness = Duration::from_micros(random.below(10_000));
    Faults {
        lost: random.below(101),
        bursts: random.below(6),
        copied: random.below(50),
        late: random.below(50),
        delay,
        lateness,
    }
}

fn run(seed: u64, faults: fn(&mut Random) -> Faults, checks_acks: bool) -> Report {
    let mut random = Random(seed);
    let faults = faults(&mut random);
    let consoles = 1 + random.below(2);
    let plans = (0..consoles).map(|_| plan(&mut random, checks_acks)).collect();
    World::new(faults, plans, seed).run()
}

#[derive(Default)]
struct Sum {
    consoles: u64,
    used_up: u64,
    fooled: u64,
    compared: u64,
    datagrams: u64,
    lost: u64,
}

fn run_all(seeds: u64, faults: fn(&mut Random) -> Faults, checks_acks: bool) -> Sum {
    let mut sum = Sum::default();
    for seed in 0..seeds {
        let report = run(seed, faults, checks_acks);
        for fate in report.fates {
            sum.consoles += 1;
            match fate {
                Fate::Finished => {}
                Fate::TriesUsedUp(_) => sum.used_up += 1,
                Fate::FooledByOldAck(_) => sum.fooled += 1,
            }
        }
        sum.compared += report.compared;
        sum.datagrams += report.datagrams.0;
        sum.lost += report.datagrams.1;
    }
    let Sum { consoles, used_up, fooled, compared, datagrams, lost } = sum;
    println!(
        "{seeds} seeds: {consoles} consoles, {compared} bytes compared, {lost} of {datagrams} datagrams lost, \
         {used_up} consoles that used up their 4 tries, {fooled} fooled by an old ACK"
    );
    sum
}

fn losses_disconnect_nobody(seeds: u64) {
    for checks_acks in [false, true] {
        let sum = run_all(seeds, losses, checks_acks);
        // When packets arrive in order, no ACK is old: the server never sends one that could be.
        assert_eq!(sum.fooled, 0);
        // A request that is lost four times in a row disconnects the console, whatever the server does.
        // With one datagram in ten lost, this hits one request in 10,000, and more when ACKs are lost too.
        assert!(sum.used_up * 20 <= sum.consoles, "{} of {}", sum.used_up, sum.consoles);
    }
}

fn everything_at_once_never_gives_a_wrong_byte(seeds: u64) {
    for checks_acks in [false, true] {
        let sum = run_all(seeds, everything, checks_acks);
        assert!(sum.consoles - sum.used_up - sum.fooled > sum.consoles / 2);
        assert!(!checks_acks || sum.fooled == 0);
    }
}

#[test]
fn losses_of_up_to_a_tenth_disconnect_nobody() {
    losses_disconnect_nobody(SEEDS);
}

#[test]
fn losses_copies_bursts_and_reordering_never_give_a_wrong_byte() {
    everything_at_once_never_gives_a_wrong_byte(SEEDS);
}

#[test]
#[ignore = "takes minutes: cargo xtask soak"]
fn ten_thousand_seeds() {
    losses_disconnect_nobody(MANY_SEEDS);
    everything_at_once_never_gives_a_wrong_byte(MANY_SEEDS);
}

#[test]
fn console_that_restarts_at_any_datagram_of_a_boot_boots() {
    let steps = boot(&mut Random(7), 12);
    let count = |plan| World::new(Faults::default(), vec![plan], 1).run();
    let plan = Plan { steps, restart_after: None, checks_acks: false };
    let whole = count(plan.clone());
    assert_eq!(whole.fates, [Fate::Finished]);
    for after in 1..400 {
        let plan = Plan { restart_after: Some(after), ..plan.clone() };
        assert_eq!(count(plan).fates, [Fate::Finished], "restarted after {after} datagrams");
    }
}

#[test]
fn boot_without_losses_resends_nothing() {
    let plan = Plan { steps: boot(&mut Random(3), 200), restart_after: None, checks_acks: false };
    let faults = Faults { delay: Duration::from_micros(300), ..Faults::default() };
    let report = World::new(faults, vec![plan.clone(), plan], 5).run();
    assert_eq!(report.fates, [Fate::Finished, Fate::Finished]);
    assert!(report.stats.iter().all(|stats| stats.resent == 0 && stats.nacks == 0), "{:?}", report.stats);
}
