//! The session tags of a profile: what they may be, and what they become for a pod.

use std::collections::{BTreeMap, BTreeSet};

use sentinel_core::policy::Problem;
use sentinel_core::session::SessionId;
use sentinel_core::tags::{
    KEY_LIMIT, NAME_LIMIT, POLICY_SHARE, ROOM, Tagged, VALUE_LIMIT, is_legal, name_in_tag, packed_size, session_tags,
};

use super::Profile;

/// Sentinel's own are five, and STS takes 50.
const MOST: usize = 40;
const VARIABLES: [&str; 4] = ["namespace", "serviceAccount", "pod", "cluster"];

/// What the values of session tags may name.
#[derive(Clone, Copy, Debug)]
pub struct ConnectedPod<'a> {
    /// `${namespace}`
    pub namespace: &'a str,
    /// `${serviceAccount}`
    pub service_account: &'a str,
    /// `${pod}`
    pub pod: &'a str,
    /// `${cluster}`: the display name.
    pub cluster: &'a str,
}

impl Profile {
    /// The session tags with their variables filled in.
    pub fn tags_for(&self, pod: ConnectedPod<'_>) -> Vec<(String, String)> {
        filled(&self.session_tags, pod)
    }

    /// Whether a pod with long names may have more tags than STS packs: what to know about it.
    pub fn tags_warning(&self) -> Option<String> {
        let most = packed(&self.name, &self.session_tags, &"x".repeat(NAME_LIMIT)) + POLICY_SHARE;
        let named: BTreeSet<String> = self.session_tags.values().flat_map(|value| variables_in(value)).collect();
        let named: Vec<String> = named.into_iter().chain(["Sentinel's own".to_owned()]).collect();
        (!self.session_tags.is_empty() && most > ROOM).then(|| {
            format!(
                "spec.sessionTags: with Sentinel's own tags and a session policy they come to as many as {most} bytes where names are {NAME_LIMIT} long ({}), and STS packs about {ROOM}: AssumeRole may fail for such pods with PackedPolicyTooLarge; fewer or shorter tags always fit",
                named.join(", ")
            )
        })
    }
}

/// Everything that is wrong with the session tags of profile `name`.
pub(super) fn problems(name: &str, tags: &BTreeMap<String, String>) -> Vec<Problem> {
    let each = tags.iter().flat_map(|(key, value)| one(key, value));
    each.chain(twice(tags)).chain(too_many(name, tags)).collect()
}

fn one(key: &str, value: &str) -> Vec<Problem> {
    let at = format!("spec.sessionTags[{key}]");
    let mut problems = vec![];
    if key.to_lowercase().starts_with("sentinel-") {
        problems.push(Problem::new(&at, "keys beginning `sentinel-` are Sentinel's own"));
    }
    if key.is_empty() || key.len() > KEY_LIMIT || !is_legal(key) || key.to_lowercase().starts_with("aws:") {
        problems.push(Problem::new(
            &at,
            "a key has 1–128 of A-Z a-z 0-9, spaces or any of _.:/=+-@ and does not begin with aws:",
        ));
    }
    if !parts(value).iter().all(Part::is_legal) {
        let message = "a value has A-Z a-z 0-9, spaces or any of _.:/=+-@ beside ${namespace}, ${serviceAccount}, ${pod} and ${cluster}";
        problems.push(Problem::new(&at, message));
    }
    let longest: usize = parts(value).iter().map(Part::longest).sum();
    if longest > VALUE_LIMIT {
        let message = format!(
            "the value may be {longest} characters long, as each variable may be {NAME_LIMIT}; STS takes {VALUE_LIMIT}"
        );
        problems.push(Problem::new(&at, message));
    }
    problems
}

/// To STS, keys that differ in case alone are one.
fn twice(tags: &BTreeMap<String, String>) -> Vec<Problem> {
    let mut seen = BTreeMap::new();
    let mut problems = vec![];
    for key in tags.keys() {
        if let Some(first) = seen.insert(key.to_lowercase(), key) {
            let message = format!("`{first}` and `{key}` are the same key to STS: keep one");
            problems.push(Problem::new(format!("spec.sessionTags[{key}]"), message));
        }
    }
    problems
}

/// More than STS takes, however short names are.
fn too_many(name: &str, tags: &BTreeMap<String, String>) -> Option<Problem> {
    let least = packed(name, tags, "x");
    let message = if tags.len() > MOST {
        format!("{} tags: at most {MOST} are taken", tags.len())
    } else if !tags.is_empty() && least > ROOM {
        format!(
            "with Sentinel's own tags they come to at least {least} bytes, and STS packs about {ROOM}: fewer or shorter ones"
        )
    } else {
        return None;
    };
    Some(Problem::new("spec.sessionTags", message))
}

/// What all tags take where every name is `name_of_all`.
fn packed(profile: &str, tags: &BTreeMap<String, String>, name_of_all: &str) -> usize {
    let [namespace, service_account, pod, cluster] = [name_of_all; 4];
    let further = filled(tags, ConnectedPod { namespace, service_account, pod, cluster });
    let session = SessionId::derive("", "", "");
    packed_size(&session_tags(Tagged { namespace, service_account, pod, profile, session: &session }, further))
}

fn filled(tags: &BTreeMap<String, String>, pod: ConnectedPod<'_>) -> Vec<(String, String)> {
    tags.iter().map(|(key, value)| (key.clone(), pod.fill(value))).collect()
}

