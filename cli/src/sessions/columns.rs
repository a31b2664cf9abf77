//! Sessions as a table: the columns of `kubectl get sentinelsessions`.

use jiff::Timestamp;
use kube::api::DynamicObject;
use sentinel_api::{HARD_REVOKED, SentinelSession};

use super::filter::Filter;
use super::seen::Seen;
use crate::listing::{Listing, age};

impl Listing for Filter {
    type Kind = SentinelSession;
    const NOUN: &'static str = "sessions";
    const COLUMNS: &'static [&'static str] =
        &["USER", "PROFILE", "POD", "STATUS", "REQUESTS", "LAST-ACCESS", "EXPIRY", "AGE"];
    const MORE: &'static [&'static str] = &["TABLE", "REVOKED-BY", "HARD-REVOKED", "REVOKED-REASON"];

    fn fields(&self) -> String {
        self.selector()
    }

    fn fits(&self, object: &DynamicObject) -> bool {
        self.lets_through(&Seen::of(object))
    }

    fn cells(object: &DynamicObject, now: Timestamp) -> Vec<String> {
        let Seen { user, profile, pod, status, created, .. } = Seen::of(object);
        let ago = |time: Option<Timestamp>| time.map_or("<none>".to_owned(), |time| age(time, now));
        let denied = status.conditions.iter().find(|one| one.type_ == HARD_REVOKED);
        let denied = denied.map(|one| format!("{:?}", one.status)).unwrap_or_default();
        let last = status.last_access.as_deref().and_then(|time| time.parse().ok());
        vec![
            user,
            profile,
            pod,
            format!("{:?}", status.phase),
            status.requests.map(|count| count.to_string()).unwrap_or_default(),
            ago(last),
            status.expires_at.unwrap_or_default(),
            ago(created),
            status.table.unwrap_or_default(),
            status.revoked_by.unwrap_or_default(),
            denied,
            status.revoked_reason.unwrap_or_default(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Table;
    use crate::report::Format;
    use serde_json::json;

    fn session(name: &str) -> DynamicObject {
        let status = json!({"phase": "Revoked", "requests": 12, "lastAccess": "1970-01-01T00:01:00Z", "revokedBy": "dana", "revokedReason": "a\u{1b}[2Jb",
            "conditions": [{"type": "HardRevoked", "status": "True", "reason": "Denied", "message": "", "lastTransitionTime": "1970-01-01T00:02:00Z"}]});
        let object = json!({
            "metadata": {"name": name, "namespace": "payments", "creationTimestamp": "1970-01-01T00:00:00Z"},
            "spec": {"user": "system:serviceaccount:payments:api", "profile": "prod", "pod": "api-0"}, "status": status,
        });
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn columns_are_kubectls() {
        let now: Timestamp = "1970-01-01T00:03:00Z".parse().unwrap();
        let text = Table::<Filter>::new(Format::Text).whole(&[session("0123456789abcdef")], now);
        assert_eq!(
            text,
            "NAMESPACE   NAME               USER                                 PROFILE   POD     STATUS    REQUESTS   LAST-ACCESS   EXPIRY   AGE\n\
             payments    0123456789abcdef   system:serviceaccount:payments:api   prod      api-0   Revoked   12         2m                     3m\n"
        );
        let mut wide = Table::<Filter>::new(Format::Wide);
        let text = wide.whole(&[session("a")], now);
        assert!(
            text.lines().next().unwrap().ends_with("AGE   TABLE   REVOKED-BY   HARD-REVOKED   REVOKED-REASON"),
            "{text}"
        );
        assert!(text.ends_with("dana         True           a\u{FFFD}[2Jb\n"), "{text}");
        let next = wide.next(&session("b"), now);
        assert_eq!(
            next.find("system:"),
            text.lines().last().unwrap().find("system:"),
            "lines stand beneath each other"
        );
    }
}
