//! The targets, from the file that the chart writes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use axum::http::Uri;
use serde::Deserialize;

use super::letter::EVENTS;

/// Whom to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Targets {
    /// Each has a name of its own.
    #[serde(default)]
    pub targets: Vec<Target>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Target {
    /// What logs and metrics call it: its address may be a secret.
    pub name: String,
    /// Which events: names, or their beginnings with `*` at the end. None: all.
    #[serde(default)]
    pub events: Vec<String>,
    /// An SNS topic.
    pub sns: Option<Topic>,
    /// Or an HTTPS webhook.
    pub webhook: Option<Webhook>,
}

/// An SNS topic.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Topic {
    /// Its ARN; one of a FIFO topic ends with `.fifo`.
    pub topic_arn: String,
}

/// An HTTPS webhook. Its files are read at every delivery, so that whoever changes them restarts nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Webhook {
    /// Where to, `https://…`.
    pub url: Option<String>,
    /// Or the file that says where to.
    pub url_file: Option<PathBuf>,
    /// The file of the key that bodies are signed with.
    pub key_file: PathBuf,
    /// The file of the CA certificates, in PEM, that its certificate is verified by. None: the system's.
    pub ca_file: Option<PathBuf>,
}

/// Why there are no targets.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// A file that can't be read.
    #[error("the targets of notifications can't be read from {file}: {source}")]
    File { file: PathBuf, source: std::io::Error },
    /// It is no JSON of ours.
    #[error("{file} doesn't name targets of notifications: {source}")]
    Json { file: PathBuf, source: serde_json::Error },
    /// It is, and can't be meant.
    #[error("{file}: targets[{index}]{name}: {problem}")]
    Target { file: PathBuf, index: usize, name: String, problem: String },
}

impl Targets {
    /// What `file` says; without a file there are none.
    pub fn load(file: &str) -> Result<Self, SettingsError> {
        if file.is_empty() {
            return Ok(Self::default());
        }
        let file = Path::new(file);
        let text = fs::read_to_string(file).map_err(|source| SettingsError::File { file: file.to_owned(), source })?;
        Self::read(file, &text)
    }

    fn read(file: &Path, text: &str) -> Result<Self, SettingsError> {
        let found: Self =
            serde_json::from_str(text).map_err(|source| SettingsError::Json { file: file.to_owned(), source })?;
        let mut names = BTreeSet::new();
        for (index, target) in found.targets.iter().enumerate() {
            let twice = (!names.insert(&target.name)).then(|| "another target has that name".to_owned());
            if let Some(problem) = twice.or_else(|| target.problem()) {
                let name = if target.name.is_empty() { String::new() } else { format!(" ({})", target.name) };
                return Err(SettingsError::Target { file: file.to_owned(), index, name, problem });
            }
        }
        Ok(found)
    }
}

impl Target {
    /// Whether it wants to hear of `event`.
    pub fn hears(&self, event: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|pattern| matches(pattern, event))
    }

    fn problem(&self) -> Option<String> {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || self.name.len() > 63 || !self.name.chars().all(legal) {
            return Some("name: 1 to 63 of a-z 0-9 - are expected".to_owned());
        }
        if let Some(nothing) = self.events.iter().find(|one| !EVENTS.iter().any(|event| matches(one, event))) {
            return Some(format!("events: `{nothing}` names none; there are {}", EVENTS.join(", ")));
        }
        match (&self.sns, &self.webhook) {
            (Some(topic), None) => topic.problem().map(|problem| format!("sns.topicArn: {problem}")),
            (None, Some(webhook)) => webhook.problem().map(|problem| format!("webhook: {problem}")),
            _ => Some("either sns or webhook is expected".to_owned()),
        }
    }
}

impl Topic {
    /// The region in its ARN.
    pub fn region(&self) -> Option<&str> {
        let mut parts = self.topic_arn.split(':');
        let is_topic = parts.next() == Some("arn") && parts.next().is_some() && parts.next() == Some("sns");
        let region = parts.next().filter(|region| is_topic && !region.is_empty());
        region.filter(|_| parts.filter(|part| !part.is_empty()).count() == 2)
    }

    fn problem(&self) -> Option<String> {
        let hint =
            || "the ARN of an SNS topic is expected, e.g. arn:aws:sns:eu-west-1:111122223333:sentinel".to_owned();
        self.region().is_none().then(hint)
    }
}

impl Webhook {
    fn problem(&self) -> Option<String> {
        match (&self.url, &self.url_file) {
            (Some(url), None) => address(url).err(),
            (None, Some(_)) => None,
            _ => Some("either url or urlFile is expected".to_owned()),
        }
    }
}

