//! Group commit: requests that are under way together share their objects.
//!
//! Each is answered when the objects that hold its rows are stored, as ever. A request that finds nobody else under way is
//! stored at once. Others wait for each other, and never longer than the time given.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout, timeout_at},
};

use crate::{
    commit::Committer,
    message::Message,
    partition::Batch,
    response::Stored,
    store::{Store, StoreError, StoreErrorKind},
};

/// Largest body that shares an object, in bytes: a larger one is worth an object of its own.
pub const LARGEST_SHARED: usize = 256 << 10;
/// Bytes of bodies at which a group waits for no more.
const ENOUGH: usize = 4 << 20;

/// Brings together requests that are under way at one time.
#[derive(Debug)]
pub struct Group<S> {
    committer: Arc<Committer<S>>,
    wait: Duration,
    company: Arc<Company>,
    members: OnceLock<mpsc::UnboundedSender<Member>>,
}

/// A request that waits for its group.
#[derive(Debug)]
struct Member {
    message: Message,
    deadline: Instant,
    answer: oneshot::Sender<Result<Stored, StoreError>>,
}

/// How many requests a group may expect.
#[derive(Debug, Default)]
struct Company {
    under_way: AtomicUsize,
    /// When the last group was answered, and its size: its senders may be about to send again.
    last: Mutex<Option<(Instant, usize)>>,
}

/// One request that is under way.
struct Present<'a>(&'a Company);

impl<S: Store> Group<S> {
    /// Creates a group whose members wait for each other up to `wait`.
    pub fn new(committer: Arc<Committer<S>>, wait: Duration) -> Self {
        Self { committer, wait, company: Arc::default(), members: OnceLock::new() }
    }

    /// Stores a request, with others where there are any.
    ///
    /// # Errors
    /// Where the objects that hold its rows could not be put before its deadline.
    pub async fn commit(&self, message: Message, deadline: Instant) -> Result<Stored, StoreError> {
        let _present = self.company.enter();
        if message.body().len() > LARGEST_SHARED || self.company.expected(self.wait) <= 1 {
            return self.committer.commit_one(message.batch(), deadline).await;
        }
        let (answer, answered) = oneshot::channel();
        // The other end lives as long as this one.
        _ = self.members().send(Member { message, deadline, answer });
        let ended = timeout_at(deadline, answered).await.map_err(|_| StoreError::late())?;
        ended.map_err(|gone| StoreError::new(StoreErrorKind::Unavailable, gone))?
    }

    fn members(&self) -> &mpsc::UnboundedSender<Member> {
        self.members.get_or_init(|| {
            let (members, waiting) = mpsc::unbounded_channel();
            tokio::spawn(gather(waiting, Arc::clone(&self.committer), Arc::clone(&self.company), self.wait));
            members
        })
    }
}

/// Makes groups of those that wait, and stores each beside the next.
async fn gather<S: Store>(
    mut waiting: mpsc::UnboundedReceiver<Member>,
    committer: Arc<Committer<S>>,
    company: Arc<Company>,
    wait: Duration,
) {
    while let Some(first) = waiting.recv().await {
        let mut bytes = first.message.body().len();
        let mut group = vec![first];
        let gathered = async {
            while group.len() < company.expected(wait) && bytes < ENOUGH {
                let Some(member) = waiting.recv().await else { return };
                bytes += member.message.body().len();
                group.push(member);
            }
        };
        // Whether all came or the time is over, these are the group.
        _ = timeout(wait, gathered).await;
        tokio::spawn(finish(group, Arc::clone(&committer), Arc::clone(&company)));
    }
}

/// Stores a group, and tells each member how it ended.
async fn finish<S: Store>(group: Vec<Member>, committer: Arc<Committer<S>>, company: Arc<Company>) {
    let Some(deadline) = group.iter().map(|member| member.deadline).min() else { return };
    let ends = {
        let batches: Vec<Batch<'_>> = group.iter().map(|member| member.message.batch()).collect();
        committer.commit(&batches, deadline).await
    };
    company.note(group.len());
    for (member, end) in group.into_iter().zip(ends) {
        // One whose sender has gone is stored all the same.
        _ = member.answer.send(end);
    }
}

impl Company {
    fn enter(&self) -> Present<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        Present(self)
    }

    /// How many requests there are, or were just now.
    fn expected(&self, wait: Duration) -> usize {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let returning = last.filter(|(ended, _)| now() - *ended < wait).map_or(0, |(_, size)| size);
        self.under_way.load(Ordering::Relaxed).max(returning)
    }

    fn note(&self, size: usize) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((now(), size));
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "how long to wait for others is a matter of the clock, and no row depends on it")]
fn now() -> Instant {
    Instant::now()
}
