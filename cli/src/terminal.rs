//! Asking the person at the terminal, if there is one.

use std::io::{BufRead, IsTerminal as _, Write as _, stderr, stdin};

use crate::failure::Failure;

/// Whether to go on; None: there is nobody to ask.
pub(crate) type Ask = fn(&str) -> Option<bool>;

/// What is asked before something that is hard to take back.
pub(crate) struct Question {
    /// In a word or two.
    pub(crate) asks: &'static str,
    /// What a no means.
    pub(crate) no: &'static str,
    /// What to do where nobody can be asked.
    pub(crate) otherwise: &'static str,
}

impl Question {
    /// Goes on only with a yes, after it has shown what this is about: whole lines.
    pub(crate) fn consent(&self, about: &str, ask: Ask) -> Result<(), Failure> {
        let Self { asks, no, otherwise } = self;
        match ask(&format!("{about}{asks}")) {
            Some(true) => Ok(()),
            Some(false) => Err(Failure::Usage((*no).to_owned())),
            None => {
                Err(Failure::Usage(format!("{no}: there is no terminal to ask at. {otherwise}\n{}", about.trim_end())))
            }
        }
    }
}

/// Asks the person at the terminal of the process.
pub(crate) fn ask(question: &str) -> Option<bool> {
    if !stdin().is_terminal() {
        return None;
    }
    let _ = write!(stderr(), "{question} [y/N] ");
    Some(is_yes(&mut stdin().lock()))
}

/// For whoever runs a command from a program.
pub(crate) fn nobody(_: &str) -> Option<bool> {
    None
}

fn is_yes(answers: &mut impl BufRead) -> bool {
    let mut line = String::new();
    let read = answers.read_line(&mut line).is_ok();
    read && matches!(line.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_one() {
        for (answer, yes) in
            [("y\n", true), ("YES\n", true), ("\n", false), ("", false), ("no\n", false), ("yep\n", false)]
        {
            assert_eq!(is_yes(&mut answer.as_bytes()), yes, "{answer:?}");
        }
    }

    #[test]
    fn only_a_yes_goes_on() {
        let question = Question { asks: "Lock?", no: "nothing was locked", otherwise: "--yes locks" };
        assert!(question.consent("namespaces payments\n", |text| Some(text == "namespaces payments\nLock?")).is_ok());
        let no = question.consent("namespaces payments\n", |_| Some(false)).unwrap_err();
        assert_eq!(no.to_string(), "nothing was locked");
        let nobody_there = question.consent("namespaces payments\n", nobody).unwrap_err();
        assert_eq!(
            nobody_there.to_string(),
            "nothing was locked: there is no terminal to ask at. --yes locks\nnamespaces payments"
        );
    }
}
