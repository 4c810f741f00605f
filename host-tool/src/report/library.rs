//! What a scan of the library found, in a line.

use super::record::Scanned;
use crate::human;

/// Returns the line about a file that was read.
pub(super) fn line(scanned: &Scanned) -> String {
    let mut parts = vec![scanned.reason.to_owned()];
    parts.extend(scanned.described.layout.map(|layout| layout.format().to_string()));
    if let Some(disc) = &scanned.described.disc {
        parts.extend(disc.id.as_deref().map(|id| human::name(id.as_ref())));
        parts.extend(disc.title.as_deref().map(human::quoted));
    }
    if scanned.verified.is_some() {
        parts.push("verified".to_owned());
    }
    parts.join(", ")
}
