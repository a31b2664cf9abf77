//! What the kinds of policies differ in.

use kube::Resource;
use sentinel_api::AccessPolicy;
use sentinel_core::policy::{self, Problems, publish};
use serde::de::DeserializeOwned;

/// A kind of policy object. `spec.publish`, `spec.deletionPolicy` and the status are the same in all of them.
pub(crate) trait PolicyKind: Send + Sync + 'static {
    /// The object.
    type Object: Resource<DynamicType = ()> + DeserializeOwned;
    /// What it means.
    type Policy;
    /// The path of its parameters under the root.
    const FOLDER: &'static str;

    /// The policy, or every problem at once.
    fn policy(object: &Self::Object) -> Result<Self::Policy, Problems>;

    /// The text for evaluators outside the cluster, where `profiles` are all that exist.
    fn document(policy: &Self::Policy, profiles: &[&str]) -> Result<String, Problems>;

    /// The text that stands in for a document that can't be published: it allows nothing, and says why.
    fn refusal(why: &str) -> String;

    /// Name of the kind.
    fn name() -> String {
        Self::Object::kind(&()).into_owned()
    }

    /// Name of the parameter of the object `name`.
    fn parameter_name(root: &str, name: &str) -> String {
        format!("{root}/{}/{name}", Self::FOLDER)
    }
}

/// AccessPolicy.
pub(crate) struct AccessPolicies;

impl PolicyKind for AccessPolicies {
    type Object = AccessPolicy;
    type Policy = policy::AccessPolicy;
    const FOLDER: &'static str = "policies";

    fn policy(object: &AccessPolicy) -> Result<policy::AccessPolicy, Problems> {
        object.spec.resolve()
    }

    fn document(policy: &policy::AccessPolicy, profiles: &[&str]) -> Result<String, Problems> {
        publish::portable(policy, profiles)
    }

    fn refusal(why: &str) -> String {
        publish::deny_all(why)
    }
}
