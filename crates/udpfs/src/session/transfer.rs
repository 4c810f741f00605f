//! A reply in flight.

use std::ops::Range;
use std::time::Duration;

use crate::chunks::Chunks;
use crate::message::Reply;
use crate::outbox::Outbox;
use crate::packet::DataHeader;
use crate::rtt::RoundTrip;
use crate::seq::Seq;
use crate::session::WINDOW;
use crate::time::Time;

/// Shortest timeout: a busy console is silent for a while.
const SHORTEST_TIMER: Duration = Duration::from_millis(4);
/// Longest timeout: the interval at which a silent console is tried. It gives up 5 s after most requests, so that
/// a network may lose 25 packets in a row.
const LONGEST_TIMER: Duration = Duration::from_millis(200);

/// How long after a DISCOVERY nothing is sent unsolicited: longer than the 500 ms after which a request is
/// repeated.
const HUSH: Duration = Duration::from_millis(600);

/// What has to be sent after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing to send.
    Wait,
    /// Packets that have not been sent yet may go.
    SendNew,
    /// Everything from the first unacknowledged packet on is retransmitted, then new packets follow.
    SendAgain,
    /// The last packet is retransmitted.
    Probe,
}

/// One reply: which of its packets were sent, and which have arrived.
#[derive(Debug)]
pub(super) struct Transfer {
    bytes: Vec<u8>,
    header_len: usize,
    chunks: Chunks,
    first: Seq,
    /// Packets that have arrived.
    arrived: u32,
    /// Packets that were sent at least once.
    sent: u32,
    /// When each packet of the window was last sent (by its index modulo the window), and whether that was
    /// a retransmission.
    sendings: [(Time, bool); WINDOW as usize],
    /// When something has to be sent if the console stays silent.
    timer: Option<(Time, Due)>,
    /// How many times the timer has fired since the console last made progress.
    firings: u32,
    /// When the console was last heard.
    heard: Time,
}

/// What the timer is set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// A packet was requested too soon after it was sent.
    Again,
    /// No progress.
    Probe,
}

impl Transfer {
    pub(super) fn new(reply: Reply, first: Seq, now: Time) -> Self {
        let header_len = if reply.has_header { Reply::HEADER } else { 0 };
        let mut bytes = reply.bytes;
        // The header is a multiple of 4, so this pads the data.
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        Self {
            chunks: Chunks::new(bytes.len() - header_len, header_len),
            bytes,
            header_len,
            first,
            arrived: 0,
            sent: 0,
            sendings: [(now, false); WINDOW as usize],
            timer: None,
            firings: 0,
            heard: now,
        }
    }

    /// Returns the number after the last packet.
    pub(super) fn end(&self) -> Seq {
        self.first.plus(self.chunks.count())
    }

    pub(super) fn is_complete(&self) -> bool {
        self.arrived == self.chunks.count()
    }

    pub(super) fn silence(&self, now: Time) -> Duration {
        now.since(self.heard)
    }

    pub(super) fn next_tick(&self) -> Option<Time> {
        self.timer.map(|(time, _)| time)
    }

    /// Stops sending unsolicited packets. A NACK revives it.
    pub(super) fn abandon(&mut self) {
        self.timer = None;
    }

    /// Sends nothing unsolicited for a while: the console may have started over, and would mistake an old
    /// packet for part of its first reply.
    pub(super) fn hush(&mut self, now: Time) {
        self.timer = self.timer.map(|(_, due)| (now.after(HUSH), due));
    }

    /// Starts again with the first packet.
    pub(super) fn rewind(&mut self, now: Time) {
        self.arrived = 0;
        self.sent = 0;
        self.firings = 0;
        self.heard = now;
    }

    /// Takes an ACK for everything up to `last`.
    pub(super) fn acknowledge(&mut self, now: Time, last: Seq, round_trip: &mut RoundTrip) -> Progress {
        self.arrived_before(now, last.next(), round_trip);
        // A requested packet is still missing after an older ACK.
        match self.timer {
            Some((_, Due::Again)) => Progress::Wait,
            _ => Progress::SendNew,
        }
    }

