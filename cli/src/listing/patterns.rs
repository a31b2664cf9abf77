//! What a filter names: one of its patterns must fit, if there are any.

use sentinel_core::identity::service_account_user;
use sentinel_core::policy::Pattern;

use crate::failure::Failure;

/// The values of one option.
#[derive(Debug, Default)]
pub(crate) struct Patterns(Vec<Pattern>);

impl Patterns {
    /// As `option` has them.
    pub(crate) fn read(option: &str, texts: &[String]) -> Result<Self, Failure> {
        let read =
            texts.iter().map(|text| text.parse().map_err(|why| Failure::Usage(format!("{option} {text:?}: {why}"))));
        Ok(Self(read.collect::<Result<_, _>>()?))
    }

    /// Whether they let `text` through.
    pub(crate) fn fit(&self, text: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.matches(text))
    }

    /// The one text that they let through, if it can stand in a selector: there, other characters would mean something.
    pub(crate) fn only(&self) -> Option<&str> {
        let [pattern] = self.0.as_slice() else { return None };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '.' | '_');
        Some(pattern.as_str()).filter(|text| !pattern.is_glob() && text.chars().all(plain))
    }
}

/// `<namespace>/<name>` written out; anything else as it is.
pub(crate) fn whole_user(user: &str) -> String {
    user.split_once('/').map_or_else(|| user.to_owned(), |(namespace, name)| service_account_user(namespace, name))
}
