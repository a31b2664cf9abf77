//! SSM at the pace that it allows: one bucket for all, one brake for all.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use sentinel_aws::{AwsError, ErrorKind, ParameterCreated, Parameters, Tier};

use crate::cluster::Cluster;
use crate::metrics::Metrics;
use crate::pace::{Brake, Bucket};

const READS_PER_SECOND: u32 = 5;
const WRITES_PER_SECOND: u32 = 2;

/// Whose a parameter is: the id in this tag decides.
const OWNER_TAG: &str = "sentinel-cluster-id";
/// For people.
const CLUSTER_TAG: &str = "sentinel-cluster";
/// For people.
const OBJECT_TAG: &str = "sentinel-object";

/// A parameter as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remote {
    /// Its text.
    pub value: String,
    /// Its version.
    pub version: i64,
    /// Whose it is.
    pub owner: Owner,
}

/// Whose a parameter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// This cluster's.
    Us,
    /// It carries no owner.
    Nobody,
    /// Another cluster's, of this name.
    Other(String),
}

/// Whose parameter of which object is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    /// `AccessPolicy/prod`.
    pub object: String,
}

/// The parameters of this cluster.
#[derive(Debug)]
pub(crate) struct Ssm {
    parameters: Parameters,
    cluster: Cluster,
    tier: Tier,
    reads: Bucket,
    writes: Bucket,
    brake: Brake,
    metrics: Metrics,
}

impl Ssm {
    /// The parameters of `cluster`.
    pub fn new(parameters: Parameters, cluster: Cluster, tier: Tier, metrics: Metrics) -> Self {
        let (reads, writes) = (Bucket::new(READS_PER_SECOND), Bucket::new(WRITES_PER_SECOND));
        Self { parameters, cluster, tier, reads, writes, brake: Brake::default(), metrics }
    }

    /// What SSM holds under `name`.
    pub async fn read(&self, name: &str) -> Result<Option<Remote>, AwsError> {
        let Some(parameter) = self.call("GetParameter", &self.reads, Box::pin(self.parameters.get(name))).await? else {
            return Ok(None);
        };
        let tags = self.call("ListTagsForResource", &self.reads, Box::pin(self.parameters.tags(name))).await?;
        let owner = |tags: BTreeMap<String, String>| owner(&tags, &self.cluster.id);
        Ok(tags.map(owner).map(|owner| Remote { value: parameter.value, version: parameter.version, owner }))
    }

    /// Makes `name`, ours from its first moment.
    pub async fn create(&self, name: &str, value: &str, label: &Label) -> Result<ParameterCreated, AwsError> {
        let (description, tags) = (self.description(label), self.tags(label));
        self.call(
            "PutParameter",
            &self.writes,
            Box::pin(self.parameters.create(name, value, self.tier, &description, &tags)),
        )
        .await
    }

    /// Overwrites `name`, and answers its new version.
    pub async fn overwrite(&self, name: &str, value: &str, label: &Label) -> Result<i64, AwsError> {
        let description = self.description(label);
        self.call(
            "PutParameter",
            &self.writes,
            Box::pin(self.parameters.overwrite(name, value, self.tier, &description)),
        )
        .await
    }

    /// Makes `name` ours.
    pub async fn take(&self, name: &str, label: &Label) -> Result<(), AwsError> {
        let tags = self.tags(label);
        self.call("AddTagsToResource", &self.writes, Box::pin(self.parameters.add_tags(name, &tags))).await
    }

    /// Deletes `name`.
    pub async fn delete(&self, name: &str) -> Result<bool, AwsError> {
        self.call("DeleteParameter", &self.writes, Box::pin(self.parameters.delete(name))).await
    }

    /// The call waits its turn on the heap: calls of an AWS SDK are large.
    async fn call<T>(
        &self,
        operation: &str,
        bucket: &Bucket,
        call: BoxFuture<'_, Result<T, AwsError>>,
    ) -> Result<T, AwsError> {
        self.metrics.ssm_queue.inc();
        self.brake.wait().await;
        bucket.take().await;
        self.metrics.ssm_queue.dec();
        let result = self.metrics.called("ssm", operation, call.await);
        match &result {
            Err(error) if error.kind == ErrorKind::Throttled => self.brake.throttled(),
            Err(error) if error.kind == ErrorKind::Unavailable => {}
            _ => self.brake.answered(),
        }
        result
    }

    fn description(&self, label: &Label) -> String {
        format!("Published by Sentinel from {} of cluster {}: edit that, not this", label.object, self.cluster.name)
    }

    fn tags(&self, label: &Label) -> Vec<(String, String)> {
        [(OWNER_TAG, self.cluster.id.as_str()), (CLUSTER_TAG, &self.cluster.name), (OBJECT_TAG, &label.object)]
            .map(|(key, value)| (key.to_owned(), tag_value(value)))
            .to_vec()
    }
}

fn owner(tags: &BTreeMap<String, String>, cluster: &str) -> Owner {
    match tags.get(OWNER_TAG) {
        Some(id) if id == cluster => Owner::Us,
        Some(id) => Owner::Other(tags.get(CLUSTER_TAG).map_or_else(|| id.clone(), |name| format!("{name} ({id})"))),
        None => Owner::Nobody,
    }
}

/// AWS takes 256 of some characters.
fn tag_value(value: &str) -> String {
    let legal = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
    value.chars().map(|c| if legal(c) { c } else { '-' }).take(256).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_decides_whose_it_is() {
        let tags = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        assert_eq!(owner(&tags(&[(OWNER_TAG, "1"), (CLUSTER_TAG, "b")]), "1"), Owner::Us);
        assert_eq!(owner(&tags(&[(OWNER_TAG, "2"), (CLUSTER_TAG, "a")]), "1"), Owner::Other("a (2)".into()));
        assert_eq!(owner(&tags(&[(CLUSTER_TAG, "a")]), "1"), Owner::Nobody);
    }

    #[test]
    fn tags_are_legal_whatever_the_cluster_is_called() {
        assert_eq!(tag_value("prod, {eu}"), "prod- -eu-");
        assert_eq!(tag_value(&"x".repeat(300)).len(), 256);
    }
}
