//! `--json`: the fields that docs/json.md promises.

use serde_json::{Value, json};

use crate::support::{Ciso, Folder};

/// Fields that every object has, whatever happened.
const CORE: [&str; 13] = [
    "schema",
    "verb",
    "input",
    "output",
    "status",
    "exit",
    "error",
    "warnings",
    "format",
    "block_size",
    "size",
    "stored_size",
    "hashes",
];
const ERROR: [&str; 7] = ["kind", "message", "fix", "block", "offset", "expected", "got"];

fn has_core(object: &Value, verb: &str) {
    for field in CORE {
        assert!(object.get(field).is_some(), "{field} in {object}");
    }
    assert_eq!(object["schema"], 1);
    assert_eq!(object["verb"], verb);
    if !object["error"].is_null() {
        for field in ERROR {
            assert!(object["error"].get(field).is_some(), "{field} in {object}");
        }
    }
}

/// Every field of an object, including nested ones, as documented: `error.kind`.
fn fields(object: &Value, prefix: &str, all: &mut Vec<String>) {
    let Value::Object(map) = object else { return };
    for (name, value) in map {
        let name = format!("{prefix}{name}");
        match value {
            // Its keys are the lint's reasons.
            Value::Object(_) if name == "lint.findings" => {}
            Value::Array(items) => items.iter().for_each(|item| fields(item, &format!("{name}[]."), all)),
            inner => fields(inner, &format!("{name}."), all),
        }
        all.push(name);
    }
}

#[test]
fn compress_reports_what_was_written() {
    let folder = Folder::with_game();
    let (code, objects) = folder.json(&["compress", "GAME.iso"]);
    assert_eq!((code, objects.len()), (0, 1));
    let object = &objects[0];
    has_core(object, "compress");
    let written = folder.read("GAME.cso").len();
    for (field, value) in [
        ("input", json!("GAME.iso")),
        ("output", json!("GAME.cso")),
        ("status", json!("ok")),
        ("exit", json!(0)),
        ("error", Value::Null),
        ("format", json!("cso")),
        ("block_size", json!(2048)),
        ("index_shift", json!(0)),
        ("size", json!(folder.read("GAME.iso").len())),
        ("stored_size", json!(written)),
        ("profile", json!("psp")),
        ("disc", json!({"console": "PSP", "id": "ULUS-10041", "title": "Zwölf Türme"})),
    ] {
        assert_eq!(object[field], value, "{field}");
    }
    assert_eq!(object["lint"]["failed"], 0);
    assert_eq!(object["lint"]["streams"], object["blocks"]["deflate"]);
    assert_eq!(object["hashes"]["sha256"].as_str().map(str::len), Some(64));
    assert!(object.get("source_removed").is_none());
}

#[test]
fn rm_is_in_the_object() {
    let folder = Folder::with_game();
    let (_, objects) = folder.json(&["compress", "--rm", "GAME.iso"]);
    assert_eq!(objects[0]["source_removed"], true);
}

#[test]
fn damage_is_in_the_object_with_its_numbers() {
    let folder = Folder::with_compressed_game();
    let mut file = Ciso(folder.read("GAME.cso"));
    let block = file.packed_block(40);
    file.damage(block);
    folder.write("BAD.cso", &file.0);

    let (code, objects) = folder.json(&["extract", "BAD.cso"]);
    assert_eq!(code, 1);
    has_core(&objects[0], "extract");
    let error = &objects[0]["error"];
    assert_eq!(objects[0]["status"], "damaged");
    assert_eq!(objects[0]["output"], Value::Null);
    assert_eq!((&error["kind"], &error["block"]), (&json!("invalid"), &json!(block)));
    assert_eq!((&error["offset"], &error["expected"]), (&json!(file.position(block)), &json!(2048)));
    assert!(error["got"].is_u64());

    let (code, objects) = folder.json(&["extract", "--keep-going", "BAD.cso"]);
    assert_eq!(code, 1);
    assert_eq!(objects[0]["output"], "BAD.iso");
    assert_eq!(objects[0]["error"]["kind"], "damaged_blocks");
    let range = &objects[0]["damaged"][0];
    assert_eq!((&range["first"], &range["last"]), (&json!(block), &json!(block)));
    assert_eq!(objects[0]["hashes"], Value::Null);
}

