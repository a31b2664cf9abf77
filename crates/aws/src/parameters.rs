//! SSM Parameter Store: one String parameter at a time.

use std::collections::BTreeMap;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::error::BuildError;
use aws_sdk_ssm::operation::put_parameter::builders::PutParameterFluentBuilder;
use aws_sdk_ssm::primitives::DateTime;
use aws_sdk_ssm::types::{ParameterTier, ParameterType, ResourceTypeForTagging, Tag};
use jiff::Timestamp;

use crate::error::{AwsError, Call, ErrorKind, unless_missing};

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
    /// Free, up to 4 KiB. An advanced parameter can't be overwritten as a standard one.
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
        let call = call("GetParameter", name);
        let answer = self.client.get_parameter().name(name).send().await.map_err(|error| call.failed(&error));
        let Some(answer) = unless_missing(answer)? else { return Ok(None) };
        let found =
            answer.parameter.ok_or_else(|| call.fails(ErrorKind::Invalid, "an answer without the parameter"))?;
        Ok(Some(Parameter {
            value: found.value.unwrap_or_default(),
            version: found.version,
            modified: found.last_modified_date.as_ref().and_then(timestamp),
        }))
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
        let call = call("PutParameter", name);
        let tags = as_tags(tags).map_err(|error| call.fails(ErrorKind::Invalid, error.to_string()))?;
        let request = self.write(name, value, tier, description).overwrite(false).set_tags(Some(tags));
        match request.send().await.map_err(|error| call.failed(&error)) {
            Ok(answer) => Ok(ParameterCreated::New(answer.version)),
            Err(error) if error.kind == ErrorKind::Conflict => Ok(ParameterCreated::Exists),
            Err(error) => Err(error),
        }
    }

    /// Overwrites `name`, keeping its tags, and answers the new version. The caller has looked whose it is. A parameter that
    /// was deleted meanwhile is created, without tags: SSM knows no conditional write.
    pub async fn overwrite(&self, name: &str, value: &str, tier: Tier, description: &str) -> Result<i64, AwsError> {
        let request = self.write(name, value, tier, description).overwrite(true);
        let answer = request.send().await.map_err(|error| call("PutParameter", name).failed(&error))?;
        Ok(answer.version)
    }

    fn write(&self, name: &str, value: &str, tier: Tier, description: &str) -> PutParameterFluentBuilder {
        let tier = match tier {
            Tier::Standard => ParameterTier::Standard,
            Tier::IntelligentTiering => ParameterTier::IntelligentTiering,
        };
        let write = self.client.put_parameter().name(name).value(value).r#type(ParameterType::String).tier(tier);
        write.set_description(Some(description).filter(|text| !text.is_empty()).map(str::to_owned))
    }

    /// The tags of `name`; `None` if there is no such parameter.
    pub async fn tags(&self, name: &str) -> Result<Option<BTreeMap<String, String>>, AwsError> {
        let request = self.client.list_tags_for_resource().resource_type(ResourceTypeForTagging::Parameter);
        let answer = request.resource_id(name).send().await;
        let answer = unless_missing(answer.map_err(|error| call("ListTagsForResource", name).failed(&error)))?;
        Ok(answer.map(|answer| answer.tag_list.into_iter().flatten().map(|tag| (tag.key, tag.value)).collect()))
    }

    /// Adds or replaces these tags of `name`.
    pub async fn add_tags(&self, name: &str, tags: &[(String, String)]) -> Result<(), AwsError> {
        let call = call("AddTagsToResource", name);
        let tags = as_tags(tags).map_err(|error| call.fails(ErrorKind::Invalid, error.to_string()))?;
        let request = self.client.add_tags_to_resource().resource_type(ResourceTypeForTagging::Parameter);
        let answer = request.resource_id(name).set_tags(Some(tags)).send().await;
        answer.map(drop).map_err(|error| call.failed(&error))
    }

    /// Deletes `name`, and says whether it was there.
    pub async fn delete(&self, name: &str) -> Result<bool, AwsError> {
        let answer = self.client.delete_parameter().name(name).send().await;
        let answer = unless_missing(answer.map_err(|error| call("DeleteParameter", name).failed(&error)))?;
        Ok(answer.is_some())
    }
}

fn call(operation: &'static str, name: &str) -> Call {
    Call { service: "SSM", operation, subject: format!("parameter `{name}`") }
}

fn as_tags(tags: &[(String, String)]) -> Result<Vec<Tag>, BuildError> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), time.subsec_nanos().try_into().ok()?).ok()
}
