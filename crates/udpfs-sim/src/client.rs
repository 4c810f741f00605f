//! The console's client, modelled step by step on Neutrino (`iop/udpfs/src/udprdma.c`).
//!
//! Like the original, it has two halves. The interrupt receives a packet, copies its payload, and sets a
//! flag for the thread. The thread checks the flags when it is scheduled, so several events of a kind
//! collapse into one.

use std::time::Duration;

use udpfs::Time;
use udpfs::packet::{Data, DataHeader, Packet, ServiceId, write_discovery};
use udpfs::seq::Seq;

/// How many times anything is sent before the client gives up.
pub(crate) const TRIES: u32 = 4;
/// How long it waits for an ACK.
const ACK_PATIENCE: Duration = Duration::from_millis(500);
/// How long it waits for an INFORM.
const INFORM_PATIENCE: Duration = Duration::from_millis(1250);
/// Packets per ACK.
const ACK_EVERY: u32 = 6;

/// How long it waits for the data of READ and BREAD.
pub const DATA_PATIENCE: Duration = Duration::from_secs(30);
/// How long it waits for any other reply.
pub const REPLY_PATIENCE: Duration = Duration::from_secs(5);

/// A call that the client makes: it sends one or several packets, then receives one reply.
#[derive(Clone, Debug)]
pub struct Call {
    /// App header and data of each packet.
    pub packets: Vec<(Vec<u8>, Vec<u8>)>,
    /// Size of the reply buffer in bytes.
    pub buffer: usize,
    /// Whether the reply's app header is kept.
    pub wants_header: bool,
    /// How long the client waits before it counts the server as silent.
    pub patience: Duration,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A server was found.
    Connected,
    /// The reply: its app header and its data, with as much of the padding as fits the buffer.
    Reply(Vec<u8>, Vec<u8>),
    /// The client gave up for good.
    Disconnected(Why),
}

/// Why a client gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// No INFORM.
    NoServer,
    /// No ACK.
    NoAck,
    /// Silence instead of a reply.
    NoReply,
}

#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    informed: bool,
    acked: bool,
    nack: bool,
    complete: bool,
    window: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Discovering { tries: u32, until: Time },
    Sending { packet: usize, tries: u32, until: Time },
    Receiving { until: Time },
    Disconnected,
}

/// A buffer for a reply.
#[derive(Clone, Debug)]
struct Armed {
    data: Vec<u8>,
    size: usize,
    header: Option<Vec<u8>>,
    in_window: u32,
}

/// One program on the console, from its start.
#[derive(Clone, Debug)]
pub struct Client {
    /// Whether it recognises an old ACK, as clients have done since RiptOPL's pull request 709.
    pub checks_acks: bool,
    /// Whether the last ACK that let it go on was for an older packet.
    pub released_by_old_ack: bool,
    phase: Phase,
    flags: Flags,
    seq: Seq,
    acked: Seq,
    expected: Seq,
    armed: Option<Armed>,
    call: Option<Call>,
}

impl Client {
    /// Starts the program.
    #[must_use]
    pub fn new(checks_acks: bool) -> Self {
        Self {
            checks_acks,
            released_by_old_ack: false,
            phase: Phase::Idle,
            flags: Flags::default(),
            seq: Seq::FIRST,
            acked: Seq::FIRST,
            expected: Seq::FIRST,
            armed: None,
            call: None,
        }
    }

    /// Returns whether the packet in flight has been sent only once so far.
    #[must_use]
    pub fn is_first_try(&self) -> bool {
        matches!(self.phase, Phase::Sending { tries: 1, .. })
    }

    /// Returns the number of the packet whose ACK the client waits for.
    #[must_use]
    pub fn in_flight(&self) -> Option<Seq> {
        matches!(self.phase, Phase::Sending { .. }).then(|| self.seq.previous())
    }

    /// Starts looking for a server.
    pub fn discover(&mut self, now: Time, out: &mut Vec<Vec<u8>>) {
        self.phase = Phase::Discovering { tries: 1, until: now.after(INFORM_PATIENCE) };
        out.push(discovery());
    }

    /// Starts a call.
    ///
    /// # Panics
    ///
    /// When another call is still running.
    pub fn call(&mut self, now: Time, call: Call, out: &mut Vec<Vec<u8>>) {
        assert_eq!(self.phase, Phase::Idle);
        self.armed = Some(Armed {
            data: Vec::with_capacity(call.buffer),
            size: call.buffer,
            header: call.wants_header.then(Vec::new),
            in_window: 0,
        });
        self.call = Some(call);
        self.begin_sending(now, 0, out);
    }

