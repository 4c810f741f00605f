//! Which of several machines works on a file: by its path alone, so that no machine needs to know what the
//! others find.
//!
//! The first eight bytes of the SHA-256 of the path, as a big-endian number, modulo the number of shards.
//! Cheaper hashes do not divide evenly: the lowest bit of FNV-1a is the parity of all bytes, so with two
//! shards every `NAME/NAME.iso` would be in the same one.

use std::path::{Component, Path};

use sha2::{Digest, Sha256};

use crate::cli::Shard;

/// Returns whether a path belongs to a shard. Paths are compared with slashes on every system.
pub(super) fn takes(shard: Shard, relative: &Path) -> bool {
    hash(relative) % shard.count.max(1) == shard.index
}

fn hash(path: &Path) -> u64 {
    let mut digest = Sha256::new();
    let mut is_first = true;
    for component in path.components() {
        if component == Component::CurDir {
            continue;
        }
        if !std::mem::take(&mut is_first) {
            digest.update(b"/");
        }
        if component != Component::RootDir {
            digest.update(component.as_os_str().as_encoded_bytes());
        }
    }
    let digest = digest.finalize();
    digest[..8].iter().fold(0, |hash, &byte| hash << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by Python: `int.from_bytes(hashlib.sha256(b"PSP/GAME.iso").digest()[:8], "big")`.
    #[test]
    fn hash_is_the_documented_one() {
        for path in ["PSP/GAME.iso", "./PSP/./GAME.iso"] {
            assert_eq!(hash(Path::new(path)), SHA256_OF_PSP_GAME, "{path}");
        }
        assert_ne!(hash(Path::new("/PSP/GAME.iso")), SHA256_OF_PSP_GAME);
    }

    const SHA256_OF_PSP_GAME: u64 = 0xBD03_B5B9_DD84_2240;

    #[test]
    fn shards_are_about_equal_where_files_are_named_like_their_folders() {
        for count in [2, 3, 8] {
            let mut sizes = vec![0; count];
            for number in 0..1000 {
                let path = format!("Game {number} (Europe)/Game {number} (Europe).iso");
                let takers: Vec<usize> = (0..count)
                    .filter(|&index| {
                        takes(Shard { index: index as u64, count: count as u64 }, Path::new(&path))
                    })
                    .collect();
                assert_eq!(takers.len(), 1);
                sizes[takers[0]] += 1;
            }
            let fair = 1000 / count;
            assert!(sizes.iter().all(|&size| size > fair * 3 / 4 && size < fair * 5 / 4), "{sizes:?}");
        }
    }
}
