//! Whole folders and lists of files: what is taken, where it goes, and what a second run does.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Ciso, Folder, ps2_disc, psp_disc, small_disc};

/// Discs in folders, with other files between them.
fn shelf() -> Folder {
    let folder = Folder::new();
    for name in ["shelf/psp/deep", "shelf/ps2", "out"] {
        std::fs::create_dir_all(folder.path(name)).unwrap();
    }
    folder.write("shelf/psp/ONE.iso", &small_disc());
    folder.write("shelf/psp/deep/TWO.data", &psp_disc());
    folder.write("shelf/ps2/ONE.iso", &ps2_disc());
    folder.write("shelf/cover.jpg", b"a picture");
    folder.write("shelf/.ONE.cso.part", b"left behind");
    folder
}

/// Every file below the folder, with slashes, in order.
fn files(folder: &Folder) -> Vec<String> {
    fn walk(root: &std::path::Path, path: &std::path::Path, all: &mut Vec<String>) {
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, all);
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                all.push(name);
            }
        }
    }
    let mut all = Vec::new();
    walk(folder.root(), folder.root(), &mut all);
    all.sort();
    all
}

/// The last object, and those of files.
fn with_summary(folder: &Folder, args: &[&str]) -> (i32, Vec<Value>, Value) {
    let (code, mut objects) = folder.json(args);
    let summary = objects.pop().unwrap();
    assert!(objects.iter().all(|object| object["summary"].is_null()), "{objects:?}");
    assert_eq!(summary["schema"], 1, "{summary}");
    (code, objects, summary["summary"].clone())
}

#[test]
fn layout_of_the_tree_is_kept_and_a_second_run_has_nothing_to_do() {
    let folder = shelf();
    let run = || folder.cisor(["compress", "-r", "-d", "out", "shelf"]).assert().success();
    run().stderr(contains("1 file left alone: 1 .jpg")).stderr(contains("         3  written\n"));
    let made = ["out/ps2/ONE.zso", "out/psp/ONE.cso", "out/psp/deep/TWO.data.cso"];
    let all = files(&folder);
    assert_eq!(all.iter().filter(|name| name.starts_with("out/")).collect::<Vec<_>>(), made.each_ref());
    assert!(folder.path("shelf/.ONE.cso.part").exists(), "another target's part file");
    let before = folder.read(made[0]);
    run().stderr(contains("         3  already done\n"));
    assert_eq!(files(&folder), all);
    assert!(folder.read(made[0]) == before);

    folder.cisor(["extract", "-q", "-r", "-d", "shelf/psp", "out"]).assert().success().stderr(is_empty());
    assert!(folder.read("shelf/psp/ps2/ONE.iso") == ps2_disc());
    assert!(folder.read("shelf/psp/psp/deep/TWO.data.iso") == psp_disc());
}

#[test]
fn packing_a_shelf_again_leaves_packed_files_alone() {
    let folder = shelf();
    folder.cisor(["compress", "-q", "-r", "shelf"]).assert().success();
    let all = files(&folder);
    let (code, objects, summary) = with_summary(&folder, &["compress", "-r", "shelf"]);
    assert_eq!((code, objects.len()), (0, 3));
    assert_eq!((&summary["already_done"], &summary["left_alone"]), (&json!(3), &json!(4)));
    assert_eq!((&summary["written"], &summary["refused"]), (&json!(0), &json!(0)));
    assert_eq!(files(&folder), all);
    // Elsewhere, one of the two is packed.
    let (code, objects, summary) = with_summary(&folder, &["compress", "-r", "-d", "out", "shelf"]);
    assert_eq!((code, objects.len(), &summary["written"]), (0, 3, &json!(3)));
    assert!(objects.iter().all(|object| !object["input"].as_str().unwrap().ends_with(".cso")));
    // The next month, with the sources gone.
    for name in ["shelf/psp/ONE.iso", "shelf/psp/deep/TWO.data", "shelf/ps2/ONE.iso"] {
        folder.remove(name);
    }
    folder.cisor(["compress", "-r", "shelf"]).assert().success();
    // Another format has another name, so packed files are taken, too.
    folder.cisor(["compress", "-q", "-r", "--to", "zso", "shelf"]).assert().success();
    assert!(folder.path("shelf/psp/ONE.zso").exists() && folder.path("shelf/psp/deep/TWO.data.zso").exists());
}

