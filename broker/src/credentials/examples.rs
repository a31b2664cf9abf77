//! What tests issue.

use std::time::Duration;

use jiff::Timestamp;
use sentinel_aws::AssumeRole;

use super::Issue;

/// Credentials for a quarter of an hour.
pub fn issue(at: Timestamp) -> Issue {
    let request = AssumeRole {
        role_arn: "arn:aws:iam::111122223333:role/prod".to_owned(),
        role_session_name: "payments.api-0".to_owned(),
        source_identity: "sentinel.api@payments.direct.0123456789abcdef".to_owned(),
        external_id: None,
        duration_seconds: 900,
        tags: vec![],
        policy: None,
        region: None,
    };
    let until = at + Duration::from_mins(15);
    Issue { request, at, until, recorded_until: until }
}
