//! Up to four consoles boot and read over a network that does anything to any datagram, and are switched off and on: every
//! byte that they get is right, and none gives up while the network lets a packet and its ACK through.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use udpfs_sim::link::Faults;
use udpfs_sim::random::Random;
use udpfs_sim::script::boot;
use udpfs_sim::world::{Plan, World};

/// Bytes before those of the network: a seed, what the consoles do, after how many datagrams each restarts, the delay of
/// every datagram in units of 80 µs.
const HEADER: usize = 7;

fuzz_target!(|input: &[u8]| {
    let Some((&[seed, kind, restarts @ .., delay], script)) = input.split_first_chunk::<HEADER>() else {
        return;
    };
    let mut random = Random(seed.into());
    let consoles = 1 + usize::from(kind & 0b11);
    let plans = restarts.into_iter().take(consoles).map(|restart_after| Plan {
        steps: boot(&mut random, 10),
        restart_after: (restart_after > 0).then_some(restart_after.into()),
        checks_acks: kind & 0b100 != 0,
    });
    let plans = plans.collect();
    let faults = Faults { delay: Duration::from_micros(80) * u32::from(delay), ..Faults::default() };
    let report = World::new(faults, plans, seed.into()).with_script(script.to_vec()).run();
    assert_eq!(report.fates.len(), consoles);
});
