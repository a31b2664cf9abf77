//! IAM, as far as one installation may use it: our own inline policy of a role, and the length of the others.

use sentinel_aws::{AwsError, ErrorKind, Roles};

use super::document::{Document, length};
use crate::cluster::Cluster;
use crate::metrics::Metrics;
use crate::pace::Bucket;

/// All inline policies of a role together, without white space.
const LIMIT: usize = 10_240;
/// A second, for all roles: IAM takes few calls, and people need it, too.
const CALLS: u32 = 5;

/// The inline policies of roles, paced and counted.
pub(crate) struct Iam {
    roles: Roles,
    policy: String,
    bucket: Bucket,
    metrics: Metrics,
}

impl Iam {
    /// The policies of `cluster` in `roles`.
    pub fn new(roles: Roles, cluster: &Cluster, metrics: Metrics) -> Self {
        let policy = format!("sentinel-revocations-{}", cluster.id);
        Self { roles, policy, bucket: Bucket::new(CALLS), metrics }
    }

    /// Makes sure that the role of this name in our account is the one that is meant: IAM would take the name of another
    /// account's role for one of ours.
    pub async fn verify(&self, arn: &str) -> Result<(), AwsError> {
        let found = self.called("GetRole", self.roles.arn(name(arn))).await?;
        let problem = match found {
            Some(found) if found == arn => return Ok(()),
            Some(found) => format!(
                "the role of this name in the operator's account is {found}; roles of other accounts can't be reached"
            ),
            None => {
                "there is no such role in the operator's account; roles of other accounts can't be reached".to_owned()
            }
        };
        let (service, operation, subject) = ("IAM", "GetRole", format!("role `{arn}`"));
        Err(AwsError { service, operation, subject, kind: ErrorKind::NotFound, message: problem })
    }

    /// What our policy says.
    pub async fn read(&self, arn: &str) -> Result<Document, AwsError> {
        let text = self.called("GetRolePolicy", self.roles.policy(name(arn), &self.policy)).await?;
        Ok(text.map(|text| Document::parse(&text)).unwrap_or_default())
    }

    /// How many characters the others leave us.
    pub async fn room(&self, arn: &str) -> Result<usize, AwsError> {
        let mut room = LIMIT;
        for policy in self.called("ListRolePolicies", self.roles.policies(name(arn))).await? {
            if policy != self.policy {
                let text = self.called("GetRolePolicy", self.roles.policy(name(arn), &policy)).await?;
                room = room.saturating_sub(text.map_or(0, |text| length(&text)));
            }
        }
        Ok(room)
    }

    /// Makes our policy say `document`; where that says nothing, there is no policy.
    pub async fn write(&self, arn: &str, document: &Document) -> Result<(), AwsError> {
        if document.is_empty() {
            return self.called("DeleteRolePolicy", self.roles.delete_policy(name(arn), &self.policy)).await.map(drop);
        }
        self.called("PutRolePolicy", self.roles.put_policy(name(arn), &self.policy, &document.text())).await
    }

    async fn called<T>(&self, operation: &str, call: impl Future<Output = Result<T, AwsError>>) -> Result<T, AwsError> {
        self.bucket.take().await;
        self.metrics.called("iam", operation, call.await)
    }
}

/// The name of a role: what comes last in its ARN, after any path.
fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
