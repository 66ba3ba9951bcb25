//! The table `events`: whether it is there, and when a merge last brought in what has landed.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::Found;
use crate::{
    athena::{Athena, QueryError, Started},
    tables,
};

/// Hours within which a merge must have succeeded, as the alarm *Stale table* has it.
const FRESH: i64 = 26;

/// Looks at the table, and at the merges into it, where the stack merges.
pub fn filled(athena: &Athena, database: &str, now: DateTime<Utc>) -> Vec<(&'static str, Found)> {
    look(athena, database, now).unwrap_or_else(|error| {
        let needs = "It needs athena:ListWorkGroups, ListQueryExecutions and BatchGetQueryExecution.";
        vec![("table events", Found::Unknown(format!("{error}."), needs.to_owned()))]
    })
}

fn look(athena: &Athena, database: &str, now: DateTime<Utc>) -> Result<Vec<(&'static str, Found)>, QueryError> {
    let merges = athena.beside(&tables::merges_of(athena.workgroup()));
    if !merges.is_there()? {
        let said = format!("Not looked for: there is no workgroup {}, so the stack merges nothing.", merges.workgroup());
        return Ok(vec![("table events", Found::Unseen(said))]);
    }
    let there = tables::columns_there(athena, database, "events")?;
    if there.is_empty() {
        let hint = "lake tables makes it; then lake merge brings in what has landed.";
        return Ok(vec![("table events", Found::Bad("There is no such table.".to_owned(), hint.to_owned()))]);
    }
    let missing: Vec<_> = tables::missing(&there).iter().map(|column| column.name).collect();
    let table = if missing.is_empty() {
        Found::Good("It is there, with every column.".to_owned())
    } else {
        Found::Bad(format!("It lacks {}.", missing.join(", ")), "lake tables adds what is missing.".to_owned())
    };
    Ok(vec![("table events", table), ("last merge", last_merge(&merges.latest()?, now))])
}

/// Judges the latest merges, the newest first.
fn last_merge(latest: &[Started], now: DateTime<Utc>) -> Found {
    let last = latest.iter().find_map(|merge| merge.ended.as_ref()?.as_ref().ok());
    let failed = latest.iter().find_map(|merge| merge.ended.as_ref()).and_then(|ended| ended.as_ref().err());
    let failure = failed.map_or_else(String::new, |reason| format!("\nThe newest one failed: {reason}."));
    let said = match last {
        Some(at) => format!("The last merge that succeeded ended at {}.{failure}", at.to_rfc3339_opts(SecondsFormat::Secs, true)),
        None if latest.is_empty() => "No merge has run.".to_owned(),
        None => format!("None of the last {} merges succeeded.{failure}", latest.len()),
    };
    if last.is_some_and(|at| now - *at <= TimeDelta::hours(FRESH)) {
        return Found::Good(said);
    }
    Found::Bad(said, "lake merge starts one now. RUNBOOK.md, \"Stale table\", says what else to look at.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge(hour: u32, ended: Option<Result<u32, &str>>) -> Started {
        let at = |hour: u32| DateTime::from_timestamp(i64::from(hour) * 3600, 0).expect("a time");
        Started { at: at(hour), ended: ended.map(|ended| ended.map(at).map_err(str::to_owned)) }
    }

    #[test]
    fn the_last_merge_is_good_for_26_hours_and_a_failure_after_it_is_told() {
        let now = merge(100, None).at;
        let judged = |latest: &[Started]| match last_merge(latest, now) {
            Found::Good(said) => ("good", said),
            Found::Bad(said, _) | Found::Unknown(said, _) => ("bad", said),
            Found::Unseen(said) => ("unseen", said),
        };
        let (running, failed) = (merge(99, None), merge(98, Some(Err("no table"))));
        let lost = "\nThe newest one failed: no table.";
        let ended = |time: &str| format!("The last merge that succeeded ended at 1970-01-{time}:00:00Z.");
        for (latest, verdict, said) in [
            (vec![running.clone(), merge(74, Some(Ok(74)))], "good", ended("04T02")),
            (vec![running.clone(), merge(73, Some(Ok(73)))], "bad", ended("04T01")),
            (vec![failed.clone(), merge(97, Some(Ok(97)))], "good", ended("05T01") + lost),
            (vec![merge(99, Some(Ok(99))), failed.clone()], "good", ended("05T03")),
            (vec![running.clone(), failed.clone()], "bad", format!("None of the last 2 merges succeeded.{lost}")),
            (vec![running], "bad", "None of the last 1 merges succeeded.".to_owned()),
            (vec![], "bad", "No merge has run.".to_owned()),
        ] {
            assert_eq!(judged(&latest), (verdict, said));
        }
    }
}
