//! Joins what two libraries know about a file.

use crate::entry::Entry;

/// How many entries of another library were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// Entries that were not here.
    pub added: u64,
    /// Entries about which the other library knows something newer.
    pub updated: u64,
    /// Entries about which it knows nothing newer.
    pub unchanged: u64,
}

/// Joins two entries about one path.
///
/// If size or time of the file differ, the later look counts. Otherwise the newer description and the newer
/// verification are taken, each by itself, and the later look tells whether the file is missing. When the times are
/// equal, `mine` is kept.
pub(crate) fn join(mine: &Entry, theirs: &Entry) -> Entry {
    let is_later = theirs.last_seen() > mine.last_seen();
    if !mine.stamp.has_same_content(&theirs.stamp) {
        return if is_later { theirs.clone() } else { mine.clone() };
    }
    let described = if theirs.scanned > mine.scanned { theirs } else { mine };
    let mut joined = described.clone();
    joined.missing = if is_later { theirs.missing } else { mine.missing };
    let verified = if theirs.verified > mine.verified { theirs } else { mine };
    if verified.verified.is_some() {
        joined.verified = verified.verified;
        joined.digests = verified.digests;
        joined.outcome = verified.outcome.clone();
        joined.unsafe_streams = verified.unsafe_streams.or(joined.unsafe_streams);
    }
    // The inode of the machine that this library is on.
    joined.stamp.inode = mine.stamp.inode;
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entry::{Outcome, Stamp};

    fn entry(mtime: i64, scanned: i64, verified: Option<i64>, missing: Option<i64>) -> Entry {
        let status = format!("seen at {scanned} and {verified:?}");
        Entry {
            stamp: Stamp { size: 1, mtime, inode: None },
            scanned,
            verified,
            missing,
            outcome: Outcome { status, ..Outcome::default() },
            ..Entry::default()
        }
    }

    #[test]
    fn newer_verification_wins_whoever_described_it_later() {
        let (old, new) = (entry(1, 50, Some(60), None), entry(1, 10, Some(90), None));
        for joined in [join(&old, &new), join(&new, &old)] {
            assert_eq!((joined.scanned, joined.verified), (50, Some(90)));
            assert_eq!(joined.outcome, new.outcome);
        }
    }

    #[test]
    fn verification_of_an_earlier_state_is_dropped() {
        let (verified, changed) = (entry(1, 10, Some(20), None), entry(2, 30, None, None));
        for joined in [join(&verified, &changed), join(&changed, &verified)] {
            assert_eq!(joined, changed);
        }
    }

    #[test]
    fn file_is_missing_if_the_last_look_did_not_find_it() {
        let (gone, there) = (entry(1, 10, None, Some(40)), entry(1, 30, None, None));
        assert_eq!(join(&gone, &there).missing, Some(40));
        let back = entry(1, 50, None, None);
        assert_eq!(join(&gone, &back).missing, None);
    }

    proptest! {
        /// With all times different, the order of merging does not matter, and merging again changes nothing.
        #[test]
        fn order_does_not_matter(
            times in Just((1_i64..=9).collect::<Vec<_>>()).prop_shuffle(),
            stamps in proptest::collection::vec(0_i64..2, 3),
            has in proptest::collection::vec(any::<(bool, bool)>(), 3),
        ) {
            let at = |n: usize| {
                let (verified, missing) = has[n];
                entry(stamps[n], times[3 * n], verified.then(|| times[3 * n + 1]), missing.then(|| times[3 * n + 2]))
            };
            let [a, b] = [at(0), at(1)];
            let ab = join(&a, &b);
            prop_assert_eq!(&ab, &join(&b, &a));
            prop_assert_eq!(&ab, &join(&ab, &b));
            prop_assert_eq!(&ab, &join(&ab, &a));
        }
    }
}
