//! Which sessions are meant. What the API server can choose, it chooses.

use sentinel_api::Phase;
use sentinel_core::identity::service_account_user;
use sentinel_core::policy::Pattern;

use super::args::{SessionsArgs, Status};
use super::seen::Seen;
use crate::failure::Failure;

/// Of each kind that is given one must fit.
#[derive(Debug, Default)]
pub(super) struct Filter {
    users: Vec<Pattern>,
    profiles: Vec<Pattern>,
    phases: Vec<Phase>,
}

impl Filter {
    pub(super) fn of(args: &SessionsArgs) -> Result<Self, Failure> {
        let users: Vec<String> = args.users.iter().map(|user| whole_user(user)).collect();
        Ok(Self {
            users: patterns("--user", &users)?,
            profiles: patterns("--profile", &args.profiles)?,
            phases: args.statuses.iter().copied().map(Status::phase).collect(),
        })
    }

    /// As a field selector: one user, one profile, if they are no globs.
    pub(super) fn fields(&self) -> String {
        let user = only(&self.users).map(|user| format!("spec.user={user}"));
        let profile = only(&self.profiles).map(|profile| format!("spec.profile={profile}"));
        user.into_iter().chain(profile).collect::<Vec<_>>().join(",")
    }

    /// The rest, and the same again.
    pub(super) fn fits(&self, session: &Seen) -> bool {
        let fits = |patterns: &[Pattern], text: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(text))
        };
        fits(&self.users, &session.user)
            && fits(&self.profiles, &session.profile)
            && (self.phases.is_empty() || self.phases.contains(&session.status.phase))
    }
}

/// `<namespace>/<name>` written out; anything else as it is.
fn whole_user(user: &str) -> String {
    user.split_once('/').map_or_else(|| user.to_owned(), |(namespace, name)| service_account_user(namespace, name))
}

fn patterns(option: &str, texts: &[String]) -> Result<Vec<Pattern>, Failure> {
    let read = texts.iter().map(|text| text.parse().map_err(|why| Failure::Usage(format!("{option} {text:?}: {why}"))));
    read.collect()
}

/// In a selector, other characters would mean something.
fn only(patterns: &[Pattern]) -> Option<&str> {
    let [pattern] = patterns else { return None };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '.' | '_');
    Some(pattern.as_str()).filter(|text| !pattern.is_glob() && text.chars().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;
    use rstest::rstest;

    #[derive(clap::Parser)]
    struct Only {
        #[command(flatten)]
        args: SessionsArgs,
    }

    fn filter(words: &[&str]) -> Filter {
        Filter::of(&Only::try_parse_from(["sessions"].iter().chain(words)).unwrap().args).unwrap()
    }

    #[rstest]
    #[case(&[], "")]
    #[case(&["--user", "payments/api"], "spec.user=system:serviceaccount:payments:api")]
    #[case(&["--user", "payments/api", "--profile", "prod"], "spec.user=system:serviceaccount:payments:api,spec.profile=prod")]
    #[case(&["--user", "payments/*"], "")]
    #[case(&["--profile", "prod", "--profile", "dev"], "")]
    #[case(&["--profile", "a,b"], "")]
    #[case(&["--status", "active"], "")]
    fn what_the_api_server_can_choose_it_chooses(#[case] words: &[&str], #[case] fields: &str) {
        assert_eq!(filter(words).fields(), fields);
    }

    #[rstest]
    #[case(&[], true)]
    #[case(&["--user", "payments/a*"], true)]
    #[case(&["--user", "payments/b", "--user", "payments/api"], true)]
    #[case(&["--user", "billing/*"], false)]
    #[case(&["--user", "*"], false)]
    #[case(&["--profile", "pro*"], true)]
    #[case(&["--profile", "dev"], false)]
    #[case(&["--status", "Active,pending"], true)]
    #[case(&["--status", "revoked"], false)]
    #[case(&["--profile", "prod", "--status", "revoked"], false)]
    fn each_kind_that_is_given_must_fit(#[case] words: &[&str], #[case] fits: bool) {
        let mut session =
            Seen { user: "system:serviceaccount:payments:api".into(), profile: "prod".into(), ..Seen::default() };
        session.status.phase = Phase::Active;
        assert_eq!(filter(words).fits(&session), fits);
    }
}
