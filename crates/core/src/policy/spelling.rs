//! The two spellings of one schema: snake_case in SSM documents, camelCase in custom resources.

use std::borrow::Cow;

/// How the keys of a document are spelled. Values (effects, modes, weekdays) are spelled alike in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// snake_case: the YAML of the policy reference, as it lies in SSM.
    Document,
    /// camelCase: the `spec` of a custom resource.
    Manifest,
}

impl Spelling {
    /// `key`, which the code writes in snake_case, as documents of this spelling write it.
    pub(crate) fn spell(self, key: &'static str) -> Cow<'static, str> {
        match self {
            Self::Manifest if key.contains('_') => Cow::Owned(camel_case(key)),
            _ => Cow::Borrowed(key),
        }
    }
}

fn camel_case(key: &str) -> String {
    let mut words = key.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |key, word| {
        let mut letters = word.chars();
        let initial = letters.next().map(|letter| letter.to_ascii_uppercase());
        key.chars().chain(initial).chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::Spelling;
    use rstest::rstest;

    #[rstest]
    #[case("name", "name")]
    #[case("session_table", "sessionTable")]
    #[case("max_server_duration", "maxServerDuration")]
    #[case("min_os_version", "minOsVersion")]
    fn spells(#[case] key: &'static str, #[case] manifest: &str) {
        assert_eq!(Spelling::Document.spell(key), key);
        assert_eq!(Spelling::Manifest.spell(key), manifest);
    }
}
