//! Reading one value.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::{At, Noted, Read};
use crate::policy::path::Path;
use crate::policy::text::{InvalidText, check_line, check_prose, excerpt};
use crate::policy::words::Word;
use crate::time::GoDuration;

impl<'a> At<'a> {
    /// Every entry of a list, with its index; all of them are read, whichever fails.
    pub(crate) fn entries<T>(&self, most: usize, read: impl Fn(usize, At<'_>) -> Read<T>) -> Read<Vec<T>> {
        let Value::Array(entries) = self.value else {
            return Err(self.mismatch("a list"));
        };
        if entries.len() > most {
            return Err(self.note(format!("{} entries are too many: at most {most} are allowed", entries.len())));
        }
        let at = |index, value| At { path: Path::Index(&self.path, index), value, ..*self };
        let all: Vec<_> = entries.iter().enumerate().map(|(index, value)| read(index, at(index, value))).collect();
        all.into_iter().collect()
    }

    /// The entries of a list, or the one entry that stands here without a list.
    pub(crate) fn one_or_more<T>(&self, most: usize, read: impl Fn(At<'_>) -> Read<T>) -> Read<Vec<T>> {
        if self.value.is_string() { Ok(vec![read(*self)?]) } else { self.entries(most, |_, at| read(at)) }
    }

    /// A string, whatever it holds.
    pub(crate) fn string(&self) -> Read<&'a str> {
        match self.value {
            Value::String(text) => Ok(text),
            Value::Number(number) => {
                Err(self.note(format!("must be a string, not a number: quote it as \"{number}\"")))
            }
            Value::Bool(flag) => Err(self.note(format!("must be a string, not true or false: quote it as \"{flag}\""))),
            _ => Err(self.mismatch("a string")),
        }
    }

    /// A name: one visible line that isn't empty.
    pub(crate) fn line(&self) -> Read<&'a str> {
        self.checked(check_line)
    }

    /// A sentence for people.
    pub(crate) fn prose(&self) -> Read<&'a str> {
        self.checked(check_prose)
    }

    fn checked(&self, check: impl FnOnce(&str) -> Result<(), InvalidText>) -> Read<&'a str> {
        let text = self.string()?;
        check(text).map_err(|problem| self.note(problem.to_string()))?;
        Ok(text)
    }

    /// A string that a type of ours reads; its error is the message.
    pub(crate) fn parse<T: FromStr<Err: fmt::Display>>(&self) -> Read<T> {
        self.string()?.parse().map_err(|problem: T::Err| self.note(problem.to_string()))
    }

    /// A word of a vocabulary, which messages call `kind`.
    pub(crate) fn word<W: Word>(&self, kind: &str) -> Read<W> {
        let text = self.string()?;
        W::read(text).ok_or_else(|| self.note(self.invalid_word::<W>(kind, text)))
    }

    /// The message for a word that isn't one.
    pub(crate) fn invalid_word<W: Word>(&self, kind: &str, written: &str) -> String {
        format!("invalid {kind} '{}' in rule '{}': use one of {}", excerpt(written), excerpt(self.rule()), W::choices())
    }

    /// A Go duration that isn't negative.
    pub(crate) fn duration(&self, name: &str) -> Read<GoDuration> {
        if let Value::Number(number) = self.value {
            return Err(self.note(format!(
                "must be a duration with its unit, not a bare number: write \"{number}m\" or \"{number}s\""
            )));
        }
        let duration: GoDuration = self.parse()?;
        if duration.is_negative() {
            let message = format!(
                "rule '{}' has negative {name} {duration}: write a positive one, or leave it out",
                excerpt(self.rule())
            );
            return Err(self.note(message));
        }
        Ok(duration)
    }

    /// The same, at most `most`; `subject` is what messages call the duration of a rule.
    pub(crate) fn duration_up_to(
        &self,
        name: &str,
        most: GoDuration,
        subject: impl FnOnce(&str) -> String,
    ) -> Read<GoDuration> {
        let duration = self.duration(name)?;
        if duration > most {
            let subject = subject(&excerpt(self.rule()));
            return Err(self.note(format!("{subject} exceeds maximum of {most}: {duration} is too long")));
        }
        Ok(duration)
    }

    /// How many: a whole number, at least 1. Evaluators that take 0 for no limit meet readers who take it for none allowed.
    pub(crate) fn count(&self, name: &str) -> Read<u32> {
        let Value::Number(number) = self.value else {
            return Err(self.mismatch("a whole number"));
        };
        let rule = excerpt(self.rule());
        let wrong = match number.as_u64().map(u32::try_from) {
            Some(Ok(count @ 1..)) => return Ok(count),
            Some(Ok(_)) => format!("rule '{rule}' has {name} 0: write 1 or more, or leave it out for no limit"),
            _ if number.as_i64().is_some_and(i64::is_negative) => {
                format!("rule '{rule}' has negative {name} {number}: write 1 or more, or leave it out")
            }
            _ => format!("rule '{rule}' has {name} {number}: write a whole number from 1 to {}", u32::MAX),
        };
        Err(self.note(wrong))
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self) -> Read<bool> {
        self.value.as_bool().ok_or_else(|| self.mismatch("true or false"))
    }

    /// The version of the policy language: `"1"`, or the integer 1.
    pub(crate) fn version(&self) -> Read<()> {
        let written = match self.value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(self.mismatch("the string \"1\"")),
        };
        if written == "1" {
            return Ok(());
        }
        let written = excerpt(&written);
        Err(self.note(format!("unsupported policy version '{written}', supported versions: [1]: write version: \"1\"")))
    }

    /// Notes that something else is expected.
    pub(crate) fn mismatch(&self, expected: &str) -> Noted {
        let (found, hint) = match self.value {
            Value::Null => ("nothing (null)", ": give it a value, or leave the key out".to_owned()),
            Value::Bool(_) => ("true or false", String::new()),
            Value::Number(_) => ("a number", String::new()),
            Value::String(text) if expected == "a list" => ("a string", format!(": write [{}]", excerpt(text))),
            Value::String(_) => ("a string", String::new()),
            Value::Array(_) => ("a list", String::new()),
            Value::Object(_) => ("a mapping", String::new()),
        };
        self.note(format!("must be {expected}, not {found}{hint}"))
    }
}
