//! Which sessions are meant. What the API server can choose, it chooses.

use sentinel_api::Phase;

use super::args::{SessionsArgs, Status};
use super::seen::Seen;
use crate::failure::Failure;
use crate::listing::{Patterns, whole_user};

/// Of each kind that is given one must fit.
#[derive(Debug, Default)]
pub(super) struct Filter {
    users: Patterns,
    profiles: Patterns,
    phases: Vec<Phase>,
}

impl Filter {
    pub(super) fn of(args: &SessionsArgs) -> Result<Self, Failure> {
        let users: Vec<String> = args.users.iter().map(|user| whole_user(user)).collect();
        Ok(Self {
            users: Patterns::read("--user", &users)?,
            profiles: Patterns::read("--profile", &args.profiles)?,
            phases: args.statuses.iter().copied().map(Status::phase).collect(),
        })
    }

    /// As a field selector: one user, one profile, if they are no globs.
    pub(super) fn selector(&self) -> String {
        let user = self.users.only().map(|user| format!("spec.user={user}"));
        let profile = self.profiles.only().map(|profile| format!("spec.profile={profile}"));
        user.into_iter().chain(profile).collect::<Vec<_>>().join(",")
    }

    /// The rest, and the same again.
    pub(super) fn lets_through(&self, session: &Seen) -> bool {
        self.users.fit(&session.user)
            && self.profiles.fit(&session.profile)
            && (self.phases.is_empty() || self.phases.contains(&session.status.phase))
    }
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
        assert_eq!(filter(words).selector(), fields);
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
        assert_eq!(filter(words).lets_through(&session), fits);
    }
}
