//! The server's side of UDPFS, the protocol that PS2 loaders (Neutrino, wOPL, NHDDL, RiptOPL) read games over a
//! network with. Nothing here opens a socket or a file, or looks at a clock: the caller brings datagrams, files and
//! the time.
//!
//! # Layers
//!
//! 1. [`packet`]: one UDP datagram. Every packet is parsed and written there.
//! 2. [`session`]: the transport, a state machine for each address. A datagram or a tick goes in, datagrams and at
//!    most one request come out. It repairs losses.
//! 3. [`message`]: requests and replies, which are the payload of the transport.
//! 4. [`service`]: handles and the meaning of each request, over the caller's [`Files`].
//!
//! # What the assumptions rest on
//!
//! Layouts and numbers were read in three places that agree: the console's client (`rickgaiser/neutrino`, `iop/udpfs`),
//! its second client over lwIP sockets, and an independent server in Go (`pcm720/udpfsd`). Nobody here has a PS2. What
//! follows is inferred from those sources, and this crate depends on it:
//!
//! - A data packet needs no ACK flag for its payload to be taken: both clients look at the flag and at the payload
//!   separately. [`session`] says why packets that are sent again leave it out.
//! - The first packet of a write carries up to 24 bytes of header and 1,392 bytes of data, 8 bytes more than the
//!   largest payload of the documentation: the client's sender does not cut it.
//! - A GETSTAT of exactly 4 bytes asks for the block device, and one with an empty path for the root folder: the client
//!   sends the first from its block driver and the second from its file driver.
//! - A console keeps its IP address between its loader and its game, since both start the same network driver with the
//!   same arguments. Handles therefore belong to an IP address, whatever the port.
//! - File times are sent as UTC. No source says which time zone a loader expects.
#![forbid(unsafe_code)]

pub mod errno;
pub mod message;
pub mod outbox;
pub mod packet;
pub mod path;
pub mod seq;
pub mod service;
pub mod session;
pub mod time;

mod bytes;
mod chunks;
mod rtt;

pub use errno::Errno;
pub use message::{Handle, Kind, Reply, Request, Stat};
pub use outbox::Outbox;
pub use packet::{Packet, PacketError};
pub use path::RemotePath;
pub use seq::Seq;
pub use service::{Files, Opened, Service};
pub use session::{Arrival, RequestId, Session};
pub use time::Time;

/// The UDP port that consoles send DISCOVERY to.
pub const PORT: u16 = 0xF5F6;