#[test]
fn one_bad_file_does_not_stop_the_others_and_is_counted() {
    let folder = shelf();
    folder.cisor(["compress", "-q", "-r", "-d", "out", "shelf"]).assert().success();
    let mut damaged = Ciso(folder.read("out/psp/ONE.cso"));
    damaged.damage(damaged.packed_block(20));
    folder.write("out/psp/ONE.cso", &damaged.0);
    folder.write("out/EMPTY.iso", b"");
    folder.write("out/psp/CUT.zso", b"ZISO");
    let (code, objects, summary) = with_summary(&folder, &["verify", "-r", "out"]);
    assert_eq!((code, objects.len()), (1, 5));
    for (field, count) in [("files", 5), ("ok", 2), ("damaged", 2), ("failed", 1)] {
        assert_eq!(summary[field], count, "{field}: {summary}");
    }
    let run = folder.cisor(["info", "-r", "out"]).assert();
    run.stdout(contains("ONE.zso")).stderr(contains("5 files in"));
}

#[test]
fn folder_without_r_names_the_option_and_an_empty_one_is_a_mistake() {
    let folder = shelf();
    for verb in ["compress", "extract", "verify", "info"] {
        let run = folder.cisor([verb, "shelf"]).assert().code(2);
        run.stderr(contains("it is a folder, not a file. Name the images in it, or use -r"));
        folder.cisor([verb, "-r", "out"]).assert().code(2).stderr(contains("there are no disc images"));
    }
    let run = folder.cisor(["compress", "-r", "-o", "x.cso", "shelf"]).assert().code(2);
    run.stderr(contains("-o names one file"));
    let run = folder.cisor(["compress", "-r", "-d", "none", "shelf"]).assert().code(2);
    run.stderr(contains("the target folder none does not exist"));
    assert!(!folder.path("none").exists());
}

#[test]
fn list_names_the_files() {
    let folder = shelf();
    folder.write("list", b"\xEF\xBB\xBFshelf/psp/ONE.iso\r\n\r\nshelf/none.iso\nshelf/ps2/ONE.iso");
    let (code, objects, summary) = with_summary(&folder, &["verify", "--files-from", "list"]);
    let inputs: Vec<_> = objects.iter().map(|object| object["input"].as_str().unwrap()).collect();
    assert_eq!(code, 2);
    assert_eq!(inputs, ["shelf/psp/ONE.iso", "shelf/none.iso", "shelf/ps2/ONE.iso"]);
    assert_eq!((&summary["ok"], &summary["failed"]), (&json!(2), &json!(1)));
    let run = folder.cisor(["verify", "--files-from", "none"]).assert().code(2);
    run.stderr(contains("none: cannot read the list of files"));
    folder.write("list", b"shelf/psp\n");
    folder.cisor(["verify", "--files-from", "list"]).assert().code(2).stderr(contains("use -r"));
    let (code, objects, _) = with_summary(&folder, &["verify", "-r", "--files-from", "list"]);
    assert_eq!((code, objects.len()), (0, 2));
}

