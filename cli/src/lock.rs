//! `lock`, `unlock`, `locks`: who gets no credentials, by AccessLocks. Whom a lock hits is decided as the broker does, from the
//! sessions that live now.

mod args;
mod end;
mod hits;
mod list;
mod make;

pub(crate) use args::{ContextArgs, LockArgs, LocksArgs, UnlockArgs};
pub(crate) use end::run as unlock;
pub(crate) use list::run as locks;
pub(crate) use make::run as lock;

use sentinel_api::AccessLockSpec;

/// Whom a lock names, in one line: `namespaces payments; profiles prod`.
fn scope(spec: &AccessLockSpec) -> String {
    let lists = [("users", &spec.users), ("namespaces", &spec.namespaces), ("profiles", &spec.profiles)];
    let given = lists.into_iter().filter_map(|(key, list)| Some(format!("{key} {}", list.as_ref()?.join(", "))));
    given.collect::<Vec<_>>().join("; ")
}
