//! How much space could be saved.

use std::collections::HashMap;

use disc_library::Entry;

use crate::human;
use crate::run::library::object;

/// Fewer packed images than this say little about others.
const FEWEST_PACKED: usize = 3;

/// The sizes of the files with each disc that is there more than once, by its SHA-256.
pub(super) type Duplicates = HashMap<[u8; 32], Vec<u64>>;

/// Finds the discs that are there more than once.
pub(super) fn duplicates(entries: &[Entry]) -> Duplicates {
    let mut discs = Duplicates::new();
    for entry in entries.iter().filter(|entry| entry.missing.is_none()) {
        if let Some(digests) = entry.digests {
            discs.entry(digests.sha256).or_default().push(object::stored_size(entry));
        }
    }
    discs.retain(|_, sizes| sizes.len() > 1);
    discs
}

/// Returns what could be saved, and how that is known.
pub(super) fn html(entries: &[Entry], duplicates: &Duplicates) -> String {
    let mut text = String::from("<ul>\n");
    let spare =
        |sizes: &Vec<u64>| sizes.iter().sum::<u64>() - sizes.iter().min().copied().unwrap_or_default();
    let spare: u64 = duplicates.values().map(spare).sum();
    if spare > 0 {
        let discs = human::count(duplicates.len() as u64, "disc is", "discs are");
        text += &format!(
            "<li>{} by duplicates: {discs} there more than once, and only the smallest file of each would stay.</li>\n",
            human::size(spare)
        );
    }
    for console in ["PSP", "PS2"] {
        text += &by_packing(entries, console);
    }
    if text.ends_with("<ul>\n") {
        return "<p>Nothing: no disc is there twice, and no image is plain.</p>\n".into();
    }
    text + "</ul>\n"
}

/// What packing the plain images of a console would save, if they pack like those that are packed already.
fn by_packing(entries: &[Entry], console: &str) -> String {
    let (mut plain, mut count, mut shares) = (0, 0, Vec::new());
    for entry in entries.iter().filter(|entry| entry.missing.is_none() && entry.source.is_none()) {
        let Some(layout) = entry.layout.as_ref().filter(|layout| layout.image_size > 0) else { continue };
        if entry.disc.console.as_deref() != Some(console) || entry.disc.other.is_some() {
            continue;
        }
        if layout.format == "iso" {
            plain += layout.stored_size;
            count += 1;
        } else {
            shares.push(u128::from(layout.stored_size) * 1000 / u128::from(layout.image_size));
        }
    }
    if count == 0 {
        return String::new();
    }
    let images = human::count(count, "plain image", "plain images");
    let size = human::size(plain);
    if shares.len() < FEWEST_PACKED {
        return format!(
            "<li>Not known for {images} of the {console} ({size}): too few are packed to compare them with. \
             cisor compress -r -n estimates it.</li>\n"
        );
    }
    shares.sort_unstable();
    let median = shares[shares.len() / 2].min(1000);
    let saved = u64::try_from(u128::from(plain) * (1000 - median) / 1000).unwrap_or_default();
    format!(
        "<li>About {} by packing {images} of the {console} ({size}), if they pack like the {} that are packed: to {} \
         of the disc, by the median.</li>\n",
        human::size(saved),
        human::number(shares.len() as u64),
        human::percent(u64::try_from(median).unwrap_or(1000), 1000)
    )
}