#[test]
fn dry_run_tells_what_a_run_does_and_writes_nothing() {
    let folder = shelf();
    std::fs::create_dir(folder.path("out/ps2")).unwrap();
    folder.write("out/ps2/ONE.zso", b"something else");
    folder.write("shelf/EMPTY.iso", b"");
    let before = files(&folder);
    let args = ["compress", "-r", "-n", "-d", "out", "shelf"];
    let (code, objects, summary) = with_summary(&folder, &args);
    assert_eq!((code, objects.len()), (2, 4));
    assert_eq!(files(&folder), before);
    assert!(!folder.path("out/psp").exists());
    let planned = |name: &str| {
        let is = |object: &&Value| object["input"].as_str().unwrap().replace('\\', "/").ends_with(name);
        objects.iter().find(is).unwrap()["planned"].clone()
    };
    assert_eq!(planned("ps2/ONE.iso")["action"], "compare");
    let one = planned("psp/ONE.iso");
    assert_eq!(
        (&one["action"], &one["format"], &one["block_size"]),
        (&json!("write"), &json!("cso"), &json!(2048))
    );
    assert_eq!(summary["planned"], 3);
    let run = folder.cisor(args).assert().code(2);
    run.stdout(contains("ONE.cso: CSO in blocks of 2048 bytes, ")).stderr(contains("would become"));

    folder.remove("shelf/EMPTY.iso");
    folder.remove("out/ps2/ONE.zso");
    let (_, objects, _) = with_summary(&folder, &args);
    let (_, made, summary) = with_summary(&folder, &["compress", "-r", "-d", "out", "shelf"]);
    assert_eq!(summary["written"], 3);
    for (planned, made) in objects.iter().zip(&made) {
        let estimate = &planned["planned"]["estimate"];
        let of = |field: &str| estimate[field].as_u64().unwrap();
        let real = made["stored_size"].as_u64().unwrap();
        assert!(of("low") <= real && real <= of("high"), "{estimate} for {real}");
        assert_eq!(planned["planned"]["target"], made["output"]);
    }
    let (code, objects, _) = with_summary(&folder, &["extract", "-r", "-n", "-d", "shelf", "out"]);
    assert_eq!((code, &objects[1]["planned"]["estimate"]["size"]), (0, &objects[1]["size"]));
}

#[test]
fn existing_files_are_skipped_as_asked() {
    let folder = shelf();
    std::fs::create_dir(folder.path("out/ps2")).unwrap();
    folder.write("out/ps2/ONE.zso", b"something else");
    let compress = |more: &[&str]| {
        let args = ["compress", "-r", "-d", "out", "shelf"].into_iter().chain(more.iter().copied());
        with_summary(&folder, &args.collect::<Vec<_>>())
    };
    let (code, _, summary) = compress(&[]);
    assert_eq!((code, &summary["refused"], &summary["written"]), (3, &json!(1), &json!(2)));
    let (code, objects, summary) = compress(&["--skip-existing=name"]);
    assert_eq!((code, &summary["skipped"], &objects[0]["skipped"]), (0, &json!(3), &json!("exists")));
    let finished = std::fs::metadata(folder.path("out/psp/ONE.cso")).unwrap();
    // With -f, only what is not the disc is replaced.
    let (code, _, summary) = compress(&["--skip-existing", "-f"]);
    assert_eq!((code, &summary["written"], &summary["already_done"]), (0, &json!(1), &json!(2)));
    let now = std::fs::metadata(folder.path("out/psp/ONE.cso")).unwrap();
    assert_eq!(now.created().ok(), finished.created().ok());
    let run = folder.cisor(["compress", "-r", "-f", "--skip-existing=name", "shelf"]).assert().code(2);
    run.stderr(contains("use one of them"));
}

#[test]
fn files_that_are_skipped_by_name_are_not_opened() {
    let folder = shelf();
    folder.cisor(["compress", "-q", "-r", "-d", "out", "shelf"]).assert().success();
    // A run that opens one of them fails.
    for name in ["shelf/psp/ONE.iso", "shelf/psp/deep/TWO.data", "shelf/ps2/ONE.iso"] {
        folder.write(name, b"");
    }
    let args = ["compress", "-r", "--skip-existing=name", "-d", "out", "shelf"];
    let (code, objects, summary) = with_summary(&folder, &args);
    // The one without an image's extension is none any more, by its content.
    assert_eq!((code, &summary["skipped"], &summary["files"]), (0, &json!(2), &json!(2)), "{objects:?}");
    assert!(objects.iter().all(|object| object["skipped"] == "exists" && object["output"].is_null()));
    folder
        .cisor(["compress", "--skip-existing=name", "-o", "out/psp/ONE.cso", "shelf/psp/ONE.iso"])
        .assert()
        .success();
    // Another name is not enough, and neither is a source that is not there.
    let named = |args: &[&str]| {
        folder.cisor(["compress", "--skip-existing=name", "-d", "out/psp"]).args(args).assert()
    };
    named(&["--to", "zso", "shelf/psp/ONE.iso"]).code(2).stderr(contains("shelf/psp/ONE.iso"));
    named(&["--for", "opl", "shelf/psp/ONE.iso"]).code(2);
    named(&["--for", "ppsspp", "shelf/psp/ONE.iso"]).success();
    named(&["none/ONE.iso"]).code(2);

    // Beside the files, and back.
    folder.write("out/psp/ONE.iso", b"");
    let args = ["compress", "-r", "--skip-existing=name", "out"];
    let (code, _, summary) = with_summary(&folder, &args);
    assert_eq!((code, &summary["skipped"], &summary["left_alone"]), (0, &json!(1), &json!(3)), "{summary}");
    folder.write("out/psp/ONE.cso", b"");
    let args = ["extract", "-r", "--skip-existing=name", "out"];
    let (code, _, summary) = with_summary(&folder, &args);
    assert_eq!((code, &summary["skipped"], &summary["written"]), (0, &json!(1), &json!(2)), "{summary}");
    let dry = folder.cisor(["extract", "-n", "--skip-existing=name", "out/psp/ONE.cso"]).assert().success();
    dry.stderr(contains("skipped, ").and(contains("ONE.iso exists; it was not looked into")));
}

