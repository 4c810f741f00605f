//! What the page says about made-up entries.

use disc_library::{Digests, Disc, Layout, Outcome};

use super::*;

fn entry(name: &str, format: &str, stored_size: u64, digest: u8) -> Entry {
    Entry {
        path: Path::new("/shelf").join(name),
        layout: Some(Layout { format: format.into(), image_size: 1000, stored_size, ..Layout::default() }),
        disc: Disc { console: Some("PSP".into()), title: Some(name.into()), ..Disc::default() },
        digests: Some(Digests { crc32: 0, md5: [0; 16], sha1: [0; 20], sha256: [digest; 32] }),
        verified: Some(86_400),
        ..Entry::default()
    }
}

fn of(entries: &[Entry]) -> String {
    page(entries, Path::new("/shelf/library.db"), 0)
}

#[test]
fn page_of_good_images_has_no_problem() {
    let page = of(&[entry("a.cso", "cso", 500, 1)]);
    assert!(
        page.contains("None: every image was verified") && page.contains("Nothing: no disc is there twice")
    );
    assert!(page.contains("<td>1970-01-02</td><td>ok</td>"));
    assert!(of(&[]).contains("0 images, 0 bytes"));
}

#[test]
fn problems_are_counted_and_the_worst_is_first() {
    let mut damaged = entry("bad.cso", "cso", 1, 1);
    damaged.outcome =
        Outcome { status: "damaged".into(), message: Some("1 block".into()), ..Outcome::default() };
    let missing = Entry { missing: Some(1), ..entry("gone.cso", "cso", 1, 2) };
    let new = Entry { verified: None, digests: None, ..entry("new.cso", "cso", 1, 3) };
    let unsafe_one = Entry { unsafe_streams: Some(1), ..entry("freezes.cso", "cso", 1, 4) };
    let page = of(&[new, unsafe_one, missing, damaged]);
    let heads = ["Damaged: 1", "Missing: 1", "Unsafe for a PSP: 1", "Never verified: 1"];
    let places: Vec<_> =
        heads.iter().map(|head| page.find(head).unwrap_or_else(|| panic!("{head}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(page.contains("<li>/shelf/bad.cso: 1 block</li>"), "{page}");
}

#[test]
fn savings_are_those_of_duplicates_and_of_images_like_the_packed_ones() {
    let mut entries: Vec<_> =
        (10..13).map(|n| entry(&format!("{n}.cso"), "cso", 400 + u64::from(n), n)).collect();
    entries.push(entry("plain.iso", "iso", 1000, 10));
    let page = of(&entries);
    assert!(page.contains("<li>1.0 kB by duplicates: 1 disc is there more than once"), "{page}");
    assert!(page.contains("About 589 bytes by packing 1 plain image of the PSP (1.0 kB)"), "{page}");
    assert!(page.contains("to 41.1 % of the disc"));
    assert!(of(&entries[2..]).contains("Not known for 1 plain image of the PSP"));
}

#[test]
fn nothing_in_a_name_is_taken_for_html() {
    let hostile = "\"'><script>alert(1)</script>&amp;\u{202E}.iso";
    let mut bad = entry(hostile, hostile, 1, 1);
    bad.disc.id = Some(hostile.into());
    bad.disc.console = Some(hostile.into());
    bad.outcome = Outcome { status: "failed".into(), message: Some(hostile.into()), ..Outcome::default() };
    let page = of(&[bad]);
    assert!(!page.contains("<script>") && !page.contains('\u{202E}'));
    assert!(page.matches("&lt;script&gt;").count() >= 6, "path twice, message, title, id, console");
}
