//! `unlock`: the end of a lock.

use sentinel_api::AccessLock;
use sentinel_decision::{Entry as _, LockEntry, Loose};
use serde::Serialize;

use super::args::UnlockArgs;
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::{Format, Report};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Unlocked {
    name: String,
    reason: String,
    created_by: Option<String>,
}

pub(crate) fn run(args: &UnlockArgs, format: Format) -> Result<Report, Failure> {
    let cluster = Cluster::connect(&args.context.connect())?;
    let name = args.name.as_str();
    let missing = || Failure::Usage(format!("there is no AccessLock {name}. See: kubectl sentinel locks"));
    let lock = cluster.find::<Loose<AccessLock>>(name)?.ok_or_else(missing)?;
    cluster.delete::<AccessLock>(name)?;
    let entry = LockEntry::keep(&lock);
    let by = entry.by.as_ref().map(|by| format!(" of {by}")).unwrap_or_default();
    let text = format!("unlocked: AccessLock {name}{by}: {}\n", entry.lock.reason());
    let unlocked = Unlocked { name: name.to_owned(), reason: entry.lock.reason().to_owned(), created_by: entry.by };
    let notes = vec![
        "note: pods that it stopped go on at their next request, without a restart, unless another lock names them: kubectl sentinel locks"
            .to_owned(),
    ];
    Ok(Report { notes, ..Report::fine(format.render(text, &unlocked)?) })
}
