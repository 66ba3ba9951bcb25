//! Replaces an object with fewer of its rows, so that a failure at any step loses nothing.
//!
//! A bucket's policy lets objects be created and not overwritten, so an object is deleted and then
//! created again under its key. Before that, all rows that stay are stored below `erasing/`: that copy
//! is the backup, it holds nothing that is to be erased, and it is deleted only when the object has
//! been read back and is the same. Whoever finds such a copy knows that its object was under way, and
//! what it must become: a repeat begins with these. The copy is created, never overwritten, so two
//! that erase at once do not work on one object at the same time.

use std::io;

use super::{person::Person, rows};
use crate::stored::{Held, Keys, Objects};
use auth0_log_lake::{
    object::ObjectKey,
    store::{Put, StoreError, StoreErrorKind},
};

/// Prefix of the copies: no table reads there.
pub const COPIES: &str = "erasing/";
/// How often an object is put if a sender puts the same batch again in between.
const TIMES: usize = 5;

/// A failed step: which object, and what was to be done with it.
#[derive(Debug)]
pub enum Stopped {
    /// The store failed.
    Store {
        /// Key of the object.
        key: String,
        /// What was to be done, such as "deleted".
        done: &'static str,
        /// Why it failed.
        source: StoreError,
    },
    /// The object is not what it should be.
    Object {
        /// Key of the object.
        key: String,
        /// Why, as the rest of a sentence.
        why: String,
    },
}

type Step<T> = Result<T, Stopped>;

fn failed(key: &str, done: &'static str) -> impl FnOnce(StoreError) -> Stopped {
    move |source| Stopped::Store { key: key.to_owned(), done, source }
}

fn wrong(key: &str, why: impl ToString) -> Stopped {
    Stopped::Object { key: key.to_owned(), why: why.to_string() }
}

/// Finds the objects that an earlier erase left half replaced.
///
/// # Errors
/// The lake cannot be listed.
pub fn under_way(objects: &impl Objects) -> Result<Vec<ObjectKey>, StoreError> {
    let copies = objects.list(&Keys::below(COPIES))?;
    Ok(copies.iter().filter_map(|copy| ObjectKey::parse(copy.strip_prefix(COPIES)?)).collect())
}

/// Removes a person's rows from an object; gives how many rows it had and has.
///
/// # Errors
/// The failed step; the rows to keep are in the object or its copy.
pub fn erase(objects: &impl Objects, key: &ObjectKey, person: &Person) -> Step<(usize, usize)> {
    let name = key.to_string();
    let before = objects.get(&name).map_err(failed(&name, "read"))?;
    let left = rows::without(key, &before, person).map_err(|error: io::Error| wrong(&name, error))?;
    let copy = format!("{COPIES}{name}");
    if objects.create(&copy, &left).map_err(failed(&copy, "written"))? == Put::AlreadyThere {
        return Err(wrong(&name, "another erase is at work on it; wait until it has ended, then run this again"));
    }
    if objects.get(&copy).map_err(failed(&copy, "read"))?.bytes != left.bytes {
        return Err(wrong(&copy, "it is not what was written; delete it, then run this again"));
    }
    // Another erase, with a copy before ours, may have changed the object since it was read.
    let now = objects.get(&name).map_err(failed(&name, "read"))?;
    if now.bytes != before.bytes {
        objects.delete(&copy).map_err(failed(&copy, "deleted"))?;
        return Err(wrong(&name, "it changed while it was read; run this again"));
    }
    finish(objects, key)?;
    let count = |held: &Held| rows::count(key, held).map_err(|error| wrong(&name, error));
    Ok((count(&before)?, count(&left)?))
}

/// Writes the copy over its object, reads it back, and deletes the copy.
///
/// # Errors
/// The failed step; the copy stays until the object is the same.
pub fn finish(objects: &impl Objects, key: &ObjectKey) -> Step<()> {
    let (name, copy) = (key.to_string(), format!("{COPIES}{key}"));
    let left = objects.get(&copy).map_err(failed(&copy, "read"))?;
    rows::count(key, &left).map_err(|error| wrong(&copy, error))?;
    for _ in 0..TIMES {
        match objects.get(&name) {
            Ok(now) if now.bytes == left.bytes => {
                objects.forget(&name).map_err(failed(&name, "freed of its old versions"))?;
                return objects.delete(&copy).map_err(failed(&copy, "deleted"));
            }
            Ok(_) => objects.delete(&name).map_err(failed(&name, "deleted"))?,
            Err(error) if error.kind == StoreErrorKind::NotFound => {}
            Err(error) => return Err(failed(&name, "read")(error)),
        }
        objects.create(&name, &left).map_err(failed(&name, "written"))?;
    }
    Err(wrong(&name, "a sender puts it again each time that it is replaced; run this again when that has ended"))
}
