//! The ledger's ConfigMap.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use sentinel_api::names::{LEDGER_CONFIG_MAP, LEDGER_KEY};
use sentinel_core::ledger::Ledger;
use serde_json::json;

use super::errand::Page;
use crate::report::{FIELD_MANAGER, is_outrun};

/// Where the ledger is kept.
#[derive(Clone)]
pub(crate) struct Shelf {
    api: Api<ConfigMap>,
}

impl Shelf {
    /// In the install namespace.
    pub fn new(client: Client, namespace: &str) -> Self {
        Self { api: Api::namespaced(client, namespace) }
    }

    /// The ledger as the API server has it now, or why it can't be used. One that is missing is not an empty one: whoever deleted it
    /// would have all quotas back.
    pub async fn read(&self) -> kube::Result<Result<Page, String>> {
        let found = self.api.get_opt(LEDGER_CONFIG_MAP).await?;
        Ok(found.ok_or_else(missing).and_then(|object| page(&object)))
    }

    /// Puts `page` where its version was. `false`: it is not there any more.
    pub async fn write(&self, page: &Page) -> kube::Result<bool> {
        let text = serde_json::to_string(&page.ledger).map_err(kube::Error::SerdeError)?;
        let patch = json!({"metadata": {"resourceVersion": page.version}, "data": {LEDGER_KEY: text}});
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        match self.api.patch(LEDGER_CONFIG_MAP, &params, &Patch::Merge(patch)).await {
            Ok(_) => Ok(true),
            Err(error) if is_outrun(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn missing() -> String {
    format!("ConfigMap {LEDGER_CONFIG_MAP} is missing from the install namespace; the chart makes it (helm upgrade)")
}

/// The chart makes it without content: nobody has broken the glass yet.
fn page(object: &ConfigMap) -> Result<Page, String> {
    let version = object.metadata.resource_version.clone().unwrap_or_default();
    let unreadable =
        |error| format!("{LEDGER_KEY} of ConfigMap {LEDGER_CONFIG_MAP} is no ledger ({error}): restore it");
    let text = object.data.as_ref().and_then(|data| data.get(LEDGER_KEY));
    let ledger = text.map_or(Ok(Ledger::default()), |text| serde_json::from_str(text).map_err(unreadable))?;
    Ok(Page { ledger, version })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn object(text: Option<&str>) -> ConfigMap {
        let data = text.map(|text| [(LEDGER_KEY.to_owned(), text.to_owned())].into());
        ConfigMap { data, ..ConfigMap::default() }
    }

    #[test]
    fn as_the_chart_makes_it_nothing_has_happened() {
        assert_eq!(page(&object(None)).unwrap().ledger, Ledger::default());
    }

    #[rstest]
    #[case::emptied("")]
    #[case::another("{}")]
    #[case::spoilt(r#"{"entries": [{"event": "e"}]}"#)]
    #[case::of_tomorrow(r#"{"entries": [], "closed": []}"#)]
    fn what_is_no_ledger_is_no_empty_one(#[case] text: &str) {
        let error = page(&object(Some(text))).unwrap_err();
        assert!(error.contains("ledger.json of ConfigMap sentinel-break-glass-ledger is no ledger"), "{error}");
    }
}
