//! `diff`: which decisions change from one access policy to another.

use jiff::Timestamp;
use sentinel_core::policy::{AccessPolicy, Mode};
use sentinel_decision::{Entry as _, Loose, PolicyEntry};
use serde::Serialize;

use crate::args::DiffArgs;
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::parts::{objects, the_policy};
use crate::report::{Format, Report, lines};
use crate::source::Sources;

mod axis;
mod clock;
mod cover;
mod engine;
mod names;
#[cfg(test)]
mod tests;
mod times;
mod told;

use engine::{Change, Comparison};
use told::{Kind, Told};

/// Why two policies can't be compared as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooLarge {
    /// Too many combinations of patterns.
    #[error(
        "the globs of the policies overlap in too many ways to tell all names apart: ask for one with --user or --profile"
    )]
    Patterns,
    /// Too many users × profiles × rules.
    #[error("the policies tell apart too many pairs of users and profiles: ask for one with --user or --profile")]
    Cells,
    /// Too many time windows together.
    #[error("too many time windows bear on one request: ask for one with --user and --profile")]
    Windows,
}

#[derive(Serialize)]
struct Difference<'a> {
    /// The changes hold in the year from here.
    from: String,
    changes: Vec<Printed<'a>>,
}

/// A change, as programs read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed<'a> {
    kind: Kind,
    users: Vec<String>,
    profiles: Vec<String>,
    modes: Vec<String>,
    times: times::Printed,
    old: &'a Told,
    new: &'a Told,
}

pub(crate) fn run(args: &DiffArgs, format: Format, sources: &mut Sources<'_>) -> Result<Report, Failure> {
    let (old, new) = match (&args.file, &args.old, &args.new) {
        (Some(file), ..) => with_cluster(file, args, sources)?,
        (None, Some(old), Some(new)) => {
            let mut read = |file: &str| the_policy(&sources.read(file)?, args.name.as_deref());
            (read(old)?.policy, read(new)?.policy)
        }
        _ => return Err(Failure::Usage("two files are compared, or one with -f with the cluster's".to_owned())),
    };
    let now = Timestamp::now();
    let too_large = |why: TooLarge| Failure::Usage(why.to_string());
    let compared = Comparison::new(&old, &new, args.user.as_deref(), args.profile.as_deref(), now);
    let compared = compared.map_err(too_large)?;
    let changes = compared.changes().map_err(too_large)?;
    let printed: Vec<Printed<'_>> = changes.iter().map(|change| Printed::of(&compared, change)).collect();
    let text = lines(printed.iter().zip(&changes).map(|(printed, change)| printed.text(change)));
    let found = !changes.is_empty();
    let difference = Difference { from: now.to_string(), changes: printed };
    Ok(Report { found, ..Report::fine(format.render(text, &difference)?) })
}

/// The cluster's policy of the same name, and the file's.
fn with_cluster(
    file: &str,
    args: &DiffArgs,
    sources: &mut Sources<'_>,
) -> Result<(AccessPolicy, AccessPolicy), Failure> {
    let new = the_policy(&sources.read(file)?, args.name.as_deref())?;
    let own = new.object.as_ref().map(|object| objects::text(object, "/metadata/name").to_owned());
    let unnamed = || Failure::Usage(format!("{file}: is a document, and the cluster's policy has a name: add --name"));
    let name = own.or_else(|| args.name.clone()).ok_or_else(unnamed)?;
    let cluster = Cluster::connect(&args.connect)?;
    let missing = || {
        Failure::Cluster(format!("there is no AccessPolicy {name} to compare with. See: kubectl get accesspolicies"))
    };
    let live = cluster.find::<Loose<sentinel_api::AccessPolicy>>(&name)?.ok_or_else(missing)?;
    let unusable = |problems| Failure::Cluster(format!("AccessPolicy {name} of the cluster can't be used: {problems}"));
    Ok((PolicyEntry::keep(&live).judged.map_err(unusable)?.policy().clone(), new.policy))
}

impl<'a> Printed<'a> {
    fn of(compared: &Comparison<'_>, change: &'a Change) -> Self {
        Self {
            kind: change.variant.kind,
            users: cover::cover(&compared.users, &change.users, "user"),
            profiles: cover::cover(&compared.profiles, &change.profiles, "profile"),
            modes: modes(change),
            times: change.variant.times.printed(),
            old: &change.variant.old,
            new: &change.variant.new,
        }
    }

    fn text(&self, change: &Change) -> String {
        let head = match self.kind {
            Kind::Gains => "gains allow",
            Kind::Loses => "loses allow",
            Kind::Changes => "changes",
        };
        let (users, profiles) = (self.users.join(", "), self.profiles.join(", "));
        let modes = if self.modes.is_empty() { String::new() } else { format!(", mode {}", self.modes.join(", ")) };
        let times = change.variant.times.text().map(|times| format!(", {times}")).unwrap_or_default();
        format!("{head}: {users} on {profiles}{modes}{times}: {} (was: {})", self.new.text(), self.old.text())
    }
}

/// Modes in which it changes, each with the table that it hangs on; empty: any.
fn modes(change: &Change) -> Vec<String> {
    let how = &change.variant.how;
    if how.len() == 2 * Mode::ALL.len() {
        return vec![];
    }
    let mode = |mode: &Mode| match (how.contains(&(*mode, true)), how.contains(&(*mode, false))) {
        (true, true) => Some(mode.to_string()),
        (true, false) => Some(format!("{mode} with a session table")),
        (false, true) => Some(format!("{mode} without a session table")),
        (false, false) => None,
    };
    Mode::ALL.iter().filter_map(mode).collect()
}
