//! Every kind of packet and request, by name, as the console's client sends it to the server.

use std::time::Duration;

use udpfs::packet::{DataHeader, Packet, ServiceId, write_discovery};
use udpfs::{Arrival, Outbox, Service, Session, Time};
use udpfs_sim::calls::{
    bread, close, message, next_entry, number, open, plain, read, seek, size_at, stat, write,
};
use udpfs_sim::client::{Call, Client, Outcome};
use udpfs_sim::disc::{DEVICE, Disc, FILES, byte};

/// A console and a server, connected without a network.
struct Bench {
    now: Time,
    client: Client,
    session: Session,
    service: Service<Disc>,
    disc: Disc,
    /// What the server has sent.
    sent: Vec<Vec<u8>>,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self {
            now: Time(1),
            client: Client::new(true),
            session: Session::new(),
            service: Service::default(),
            disc: Disc::default(),
            sent: Vec::new(),
        };
        let mut out = Vec::new();
        bench.client.discover(bench.now, &mut out);
        assert_eq!(bench.run(out), Outcome::Connected);
        bench
    }

    fn run(&mut self, mut from_console: Vec<Vec<u8>>) -> Outcome {
        loop {
            let mut out = Outbox::new();
            for datagram in from_console.drain(..) {
                let arrival = self.session.datagram(self.now, &datagram, &mut out).expect("a packet");
                if let Arrival::Request { id, payload, .. } = arrival
                    && let Some(reply) = self.service.execute(&self.disc, payload)
                {
                    self.session.reply(self.now, id, reply, &mut out);
                }
            }
            assert!(!out.is_empty(), "the server has nothing to say");
            for datagram in out.iter() {
                self.sent.push(datagram.to_vec());
                self.client.interrupt(datagram);
            }
            self.now = self.now.after(Duration::from_micros(50));
            if let Some(outcome) = self.client.run(self.now, &mut from_console) {
                for datagram in from_console {
                    self.session.datagram(self.now, &datagram, &mut out).expect("the last ACK");
                }
                return outcome;
            }
        }
    }

    fn ask(&mut self, call: Call) -> (Vec<u8>, Vec<u8>) {
        let mut out = Vec::new();
        self.client.call(self.now, call, &mut out);
        match self.run(out) {
            Outcome::Reply(header, data) => (header, data),
            other => panic!("{other:?}"),
        }
    }

    /// The handle of a file.
    fn open(&mut self, name: &str, flags: u16) -> i32 {
        let (_, reply) = self.ask(open(name, 0, flags));
        number(&reply, 4)
    }
}

fn bytes(file: usize, range: std::ops::Range<u64>) -> Vec<u8> {
    range.map(|at| byte(file, at)).collect()
}

/// A request of a path, whose reply is a RESULT.
fn with_path(code: u8, path: &[u8]) -> Call {
    plain(message([code, 0, 0, 0], &[path, &[0]]), 8)
}

#[test]
fn discovery_and_inform() {
    let mut session = Session::new();
    let (mut discovery, mut out) = (Vec::new(), Outbox::new());
    write_discovery(&mut discovery, ServiceId::UDPFS);
    session.datagram(Time(0), &discovery, &mut out).unwrap();
    let sent: Vec<_> = out.iter().map(Packet::parse).collect();
    assert_eq!(sent, [Ok(Packet::Inform(ServiceId::UDPFS))]);
    assert!(out.iter().all(|inform| inform.len() <= discovery.len()));
    // Another service is not answered.
    discovery.clear();
    write_discovery(&mut discovery, ServiceId(0x1234));
    out.clear();
    session.datagram(Time(0), &discovery, &mut out).unwrap();
    assert!(out.is_empty());
}

