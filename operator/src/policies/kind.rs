//! What the kinds of policies differ in.

use kube::Resource;
use sentinel_api::{AccessPolicy, ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy};
use sentinel_core::policy::lint::{Lint, Surroundings};
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
    /// What one that is refused means here.
    const REFUSED: &'static str;
    /// What [`Self::refusal`] does.
    const STAND_IN: &'static str;

    /// The policy, or every problem at once.
    fn policy(object: &Self::Object) -> Result<Self::Policy, Problems>;

    /// The text for evaluators outside the cluster, where `profiles` are all that exist.
    fn document(policy: &Self::Policy, profiles: &[&str]) -> Result<String, Problems>;

    /// The text that stands in for a document that can't be published: it allows nothing, and says why.
    fn refusal(why: &str) -> String;

    /// What is surely a mistake in it.
    fn lint(policy: &Self::Policy, around: &Surroundings) -> Vec<Lint>;

    /// Name of the kind.
    fn name() -> String {
        Self::Object::kind(&()).into_owned()
    }

    /// Name of the parameter of the object `name`.
    fn parameter_name(root: &str, name: &str) -> String {
        format!("{root}/{}/{name}", Self::FOLDER)
    }
}

macro_rules! kinds {
    ($($kind:ident {
        object: $object:ident, folder: $folder:literal, document: $document:expr, refusal: $refusal:path,
        refused: $refused:literal, stand_in: $stand_in:literal,
    })+) => {
        $(
            #[doc = concat!(stringify!($object), ".")]
            pub(crate) struct $kind;

            impl PolicyKind for $kind {
                type Object = $object;
                type Policy = policy::$object;
                const FOLDER: &'static str = $folder;
                const REFUSED: &'static str = $refused;
                const STAND_IN: &'static str = $stand_in;

                fn policy(object: &$object) -> Result<policy::$object, Problems> {
                    object.spec.resolve()
                }

                fn document(policy: &policy::$object, profiles: &[&str]) -> Result<String, Problems> {
                    let document: fn(&policy::$object, &[&str]) -> Result<String, Problems> = $document;
                    document(policy, profiles)
                }

                fn refusal(why: &str) -> String {
                    $refusal(why)
                }

                fn lint(policy: &policy::$object, around: &Surroundings) -> Vec<Lint> {
                    policy.lint(around)
                }
            }
        )+
    };
}

// Only access policies expand globs: in the others that would widen or narrow what a later rule says (core's publish).
kinds! {
    AccessPolicies {
        object: AccessPolicy, folder: "policies",
        document: publish::portable, refusal: publish::deny_all,
        refused: "the broker denies everything under this policy",
        stand_in: "denies everything",
    }
    ApprovalPolicies {
        object: ApprovalPolicy, folder: "approval-policies",
        document: |policy, _| publish::portable_approval(policy), refusal: publish::refuse_approval,
        refused: "nobody can approve anything under this policy",
        stand_in: "lets nobody approve anything",
    }
    BreakGlassPolicies {
        object: BreakGlassPolicy, folder: "break-glass-policies",
        document: |policy, _| publish::portable_break_glass(policy), refusal: publish::refuse_break_glass,
        refused: "nobody can break the glass under this policy",
        stand_in: "lets nobody break the glass",
    }
    RateLimitPolicies {
        object: RateLimitPolicy, folder: "rate-limit-policies",
        document: |policy, _| publish::portable_rate_limit(policy), refusal: publish::tightest_rate_limit,
        refused: "nobody can break the glass under this policy",
        stand_in: "allows one emergency in ten years",
    }
}
