//! Why an object is refused.

use sentinel_core::policy::Problems;

use crate::admission::Answer;
use crate::view::NotReady;

/// A no.
#[derive(Debug)]
pub enum No {
    /// It is wrong.
    Invalid(Problems),
    /// It is right, and whoever asks may not.
    Forbidden(String),
    /// Nobody can tell now.
    NotReady(NotReady),
}

impl No {
    /// Whoever asks may not, and why.
    pub fn forbidden(why: &impl ToString) -> Self {
        Self::Forbidden(why.to_string())
    }

    /// The answer about `what`.
    pub fn into_answer(self, what: &str) -> Answer {
        match self {
            Self::Invalid(problems) => Answer::invalid(format!("{what}: {problems}")),
            Self::Forbidden(why) => Answer::forbidden(format!("{what}: {why}")),
            Self::NotReady(error) => Answer::unavailable(error.to_string()),
        }
    }
}

impl From<Problems> for No {
    fn from(problems: Problems) -> Self {
        Self::Invalid(problems)
    }
}

impl From<NotReady> for No {
    fn from(error: NotReady) -> Self {
        Self::NotReady(error)
    }
}
