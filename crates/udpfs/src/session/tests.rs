use std::time::Duration;

use super::*;
use crate::packet::write_discovery;

struct Bench {
    session: Session,
    now: Time,
    out: Outbox,
}

/// A sent packet: number, ACK flag, last, payload bytes; an ACK or NACK alone has none.
type Sent = (u16, bool, bool, usize);

impl Bench {
    fn new() -> Self {
        Self { session: Session::new(), now: Time(1_000_000), out: Outbox::new() }
    }

    fn wait(&mut self, micros: u64) {
        self.now = self.now.after(Duration::from_micros(micros));
    }

    fn sent(&mut self) -> Vec<Sent> {
        let packets = self.out.iter().map(|bytes| match Packet::parse(bytes).unwrap() {
            Packet::Data(data) => (data.seq.get(), data.is_ack, data.is_last, data.payload.len()),
            other => panic!("{other:?}"),
        });
        let packets = packets.collect();
        self.out.clear();
        packets
    }

    /// Delivers a packet from the console and returns what arrived.
    fn console(&mut self, seq: u16, ack: u16, is_ack: bool, payload: &[u8]) -> Option<(RequestId, bool)> {
        let mut bytes = Vec::new();
        let (seq, ack) = (Seq::new(seq), Seq::new(ack));
        DataHeader { seq, ack, is_ack, data_len: payload.len(), ..DataHeader::default() }.write(&mut bytes);
        bytes.extend_from_slice(payload);
        match self.session.datagram(self.now, &bytes, &mut self.out).unwrap() {
            Arrival::Request { id, is_new_session, .. } => Some((id, is_new_session)),
            _ => None,
        }
    }

    fn request(&mut self, seq: u16, ack: u16) -> (RequestId, bool) {
        self.console(seq, ack, true, b"ask ").expect("a new request")
    }

    fn reply(&mut self, id: RequestId, data: usize) {
        let reply = Reply::data(data, |buf| Ok(buf.len()));
        self.session.reply(self.now, id, reply, &mut self.out);
    }

    /// Delivers the first request and sends a reply of `packets` packets.
    fn replying(packets: usize) -> Self {
        let mut bench = Self::new();
        let (id, _) = bench.request(0, 4095);
        bench.reply(id, packets * 1408 - 8);
        bench.sent();
        bench
    }

    fn tick(&mut self) -> Vec<Sent> {
        self.now = self.session.next_tick().expect("a timer");
        self.session.tick(self.now, &mut self.out);
        self.sent()
    }

    fn discovery(&mut self) {
        let mut bytes = Vec::new();
        write_discovery(&mut bytes, ServiceId::UDPFS);
        let arrival = self.session.datagram(self.now, &bytes, &mut self.out);
        assert_eq!(arrival, Ok(Arrival::Discovery));
        let answer: Vec<_> = self.out.iter().map(<[u8]>::to_vec).collect();
        assert_eq!(answer, [[0x11, 0, 0xF5, 0xF5, 0, 0]]);
        self.out.clear();
    }
}

#[test]
fn discovery_is_answered_with_an_inform_of_the_same_size_and_resets_nothing() {
    let mut bench = Bench::replying(20);
    bench.discovery();
    // The stream continues where it was.
    bench.console(1, 5, true, b"");
    assert_eq!(bench.sent().iter().map(|packet| packet.0).collect::<Vec<_>>(), [8, 9, 10, 11, 12, 13]);
    assert!(!bench.request(1, 13).1);
    // A different service is ignored.
    let mut other = Vec::new();
    write_discovery(&mut other, ServiceId(1));
    assert_eq!(bench.session.datagram(bench.now, &other, &mut bench.out), Ok(Arrival::Nothing));
}

#[test]
fn request_is_acknowledged_before_its_reply() {
    let mut bench = Bench::new();
    let (id, is_new) = bench.request(0, 4095);
    assert!(is_new);
    assert_eq!(bench.sent(), [(0, true, false, 0)]);
    bench.reply(id, 0);
    assert_eq!(bench.sent(), [(0, true, true, 8)]);
}

#[test]
fn eight_packets_are_under_way_and_acks_move_the_window() {
    let mut bench = Bench::new();
    let (id, _) = bench.request(0, 4095);
    bench.reply(id, 20 * 1408 - 8);
    assert_eq!(bench.sent().len(), 1 + 8);
    bench.console(1, 5, true, b"");
    let more = bench.sent();
    assert_eq!(more.iter().map(|packet| packet.0).collect::<Vec<_>>(), [8, 9, 10, 11, 12, 13]);
    // By now the console knows that its request arrived.
    assert!(more.iter().all(|packet| !packet.1));
    bench.console(1, 11, true, b"");
    assert_eq!(bench.sent().len(), 6);
    bench.console(1, 19, true, b"");
    assert_eq!((bench.sent().len(), bench.session.next_tick()), (0, None));
}

