//! Runs over many files that are killed at any moment, without a chance to tidy up.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use super::start_unheard;
use crate::support::{Folder, noise, psp_disc};

/// How often a run is killed: `CISOR_KILLS` times, or a few.
fn kills() -> u32 {
    std::env::var("CISOR_KILLS").map_or(5, |times| times.parse().expect("a number"))
}

/// Some discs that differ, in folders.
fn discs() -> BTreeMap<String, Vec<u8>> {
    let disc = |number: usize| match number {
        // The slow ones, which most of the time is spent on.
        2 | 5 => [psp_disc(), noise((2 << 20) + number * 2048)].concat(),
        number => [psp_disc(), noise(number * 2048)].concat(),
    };
    (0..8).map(|number| (format!("{}/{number}.iso", number % 3), disc(number))).collect()
}

fn fill(folder: &Folder, discs: &BTreeMap<String, Vec<u8>>) {
    for (name, disc) in discs {
        let path = folder.path("shelf").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, disc).unwrap();
    }
    std::fs::create_dir_all(folder.path("out")).unwrap();
}

/// Every file below a folder but part files, with its number: a file that is written again is another one.
fn files(folder: &Folder, name: &str) -> BTreeMap<String, (u64, Vec<u8>)> {
    fn walk(path: &std::path::Path, below: &str, all: &mut BTreeMap<String, (u64, Vec<u8>)>) {
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), all);
            } else if !(name.rsplit('/').next().unwrap().starts_with('.') && name.ends_with(".part")) {
                use std::os::unix::fs::MetadataExt;
                let number = entry.metadata().unwrap().ino();
                all.insert(name, (number, std::fs::read(entry.path()).unwrap()));
            }
        }
    }
    let mut all = BTreeMap::new();
    walk(&folder.path(name), "", &mut all);
    all
}

/// Runs to the end, and returns how long that took.
fn whole(folder: &Folder, args: &[&str]) -> Duration {
    let begun = Instant::now();
    folder.cisor(args).assert().success();
    begun.elapsed()
}

/// Runs, and kills the run after a while. Returns whether it was still at work.
fn killed(folder: &Folder, args: &[&str], after: Duration) -> bool {
    let mut run = start_unheard(folder, args);
    std::thread::sleep(after);
    let is_alive = run.try_wait().unwrap().is_none();
    run.kill().unwrap();
    run.wait().unwrap();
    is_alive
}

/// Checks one way of working at many moments. `packed` are the files that may exist, each with its disc; what stands
/// there before is in `before`.
fn check(
    args: &[&str],
    setup: &dyn Fn(&Folder),
    packed: &dyn Fn(&str) -> Option<Vec<u8>>,
    place: &str,
    sources_stay: bool,
) {
    let folder = Folder::new();
    setup(&folder);
    let before = files(&folder, place);
    let took = whole(&folder, args);
    let finished = files(&folder, place);
    assert!(
        finished.iter().filter(|(name, file)| before.get(*name) != Some(*file)).count() > 5,
        "nothing to do"
    );
    let kills = kills();
    for kill in 0..kills {
        let folder = Folder::new();
        setup(&folder);
        let sources = files(&folder, "shelf");
        killed(&folder, args, took * (kill + 1) / (kills + 1));
        if sources_stay {
            let now = files(&folder, "shelf");
            assert!(now == sources, "kill {kill}: the shelf has changed");
        }
        let left = files(&folder, place);
        for (name, (_, bytes)) in &left {
            let Some(disc) = packed(name) else { continue };
            folder.write("disc.iso", &disc);
            folder.write("left", bytes);
            folder.cisor(["compare", "-q", "disc.iso", "left"]).assert().success();
        }
        // The next run finishes, and leaves alone what was finished.
        whole(&folder, args);
        let now = files(&folder, place);
        assert_eq!(now.keys().collect::<Vec<_>>(), finished.keys().collect::<Vec<_>>(), "kill {kill}");
        for (name, (number, bytes)) in &left {
            if packed(name).is_some() && finished[name].1 == *bytes {
                assert_eq!(now[name].0, *number, "kill {kill}: {name} was written again");
            }
        }
        for (name, (_, bytes)) in &now {
            assert!(packed(name).is_none() || finished[name].1 == *bytes, "kill {kill}: {name}");
        }
        let parts = walk_parts(&folder);
        assert!(parts.is_empty(), "kill {kill}: {parts:?}");
    }
}

