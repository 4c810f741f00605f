//! A PS2's side of UDPFS and a network that loses packets, for tests.
//!
//! - [`client`] behaves as the console's own client does, its faults included. It has no socket and no clock, so it
//!   runs on virtual time and over real sockets alike.
//! - [`socket`] runs it over a real socket, [`calls`] are its requests.
//! - [`link`] loses, copies, delays and reorders datagrams by a seed.
//! - [`disc`] has files whose every byte can be computed.
//! - [`world`] puts consoles, a link and a server together on virtual time.
#![forbid(unsafe_code)]

pub mod calls;
pub mod client;
pub mod disc;
pub mod link;
pub mod random;
pub mod script;
pub mod socket;
pub mod world;
