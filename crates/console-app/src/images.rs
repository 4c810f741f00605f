//! The images on the cards.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use sector_decode::{Format, Layout, ReaderOptions};

use crate::check;
use crate::failure::Failure;
use crate::files::File;
use crate::platform::{Mode, Platform};
use crate::watch::{Unit, Watch};

/// Where firmwares look for images.
pub const FOLDERS: [&str; 2] = ["ms0:/ISO", "ef0:/ISO"];

/// More than anybody has on one card; any further ones are left out, and the list says so.
pub const MAX_IMAGES: usize = 2000;

/// An image on a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where it is.
    pub path: String,
    /// Bytes of the file.
    pub stored_size: u64,
    /// Its format; `None` when the header cannot be read.
    pub format: Option<Format>,
    /// Bytes of the disc in each block.
    pub block_size: Option<u32>,
    /// Bytes of the disc.
    pub size: Option<u64>,
    /// Title of the disc.
    pub title: Option<String>,
    /// Id of the disc.
    pub disc_id: Option<String>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// Lists the contents of the image folders, ordered by name. Missing folders count as empty.
///
/// # Errors
///
/// Only [`Failure::Cancelled`], when the user does not want to wait.
pub fn list(console: &dyn Platform, watch: &mut dyn Watch) -> Result<Vec<Image>, Failure> {
    let found = paths(console);
    watch.begin("Looking at the images", found.len() as u64, Unit::Pieces);
    let mut images = Vec::with_capacity(found.len());
    for (path, len) in found {
        watch.advance(images.len() as u64)?;
        console.stay_awake();
        images.push(look(console, path, len));
    }
    Ok(images)
}

/// Paths and lengths of everything in the image folders, ordered by name.
pub(crate) fn paths(console: &dyn Platform) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        let mut entries = console.list(folder).unwrap_or_default();
        entries.retain(|entry| !entry.is_folder && is_image_name(&entry.name));
        entries.sort_by_cached_key(|entry| entry.name.to_lowercase());
        entries.truncate(MAX_IMAGES);
        found.extend(entries.into_iter().map(|entry| (format!("{folder}/{}", entry.name), entry.len)));
    }
    found
}

/// Inspects one image: its header, and the disc's id and title.
pub fn look(console: &dyn Platform, path: String, stored_size: u64) -> Image {
    let mut image = Image {
        path,
        stored_size,
        format: None,
        block_size: None,
        size: None,
        title: None,
        disc_id: None,
        problem: None,
    };
    if let Err(error) = look_inside(console, &mut image) {
        image.problem = Some(error.to_string());
    }
    image
}

fn look_inside(console: &dyn Platform, image: &mut Image) -> Result<(), Failure> {
    let path = image.path.clone();
    let mut file = File::open(console, &path, Mode::Read)?;
    let layout = Layout::probe(&mut file).map_err(|error| Failure::of_probe(console, &path, error))?;
    image.format = Some(layout.format());
    image.block_size = Some(layout.block_size());
    image.size = Some(layout.image_size());
    let options = ReaderOptions::new().with_read_ahead(0).with_alignment(64);
    match disc_info::identify(&mut check::reader(file, layout, &options)?) {
        Ok(disc) if disc.is_iso9660 => {
            image.title = disc.title;
            image.disc_id = disc.id;
        }
        Ok(_) => image.problem = Some("There is no disc in this image.".into()),
        Err(error) => image.problem = Some(format!("The disc in it cannot be read: {error}")),
    }
    Ok(())
}

fn is_image_name(name: &str) -> bool {
    const ENDINGS: [&str; 7] = ["iso", "cso", "ciso", "zso", "ziso", "dax", "jso"];
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    // Computers leave such files on cards.
    !name.starts_with("._")
        && ending.is_some_and(|own| ENDINGS.iter().any(|one| own.eq_ignore_ascii_case(one)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakePsp, psp_disc};
    use crate::watch::Nobody;

    #[test]
    fn images_are_found_by_name_and_known_by_content() {
        let console = FakePsp::new();
        console.put("ms0:/ISO/b.ISO", psp_disc());
        console.put("ms0:/ISO/A.cso", b"CISO");
        console.put("ms0:/ISO/c.iso", [0; 20 * 2048]);
        console.put("ms0:/ISO/._d.iso", b"left behind");
        console.put("ms0:/ISO/e.txt", b"text");
        console.put("ms0:/ISO/VIDEO/f.iso", psp_disc());
        console.put("ef0:/ISO/g.dax", b"GCIM");
        let images = list(&console, &mut Nobody).unwrap();
        let paths: Vec<&str> = images.iter().map(|image| image.path.as_str()).collect();
        assert_eq!(paths, ["ms0:/ISO/A.cso", "ms0:/ISO/b.ISO", "ms0:/ISO/c.iso", "ef0:/ISO/g.dax"]);
        assert!(
            images[0].problem.as_ref().is_some_and(|problem| problem.contains("header")),
            "{:?}",
            images[0]
        );
        assert_eq!(images[0].format, None);
        let disc = &images[1];
        assert_eq!(
            (disc.title.as_deref(), disc.disc_id.as_deref()),
            (Some("Zwölf Türme"), Some("ULUS-10041"))
        );
        assert_eq!((disc.format, disc.size), (Some(Format::Iso), Some(disc.stored_size)));
        assert_eq!(images[2].problem.as_deref(), Some("There is no disc in this image."));
    }

    #[test]
    fn a_card_without_images_has_none() {
        let console = FakePsp::new();
        assert_eq!(list(&console, &mut Nobody), Ok(Vec::new()));
        console.card.set(false);
        assert_eq!(list(&console, &mut Nobody), Ok(Vec::new()));
    }
}
