//! What `kubectl sentinel <TAB>` offers. kubectl asks `kubectl_complete-sentinel` on PATH, which asks here.
//!
//! The answer is in the protocol of kubectl's own completions: one offer per line, a tab before its description, and at last a
//! number that says what the shell may add.

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory as _};

use crate::args::Args;
use crate::report::lines;

/// The shell adds nothing.
const NOTHING: &str = ":4";
/// The shell adds files.
const FILES: &str = ":0";

/// What is offered for the last word, given the words before it.
pub(crate) fn answer(words: &[String]) -> String {
    let (word, before) = words.split_last().map_or(("", words), |(word, before)| (word.as_str(), before));
    let mut root = Args::command();
    root.build();
    let command = before.iter().find_map(|word| root.find_subcommand(word)).unwrap_or(&root);
    let offers = match before.last().and_then(|flag| valued(command, flag)) {
        Some(arg) => Offers::values(arg, ""),
        None => Offers::word(command, word),
    };
    offers.answer(word)
}

struct Offers {
    offers: Vec<String>,
    more: &'static str,
}

impl Offers {
    /// Flags, commands or values, whichever may stand here.
    fn word(command: &Command, word: &str) -> Self {
        if let Some((flag, _)) = word.split_once('=')
            && let Some(arg) = valued(command, flag)
        {
            return Self::values(arg, &format!("{flag}="));
        }
        if word.starts_with('-') {
            return Self { offers: flags(command), more: NOTHING };
        }
        if command.has_subcommands() {
            return Self { offers: commands(command), more: NOTHING };
        }
        command.get_positionals().next().map_or(Self { offers: Vec::new(), more: NOTHING }, |arg| Self::values(arg, ""))
    }

    fn values(arg: &Arg, prefix: &str) -> Self {
        let values = arg.get_possible_values();
        let offers =
            values.iter().map(|value| offer(&format!("{prefix}{}", value.get_name()), value.get_help())).collect();
        let is_file = arg.get_value_names().is_some_and(|names| names.iter().any(|name| name == "FILE"));
        Self { offers, more: if is_file { FILES } else { NOTHING } }
    }

    fn answer(self, word: &str) -> String {
        let fitting = self.offers.into_iter().filter(|offer| offer.starts_with(word));
        lines(fitting.chain([self.more.to_owned()]))
    }
}

fn commands(command: &Command) -> Vec<String> {
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    shown.map(|command| offer(command.get_name(), command.get_about())).collect()
}

fn flags(command: &Command) -> Vec<String> {
    let flag = |arg: &Arg| Some(offer(&format!("--{}", arg.get_long()?), arg.get_help()));
    command.get_arguments().filter_map(flag).collect()
}

/// The argument that this word is the flag of, if it takes a value.
fn valued<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    let is_it = |arg: &&Arg| match word.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => word.strip_prefix('-').is_some_and(|short| arg.get_short().map(String::from).as_deref() == Some(short)),
    };
    command.get_arguments().filter(|arg| arg.get_action().takes_values()).find(is_it)
}

fn offer(word: &str, help: Option<&StyledStr>) -> String {
    let help = help.map(ToString::to_string);
    match help.as_deref().and_then(|help| help.lines().next()) {
        Some(help) => format!("{word}\t{help}"),
        None => word.to_owned(),
    }
}
