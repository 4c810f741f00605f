//! Which entries are wanted, and in which order.

use rusqlite::types::Value;

use crate::entry::OK;

/// The condition of [`Entry::is_damaged`](crate::Entry::is_damaged).
pub(crate) const IS_DAMAGED: &str = "result IN ('damaged', 'mismatch')";

/// Which entries are wanted: those that fit every condition.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Those in one of these formats, or from one of these containers; empty for all.
    pub formats: Vec<String>,
    /// Those for this console, or of this other kind of disc.
    pub console: Option<String>,
    /// Those whose content is wrong.
    pub damaged: bool,
    /// Those that could not be read or used.
    pub unusable: bool,
    /// Those that were never verified since they changed.
    pub unverified: bool,
    /// Those that were not verified after this time, in seconds since 1970.
    pub verified_before: Option<i64>,
    /// Those with streams that a PSP's firmware may not read, unless they are known to be for a PS2.
    pub unsafe_for_psp: bool,
    /// Those of which another file has the same content. Missing files do not count.
    pub duplicates: bool,
    /// Those that are missing, or those that are not; `None` for both.
    pub missing: Option<bool>,
    /// The order.
    pub sort: Sort,
    /// The other way round.
    pub descending: bool,
}

/// An order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By path.
    #[default]
    Path,
    /// By the title or, without one, by the disc id.
    Title,
    /// By the bytes of the file.
    Size,
    /// By the bytes of the file in relation to those of the image.
    Ratio,
    /// By the time of the last verification; first what was never verified.
    Verified,
    /// By the SHA-256 of the image: equal ones are neighbours.
    Digest,
}

impl Query {
    /// Returns what follows `FROM file`, and its parameters.
    pub(crate) fn sql(&self) -> (String, Vec<Value>) {
        let mut values = Vec::new();
        let mut conditions = Vec::new();
        if !self.formats.is_empty() {
            let marks = vec!["?"; self.formats.len()].join(", ");
            conditions.push(format!("(format IN ({marks}) AND source IS NULL OR source IN ({marks}))"));
            let formats = || self.formats.iter().map(|format| Value::from(format.clone()));
            values.extend(formats().chain(formats()));
        }
        if let Some(console) = &self.console {
            conditions.push("(other IS NULL AND console = ? OR other = ?)".into());
            values.extend([console, console].map(|console| Value::from(console.clone())));
        }
        if self.damaged {
            conditions.push(IS_DAMAGED.into());
        }
        if self.unusable {
            conditions.push(format!("result NOT IN ('{OK}', 'damaged', 'mismatch')"));
        }
        if self.unverified {
            conditions.push("verified IS NULL".into());
        }
        if let Some(time) = self.verified_before {
            conditions.push("(verified IS NULL OR verified <= ?)".into());
            values.push(Value::from(time));
        }
        if self.unsafe_for_psp {
            conditions.push("unsafe_streams > 0 AND console IS NOT 'PS2'".into());
        }
        if self.duplicates {
            conditions.push(DUPLICATE.into());
        }
        match self.missing {
            Some(true) => conditions.push("missing IS NOT NULL".into()),
            Some(false) => conditions.push("missing IS NULL".into()),
            None => {}
        }
        if conditions.is_empty() {
            conditions.push("1".into());
        }
        let direction = if self.descending { "DESC" } else { "ASC" };
        let order = match self.sort {
            Sort::Path => "path",
            Sort::Title => "coalesce(title, disc_id) COLLATE NOCASE",
            Sort::Size => "coalesce(stored_size, size)",
            Sort::Ratio => "CAST(stored_size AS REAL) / image_size",
            Sort::Verified => "verified",
            Sort::Digest => "sha256",
        };
        (format!("WHERE {} ORDER BY {order} {direction}, path", conditions.join(" AND ")), values)
    }
}

const DUPLICATE: &str = "missing IS NULL AND sha256 IN (SELECT sha256 FROM file WHERE sha256 IS NOT NULL \
    AND missing IS NULL GROUP BY sha256 HAVING count(*) > 1)";
