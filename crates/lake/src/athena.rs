//! Statements in Athena: started, waited for, read. The only file here that names a type of its SDK.

use std::{cmp::Reverse, iter, rc::Rc, time::Duration};

use aws_config::BehaviorVersion;
use aws_sdk_athena::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{QueryExecution, QueryExecutionContext, QueryExecutionState, Row},
};
use chrono::{DateTime, Utc};
use tokio::runtime::{Builder, Runtime};

use crate::{credentials, print::visible};

/// Pauses between two questions whether a statement has ended: Athena ends one after 30 minutes itself.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const ASKED: usize = 1000;
/// Times that a statement is started which lost a commit against another.
const STARTED: usize = 5;
/// What Athena says of a statement whose table was changed by another one meanwhile.
const CONFLICT: &str = "ICEBERG_COMMIT_ERROR";

/// A statement that did not end well.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// A call failed.
    #[error("Athena did not take the call: {0}")]
    Call(String),
    /// The statement ended otherwise than well.
    #[error("the query ended as {state}: {reason}")]
    Ended {
        /// How.
        state: String,
        /// Athena's reason.
        reason: String,
    },
    /// The statement ended well, and its answer is not understood.
    #[error("the answer of {statement} is not understood: {why}")]
    Answer {
        /// The statement.
        statement: &'static str,
        /// What is missing in it.
        why: &'static str,
    },
    /// The statement still runs.
    #[error("the query still ran after half an hour")]
    Late,
    /// The system has no room for a runtime.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

impl<E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static> From<SdkError<E>> for QueryError {
    fn from(error: SdkError<E>) -> Self {
        let said = error.code().map(|code| format!("{code}: {}", error.message().unwrap_or("-")));
        Self::Call(visible(&credentials::missing(&error).or(said).unwrap_or_else(|| credentials::chain(&error))).into_owned())
    }
}

/// What a statement took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Took {
    /// Bytes read.
    pub bytes: i64,
    /// Milliseconds that the engine worked.
    pub milliseconds: i64,
}

/// A statement that has ended, or still runs.
#[derive(Clone, Debug)]
pub struct Started {
    /// When it was started.
    pub at: DateTime<Utc>,
    /// When it ended well; else why not, and none while it runs.
    pub ended: Option<Result<DateTime<Utc>, String>>,
}

/// A workgroup and a database.
#[derive(Debug)]
pub struct Athena {
    runtime: Rc<Runtime>,
    client: Client,
    workgroup: String,
    database: String,
}

impl Athena {
    /// Takes the credentials and region of the environment.
    ///
    /// # Errors
    /// A system that has no room for a runtime.
    pub fn open(workgroup: &str, database: &str) -> Result<Self, QueryError> {
        let runtime = Rc::new(Builder::new_current_thread().enable_all().build()?);
        let client = Client::new(&runtime.block_on(aws_config::defaults(BehaviorVersion::latest()).load()));
        Ok(Self { runtime, client, workgroup: workgroup.to_owned(), database: database.to_owned() })
    }

    /// Returns another workgroup, over the same connection.
    pub fn beside(&self, workgroup: &str) -> Self {
        let (runtime, client, database) = (Rc::clone(&self.runtime), self.client.clone(), self.database.clone());
        Self { runtime, client, workgroup: workgroup.to_owned(), database }
    }

    /// Names the workgroup.
    pub fn workgroup(&self) -> &str {
        &self.workgroup
    }

    /// Runs a statement, again where another one committed to the same table meanwhile.
    ///
    /// # Errors
    /// A call that fails, a statement that does not end well.
    pub fn run(&self, statement: &str) -> Result<Took, QueryError> {
        for _ in 1..STARTED {
            match self.runtime.block_on(self.ended(statement)) {
                Err(QueryError::Ended { reason, .. }) if reason.contains(CONFLICT) => {}
                ended => return ended.map(|(_, took)| took),
            }
        }
        self.runtime.block_on(self.ended(statement)).map(|(_, took)| took)
    }

