//! A rule of a break-glass policy, in and out.

use super::{BreakGlassPolicy, BreakGlassRule};
use crate::policy::by_profile::ProfileRule;
use crate::policy::document::DocumentRule;
use crate::policy::node::Node;
use crate::policy::pattern::Pattern;
use crate::policy::text::excerpt;
use crate::policy::walk::{At, MAX_ENTRIES, Object, Read};
use crate::policy::window;
use crate::time::{GoDuration, TimeWindow};

impl DocumentRule for BreakGlassRule {
    const KIND: &'static str = "break-glass policy";
    const KEYS: &'static [&'static str] =
        &["name", "profiles", "users", "allowed_reason_codes", "time", "max_duration"];

    fn read(name: String, rule: &Object<'_>) -> Read<Self> {
        let label = excerpt(&name);
        let nobody = || format!("break-glass policy rule '{label}' must have at least one user: list people or groups");
        let profiles = rule.list("profiles", |at| at.parse());
        let users = rule.filled("users", MAX_ENTRIES, nobody, |_, at| at.parse());
        let codes = rule.list("allowed_reason_codes", |at| at.word("reason code"));
        let time = rule.optional("time", window::read);
        let max_duration = rule.optional("max_duration", max_duration);
        Ok(Self {
            name,
            profiles: profiles?,
            users: users?,
            allowed_reason_codes: codes?,
            time: time?,
            max_duration: max_duration?,
        })
    }

    fn node(&self) -> Node {
        Node::map([
            ("name", Some(Node::text(&self.name))),
            ("profiles", Node::list(&self.profiles)),
            ("users", Node::list(&self.users)),
            ("allowed_reason_codes", Node::list(&self.allowed_reason_codes)),
            ("time", self.time.as_ref().map(window::node)),
            ("max_duration", self.max_duration.map(Node::text)),
        ])
    }
}

impl ProfileRule for BreakGlassRule {
    fn name(&self) -> &str {
        &self.name
    }

    fn profiles(&self) -> &[Pattern] {
        &self.profiles
    }

    fn window(&mut self) -> Option<&mut TimeWindow> {
        self.time.as_mut()
    }
}

fn max_duration(at: At<'_>) -> Read<GoDuration> {
    at.duration_up_to("max_duration", BreakGlassPolicy::MAX_DURATION, |rule| {
        format!("break-glass policy rule '{rule}' max_duration")
    })
}
