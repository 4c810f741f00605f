//! A server in a network namespace of its own, and a console that reaches it over a pair of virtual network cards with
//! losses, delay and reordering (`tc netem`).
//!
//! That needs root and `ip`. Where the kernel has no netem, the project's own relay does it between the same cards.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Output};
use std::time::Duration;

use udpfs_sim::link::Faults;
use udpfs_sim::random::Random;
use udpfs_sim::relay::Relay;
use udpfs_sim::socket::Console;

use crate::running::{Games, Server};
use crate::support::BIN;
use crate::trace::Player;

const HERE: Ipv4Addr = Ipv4Addr::new(10, 213, 77, 1);
const THERE: Ipv4Addr = Ipv4Addr::new(10, 213, 77, 2);
const EVERYBODY: Ipv4Addr = Ipv4Addr::new(10, 213, 77, 255);
const NETEM: &str = "netem delay 2ms loss 1% reorder 2% 25%";

/// A namespace with one end of a pair of network cards. The other end is here.
struct Namespace {
    name: String,
    here: String,
    there: String,
}

fn run(program: &str, args: &str) -> Result<(), String> {
    let outcome = Command::new(program).args(args.split(' ')).output();
    match outcome {
        Ok(Output { status, .. }) if status.success() => Ok(()),
        Ok(output) => Err(format!("{program} {args}: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("{program}: {error}")),
    }
}

impl Namespace {
    fn new() -> Result<Self, String> {
        let id = std::process::id();
        let this = Self { name: format!("cisor{id}"), here: format!("ch{id}"), there: format!("ct{id}") };
        let Self { name, here, there } = &this;
        run("ip", &format!("netns add {name}"))?;
        run("ip", &format!("link add {here} type veth peer name {there} netns {name}"))?;
        run("ip", &format!("addr add {HERE}/24 brd + dev {here}"))?;
        run("ip", &format!("link set {here} up"))?;
        run("ip", &format!("-n {name} addr add {THERE}/24 brd + dev {there}"))?;
        run("ip", &format!("-n {name} link set {there} up"))?;
        Ok(this)
    }

    /// Makes the network bad in both directions.
    fn spoil(&self) -> Result<(), String> {
        run("tc", &format!("qdisc add dev {} root {NETEM}", self.here))?;
        run("tc", &format!("-n {} qdisc add dev {} root {NETEM}", self.name, self.there))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // The network cards go with it.
        let _ = run("ip", &format!("netns del {}", self.name));
    }
}

#[test]
fn console_in_another_network_namespace_plays_over_a_bad_network() {
    let network = match Namespace::new() {
        Ok(network) => network,
        Err(reason) => {
            eprintln!("SKIPPED: no network namespace can be made here: {reason}");
            return;
        }
    };
    let games = Games::new(1000);
    for bind in [&[][..], &["--bind", "10.213.77.2"]] {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &network.name, BIN.path()]);
        let server = Server::run(command, (THERE, udpfs::PORT).into(), games.folder.path(), bind);
        // The loader looks for a server with a broadcast, as consoles do.
        let console = Console::new((EVERYBODY, udpfs::PORT).into(), None).unwrap();
        let mut player = Player { console, image: &games.image, compared: 0 };
        let handle = player.boot("Game.zso.iso", 100_000);
        player.play(handle, &mut Random(3), 1_000_000);
        drop(server);
    }

    let mut command = Command::new("ip");
    command.args(["netns", "exec", &network.name, BIN.path()]);
    let server = Server::run(command, (THERE, udpfs::PORT).into(), games.folder.path(), &[]);
    let relay = match network.spoil() {
        Ok(()) => None,
        Err(reason) => {
            eprintln!("no netem, the project's own relay instead: {reason}");
            let late = Duration::from_millis(1);
            let delay = Duration::from_millis(2);
            let faults = Faults { lost: 10, late: 20, delay, lateness: late, ..Faults::default() };
            Some(Relay::start((HERE, 0).into(), server.address, faults, 5).unwrap())
        }
    };
    let address: SocketAddr = relay.as_ref().map_or(server.address, |relay| relay.address);
    let console = Console::new(address, None).unwrap().checking_acks();
    let mut player = Player { console, image: &games.image, compared: 0 };
    let handle = player.boot("Game.cso.iso", 100_000);
    player.play(handle, &mut Random(4), 500_000);
}