#[test]
fn shards_share_the_files() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("shelf")).unwrap();
    let names: Vec<_> = (0..12).map(|number| format!("shelf/{number}.iso")).collect();
    names.iter().for_each(|name| folder.write(name, &small_disc()));
    let mut union = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let (code, objects, summary) = with_summary(&folder, &["info", "-r", "--shard", shard, "shelf"]);
        assert_eq!((code, summary["other_shards"].as_u64()), (0, Some(12 - objects.len() as u64)));
        let name = |object: &Value| object["input"].as_str().unwrap().replace('\\', "/");
        union.extend(objects.iter().map(name));
    }
    union.sort();
    let mut names = names;
    names.sort();
    assert_eq!(union, names);
    folder.cisor(["info", "-r", "--shard", "4/3", "shelf"]).assert().code(2);
}

#[test]
fn unsafe_files_are_replaced_and_safe_ones_stay() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("shelf")).unwrap();
    folder.write("GAME.iso", &psp_disc());
    folder.cisor(["compress", "-q", "--for", "psp", "GAME.iso", "-o", "shelf/SAFE.cso"]).assert().success();
    // Without --for, only the format's rules hold.
    folder
        .cisor(["compress", "-q", "--to", "cso", "--best", "GAME.iso", "-o", "shelf/UNSAFE.cso"])
        .assert()
        .success();
    folder.cisor(["compress", "-q", "--to", "zso", "GAME.iso", "-o", "shelf/OTHER.zso"]).assert().success();
    let names = ["SAFE.cso", "OTHER.zso"].map(|name| format!("shelf/{name}"));
    let kept = names.each_ref().map(|name| folder.read(name));
    let args = ["compress", "-r", "--in-place", "--only-unsafe", "--for", "psp", "shelf"];

    let before = folder.read("shelf/UNSAFE.cso");
    let dry = args.iter().copied().chain(["-n"]).collect::<Vec<_>>();
    let (code, _, summary) = with_summary(&folder, &dry);
    assert_eq!((code, &summary["planned"], &summary["skipped"]), (0, &json!(1), &json!(1)));
    assert!(folder.read("shelf/UNSAFE.cso") == before);

    let (code, objects, summary) = with_summary(&folder, &args);
    assert_eq!((code, &summary["written"], &summary["skipped"]), (0, &json!(1), &json!(1)), "{objects:?}");
    assert!(objects.iter().all(|object| object["output"].is_null() || object["output"] == object["input"]));
    for (name, bytes) in names.iter().zip(kept) {
        assert!(folder.read(name) == bytes, "{name}");
    }
    let (_, objects, _) = with_summary(&folder, &["verify", "-r", "shelf"]);
    assert!(objects.iter().all(|object| object["lint"]["failed"].as_u64().unwrap_or(0) == 0));
    folder.cisor(["compare", "GAME.iso", "shelf/UNSAFE.cso"]).assert().success();
    let run = folder.cisor(["compress", "--only-unsafe", "--for", "ppsspp", "x.cso"]).assert().code(2);
    run.stderr(contains("which never reads files for this profile"));
}