#[test]
fn nack_acknowledges_what_is_before_and_resends_after_a_round_trip() {
    let mut bench = Bench::replying(20);
    bench.wait(200);
    bench.console(1, 3, false, b"");
    bench.console(1, 3, false, b"");
    assert_eq!(bench.sent(), []);
    assert_eq!(bench.session.next_tick(), Some(Time(1_001_000)));
    let again = bench.tick();
    // 3 to 7 again, then 8 to 10 for the first time.
    assert_eq!(again.iter().map(|packet| packet.0).collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8, 9, 10]);
    assert!(again.iter().all(|packet| !packet.1));
    assert_eq!((bench.session.stats().resent, bench.session.stats().nacks), (5, 2));
    // A NACK that was in flight meanwhile changes nothing.
    bench.wait(100);
    bench.console(1, 3, false, b"");
    assert_eq!(bench.sent(), []);
}

#[test]
fn lost_last_packet_is_repaired_by_the_timer_without_ack_flag() {
    let mut bench = Bench::replying(1);
    assert_eq!(bench.session.next_tick(), Some(Time(1_004_000)));
    assert_eq!(bench.tick(), [(0, false, true, 1408)]);
    // With growing pauses, and not for ever.
    let mut tries = 0;
    while bench.session.next_tick().is_some() {
        tries += bench.tick().len();
    }
    assert!((100..200).contains(&tries), "{tries}");
    assert_eq!(bench.session.stats().abandoned, 1);
}

#[test]
fn stalled_window_is_probed_with_one_packet() {
    let mut bench = Bench::replying(20);
    assert_eq!(bench.tick(), [(7, false, false, 1408)]);
    bench.console(1, 0, false, b"");
    assert_eq!(bench.sent().len(), 8);
}

#[test]
fn discovery_silences_the_timer_until_its_sender_has_had_time_to_ask() {
    // A console that started over would mistake an old packet for part of its first reply.
    let mut bench = Bench::replying(20);
    bench.discovery();
    assert_eq!(bench.session.next_tick(), Some(Time(1_600_000)));
    assert_eq!(bench.tick().len(), 1);
}

#[test]
fn new_request_ends_the_transfer_before_it() {
    let mut bench = Bench::replying(20);
    let (id, is_new) = bench.request(1, 19);
    assert!(!is_new);
    assert_eq!(bench.sent(), [(20, true, false, 0)]);
    assert_eq!(bench.session.next_tick(), None);
    bench.reply(id, 100);
    assert_eq!(bench.sent(), [(20, true, true, 108)]);
}

#[test]
fn late_reply_of_an_older_request_is_dropped() {
    let mut bench = Bench::new();
    let (old, _) = bench.request(0, 4095);
    let (new, _) = bench.request(1, 4095);
    bench.sent();
    bench.reply(old, 100);
    assert_eq!(bench.sent(), []);
    bench.reply(new, 100);
    assert_eq!(bench.sent().len(), 1);
    bench.reply(new, 100);
    assert_eq!(bench.sent(), []);
}

#[test]
fn repeated_request_is_acknowledged_again_and_not_carried_out_again() {
    let mut bench = Bench::new();
    let (_, _) = bench.request(0, 4095);
    bench.sent();
    assert_eq!(bench.console(0, 4095, true, b"ask "), None);
    assert_eq!(bench.sent(), [(0, true, false, 0)]);
    assert_eq!(bench.session.stats().repeated, 1);
}

#[test]
fn copy_of_a_request_that_the_network_made_is_not_acknowledged_late() {
    let mut bench = Bench::replying(2);
    bench.console(1, 1, true, b"");
    let (id, _) = bench.request(1, 1);
    bench.reply(id, 20);
    bench.sent();
    bench.console(2, 2, true, b"");
    assert_eq!(bench.console(1, 1, true, b"ask "), None);
    assert_eq!(bench.sent(), []);
}

#[test]
fn sequence_0_resets_the_transport() {
    let mut bench = Bench::replying(20);
    bench.request(1, 19);
    bench.request(2, 19);
    bench.wait(400_000);
    bench.sent();
    bench.discovery();
    let (id, is_new) = bench.request(0, 4095);
    assert!(is_new);
    bench.reply(id, 10);
    assert_eq!(bench.sent(), [(0, true, false, 0), (0, true, true, 20)]);
}

/// A console that starts over looks for a server first, and repeats a request that gets no ACK.
#[test]
fn late_copy_of_the_first_request_resets_nothing() {
    let mut bench = Bench::replying(20);
    bench.request(1, 19);
    let (id, _) = bench.request(2, 19);
    bench.sent();
    // Nor do copies of both packets that began the session.
    for discovery in [false, true] {
        if discovery {
            bench.discovery();
        }
        assert_eq!(bench.console(0, 4095, true, b"ask "), None);
        assert!(bench.sent().iter().all(|&(_, is_ack, ..)| !is_ack));
    }
    bench.reply(id, 10);
    assert_eq!(bench.sent(), [(20, true, true, 20)]);
    // A console without an ACK insists.
    bench.wait(500_000);
    assert!(bench.request(0, 4095).1);
}

