//! A network between consoles and a server.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use udpfs::Time;

use crate::random::Random;

/// What the network does to datagrams, per thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// How many are lost individually.
    pub lost: u64,
    /// How many begin a burst of losses.
    pub bursts: u64,
    /// How many are duplicated.
    pub copied: u64,
    /// How many arrive late, so that others overtake them.
    pub late: u64,
    /// Delay of every datagram.
    pub delay: Duration,
    /// The most extra delay of late datagrams and duplicates.
    pub lateness: Duration,
}

/// What happens to one datagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Luck {
    is_lost: bool,
    /// How much later than it should a duplicate arrives.
    copy: Option<Duration>,
    late: Duration,
}

impl Luck {
    /// What a byte of a script says; see [`Link::follow`].
    fn of(byte: u8) -> Self {
        let delay = SCRIPT_DELAY * u32::from(byte >> 2);
        match byte & 0b11 {
            0 => Self::default(),
            1 => Self { is_lost: true, ..Self::default() },
            2 => Self { copy: Some(delay), ..Self::default() },
            _ => Self { late: delay, ..Self::default() },
        }
    }
}

/// As many datagrams to one recipient a script may lose in a row. Nobody can do anything about a network that loses all.
const MOST_LOST: u32 = 3;
/// The unit of delays in a script.
const SCRIPT_DELAY: Duration = Duration::from_micros(300);

/// Who a datagram is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum To {
    /// The server, from this console.
    Server(usize),
    /// This console.
    Console(usize),
}

/// Arrival time, order among datagrams that arrive at the same time, recipient, and bytes.
type OnItsWay = (Time, u64, To, Vec<u8>);

/// Datagrams in flight.
#[derive(Debug)]
pub struct Link {
    faults: Faults,
    /// What happens to the next datagrams; after that, faults decide.
    script: std::vec::IntoIter<u8>,
    /// How many datagrams the script has lost in a row.
    lost_in_a_row: BTreeMap<To, u32>,
    random: Random,
    burst_left: u64,
    sent: u64,
    lost: u64,
    order: u64,
    on_their_way: BinaryHeap<Reverse<OnItsWay>>,
}

impl Link {
    /// Makes a network.
    #[must_use]
    pub fn new(faults: Faults, seed: u64) -> Self {
        let (script, random) = (Vec::new().into_iter(), Random(seed));
        let (lost_in_a_row, on_their_way) = (BTreeMap::new(), BinaryHeap::new());
        Self {
            faults,
            script,
            lost_in_a_row,
            random,
            burst_left: 0,
            sent: 0,
            lost: 0,
            order: 0,
            on_their_way,
        }
    }

    /// Lets each byte of a script decide about one datagram, before the faults do: its lowest two bits say whether the
    /// datagram arrives, is lost, arrives twice or late, and the others how much later, in units of 300 µs. Of four in a
    /// row to one recipient at least one arrives.
    pub fn follow(&mut self, script: Vec<u8>) {
        self.script = script.into_iter();
    }

    /// Accepts a datagram; returns whether at least one copy of it will arrive.
    pub fn send(&mut self, now: Time, to: To, datagram: Vec<u8>) -> bool {
        self.sent += 1;
        let luck = match self.script.next() {
            Some(byte) => self.scripted(byte, to),
            None => self.luck(),
        };
        if luck.is_lost {
            self.lost += 1;
            return false;
        }
        let arrival = now.after(self.faults.delay);
        if let Some(late) = luck.copy {
            self.push(arrival.after(late), to, datagram.clone());
        }
        self.push(arrival.after(luck.late), to, datagram);
        true
    }

    fn scripted(&mut self, byte: u8, to: To) -> Luck {
        let luck = Luck::of(byte);
        let lost = self.lost_in_a_row.entry(to).or_default();
        *lost = if luck.is_lost && *lost < MOST_LOST { *lost + 1 } else { 0 };
        Luck { is_lost: *lost > 0, ..luck }
    }

    fn luck(&mut self) -> Luck {
        if self.is_lost() {
            return Luck { is_lost: true, ..Luck::default() };
        }
        let lateness = u64::try_from(self.faults.lateness.as_micros()).unwrap_or(u64::MAX).max(1);
        let lateness = |random: &mut Random| Duration::from_micros(random.below(lateness));
        let copy = self.random.happens(self.faults.copied).then(|| lateness(&mut self.random));
        let is_late = self.random.happens(self.faults.late);
        let late = if is_late { lateness(&mut self.random) } else { Duration::ZERO };
        Luck { is_lost: false, copy, late }
    }

    /// Accepts a datagram that arrives without fail.
    pub fn deliver(&mut self, now: Time, to: To, datagram: Vec<u8>) {
        self.sent += 1;
        self.push(now.after(self.faults.delay), to, datagram);
    }

    fn is_lost(&mut self) -> bool {
        if self.burst_left > 0 {
            self.burst_left -= 1;
            return true;
        }
        if self.random.happens(self.faults.bursts) {
            self.burst_left = self.random.below(12);
            return true;
        }
        self.random.happens(self.faults.lost)
    }

    fn push(&mut self, arrival: Time, to: To, datagram: Vec<u8>) {
        self.order += 1;
        self.on_their_way.push(Reverse((arrival, self.order, to, datagram)));
    }

    /// Returns when the next datagram arrives.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Time> {
        self.on_their_way.peek().map(|Reverse((arrival, ..))| *arrival)
    }

    /// Returns the next datagram.
    pub fn arrive(&mut self) -> Option<(To, Vec<u8>)> {
        self.on_their_way.pop().map(|Reverse((_, _, to, datagram))| (to, datagram))
    }

    /// Returns how many datagrams were sent, and how many of them were lost.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.sent, self.lost)
    }
}
