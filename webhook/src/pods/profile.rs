//! Which profile a pod asks for.

use sentinel_api::names::PROFILE_ANNOTATION;
use sentinel_core::policy::Problem;

use super::Pod;

/// As the schema of SentinelProfile.
const LONGEST_NAME: usize = 128;

/// The name in the pod's annotation, or what is wrong with it.
pub fn requested_profile(pod: Pod<'_>) -> Result<&str, Problem> {
    let problem = |message: String| Problem::new(format!("metadata.annotations[{PROFILE_ANNOTATION}]"), message);
    let Some(name) = pod.annotation(PROFILE_ANNOTATION) else {
        return Err(problem("is missing: set it to the name of a SentinelProfile".to_owned()));
    };
    if is_name(name) {
        return Ok(name);
    }
    let shown: String = name.chars().take(LONGEST_NAME).collect();
    Err(problem(format!(
        "`{}` is not the name of a SentinelProfile: 1–{LONGEST_NAME} characters of a-z 0-9 - . are expected; `kubectl get sentinelprofiles` lists them",
        shown.escape_debug()
    )))
}

/// An RFC 1123 subdomain, as every object's name.
fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        let inner = label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        !label.is_empty() && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= LONGEST_NAME && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case("prod", true)]
    #[case("team-a.prod-1", true)]
    #[case("", false)]
    #[case(" prod", false)]
    #[case("Prod", false)]
    #[case("-prod", false)]
    #[case("prod.", false)]
    #[case("a/../b", false)]
    #[case("prod\nx", false)]
    fn names_are_judged(#[case] name: &str, #[case] legal: bool) {
        let pod = json!({"metadata": {"annotations": {"sentinel.dev/profile": name}}});
        assert_eq!(requested_profile(Pod::new(&pod)).is_ok(), legal, "{name:?}");
    }

    #[test]
    fn length_is_bounded_and_so_is_the_message() {
        let pod = json!({"metadata": {"annotations": {"sentinel.dev/profile": "a".repeat(100_000)}}});
        assert!(requested_profile(Pod::new(&pod)).unwrap_err().message.len() < 400);
    }
}
