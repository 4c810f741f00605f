//! The transport with one console: what to send when a datagram arrives, a reply is ready, or time passes.
//!
//! # How losses are repaired
//!
//! A console only receives in order. It acknowledges every 6 packets and the end of a transfer, answers
//! anything out of order with a NACK, and is silent when it expects nothing. So:
//!
//! - At most [`WINDOW`] packets are in flight.
//! - A NACK acknowledges everything before the number it wants. That packet and all after it are
//!   retransmitted, unless it was sent less than a round trip ago: one gap causes several NACKs.
//! - When nothing moves, the last packet is retransmitted. It is the only one whose loss might not cause a
//!   NACK, and if any other is missing, the console answers it with a NACK for that one. A single packet
//!   also disturbs a console least if it has everything and only its last ACK was lost.
//! - A new request ends the previous transfer.
//!
//! # Which packets carry the ACK flag
//!
//! A console that waits for the ACK of its request accepts any packet with the ACK flag, however old. If
//! its request was lost as well, it then waits for a reply that will never come, until it gives up for
//! good. The ACK flag is therefore set only until the console has shown that it knows its request arrived,
//! and never in a retransmitted packet.

mod transfer;

use std::time::Duration;

use crate::message::Reply;
use crate::outbox::Outbox;
use crate::packet::{Data, DataHeader, Packet, PacketError, ServiceId, write_inform};
use crate::rtt::RoundTrip;
use crate::seq::Seq;
use crate::time::Time;
use transfer::{Progress, Transfer};

/// Packets that may be in flight. The console's network chip has a small buffer.
pub const WINDOW: u32 = 8;

/// Slightly more than the longest time that a console waits for a reply (READ and BREAD). After that, it no
/// longer listens.
const CONSOLE_PATIENCE: Duration = Duration::from_secs(31);

/// The longest time after which a network delivers a second copy of a datagram. A console waits for its ACK longer than
/// this before it repeats a request.
const LATEST_COPY: Duration = Duration::from_millis(300);

/// Numbers the requests of a session, so that a reply which comes too late can be recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RequestId(u64);

/// The result of receiving a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival<'a> {
    /// Nothing that the caller has to act on.
    Nothing,
    /// A console looks for a server.
    Discovery,
    /// A new request. Its reply goes to [`Session::reply`], unless it is a piece of a write that needs none.
    Request {
        /// Goes with the reply.
        id: RequestId,
        /// The request, for [`crate::Request::parse`].
        payload: &'a [u8],
        /// Whether the console started over: it restarted, or its next program took over.
        is_new_session: bool,
    },
}

/// Counters of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Packets with payload that were sent for the first time.
    pub sent: u64,
    /// Packets with payload that were retransmitted.
    pub resent: u64,
    /// NACKs received.
    pub nacks: u64,
    /// Requests received again.
    pub repeated: u64,
    /// Times that the console started over.
    pub sessions: u64,
    /// Transfers given up because the console was silent.
    pub abandoned: u64,
}

/// The transport with one address.
#[derive(Debug, Default)]
pub struct Session {
    /// The number of the next request; `None` before the first one.
    expected: Option<Seq>,
    last_request: Vec<u8>,
    id: RequestId,
    /// Whether a DISCOVERY came after the last request.
    discovered: bool,
    /// When the last request came.
    latest: Time,
    /// When a request with the number 0 came that was neither expected nor announced by a DISCOVERY.
    stray_first: Option<Time>,
    /// Whether the console knows that its last request arrived.
    released: bool,
    /// The number of the first packet of the next transfer.
    next: Seq,
    /// The value of `next` at the last request.
    start: Seq,
    /// The last reply, even after it has arrived: the console may ask for it again.
    transfer: Option<Transfer>,
    round_trip: RoundTrip,
    stats: Stats,
}

impl Session {
    /// Creates a session that has received nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the counters so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Returns the number that the next request must have; `None` before the first one.
    #[must_use]
    pub fn expected(&self) -> Option<Seq> {
        self.expected
    }