/// A DISCOVERY and the second request, both delivered again while a reply is under way.
#[test]
fn late_copies_of_discovery_and_second_request_reset_nothing() {
    let mut bench = Bench::replying(1);
    bench.request(1, 0);
    let (id, _) = bench.request(2, 0);
    bench.sent();
    bench.wait(3_600);
    bench.discovery();
    assert_eq!(bench.console(1, 0, true, b"ask "), None);
    assert!(bench.sent().iter().all(|&(_, is_ack, ..)| !is_ack));
    bench.reply(id, 10);
    assert_eq!(bench.sent(), [(1, true, true, 20)]);
    // Also after the session is older than any copy: its last request is not.
    bench.wait(500_000);
    bench.request(3, 1);
    bench.sent();
    bench.discovery();
    assert_eq!(bench.console(1, 0, true, b"ask "), None);
    // A console that counts its INFORM and gets no ACK repeats its request.
    bench.wait(500_000);
    assert!(bench.console(1, 4095, true, b"ask ").unwrap().1);
}

#[test]
fn console_that_restarts_after_its_first_request_is_told_from_a_copy() {
    // Other bytes: a new session.
    let mut bench = Bench::replying(1);
    bench.discovery();
    assert!(bench.console(0, 4095, true, b"new ").unwrap().1);
    bench.sent();
    // The same bytes: the same answer, starting with its first packet.
    let mut bench = Bench::replying(9);
    bench.console(1, 5, true, b"");
    bench.console(1, 8, true, b"");
    bench.sent();
    bench.discovery();
    assert_eq!(bench.console(0, 4095, true, b"ask "), None);
    let packets = bench.sent();
    assert_eq!(packets.len(), 1 + 8);
    assert_eq!((packets[0], packets[1].0), ((9, true, false, 0), 0));
}

#[test]
fn restart_at_the_wrap_of_the_numbers_is_noticed() {
    let mut bench = Bench::new();
    bench.request(4095, 6);
    // 0 is expected. A console that has received nothing started over; one that has goes on.
    assert!(!bench.request(0, 6).1);
    let mut bench = Bench::new();
    bench.request(4095, 6);
    bench.sent();
    assert!(bench.request(0, 4095).1);
    assert_eq!(bench.sent()[0].0, 0);
}

#[test]
fn other_numbers_are_refused_with_a_nack_unless_a_discovery_came() {
    let mut bench = Bench::replying(2);
    bench.request(1, 1);
    bench.sent();
    assert_eq!(bench.console(7, 1, true, b"ask "), None);
    assert_eq!(bench.sent(), [(2, false, false, 0)]);
    bench.request(2, 1);
    bench.sent();
    bench.wait(400_000);
    bench.discovery();
    assert!(bench.console(1, 4095, true, b"ask ").unwrap().1);
}

#[test]
fn console_goes_on_after_the_server_restarted() {
    let mut bench = Bench::new();
    let (id, is_new) = bench.request(77, 1234);
    assert!(is_new);
    bench.reply(id, 10);
    assert_eq!(bench.sent(), [(1235, true, false, 0), (1235, true, true, 20)]);
    let (_, is_new) = bench.request(78, 1235);
    assert!(!is_new);
}

#[test]
fn acks_that_cannot_be_true_change_nothing() {
    let mut bench = Bench::replying(20);
    for ack in [9, 100, 2000, 4094] {
        bench.console(1, ack, true, b"");
        bench.console(1, ack, false, b"");
    }
    assert_eq!(bench.sent(), []);
    // A NACK for the next packet carries information: all 8 packets in flight have arrived.
    bench.console(1, 8, false, b"");
    assert_eq!(bench.sent().iter().map(|packet| packet.0).collect::<Vec<_>>(), (8..16).collect::<Vec<_>>());
    // And one without any session is ignored.
    let mut bench = Bench::new();
    bench.console(1, 0, true, b"");
    assert!(bench.out.is_empty());
}

#[test]
fn malformed_datagrams_of_every_length_change_nothing() {
    let mut bench = Bench::replying(20);
    for len in 0..100 {
        for first in 0..=255 {
            let mut bytes = vec![0xFF; len];
            if let Some(byte) = bytes.first_mut() {
                *byte = first;
            }
            let _ = bench.session.datagram(bench.now, &bytes, &mut bench.out);
        }
    }
    assert!(bench.out.is_empty());
    bench.console(1, 7, true, b"");
    assert_eq!(bench.sent().len(), 8);
}
