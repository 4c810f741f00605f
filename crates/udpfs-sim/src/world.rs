//! Consoles, a network and a server, on virtual time.

use std::collections::VecDeque;
use std::time::Duration;

use udpfs::packet::{Data, Packet};
use udpfs::service::Service;
use udpfs::session::{Arrival, RequestId, Session, Stats};
use udpfs::{Outbox, Seq, Time};

use crate::client::{Client, Outcome, Why};
use crate::disc::Disc;
use crate::link::{Faults, Link, To};
use crate::random::Random;
use crate::script::{State, Step};

/// The behaviour of one console.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its programs.
    pub steps: Vec<Step>,
    /// After how many datagrams it is power-cycled, once.
    pub restart_after: Option<u64>,
    /// Whether its client recognises an old ACK.
    pub checks_acks: bool,
}

/// How long a console is silent when it restarts, or when its next program takes over.
const OFF: Duration = Duration::from_millis(400);

/// How a console fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It finished its script, and every byte was right.
    Finished,
    /// It gave up, and no server could have prevented it: on each attempt, the network lost the packet or
    /// its ACK.
    TriesUsedUp(Step),
    /// It gave up through its own fault: it mistook an old ACK for the ACK of a request that was lost.
    FooledByOldAck(Step),
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// One for each console.
    pub fates: Vec<Fate>,
    /// Number of bytes compared.
    pub compared: u64,
    /// Virtual time that passed.
    pub took: Duration,
    /// Number of datagrams sent and lost.
    pub datagrams: (u64, u64),
    /// The server's counters, one set for each console.
    pub stats: Vec<Stats>,
}

struct Console {
    plan: Plan,
    client: Client,
    state: State,
    at: usize,
    wake: Option<Time>,
    /// When a program starts; until then nothing is received.
    starts: Option<Time>,
    sent: u64,
    fate: Option<Fate>,
    attempts: Attempts,
}

/// The fate of the packet that a console is sending.
#[derive(Clone, Copy, Debug, Default)]
struct Attempts {
    /// Whether it has reached the server at least once.
    reached: bool,
    /// Whether it has reached the server since it was last sent.
    reached_now: bool,
    /// Whether the server answered that attempt with an ACK.
    answered: bool,
    /// Whether the server received an attempt and did not answer it.
    ignored: bool,
    /// Whether an earlier packet of the console is lost for good because an old ACK let the console go on.
    fooled: bool,
}

struct Server {
    session: Session,
    service: Service<Disc>,
    disc: Disc,
    /// Requests in order, each with the time when the disk has answered it. Pieces of a write queue up.
    jobs: VecDeque<(Time, RequestId, Vec<u8>)>,
}

/// Everything together.
pub struct World {
    now: Time,
    link: Link,
    random: Random,
    consoles: Vec<Console>,
    servers: Vec<Server>,
}

impl World {
    /// Connects consoles and a server to a network. The seed determines everything that happens.
    #[must_use]
    pub fn new(faults: Faults, plans: Vec<Plan>, seed: u64) -> Self {
        let mut random = Random(seed ^ 0x5EED);
        let servers = plans.iter().map(|_| Server {
            session: Session::new(),
            service: Service::default(),
            disc: Disc::default(),
            jobs: VecDeque::new(),
        });
        let servers = servers.collect();
        let consoles = plans.into_iter().map(|plan| Console {
            client: Client::new(plan.checks_acks),
            plan,
            state: State::default(),
            at: 0,
            wake: None,
            starts: Some(Time(random.below(3_000_000))),
            sent: 0,
            fate: None,
            attempts: Attempts::default(),
        });
        let consoles = consoles.collect();
        Self { now: Time(0), link: Link::new(faults, seed), random, consoles, servers }
    }

    /// Lets a script say what happens to the first datagrams: see [`Link::follow`].
    #[must_use]
    pub fn with_script(mut self, script: Vec<u8>) -> Self {
        self.link.follow(script);
        self
    }

