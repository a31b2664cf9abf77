//! What is wrong with a document: every problem at once, each with its place.

use std::fmt;

/// One thing that is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: `rules[0].conditions.users`, spelled as the document spells it. Empty for the document as a whole.
    pub path: String,
    /// What is wrong and how to mend it.
    pub message: String,
    /// More exactly where, if the path alone doesn't say it.
    pub spot: Option<Spot>,
}

/// A spot that a path can't name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A key of the mapping at the path, or the key that the path ends with: the key itself and not its value. There twice, the
    /// later one is meant.
    Key(String),
    /// A place of the text, where it couldn't be read any further; both count from 1, columns in characters.
    Text {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
}

impl Problem {
    /// A problem at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), spot: None }
    }

    /// The same, at a key of what is at its path.
    #[must_use]
    pub fn at_key(self, key: impl Into<String>) -> Self {
        Self { spot: Some(Spot::Key(key.into())), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}

/// Every problem of one document, in the order of the document; never empty.
///
/// `{}` joins them by `; `, `{:#}` writes one per line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `Ok(value)` if nothing was found, all of it otherwise.
    pub fn refuse<T>(found: Vec<Problem>, value: T) -> Result<T, Self> {
        if found.is_empty() { Ok(value) } else { Err(Self(found)) }
    }

    /// All of what was found, by somebody who couldn't go on.
    pub(crate) fn some(mut found: Vec<Problem>) -> Self {
        if found.is_empty() {
            found.push(Problem::new("", "the document can't be read"));
        }
        Self(found)
    }

    /// The same, with others before them.
    #[must_use]
    pub fn after(self, mut earlier: Vec<Problem>) -> Self {
        earlier.extend(self.0);
        Self(earlier)
    }

    /// The same, of a document that is a part of another one, at `path`.
    #[must_use]
    pub fn at(self, path: &str) -> Self {
        let place = |inner: &str| if inner.is_empty() { path.to_owned() } else { format!("{path}.{inner}") };
        Self(self.0.into_iter().map(|problem| Problem { path: place(&problem.path), ..problem }).collect())
    }

    /// The problems one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// How many there are; at least one.
    #[expect(clippy::len_without_is_empty, reason = "never empty by construction")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let between = if f.alternate() { "\n" } else { "; " };
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(between)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
