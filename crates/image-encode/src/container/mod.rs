//! Containers, one file each.
pub(crate) mod dax;