    /// Runs the world to its end.
    ///
    /// # Panics
    ///
    /// When a byte is wrong, or a console gave up because of the server.
    #[must_use]
    pub fn run(mut self) -> Report {
        while self.consoles.iter().any(|console| console.fate.is_none()) {
            self.now = self.next_event().expect("a console that waits has a deadline");
            self.happen();
        }
        Report {
            compared: self.consoles.iter().map(|console| console.state.compared).sum(),
            took: self.now.since(Time(0)),
            datagrams: self.link.counts(),
            stats: self.servers.iter().map(|server| server.session.stats()).collect(),
            fates: self.consoles.into_iter().filter_map(|console| console.fate).collect(),
        }
    }

    fn next_event(&self) -> Option<Time> {
        let consoles = self.consoles.iter().filter(|console| console.fate.is_none());
        let wakes = consoles.flat_map(|console| [console.wake, console.starts, console.client.deadline()]);
        let servers = self
            .servers
            .iter()
            .flat_map(|server| [server.session.next_tick(), server.jobs.front().map(|(time, ..)| *time)]);
        wakes.chain(servers).chain([self.link.next_arrival()]).flatten().min().map(|time| time.max(self.now))
    }

    fn happen(&mut self) {
        while self.link.next_arrival().is_some_and(|time| time <= self.now) {
            match self.link.arrive() {
                Some((To::Server(console), datagram)) => self.reach_server(console, &datagram),
                Some((To::Console(console), datagram)) => {
                    let latency = Duration::from_micros(5 + self.random.below(300));
                    let console = &mut self.consoles[console];
                    if console.starts.is_some() || console.fate.is_some() {
                        continue;
                    }
                    console.client.interrupt(&datagram);
                    let wake = self.now.after(latency);
                    console.wake = Some(console.wake.map_or(wake, |old| old.min(wake)));
                }
                None => {}
            }
        }
        for console in 0..self.servers.len() {
            self.serve(console);
        }
        for console in 0..self.consoles.len() {
            let due = |time: Option<Time>| time.is_some_and(|time| time <= self.now);
            let it = &self.consoles[console];
            if it.fate.is_none() && due(it.starts) {
                self.start(console);
            } else if it.fate.is_none() && (due(it.wake) || due(it.client.deadline())) {
                self.run_console(console);
            }
        }
    }

    fn reach_server(&mut self, console: usize, datagram: &[u8]) {
        let mut out = Outbox::new();
        let server = &mut self.servers[console];
        let arrival = server.session.datagram(self.now, datagram, &mut out).expect("consoles send packets");
        if let Arrival::Request { id, payload, .. } = arrival {
            let wait = match self.random.below(100) {
                0 => 700_000,
                1..5 => self.random.below(30_000),
                _ => self.random.below(500),
            };
            let earliest = server.jobs.back().map_or(self.now, |(time, ..)| *time).max(self.now);
            server.jobs.push_back((earliest.after(Duration::from_micros(wait)), id, payload.to_vec()));
        }
        // A piece that overtook its predecessor is refused, and a late copy is of an earlier request.
        let it = &mut self.consoles[console];
        let is_taken =
            |seq: Seq| server.session.expected() == Some(seq.next()) && it.client.in_flight() == Some(seq);
        if request_number(datagram).is_some_and(is_taken) {
            let attempts = &mut it.attempts;
            attempts.reached = true;
            attempts.reached_now = true;
        }
        self.send_to_console(console, &out);
    }

    /// Runs the disk and the timers of a console's server.
    fn serve(&mut self, console: usize) {
        let mut out = Outbox::new();
        let server = &mut self.servers[console];
        while server.jobs.front().is_some_and(|(time, ..)| *time <= self.now) {
            let Some((_, id, payload)) = server.jobs.pop_front() else { break };
            if let Some(reply) = server.service.execute(&server.disc, &payload) {
                server.session.reply(self.now, id, reply, &mut out);
            }
        }
        if server.session.next_tick().is_some_and(|time| time <= self.now) {
            server.session.tick(self.now, &mut out);
        }
        self.send_to_console(console, &out);
    }

    fn send_to_console(&mut self, console: usize, out: &Outbox) {
        for datagram in out.iter() {
            let it = &mut self.consoles[console];
            let is_ack = |data: &Data<'_>| data.is_ack && it.client.in_flight() == Some(data.ack);
            if matches!(Packet::parse(datagram), Ok(Packet::Data(data)) if is_ack(&data)) {
                it.attempts.answered = true;
            }
            self.link.send(self.now, To::Console(console), datagram.to_vec());
        }
    }

