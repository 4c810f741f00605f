//! The server's side of UDPFS, the protocol that PS2 loaders (Neutrino, wOPL, NHDDL, RiptOPL) read games
//! over a network with. This crate opens neither sockets nor files and reads no clock: the caller supplies
//! datagrams, files and the time.
//!
//! # Layers
//!
//! 1. [`packet`]: one UDP datagram. All packets are parsed and written there.
//! 2. [`session`]: the transport, a state machine for each address. A datagram or a tick goes in; datagrams
//!    and at most one request come out. It recovers from losses.
//! 3. [`message`]: requests and replies, which are the payload of the transport.
//! 4. [`service`]: handles, and the execution of each request on the caller's [`Files`].
//!
//! # What the assumptions rest on
//!
//! Layouts and numbers come from three sources that agree: the console's client (`rickgaiser/neutrino`,
//! `iop/udpfs`), its second client over lwIP sockets, and an independent server in Go (`pcm720/udpfsd`).
//! None of this was tried on a PS2. This crate depends on the following points, which are inferred from
//! those sources:
//!
//! - A data packet's payload is accepted without the ACK flag: both clients check the flag and the payload
//!   separately. [`session`] explains why retransmitted packets leave the flag out.
//! - The first packet of a write carries up to 24 bytes of header and 1,392 bytes of data, 8 bytes more
//!   than the documented maximum payload: the client's sender does not split it.
//! - A GETSTAT of exactly 4 bytes asks for the block device, and one with an empty path for the root
//!   folder: the client sends the first from its block driver and the second from its file driver.
//! - A console keeps its IP address between its loader and its game, since both start the same network
//!   driver with the same arguments. Handles therefore belong to an IP address, whatever the port.
//! - File times are sent as UTC. None of the sources says which time zone a loader expects.
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
