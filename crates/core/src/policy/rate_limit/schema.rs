//! A rule of a rate limit policy, in and out.

use super::RateLimitRule;
use crate::policy::by_profile::ProfileRule;
use crate::policy::document::DocumentRule;
use crate::policy::node::Node;
use crate::policy::pattern::Pattern;
use crate::policy::text::excerpt;
use crate::policy::walk::{Object, Read};
use crate::time::{GoDuration, TimeWindow};

impl DocumentRule for RateLimitRule {
    const KIND: &'static str = "rate limit policy";
    const KEYS: &'static [&'static str] =
        &["name", "profiles", "cooldown", "max_per_user", "max_per_profile", "quota_window", "escalation_threshold"];

    fn read(name: String, rule: &Object<'_>) -> Read<Self> {
        let count = |key| rule.optional(key, |at| at.count(key));
        let duration = |key| rule.optional(key, |at| at.duration(key));
        let profiles = rule.list("profiles", |at| at.parse());
        let (cooldown, quota_window) = (duration("cooldown"), duration("quota_window"));
        let (max_per_user, max_per_profile) = (count("max_per_user"), count("max_per_profile"));
        let escalation_threshold = count("escalation_threshold");
        let read = Self {
            name,
            profiles: profiles?,
            cooldown: cooldown?,
            max_per_user: max_per_user?,
            max_per_profile: max_per_profile?,
            quota_window: quota_window?,
            escalation_threshold: escalation_threshold?,
        };
        read.objection().map_or(Ok(()), |objection| Err(rule.at.note(objection)))?;
        Ok(read)
    }

    fn node(&self) -> Node {
        Node::map([
            ("name", Some(Node::text(&self.name))),
            ("profiles", Node::list(&self.profiles)),
            ("cooldown", self.cooldown.map(Node::text)),
            ("max_per_user", self.max_per_user.map(Node::Count)),
            ("max_per_profile", self.max_per_profile.map(Node::Count)),
            ("quota_window", self.quota_window.map(Node::text)),
            ("escalation_threshold", self.escalation_threshold.map(Node::Count)),
        ])
    }
}

impl RateLimitRule {
    /// What is wrong with the fields together.
    fn objection(&self) -> Option<String> {
        let name = excerpt(&self.name);
        let quota = self.max_per_user.or(self.max_per_profile).is_some();
        if !quota && !is_positive(self.cooldown) {
            return Some(format!(
                "rate limit rule '{name}' must have at least one limit (cooldown, max_per_user, or max_per_profile)"
            ));
        }
        (quota && !is_positive(self.quota_window)).then(|| {
            format!(
                "missing quota_window: rate limit rule '{name}' has quota limits but missing or invalid quota_window; \
                 write the time they count over, such as 24h"
            )
        })
    }
}

fn is_positive(duration: Option<GoDuration>) -> bool {
    duration.is_some_and(|duration| duration > GoDuration::ZERO)
}

impl ProfileRule for RateLimitRule {
    fn name(&self) -> &str {
        &self.name
    }

    fn profiles(&self) -> &[Pattern] {
        &self.profiles
    }

    fn window(&mut self) -> Option<&mut TimeWindow> {
        None
    }
}
