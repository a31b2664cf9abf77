//! Doing what was planned.

use sentinel_aws::{AwsError, ErrorKind, ParameterCreated};

use super::plan::{Plan, Step};
use super::ssm::{Label, Remote, Ssm};

/// Does it; the version of the parameter afterwards.
pub(crate) async fn apply(
    ssm: &Ssm,
    name: &str,
    label: &Label,
    plan: &Plan,
    remote: Option<&Remote>,
) -> Result<Option<i64>, AwsError> {
    let before = remote.map(|remote| remote.version);
    match &plan.step {
        Step::Keep => Ok(before),
        Step::Create(text) => create(ssm, name, text, label).await.map(Some),
        Step::Overwrite(text) => ssm.overwrite(name, text, label).await.map(Some),
        Step::TakeOver(text) => take_over(ssm, name, text.as_deref(), label, before).await,
        Step::Delete => ssm.delete(name).await.map(|_| None),
    }
}

async fn create(ssm: &Ssm, name: &str, text: &str, label: &Label) -> Result<i64, AwsError> {
    match ssm.create(name, text, label).await? {
        ParameterCreated::New(version) => Ok(version),
        ParameterCreated::Exists => Err(AwsError {
            service: "SSM",
            operation: "PutParameter",
            subject: format!("parameter `{name}`"),
            kind: ErrorKind::Conflict,
            message: "somebody else made it at this moment".to_owned(),
        }),
    }
}

/// The tags first: killed in between, we find a parameter of ours with an old text.
async fn take_over(
    ssm: &Ssm,
    name: &str,
    text: Option<&str>,
    label: &Label,
    before: Option<i64>,
) -> Result<Option<i64>, AwsError> {
    ssm.take(name, label).await?;
    match text {
        Some(text) => ssm.overwrite(name, text, label).await.map(Some),
        None => Ok(before),
    }
}