/// An address that letters may go to. What is wrong with one is said without showing it: it may be a secret.
pub(super) fn address(text: &str) -> Result<Uri, String> {
    let uri: Uri = text.trim().parse().map_err(|error| format!("the url can't be read: {error}"))?;
    if uri.scheme_str() != Some("https") {
        return Err("the url must begin with https://: what is told is for its receiver alone".to_owned());
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("the url must have no user and password: the signature says who sends".to_owned());
    }
    Ok(uri)
}

fn matches(pattern: &str, event: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == event, |start| event.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn read(target: &Value) -> Result<Targets, String> {
        let text = json!({"targets": [target]}).to_string();
        Targets::read(Path::new("f"), &text).map_err(|error| error.to_string())
    }

    fn chat(change: &Value) -> Value {
        let mut target =
            json!({"name": "chat", "webhook": {"url": "https://hooks.example.com/a?b=c", "keyFile": "/k"}});
        for (key, value) in change.as_object().unwrap() {
            target[key] = value.clone();
        }
        target
    }

    #[test]
    fn without_a_file_there_are_none() {
        assert_eq!(Targets::load("").unwrap(), Targets::default());
        assert!(Targets::load("/nowhere").unwrap_err().to_string().contains("can't be read from /nowhere"));
    }

    #[rstest]
    #[case::all(json!([]), "lock.ended", true)]
    #[case::one(json!(["request.created"]), "request.created", true)]
    #[case::another(json!(["request.created"]), "request.denied", false)]
    #[case::a_kind(json!(["lock.*", "breakglass.*"]), "breakglass.escalated", true)]
    #[case::of_another_kind(json!(["lock.*"]), "breakglass.escalated", false)]
    fn a_target_hears_what_it_asks_for(#[case] events: Value, #[case] event: &str, #[case] hears: bool) {
        let found = read(&chat(&json!({"events": events}))).unwrap();
        assert_eq!(found.targets[0].hears(event), hears);
    }

    #[rstest]
    #[case(json!({"name": "A b"}), "targets[0] (A b): name: 1 to 63 of a-z 0-9 -")]
    #[case(json!({"events": ["requests.*"]}), "events: `requests.*` names none; there are request.created, ")]
    #[case(json!({"sns": {"topicArn": "arn:aws:sns:eu-west-1:1:t"}}), "either sns or webhook is expected")]
    #[case(json!({"webhook": null}), "either sns or webhook is expected")]
    #[case(json!({"webhook": {"url": "http://a", "keyFile": "/k"}}), "must begin with https://")]
    #[case(json!({"webhook": {"url": "https://a:b@c", "keyFile": "/k"}}), "must have no user and password")]
    #[case(json!({"webhook": {"url": "https://a b", "keyFile": "/k"}}), "can't be read")]
    #[case(json!({"webhook": {"keyFile": "/k"}}), "either url or urlFile is expected")]
    #[case(json!({"webhook": {"url": "https://a", "urlFile": "/u", "keyFile": "/k"}}), "either url or urlFile is expected")]
    #[case(json!({"webhook": {"url": "https://a"}}), "missing field `keyFile`")]
    #[case(json!({"event": []}), "unknown field `event`")]
    #[case(json!({"webhook": null, "sns": {"topicArn": "arn:aws:sqs:eu-west-1:1:q"}}), "the ARN of an SNS topic is expected")]
    #[case(json!({"webhook": null, "sns": {"topicArn": "arn:aws:sns:eu-west-1:1:t:subscription"}}), "the ARN of an SNS topic is expected")]
    fn what_can_not_be_meant_is_refused(#[case] change: Value, #[case] says: &str) {
        let error = read(&chat(&change)).unwrap_err();
        assert!(error.contains(says), "{error}");
        assert!(!error.contains("a:b@c"), "a secret is shown: {error}");
    }

    #[test]
    fn names_are_their_own() {
        let twice = json!({"targets": [chat(&json!({})), chat(&json!({}))]}).to_string();
        let error = Targets::read(Path::new("f"), &twice).unwrap_err().to_string();
        assert_eq!(error, "f: targets[1] (chat): another target has that name");
    }

    #[test]
    fn a_topic_is_in_the_region_of_its_arn() {
        let topic = |arn: &str| Topic { topic_arn: arn.to_owned() };
        assert_eq!(topic("arn:aws-cn:sns:cn-north-1:111122223333:t.fifo").region(), Some("cn-north-1"));
        assert_eq!(topic("arn:aws:sns::111122223333:t").region(), None);
    }
}
