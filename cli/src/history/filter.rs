//! Which accesses are meant.

use jiff::{SignedDuration, Timestamp};
use sentinel_core::time::GoDuration;

use super::args::HistoryArgs;
use crate::args::moment;
use crate::failure::Failure;
use crate::listing::{Patterns, whole_user};

/// Of each kind that is given one must fit.
#[derive(Debug)]
pub(super) struct Filter {
    profiles: Patterns,
    users: Patterns,
    namespaces: Patterns,
    since: Timestamp,
    until: Timestamp,
}

impl Filter {
    pub(super) fn of(args: &HistoryArgs, now: Timestamp) -> Result<Self, Failure> {
        let users: Vec<String> = args.users.iter().map(|user| whole_user(user)).collect();
        let (since, until) = (&args.since, &args.until);
        let filter = Self {
            profiles: Patterns::read("--profile", &args.profiles)?,
            users: Patterns::read("--user", &users)?,
            namespaces: Patterns::read("--namespace", &args.namespaces)?,
            since: since.as_deref().map_or(Ok(Timestamp::MIN), |text| time("--since", text, now))?,
            until: until.as_deref().map_or(Ok(Timestamp::MAX), |text| time("--until", text, now))?,
        };
        if filter.since >= filter.until {
            return Err(Failure::Usage(format!("--since {} is not before --until {}", filter.since, filter.until)));
        }
        Ok(filter)
    }

    /// Whether these are meant.
    pub(super) fn names(&self, user: &str, namespace: &str, profile: &str) -> bool {
        self.profiles.fit(profile) && self.users.fit(user) && self.namespaces.fit(namespace)
    }

    /// Whether something of the time between `from` and `until` is.
    pub(super) fn meets(&self, from: Timestamp, until: Timestamp) -> bool {
        from < self.until && until >= self.since
    }
}

fn time(option: &str, text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let ago = text.parse::<GoDuration>().ok().filter(|ago| ago.as_nanos() >= 0);
    let ago = ago.map(|ago| SignedDuration::from_nanos_i128(ago.as_nanos().into()));
    let found = ago.map_or_else(|| moment(text), |ago| now.checked_sub(ago).map_err(|error| error.to_string()));
    found.map_err(|why| Failure::Usage(format!("{option} {text}: a duration, as 12h, or a time: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("12h", "2026-03-02T00:00:00Z")]
    #[case("90m", "2026-03-02T10:30:00Z")]
    #[case("2026-03-02T01:00:00+01:00", "2026-03-02T00:00:00Z")]
    fn a_time_is_a_moment_or_so_long_ago(#[case] text: &str, #[case] expected: &str) {
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        assert_eq!(time("--since", text, now).unwrap().to_string(), expected);
    }

    #[test]
    fn what_is_neither_is_told_how() {
        for text in ["yesterday", "-1h", "2026-03-02", "7d"] {
            let error = time("--since", text, Timestamp::UNIX_EPOCH).unwrap_err().to_string();
            assert!(error.starts_with(&format!("--since {text}: a duration, as 12h, or a time: ")), "{error}");
        }
    }
}
