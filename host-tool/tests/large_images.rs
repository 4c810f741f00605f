//! Sparse images over 4 GiB: a few sectors of content in gigabytes of zeros, some of them beyond every
//! 32-bit limit. A separate program, because it takes longer than all other tests together.

mod support;

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use support::{Ciso, Folder, SECTOR, noise, psp_disc};

/// A little over 4 GiB: more than 32-bit positions can address, in the image and (stored) in the file.
const SIZE: u64 = (4 << 30) + 37 * SECTOR as u64;

fn sparse_image(folder: &Folder) {
    let mut file = File::create(folder.path("BIG.iso")).unwrap();
    file.write_all(&psp_disc()).unwrap();
    let pattern = noise(16 * SECTOR);
    for at in [1 << 30, (2 << 30) - SECTOR as u64, (4 << 30) - 3 * SECTOR as u64, SIZE - 16 * SECTOR as u64] {
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&pattern).unwrap();
    }
    assert_eq!(file.metadata().unwrap().len(), SIZE);
}

#[test]
#[ignore = "takes two minutes, and 10 GB of disk"]
fn images_over_4_gib_go_through_every_format_that_can_hold_them() {
    let folder = Folder::new();
    sparse_image(&folder);
    // Refused at once, not after an hour.
    for format in ["dax", "jso"] {
        folder.cisor(["compress", "--to", format, "BIG.iso"]).assert().code(3);
    }
    folder.cisor(["compress", "--for", "psp", "BIG.iso"]).assert().code(3);

    // Each step reads its finished file back and compares; the digests join the steps into a chain.
    let mut digests = Vec::new();
    for (format, block_size, input, output) in [
        ("zso", "2048", "BIG.iso", "1.zso"),
        ("cso2", "16K", "1.zso", "2.cso"),
        ("cso", "16K", "2.cso", "3.cso"),
    ] {
        let args = ["compress", "-1", "--to", format, "-b", block_size, input, "-o", output];
        let (code, objects) = folder.json(&args);
        assert_eq!(code, 0, "{objects:?}");
        assert_eq!(objects[0]["size"], SIZE);
        digests.push(objects[0]["hashes"].clone());
        let head = Ciso(folder.read(output));
        assert_eq!((head.image_size(), head.shift()), (SIZE, 2), "{format}");
        folder.remove(input);
    }
    let (code, objects) = folder.json(&["extract", "3.cso", "-o", "BACK.iso"]);
    assert_eq!(code, 0, "{objects:?}");
    digests.push(objects[0]["hashes"].clone());
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
    assert_eq!(std::fs::metadata(folder.path("BACK.iso")).unwrap().len(), SIZE);
}
