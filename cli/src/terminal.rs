//! Asking the person at the terminal, if there is one.

use std::io::{BufRead, IsTerminal as _, Write as _, stderr, stdin};

/// Whether to go on; None: there is nobody to ask.
pub(crate) type Ask = fn(&str) -> Option<bool>;

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
    use super::is_yes;

    #[test]
    fn only_a_yes_is_one() {
        for (answer, yes) in
            [("y\n", true), ("YES\n", true), ("\n", false), ("", false), ("no\n", false), ("yep\n", false)]
        {
            assert_eq!(is_yes(&mut answer.as_bytes()), yes, "{answer:?}");
        }
    }
}
