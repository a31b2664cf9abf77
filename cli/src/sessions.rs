//! `sessions`: who has AWS credentials now, from the SentinelSessions of the cluster.

mod age;
mod args;
mod filter;
mod seen;
mod table;
mod watch;

use std::io::Write;

use jiff::Timestamp;
use kube::api::DynamicObject;
use sentinel_api::SentinelSession;
use serde_json::{Value, json};

pub(crate) use args::SessionsArgs;
pub(crate) use seen::Seen;
pub(crate) use table::printable;

use crate::cluster::{Cluster, Scope};
use crate::failure::Failure;
use crate::report::{Format, Report};
use filter::Filter;
use table::Table;

/// What is told at once is in the report; changes go to `out` as they come.
pub(crate) fn run(args: &SessionsArgs, format: Format, out: &mut dyn Write) -> Result<Report, Failure> {
    let filter = Filter::of(args)?;
    let cluster = Cluster::connect(&args.connect)?;
    let namespace = (!args.all_namespaces).then(|| cluster.namespace.clone());
    let scope = Scope { namespace, fields: filter.fields() };
    if args.watch {
        return watch::run(&cluster, &scope, &filter, format, out);
    }
    let found = cluster.listed::<SentinelSession>(&scope)?;
    let chosen: Vec<DynamicObject> = found.into_iter().filter(|object| filter.fits(&Seen::of(object))).collect();
    report(chosen, &scope, format)
}

fn report(chosen: Vec<DynamicObject>, scope: &Scope, format: Format) -> Result<Report, Failure> {
    let place = scope.namespace.as_ref().map(|name| format!(" in namespace {name}")).unwrap_or_default();
    let none = chosen.is_empty().then(|| format!("no sessions found{place}"));
    let seen: Vec<Seen> = chosen.iter().map(Seen::of).collect();
    let text =
        if seen.is_empty() { String::new() } else { Table::new(format == Format::Wide).whole(&seen, Timestamp::now()) };
    let items: Vec<Value> = if format.is_for_people() { vec![] } else { chosen.into_iter().map(value).collect() };
    let list = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelSessionList", "items": items});
    Ok(Report { notes: none.into_iter().collect(), ..Report::fine(format.render(text, &list)?) })
}

/// The object, without who manages which field.
fn value(mut object: DynamicObject) -> Value {
    object.metadata.managed_fields = None;
    let mut value = serde_json::to_value(object).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        object.insert("apiVersion".to_owned(), "sentinel.dev/v1alpha1".into());
        object.insert("kind".to_owned(), "SentinelSession".into());
    }
    value
}
