//! `cisor serve`: a folder of images for PS2 consoles, over UDPFS.
//!
//! `server` is the loop with the sockets, one `udpfs::Session` for each address in `peers`. Requests go
//! to `workers`, which answer them from the `folder`: `names` maps a console's path to a file, and
//! `views` reads it unchanged, or decoded through the `cache`.

mod cache;
mod display;
mod events;
mod folder;
mod names;
mod peers;
mod root;
mod screen;
mod server;
mod sockets;
mod views;
mod workers;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;

use self::display::Display;
use self::events::{Event, Events};
use self::folder::SharedFolder;
use self::screen::Screen;
use self::server::Server;
use self::sockets::Sockets;
use self::workers::Workers;
use crate::cli::ServeArgs;
use crate::exit::Status;
use crate::human;
use crate::machine;
use crate::network::Allowed;
use crate::report::Reporter;

/// Maximum number of images counted at the start, so that a whole disk of files does not delay it.
const MAX_COUNTED: usize = 20_000;
/// Maximum depth of folders that are searched for that.
const COUNTED_DEPTH: usize = 4;

/// Serves a folder until a signal asks it to stop, which counts as success.
pub fn serve(args: &ServeArgs, reporter: &mut Reporter) -> Status {
    let Some(folder) = args.folder.clone() else {
        let script = args.script.as_deref().unwrap_or(Path::new(""));
        return fail(reporter, script, "cannot tell which folder was dropped. Use the command line instead.");
    };
    match start(args, &folder, reporter) {
        Ok(server) => match server.run() {
            Ok(()) => Status::Ok,
            Err(error) => fail(reporter, &folder, &format!("cannot go on: {error}")),
        },
        Err(text) => fail(reporter, &folder, &text),
    }
}

fn fail(reporter: &mut Reporter, folder: &Path, text: &str) -> Status {
    reporter.error(folder, text);
    Status::Failed
}

fn start(args: &ServeArgs, root: &Path, reporter: &Reporter) -> Result<Server, String> {
    let (events, told) = Events::new();
    let options = folder::Options {
        writable: args.writable,
        alias: args.alias,
        disk: args.disk.clone(),
        cache: args.cache.unwrap_or_else(machine::usual_cache) as usize,
    };
    if !root.is_dir() {
        return Err("is not a folder that can be read".into());
    }
    if let Some(disk) = args.disk.as_deref().filter(|disk| !disk.is_file()) {
        return Err(format!("the block device {} is not a file that can be read", disk.display()));
    }
    let folder = SharedFolder::new(root, options, events.clone());
    let folder = folder.map_err(|error| format!("cannot be served: {error}"))?;
    let sockets = Sockets::open(args.bind, args.port).map_err(|error| {
        format!("cannot listen on UDP port {}: {error}. Is another server running?", args.port)
    })?;
    let begin = || {
        let (poll, waker) = server::poll()?;
        let workers = Workers::start(folder, events.clone(), waker)?;
        Ok::<_, std::io::Error>((poll, workers))
    };
    let (poll, workers) = begin().map_err(|error| format!("cannot begin: {error}"))?;
    let screen = Screen::new(reporter.verbosity());
    let port = sockets.port().map_err(|error| format!("cannot begin: {error}"))?;
    greet(args, port, root, &screen, reporter);
    let display = Display::start(screen).map_err(|error| format!("cannot begin: {error}"))?;
    let allowed = Allowed::new(&args.allow);
    Ok(Server { sockets, poll, workers, allowed, events, told, display })
}

/// Prints what is served, where, and what to do on the console.
fn greet(args: &ServeArgs, port: u16, root: &Path, screen: &Screen, reporter: &Reporter) {
    let addresses = args.bind.map_or_else(own_addresses, |address| vec![address]);
    let address = addresses.first().copied().unwrap_or(Ipv4Addr::UNSPECIFIED);
    let images = count_images(root);
    if reporter.verbosity().json {
        let folder = root.to_string_lossy().into_owned();
        let (writable, images) = (args.writable, images.clone());
        let addresses = addresses.clone();
        Event::Listening { address, addresses, port, folder, writable, images }.print_json();
    }
    if reporter.verbosity().quiet {
        return;
    }
    let kinds: Vec<String> = images.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let total = human::count(images.values().sum(), "image", "images");
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    let rights = if args.writable { "consoles may change files" } else { "read-only" };
    let names: Vec<String> = addresses.iter().map(Ipv4Addr::to_string).collect();
    screen.print(&format!(
        "Serving {} on {}, UDP port {}: {total}{kinds}, {rights}.",
        root.display(),
        if names.is_empty() { address.to_string() } else { names.join(", ") },
        port
    ));
    screen.print(
        "On the console: choose UDPFS in Neutrino, wOPL, NHDDL or RiptOPL. It finds this server by itself.",
    );
    screen.print("Ctrl-C stops.");
}

/// Returns this computer's addresses, the one in the network of its router first.
fn own_addresses() -> Vec<Ipv4Addr> {
    let mut addresses: Vec<Ipv4Addr> = own_address().into_iter().collect();
    for address in interface_addresses() {
        if !address.is_loopback() && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

#[cfg(unix)]
fn interface_addresses() -> Vec<Ipv4Addr> {
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    interfaces.filter_map(|it| it.address?.as_sockaddr_in().map(nix::sys::socket::SockaddrIn::ip)).collect()
}

/// Windows has no such list without unsafe code; the address towards the router has to do.
#[cfg(not(unix))]
fn interface_addresses() -> Vec<Ipv4Addr> {
    Vec::new()
}

/// Returns this computer's address in the network of its router. Nothing is sent for that.
fn own_address() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    match socket.local_addr().ok()? {
        SocketAddr::V4(address) => Some(*address.ip()),
        SocketAddr::V6(_) => None,
    }
}

/// Counts images by extension.
fn count_images(folder: &Path) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let files = walkdir::WalkDir::new(folder).max_depth(COUNTED_DEPTH).into_iter().flatten();
    for file in files.take(MAX_COUNTED).filter(|entry| !entry.file_type().is_dir()) {
        if let Some(kind) = names::image_kind(file.file_name()) {
            *counts.entry(kind.to_ascii_uppercase()).or_default() += 1;
        }
    }
    counts
}
