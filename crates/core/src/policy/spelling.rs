//! The two spellings of one schema: snake_case in SSM documents, camelCase in custom resources.

/// How the keys of a document are spelled. Values (effects, modes, weekdays) are spelled alike in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// snake_case: the YAML of the policy reference, as it lies in SSM.
    Document,
    /// camelCase: the `spec` of a custom resource.
    Manifest,
}
