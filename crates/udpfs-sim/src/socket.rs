//! A console over a real socket.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use udpfs::Time;
use udpfs::packet::Packet;

use crate::client::{Call, Client, Outcome};

/// A console whose network drops every n-th data packet from the server.
#[derive(Debug)]
pub struct Console {
    socket: UdpSocket,
    server: SocketAddr,
    client: Client,
    checks_acks: bool,
    start: Instant,
    lose_every: Option<u64>,
    data_packets: u64,
    /// The time limit that the socket has now.
    limit: Option<Duration>,
    /// Data packets that were lost.
    pub lost: u64,
}

/// Maximum time limit of one wait. Most waits have it, so the socket's limit rarely has to be changed, which costs as
/// much as receiving a packet.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

impl Console {
    /// Creates a console that has not looked for a server yet, which it does at this address.
    ///
    /// # Errors
    ///
    /// When no socket can be opened.
    pub fn new(server: SocketAddr, lose_every: Option<u64>) -> io::Result<Self> {
        let bind = if server.ip().is_loopback() { "127.0.0.1:0" } else { "0.0.0.0:0" };
        let socket = UdpSocket::bind(bind)?;
        // The address may be that of a whole network, as on a real console.
        socket.set_broadcast(true)?;
        Ok(Self {
            socket,
            server,
            client: Client::new(false),
            checks_acks: false,
            start: Instant::now(),
            lose_every,
            data_packets: 0,
            limit: None,
            lost: 0,
        })
    }

    /// The same console with a client that recognises an old ACK.
    #[must_use]
    pub fn checking_acks(self) -> Self {
        Self { checks_acks: true, ..self }
    }

    /// Starts another program on the console, which looks for the server.
    ///
    /// # Errors
    ///
    /// When the socket cannot be used.
    pub fn start(&mut self) -> io::Result<Outcome> {
        self.client = Client::new(self.checks_acks);
        let mut out = Vec::new();
        self.client.discover(self.now(), &mut out);
        self.wait(out)
    }

    /// Makes a call and waits until it ends.
    ///
    /// # Errors
    ///
    /// When the socket cannot be used.
    pub fn call(&mut self, call: Call) -> io::Result<Outcome> {
        let mut out = Vec::new();
        self.client.call(self.now(), call, &mut out);
        self.wait(out)
    }

    /// Makes a call whose reply must come.
    ///
    /// # Panics
    ///
    /// When it does not arrive.
    pub fn ask(&mut self, call: Call) -> (Vec<u8>, Vec<u8>) {
        match self.call(call) {
            Ok(Outcome::Reply(header, data)) => (header, data),
            other => panic!("no reply: {other:?}"),
        }
    }

    fn now(&self) -> Time {
        Time(u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    fn wait(&mut self, mut out: Vec<Vec<u8>>) -> io::Result<Outcome> {
        let mut buf = [0; 2048];
        loop {
            for datagram in out.drain(..) {
                self.socket.send_to(&datagram, self.server)?;
            }
            let outcome = self.client.run(self.now(), &mut out);
            for datagram in out.drain(..) {
                self.socket.send_to(&datagram, self.server)?;
            }
            if let Some(outcome) = outcome {
                return Ok(outcome);
            }
            let until = self.client.deadline().unwrap_or_default().since(self.now());
            let limit = until.clamp(Duration::from_micros(100), LONGEST_WAIT);
            if self.limit != Some(limit) {
                self.socket.set_read_timeout(Some(limit))?;
                self.limit = Some(limit);
            }
            match self.socket.recv_from(&mut buf) {
                Ok((len, from)) => self.take(&buf[..len], from),
                Err(error) if is_timeout(&error) => {}
                // The port has no listener yet.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self, datagram: &[u8], from: SocketAddr) {
        let packet = Packet::parse(datagram);
        if matches!(packet, Ok(Packet::Inform(_))) {
            // Whoever answers is the server from now on.
            self.server = from;
        }
        if matches!(packet, Ok(Packet::Data(data)) if !data.is_empty()) {
            self.data_packets += 1;
            if self.lose_every.is_some_and(|every| self.data_packets.is_multiple_of(every)) {
                self.lost += 1;
                return;
            }
        }
        self.client.interrupt(datagram);
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
