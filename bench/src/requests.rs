//! What is asked: of the last team, of others, and of nobody's.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use sentinel_core::policy::{Mode, Request};

use crate::policy::{RULES_PER_TEAM, profile, user};

/// The parts of a request.
#[derive(Debug)]
pub struct Asked {
    pub user: String,
    pub profile: String,
    pub mode: Mode,
    pub at: Timestamp,
}

/// A Saturday noon in New York, when Berlin's offices are closed; and a Tuesday afternoon in Berlin, and a night there.
const MOMENTS: [&str; 3] = ["2026-06-13T16:30:00Z", "2026-06-16T13:00:00Z", "2026-06-17T02:20:00Z"];
const ACCOUNTS: [&str; 10] =
    ["legacy", "report", "batch", "api", "deployer", "migrate", "worker", "reader", "unknown", "job-0"];

impl Asked {
    /// The request as our engine takes it.
    pub fn request(&self) -> Request<'_> {
        let Self { user, profile, mode, at } = self;
        Request { user, profile, mode: *mode, session_table: Some("sessions"), at: *at }
    }
}

/// The request that only the very last rule of so many allows. It is near: an earlier rule lists it too, but is closed.
pub fn for_the_last_rule(rules: usize) -> Result<Asked> {
    let team = last_team(rules);
    Ok(Asked { user: user(team, "batch"), profile: profile(team, "prod"), mode: Mode::Server, at: moment(MOMENTS[0])? })
}

/// One that no rule allows.
pub fn for_no_rule(rules: usize) -> Result<Asked> {
    Ok(Asked { user: user(last_team(rules), "unknown"), ..for_the_last_rule(rules)? })
}

/// One for the profile that each team has rules for.
pub fn for_the_shared_profile(rules: usize) -> Result<Asked> {
    let at = moment(MOMENTS[2])?;
    Ok(Asked { user: user(last_team(rules), "reader"), profile: "shared".to_owned(), mode: Mode::Server, at })
}

/// Requests whose answers are compared: each account × profile × mode × moment of the first, a middle and the last team, and
/// of one that has no rules.
pub fn to_compare(rules: usize) -> Result<Vec<Asked>> {
    let last = last_team(rules);
    let mut asked = Vec::new();
    for moment_text in MOMENTS {
        let at = moment(moment_text)?;
        for team in [0, last / 2, last, last + 1] {
            let profiles = ["prod", "dev", "stage", "other"].map(|stage| profile(team, stage));
            for profile in profiles.into_iter().chain(["shared".to_owned()]) {
                let users = ACCOUNTS.map(|account| user(team, account)).into_iter();
                for user in users.chain([user(last + 7, &format!("job-{team}")), "alice".to_owned()]) {
                    asked.extend(Mode::ALL.iter().map(|mode| Asked {
                        user: user.clone(),
                        profile: profile.clone(),
                        mode: *mode,
                        at,
                    }));
                }
            }
        }
    }
    Ok(asked)
}

fn last_team(rules: usize) -> usize {
    (rules / RULES_PER_TEAM).saturating_sub(1)
}

fn moment(text: &str) -> Result<Timestamp> {
    text.parse().with_context(|| format!("reading the moment {text}"))
}
