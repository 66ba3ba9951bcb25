//! The last steps: whether a query of the landing table finds the event, and whether the table filled from it is.

use std::io::{self, Write};
#[cfg(feature = "aws")]
use std::iter;

use chrono::{DateTime, Utc};

#[cfg(feature = "aws")]
use super::NOT_WRITTEN;
use super::{Found, patience::Patience};
#[cfg(feature = "aws")]
use {
    super::filled::filled,
    crate::athena::{Athena, QueryError},
};

/// A query of the landing table.
#[derive(Clone, Debug)]
pub struct Landing {
    /// Athena workgroup, where one was given.
    pub workgroup: Option<String>,
    /// Glue database.
    pub database: String,
    /// The query.
    pub query: String,
}

impl Landing {
    /// Takes where to query, and what for.
    pub fn of(workgroup: Option<String>, database: String, log_id: &str, at: DateTime<Utc>) -> Self {
        let partition = at.format("dt = '%Y-%m-%d' AND hour = %-H");
        let query = format!("SELECT p_row_id FROM events_landing WHERE {partition} AND log_id = '{log_id}'");
        Self { workgroup, database, query }
    }

    /// Looks into the landing table, for as long as the event is queued, and where that can be done, at the table that is filled
    /// from it.
    ///
    /// # Errors
    /// Progress cannot be written.
    pub fn steps(&self, now: DateTime<Utc>, patience: &mut Patience<'_>, out: &mut dyn Write) -> io::Result<Vec<(&'static str, Found)>> {
        let Some(workgroup) = &self.workgroup else {
            let said = "Not looked for: give --stack or --workgroup, with AWS credentials, to query the landing table.";
            return Ok(vec![("found in the table", Found::Unseen(said.to_owned()))]);
        };
        self.steps_with(workgroup, now, patience, out)
    }

    #[cfg(feature = "aws")]
    fn no_row(&self, patience: &Patience<'_>) -> Found {
        let why = if patience.longest().is_some() { NOT_WRITTEN } else { "Look at the table's location and partition projection." };
        Found::Bad("The query ran, but found no row.".to_owned(), format!("{why}\n{}", self.query))
    }

    #[cfg(feature = "aws")]
    fn steps_with(
        &self,
        workgroup: &str,
        now: DateTime<Utc>,
        patience: &mut Patience<'_>,
        out: &mut dyn Write,
    ) -> io::Result<Vec<(&'static str, Found)>> {
        let athena = match Athena::open(workgroup, &self.database) {
            Ok(athena) => athena,
            Err(error) => return Ok(vec![("found in the table", self.failed(workgroup, &error))]),
        };
        let found = patience.until(out, || self.look(&athena))?.unwrap_or_else(|| self.no_row(patience));
        let filled = if matches!(found, Found::Good(_)) { filled(&athena, &self.database, now) } else { Vec::new() };
        Ok(iter::once(("found in the table", found)).chain(filled).collect())
    }

    /// Runs the query; `None` if it finds no row.
    #[cfg(feature = "aws")]
    fn look(&self, athena: &Athena) -> Option<Found> {
        match athena.rows(&self.query).map(|rows| rows.len()) {
            // The first row holds the names of the columns.
            Ok(0 | 1) => None,
            Ok(_) => Some(Found::Good("A query of events_landing finds its row.".to_owned())),
            Err(error) => Some(self.failed(athena.workgroup(), &error)),
        }
    }

    #[cfg(feature = "aws")]
    fn failed(&self, workgroup: &str, error: &QueryError) -> Found {
        let needs = "It needs athena:StartQueryExecution and GetQuery*, the Glue tables, and the results' bucket.";
        Found::Unknown(format!("{error}."), format!("{needs}\n{}", self.command(workgroup)))
    }

    #[cfg(not(feature = "aws"))]
    fn steps_with(
        &self,
        workgroup: &str,
        _: DateTime<Utc>,
        _: &mut Patience<'_>,
        _: &mut dyn Write,
    ) -> io::Result<Vec<(&'static str, Found)>> {
        let said = format!("Not run: this lake was built without feature aws. Run it yourself:\n{}", self.command(workgroup));
        Ok(vec![("found in the table", Found::Unseen(said))])
    }

    /// Returns the same query as a command.
    fn command(&self, workgroup: &str) -> String {
        let (database, query) = (&self.database, &self.query);
        format!(
            "aws athena start-query-execution --work-group {workgroup} --query-execution-context Database={database} --query-string \"{query}\""
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_names_the_partition_and_the_event() {
        let at = DateTime::from_timestamp(1_782_882_000, 0).expect("a time");
        let landing = Landing::of(None, "lake".to_owned(), "lake-doctor-1", at);
        let query = "SELECT p_row_id FROM events_landing WHERE dt = '2026-07-01' AND hour = 5 AND log_id = 'lake-doctor-1'";
        assert_eq!(landing.query, query);
        let command = "aws athena start-query-execution --work-group w --query-execution-context Database=lake --query-string \"SELECT";
        assert!(landing.command("w").starts_with(command));
    }
}
