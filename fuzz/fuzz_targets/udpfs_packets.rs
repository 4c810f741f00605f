//! Any datagrams at any time: neither the transport nor the execution of requests panics, and each datagram
//! is answered by no more than the window holds.
#![no_main]

use cisor_fuzz::disc::Disc;
use cisor_fuzz::steps::{Step, steps};
use libfuzzer_sys::fuzz_target;
use udpfs::packet::{DATA_HEADER_BYTES, DataHeader, MAX_PAYLOAD};
use udpfs::service::MAX_HANDLES;
use udpfs::session::WINDOW;
use udpfs::{Arrival, Outbox, Packet, Reply, RequestId, Seq, Service, Session, Time};

/// The most datagrams in answer to one: an acknowledgement, and a window of the reply.
const MOST_ANSWERS: usize = WINDOW as usize + 1;

/// A server with one console.
#[derive(Default)]
struct Server {
    session: Session,
    service: Service<Disc>,
    now: Time,
    out: Outbox,
    /// A reply that has not been handed to the transport yet.
    waiting: Option<(RequestId, Reply)>,
}

fuzz_target!(|input: &[u8]| {
    let _ = Packet::parse(input);
    let mut server = Server::default();
    for step in steps(input) {
        server.take(&step);
    }
});

impl Server {
    fn take(&mut self, step: &Step<'_>) {
        match *step {
            Step::Datagram(bytes) => self.datagram(bytes),
            Step::Request { ahead, payload } => {
                let payload = &payload[..payload.len().min(MAX_PAYLOAD) / 4 * 4];
                let header =
                    DataHeader { seq: self.seq(ahead), data_len: payload.len(), ..DataHeader::default() };
                self.data(&header, payload);
            }
            Step::Ack { ahead, ack, is_ack } => {
                let header =
                    DataHeader { seq: self.seq(ahead), ack: Seq::new(ack), is_ack, ..DataHeader::default() };
                self.data(&header, &[]);
            }
            Step::Wait { span, is_answered } => {
                self.now = self.now.after(span);
                self.session.tick(self.now, &mut self.out);
                self.check_answers();
                if is_answered && let Some((id, reply)) = self.waiting.take() {
                    self.session.reply(self.now, id, reply, &mut self.out);
                    self.check_answers();
                    self.service.read_ahead(&Disc);
                }
            }
        }
    }

    /// The number of a packet that is so far ahead of the expected one. Most of the others are refused.
    fn seq(&self, ahead: u16) -> Seq {
        Seq::new(self.session.expected().unwrap_or(Seq::FIRST).get().wrapping_add(ahead))
    }

    fn data(&mut self, header: &DataHeader, payload: &[u8]) {
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        bytes.extend_from_slice(payload);
        self.datagram(&bytes);
    }

    fn datagram(&mut self, bytes: &[u8]) {
        let result = self.session.datagram(self.now, bytes, &mut self.out);
        assert!(result.is_ok() || self.out.is_empty(), "an answer to what is not a packet");
        if let Ok(Arrival::Request { id, payload, .. }) = result {
            let reply = self.service.execute(&Disc, payload);
            // Only the latest request can be answered.
            self.waiting = reply.map(|reply| (id, reply));
            assert!(self.service.open_handles() <= MAX_HANDLES);
        }
        self.check_answers();
    }

    /// Checks and drops what was sent.
    fn check_answers(&mut self) {
        assert!(self.out.len() <= MOST_ANSWERS, "{} datagrams", self.out.len());
        for bytes in self.out.iter() {
            assert!(bytes.len() <= DATA_HEADER_BYTES + MAX_PAYLOAD, "{} bytes", bytes.len());
            assert!(Packet::parse(bytes).is_ok(), "a packet that no console takes: {bytes:02X?}");
        }
        self.out.clear();
    }
}
