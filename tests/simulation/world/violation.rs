//! What must never be seen in a world.

/// A promise that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A record was answered 2xx and is not stored at that moment.
    NotStoredWhenAnswered,
    /// A record that was sent until it was answered 2xx is not in the lake at the end.
    Lost,
    /// A stream never came to its end.
    Stuck,
    /// A key is not of the contract's form.
    Key,
    /// An object cannot be read to its end, or holds what is not a row.
    NotWhole,
    /// An object lies in another hour, or bears another time, than its rows.
    Hour,
    /// An object was written over.
    Replaced,
    /// A row's id is not that of its source and `log_id`.
    RowId,
    /// One row id stands for two events.
    TwoEventsOneId,
    /// A row was never sent.
    Invented,
    /// An answer's counts are not those of the batch.
    Counts,
    /// An answer's status is not the one that the contract gives it.
    Status,
    /// A message of a receiver was given up as undeliverable, or one of nobody was not.
    Dead,
    /// An answer came after the deadline.
    Late,
    /// A message failed with no fault of the store, beside another's that takes long.
    FailedForAnother,
}

/// A broken promise, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub wrong: Wrong,
    pub place: String,
}

impl Violation {
    pub fn new(wrong: Wrong, place: impl Into<String>) -> Self {
        Self { wrong, place: place.into() }
    }
}
