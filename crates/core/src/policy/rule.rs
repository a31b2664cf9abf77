//! A rule of an access policy, as plain data.

use super::effect::{Effect, Mode};
use super::pattern::Pattern;
use crate::time::{GoDuration, TimeWindow};

mod schema;

/// One rule: the first whose conditions all match decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Unique within its document.
    pub name: String,
    /// What happens when it matches.
    pub effect: Effect,
    /// The session table that this rule asks for; it goes before the request's.
    pub session_table: Option<String>,
    /// All of them must match.
    pub conditions: Conditions,
    /// For the log and the person who is refused; may be empty.
    pub reason: String,
    /// Caps the lifetime of credentials; 0 is no cap.
    pub max_server_duration: Option<GoDuration>,
}

impl Rule {
    /// Whether a request of a sidecar for `profile` may match: its mode is server, and a pod has no device.
    pub fn may_match_sidecars_of(&self, profile: &str) -> bool {
        let Conditions { profiles, mode, device, .. } = &self.conditions;
        let matches = profiles.is_empty() || profiles.iter().any(|one| one.matches(profile));
        let by_sidecar = mode.is_empty() || mode.contains(&Mode::Server);
        matches && by_sidecar && device.is_none()
    }
}

/// What a request must be for a rule to match. An empty list matches anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    /// AWS profiles.
    pub profiles: Vec<Pattern>,
    /// User names.
    pub users: Vec<Pattern>,
    /// How credentials are asked for.
    pub mode: Vec<Mode>,
    /// When.
    pub time: Option<TimeWindow>,
    /// What the user's device must be. A pod has no device, so a rule with this never matches here.
    pub device: Option<DeviceCondition>,
}

/// Requirements on a laptop's posture: kept for the evaluators that can judge it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceCondition {
    /// Compliant in device management.
    pub require_mdm_compliant: Option<bool>,
    /// Enrolled in device management.
    pub require_mdm_enrolled: Option<bool>,
    /// Its disk is encrypted.
    pub require_encryption: Option<bool>,
    /// Its firewall is on.
    pub require_firewall: Option<bool>,
    /// The oldest accepted version of the operating system.
    pub min_os_version: Option<String>,
    /// The accepted operating systems.
    pub allowed_os_types: Vec<String>,
}
