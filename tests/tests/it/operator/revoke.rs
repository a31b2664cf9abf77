//! `kubectl sentinel revoke`, with an operator that answers.

use sentinel_api::Phase;
use sentinel_core::session::RowStatus;
use serde_json::Value;

use super::sessions::{Story, story};
use super::world::SOON;
use crate::command::sentinel;
use crate::world::eventually;

async fn revoke(story: &Story, words: &[&str]) -> (Vec<Value>, String, u8) {
    let fixed = ["revoke", "-n", &story.namespace, "-o", "json", "--reason", "key in a paste"];
    let words: Vec<&str> = fixed.into_iter().chain(words.iter().copied()).collect();
    let output = sentinel(&words).await;
    let told = if output.stdout.is_empty() { vec![] } else { serde_json::from_str(&output.stdout).unwrap() };
    (told, output.stderr, output.code)
}

#[tokio::test]
async fn a_session_is_revoked_in_status_and_row_with_who_and_why() {
    story(async |story| {
        story.with_table().await;
        let id = story.active_pod("api-0").await;
        let (told, notes, code) = revoke(story, &["--pod", "api-0"]).await;
        assert_eq!((told.len(), code), (1, 0), "{told:?} {notes}");
        assert_eq!((told[0]["outcome"].as_str(), told[0]["session"].as_str()), (Some("Revoked"), Some(id.as_str())));
        let by = told[0]["revokedBy"].as_str().unwrap().to_owned();
        assert!(!by.is_empty() && !by.contains("unknown"), "who is known without a webhook: {by}");
        assert!(told[0]["credentialsUntil"].is_string(), "{told:?}");
        let lock = format!("kubectl sentinel lock --user {}/api --profile {}", story.namespace, story.profile);
        assert!(notes.contains("the next pod is a new session") && notes.contains(&lock), "{notes}");
        let row = story.row_is(&id, RowStatus::Revoked).await;
        assert_eq!((row.revoked_by, row.revoked_reason.as_deref()), (Some(by.clone()), Some("key in a paste")));
        assert_eq!(story.status(&id).await.revoked_by.as_deref(), Some(by.as_str()));
        eventually("the audit log to be told", SOON, async || story.status(&id).await.revocation_told).await;

        let (again, _, code) = revoke(story, &[id.as_str(), "--reason", "another"]).await;
        assert_eq!((again.len(), code), (0, 2), "a reason is given once");
        let output = sentinel(&["revoke", "-n", &story.namespace, id.as_str(), "--reason", "another"]).await;
        assert!(output.stdout.contains(&format!("by {by}: key in a paste")) && output.code == 0, "{output:?}");
    })
    .await;
}

#[tokio::test]
async fn several_are_revoked_at_once_and_nothing_is_if_one_is_missing() {
    story(async |story| {
        story.with_table().await;
        let (first, second) = (story.pod("api-0").await, story.pod("api-1").await);
        story.reaches(&first, Phase::Pending).await;
        story.reaches(&second, Phase::Pending).await;
        let (_, error, code) = revoke(story, &[first.as_str(), "0000000000000000"]).await;
        assert!(code == 2 && error.contains("no SentinelSession 0000000000000000"), "{error}");
        assert!(!story.session(&first).await.unwrap().spec.revoked);
        let (told, _, code) = revoke(story, &[first.as_str(), second.as_str()]).await;
        let outcomes: Vec<&str> = told.iter().map(|one| one["outcome"].as_str().unwrap()).collect();
        assert_eq!((outcomes, code), (vec!["Revoked", "Revoked"], 0));
        let (_, error, code) = revoke(story, &["--pod", "nobody"]).await;
        assert!(code == 2 && error.contains("no session of pod nobody"), "{error}");
    })
    .await;
}
