//! `kubectl explain` reads like the policy reference.

use std::time::Duration;

use super::kubectl::kubectl;
use crate::world::{client, eventually};

const SENTENCES: &[(&str, &[&str])] = &[
    (
        "accesspolicy.spec.rules",
        &["allow (issue credentials)", "Explanation for logging", "required", "DynamoDB table for session tracking"],
    ),
    (
        "accesspolicy.spec.rules.conditions",
        &["All conditions must match.", "Usernames (empty = any)", "server, cli, credential_process (empty = any)"],
    ),
    ("accesspolicy.spec", &["evaluated in order: the first match wins. If no rule matches, access is denied."]),
    ("approvalpolicy", &["who can approve requests, and conditions for auto-approval"]),
    (
        "approvalpolicy.spec.rules",
        &[
            "Rule identifier",
            "Matching profiles (empty = any)",
            "Users who can approve (required)",
            "Auto-approval conditions (optional)",
        ],
    ),
    (
        "approvalpolicy.spec.rules.autoApprove",
        &["Users who can self-approve (empty = any user)", "Time window for auto-approval", "Maximum request duration"],
    ),
    (
        "approvalpolicy.spec.rules.autoApprove.time.hours",
        &["Beginning of window (inclusive), 24-hour format", "End of window (exclusive), 24-hour format"],
    ),
    (
        "breakglasspolicy.spec.rules",
        &[
            "Authorized users (required)",
            "Allowed reasons (empty = any)",
            "production incident response",
            "Time restrictions (optional)",
            "Max break-glass duration",
            "at most 4h",
        ],
    ),
    ("breakglasspolicy.spec.rules.time", &["Weekdays when the rule applies", "IANA timezone for time evaluation"]),
    (
        "ratelimitpolicy.spec.rules",
        &[
            "Minimum time between break-glass events for same user+profile",
            "Maximum events per user",
            "Maximum events per profile",
            "Time window for counting maxPerUser/maxPerProfile",
            "Required if quotas set",
            "Trigger escalated notification when exceeded",
        ],
    ),
    ("ratelimitpolicy.spec", &["At least one of cooldown, maxPerUser, or maxPerProfile must be set"]),
];

#[tokio::test]
async fn kubectl_explain_reads_like_the_reference() {
    client().await;
    for (path, sentences) in SENTENCES {
        // The API server publishes a definition a moment after it is established.
        eventually(&format!("kubectl to explain {path}"), Duration::from_secs(30), async || {
            kubectl(&["explain", path], None).0 == 0
        })
        .await;
        let (_, text) = kubectl(&["explain", path], None);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for sentence in *sentences {
            assert!(text.contains(sentence), "`{sentence}` is not in {path}: {text}");
        }
    }
}