/// Part files that are left anywhere.
fn walk_parts(folder: &Folder) -> Vec<String> {
    let found = Command::new("find").arg(folder.root()).args(["-name", "*.part"]).output().unwrap();
    String::from_utf8(found.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn batch_of_compress_goes_on_after_a_kill_at_any_moment() {
    let discs = discs();
    let disc = |name: &str| Some(discs[&name.replace(".cso", ".iso")].clone());
    let args = ["compress", "-r", "--to", "cso", "-d", "out", "shelf"];
    check(&args, &|folder| fill(folder, &discs), &disc, "out", true);
}

#[test]
fn remaking_in_place_goes_on_after_a_kill_at_any_moment() {
    let discs = discs();
    let shelf = Folder::new();
    fill(&shelf, &discs);
    shelf.cisor(["compress", "-q", "-r", "--rm", "--to", "cso", "--best", "shelf"]).assert().success();
    let packed: Vec<_> = files(&shelf, "shelf").into_iter().map(|(name, (_, bytes))| (name, bytes)).collect();
    let setup = |folder: &Folder| fill(folder, &packed.iter().cloned().collect());
    let disc = |name: &str| Some(discs[&name.replace(".cso", ".iso")].clone());
    // Safe files stay as they are, so a second run does not write them again.
    let args = ["compress", "-r", "--in-place", "--to", "cso", "--only-unsafe", "--for", "psp", "shelf"];
    check(&args, &setup, &disc, "shelf", false);
}

/// A run that is killed right after a file has got its name leaves the other name. The next run has nothing to write
/// there, and removes it all the same.
#[test]
fn second_name_of_a_finished_file_goes_with_the_next_run() {
    let disc = psp_disc();
    let runs: [(&str, &[&str]); 5] = [
        ("out/a.cso", &["compress", "-r", "--for", "psp", "-d", "out", "shelf"]),
        ("out/a.cso", &["compress", "-r", "--for", "psp", "-d", "out", "--skip-existing", "shelf"]),
        ("safe/a.cso", &["compress", "-r", "--in-place", "--only-unsafe", "--for", "psp", "safe"]),
        ("out/a.iso", &["extract", "-r", "-d", "out", "safe"]),
        ("card/ISO/a.cso", &["sync", "shelf", "card", "--for", "psp"]),
    ];
    for (made, args) in runs {
        let folder = Folder::new();
        for name in ["shelf", "safe", "out", "card"] {
            std::fs::create_dir(folder.path(name)).unwrap();
        }
        std::fs::write(folder.path("shelf/a.iso"), &disc).unwrap();
        folder.cisor(["compress", "-q", "--for", "psp", "-d", "safe", "shelf/a.iso"]).assert().success();
        whole(&folder, args);
        let made = folder.path(made);
        let bytes = std::fs::read(&made).unwrap();
        let second = made.with_file_name(format!(".{}.part", made.file_name().unwrap().to_str().unwrap()));
        std::fs::hard_link(&made, &second).unwrap();
        whole(&folder, args);
        assert!(!second.exists(), "{args:?}");
        assert_eq!(std::fs::read(&made).unwrap(), bytes, "{args:?}");
    }
}

#[test]
fn filling_a_card_goes_on_after_a_kill_at_any_moment() {
    let discs = discs();
    let by_name: BTreeMap<_, _> = discs
        .iter()
        .map(|(name, disc)| (name.rsplit('/').next().unwrap().to_owned(), disc.clone()))
        .collect();
    let disc = |name: &str| {
        let name = name.strip_prefix("ISO/")?;
        Some(by_name[&name.replace(".cso", ".iso")].clone())
    };
    let args = ["sync", "shelf", "out", "--for", "psp", "--delete"];
    check(&args, &|folder| fill(folder, &discs), &disc, "out", true);
    // Whenever it was killed: all of it was put there by sync, so all of it can be deleted again.
    for kill in 0..4 {
        let folder = Folder::new();
        fill(&folder, &discs);
        killed(&folder, &args, Duration::from_millis(30 + 60 * kill));
        whole(&folder, &args);
        let shelf = folder.path("shelf");
        for name in discs.keys().filter(|name| !name.ends_with("/0.iso")) {
            std::fs::remove_file(shelf.join(name)).unwrap();
        }
        whole(&folder, &args);
        let left: Vec<_> = files(&folder, "out").into_keys().collect();
        assert_eq!(left, ["ISO/0.cso", "cisor-sync.txt"], "kill {kill}");
    }
}

#[test]
fn batch_of_extract_goes_on_after_a_kill_at_any_moment() {
    let discs = discs();
    let shelf = Folder::new();
    fill(&shelf, &discs);
    shelf.cisor(["compress", "-q", "-r", "--rm", "--to", "zso", "shelf"]).assert().success();
    let packed: Vec<_> = files(&shelf, "shelf").into_iter().map(|(name, (_, bytes))| (name, bytes)).collect();
    let setup = |folder: &Folder| fill(folder, &packed.iter().cloned().collect());
    let disc = |name: &str| Some(discs[name].clone());
    check(&["extract", "-r", "-d", "out", "shelf"], &setup, &disc, "out", true);
}

#[test]
fn scan_goes_on_after_a_kill_at_any_moment() {
    let discs = discs();
    let scan = ["library", "scan", "--verify", "--db", "library.db", "shelf"];
    let list = |folder: &Folder| {
        let (code, objects) = folder.json(&["library", "list", "--db", "library.db"]);
        let is_whole =
            |object: &serde_json::Value| object["verified"].is_string() && object["status"] == "ok";
        assert!(code == 0 && objects.iter().all(is_whole), "{objects:?}");
        objects.len()
    };
    let folder = Folder::new();
    fill(&folder, &discs);
    let took = whole(&folder, &scan);
    let kills = kills();
    for kill in 0..kills {
        let folder = Folder::new();
        fill(&folder, &discs);
        killed(&folder, &scan, took * (kill + 1) / (kills + 1));
        // Nothing half-written is in it, if it exists.
        let left = if folder.path("library.db").exists() { list(&folder) } else { 0 };
        let (code, objects) = folder.json(&scan);
        let read = objects.iter().filter(|object| object["input"].is_string()).count();
        assert_eq!((code, left + read, list(&folder)), (0, discs.len(), discs.len()), "kill {kill}");
    }
}
