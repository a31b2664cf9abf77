//! A rule of an access policy, in and out.

use super::{Conditions, DeviceCondition, Rule};
use crate::policy::document::DocumentRule;
use crate::policy::effect::Effect;
use crate::policy::node::Node;
use crate::policy::walk::{At, Object, Read};
use crate::policy::window;

impl DocumentRule for Rule {
    const KIND: &'static str = "policy";
    const KEYS: &'static [&'static str] =
        &["name", "effect", "session_table", "conditions", "reason", "max_server_duration"];

    fn read(name: String, rule: &Object<'_>) -> Read<Self> {
        let no_effect = || rule.at.invalid_word::<Effect>("effect", "");
        let effect = rule.required("effect", no_effect, |at| at.word("effect"));
        let session_table = rule.optional("session_table", |at| at.line().map(ToOwned::to_owned));
        let conditions = rule.optional("conditions", Conditions::read);
        let reason = rule.optional("reason", |at| at.prose().map(ToOwned::to_owned));
        let max_server_duration = rule.optional("max_server_duration", |at| at.duration("max_server_duration"));
        Ok(Self {
            name,
            effect: effect?,
            session_table: session_table?,
            conditions: conditions?.unwrap_or_default(),
            reason: reason?.unwrap_or_default(),
            max_server_duration: max_server_duration?,
        })
    }

    fn node(&self) -> Node {
        Node::map([
            ("name", Some(Node::text(&self.name))),
            ("effect", Some(Node::text(self.effect))),
            ("session_table", self.session_table.as_ref().map(Node::text)),
            ("conditions", Some(self.conditions.node())),
            ("reason", (!self.reason.is_empty()).then(|| Node::text(&self.reason))),
            ("max_server_duration", self.max_server_duration.map(Node::text)),
        ])
    }
}

impl Conditions {
    fn read(at: At<'_>) -> Read<Self> {
        let conditions = at.object(&["profiles", "users", "mode", "time", "device"])?;
        let profiles = conditions.list("profiles", |at| at.parse());
        let users = conditions.list("users", |at| at.parse());
        let mode = conditions.list("mode", |at| at.word("credential mode"));
        let time = conditions.optional("time", window::read);
        let device = conditions.optional("device", DeviceCondition::read);
        Ok(Self { profiles: profiles?, users: users?, mode: mode?, time: time?, device: device? })
    }

    fn node(&self) -> Node {
        Node::map([
            ("profiles", Node::list(&self.profiles)),
            ("users", Node::list(&self.users)),
            ("mode", Node::list(&self.mode)),
            ("time", self.time.as_ref().map(window::node)),
            ("device", self.device.as_ref().map(DeviceCondition::node)),
        ])
    }
}

const DEVICE: &[&str] = &[
    "require_mdm_compliant",
    "require_mdm_enrolled",
    "require_encryption",
    "require_firewall",
    "min_os_version",
    "allowed_os_types",
];

impl DeviceCondition {
    pub(in crate::policy) fn read(at: At<'_>) -> Read<Self> {
        let device = at.object(DEVICE)?;
        let flag = |key| device.optional(key, |at| at.flag());
        let (compliant, enrolled) = (flag("require_mdm_compliant"), flag("require_mdm_enrolled"));
        let (encryption, firewall) = (flag("require_encryption"), flag("require_firewall"));
        let min_os_version = device.optional("min_os_version", |at| at.line().map(ToOwned::to_owned));
        let allowed_os_types = device.list("allowed_os_types", |at| at.line().map(ToOwned::to_owned));
        let read = Self {
            require_mdm_compliant: compliant?,
            require_mdm_enrolled: enrolled?,
            require_encryption: encryption?,
            require_firewall: firewall?,
            min_os_version: min_os_version?,
            allowed_os_types: allowed_os_types?,
        };
        // Elsewhere it would match every device, here none: such a rule must not mean two things.
        if read.asks_for_nothing() {
            return Err(at.note("the device condition asks for nothing: leave it out, or ask for something"));
        }
        Ok(read)
    }

    fn asks_for_nothing(&self) -> bool {
        let flags =
            [self.require_mdm_compliant, self.require_mdm_enrolled, self.require_encryption, self.require_firewall];
        !flags.contains(&Some(true)) && self.min_os_version.is_none() && self.allowed_os_types.is_empty()
    }

    fn node(&self) -> Node {
        Node::map([
            ("require_mdm_compliant", self.require_mdm_compliant.map(Node::Flag)),
            ("require_mdm_enrolled", self.require_mdm_enrolled.map(Node::Flag)),
            ("require_encryption", self.require_encryption.map(Node::Flag)),
            ("require_firewall", self.require_firewall.map(Node::Flag)),
            ("min_os_version", self.min_os_version.as_ref().map(Node::text)),
            ("allowed_os_types", Node::list(&self.allowed_os_types)),
        ])
    }
}
