//! `convert`: between a document and an object, and from the reference's second spelling to either.

use sentinel_core::policy::import::{import, is_second_spelling};
use sentinel_core::policy::{Problems, Spelling, tree};
use serde_json::{Value, json};

use crate::args::ConvertArgs;
use crate::failure::Failure;
use crate::kind::{Kind, Policy};
use crate::parts::objects::{API_VERSION, NAME, is_name};
use crate::parts::{Chosen, Holds, Wanted, choose, parts};
use crate::report::{Format, Report, lines};
use crate::source::Sources;

pub(crate) fn run(args: &ConvertArgs, format: Format, sources: &mut Sources<'_>) -> Result<Report, Failure> {
    let source = sources.read(&args.file)?;
    let wanted = Wanted { kind: args.kind, name: args.name.as_deref() };
    let mut translations = None;
    let chosen = choose(&source.name, parts(&source), wanted, |kind, text| read(kind, text, &mut translations))?;
    // The object and the document are YAML for people, too.
    let format = if format == Format::Yaml { Format::Text } else { format };
    let notes = notes(&chosen, translations.as_deref().unwrap_or_default());
    let stdout = match (&chosen.part.holds, wanted.name, translations) {
        (Holds::Object(_), ..) | (_, None, Some(_)) => document(&chosen.policy, format)?,
        (_, Some(name), _) => object(&chosen.policy, name, format)?,
        (_, None, None) => {
            let message = format!("{}: is a document, and an object needs a name: add --name", source.name);
            return Err(Failure::Usage(message));
        }
    };
    Ok(Report { notes, ..Report::fine(stdout) })
}

/// Reads a document in either spelling.
fn read(kind: Kind, text: &str, translations: &mut Option<Vec<String>>) -> Result<Policy, Problems> {
    match tree(text) {
        Ok(value) if kind == Kind::Access && is_second_spelling(&value) => {
            let imported = import(&value)?;
            *translations = Some(imported.notes.iter().map(ToString::to_string).collect());
            Ok(Policy::Access(imported.policy))
        }
        _ => kind.read(text),
    }
}

fn document(policy: &Policy, format: Format) -> Result<String, Failure> {
    format.render(policy.to_yaml(Spelling::Document), &policy.to_value(Spelling::Document))
}

fn object(policy: &Policy, name: &str, format: Format) -> Result<String, Failure> {
    check_name(name)?;
    let kind = policy.kind().object();
    let spec = policy.to_value(Spelling::Manifest);
    let value = json!({"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec});
    let spec = lines(policy.to_yaml(Spelling::Manifest).lines().map(|line| format!("  {line}")));
    // Quoted: `on` or `1` is a name, too.
    let text = format!("apiVersion: {API_VERSION}\nkind: {kind}\nmetadata:\n  name: \"{name}\"\nspec:\n{spec}");
    format.render(text, &value)
}

fn check_name(name: &str) -> Result<(), Failure> {
    if is_name(name) {
        return Ok(());
    }
    Err(Failure::Usage(format!("--name {name:?} can't name an object: {NAME}")))
}

/// What was translated, and what is lost.
fn notes(chosen: &Chosen, translations: &[String]) -> Vec<String> {
    let file = &chosen.part.file;
    let lost = match &chosen.part.holds {
        Holds::Object(object) => vec![format!("a document doesn't hold {}", lost(object))],
        _ => Vec::new(),
    };
    translations.iter().chain(&lost).map(|note| format!("note: {file}: {note}")).collect()
}

fn lost(object: &Value) -> String {
    let keys = ["/metadata/name", "/metadata/labels", "/metadata/annotations", "/spec/publish", "/spec/deletionPolicy"];
    let there = keys.iter().filter(|key| object.pointer(key).is_some());
    there.map(|key| key.trim_start_matches('/').replace('/', ".")).collect::<Vec<_>>().join(", ")
}
