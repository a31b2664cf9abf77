//! The one setting of the installation that a decision rests on.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Container;

use super::Cluster;
use crate::failure::Failure;

const BROKER: &str = "sentinel-broker";
const VARIABLE: &str = "SENTINEL_SESSION_TABLE";
const OPTION: &str = "--session-table";

/// The session table that counts where neither the rule nor the profile names one.
pub(crate) enum Table {
    /// This one, or none.
    Known(Option<String>),
    /// Why it isn't known.
    Unknown(String),
}

/// Read from the broker's Deployment, as the chart writes it.
pub(crate) fn installation_table(cluster: &Cluster, namespace: &str) -> Table {
    match cluster.find_in::<Deployment>(namespace, BROKER) {
        Ok(Some(deployment)) => Table::Known(table_of(&deployment)),
        Ok(None) => Table::Unknown(format!("there is no Deployment {BROKER} in namespace {namespace}")),
        Err(Failure::Cluster(why)) => Table::Unknown(why),
        Err(other) => Table::Unknown(other.to_string()),
    }
}

fn table_of(deployment: &Deployment) -> Option<String> {
    let pod = deployment.spec.as_ref()?.template.spec.as_ref()?;
    pod.containers.iter().find_map(|container| argument(container).or_else(|| variable(container)))
}

/// An argument wins over the environment.
fn argument(container: &Container) -> Option<String> {
    let words: Vec<&str> = container.command.iter().chain(&container.args).flatten().map(String::as_str).collect();
    let joined = words.iter().find_map(|word| word.strip_prefix(OPTION)?.strip_prefix('='));
    let next = || words.iter().skip_while(|word| **word != OPTION).nth(1).copied();
    joined.or_else(next).filter(|table| !table.is_empty()).map(str::to_owned)
}

fn variable(container: &Container) -> Option<String> {
    let set = container.env.iter().flatten().find(|one| one.name == VARIABLE)?;
    set.value.clone().filter(|table| !table.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case(json!({"env": [{"name": "SENTINEL_SESSION_TABLE", "value": "t"}]}), Some("t"))]
    #[case(json!({"env": [{"name": "SENTINEL_SESSION_TABLE", "value": ""}]}), None)]
    #[case(json!({"env": [{"name": "AWS_REGION", "value": "t"}]}), None)]
    #[case(json!({"args": ["--session-table=t"]}), Some("t"))]
    #[case(json!({"args": ["--session-table", "t"], "env": [{"name": "SENTINEL_SESSION_TABLE", "value": "u"}]}), Some("t"))]
    #[case(json!({}), None)]
    fn the_table_is_read_as_the_broker_reads_it(#[case] container: Value, #[case] expected: Option<&str>) {
        let mut container = container;
        container["name"] = json!("broker");
        let spec = json!({"selector": {}, "template": {"spec": {"containers": [container]}}});
        let deployment: Deployment = serde_json::from_value(json!({"metadata": {}, "spec": spec})).unwrap();
        assert_eq!(table_of(&deployment).as_deref(), expected);
    }
}
