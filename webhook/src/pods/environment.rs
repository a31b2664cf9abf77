//! The variables that steer an AWS SDK to its credentials: those that we set, and those that would win over ours.
//!
//! One table, for injecting, refusing and docs/reference/injection.md.

use sentinel_api::names::TOKEN_FILE;
use sentinel_core::policy::Problem;
use serde_json::{Value, json};

use super::edit;
use super::pod::{Container, text};

/// What we do about a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// We set it; an author may only set the same.
    Fixed(&'static str),
    /// An author may not set it.
    Refused,
    /// An author may set it, and is warned.
    Warned,
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What we do about it.
    pub rule: Rule,
    /// Which SDKs read it before, or instead of, ours.
    pub sdks: &'static str,
    /// What it would do.
    pub why: &'static str,
}

/// Where the sidecar answers; a test holds it to the port and path of api and core.
pub const CREDENTIALS_URL: &str = "http://127.0.0.1:9911/v1/credentials";

/// The table. Sources: the SDKs' own code and their documentation of the default chains.
pub const VARIABLES: &[Variable] = &[
    fixed(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        CREDENTIALS_URL,
        "all",
        "leads to the sidecar; another value leads elsewhere (EKS Pod Identity sets it)",
    ),
    fixed("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", TOKEN_FILE, "all", "holds the token that the sidecar asks for"),
    fixed("AWS_EC2_METADATA_DISABLED", "true", "all", "keeps an SDK from falling back to the node's role"),
    refused("AWS_ACCESS_KEY_ID", "all", "environment keys come first in every chain"),
    refused("AWS_SECRET_ACCESS_KEY", "all", "environment keys come first in every chain"),
    refused("AWS_SESSION_TOKEN", "all", "environment keys come first in every chain"),
    refused("AWS_ACCESS_KEY", "Java v1, Go", "older name of AWS_ACCESS_KEY_ID"),
    refused("AWS_SECRET_KEY", "Java v1, Go", "older name of AWS_SECRET_ACCESS_KEY"),
    refused("AWS_SECURITY_TOKEN", "botocore", "older name of AWS_SESSION_TOKEN"),
    refused("AWS_PROFILE", "all", "a named profile comes before the container's credentials"),
    refused("AWS_DEFAULT_PROFILE", "botocore, CLI, Go", "older name of AWS_PROFILE"),
    refused("AWS_SHARED_CREDENTIALS_FILE", "all", "keys in a file come before the container's credentials"),
    refused("AWS_WEB_IDENTITY_TOKEN_FILE", "all", "web identity (IRSA) comes before the container's credentials"),
    refused("AWS_ROLE_ARN", "all", "the role of web identity (IRSA)"),
    refused(
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "botocore, Java v2, .NET, Rust",
        "wins over AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ),
    refused(
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "JavaScript v3",
        "wins over AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, and the sidecar refuses it",
    ),
    Variable {
        name: "AWS_CONFIG_FILE",
        rule: Rule::Warned,
        sdks: "all",
        why: "credentials that its default profile names come before the container's",
    },
];

const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

const fn fixed(name: &'static str, value: &'static str, sdks: &'static str, why: &'static str) -> Variable {
    Variable { name, rule: Rule::Fixed(value), sdks, why }
}

const fn refused(name: &'static str, sdks: &'static str, why: &'static str) -> Variable {
    Variable { name, rule: Rule::Refused, sdks, why }
}

impl Variable {
    /// What is wrong with `entry`, which sets this variable; the way out included.
    fn objection(&self, entry: &Value) -> Option<String> {
        let Self { name, rule, why, .. } = self;
        match rule {
            Rule::Refused => Some(format!("`{name}` would win over Sentinel's credentials ({why}): remove it")),
            Rule::Fixed(value)
                if text(entry, "value") == Some(value) && entry.get("valueFrom").is_none_or(Value::is_null) =>
            {
                None
            }
            Rule::Fixed(value) => Some(format!("`{name}` must be `{value}` ({why}): remove it, Sentinel sets it")),
            Rule::Warned => None,
        }
    }
}

/// The variables of `container` that would win over ours.
pub fn refusals(container: &Container<'_>) -> Vec<Problem> {
    entries(container)
        .filter_map(|(index, variable, entry)| {
            let message = variable.objection(entry)?;
            Some(Problem::new(format!("{}.env[{index}]", container.described()), message))
        })
        .collect()
}

/// What an author should know of the variables of `container`.
pub fn warnings(container: &Container<'_>) -> Vec<String> {
    let name = container.name();
    let sources = container.list("envFrom").next().map(|_| {
        format!("container `{name}`: envFrom is not looked into; AWS keys, AWS_PROFILE or AWS_ROLE_ARN in it would win over Sentinel's credentials")
    });
    let named = entries(container).filter(|(_, variable, _)| variable.rule == Rule::Warned);
    let named = named.map(|(_, variable, _)| format!("container `{name}`: {}: {}", variable.name, variable.why));
    sources.into_iter().chain(named).collect()
}

fn entries<'a>(container: &Container<'a>) -> impl Iterator<Item = (usize, &'static Variable, &'a Value)> {
    container.list("env").enumerate().filter_map(|(index, entry)| {
        let name = text(entry, "name")?;
        Some((index, VARIABLES.iter().find(|variable| variable.name == name)?, entry))
    })
}

