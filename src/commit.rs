//! Batches → objects → the store, and what became of each batch.
//!
//! One request, requests that share their objects ([`group`]), and the messages of a queue all come through here.

use tokio::time::Instant;

use crate::{
    partition::{Batch, Partitioned, Partitioner, Share},
    response::Stored,
    store::{Puts, Store, StoreError, put_all},
};

pub mod group;

/// What makes objects of batches, and where they are put.
#[derive(Debug)]
pub struct Committer<S> {
    /// Where objects are put.
    pub store: S,
    /// What makes objects of batches.
    pub partitioner: Partitioner,
}

impl<S: Store> Committer<S> {
    /// Stores batches, and says of each how it ended: it is stored once all objects that hold its rows are.
    ///
    /// An object that holds rows of several batches is counted by the first of them.
    pub async fn commit(&self, batches: &[Batch<'_>], deadline: Instant) -> Vec<Result<Stored, StoreError>> {
        let Partitioned { objects, shares } = match self.partitioner.partition(batches) {
            Ok(partitioned) => partitioned,
            Err(error) => return vec![Err(StoreError::from(error)); batches.len()],
        };
        let put = put_all(&self.store, &objects, deadline).await;
        let mut counted = vec![false; objects.len()];
        let end = |share: Share| {
            let mut puts = Puts::default();
            for at in share.objects {
                let put = put[at].clone()?;
                if !std::mem::replace(&mut counted[at], true) {
                    puts.note(put, objects[at].bytes.len());
                }
            }
            Ok(Stored { tally: share.tally, puts })
        };
        shares.into_iter().map(end).collect()
    }

    /// Stores one batch.
    ///
    /// # Errors
    /// Where not all of its objects could be put.
    pub async fn commit_one(&self, batch: Batch<'_>, deadline: Instant) -> Result<Stored, StoreError> {
        self.commit(&[batch], deadline).await.pop().unwrap_or_else(|| Err(StoreError::late()))
    }
}