    /// Returns when the thread has to run even if nothing arrives.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        match self.phase {
            Phase::Idle | Phase::Disconnected => None,
            Phase::Discovering { until, .. } | Phase::Sending { until, .. } | Phase::Receiving { until } => {
                Some(until)
            }
        }
    }

    /// The interrupt: receives a packet.
    pub fn interrupt(&mut self, datagram: &[u8]) {
        match Packet::parse(datagram) {
            Ok(Packet::Inform(ServiceId::UDPFS)) => self.flags.informed = true,
            Ok(Packet::Data(data)) => {
                if data.is_ack {
                    self.acked = data.ack;
                    self.flags.acked = true;
                }
                if !data.is_empty() {
                    self.take_payload(&data);
                }
            }
            _ => {}
        }
    }

    fn take_payload(&mut self, data: &Data<'_>) {
        // Without a buffer, the client answers nothing.
        let Some(armed) = &mut self.armed else { return };
        if data.seq != self.expected {
            self.flags.nack = true;
            return;
        }
        let (header, bytes) = data.payload.split_at(data.header_len);
        if let Some(kept) = &mut armed.header
            && kept.is_empty()
        {
            kept.extend_from_slice(header);
        }
        let room = armed.size - armed.data.len();
        armed.data.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.expected = self.expected.next();
        if data.is_last || armed.data.len() >= armed.size {
            self.flags.complete = true;
        } else {
            armed.in_window += 1;
            if armed.in_window >= ACK_EVERY {
                armed.in_window = 0;
                self.flags.window = true;
            }
        }
    }

    /// The thread: acts on the flags and timeouts until it has to wait again.
    pub fn run(&mut self, now: Time, out: &mut Vec<Vec<u8>>) -> Option<Outcome> {
        loop {
            match self.phase {
                Phase::Idle | Phase::Disconnected => return None,
                Phase::Discovering { tries, until } => {
                    if std::mem::take(&mut self.flags).informed {
                        self.phase = Phase::Idle;
                        return Some(Outcome::Connected);
                    }
                    if now < until {
                        return None;
                    }
                    if tries == TRIES {
                        return Some(self.give_up(Why::NoServer));
                    }
                    out.push(discovery());
                    self.phase = Phase::Discovering { tries: tries + 1, until: now.after(INFORM_PATIENCE) };
                }
                Phase::Sending { packet, tries, until } => {
                    if self.flags.acked {
                        self.flags.acked = false;
                        let behind = self.acked.since(self.seq.previous());
                        if !self.checks_acks || behind < Seq::COUNT / 2 {
                            self.released_by_old_ack = behind != 0;
                            self.after_sending(now, packet, out);
                            continue;
                        }
                    } else if now < until {
                        return None;
                    }
                    if tries == TRIES {
                        return Some(self.give_up(Why::NoAck));
                    }
                    self.seq = self.seq.previous();
                    self.send(packet, out);
                    self.phase = Phase::Sending { packet, tries: tries + 1, until: now.after(ACK_PATIENCE) };
                }
                Phase::Receiving { until } => {
                    let flags = self.flags;
                    if flags.complete || flags.nack || flags.window {
                        self.flags = Flags::default();
                    }
                    if flags.complete {
                        self.answer(true, out);
                        self.phase = Phase::Idle;
                        let armed = self.armed.take();
                        let (header, data) = armed.map(|it| (it.header, it.data)).unwrap_or_default();
                        return Some(Outcome::Reply(header.unwrap_or_default(), data));
                    }
                    if flags.nack || flags.window {
                        // If both are flagged, only the NACK is sent.
                        self.answer(!flags.nack, out);
                        self.phase = self.receiving(now);
                    } else if now < until {
                        return None;
                    } else {
                        return Some(self.give_up(Why::NoReply));
                    }
                }
            }
        }
    }

    fn give_up(&mut self, why: Why) -> Outcome {
        self.phase = Phase::Disconnected;
        self.armed = None;
        Outcome::Disconnected(why)
    }

    fn begin_sending(&mut self, now: Time, packet: usize, out: &mut Vec<Vec<u8>>) {
        self.flags.acked = false;
        self.send(packet, out);
        self.phase = Phase::Sending { packet, tries: 1, until: now.after(ACK_PATIENCE) };
    }

    fn after_sending(&mut self, now: Time, packet: usize, out: &mut Vec<Vec<u8>>) {
        let packets = self.call.as_ref().map_or(0, |call| call.packets.len());
        if packet + 1 < packets {
            self.begin_sending(now, packet + 1, out);
        } else {
            self.phase = self.receiving(now);
        }
    }

    fn receiving(&self, now: Time) -> Phase {
        let patience = self.call.as_ref().map_or(REPLY_PATIENCE, |call| call.patience);
        Phase::Receiving { until: now.after(patience) }
    }

    fn send(&mut self, packet: usize, out: &mut Vec<Vec<u8>>) {
        let Some((app, data)) = self.call.as_ref().and_then(|call| call.packets.get(packet)) else { return };
        let padded = data.len().next_multiple_of(4);
        let header = DataHeader {
            seq: self.seq,
            ack: self.expected.previous(),
            is_ack: true,
            is_last: true,
            header_len: app.len(),
            data_len: padded,
        };
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        bytes.extend_from_slice(app);
        bytes.extend_from_slice(data);
        bytes.resize(bytes.len() + padded - data.len(), 0);
        out.push(bytes);
        self.seq = self.seq.next();
    }

    /// Sends an ACK or a NACK.
    fn answer(&self, is_ack: bool, out: &mut Vec<Vec<u8>>) {
        let ack = if is_ack { self.expected.previous() } else { self.expected };
        let mut bytes = Vec::new();
        DataHeader { seq: self.seq, ack, is_ack, ..DataHeader::default() }.write(&mut bytes);
        out.push(bytes);
    }
}

fn discovery() -> Vec<u8> {
    let mut bytes = Vec::new();
    write_discovery(&mut bytes, ServiceId::UDPFS);
    bytes
}