    /// Takes a datagram from the console. Immediate answers are added to `out`: an ACK goes out before the
    /// request is processed.
    ///
    /// # Errors
    ///
    /// When it is not a packet. Nothing changes then.
    pub fn datagram<'a>(
        &mut self,
        now: Time,
        datagram: &'a [u8],
        out: &mut Outbox,
    ) -> Result<Arrival<'a>, PacketError> {
        match Packet::parse(datagram)? {
            Packet::Discovery(ServiceId::UDPFS) => {
                // Nothing is reset: the console may just have sent DISCOVERY twice and will go on as
                // before.
                self.discovered = true;
                if let Some(transfer) = &mut self.transfer {
                    transfer.hush(now);
                }
                out.push(|bytes| write_inform(bytes, ServiceId::UDPFS));
                Ok(Arrival::Discovery)
            }
            Packet::Discovery(_) | Packet::Inform(_) => Ok(Arrival::Nothing),
            Packet::Data(data) if data.is_empty() => {
                self.take_ack(now, &data, out);
                Ok(Arrival::Nothing)
            }
            Packet::Data(data) => Ok(self.take_request(now, &data, out)),
        }
    }

    /// Sends the reply of a request. A reply to any but the latest request is dropped, since the console no
    /// longer waits for it.
    pub fn reply(&mut self, now: Time, id: RequestId, reply: Reply, out: &mut Outbox) {
        if id != self.id || self.transfer.is_some() {
            return;
        }
        let transfer = Transfer::new(reply, self.next, now);
        self.next = transfer.end();
        self.transfer = Some(transfer);
        self.advance(now, Progress::SendNew, out);
    }

    /// Does whatever is due. Calling it early or late is harmless.
    pub fn tick(&mut self, now: Time, out: &mut Outbox) {
        let Some(transfer) = &mut self.transfer else { return };
        if transfer.silence(now) > CONSOLE_PATIENCE && transfer.next_tick().is_some() {
            transfer.abandon();
            self.stats.abandoned += 1;
            return;
        }
        let progress = transfer.tick(now, &self.round_trip);
        self.advance(now, progress, out);
    }

    /// Returns when [`tick`](Self::tick) has something to do; `None` while nothing is in flight.
    #[must_use]
    pub fn next_tick(&self) -> Option<Time> {
        self.transfer.as_ref().and_then(Transfer::next_tick)
    }

    fn take_ack(&mut self, now: Time, data: &Data<'_>, out: &mut Outbox) {
        if self.expected.is_none() {
            return;
        }
        // Such packets carry the number of the next request. The console only moves on to that number when
        // it has seen the ACK of its last request.
        if self.expected == Some(data.seq) {
            self.released = true;
        }
        if !data.is_ack {
            self.stats.nacks += 1;
        }
        let Some(transfer) = &mut self.transfer else { return };
        let progress = if data.is_ack {
            transfer.acknowledge(now, data.ack, &mut self.round_trip)
        } else {
            transfer.refuse(now, data.ack, &mut self.round_trip)
        };
        self.advance(now, progress, out);
    }

    fn take_request<'a>(&mut self, now: Time, data: &Data<'a>, out: &mut Outbox) -> Arrival<'a> {
        let expected = self.expected;
        let is_new_session = match expected {
            None => true,
            // The number 0 may come from a console that started over just now.
            Some(expected) if data.seq == expected => {
                data.seq == Seq::FIRST && received_nothing(data) && self.next != Seq::FIRST
            }
            Some(expected) if data.seq == expected.previous() => {
                let is_other = self.last_request != data.payload;
                let is_restart = is_other || received_nothing(data) && self.start != Seq::FIRST;
                if data.seq != Seq::FIRST || !is_restart {
                    self.repeat(now, data, out);
                    return Arrival::Nothing;
                }
                true
            }
            // If nothing announces it, it may be a late copy of this session's first request.
            Some(_) if data.seq == Seq::FIRST && (self.may_start_over(now) || self.insists(now)) => true,
            // Some clients count their INFORM. Otherwise it is a late copy of the second request.
            Some(_) if data.seq == Seq::FIRST.next() && self.may_start_over(now) => true,
            Some(expected) => {
                let header = DataHeader { seq: self.next, ack: expected, ..DataHeader::default() };
                out.push(|bytes| header.write(bytes));
                return Arrival::Nothing;
            }
        };
        if is_new_session {
            self.stats.sessions += 1;
            // A console that goes on after the server was restarted says where it was. A new one says "-1".
            self.next = if data.seq == Seq::FIRST { Seq::FIRST } else { data.ack.next() };
        }
        self.start = self.next;
        self.expected = Some(data.seq.next());
        self.last_request.clear();
        self.last_request.extend_from_slice(data.payload);
        self.id.0 += 1;
        self.latest = now;
        self.discovered = false;
        self.stray_first = None;
        self.released = false;
        self.transfer = None;
        self.acknowledge(data.seq, out);
        Arrival::Request { id: self.id, payload: data.payload, is_new_session }
    }

    /// Whether a console may well have started over: it looked for a server, and its last request is so long ago that
    /// what comes now is no copy of a packet before that. If it did start over, it repeats its request until then.
    fn may_start_over(&self, now: Time) -> bool {
        self.discovered && now.since(self.latest) >= LATEST_COPY
    }

    /// Notes an unannounced request with the number 0. Returns whether the console repeats it, as it does when it has
    /// started over and gets no ACK.
    fn insists(&mut self, now: Time) -> bool {
        let first = *self.stray_first.get_or_insert(now);
        now.since(first) >= LATEST_COPY
    }

    /// Answers a repeated request.
    fn repeat(&mut self, now: Time, data: &Data<'_>, out: &mut Outbox) {
        self.stats.repeated += 1;
        let may_be_new = data.seq == Seq::FIRST || self.discovered;
        if self.released && !may_be_new {
            // The console has gone on; the network duplicated this packet.
            return;
        }
        self.acknowledge(data.seq, out);
        let Some(transfer) = &mut self.transfer else { return };
        if transfer.is_complete() && may_be_new {
            self.discovered = false;
            transfer.rewind(now);
            self.advance(now, Progress::SendNew, out);
        }
    }

    fn acknowledge(&self, seq: Seq, out: &mut Outbox) {
        let header = DataHeader { seq: self.next, ack: seq, is_ack: true, ..DataHeader::default() };
        out.push(|bytes| header.write(bytes));
    }

    fn advance(&mut self, now: Time, progress: Progress, out: &mut Outbox) {
        let Some(transfer) = &mut self.transfer else { return };
        let Some(request) = self.expected.map(Seq::previous) else { return };
        // A retransmitted packet is never an acknowledgement.
        let again = transfer.again(progress);
        self.stats.resent += u64::from(again.end - again.start);
        for index in again {
            transfer.send(now, index, request, false, out);
        }
        let new = transfer.new_packets(progress);
        self.stats.sent += u64::from(new.end - new.start);
        for index in new {
            transfer.send(now, index, request, !self.released, out);
        }
        transfer.set_timer(now, progress, &self.round_trip);
    }
}

/// Whether a request shows that its console has received nothing from this server.
fn received_nothing(request: &Data<'_>) -> bool {
    request.ack == Seq::FIRST.previous()
}

#[cfg(test)]
mod tests;
