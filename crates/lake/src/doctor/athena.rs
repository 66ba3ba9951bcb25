//! Running one query in Athena: with the two files of the S3 store the only one that names an AWS type.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_athena::{
    Client,
    error::{DisplayErrorContext, SdkError},
    types::{QueryExecutionContext, QueryExecutionState},
};

use super::landing::Landing;

/// Times that a running query is asked for, one second apart.
const ASKED: u32 = 90;
/// Pause between two times.
const PAUSE: Duration = Duration::from_secs(1);

/// A query that gave no rows to count.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// A call failed.
    #[error("Athena did not take the call: {0}")]
    Call(String),
    /// The query ended otherwise than well.
    #[error("the query ended as {state}: {reason}")]
    Ended {
        /// How.
        state: String,
        /// Athena's reason.
        reason: String,
    },
    /// The query still runs.
    #[error("the query still ran after {ASKED} seconds")]
    Late,
    /// The system has no room for a runtime.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

impl<E: std::error::Error + 'static> From<SdkError<E>> for QueryError {
    fn from(error: SdkError<E>) -> Self {
        Self::Call(DisplayErrorContext(error).to_string())
    }
}

/// Runs the query, and counts the rows that it finds.
///
/// # Errors
/// A call that fails, a query that does not end well.
pub fn rows(workgroup: &str, landing: &Landing) -> Result<usize, QueryError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(workgroup, landing))
}

async fn run(workgroup: &str, landing: &Landing) -> Result<usize, QueryError> {
    let client = Client::new(&aws_config::defaults(BehaviorVersion::latest()).load().await);
    let context = QueryExecutionContext::builder().database(&landing.database).build();
    let start = client.start_query_execution().work_group(workgroup).query_execution_context(context).query_string(&landing.query);
    let started = start.send().await?;
    let id = started.query_execution_id().unwrap_or_default();
    for _ in 0..ASKED {
        if has_succeeded(&client, id).await? {
            let results = client.get_query_results().query_execution_id(id).send().await?;
            let rows = results.result_set().map_or(0, |set| set.rows().len());
            // The first row holds the names of the columns.
            return Ok(rows.saturating_sub(1));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(QueryError::Late)
}

async fn has_succeeded(client: &Client, id: &str) -> Result<bool, QueryError> {
    let execution = client.get_query_execution().query_execution_id(id).send().await?;
    let status = execution.query_execution().and_then(|execution| execution.status());
    match status.and_then(|status| status.state()) {
        Some(QueryExecutionState::Succeeded) => Ok(true),
        Some(state @ (QueryExecutionState::Failed | QueryExecutionState::Cancelled)) => {
            let reason = status.and_then(|status| status.state_change_reason()).unwrap_or("no reason given");
            Err(QueryError::Ended { state: state.to_string(), reason: reason.to_owned() })
        }
        _ => Ok(false),
    }
}
