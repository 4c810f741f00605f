//! The program on a small machine: little memory and one core.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::running::{Games, Server, open_file, read_all};
use super::support::{self, BIN};

/// Memory of the small machine.
const MEBIBYTES: u64 = 128;

/// The program with so much memory and one core. Where systemd runs, it sets the limit, as a cgroup; elsewhere the kernel
/// limits what one process may write to, which is stricter.
fn on_one_core(mebibytes: u64) -> Command {
    let limit = if has_systemd() {
        scope(&[&format!("MemoryMax={mebibytes}M"), "MemorySwapMax=0"])
    } else {
        vec!["prlimit".to_owned(), format!("--data={}", mebibytes << 20), "--".to_owned()]
    };
    let mut command = Command::new(&limit[0]);
    command.args(&limit[1..]).args(["taskset", "-c", "0"]).arg(BIN);
    command
}

fn has_systemd() -> bool {
    Path::new("/run/systemd/system").is_dir() && support::is_root()
}

/// What runs a command in a cgroup of its own with these properties.
fn scope(properties: &[&str]) -> Vec<String> {
    let mut words = vec!["systemd-run", "--scope", "--quiet"];
    words.extend(properties.iter().flat_map(|property| ["-p", property]));
    words.push("--");
    words.into_iter().map(str::to_owned).collect()
}

/// Cgroups of version 1 that this test has made, removed in the end.
struct Groups(Vec<PathBuf>);

impl Groups {
    /// Makes one with a limit for each controller, given as its folder, the file for the limit, and the limit. `None` where
    /// that cannot be done.
    fn new(limits: &[(&str, &str, u64)]) -> Option<Self> {
        let mut made = Self(Vec::new());
        for (controller, file, limit) in limits {
            let all = Path::new("/sys/fs/cgroup").join(controller);
            let group = all.join(format!("cisor-test-{}", std::process::id()));
            all.join(file).is_file().then_some(())?;
            std::fs::create_dir(&group).ok()?;
            made.0.push(group.clone());
            std::fs::write(group.join(file), limit.to_string()).ok()?;
        }
        Some(made)
    }

    /// What runs a command in all of them.
    fn enter(&self) -> Vec<String> {
        let files = self.0.iter().map(|group| format!("echo $$ > {}/cgroup.procs", group.display()));
        let script: Vec<String> = files.chain(["exec \"$@\"".to_owned()]).collect();
        vec!["sh".to_owned(), "-ec".to_owned(), script.join("; "), "sh".to_owned()]
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        // The last process may not have left yet.
        for group in &self.0 {
            let begun = Instant::now();
            while std::fs::remove_dir(group).is_err() && begun.elapsed().as_secs() < 5 {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

fn threads(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/task", server.child.id())).unwrap().count()
}

#[test]
fn a_small_machine_packs_verifies_and_serves() {
    // Emulators need memory of their own.
    if support::is_emulated() {
        return;
    }
    let games = Games::new(20_000);
    for args in [
        &["compress", "-q", "--to", "cso", "-b", "256K", "-1", "Game.iso", "-o", "Small.cso"][..],
        &["compress", "-q", "--to", "zso", "-b", "256K", "-9", "Game.cso", "-o", "Small.zso"],
        &["verify", "-q", "Game.iso", "Small.cso", "Small.zso"],
        &["extract", "-q", "Small.zso", "-o", "Back.iso"],
    ] {
        let output = on_one_core(MEBIBYTES).args(args).current_dir(games.folder.path()).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(std::fs::read(games.path("Back.iso")).unwrap() == games.image);

    let server = Server::started_by(on_one_core(MEBIBYTES), games.folder.path(), &[]);
    let mut console = server.console(None);
    let handle = open_file(&mut console, "Small.cso.iso");
    read_all(&mut console, handle, &games.image);
    // Its own and the one that waits for signals; one worker for one core.
    let small = threads(&server);
    // This one has not answered anything yet, so its threads may still be starting.
    let other = Server::start(games.folder.path(), &[]);
    let cores = std::thread::available_parallelism().unwrap().get();
    let begun = Instant::now();
    while cores > 1 && threads(&other) <= small {
        let usual = threads(&other);
        assert!(begun.elapsed().as_secs() < 20, "{small} threads on one core, {usual} on {cores}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Nobody has said how much memory the cache may take, and a third of the image fits into what there is. The quota on
/// processor time counts as one core.
#[test]
fn limits_of_a_cgroup_decide_the_size_of_the_cache_and_the_number_of_threads() {
    if support::is_emulated() {
        return;
    }
    let groups =
        Groups::new(&[("memory", "memory.limit_in_bytes", 16 << 20), ("cpu", "cpu.cfs_quota_us", 100_000)]);
    let limited = match &groups {
        _ if has_systemd() => scope(&["MemoryMax=16M", "MemorySwapMax=0", "CPUQuota=100%"]),
        Some(groups) => groups.enter(),
        None => {
            eprintln!("SKIPPED: no cgroup can be made here");
            return;
        }
    };
    let games = Games::new(20_000);
    let mut command = Command::new(&limited[0]);
    command.args(&limited[1..]).arg(BIN);
    let server = Server::started_by(command, games.folder.path(), &[]);
    let mut console = server.console(None);
    let handle = open_file(&mut console, "Game.cso.iso");
    read_all(&mut console, handle, &games.image);
    let other = Server::started_by(on_one_core(MEBIBYTES), games.folder.path(), &[]);
    // It has started its threads once it answers.
    let mut console = other.console(None);
    assert!(open_file(&mut console, "Game.iso") > 0);
    assert_eq!(threads(&server), threads(&other));
}