#[test]
fn every_file_has_an_object_also_those_that_fail() {
    let folder = Folder::with_compressed_game();
    for verb in ["compress", "extract", "verify", "info"] {
        let (code, objects) = folder.json(&[verb, "none.iso", "GAME.cso", "GAME.iso"]);
        assert_eq!(code, 2, "{verb}");
        assert_eq!(objects.len(), 3, "{verb}");
        objects.iter().for_each(|object| has_core(object, verb));
        let none = objects.iter().find(|object| object["input"] == "none.iso").unwrap();
        assert_eq!((&none["status"], &none["exit"]), (&json!("failed"), &json!(2)));
        assert_eq!(none["error"]["kind"], "open");
    }
}

#[test]
fn refusals_say_why_and_what_to_do() {
    let folder = Folder::with_game();
    folder.write("GAME.cso", b"another file");
    let (code, objects) = folder.json(&["compress", "GAME.iso"]);
    assert_eq!(code, 3);
    assert_eq!(objects[0]["status"], "refused");
    assert_eq!(objects[0]["error"]["kind"], "target_exists");
    assert_eq!(objects[0]["error"]["fix"], "Use -f to replace it.");
}

#[test]
fn compare_has_both_files_and_the_difference() {
    let folder = Folder::with_compressed_game();
    let mut other = folder.read("GAME.iso");
    other[5000] ^= 1;
    folder.write("OTHER.iso", &other);
    let (code, objects) = folder.json(&["compare", "GAME.cso", "OTHER.iso"]);
    assert_eq!(code, 1);
    has_core(&objects[0], "compare");
    assert_eq!(objects[0]["compared_with"], "OTHER.iso");
    assert_eq!(objects[0]["status"], "mismatch");
    assert_eq!(objects[0]["difference"], json!({"offset": 5000, "lba": 2}));
    let (code, objects) = folder.json(&["compare", "GAME.cso", "GAME.iso"]);
    assert_eq!((code, &objects[0]["status"]), (0, &json!("ok")));
}

#[test]
fn nothing_else_is_on_standard_output() {
    let folder = Folder::with_game();
    let run = folder.cisor(["compress", "-v", "--json", "GAME.iso"]).output();
    assert_eq!(String::from_utf8(run.stdout).unwrap().lines().count(), 1);
    let run = folder.cisor(["info", "--json", "GAME.cso"]).output();
    assert_eq!(String::from_utf8(run.stdout).unwrap().lines().count(), 1);
}

#[test]
fn documentation_has_every_field() {
    let documentation = include_str!("../../../docs/json.md");
    let folder = Folder::with_compressed_game();
    let mut file = Ciso(folder.read("GAME.cso"));
    file.damage(file.packed_block(40));
    folder.write("BAD.cso", &file.0);
    let mut all = Vec::new();
    for args in [
        &["compress", "-r", "-n", "."][..],
        &["compress", "--skip-existing=name", "GAME.iso"],
        &["verify", "--sidecar", "GAME.cso"],
        &["compress", "--to", "zso", "--rm", "GAME.iso"],
        &["extract", "--keep-going", "BAD.cso"],
        &["verify", "GAME.cso", "BAD.cso", "none.cso"],
        &["extract", "GAME.cso", "-o", "BACK.iso"],
        &["extract", "GAME.cso", "-o", "BACK.iso"],
        &["info", "--blocks", "GAME.cso"],
        &["compare", "BAD.iso", "GAME.zso"],
    ] {
        folder.json(args).1.iter().for_each(|object| fields(object, "", &mut all));
    }
    all.sort();
    all.dedup();
    assert!(all.len() > 60, "{all:?}");
    for field in all {
        assert!(documentation.contains(&format!("`{field}`")), "docs/json.md does not say what {field} is");
    }
}
