//! `lake tables`, against an Athena on loopback.

use std::sync::{Arc, Mutex};

use serde_json::json;
use support::{
    s3::{KEY, SECRET},
    server::json_service,
};

use crate::program::{command, run};

#[test]
fn a_column_that_alerts_lacks_is_added() {
    for (there, added) in [(vec!["hit_key", "told_at"], true), (vec![], false)] {
        let asked = Arc::new(Mutex::new(Vec::<String>::new()));
        let (statements, old) = (asked.clone(), there.clone());
        let athena = json_service(move |operation, input| {
            let mut asked = statements.lock().expect("statements");
            match operation {
                "AmazonAthena.StartQueryExecution" => {
                    asked.push(input["QueryString"].as_str().expect("a statement").to_owned());
                    json!({"QueryExecutionId": "id"})
                }
                "AmazonAthena.GetQueryExecution" => json!({"QueryExecution": {"Status": {"State": "SUCCEEDED"}}}),
                _ => {
                    let last = asked.last().expect("a statement");
                    let columns = if last.contains("table_name = 'alerts'") { old.clone() } else { vec![] };
                    let cells = if last.starts_with("SHOW CREATE") { vec!["'s3://lake/events/'"] } else { columns };
                    let head = std::iter::once("column_name").filter(|_| !last.starts_with("SHOW CREATE"));
                    let rows: Vec<_> = head.chain(cells).map(|cell| json!({"Data": [{"VarCharValue": cell}]})).collect();
                    json!({"ResultSet": {"Rows": rows}})
                }
            }
        });
        let aws = [
            ("AWS_ENDPOINT_URL_ATHENA", athena.endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_REGION", "eu-central-1"),
        ];
        let said = run(command(&["tables"], None).envs(aws));
        assert!(said.good, "{}{}", said.out, said.error);
        let asked = asked.lock().expect("statements");
        let alters: Vec<&String> = asked.iter().filter(|statement| statement.starts_with("ALTER TABLE alerts ADD COLUMNS")).collect();
        assert_eq!(alters.len(), usize::from(added), "{asked:?}");
        assert!(alters.iter().all(|alter| alter.ends_with("`name` string)") && !alter.contains("`hit_key`")), "{alters:?}");
    }
}
