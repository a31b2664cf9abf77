//! The status of a policy object. Pure.

use jiff::Timestamp;
use sentinel_api::{ConditionStatus, PolicyStatus, PublishedParameter, condition, set_condition};
use sentinel_aws::{AwsError, ErrorKind};

use super::plan::{Verdict, hash};
use super::source::Source;

/// The status once SSM is as planned. `parameter`: name, version and text of what it holds of ours.
pub(crate) fn status(
    source: &Source,
    published: &Verdict,
    parameter: Option<(&str, i64, &str)>,
    now: Timestamp,
) -> PolicyStatus {
    let last = source.published();
    let parameter = parameter.map(|(name, version, text)| {
        let hash = hash(text);
        let same = last.filter(|last| last.name == name && last.hash == hash && last.version == version);
        let published_at = same.map_or_else(|| seconds(now), |last| last.published_at.clone());
        PublishedParameter { name: name.to_owned(), version, hash, published_at }
    });
    judged(source, published, parameter, now)
}

/// The status when SSM could not be read or written: what stands there is what stood there, as far as anybody knows.
pub(crate) fn status_after_failure(source: &Source, error: &AwsError, now: Timestamp) -> PolicyStatus {
    judged(source, &failure(source, error), source.published().cloned(), now)
}

fn judged(source: &Source, published: &Verdict, parameter: Option<PublishedParameter>, now: Timestamp) -> PolicyStatus {
    let mut status = PolicyStatus { observed_generation: source.generation, parameter, ..source.status.clone() };
    for (type_, verdict) in [("Accepted", &source.accepted), ("Published", published), ("Linted", &source.linted)] {
        let new = condition(type_, verdict.status, verdict.reason, &verdict.message, source.generation, now);
        set_condition(&mut status.conditions, new);
    }
    status
}

/// Unknown where SSM held the right text when it was last seen; False where it surely doesn't.
fn failure(source: &Source, error: &AwsError) -> Verdict {
    let desired = source.desired.text().map(hash);
    let held = desired.is_some() && desired.as_deref() == source.published().map(|last| last.hash.as_str());
    let status = if held { ConditionStatus::Unknown } else { ConditionStatus::False };
    Verdict::new(status, reason(error.kind), format!("{error}; trying again"))
}

fn reason(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Throttled => "Throttled",
        ErrorKind::Denied => "Denied",
        ErrorKind::Invalid | ErrorKind::Full => "Refused",
        ErrorKind::Unavailable | ErrorKind::NotFound | ErrorKind::Conflict => "Unavailable",
    }
}

fn seconds(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
