//! AccessLocks, judged.

use std::cmp::Reverse;

use jiff::Timestamp;
use sentinel_api::{AccessLock, AccessLockSpec};
use sentinel_core::lock;

use super::Entry;
use crate::slim::Loose;

/// What is kept of an AccessLock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockEntry {
    /// Its name.
    pub name: String,
    /// The lock; where it can't be read, one of everything that it might mean.
    pub lock: lock::AccessLock,
    /// Who made it.
    pub by: Option<String>,
    /// What is wrong with it, if something is.
    pub problems: Option<String>,
}

impl Entry for LockEntry {
    type Object = Loose<AccessLock>;
    const WATCH: &'static str = "AccessLocks";

    fn keep(object: &Self::Object) -> Self {
        let name = object.name().to_owned();
        // One that is being deleted holds until it is gone.
        match object.spec::<AccessLockSpec>() {
            Ok(spec) => Self {
                name,
                lock: spec.widest(),
                problems: spec.resolve().err().map(|problems| problems.to_string()),
                by: spec.created_by,
            },
            Err(problem) => Self { name, problems: Some(problem), ..Self::default() },
        }
    }
}

impl LockEntry {
    /// Greatest for the lock that ends last; the first name where two end together.
    pub fn ends_last(&self) -> (Timestamp, Reverse<&str>) {
        (self.lock.expires_at().unwrap_or(Timestamp::MAX), Reverse(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinel_core::lock::Target;
    use serde_json::{Value, json};

    fn lock(spec: &Value) -> LockEntry {
        LockEntry::keep(&serde_json::from_value(json!({"metadata": {"name": "l"}, "spec": spec})).unwrap())
    }

    #[test]
    fn what_can_not_be_read_locks_everything_that_it_might_mean() {
        let at = Timestamp::UNIX_EPOCH;
        let hits = |entry: &LockEntry, profile| {
            entry.lock.holds(Target { user: "system:serviceaccount:a:b", namespace: "a", profile }, at)
        };
        for spec in [json!(null), json!(7), json!({}), json!({"profiles": "prod", "reason": "r"})] {
            let entry = lock(&spec);
            assert!(entry.problems.is_some() && hits(&entry, "anything"), "{spec}");
        }
        let half = lock(&json!({"users": ["*"], "profiles": ["prod"], "reason": "r", "createdBy": "dana"}));
        assert!(half.problems.is_some() && hits(&half, "prod") && !hits(&half, "dev"));
        let good = lock(&json!({"profiles": ["prod"], "reason": "r", "createdBy": "dana"}));
        assert!(good.problems.is_none() && hits(&good, "prod") && !hits(&good, "dev"));
    }
}
