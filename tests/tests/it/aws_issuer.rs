//! STS: moto issues; a canned STS denies, throttles and shows what was asked.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use sentinel_aws::{AssumeRole, ErrorKind};

use crate::aws_wire::{Canned, at, emulators, nobody, silent};

fn request() -> AssumeRole {
    AssumeRole {
        role_arn: "arn:aws:iam::111122223333:role/prod".into(),
        role_session_name: "payments.api-0".into(),
        source_identity: "sentinel.api@payments.direct.0123456789abcdef".into(),
        external_id: Some("outside-7".into()),
        duration_seconds: 900,
        tags: vec![("sentinel-namespace".into(), "payments".into()), ("sentinel-pod".into(), "api-0".into())],
        policy: Some(r#"{"Version":"2012-10-17"}"#.into()),
        region: Some("eu-central-1".into()),
    }
}

fn refusal(code: &str, message: &str) -> String {
    format!(
        r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"#
    )
}

#[tokio::test]
async fn issues_credentials_that_end_when_asked() {
    let issued = emulators().await.issuer().assume_role(&request()).await.unwrap();
    assert!(
        issued.access_key_id.starts_with("ASIA") && !issued.secret_access_key.is_empty() && !issued.token.is_empty()
    );
    let lives = issued.expiration.as_second() - Timestamp::now().as_second();
    assert!((840..=960).contains(&lives), "{lives} s");
}

#[tokio::test]
async fn a_profile_without_a_region_uses_our_own() {
    let request = AssumeRole { region: None, external_id: None, policy: None, tags: vec![], ..request() };
    emulators().await.issuer().assume_role(&request).await.unwrap();
}

#[tokio::test]
async fn everything_reaches_sts() {
    let sts = Canned::start(403, &refusal("AccessDenied", "no")).await;
    at(&sts.endpoint).await.issuer().assume_role(&request()).await.unwrap_err();
    let asked = sts.asked().join("\n");
    for part in [
        "Action=AssumeRole",
        "RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fprod",
        "RoleSessionName=payments.api-0",
        "SourceIdentity=sentinel.api%40payments.direct.0123456789abcdef",
        "ExternalId=outside-7",
        "DurationSeconds=900",
        "Tags.member.1.Key=sentinel-namespace",
        "Tags.member.2.Value=api-0",
        "Policy=%7B%22Version%22",
        "/eu-central-1/sts/aws4_request",
    ] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
    assert!(!asked.contains("TransitiveTagKeys"), "{asked}");
}

#[tokio::test]
async fn a_denial_keeps_the_words_of_sts_and_is_not_repeated() {
    let words = "User: arn:aws:sts::1:assumed-role/broker/x is not authorized to perform: sts:SetSourceIdentity";
    let sts = Canned::start(403, &refusal("AccessDenied", words)).await;
    let error = at(&sts.endpoint).await.issuer().assume_role(&request()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert_eq!(
        error.to_string(),
        format!("STS AssumeRole on role `arn:aws:iam::111122223333:role/prod`: AccessDenied: {words}")
    );
    assert_eq!(sts.asked().len(), 1);
}

#[tokio::test]
async fn invalid_credentials_of_the_broker_are_a_denial() {
    let sts =
        Canned::start(403, &refusal("InvalidClientTokenId", "The security token included in the request is invalid"))
            .await;
    let error = at(&sts.endpoint).await.issuer().assume_role(&request()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.message.contains("The security token included in the request is invalid"), "{error}");
}

#[tokio::test]
async fn a_bad_policy_is_invalid() {
    let sts = Canned::start(400, &refusal("MalformedPolicyDocument", "Syntax errors in policy.")).await;
    let error = at(&sts.endpoint).await.issuer().assume_role(&request()).await.unwrap_err();
    assert_eq!((error.kind, error.kind.is_transient()), (ErrorKind::Invalid, false));
}

#[tokio::test]
async fn tags_that_sts_can_not_pack_are_told_apart() {
    let words = "Packed size of session tags consumes 112% of allotted space.";
    let sts = Canned::start(400, &refusal("PackedPolicyTooLarge", words)).await;
    let error = at(&sts.endpoint).await.issuer().assume_role(&request()).await.unwrap_err();
    assert!(error.is_packed_too_large() && error.kind == ErrorKind::Invalid, "{error:?}");
}

#[tokio::test]
async fn throttling_is_tried_once_more_within_the_time() {
    let sts = Canned::start(400, &refusal("Throttling", "Rate exceeded")).await;
    let started = Instant::now();
    let error = at(&sts.endpoint).await.issuer().assume_role(&request()).await.unwrap_err();
    assert_eq!((error.kind, sts.asked().len()), (ErrorKind::Throttled, 2));
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn an_sts_that_is_not_there_is_unavailable_at_once() {
    let aws = at(&nobody().await).await;
    let started = Instant::now();
    let error = aws.issuer().assume_role(&request()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert!(error.message.contains("the endpoint can't be reached"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn an_sts_that_says_nothing_is_unavailable_before_an_sdk_gives_up() {
    let aws = at(&silent().await).await;
    let started = Instant::now();
    let error = aws.issuer().assume_role(&request()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert!(error.message.starts_with("no answer in time"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}
