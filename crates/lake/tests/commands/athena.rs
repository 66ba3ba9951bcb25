//! `lake doctor` with a workgroup, against an Athena on loopback.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::json;
use support::{
    s3::{KEY, SECRET},
    server::{Server, json_service},
};

use crate::{
    TOKEN,
    folder::Lake,
    program::{command, run},
    receiver::RunningReceiver,
};

/// An Athena whose query runs for a while and then finds these rows.
fn athena(state: &'static str, rows: usize) -> Server {
    let asked = Arc::new(AtomicUsize::new(0));
    json_service(move |operation, input| match operation {
        "AmazonAthena.StartQueryExecution" => {
            assert_eq!((&input["WorkGroup"], &input["QueryExecutionContext"]["Database"]), (&json!("group"), &json!("auth0_log_lake")));
            assert!(input["QueryString"].as_str().is_some_and(|query| query.contains("log_id = 'lake-doctor-")));
            json!({"QueryExecutionId": "id"})
        }
        "AmazonAthena.GetQueryExecution" => {
            let state = if asked.fetch_add(1, Ordering::Relaxed) == 0 { "RUNNING" } else { state };
            json!({"QueryExecution": {"Status": {"State": state, "StateChangeReason": "no such table"}}})
        }
        _ => json!({"ResultSet": {"Rows": vec![json!({"Data": [{"VarCharValue": "x"}]}); rows + 1]}}),
    })
}

#[test]
fn the_landing_table_is_queried_where_a_workgroup_is_given() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    for (state, rows, good, line) in [
        ("SUCCEEDED", 1, true, "found in the table ok A query of events_landing finds its row."),
        ("SUCCEEDED", 0, false, "found in the table FAILED The query ran, but found no row."),
        ("FAILED", 0, false, "found in the table FAILED the query ended as FAILED: no such table."),
    ] {
        let athena = athena(state, rows);
        let aws = [
            ("AWS_ENDPOINT_URL_ATHENA", athena.endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_REGION", "eu-central-1"),
        ];
        let mut command = command(&["doctor", "--url", &receiver.url, "--workgroup", "group"], Some(TOKEN));
        let said = run(command.envs(aws));
        assert!(said.good == good && said.has(line), "{line} in {}{}", said.out, said.error);
        // Only where that works is it worth asking for more. This Athena has no other workgroup.
        let merges = "table events - Not looked for: there is no workgroup group-merge, so the stack merges nothing.";
        assert!(said.has(merges) == good && said.has("table events") == good, "{}", said.out);
    }
}
