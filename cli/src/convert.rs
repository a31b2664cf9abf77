//! `convert`: between a document and an AccessPolicy object.

use sentinel_core::policy::{AccessPolicy, Spelling};
use serde_json::{Value, json};

use crate::args::ConvertArgs;
use crate::failure::Failure;
use crate::parts::objects::{API_VERSION, the_policy};
use crate::report::{Format, Report, lines};
use crate::source::{Source, Sources};

pub(crate) fn run(args: &ConvertArgs, format: Format, sources: &mut Sources<'_>) -> Result<Report, Failure> {
    let source = sources.read(&args.file)?;
    let access = the_policy(&source, args.name.as_deref())?;
    // The object and the document are YAML for people, too.
    let format = if format == Format::Yaml { Format::Text } else { format };
    match access.object {
        Some(object) => {
            let value = access.policy.to_value(Spelling::Document);
            let stdout = format.render(access.policy.to_yaml(), &value)?;
            Ok(Report { notes: lost(&source, &object), ..Report::fine(stdout) })
        }
        None => to_object(&source, &access.policy, args.name.as_deref(), format).map(Report::fine),
    }
}

fn to_object(source: &Source, policy: &AccessPolicy, name: Option<&str>, format: Format) -> Result<String, Failure> {
    let unnamed = || Failure::Usage(format!("{}: is a document, and an object needs a name: add --name", source.name));
    let name = name.ok_or_else(unnamed)?;
    check_name(name)?;
    let spec = policy.to_value(Spelling::Manifest);
    let value = json!({"apiVersion": API_VERSION, "kind": "AccessPolicy", "metadata": {"name": name}, "spec": spec});
    let spec = lines(policy.to_yaml_as(Spelling::Manifest).lines().map(|line| format!("  {line}")));
    // Quoted: `on` or `1` is a name, too.
    let text = format!("apiVersion: {API_VERSION}\nkind: AccessPolicy\nmetadata:\n  name: \"{name}\"\nspec:\n{spec}");
    format.render(text, &value)
}

/// What the API server would refuse: a name is a DNS subdomain.
fn check_name(name: &str) -> Result<(), Failure> {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let label = |label: &str| {
        label.starts_with(alphanumeric)
            && label.ends_with(alphanumeric)
            && label.chars().all(|c| alphanumeric(c) || c == '-')
    };
    if name.len() <= 253 && name.split('.').all(label) {
        return Ok(());
    }
    let rule =
        "lower-case letters, digits, - and ., at most 253, each part beginning and ending with a letter or digit";
    Err(Failure::Usage(format!("--name {name:?} can't name an object: {rule}")))
}

fn lost(source: &Source, object: &Value) -> Vec<String> {
    let keys = ["/metadata/name", "/metadata/labels", "/metadata/annotations", "/spec/publish", "/spec/deletionPolicy"];
    let there: Vec<String> = keys
        .iter()
        .filter(|key| object.pointer(key).is_some())
        .map(|key| key.trim_start_matches('/').replace('/', "."))
        .collect();
    vec![format!("note: {}: a document doesn't hold {}", source.name, there.join(", "))]
}
