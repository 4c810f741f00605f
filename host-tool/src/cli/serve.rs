//! What `cisor serve` takes.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::Args;

use super::byte_size;
use crate::network::Network;

/// Arguments of `cisor serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// The folder that consoles see
    #[arg(value_name = "FOLDER", required_unless_present = "script")]
    pub folder: Option<PathBuf>,
    /// Take the folder from the command line that this .cmd file was started with
    #[arg(long, hide = true, value_name = "FILE", conflicts_with = "folder")]
    pub script: Option<PathBuf>,
    /// UDP port to listen on; consoles look for a server on the default
    #[arg(long, value_name = "PORT", default_value_t = udpfs::PORT)]
    pub port: u16,
    /// Serve from this address only, where the computer has several
    #[arg(long, value_name = "ADDRESS")]
    pub bind: Option<Ipv4Addr>,
    /// Answer only this network, for instance 192.168.1.0/24; may be repeated [default: all private networks]
    #[arg(long, value_name = "NET")]
    pub allow: Vec<Network>,
    /// Memory for decoded blocks [default: 64M, or a quarter of the memory if that is less]
    #[arg(long, value_name = "SIZE", value_parser = byte_size)]
    pub cache: Option<u32>,
    /// Let consoles write, make and delete files in the folder
    #[arg(long)]
    pub writable: bool,
    /// Show GAME.zso as GAME.iso, too, as older servers do
    #[arg(long)]
    pub alias: bool,
    /// Serve this file as the block device, read-only
    #[arg(long, value_name = "FILE")]
    pub disk: Option<PathBuf>,
}
