//! `--watch`: what there is, and then each object that changes, until the reader goes.

use std::io::Write;

use jiff::Timestamp;
use kube::api::DynamicObject;
use kube::runtime::watcher::Event;

use super::table::Table;
use super::{Listing, value};
use crate::cluster::{Cluster, Scope};
use crate::failure::Failure;
use crate::report::{Format, Report};

pub(super) fn run<L: Listing>(
    listing: &L,
    cluster: &Cluster,
    scope: &Scope,
    format: Format,
    out: &mut dyn Write,
) -> Result<Report, Failure> {
    let mut teller = Teller { listing, format, table: Table::new(format), first: Some(vec![]) };
    cluster.follow::<L::Kind>(scope, None, |event| {
        let text = teller.told(event);
        // A reader that has gone away has read all that it wants.
        text.is_empty() || (out.write_all(text.as_bytes()).and_then(|()| out.flush())).is_ok()
    })?;
    Ok(Report::fine(String::new()))
}

struct Teller<'a, L> {
    listing: &'a L,
    format: Format,
    table: Table<L>,
    /// What there is, until all of it is known: it shares its columns.
    first: Option<Vec<DynamicObject>>,
}

impl<L: Listing> Teller<'_, L> {
    /// What an event is worth. A watch that had to begin anew tells again what there is.
    fn told(&mut self, event: Event<DynamicObject>) -> String {
        match event {
            Event::InitDone => self.first.take().map(|first| self.beginning(first)).unwrap_or_default(),
            Event::InitApply(object) | Event::Apply(object) if self.listing.fits(&object) => match &mut self.first {
                Some(first) => {
                    first.push(object);
                    String::new()
                }
                None => self.one(object),
            },
            Event::Init | Event::InitApply(_) | Event::Apply(_) | Event::Delete(_) => String::new(),
        }
    }

    fn beginning(&mut self, objects: Vec<DynamicObject>) -> String {
        if self.format.is_for_people() {
            return self.table.whole(&objects, Timestamp::now());
        }
        objects.into_iter().map(|object| self.one(object)).collect()
    }

    fn one(&mut self, object: DynamicObject) -> String {
        match self.format {
            Format::Text | Format::Wide => self.table.next(&object, Timestamp::now()),
            Format::Json => format!("{}\n", value::<L::Kind>(object)),
            Format::Yaml => format!("---\n{}", serde_yaml::to_string(&value::<L::Kind>(object)).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinel_api::SentinelSession;
    use serde_json::json;

    struct Phases;

    impl Listing for Phases {
        type Kind = SentinelSession;
        const NOUN: &'static str = "phases";
        const COLUMNS: &'static [&'static str] = &["PHASE"];
        const MORE: &'static [&'static str] = &[];

        fn fits(&self, _: &DynamicObject) -> bool {
            true
        }

        fn cells(object: &DynamicObject, _: Timestamp) -> Vec<String> {
            vec![object.data["status"]["phase"].to_string()]
        }
    }

    fn session(name: &str, phase: &str) -> DynamicObject {
        let object = json!({"metadata": {"name": name, "namespace": "payments"}, "status": {"phase": phase}});
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn first_what_there_is_then_what_changes() {
        let format = Format::Text;
        let mut teller = Teller { listing: &Phases, format, table: Table::new(format), first: Some(vec![]) };
        for event in [Event::Init, Event::InitApply(session("a", "Active"))] {
            assert_eq!(teller.told(event), "");
        }
        let first = teller.told(Event::InitDone);
        assert!(first.starts_with("NAMESPACE") && first.lines().count() == 2, "{first}");
        let change = teller.told(Event::Apply(session("a", "Revoked")));
        assert!(change.contains("Revoked") && change.lines().count() == 1, "{change}");
        assert_eq!(teller.told(Event::Delete(session("a", "Revoked"))), "");
        teller.format = Format::Json;
        let line = teller.told(Event::Apply(session("b", "Active")));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["kind"], "SentinelSession");
    }
}
