//! The sockets: what arrives, and how replies leave.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use mio::net::UdpSocket as PolledSocket;
use mio::{Interest, Registry, Token};
use udpfs::Outbox;

/// The sockets. INFORM and data must come from the same one: a console takes the sender of INFORM for its
/// server.
pub(super) struct Sockets {
    /// The first one sends everything.
    all: Vec<PolledSocket>,
    /// Whether the system takes several datagrams in one call.
    takes_runs: bool,
}

impl Sockets {
    /// Opens the sockets. On most systems a socket that is bound to one address does not receive
    /// broadcasts, so a second one is opened for them.
    ///
    /// # Errors
    ///
    /// When a port is in use, or the computer does not have the address.
    pub(super) fn open(bind: Option<Ipv4Addr>, port: u16) -> io::Result<Self> {
        let mut all = Vec::new();
        if let Some(address) = bind.filter(|address| !address.is_unspecified()) {
            // Any port will do: consoles learn it from the INFORM.
            all.push(UdpSocket::bind((address, 0))?);
        }
        all.push(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port))?);
        for socket in &all {
            socket.set_nonblocking(true)?;
        }
        let takes_runs = runs::are_taken(&all[0]);
        Ok(Self { all: all.into_iter().map(PolledSocket::from_std).collect(), takes_runs })
    }

    /// Returns the UDP port that consoles look for: the given one, or the one that the system chose for 0.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub(super) fn port(&self) -> io::Result<u16> {
        let for_broadcasts = self.all.last().ok_or(io::ErrorKind::NotConnected)?;
        Ok(for_broadcasts.local_addr()?.port())
    }

    /// Returns how many there are.
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// Has the sockets wake a poll. Their tokens count up from `first`.
    ///
    /// # Errors
    ///
    /// When the system does not allow it.
    pub(super) fn register(&mut self, registry: &Registry, first: usize) -> io::Result<()> {
        for (index, socket) in self.all.iter_mut().enumerate() {
            registry.register(socket, Token(first + index), Interest::READABLE)?;
        }
        Ok(())
    }

    /// Receives a datagram from one of the sockets.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] if none is waiting. On Windows also that a peer has closed its port.
    pub(super) fn receive(&self, socket: usize, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.all[socket].recv_from(buf)
    }

    /// Sends all datagrams and clears the outbox. One that the system does not accept counts as lost, and is
    /// retransmitted.
    pub(super) fn send(&mut self, to: SocketAddr, out: &mut Outbox) {
        for run in out.runs() {
            if self.takes_runs && run.bytes.len() > run.each {
                match runs::send(&self.all[0], &run, to) {
                    Ok(()) => continue,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                    // Not every network interface takes them.
                    Err(_) => self.takes_runs = false,
                }
            }
            for datagram in run.datagrams() {
                let _ = self.all[0].send_to(datagram, to);
            }
        }
        out.clear();
    }
}

/// Several datagrams in one call, which the system cuts (UDP GSO): they take the way through its network layers
/// together, which is most of what sending costs.
#[cfg(target_os = "linux")]
mod runs {
    use std::io::{self, IoSlice};
    use std::net::{SocketAddr, UdpSocket};
    use std::os::fd::AsRawFd;

    use mio::net::UdpSocket as PolledSocket;
    use nix::sys::socket::sockopt::UdpGsoSegment;
    use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg, setsockopt};
    use udpfs::outbox::Run;

    /// Whether the system knows about it. A kernel before 4.18 would send a run as one huge datagram.
    pub(super) fn are_taken(socket: &UdpSocket) -> bool {
        setsockopt(socket, UdpGsoSegment, &0).is_ok()
    }

    pub(super) fn send(socket: &PolledSocket, run: &Run<'_>, to: SocketAddr) -> io::Result<()> {
        let each = u16::try_from(run.each).map_err(|_| io::ErrorKind::InvalidInput)?;
        let bytes = [IoSlice::new(run.bytes)];
        let control = [ControlMessage::UdpGsoSegments(&each)];
        let to = SockaddrStorage::from(to);
        sendmsg(socket.as_raw_fd(), &bytes, &control, MsgFlags::empty(), Some(&to))?;
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod runs {
    use std::io;
    use std::net::{SocketAddr, UdpSocket};

    use mio::net::UdpSocket as PolledSocket;
    use udpfs::outbox::Run;

    pub(super) fn are_taken(_: &UdpSocket) -> bool {
        false
    }

    pub(super) fn send(_: &PolledSocket, _: &Run<'_>, _: SocketAddr) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
