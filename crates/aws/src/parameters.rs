//! SSM Parameter Store: one String parameter at a time.

use std::collections::BTreeMap;

use aws_sdk_ssm::Client;
use jiff::Timestamp;

use crate::error::{AwsError, Call, ErrorKind};

/// A parameter as it stands in SSM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The text.
    pub value: String,
    /// Counts the writes, from 1; starts anew when a parameter is deleted and created again.
    pub version: i64,
    /// When it was written last.
    pub modified: Option<Timestamp>,
}

/// What the parameter may cost and hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Free, up to 4 KiB.
    Standard,
    /// Standard where it fits, else advanced: up to 8 KiB.
    IntelligentTiering,
}

/// The outcome of [`Parameters::create`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterCreated {
    /// Written, with its tags, as this version.
    New(i64),
    /// There is one already; nothing was written.
    Exists,
}

/// SSM parameters. No retries in here: callers share one rate and back off themselves.
#[derive(Clone, Debug)]
pub struct Parameters {
    client: Client,
}

impl Parameters {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The parameter `name`, if there is one.
    pub async fn get(&self, name: &str) -> Result<Option<Parameter>, AwsError> {
        Err(unwritten(&self.client, "GetParameter", name))
    }

    /// Creates `name` with its tags in one step; never overwrites.
    pub async fn create(
        &self,
        name: &str,
        value: &str,
        tier: Tier,
        description: &str,
        tags: &[(String, String)],
    ) -> Result<ParameterCreated, AwsError> {
        let _ = (value, tier, description, tags);
        Err(unwritten(&self.client, "PutParameter", name))
    }

    /// Overwrites `name`, keeping its tags, and answers the new version. The caller has looked whose it is. A parameter that
    /// was deleted meanwhile is created, without tags: SSM knows no conditional write.
    pub async fn overwrite(&self, name: &str, value: &str, tier: Tier, description: &str) -> Result<i64, AwsError> {
        let _ = (value, tier, description);
        Err(unwritten(&self.client, "PutParameter", name))
    }

    /// The tags of `name`; `None` if there is no such parameter.
    pub async fn tags(&self, name: &str) -> Result<Option<BTreeMap<String, String>>, AwsError> {
        Err(unwritten(&self.client, "ListTagsForResource", name))
    }

    /// Adds or replaces these tags of `name`.
    pub async fn add_tags(&self, name: &str, tags: &[(String, String)]) -> Result<(), AwsError> {
        let _ = tags;
        Err(unwritten(&self.client, "AddTagsToResource", name))
    }

    /// Deletes `name`, and says whether it was there.
    pub async fn delete(&self, name: &str) -> Result<bool, AwsError> {
        Err(unwritten(&self.client, "DeleteParameter", name))
    }
}

fn unwritten(_: &Client, operation: &'static str, name: &str) -> AwsError {
    Call { service: "SSM", operation, subject: format!("parameter `{name}`") }
        .fails(ErrorKind::Invalid, "not written yet")
}
