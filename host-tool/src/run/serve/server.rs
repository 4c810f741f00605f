//! The loop: sockets, replies and timers.

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use mio::{Poll, Token, Waker};
use udpfs::session::Arrival;
use udpfs::{Outbox, Packet, Time};

use super::display::Display;
use super::events::{Event, Events};
use super::peers::Peers;
use super::sockets::Sockets;
use super::workers::Workers;
use crate::interrupt;
use crate::network::Allowed;

const WAKER: Token = Token(0);
const FIRST_SOCKET: usize = 1;
/// Maximum wait of the loop: a signal that asks it to stop may arrive at any time.
const LONGEST_WAIT: Duration = Duration::from_millis(200);
/// Maximum number of datagrams received before replies and timers get their turn.
const MOST_AT_ONCE: usize = 64;
/// How often the live lines are drawn.
const PACE: Duration = Duration::from_secs(1);
/// After this time without a console, the user gets a hint.
const SILENCE: Duration = Duration::from_secs(60);
/// Larger than any datagram that is a packet.
const DATAGRAM: usize = 2048;

/// The state of the loop.
pub(super) struct Server {
    pub(super) sockets: Sockets,
    pub(super) poll: Poll,
    pub(super) workers: Workers,
    pub(super) allowed: Allowed,
    pub(super) events: Events,
    pub(super) told: Receiver<Event>,
    pub(super) display: Display,
}

/// Creates the waker with which other threads wake the loop.
///
/// # Errors
///
/// When the system does not allow it.
pub(super) fn poll() -> io::Result<(Poll, Waker)> {
    let poll = Poll::new()?;
    let waker = Waker::new(poll.registry(), WAKER)?;
    Ok((poll, waker))
}

impl Server {
    /// Serves until a signal asks it to stop.
    ///
    /// # Errors
    ///
    /// When the sockets cannot be waited for.
    pub(super) fn run(mut self) -> io::Result<()> {
        self.sockets.register(self.poll.registry(), FIRST_SOCKET)?;
        let start = Instant::now();
        let now = || Time(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX));
        let mut peers = Peers::default();
        let mut ready = mio::Events::with_capacity(16);
        let mut out = Outbox::new();
        let (mut drawn, mut was_silent) = (now(), true);
        let mut more = false;
        while !interrupt::requested() {
            let wait = match peers.next_tick() {
                _ if more => Duration::ZERO,
                Some(tick) => tick.since(now()).min(LONGEST_WAIT),
                None => LONGEST_WAIT,
            };
            match self.poll.poll(&mut ready, Some(wait)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            more = self.receive(&mut peers, &mut out, &now);
            for done in self.workers.done() {
                if let Some(peer) = peers.known(done.to) {
                    peer.session.reply(now(), done.id, done.reply, &mut out);
                    self.sockets.send(done.to, &mut out);
                }
            }
            let time = now();
            for (address, session) in peers.due(time) {
                session.tick(time, &mut out);
                self.sockets.send(address, &mut out);
            }
            for event in self.told.try_iter() {
                was_silent &= !matches!(event, Event::Console { .. });
                self.display.tell(event);
            }
            if time.since(drawn) >= PACE {
                self.display.draw(peers.paces(), time.since(drawn));
                peers.forget_idle(time);
                drawn = time;
            }
            if was_silent && start.elapsed() >= SILENCE {
                was_silent = false;
                self.display.tell(Event::Silence { message: hint().to_owned() });
            }
        }
        Ok(())
    }

    /// Receives datagrams; returns whether there may be more.
    fn receive(&mut self, peers: &mut Peers, out: &mut Outbox, now: &impl Fn() -> Time) -> bool {
        let mut buf = [0; DATAGRAM];
        let mut more = false;
        for socket in 0..self.sockets.count() {
            let mut taken = 0;
            loop {
                if taken == MOST_AT_ONCE {
                    more = true;
                    break;
                }
                taken += 1;
                match self.sockets.receive(socket, &mut buf) {
                    Ok((len, from)) => self.take(peers, &buf[..len], from, out, now()),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // Windows reports here that a peer has closed its port.
                    Err(_) => {}
                }
            }
        }
        more
    }

    fn take(&mut self, peers: &mut Peers, datagram: &[u8], from: SocketAddr, out: &mut Outbox, now: Time) {
        // Memory and answers are only for senders of a valid packet.
        let Ok(packet) = Packet::parse(datagram) else { return };
        if !self.allowed.contains(from.ip()) {
            return;
        }
        let is_new = !peers.is_known(from.ip());
        let is_request = matches!(packet, Packet::Data(data) if !data.is_empty());
        if is_new && matches!(packet, Packet::Data(data) if data.is_empty()) {
            return;
        }
        let Some(peer) = peers.get(now, from) else { return };
        if is_request && peer.console.is_full() {
            // Treated as lost: the console will send it again.
            return;
        }
        let address = peer.console.address;
        if is_new {
            self.events.send(Event::Console { console: address });
        }
        // It was parsed already.
        let Ok(arrival) = peer.session.datagram(now, datagram, out) else { return };
        self.sockets.send(from, out);
        if let Arrival::Request { id, payload, is_new_session } = arrival {
            peer.has_asked = true;
            if is_new_session {
                self.events.send(Event::Session { console: address });
            }
            self.workers.ask(&peer.console, from, id, payload);
        }
    }
}

fn hint() -> &'static str {
    if cfg!(windows) {
        "no console was heard for a minute. Windows Firewall drops what consoles send until you allow cisor.exe for \
         private networks: Settings, Windows Security, Firewall, Allow an app"
    } else {
        "no console was heard for a minute. Check that it is on the same network, and that no firewall drops UDP port \
         62966"
    }
}
