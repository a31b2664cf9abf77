//! What an approval and an emergency open, and what neither does.
//!
//! | the policy says            | approval | break-glass |
//! |----------------------------|----------|-------------|
//! | `require_approval`         | opens    | opens       |
//! | a deny, by rule or by none | –        | opens       |
//! | a `require_server…` denial | –        | –           |
//!
//! A policy that is missing or can't be read says nothing that could be overridden. A lock and a revocation come before all of it.

use crate::policy::words::words;
use crate::policy::{Decision, Verdict};

words! {
    /// What may open a door that the policy keeps shut.
    pub enum Door {
        /// An approved access request.
        Approval = "approval",
        /// An active break-glass event.
        BreakGlass = "break_glass",
    }
}

impl Door {
    /// Whether it opens what `decision` keeps shut; nothing where that is open.
    pub fn opens(self, decision: &Decision) -> bool {
        let unbypassable = decision.requires_server_mode || decision.requires_session_tracking;
        let overridden = match decision.effect {
            Verdict::Allow => false,
            Verdict::RequireApproval => true,
            Verdict::Deny => self == Self::BreakGlass,
        };
        overridden && !unbypassable
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{AccessPolicy, Mode, Request};
    use jiff::Timestamp;
    use rstest::rstest;

    #[rstest]
    #[case::an_approval_is_wanted("require_approval", Mode::Server, true, true)]
    #[case::a_deny("deny", Mode::Server, false, true)]
    #[case::open_already("allow", Mode::Server, false, false)]
    #[case::open_already_for_servers("require_server", Mode::Server, false, false)]
    #[case::no_server("require_server", Mode::Cli, false, false)]
    #[case::no_session_table("require_server_session", Mode::Server, false, false)]
    #[case::no_server_with_sessions("require_server_session", Mode::CredentialProcess, false, false)]
    fn opens(#[case] effect: &str, #[case] mode: Mode, #[case] approval: bool, #[case] break_glass: bool) {
        let text =
            format!("version: \"1\"\nrules:\n- {{name: r, effect: {effect}, conditions: {{profiles: [prod]}}}}\n");
        let policy = AccessPolicy::from_yaml(&text).unwrap();
        let (at, session_table) = (Timestamp::UNIX_EPOCH, None);
        let decision = policy.decide(&Request { user: "u", profile: "prod", mode, session_table, at });
        assert_eq!([Door::Approval, Door::BreakGlass].map(|door| door.opens(&decision)), [approval, break_glass]);
    }

    #[test]
    fn an_implicit_deny_is_a_deny() {
        let policy =
            AccessPolicy::from_yaml("version: \"1\"\nrules:\n- {name: r, effect: allow, conditions: {users: [x]}}\n")
                .unwrap();
        let (at, session_table) = (Timestamp::UNIX_EPOCH, None);
        let decision = policy.decide(&Request { user: "u", profile: "prod", mode: Mode::Server, session_table, at });
        assert_eq!([Door::Approval, Door::BreakGlass].map(|door| door.opens(&decision)), [false, true]);
    }
}