    /// Runs a statement, and gives the cells of the rows that it answers; a query's first row holds its column names.
    ///
    /// # Errors
    /// A call that fails, a statement that does not end well.
    pub fn rows(&self, statement: &str) -> Result<Vec<Vec<String>>, QueryError> {
        self.runtime.block_on(async {
            let (id, _) = self.ended(statement).await?;
            let results = self.client.get_query_results().query_execution_id(id).send().await?;
            Ok(results.result_set().map_or_else(Vec::new, |set| set.rows().iter().map(cells).collect()))
        })
    }

    /// Whether there is a workgroup of this name.
    ///
    /// # Errors
    /// A call that fails.
    pub fn is_there(&self) -> Result<bool, QueryError> {
        self.runtime.block_on(async {
            let mut pages = self.client.list_work_groups().into_paginator().send();
            while let Some(page) = pages.try_next().await? {
                if page.work_groups().iter().any(|workgroup| workgroup.name() == Some(&self.workgroup)) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// Returns the workgroup's latest statements, the newest first: as many as one answer holds.
    ///
    /// # Errors
    /// A call that fails.
    pub fn latest(&self) -> Result<Vec<Started>, QueryError> {
        self.runtime.block_on(async {
            let listed = self.client.list_query_executions().work_group(&self.workgroup).send().await?;
            let ids = listed.query_execution_ids();
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            let asked = self.client.batch_get_query_execution().set_query_execution_ids(Some(ids.to_vec())).send().await?;
            let mut latest: Vec<_> = asked.query_executions().iter().filter_map(started).collect();
            latest.sort_by_key(|statement| Reverse(statement.at));
            Ok(latest)
        })
    }

    async fn ended(&self, statement: &str) -> Result<(String, Took), QueryError> {
        let context = QueryExecutionContext::builder().database(&self.database).build();
        let start = self.client.start_query_execution().work_group(&self.workgroup);
        let started = start.query_execution_context(context).query_string(statement).send().await?;
        let id = started.query_execution_id().unwrap_or_default();
        for pause in iter::successors(Some(FIRST_PAUSE), |pause| Some(LONGEST_PAUSE.min(*pause * 2))).take(ASKED) {
            let asked = self.client.get_query_execution().query_execution_id(id).send().await?;
            if let Some(took) = asked.query_execution().map(verdict).transpose()?.flatten() {
                return Ok((id.to_owned(), took));
            }
            tokio::time::sleep(pause).await;
        }
        Err(QueryError::Late)
    }
}

/// What a statement took that ended well, and none while it runs.
fn verdict(execution: &QueryExecution) -> Result<Option<Took>, QueryError> {
    let status = execution.status();
    match status.and_then(|status| status.state()) {
        Some(QueryExecutionState::Succeeded) => Ok(Some(execution.statistics().map_or_else(Took::default, |taken| Took {
            bytes: taken.data_scanned_in_bytes().unwrap_or_default(),
            milliseconds: taken.engine_execution_time_in_millis().unwrap_or_default(),
        }))),
        Some(state @ (QueryExecutionState::Failed | QueryExecutionState::Cancelled)) => {
            let reason = status.and_then(|status| status.state_change_reason()).unwrap_or("no reason given");
            Err(QueryError::Ended { state: state.to_string(), reason: visible(reason).into_owned() })
        }
        _ => Ok(None),
    }
}

fn started(execution: &QueryExecution) -> Option<Started> {
    let status = execution.status()?;
    let time = |time: &aws_sdk_athena::primitives::DateTime| DateTime::from_timestamp_millis(time.to_millis().ok()?);
    let at = status.submission_date_time().and_then(time)?;
    let ended = match verdict(execution) {
        Ok(Some(_)) => Some(Ok(status.completion_date_time().and_then(time).unwrap_or(at))),
        Ok(None) => None,
        Err(error) => Some(Err(error.to_string())),
    };
    Some(Started { at, ended })
}

fn cells(row: &Row) -> Vec<String> {
    row.data().iter().map(|cell| cell.var_char_value().unwrap_or_default().to_owned()).collect()
}