    fn run_console(&mut self, console: usize) {
        let it = &mut self.consoles[console];
        it.wake = None;
        let mut out = Vec::new();
        let outcome = it.client.run(self.now, &mut out);
        if !self.send_to_server(console, out) {
            return;
        }
        match outcome {
            None => {}
            Some(Outcome::Connected) => self.end_call(console, &[], &[]),
            Some(Outcome::Reply(header, data)) => self.end_call(console, &header, &data),
            Some(Outcome::Disconnected(why)) => self.disconnect(console, why),
        }
    }

    fn end_call(&mut self, console: usize, header: &[u8], data: &[u8]) {
        let it = &mut self.consoles[console];
        let step = it.plan.steps[it.at];
        match it.state.take(step, header, data) {
            Ok(ended) => it.at += usize::from(ended),
            Err(wrong) => panic!("console {console}: {wrong}"),
        }
        self.begin_step(console);
    }

    fn begin_step(&mut self, console: usize) {
        let it = &mut self.consoles[console];
        let Some(&step) = it.plan.steps.get(it.at) else {
            it.fate = Some(Fate::Finished);
            return;
        };
        // Another program: its client starts without any state.
        if step == Step::Start {
            self.switch_off(console);
            return;
        }
        let mut out = Vec::new();
        it.client.call(self.now, it.state.call(step), &mut out);
        self.send_to_server(console, out);
    }

    fn switch_off(&mut self, console: usize) {
        let it = &mut self.consoles[console];
        it.client = Client::new(it.plan.checks_acks);
        it.attempts = Attempts::default();
        it.wake = None;
        it.starts = Some(self.now.after(OFF));
    }

    fn start(&mut self, console: usize) {
        let it = &mut self.consoles[console];
        it.starts = None;
        let mut out = Vec::new();
        it.client.discover(self.now, &mut out);
        self.send_to_server(console, out);
    }

    /// Sends datagrams; returns whether the console stayed on throughout.
    fn send_to_server(&mut self, console: usize, out: Vec<Vec<u8>>) -> bool {
        for datagram in out {
            let it = &mut self.consoles[console];
            it.sent += 1;
            if request_number(&datagram).is_some() {
                note_attempt(&mut it.attempts, &it.client);
            }
            let is_restart = it.plan.restart_after.is_some_and(|after| it.sent >= after);
            self.link.send(self.now, To::Server(console), datagram);
            if is_restart {
                self.restart(console);
                return false;
            }
        }
        true
    }

    /// Switches a console off and on. Its datagrams are still in flight.
    fn restart(&mut self, console: usize) {
        let it = &mut self.consoles[console];
        it.plan.restart_after = None;
        it.state = State::default();
        it.at = 0;
        self.switch_off(console);
    }

    fn disconnect(&mut self, console: usize, why: Why) {
        let it = &mut self.consoles[console];
        let step = it.plan.steps[it.at];
        let was_fooled = it.client.released_by_old_ack && !it.attempts.reached;
        it.fate = Some(match why {
            // A DISCOVERY or its INFORM was lost four times.
            Why::NoServer => Fate::TriesUsedUp(step),
            _ if it.attempts.fooled => Fate::FooledByOldAck(step),
            Why::NoAck if !it.attempts.ignored => Fate::TriesUsedUp(step),
            Why::NoReply if was_fooled => Fate::FooledByOldAck(step),
            why => panic!("console {console} gave up at {step:?}: {why:?} {:?}", it.attempts),
        });
    }
}

/// Returns the sequence number of a packet with payload.
fn request_number(datagram: &[u8]) -> Option<Seq> {
    match Packet::parse(datagram) {
        Ok(Packet::Data(data)) if !data.is_empty() => Some(data.seq),
        _ => None,
    }
}

/// Notes that a packet is sent: for the first time, or again.
fn note_attempt(attempts: &mut Attempts, client: &Client) {
    let ignored = attempts.reached_now && !attempts.answered;
    *attempts = if client.is_first_try() {
        let fooled = attempts.fooled || client.released_by_old_ack && !attempts.reached;
        Attempts { fooled, ..Attempts::default() }
    } else {
        Attempts { reached_now: false, answered: false, ignored: attempts.ignored || ignored, ..*attempts }
    };
}
