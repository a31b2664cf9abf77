//! Rules name tables: which one counts, what a pod sees of one that is missing, and how it moves.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::{LEASE_AND_A_SECOND, Place, kubectl, script, until};

fn rule(place: &Place, table: &str) -> Value {
    let mut rule = place.grants("*");
    rule["sessionTable"] = json!(table);
    json!([rule])
}

fn table_ready(place: &Place, status: &str, words: &str) {
    until(&format!("TableReady to be {status} and to say `{words}`"), Duration::from_secs(40), || {
        let path = "jsonpath={range .status.conditions[?(@.type=='TableReady')]}{.status} {.message}{end}";
        let said = kubectl(["get", "sentinelprofile", &place.name, "-o", path])?;
        if said.starts_with(status) && said.contains(words) { Ok(()) } else { Err(said) }
    });
}

#[test]
fn a_pod_says_which_table_is_missing_goes_on_once_it_is_there_and_its_session_is_in_both() {
    let place = Place::shared();
    // Strict, so that the app sees at once what its broker can't do.
    place.profile(&json!({"outageGrace": "0s"}));
    place.policy(&json!([place.grants("*")]));
    place.service_account("api");
    place.service_account("new");
    place.pod("api", |_| ()).unwrap();
    place.ready("api");
    place.phase("api", "Active", LEASE_AND_A_SECOND * 3);
    table_ready(&place, "True", "table sentinel-sessions");

    let table = format!("{}-sessions", place.name);
    place.policy(&rule(&place, &table));
    let named = format!("table `{table}`");
    place.calls("api", &named, LEASE_AND_A_SECOND * 2);
    place.described("api", &named, Duration::from_secs(20));
    place.pod("new", |_| ()).unwrap();
    place.described("new", &named, Duration::from_secs(40));
    table_ready(&place, "False", &format!("there is no table {table}"));

    script("sentinel", &["aws", &table]);
    place.calls("api", "assumed-role", LEASE_AND_A_SECOND * 3);
    place.ready("new");
    until("the session to be in both tables", LEASE_AND_A_SECOND * 5, || {
        let status = place.session("api")["status"].clone();
        let both = status["tables"] == json!(["sentinel-sessions", table]) && status["table"] == json!(table);
        if both { Ok(()) } else { Err(status.to_string()) }
    });
    table_ready(&place, "True", &format!("table {table} is ready"));
    place.revoke("api", "leak");
    let session = place.session_name("api");
    for table in ["sentinel-sessions", &table] {
        until(&format!("the row in {table} to be revoked"), LEASE_AND_A_SECOND * 5, || {
            let rows = script("sentinel", &["rows", table]);
            if rows.contains(&format!("{session} revoked")) { Ok(()) } else { Err(rows) }
        });
    }
}
