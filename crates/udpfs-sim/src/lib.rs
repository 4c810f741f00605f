//! A PS2's side of UDPFS and a network that loses packets, for tests.
//!
//! - [`client`] behaves like the console's own client, faults included. It uses neither sockets nor a
//!   clock, so it runs on virtual time and over real sockets alike.
//! - [`socket`] runs it over a real socket, and [`calls`] builds its requests.
//! - [`link`] loses, duplicates, delays and reorders datagrams, driven by a seed.
//! - [`relay`] does the same between real sockets.
//! - [`disc`] has files whose content is computed, so any byte can be checked.
//! - [`world`] connects consoles and a server over a link, on virtual time.
#![forbid(unsafe_code)]

pub mod calls;
pub mod client;
pub mod disc;
pub mod link;
pub mod random;
pub mod relay;
pub mod script;
pub mod socket;
pub mod world;