#[test]
fn data_with_ack_and_nack() {
    let mut bench = Bench::new();
    let handle = bench.open("GAME.iso", 1);
    bench.sent.clear();
    bench.ask(bread(handle, 0, 128));
    // The first answer to a request is its ACK, without payload; then comes the transfer, and its last packet says so.
    let Ok(Packet::Data(ack)) = Packet::parse(&bench.sent[0]) else { panic!() };
    assert!(ack.is_ack && ack.is_empty());
    let Some(Ok(Packet::Data(last))) = bench.sent.last().map(|bytes| Packet::parse(bytes)) else { panic!() };
    assert!(last.is_last && !last.is_empty());
    // A NACK for a packet in the middle has it sent again, and all after it.
    let mut out = Vec::new();
    bench.client.call(bench.now, bread(handle, 128, 128), &mut out);
    let mut answers = Outbox::new();
    let Ok(Arrival::Request { id, payload, .. }) = bench.session.datagram(bench.now, &out[0], &mut answers)
    else {
        panic!()
    };
    let reply = bench.service.execute(&bench.disc, payload).unwrap();
    bench.session.reply(bench.now, id, reply, &mut answers);
    let first = answers.iter().filter_map(|bytes| match Packet::parse(bytes) {
        Ok(Packet::Data(data)) if !data.is_empty() => Some(data.seq),
        _ => None,
    });
    let wanted = first.min_by_key(|seq| seq.get()).unwrap().plus(2);
    let mut nack = Vec::new();
    let seq = bench.session.expected().unwrap();
    DataHeader { seq, ack: wanted, ..DataHeader::default() }.write(&mut nack);
    let mut again = Outbox::new();
    bench.session.datagram(bench.now.after(Duration::from_millis(5)), &nack, &mut again).unwrap();
    let Some(Ok(Packet::Data(resent))) = again.iter().next().map(Packet::parse) else { panic!() };
    assert_eq!(resent.seq, wanted);
    assert!(again.len() >= 6, "{} packets", again.len());
}

#[test]
fn open_0x10_and_its_reply_0x11() {
    let mut bench = Bench::new();
    let (_, reply) = bench.ask(open("GAME.iso", 0, 1));
    assert_eq!((reply[0], reply.len(), number(&reply, 4)), (0x11, 36, 1));
    let (_, reply) = bench.ask(open("missing", 0, 1));
    assert_eq!((reply[0], number(&reply, 4)), (0x11, -2));
    let (_, reply) = bench.ask(open("", 1, 1));
    assert_eq!((reply[0], number(&reply, 4)), (0x11, 2));
}

#[test]
fn close_0x12_and_its_reply_0x13() {
    let mut bench = Bench::new();
    let handle = bench.open("GAME.iso", 1);
    let (_, reply) = bench.ask(close(handle));
    assert_eq!((reply[0], reply.len(), number(&reply, 4)), (0x13, 8, 0));
    assert_eq!(number(&bench.ask(close(handle)).1, 4), -9);
}

#[test]
fn read_0x14_and_its_result_0x26() {
    let mut bench = Bench::new();
    let handle = bench.open("GAME.iso", 1);
    let (header, data) = bench.ask(read(handle, 5000));
    assert_eq!((header[0], number(&header, 4), &data[..]), (0x26, 5000, &bytes(0, 0..5000)[..]));
    let (header, data) = bench.ask(read(handle, 65_536));
    assert_eq!((number(&header, 4), &data[..]), (65_536, &bytes(0, 5000..70_536)[..]));
    bench.ask(seek(handle, 300_000));
    let (header, data) = bench.ask(read(handle, 65_536));
    assert_eq!((number(&header, 4), &data[..37]), (37, &bytes(0, 300_000..300_037)[..]));
    let (header, data) = bench.ask(read(handle, 512));
    assert_eq!((number(&header, 4), data.len()), (0, 0));
}

#[test]
fn write_0x16_its_pieces_0x17_and_write_done_0x18() {
    let mut bench = Bench::new();
    let handle = bench.open("saved", 0x602);
    let (_, reply) = bench.ask(write(handle, 4000));
    assert_eq!((reply[0], reply.len(), number(&reply, 4)), (0x18, 8, 4000));
    assert_eq!(*bench.disc.saved.borrow(), bytes(99, 0..4000));
    let handle = bench.open("GAME.iso", 1);
    assert!(number(&bench.ask(write(handle, 4000)).1, 4) < 0);
}

