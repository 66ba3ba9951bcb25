//! A store that keeps what it is given.

use std::sync::{Mutex, PoisonError};

use auth0_log_lake::{
    object::Object,
    store::{Put, Store, StoreError},
};

/// Objects in the order in which they were put.
#[derive(Debug, Default)]
pub struct Kept(Mutex<Vec<Object>>);

impl Kept {
    pub fn take(&self) -> Vec<Object> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Store for Kept {
    async fn put(&self, object: &Object) -> Result<Put, StoreError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(object.clone());
        Ok(Put::Created)
    }
}
