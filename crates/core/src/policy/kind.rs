//! What every kind of policy can do.

/// Declares a policy of such rules, read and printed by [`super::document`].
macro_rules! policy {
    ($(#[$meta:meta])* pub struct $policy:ident of $rule:ident;) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $policy {
            rules: Vec<$rule>,
        }

        impl $policy {
            /// Reads a YAML or JSON document in the spelling of the policy reference.
            pub fn from_yaml(text: &str) -> Result<Self, $crate::policy::Problems> {
                $crate::policy::document::from_text(text).map(Self::of)
            }

            /// Reads an object of `version` and `rules`; everything that is wrong with it comes back at once.
            pub fn from_value(
                value: &serde_json::Value,
                spelling: $crate::policy::Spelling,
            ) -> Result<Self, $crate::policy::Problems> {
                $crate::policy::document::from_value(value, spelling).map(Self::of)
            }

            /// The canonical document: the same to the byte for an equal policy, and read back as an equal one.
            pub fn to_yaml(&self) -> String {
                self.to_yaml_as($crate::policy::Spelling::Document)
            }

            /// The same, spelled as a custom resource's `spec` is.
            pub fn to_yaml_as(&self, spelling: $crate::policy::Spelling) -> String {
                $crate::policy::document::node(&self.rules).to_yaml(spelling)
            }

            /// The policy as an object of `version` and `rules`.
            pub fn to_value(&self, spelling: $crate::policy::Spelling) -> serde_json::Value {
                $crate::policy::document::node(&self.rules).to_value(spelling)
            }

            /// The rules in the order of the document.
            pub fn rules(&self) -> &[$rule] {
                &self.rules
            }

            /// Rules that are known to be valid, and not none.
            pub(in $crate::policy) fn of(rules: Vec<$rule>) -> Self {
                Self { rules }
            }
        }
    };
}
pub(crate) use policy;
