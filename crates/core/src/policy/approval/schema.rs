//! A rule of an approval policy, in and out.

use super::{ApprovalPolicy, ApprovalRule, AutoApprove};
use crate::policy::by_profile::ProfileRule;
use crate::policy::document::DocumentRule;
use crate::policy::node::Node;
use crate::policy::pattern::Pattern;
use crate::policy::text::excerpt;
use crate::policy::walk::{At, MAX_ENTRIES, Object, Read};
use crate::policy::window;
use crate::time::{GoDuration, TimeWindow};

impl DocumentRule for ApprovalRule {
    const KIND: &'static str = "approval policy";
    const KEYS: &'static [&'static str] = &["name", "profiles", "approvers", "auto_approve"];

    fn read(name: String, rule: &Object<'_>) -> Read<Self> {
        let label = excerpt(&name);
        let nobody = || format!("approval rule '{label}' must have at least one approver: list people or groups");
        let profiles = rule.list("profiles", |at| at.parse());
        let approvers = rule.filled("approvers", MAX_ENTRIES, nobody, |_, at| approver(&at));
        let auto_approve = rule.optional("auto_approve", AutoApprove::read);
        Ok(Self { name, profiles: profiles?, approvers: approvers?, auto_approve: auto_approve? })
    }

    fn node(&self) -> Node {
        Node::map([
            ("name", Some(Node::text(&self.name))),
            ("profiles", Node::list(&self.profiles)),
            ("approvers", Node::list(&self.approvers)),
            ("auto_approve", self.auto_approve.as_ref().map(AutoApprove::node)),
        ])
    }
}

impl ProfileRule for ApprovalRule {
    fn name(&self) -> &str {
        &self.name
    }

    fn profiles(&self) -> &[Pattern] {
        &self.profiles
    }

    fn window(&mut self) -> Option<&mut TimeWindow> {
        self.auto_approve.as_mut()?.time.as_mut()
    }
}

/// Whoever may approve is named: a glob would be a name that nobody has.
fn approver(at: &At<'_>) -> Read<String> {
    let name = at.line()?;
    if name.contains('*') {
        let name = excerpt(name);
        return Err(
            at.note(format!("approver '{name}' is a glob, and approvers are exact: name each person or a group"))
        );
    }
    Ok(name.to_owned())
}

impl AutoApprove {
    fn read(at: At<'_>) -> Read<Self> {
        let auto = at.object(&["users", "time", "max_duration"])?;
        let users = auto.list("users", |at| at.parse());
        let time = auto.optional("time", window::read);
        let max_duration = auto.optional("max_duration", max_duration);
        let read = Self { users: users?, time: time?, max_duration: max_duration? };
        if read.approves_anything() {
            let rule = excerpt(at.rule());
            return Err(at.note(format!(
                "auto_approve in rule '{rule}' must have at least one condition (users, time, or max_duration): \
                 without any it would approve whatever anybody asks for"
            )));
        }
        Ok(read)
    }

    fn approves_anything(&self) -> bool {
        let any_time = self.time.as_ref().is_none_or(TimeWindow::is_always);
        self.users.is_empty() && any_time && self.max_duration.is_none_or(GoDuration::is_zero)
    }

    fn node(&self) -> Node {
        Node::map([
            ("users", Node::list(&self.users)),
            ("time", self.time.as_ref().map(window::node)),
            ("max_duration", self.max_duration.map(Node::text)),
        ])
    }
}

fn max_duration(at: At<'_>) -> Read<GoDuration> {
    at.duration_up_to("max_duration", ApprovalPolicy::MAX_DURATION, |rule| {
        format!("auto_approve max_duration in rule '{rule}'")
    })
}
