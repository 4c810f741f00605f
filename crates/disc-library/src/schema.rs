//! The schema, and the way to it from every earlier version.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::Error;

/// What leads from each version to the next one. Version 0 is an empty file.
const MIGRATIONS: [&str; 2] = [include_str!("schema/1.sql"), include_str!("schema/2.sql")];

/// The current version, in the database's `user_version`.
#[expect(clippy::cast_possible_truncation, reason = "a handful")]
pub(crate) const VERSION: u32 = MIGRATIONS.len() as u32;

/// Marks the file as a library, in the database's `application_id`: `CISR`.
const APPLICATION: i32 = i32::from_be_bytes(*b"CISR");

/// Returns the version of a library; 0 for an empty file.
///
/// # Errors
///
/// [`Error::Foreign`] and [`Error::Newer`].
pub(crate) fn version(db: &Connection) -> Result<u32, Error> {
    let number = |pragma| db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i32>(0));
    let version = number("user_version")?;
    if number("application_id")? != APPLICATION {
        let tables: u32 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        return if tables == 0 && version == 0 { Ok(0) } else { Err(Error::Foreign) };
    }
    match u32::try_from(version) {
        Ok(found) if found > VERSION => Err(Error::Newer { found, known: VERSION }),
        Ok(found) => Ok(found),
        Err(_) => Err(Error::Corrupted("its version is negative".into())),
    }
}

/// Brings a library to the current version, in one transaction.
///
/// # Errors
///
/// Those of [`version`] and of the database.
pub(crate) fn migrate(db: &mut Connection) -> Result<(), Error> {
    if version(db)? == VERSION {
        return Ok(());
    }
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another run may have done it by now.
    let from = version(&transaction)?;
    for migration in MIGRATIONS.iter().skip(from as usize) {
        transaction.execute_batch(migration)?;
    }
    transaction
        .execute_batch(&format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"))?;
    transaction.commit()?;
    Ok(())
}