/// Gives a container of the author ours, each where it is absent, and the region where there is none.
pub fn complete(container: &mut Value, region: &str) -> Result<(), Problem> {
    let env = edit::list(container, "env")?;
    for variable in VARIABLES {
        if let (Rule::Fixed(value), false) = (variable.rule, has(env, variable.name)) {
            env.push(json!({"name": variable.name, "value": value}));
        }
    }
    if !REGIONS.iter().any(|name| has(env, name)) {
        env.extend(REGIONS.map(|name| json!({"name": name, "value": region})));
    }
    Ok(())
}

fn has(env: &[Value], name: &str) -> bool {
    env.iter().any(|entry| text(entry, "name") == Some(name))
}

/// The table in Markdown, for docs/reference/injection.md.
pub fn table() -> String {
    let mut lines =
        vec!["| variable | in an author's container | read by | why |".to_owned(), "|---|---|---|---|".to_owned()];
    lines.extend(VARIABLES.iter().map(|Variable { name, rule, sdks, why }| {
        let rule = match rule {
            Rule::Fixed(value) => format!("set to `{value}`; another value is refused"),
            Rule::Refused => "refused".to_owned(),
            Rule::Warned => "allowed, with a warning".to_owned(),
        };
        format!("| `{name}` | {rule} | {sdks} | {why} |")
    }));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pods::samples;
    use sentinel_api::names::SIDECAR_PORT;
    use sentinel_core::protocol::CREDENTIALS_PATH;

    #[test]
    fn the_url_is_the_sidecars() {
        assert_eq!(CREDENTIALS_URL, format!("http://127.0.0.1:{SIDECAR_PORT}{CREDENTIALS_PATH}"));
    }

    #[test]
    fn every_row_is_refused_set_or_warned_of() {
        for variable in VARIABLES {
            let pod = samples::pod_with("/spec/containers/0/env", json!([{"name": variable.name, "value": "theirs"}]));
            let container = crate::pods::Pod::new(&pod).containers().next().unwrap();
            let refused = refusals(&container);
            match variable.rule {
                Rule::Warned => assert!(refused.is_empty() && warnings(&container).len() == 1, "{}", variable.name),
                _ => assert!(refused[0].to_string().contains(variable.name), "{refused:?}"),
            }
        }
    }

    #[test]
    fn our_own_values_are_no_reason() {
        for variable in VARIABLES {
            let Rule::Fixed(value) = variable.rule else { continue };
            let pod = samples::pod_with("/spec/containers/0/env", json!([{"name": variable.name, "value": value}]));
            assert_eq!(refusals(&crate::pods::Pod::new(&pod).containers().next().unwrap()), vec![]);
            let from = json!([{"name": variable.name, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]);
            let pod = samples::pod_with("/spec/containers/0/env", from);
            assert_eq!(refusals(&crate::pods::Pod::new(&pod).containers().next().unwrap()).len(), 1);
        }
    }

    #[test]
    fn a_region_of_the_author_stays_alone() {
        let mut container = json!({"env": [{"name": "AWS_DEFAULT_REGION", "value": "us-east-1"}]});
        complete(&mut container, "eu-west-1").unwrap();
        assert!(!container.to_string().contains("eu-west-1"));
    }

    #[test]
    fn the_reference_shows_this_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/injection.md");
        let text = std::fs::read_to_string(path).unwrap();
        let (begin, end) = ("<!-- variables: begin (generated) -->\n", "\n<!-- variables: end -->");
        let (before, rest) = text.split_once(begin).unwrap();
        let (shown, after) = rest.split_once(end).unwrap();
        if std::env::var_os("SENTINEL_GENERATE").is_some() {
            std::fs::write(path, format!("{before}{begin}{}{end}{after}", table())).unwrap();
            return;
        }
        assert_eq!(shown, table(), "run `SENTINEL_GENERATE=1 cargo test -p sentinel-webhook the_reference`");
    }
}