#[test]
fn file_in_place_stays_until_the_new_one_is_proven() {
    let folder = Folder::with_compressed_game();
    let packed = folder.read("GAME.cso");
    let mut damaged = Ciso(packed.clone());
    damaged.damage(damaged.packed_block(40));
    folder.write("GAME.cso", &damaged.0);
    folder.cisor(["compress", "--in-place", "GAME.cso"]).assert().code(1);
    assert!(folder.read("GAME.cso") == damaged.0);
    folder.write("GAME.cso", &packed);
    // It keeps its name, so it has to keep its format.
    let run = folder.cisor(["compress", "--in-place", "--to", "zso", "GAME.cso"]).assert().code(3);
    run.stderr(contains("in its place, a ZSO image would have the name of another format"));
    folder.cisor(["compress", "--in-place", "GAME.iso"]).assert().code(3);
    assert!(folder.read("GAME.cso") == packed && folder.read("GAME.iso") == psp_disc());
    folder.cisor(["compress", "-q", "--in-place", "--for", "ppsspp", "GAME.cso"]).assert().success();
    assert!(folder.read("GAME.cso") != packed);
    assert_eq!(folder.names(), ["GAME.cso", "GAME.iso"]);
    folder.cisor(["compare", "GAME.iso", "GAME.cso"]).assert().success();
    for other in [["--rm"], ["-o=x"], ["-d=."]] {
        folder.cisor(["compress", "--in-place", "GAME.cso"]).args(other).assert().code(2);
    }
}

#[test]
fn sidecar_is_written_and_checked() {
    let folder = Folder::with_game();
    let digest: String = Sha256::digest(psp_disc()).iter().map(|byte| format!("{byte:02x}")).collect();
    folder
        .cisor(["compress", "--sidecar", "GAME.iso"])
        .assert()
        .success()
        .stderr(contains("GAME.sha256 written"));
    assert_eq!(folder.read("GAME.sha256"), format!("{digest}  GAME.iso\n").as_bytes());
    for name in ["GAME.iso", "GAME.cso"] {
        let run = folder.cisor(["verify", name]).assert().success();
        run.stdout(contains("  sidecar  GAME.sha256: match\n"));
    }
    // It is written for a file that is there already, too: a run may have been killed in between.
    folder.remove("GAME.sha256");
    let run = folder.cisor(["compress", "--sidecar", "GAME.iso"]).assert().success();
    run.stderr(contains("already done"));
    assert!(folder.path("GAME.sha256").exists());

    let mut other = psp_disc();
    other[40_000] ^= 1;
    folder.write("GAME.iso", &other);
    let run = folder.cisor(["verify", "GAME.iso"]).assert().code(1);
    run.stdout(contains("sidecar  GAME.sha256: MISMATCH"))
        .stderr(contains("does not have the SHA-256 in GAME.sha256"));
    let (_, objects) = folder.json(&["verify", "GAME.iso"]);
    assert_eq!(
        (&objects[0]["status"], &objects[0]["error"]["kind"]),
        (&json!("mismatch"), &json!("sidecar"))
    );
    assert_eq!(objects[0]["sidecar"]["state"], "mismatch");

    // Nothing is put in place beside the digest of another disc, unless it may be replaced.
    let packed = folder.read("GAME.cso");
    folder.remove("GAME.cso");
    let run = folder.cisor(["compress", "--sidecar", "GAME.iso"]).assert().code(3);
    run.stderr(contains("GAME.sha256 exists already and has another digest"));
    assert_eq!(folder.names(), ["GAME.iso", "GAME.sha256"]);
    folder.cisor(["compress", "-f", "--sidecar", "GAME.iso"]).assert().success();
    folder.cisor(["verify", "GAME.cso"]).assert().success().stdout(contains("match"));

    folder.write("GAME.cso", &packed);
    folder.remove("GAME.iso");
    folder.remove("GAME.sha256");
    folder.cisor(["extract", "-q", "--sidecar", "GAME.cso"]).assert().success();
    folder.remove("GAME.sha256");
    let (code, objects) = folder.json(&["verify", "--sidecar", "GAME.iso"]);
    assert_eq!((code, &objects[0]["sidecar"]["state"]), (0, &json!("written")));
    assert_eq!(folder.read("GAME.sha256"), format!("{digest}  GAME.iso\n").as_bytes());
    folder.write("GAME.sha256", b"what is this?");
    folder.cisor(["verify", "GAME.iso"]).assert().success().stderr(contains("does not tell the SHA-256"));
    folder.cisor(["verify", "--sidecar", "GAME.iso"]).assert().code(3);
}
