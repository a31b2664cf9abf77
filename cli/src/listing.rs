//! Objects in a table, as kubectl shows them, and which of them; and then, with `--watch`, each that changes.

mod age;
mod args;
mod patterns;
mod table;
mod watch;

use std::io::Write;

use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use kube::Resource;
use kube::api::DynamicObject;
use serde_json::{Value, json};

pub(crate) use age::age;
pub(crate) use args::ListArgs;
pub(crate) use patterns::{Patterns, whole_user};
pub(crate) use table::{Table, aligned};

use crate::cluster::{Cluster, Scope};
use crate::failure::Failure;
use crate::report::{Format, Report};

/// What is listed.
pub(crate) trait Listing {
    /// Its kind.
    type Kind: Resource<DynamicType = (), Scope = NamespaceResourceScope>;
    /// As people call them.
    const NOUN: &'static str;
    /// The columns of `kubectl get`, after namespace and name.
    const COLUMNS: &'static [&'static str];
    /// What `-o wide` adds.
    const MORE: &'static [&'static str];

    /// What the API server can choose, as a field selector.
    fn fields(&self) -> String {
        String::new()
    }

    /// Whether it is one of those that are meant.
    fn fits(&self, object: &DynamicObject) -> bool;

    /// A cell for each of both kinds of columns.
    fn cells(object: &DynamicObject, now: Timestamp) -> Vec<String>;
}

/// What is told at once is in the report; changes go to `out` as they come.
pub(crate) fn run<L: Listing>(
    listing: &L,
    cluster: &Cluster,
    args: &ListArgs,
    format: Format,
    out: &mut dyn Write,
) -> Result<Report, Failure> {
    let namespace = (!args.all_namespaces).then(|| cluster.namespace.clone());
    let scope = Scope { namespace, fields: listing.fields() };
    if args.watch {
        return watch::run(listing, cluster, &scope, format, out);
    }
    let found = cluster.remembered::<L::Kind>(&scope)?;
    let chosen: Vec<DynamicObject> = found.into_iter().filter(|object| listing.fits(object)).collect();
    report::<L>(chosen, &scope, format)
}

fn report<L: Listing>(chosen: Vec<DynamicObject>, scope: &Scope, format: Format) -> Result<Report, Failure> {
    let place = scope.namespace.as_ref().map(|name| format!(" in namespace {name}")).unwrap_or_default();
    let none = chosen.is_empty().then(|| format!("no {} found{place}", L::NOUN));
    let text = if chosen.is_empty() { String::new() } else { Table::<L>::new(format).whole(&chosen, Timestamp::now()) };
    let items: Vec<Value> =
        if format.is_for_people() { vec![] } else { chosen.into_iter().map(value::<L::Kind>).collect() };
    let kind = format!("{}List", L::Kind::kind(&()));
    let list = json!({"apiVersion": L::Kind::api_version(&()), "kind": kind, "items": items});
    Ok(Report { notes: none.into_iter().collect(), ..Report::fine(format.render(text, &list)?) })
}

/// The object, without who manages which field.
pub(crate) fn value<K: Resource<DynamicType = ()>>(mut object: DynamicObject) -> Value {
    object.metadata.managed_fields = None;
    let mut value = serde_json::to_value(object).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        object.insert("apiVersion".to_owned(), K::api_version(&()).into());
        object.insert("kind".to_owned(), K::kind(&()).into());
    }
    value
}