#[test]
fn lseek_0x1a_and_its_reply_0x1b() {
    let mut bench = Bench::new();
    let handle = bench.open("HUGE.iso", 1);
    let (_, reply) = bench.ask(seek(handle, 0x1_0000_0004));
    assert_eq!((reply[0], reply.len(), size_at(&reply, 4)), (0x1B, 12, 0x1_0000_0004));
    let (_, data) = bench.ask(read(handle, 16));
    assert_eq!(data, bytes(1, 0x1_0000_0004..0x1_0000_0014));
}

#[test]
fn dread_0x1c_and_its_reply_0x1d() {
    let mut bench = Bench::new();
    let folder = number(&bench.ask(open("", 1, 1)).1, 4);
    for (name, size) in FILES {
        let (_, entry) = bench.ask(next_entry(folder));
        assert_eq!((entry[0], number(&entry, 4), size_at(&entry, 16)), (0x1D, 1, size));
        assert_eq!(&entry[48..48 + name.len()], name.as_bytes());
    }
    assert_eq!(number(&bench.ask(next_entry(folder)).1, 4), 0);
}

#[test]
fn getstat_0x1e_and_its_reply_0x1f() {
    let mut bench = Bench::new();
    let (_, reply) = bench.ask(stat("HUGE.iso"));
    assert_eq!((reply[0], reply.len(), number(&reply, 4), size_at(&reply, 16)), (0x1F, 48, 0, 5 << 30));
    assert_eq!(number(&bench.ask(stat("missing")).1, 4), -2);
    // Without a path it asks for the block device.
    let (_, reply) = bench.ask(plain(vec![0x1E, 0, 0, 0], 48));
    assert_eq!((reply[0], number(&reply, 4), size_at(&reply, 16)), (0x1F, 0, DEVICE));
}

#[test]
fn mkdir_0x20_remove_0x22_rmdir_0x24_and_their_result_0x26() {
    let mut bench = Bench::new();
    for code in [0x20, 0x22, 0x24] {
        let (header, reply) = bench.ask(with_path(code, b"GAME.iso"));
        assert!(header.is_empty());
        assert_eq!((reply[0], reply.len(), number(&reply, 4)), (0x26, 8, -30), "{code:#X}");
    }
}

#[test]
fn bread_0x28_is_full_with_zeros_past_the_end_or_an_error() {
    let mut bench = Bench::new();
    let handle = bench.open("GAME.iso", 1);
    let (header, data) = bench.ask(bread(handle, 584, 128));
    assert_eq!((header[0], number(&header, 4), data.len()), (0x26, 65_536, 65_536));
    let there = 300_037 - 584 * 512;
    assert_eq!(data[..there], bytes(0, 584 * 512..300_037));
    assert!(data[there..].iter().all(|&byte| byte == 0));
    assert!(number(&bench.ask(bread(77, 0, 1)).0, 4) < 0);
    let (header, data) = bench.ask(bread(0, 5, 2));
    assert_eq!((number(&header, 4), data), (1024, bytes(FILES.len(), 5 * 512..7 * 512)));
}

#[test]
fn bwrite_0x2a_is_answered_by_write_done_0x18() {
    let mut bench = Bench::new();
    let handle = bench.open("saved", 0x602);
    let piece = [&[0x17, 0, 0, 0][..], &512_u16.to_le_bytes(), &1_u16.to_le_bytes()].concat();
    let sector = 3_u64.to_le_bytes();
    let request = message([0x2A, 0, 1, 0], &[&handle.to_le_bytes(), &sector, &piece]);
    let call = Call { packets: vec![(request, vec![0xAB; 512])], ..plain(vec![], 8) };
    let (_, reply) = bench.ask(call);
    assert_eq!((reply[0], number(&reply, 4)), (0x18, 512));
    let saved = bench.disc.saved.borrow();
    assert_eq!((saved.len(), saved[3 * 512]), (2048, 0xAB));
}
