//! A network between real sockets: a relay that loses, duplicates, delays and reorders datagrams.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use udpfs::Time;
use udpfs::packet::Packet;

use crate::client::TRIES;
use crate::link::{Faults, Link, To};

/// Maximum wait of a thread, after which it looks whether it has to stop.
const LONGEST_WAIT: Duration = Duration::from_millis(20);

/// A relay for one console, which runs until it is dropped.
///
/// The last of a console's four tries always gets through, and so does its answer: a console that loses all of them
/// gives up, whatever the server does.
#[derive(Debug)]
pub struct Relay {
    /// Where the console finds the server.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    /// The socket that the console sends to, and the one that the server does.
    to_console: UdpSocket,
    to_server: UdpSocket,
    state: Mutex<State>,
    start: Instant,
    is_over: AtomicBool,
}

#[derive(Debug)]
struct State {
    link: Link,
    console: Option<SocketAddr>,
    /// The last packet with payload of the console, and how many times it came.
    request: Vec<u8>,
    tries: u32,
}

impl Relay {
    /// Starts a relay that consoles reach at `bind`, to a server.
    ///
    /// # Errors
    ///
    /// When the sockets cannot be opened.
    pub fn start(bind: SocketAddr, server: SocketAddr, faults: Faults, seed: u64) -> io::Result<Self> {
        let to_console = UdpSocket::bind(bind)?;
        let to_server = UdpSocket::bind(if server.ip().is_loopback() { "127.0.0.1:0" } else { "0.0.0.0:0" })?;
        let address = to_console.local_addr()?;
        let state = State { link: Link::new(faults, seed), console: None, request: Vec::new(), tries: 0 };
        let shared = Shared {
            to_console,
            to_server,
            state: Mutex::new(state),
            start: Instant::now(),
            is_over: AtomicBool::new(false),
        };
        let shared = Arc::new(shared);
        let threads = [false, true].map(|is_from_server| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.run(is_from_server, server))
        });
        Ok(Self { address, shared, threads: threads.into() })
    }

    /// Returns how many datagrams were sent, and how many of them were lost.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        self.shared.lock().link.counts()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Time {
        Time(u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// Takes what one side sends, and delivers whatever is due to both.
    fn run(&self, is_from_server: bool, server: SocketAddr) {
        let socket = if is_from_server { &self.to_server } else { &self.to_console };
        let mut buf = [0; 2048];
        let mut limit = None;
        while !self.is_over.load(Ordering::Relaxed) {
            let next = self.lock().link.next_arrival().map(|time| time.since(self.now()));
            let wait = next.unwrap_or(LONGEST_WAIT).clamp(Duration::from_micros(100), LONGEST_WAIT);
            if limit != Some(wait) && socket.set_read_timeout(Some(wait)).is_ok() {
                limit = Some(wait);
            }
            let received = socket.recv_from(&mut buf);
            let mut state = self.lock();
            if let Ok((len, from)) = received {
                if is_from_server {
                    state.take(self.now(), To::Console(0), &buf[..len]);
                } else {
                    state.console = Some(from);
                    state.take(self.now(), To::Server(0), &buf[..len]);
                }
            }
            while state.link.next_arrival().is_some_and(|time| time <= self.now()) {
                // What a closed port refuses is lost.
                let _ = match (state.link.arrive(), state.console) {
                    (Some((To::Server(_), bytes)), _) => self.to_server.send_to(&bytes, server),
                    (Some((To::Console(_), bytes)), Some(console)) => {
                        self.to_console.send_to(&bytes, console)
                    }
                    _ => Ok(0),
                };
            }
        }
    }
}

impl State {
    fn take(&mut self, now: Time, to: To, datagram: &[u8]) {
        let is_request = matches!(to, To::Server(_))
            && !matches!(Packet::parse(datagram), Ok(Packet::Data(data)) if data.is_empty());
        if is_request {
            if self.request != datagram {
                self.request = datagram.to_vec();
                self.tries = 0;
            }
            self.tries += 1;
        }
        let is_answer = matches!(to, To::Console(_));
        if self.tries >= TRIES && (is_request || is_answer) {
            self.link.deliver(now, to, datagram.to_vec());
        } else {
            self.link.send(now, to, datagram.to_vec());
        }
    }
}
