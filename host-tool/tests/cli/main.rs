//! The real binary at work, each test in a fresh folder.

#[path = "../support/mod.rs"]
mod support;

mod already;
mod archives;
mod bad_input;
mod chd;
mod compat;
mod conversions;
mod damage;
mod dat;
mod dat_tracks;
mod dropping;
mod every_source;
mod field;
mod field_reports;
mod info;
mod inputs_stay;
mod json;
mod kinds;
mod library;
mod one_target;
mod opl;
mod raw;
mod raw_sheets;
mod safety;
mod sources;
mod sync;
mod talk;
mod trees;
#[cfg(unix)]
mod unix;
mod wrong_edc;
