//! What the kinds of policy objects share.

/// Declares the object and the spec of a kind. The module has a `rules_schema()`; `means` is what a document of this kind is.
macro_rules! policy_object {
    (
        $(#[$about:meta])*
        pub struct $spec:ident of $object:ident means $policy:ty;
        kind: $kind:tt, plural: $plural:tt, shortname: $short:tt, doc: $doc:tt, rules: $rules:tt,
    ) => {
        $(#[$about])*
        #[derive(
            kube::CustomResource, Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, kube::KubeSchema,
        )]
        #[kube(
            group = "sentinel.dev",
            version = "v1alpha1",
            kind = $kind,
            plural = $plural,
            shortname = $short,
            category = "sentinel",
            status = "crate::policy::PolicyStatus",
            derive = "PartialEq",
            doc = $doc,
            printcolumn(name = "Accepted", type_ = "string", json_path = ".status.conditions[?(@.type=='Accepted')].status", description = "It is in force"),
            printcolumn(name = "Published", type_ = "string", json_path = ".status.conditions[?(@.type=='Published')].status", description = "SSM holds what it says"),
            printcolumn(name = "Linted", type_ = "string", json_path = ".status.conditions[?(@.type=='Linted')].status", description = "Nothing in it is surely a mistake"),
            printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Published')].reason"),
            printcolumn(name = "Parameter", type_ = "string", json_path = ".status.parameter.name"),
            printcolumn(name = "Version", type_ = "integer", json_path = ".status.parameter.version", priority = 1),
            printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
            validation = Rule::new("size(self.metadata.name) <= 253").message("the name is too long for a parameter")
        )]
        #[serde(rename_all = "camelCase")]
        pub struct $spec {
            /// Version of the policy language: always "1".
            #[x_kube(validation = Rule::new("self == '1'").message("unsupported policy version, supported versions: [1]"))]
            pub version: String,
            #[doc = $rules]
            #[schemars(schema_with = "rules_schema")]
            pub rules: Vec<crate::policy::RawRule>,
            /// Whether the document is published to SSM Parameter Store. Default: true.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub publish: Option<bool>,
            /// What happens to the parameter when this object is deleted. Default: Delete.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub deletion_policy: Option<crate::policy::DeletionPolicy>,
            /// Keys that nobody knows; kept so that they can be refused.
            #[serde(flatten)]
            pub unknown: crate::strict::Unknown,
        }

        impl $spec {
            /// The policy, or every problem of the spec at once.
            pub fn resolve(&self) -> Result<$policy, sentinel_core::policy::Problems> {
                crate::policy::resolve(&self.version, &self.rules, &self.unknown, |document| {
                    <$policy>::from_value(document, sentinel_core::policy::Spelling::Manifest)
                })
            }

            /// Whether the document goes to SSM.
            pub fn publishes(&self) -> bool {
                self.publish.unwrap_or(true)
            }
        }
    };
}
pub(super) use policy_object;
