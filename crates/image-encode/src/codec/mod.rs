//! Encoders, one file each.
