//! What is generated and committed must be what the code says.

use kube::ResourceExt as _;

#[test]
fn definitions_are_up_to_date() {
    for definition in sentinel_api::definitions() {
        let path = format!("{}/../../crds/{}.yaml", env!("CARGO_MANIFEST_DIR"), definition.name_any());
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        let generated = sentinel_api::definition_text(&definition).unwrap();
        assert!(committed == generated, "{path} is out of date: run `make generate`");
    }
}
