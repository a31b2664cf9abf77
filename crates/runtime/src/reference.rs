//! The parts of `docs/reference` that follow from the code: one section for each program, between two marks.
//!
//! Only the programs' own tests call this: each renders its section and compares it with the file.

use std::env;
use std::fs;
use std::path::Path;

use clap::{Arg, Command};
use prometheus::core::Collector;
use serde_json::Value;

/// Set by `make generate`: sections are written instead of compared.
const GENERATE: &str = "SENTINEL_GENERATE";

/// A row for each of `metrics`, which are registered with the prefix `sentinel_`.
pub fn metrics(metrics: &[&dyn Collector]) -> String {
    let rows = metrics.iter().flat_map(|metric| {
        let families = metric.collect();
        let kind = families.first().map(|family| format!("{:?}", family.get_field_type()).to_lowercase());
        let kind = kind.unwrap_or_default();
        metric.desc().into_iter().map(move |desc| {
            let labels: Vec<_> = desc.variable_labels.iter().map(|label| format!("`{label}`")).collect();
            format!("| `sentinel_{}` | {kind} | {} | {} |", desc.fq_name, labels.join(" "), desc.help)
        })
    });
    table("| metric | kind | labels | what |\n|---|---|---|---|", rows)
}

/// A row for each argument of `command`.
pub fn settings(command: &Command) -> String {
    table("| argument | environment | default | what |\n|---|---|---|---|", command.get_arguments().map(setting))
}

fn setting(argument: &Arg) -> String {
    let code = |text: &str| if text.is_empty() { "–".to_owned() } else { format!("`{text}`") };
    let flag = argument.get_long().unwrap_or_default();
    let variable = argument.get_env().and_then(|name| name.to_str()).unwrap_or_default();
    let default = argument.get_default_values().first().and_then(|value| value.to_str()).unwrap_or_default();
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default().replace('<', "&lt;");
    format!("| `--{flag}` | {} | {} | {help} |", code(variable), code(default))
}

fn table(head: &str, rows: impl Iterator<Item = String>) -> String {
    rows.fold(head.to_owned(), |table, row| format!("{table}\n{row}"))
}

/// Whether the section `name` of docs/reference/`file` is `rendered`; under `make generate` it is made so. The error says
/// what to run.
pub fn keep(file: &str, name: &str, rendered: &str) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(file);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let (begin, end) = (format!("<!-- {name}: begin (generated) -->\n"), format!("\n<!-- {name}: end -->"));
    let (before, rest) = text.split_once(&begin).ok_or_else(|| format!("{file} has no section {name}"))?;
    let (shown, after) = rest.split_once(&end).ok_or_else(|| format!("section {name} of {file} has no end"))?;
    if shown == rendered {
        return Ok(());
    }
    if env::var_os(GENERATE).is_none() {
        return Err(format!(
            "section {name} of docs/reference/{file} is old: run `make generate`. Expected:\n{rendered}"
        ));
    }
    fs::write(&path, format!("{before}{begin}{rendered}{end}{after}")).map_err(|error| error.to_string())
}

/// Whether docs/reference/`file` as a whole is `rendered`, as [`keep`] does for a section.
pub fn keep_whole(file: &str, rendered: &str) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(file);
    if env::var_os(GENERATE).is_some() {
        return fs::write(&path, rendered).map_err(|error| error.to_string());
    }
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    (text == rendered).then_some(()).ok_or_else(|| format!("docs/reference/{file} is old: run `make generate`"))
}

/// A row for each field of an object with this JSON Schema, as schemars writes it.
pub fn fields(schema: &Value) -> String {
    let required = schema.get("required").and_then(Value::as_array);
    let rows = schema.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(name, field)| {
        let always = required.is_some_and(|required| required.iter().any(|one| one == name));
        let what = field.get("description").and_then(Value::as_str).unwrap_or_default().replace('\n', " ");
        format!("| `{name}` | {} | {} | {what}{} |", kind(field), if always { "always" } else { "" }, words(field))
    });
    table("| field | type | | what |\n|---|---|---|---|", rows)
}

fn kind(field: &Value) -> &str {
    let types = field.get("type");
    let first = types.and_then(|types| types.as_array()?.first());
    let kind = first.or(types).and_then(Value::as_str).unwrap_or_default();
    if field.get("format").is_some_and(|format| format == "date-time") { "time" } else { kind }
}

fn words(field: &Value) -> String {
    let words: Vec<String> = field
        .get("enum")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|one| Some(format!("`{}`", one.as_str()?)))
        .collect();
    if words.is_empty() { String::new() } else { format!(" {}", words.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::{IntCounterVec, IntGauge, Opts};

    #[test]
    fn metrics_are_told_before_they_count_anything() {
        let gauge = IntGauge::new("leader", "Leads.").unwrap();
        let counter = IntCounterVec::new(Opts::new("calls_total", "Calls."), &["a", "b"]).unwrap();
        let text = metrics(&[&gauge, &counter]);
        assert!(text.contains("\n| `sentinel_leader` | gauge |  | Leads. |"), "{text}");
        assert!(text.ends_with("\n| `sentinel_calls_total` | counter | `a` `b` | Calls. |"), "{text}");
    }

    #[test]
    fn settings_show_variable_and_default() {
        let argument = Arg::new("x").long("x").env("X").default_value("1").help("An x.");
        let text = settings(&Command::new("program").arg(argument));
        assert!(text.ends_with("\n| `--x` | `X` | `1` | An x. |"), "{text}");
    }

    #[test]
    fn fields_show_type_and_words() {
        let text = fields(&serde_json::json!({"required": ["a"], "properties": {
            "a": {"type": "string", "enum": ["x", "y"], "description": "An a,\nor so."},
            "b": {"type": ["string", "null"], "format": "date-time"},
        }}));
        assert!(text.contains("\n| `a` | string | always | An a, or so. `x` `y` |\n| `b` | time |  |  |"), "{text}");
    }

    #[test]
    fn an_old_or_missing_section_is_an_error() {
        assert!(keep("metrics.md", "nobody", "").unwrap_err().contains("no section nobody"));
        if env::var_os(GENERATE).is_none() {
            assert!(keep("metrics.md", "sentinel-broker", "other").unwrap_err().contains("make generate"));
        }
        assert!(keep("none.md", "x", "").unwrap_err().contains("none.md"));
    }
}
