//! A bounded cache of decoded pieces of images, shared by all consoles.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes per piece. Reading one sector decodes this much, and a console often reads on.
pub(super) const PIECE: u64 = 32 << 10;

/// Key of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The number of the image, which is never reused.
    pub(super) image: u64,
    /// The number of the piece.
    pub(super) piece: u64,
}

/// The most recently used pieces, up to a number of bytes.
#[derive(Debug)]
pub(super) struct PieceCache {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    pieces: HashMap<Key, (u64, Arc<[u8]>)>,
    by_use: BTreeMap<u64, Key>,
    clock: u64,
    bytes: usize,
}

impl PieceCache {
    /// Creates a cache of `capacity` bytes. One that is smaller than a piece stays empty.
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, key: Key) -> Option<Arc<[u8]>> {
        let state = &mut *self.lock();
        let (used, bytes) = state.pieces.get_mut(&key)?;
        state.by_use.remove(used);
        state.clock += 1;
        *used = state.clock;
        state.by_use.insert(state.clock, key);
        Some(Arc::clone(bytes))
    }

    pub(super) fn insert(&self, key: Key, bytes: Arc<[u8]>) {
        if bytes.len() > self.capacity {
            return;
        }
        let state = &mut *self.lock();
        state.clock += 1;
        state.bytes += bytes.len();
        state.by_use.insert(state.clock, key);
        if let Some((used, old)) = state.pieces.insert(key, (state.clock, bytes)) {
            state.by_use.remove(&used);
            state.bytes -= old.len();
        }
        while state.bytes > self.capacity
            && let Some((_, oldest)) = state.by_use.pop_first()
        {
            state.bytes -= state.pieces.remove(&oldest).map_or(0, |(_, bytes)| bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(piece: u64) -> Key {
        Key { image: 1, piece }
    }

    #[test]
    fn pieces_that_were_not_used_for_longest_make_room() {
        let cache = PieceCache::new(300);
        for piece in 0..3 {
            cache.insert(key(piece), [0; 100].into());
        }
        assert!(cache.get(key(0)).is_some());
        cache.insert(key(3), [3; 100].into());
        assert!(cache.get(key(1)).is_none());
        assert!(cache.get(key(0)).is_some() && cache.get(key(2)).is_some() && cache.get(key(3)).is_some());
        assert!(cache.get(Key { image: 2, piece: 0 }).is_none());
        // Inserting the same piece again does not take more memory, and a piece that is too large is not
        // kept.
        cache.insert(key(3), [4; 100].into());
        cache.insert(key(9), [0; 301].into());
        assert_eq!(cache.lock().bytes, 300);
        assert_eq!(cache.get(key(3)).unwrap()[0], 4);
        let state = cache.lock();
        assert_eq!(state.by_use.len(), state.pieces.len());
    }
}
