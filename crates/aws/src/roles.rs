//! IAM: the inline policies of one role.
//!
//! IAM knows a role by its name within the account of whoever asks, not by its ARN: a role of the same name in our account is
//! not the role of another. Callers compare [`Roles::arn`] before they write.

use aws_sdk_iam::Client;
use percent_encoding::percent_decode_str;

use crate::error::{AwsError, Call, ErrorKind, unless_missing};

/// The inline policies of roles. No retries in here: IAM takes few writes, and callers share one rate.
#[derive(Clone, Debug)]
pub struct Roles {
    client: Client,
}

impl Roles {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The ARN of the role `name` of our account, if there is one.
    pub async fn arn(&self, name: &str) -> Result<Option<String>, AwsError> {
        let call = call("GetRole", name);
        let answer = self.client.get_role().role_name(name).send().await.map_err(|error| call.failed(&error));
        Ok(unless_missing(answer)?.and_then(|answer| answer.role).map(|role| role.arn))
    }

    /// The names of the role's inline policies, everybody's.
    pub async fn policies(&self, role: &str) -> Result<Vec<String>, AwsError> {
        let pages = self.client.list_role_policies().role_name(role).into_paginator();
        let names: Result<_, _> = pages.items().send().collect().await;
        names.map_err(|error| call("ListRolePolicies", role).failed(&error))
    }

    /// The document of the inline policy `policy` of `role`, if there is one.
    pub async fn policy(&self, role: &str, policy: &str) -> Result<Option<String>, AwsError> {
        let call = call("GetRolePolicy", role);
        let request = self.client.get_role_policy().role_name(role).policy_name(policy);
        let Some(answer) = unless_missing(request.send().await.map_err(|error| call.failed(&error)))? else {
            return Ok(None);
        };
        let document = percent_decode_str(&answer.policy_document).decode_utf8();
        let document = document.map_err(|error| call.fails(ErrorKind::Invalid, error.to_string()))?;
        Ok(Some(document.into_owned()))
    }

    /// Writes the inline policy `policy` of `role` whole. [`ErrorKind::Full`]: the role's inline policies are too long together.
    pub async fn put_policy(&self, role: &str, policy: &str, document: &str) -> Result<(), AwsError> {
        let request = self.client.put_role_policy().role_name(role).policy_name(policy).policy_document(document);
        request.send().await.map(drop).map_err(|error| call("PutRolePolicy", role).failed(&error))
    }

    /// Deletes the inline policy `policy` of `role`, and says whether it was there.
    pub async fn delete_policy(&self, role: &str, policy: &str) -> Result<bool, AwsError> {
        let answer = self.client.delete_role_policy().role_name(role).policy_name(policy).send().await;
        let answer = unless_missing(answer.map_err(|error| call("DeleteRolePolicy", role).failed(&error)))?;
        Ok(answer.is_some())
    }
}

fn call(operation: &'static str, role: &str) -> Call {
    Call { service: "IAM", operation, subject: format!("role `{role}`") }
}