    /// Takes a NACK: `wanted` is missing, everything before it has arrived.
    pub(super) fn refuse(&mut self, now: Time, wanted: Seq, round_trip: &mut RoundTrip) -> Progress {
        if !self.arrived_before(now, wanted, round_trip) {
            return Progress::Wait;
        }
        if self.arrived == self.sent {
            return Progress::SendNew;
        }
        let due = self.sending(self.arrived).0.after(round_trip.patience());
        if due <= now {
            return Progress::SendAgain;
        }
        self.timer = Some((due, Due::Again));
        Progress::Wait
    }

    /// Notes that the packets before `seq` have arrived; returns whether that is possible.
    fn arrived_before(&mut self, now: Time, seq: Seq, round_trip: &mut RoundTrip) -> bool {
        let arrived = u32::from(seq.since(self.first.plus(self.arrived))) + self.arrived;
        if arrived > self.sent {
            return false;
        }
        self.heard = now;
        if arrived > self.arrived {
            let (sent, is_again) = self.sending(arrived - 1);
            if !is_again {
                round_trip.sample(now.since(sent));
            }
            self.arrived = arrived;
            self.firings = 0;
            self.timer = None;
        }
        true
    }

    /// Returns what is due.
    pub(super) fn tick(&mut self, now: Time, round_trip: &RoundTrip) -> Progress {
        match self.timer {
            Some((time, due)) if time <= now => {
                self.timer = None;
                match due {
                    Due::Again if self.sending(self.arrived).0.after(round_trip.patience()) <= now => {
                        Progress::SendAgain
                    }
                    Due::Again => Progress::Wait,
                    Due::Probe => {
                        self.firings = self.firings.saturating_add(1);
                        Progress::Probe
                    }
                }
            }
            _ => Progress::Wait,
        }
    }

    /// Returns which packets have to be retransmitted.
    pub(super) fn again(&self, progress: Progress) -> Range<u32> {
        match progress {
            Progress::SendAgain => self.arrived..self.sent,
            Progress::Probe if self.arrived < self.sent => self.sent - 1..self.sent,
            _ => self.sent..self.sent,
        }
    }

    /// Returns which packets may be sent for the first time.
    pub(super) fn new_packets(&self, progress: Progress) -> Range<u32> {
        match progress {
            Progress::SendNew | Progress::SendAgain => {
                self.sent..(self.arrived + WINDOW).min(self.chunks.count()).max(self.sent)
            }
            Progress::Wait | Progress::Probe => self.sent..self.sent,
        }
    }

    /// Writes a packet.
    pub(super) fn send(&mut self, now: Time, index: u32, request: Seq, is_ack: bool, out: &mut Outbox) {
        let range = self.chunks.range(index);
        let header_len = if index == 0 { self.header_len } else { 0 };
        let header = DataHeader {
            seq: self.first.plus(index),
            ack: request,
            is_ack,
            is_last: index + 1 == self.chunks.count(),
            header_len,
            data_len: range.len(),
        };
        out.push(|bytes| {
            header.write(bytes);
            bytes.extend_from_slice(&self.bytes[..header_len]);
            bytes.extend_from_slice(&self.bytes[self.header_len + range.start..self.header_len + range.end]);
        });
        self.sendings[(index % WINDOW) as usize] = (now, index < self.sent);
        self.sent = self.sent.max(index + 1);
    }

    /// Sets the timer after something was sent, heard or due.
    pub(super) fn set_timer(&mut self, now: Time, progress: Progress, round_trip: &RoundTrip) {
        if self.is_complete() {
            self.timer = None;
            return;
        }
        if progress == Progress::Wait && self.timer.is_some() {
            return;
        }
        let base = (round_trip.patience() * 3).max(SHORTEST_TIMER);
        let pause = (base * (1 << self.firings.min(10))).min(LONGEST_TIMER);
        self.timer = Some((now.after(pause), Due::Probe));
    }

    fn sending(&self, index: u32) -> (Time, bool) {
        self.sendings[(index % WINDOW) as usize]
    }
}