/// As they are written.
fn variables_in(value: &str) -> impl Iterator<Item = String> {
    parts(value).into_iter().filter_map(|part| match part {
        Part::Variable(name) => Some(format!("${{{name}}}")),
        Part::Text(_) => None,
    })
}

/// A piece of a value.
enum Part<'a> {
    Text(&'a str),
    /// `${name}`
    Variable(&'a str),
}

impl Part<'_> {
    fn is_legal(&self) -> bool {
        match self {
            Self::Text(text) => is_legal(text),
            Self::Variable(name) => VARIABLES.contains(name),
        }
    }

    fn longest(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Variable(_) => NAME_LIMIT,
        }
    }
}

/// The pieces of `value`, in order. A `${` that nobody closes is text.
fn parts(value: &str) -> Vec<Part<'_>> {
    let mut parts = vec![];
    let mut rest = value;
    while let Some((before, (name, after))) =
        rest.split_once("${").and_then(|(before, tail)| Some((before, tail.split_once('}')?)))
    {
        parts.extend([Part::Text(before), Part::Variable(name)]);
        rest = after;
    }
    parts.push(Part::Text(rest));
    parts
}

impl ConnectedPod<'_> {
    /// In one pass: a name that itself looks like a variable is not filled again.
    fn fill(&self, value: &str) -> String {
        let fill = |part| match part {
            Part::Text(text) => text.to_owned(),
            Part::Variable(name) => name_in_tag(self.variable(name)),
        };
        parts(value).into_iter().map(fill).collect()
    }

    fn variable(&self, name: &str) -> &str {
        match name {
            "namespace" => self.namespace,
            "serviceAccount" => self.service_account,
            "pod" => self.pod,
            "cluster" => self.cluster,
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn tags(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn refused(all: &[(&str, &str)]) -> String {
        problems("prod", &tags(all)).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn values_are_filled_once_and_long_names_cut() {
        let pod = ConnectedPod { namespace: "${pod}", service_account: "api", pod: "p", cluster: "c" };
        assert_eq!(pod.fill("a-${namespace}/${serviceAccount}-${nothing}${"), "a-${pod}/api-${");
        let long = "s".repeat(253);
        let pod = ConnectedPod { service_account: &long, ..pod };
        assert_eq!(pod.fill("${serviceAccount}").len(), 63);
    }

    #[rstest]
    #[case::plain("team", "payments")]
    #[case::variables("who", "${namespace}/${serviceAccount}/${pod}@${cluster}")]
    #[case::empty("flag", "")]
    #[case::characters("a b_c.d:e/f=g+h-i@j", "A b_c.d:e/f=g+h-i@j")]
    fn legal_tags_are_taken(#[case] key: &str, #[case] value: &str) {
        assert_eq!(refused(&[(key, value)]), "");
    }

    #[rstest]
    #[case::own("Sentinel-x", "v", "are Sentinel's own")]
    #[case::awss("AWS:x", "v", "does not begin with aws:")]
    #[case::letters("büro", "v", "a key has 1–128 of A-Z")]
    #[case::emoji("k", "🦀", "a value has A-Z")]
    #[case::unknown("k", "${node}", "a value has A-Z")]
    #[case::unclosed("k", "${pod", "a value has A-Z")]
    #[case::nested("k", "${p${namespace}od}", "a value has A-Z")]
    #[case::long_for_names(
        "k",
        "${namespace}${serviceAccount}${pod}${cluster}12345",
        "may be 257 characters long, as each variable may be 63; STS takes 256"
    )]
    fn illegal_ones_are_refused(#[case] key: &str, #[case] value: &str, #[case] words: &str) {
        let told = refused(&[(key, value)]);
        assert!(told.contains(words), "{told}");
    }

    #[test]
    fn keys_that_are_one_to_sts_are_refused() {
        assert!(refused(&[("Team", "a"), ("team", "b")]).contains("`Team` and `team` are the same key to STS"));
    }

    #[test]
    fn what_can_never_be_packed_is_refused_with_the_sum_and_the_limit() {
        let long = "v".repeat(200);
        let told = refused(&[("a", &long), ("b", &long)]);
        assert!(told.contains("come to at least 5") && told.contains("STS packs about 450"), "{told}");
        let keys: Vec<String> = (0..41).map(|n| n.to_string()).collect();
        let many: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "")).collect();
        assert!(refused(&many).contains("41 tags: at most 40"));
    }

    #[test]
    fn what_may_not_be_packed_for_long_names_is_a_warning() {
        let warned = |all: &[(&str, &str)]| {
            let spec = serde_json::json!({"metadata": {"name": "prod"}, "spec": {"region": "eu-west-1", "roleArn": "arn:aws:iam::111122223333:role/prod", "sessionTags": tags(all)}});
            serde_json::from_value::<crate::SentinelProfile>(spec).unwrap().resolve().unwrap().tags_warning()
        };
        assert_eq!(warned(&[]), None);
        assert_eq!(warned(&[("team", "payments"), ("environment", "production"), ("cost-center", "4711")]), None);
        let told = warned(&[("who", "${namespace}/${pod}")]).unwrap();
        for part in ["(${namespace}, ${pod}, Sentinel's own)", "as many as ", "STS packs about 450"] {
            assert!(told.contains(part), "{part} in {told}");
        }
    }
}
