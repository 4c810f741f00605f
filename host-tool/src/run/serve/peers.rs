//! The served addresses and their consoles. The number of both is bounded.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use udpfs::session::Stats;
use udpfs::{Session, Time};

use super::workers::Console;

/// Maximum number of addresses served at once.
const MAX_PEERS: usize = 64;
/// Maximum number of ports served at once per computer. A console uses one.
const MAX_PORTS: usize = 4;
/// An address that was silent for this long is forgotten, since the protocol has no goodbye.
const IDLE: Duration = Duration::from_secs(3600);

/// One address.
pub(super) struct Peer {
    pub(super) session: Session,
    pub(super) console: Arc<Console>,
    /// When it was last heard.
    heard: Time,
    /// Whether it has ever sent a request.
    pub(super) has_asked: bool,
    /// The part that the live line has already counted.
    counted: Stats,
}

/// All addresses.
#[derive(Default)]
pub(super) struct Peers {
    peers: HashMap<SocketAddr, Peer>,
}

/// What a console has received since the last query.
pub(super) struct Pace {
    pub(super) console: Arc<Console>,
    pub(super) packets: u64,
    pub(super) resent: u64,
}

impl Peers {
    /// Returns the peer with this address. If there is none, creates one and evicts the least useful peer
    /// if necessary.
    pub(super) fn get(&mut self, now: Time, from: SocketAddr) -> Option<&mut Peer> {
        let IpAddr::V4(address) = from.ip() else { return None };
        if !self.peers.contains_key(&from) {
            self.make_room(address);
            let known = self.peers.values().find(|peer| peer.console.address == address);
            let console = known.map(|peer| Arc::clone(&peer.console));
            let console = console.unwrap_or_else(|| Arc::new(Console::new(address)));
            let session = Session::new();
            let peer = Peer { session, console, heard: now, has_asked: false, counted: Stats::default() };
            self.peers.insert(from, peer);
        }
        let peer = self.peers.get_mut(&from)?;
        peer.heard = now;
        Some(peer)
    }

    /// Returns the peer with this address, if it is still served.
    pub(super) fn known(&mut self, from: SocketAddr) -> Option<&mut Peer> {
        self.peers.get_mut(&from)
    }

    /// Returns whether a computer is served.
    pub(super) fn is_known(&self, address: IpAddr) -> bool {
        self.peers.keys().any(|known| known.ip() == address)
    }

    fn make_room(&mut self, address: Ipv4Addr) {
        let of_computer = |peer: &&Peer| peer.console.address == address;
        while self.peers.values().filter(of_computer).count() >= MAX_PORTS {
            self.remove_least_missed(|peer| peer.console.address == address);
        }
        while self.peers.len() >= MAX_PEERS {
            self.remove_least_missed(|_| true);
        }
    }

    /// Removes the peer that was silent for longest, preferring those that never sent a request.
    fn remove_least_missed(&mut self, candidate: impl Fn(&Peer) -> bool) {
        let candidates = self.peers.iter().filter(|(_, peer)| candidate(peer));
        let least = candidates.min_by_key(|(_, peer)| (peer.has_asked, peer.heard));
        if let Some(address) = least.map(|(address, _)| *address) {
            self.peers.remove(&address);
        }
    }

    /// Forgets peers that have been silent for an hour.
    pub(super) fn forget_idle(&mut self, now: Time) {
        self.peers.retain(|_, peer| now.since(peer.heard) < IDLE);
    }

    /// Returns when the first session has something to do.
    pub(super) fn next_tick(&self) -> Option<Time> {
        self.peers.values().filter_map(|peer| peer.session.next_tick()).min()
    }

    /// Returns the sessions that have something to do.
    pub(super) fn due(&mut self, now: Time) -> impl Iterator<Item = (SocketAddr, &mut Session)> {
        self.peers.iter_mut().filter_map(move |(address, peer)| {
            let is_due = peer.session.next_tick().is_some_and(|time| time <= now);
            is_due.then_some((*address, &mut peer.session))
        })
    }

    /// Returns what each console received since the last call.
    pub(super) fn paces(&mut self) -> Vec<Pace> {
        let mut paces: Vec<Pace> = Vec::new();
        for peer in self.peers.values_mut() {
            let stats = peer.session.stats();
            let old = std::mem::replace(&mut peer.counted, stats);
            let (packets, resent) = (stats.sent - old.sent, stats.resent - old.resent);
            let known = paces.iter_mut().find(|pace| Arc::ptr_eq(&pace.console, &peer.console));
            if let Some(pace) = known {
                pace.packets += packets;
                pace.resent += resent;
            } else {
                paces.push(Pace { console: Arc::clone(&peer.console), packets, resent });
            }
        }
        paces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u16, port: u16) -> SocketAddr {
        let [high, low] = last.to_be_bytes();
        SocketAddr::from(([10, 0, high, low], port))
    }

    #[test]
    fn floods_displace_each_other_and_not_who_plays() {
        let mut peers = Peers::default();
        let game = address(1, 0xF5F6);
        peers.get(Time(0), game).unwrap().has_asked = true;
        let handles = Arc::clone(&peers.get(Time(1), game).unwrap().console);
        for flood in 0..10_000 {
            peers.get(Time(2), address(2 + flood, 1)).unwrap();
            peers.get(Time(2), address(2, flood)).unwrap();
        }
        assert!(peers.peers.len() <= MAX_PEERS);
        assert!(Arc::ptr_eq(&handles, &peers.known(game).unwrap().console));
        // Another port of the same console has the same handles.
        let console = &peers.get(Time(3), address(1, 5)).unwrap().console;
        assert!(Arc::ptr_eq(&handles, console));
    }

    #[test]
    fn who_was_silent_for_an_hour_is_forgotten() {
        let mut peers = Peers::default();
        peers.get(Time(0), address(1, 1)).unwrap();
        peers.forget_idle(Time(3_599_000_000));
        assert!(peers.is_known(address(1, 1).ip()));
        peers.forget_idle(Time(3_600_000_000));
        assert!(!peers.is_known(address(1, 1).ip()));
    }
}
