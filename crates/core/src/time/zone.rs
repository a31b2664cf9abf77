//! IANA time zones, from the database in this binary: what a policy means must not hang on the machine it runs on.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::tz::TimeZoneDatabase;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone by its exact IANA name.
#[derive(Clone, Debug)]
pub struct TimeZone {
    name: String,
    rules: jiff::tz::TimeZone,
}

/// Why a text names no time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid timezone '{name}': {hint}")]
pub struct InvalidTimeZone {
    name: String,
    hint: String,
}

impl TimeZone {
    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// What the zone's clocks do.
    pub fn rules(&self) -> &jiff::tz::TimeZone {
        &self.rules
    }
}

impl FromStr for TimeZone {
    type Err = InvalidTimeZone;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let refuse = |hint: String| InvalidTimeZone { name: name.chars().take(64).collect(), hint };
        let rules = ZONES.get(name).ok().filter(|rules| !rules.is_unknown());
        let rules = rules.ok_or_else(|| refuse("write an IANA name such as Europe/London, or UTC".to_owned()))?;
        match rules.iana_name() {
            Some(exact) if exact == name => Ok(Self { name: name.to_owned(), rules }),
            // The database compares without case; other evaluators read a file of exactly this name.
            exact => Err(refuse(format!("did you mean {}?", exact.unwrap_or("UTC")))),
        }
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

impl PartialEq for TimeZone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for TimeZone {}

impl Hash for TimeZone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::TimeZone;
    use rstest::rstest;

    #[rstest]
    fn accepts(
        #[values("UTC", "America/New_York", "Europe/London", "Asia/Kolkata", "GMT", "Etc/GMT+5", "US/Eastern")]
        name: &str,
    ) {
        assert_eq!(name.parse::<TimeZone>().unwrap().to_string(), name);
    }

    #[rstest]
    #[case("america/new_york", "did you mean America/New_York?")]
    #[case("utc", "did you mean UTC?")]
    #[case("Mars/Olympus", "IANA name")]
    #[case("Local", "IANA name")]
    #[case("", "IANA name")]
    #[case("EST5EDT4,M3.2.0,M11.1.0", "IANA name")]
    #[case("+02:00", "IANA name")]
    #[case("../../etc/passwd", "IANA name")]
    #[case("Etc/Unknown", "IANA name")]
    fn refuses(#[case] name: &str, #[case] hint: &str) {
        let message = name.parse::<TimeZone>().unwrap_err().to_string();
        assert!(message.starts_with(&format!("invalid timezone '{name}'")) && message.contains(hint), "{message}");
    }
}
