//! The images on the cards.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use sector_decode::{Format, Layout};

use crate::check::Memory;
use crate::console::{Console, Mode};
use crate::failure::Failure;
use crate::files::File;

/// Where firmwares look for images.
pub const FOLDERS: [&str; 2] = ["ms0:/ISO", "ef0:/ISO"];

/// More than anybody has on one card; further ones are left out, and the list says so.
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

/// Lists what is in the folders for images, in the order of names. Folders that are not there have none.
pub fn list(console: &dyn Console) -> Vec<Image> {
    let mut images = Vec::new();
    for folder in FOLDERS {
        let mut entries = console.list(folder).unwrap_or_default();
        entries.retain(|entry| !entry.is_folder && is_image_name(&entry.name));
        entries.sort_by_cached_key(|entry| entry.name.to_lowercase());
        entries.truncate(MAX_IMAGES);
        for entry in entries {
            console.stay_awake();
            images.push(look(console, format!("{folder}/{}", entry.name), entry.len));
        }
    }
    images
}

/// Looks at one image: its header, and the disc's id and title.
pub fn look(console: &dyn Console, path: String, stored_size: u64) -> Image {
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

fn look_inside(console: &dyn Console, image: &mut Image) -> Result<(), Failure> {
    let path = image.path.clone();
    let mut file = File::open(console, &path, Mode::Read)?;
    let layout = Layout::probe(&mut file).map_err(|error| Failure::of_probe(console, &path, error))?;
    image.format = Some(layout.format());
    image.block_size = Some(layout.block_size());
    image.size = Some(layout.image_size());
    let mut memory = Memory::new(&layout, 0)?;
    match disc_info::identify(&mut memory.reader(file, layout)) {
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
    // Computers leave such files behind on cards.
    !name.starts_with("._")
        && ending.is_some_and(|own| ENDINGS.iter().any(|one| own.eq_ignore_ascii_case(one)))
}
