//! SSM parameters, by moto.

use sentinel_aws::{ErrorKind, Parameter, ParameterCreated, Parameters, Tier};

use crate::aws_wire::{Canned, at, emulators, nobody};
use crate::world::unique;

async fn parameters() -> (Parameters, String) {
    (emulators().await.parameters(), format!("/sentinel/policies/{}", unique("p")))
}

fn tags(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn what_is_not_there_is_none() {
    let (ssm, name) = parameters().await;
    assert_eq!(ssm.get(&name).await.unwrap(), None);
    assert_eq!(ssm.tags(&name).await.unwrap(), None);
    assert!(!ssm.delete(&name).await.unwrap());
    let error = ssm.add_tags(&name, &tags(&[("a", "b")])).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
}

#[tokio::test]
async fn a_new_parameter_has_its_tags_from_the_start() {
    let (ssm, name) = parameters().await;
    let created =
        ssm.create(&name, "version: \"1\"\n", Tier::Standard, "d", &tags(&[("owner", "c1"), ("x", "")])).await;
    assert_eq!(created.unwrap(), ParameterCreated::New(1));
    let Parameter { value, version, modified } = ssm.get(&name).await.unwrap().unwrap();
    assert_eq!((value.as_str(), version), ("version: \"1\"\n", 1));
    assert!(modified.is_some());
    assert_eq!(ssm.tags(&name).await.unwrap().unwrap(), tags(&[("owner", "c1"), ("x", "")]).into_iter().collect());
}

#[tokio::test]
async fn create_never_overwrites() {
    let (ssm, name) = parameters().await;
    ssm.create(&name, "theirs", Tier::Standard, "", &tags(&[("owner", "c1")])).await.unwrap();
    let again = ssm.create(&name, "ours", Tier::Standard, "", &tags(&[("owner", "c2")])).await;
    assert_eq!(again.unwrap(), ParameterCreated::Exists);
    assert_eq!(ssm.get(&name).await.unwrap().unwrap().value, "theirs");
    assert_eq!(ssm.tags(&name).await.unwrap().unwrap()["owner"], "c1");
}

#[tokio::test]
async fn of_two_creators_one_wins() {
    let (ssm, name) = parameters().await;
    let (ours, theirs) = (tags(&[("owner", "ours")]), tags(&[("owner", "theirs")]));
    let (a, b) = tokio::join!(
        ssm.create(&name, "ours", Tier::Standard, "", &ours),
        ssm.create(&name, "theirs", Tier::Standard, "", &theirs),
    );
    let won = [a.unwrap(), b.unwrap()].map(|outcome| outcome == ParameterCreated::New(1));
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    let winner = if won[0] { "ours" } else { "theirs" };
    assert_eq!(ssm.get(&name).await.unwrap().unwrap().value, winner);
    assert_eq!(ssm.tags(&name).await.unwrap().unwrap()["owner"], winner);
}

#[tokio::test]
async fn an_overwrite_counts_and_keeps_the_tags() {
    let (ssm, name) = parameters().await;
    ssm.create(&name, "one", Tier::Standard, "", &tags(&[("owner", "c1")])).await.unwrap();
    assert_eq!(ssm.overwrite(&name, "two", Tier::Standard, "").await.unwrap(), 2);
    ssm.add_tags(&name, &tags(&[("owner", "c2"), ("adopted", "yes")])).await.unwrap();
    let now = ssm.get(&name).await.unwrap().unwrap();
    assert_eq!((now.value.as_str(), now.version), ("two", 2));
    let expected = tags(&[("owner", "c2"), ("adopted", "yes")]).into_iter().collect();
    assert_eq!(ssm.tags(&name).await.unwrap().unwrap(), expected);
}

#[tokio::test]
async fn a_deleted_parameter_is_gone() {
    let (ssm, name) = parameters().await;
    ssm.create(&name, "one", Tier::Standard, "", &[]).await.unwrap();
    assert!(ssm.delete(&name).await.unwrap());
    assert_eq!(ssm.get(&name).await.unwrap(), None);
    assert!(!ssm.delete(&name).await.unwrap());
}

/// moto knows no limit of size and no rule about tags, so these ask what is sent and read what SSM is documented to say.
#[tokio::test]
async fn the_tier_is_sent_and_a_text_too_large_for_it_is_invalid() {
    let words = "Standard tier parameters support a maximum parameter value of 4096 characters.";
    let ssm = Canned::start(400, &format!(r#"{{"__type":"ValidationException","message":"{words}"}}"#)).await;
    let parameters = at(&ssm.endpoint).await.parameters();
    let error = parameters.create("/x", "v", Tier::Standard, "", &[]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert_eq!(error.to_string(), format!("SSM PutParameter on parameter `/x`: ValidationException: {words}"));
    parameters.overwrite("/x", "v", Tier::IntelligentTiering, "").await.unwrap_err();
    let asked = ssm.asked();
    assert!(asked[0].contains(r#""Tier":"Standard""#) && asked[0].contains(r#""Type":"String""#), "{}", asked[0]);
    assert!(asked[1].contains(r#""Tier":"Intelligent-Tiering""#), "{}", asked[1]);
}

#[tokio::test]
async fn tags_go_with_a_creation_and_never_with_an_overwrite() {
    let ssm = Canned::start(400, r#"{"__type":"ValidationException","message":"m"}"#).await;
    let parameters = at(&ssm.endpoint).await.parameters();
    parameters.create("/x", "v", Tier::Standard, "d", &tags(&[("owner", "c1")])).await.unwrap_err();
    parameters.overwrite("/x", "v", Tier::Standard, "d").await.unwrap_err();
    let asked = ssm.asked();
    let tagged = r#""Tags":[{"Key":"owner","Value":"c1"}]"#;
    assert!(asked[0].contains(tagged) && asked[0].contains(r#""Overwrite":false"#), "{}", asked[0]);
    assert!(!asked[1].contains("Tags") && asked[1].contains(r#""Overwrite":true"#), "{}", asked[1]);
}

#[tokio::test]
async fn throttling_is_said_at_once_and_never_repeated() {
    let ssm = Canned::start(400, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#).await;
    let error = at(&ssm.endpoint).await.parameters().get("/x").await.unwrap_err();
    assert_eq!((error.kind, ssm.asked().len()), (ErrorKind::Throttled, 1));
    assert_eq!(error.to_string(), "SSM GetParameter on parameter `/x`: ThrottlingException: Rate exceeded");
}

#[tokio::test]
async fn a_denial_names_the_right_that_is_missing() {
    let words = "User: x is not authorized to perform: ssm:PutParameter";
    let ssm = Canned::start(400, &format!(r#"{{"__type":"AccessDeniedException","Message":"{words}"}}"#)).await;
    let error = at(&ssm.endpoint).await.parameters().overwrite("/x", "v", Tier::Standard, "").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.message.contains(words), "{error}");
}

#[tokio::test]
async fn an_ssm_that_is_not_there_is_unavailable() {
    let error = at(&nobody().await).await.parameters().get("/x").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
}
