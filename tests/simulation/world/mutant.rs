//! Faults that a receiver or its store could have, one at a time, to show that the world detects each.

use bytes::Bytes;

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// One put in ten claims to have created an object.
    LosesWrites,
    /// A put answers before it is done.
    AnswersEarly,
    /// A failed put claims success.
    SwallowsErrors,
    /// Objects of rejects are dropped.
    ForgetsRejects,
    /// A batch with a reject is never stored.
    RefusesRejects,
    /// An object that is there is written over.
    Replaces,
    /// Half of an object is stored.
    StoresHalf,
    /// The last line has no line feed.
    DropsTheLastLineFeed,
    /// The first row is left out.
    DropsARow,
    /// Objects lie in another hour than their rows.
    MovesHours,
    /// Two objects of one hour have one key.
    MixesKeys,
    /// A row is not the same in every object.
    AltersRows,
    /// Row ids do not tell one source from another.
    ForgetsTheSource,
    /// The tokens of two tenants are mixed up.
    SwapsSources,
    /// The receiver takes more time than it has.
    IgnoresTheDeadline,
    /// The sender gives up after three attempts.
    GivesUp,
    /// One message in ten is answered and not kept.
    QueueLoses,
    /// The mapping deletes what the function says has failed.
    DeletesTheFailed,
    /// A message that was delivered once without success is dead.
    BuriesTheLiving,
}

impl Mutant {
    /// Faults of a queue and of what empties it.
    pub const OF_QUEUES: [Self; 3] = [Self::QueueLoses, Self::DeletesTheFailed, Self::BuriesTheLiving];

    /// Faults of a receiver, its store and its sender.
    pub const ALL: [Self; 16] = [
        Self::LosesWrites,
        Self::AnswersEarly,
        Self::SwallowsErrors,
        Self::ForgetsRejects,
        Self::RefusesRejects,
        Self::Replaces,
        Self::StoresHalf,
        Self::DropsTheLastLineFeed,
        Self::DropsARow,
        Self::MovesHours,
        Self::MixesKeys,
        Self::AltersRows,
        Self::ForgetsTheSource,
        Self::SwapsSources,
        Self::IgnoresTheDeadline,
        Self::GivesUp,
    ];

    /// The key under which it stores an object.
    pub fn key(self, key: String) -> String {
        let (folders, name) = key.rsplit_once('/').unwrap_or(("", &key));
        match self {
            // Without the digest of what the object holds.
            Self::MixesKeys => format!("{folders}/{}Z-{}.ndjson", &name[..18], "0".repeat(32)),
            Self::MovesHours => {
                let hour = if folders.ends_with("hour=00") { "hour=01" } else { "hour=00" };
                format!("{}{hour}/{}T{}{}", &folders[..folders.len() - 7], &name[..8], &hour[5..], &name[11..])
            }
            _ => key,
        }
    }

    /// The bytes that it stores of an object, which is not compressed.
    pub fn bytes(self, bytes: &Bytes) -> Bytes {
        let text = || String::from_utf8_lossy(bytes);
        match self {
            Self::StoresHalf => bytes.slice(..bytes.len() / 2),
            Self::DropsTheLastLineFeed => bytes.slice(..bytes.len() - 1),
            Self::DropsARow => {
                let first = text().find('\n').map_or(0, |end| end + 1);
                if first == bytes.len() { bytes.clone() } else { bytes.slice(first..) }
            }
            Self::AltersRows if bytes.len().is_multiple_of(2) => text().replace("\"type\":\"s\"", "\"type\":\"S\"").into_bytes().into(),
            Self::ForgetsTheSource => text().lines().map(|line| forget_source(line) + "\n").collect::<String>().into_bytes().into(),
            _ => bytes.clone(),
        }
    }
}

/// Replaces a row's id by one of its `log_id` alone.
fn forget_source(line: &str) -> String {
    let mut row: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
    if let Some(log_id) = row["log_id"].as_str() {
        row["p_row_id"] = super::record::row_id("", log_id.as_bytes()).into();
    }
    row.to_string()
}
