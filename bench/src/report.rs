//! The tables that are printed at the end.

use std::fmt::{self, Display};

use crate::measure::{Decisions, Measured};

/// Everything measured, by size.
pub struct Report<'a>(pub &'a [Measured]);

/// Nanoseconds, in a unit that is read at a glance.
struct Nanos(f64);

impl Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (answers, by_a_rule) =
            self.0.iter().fold((0, 0), |(all, some), one| (all + one.compared.answers, some + one.compared.by_a_rule));
        writeln!(
            f,
            "\nThe same answers: {answers} requests, of which {by_a_rule} met a rule. The least of 40 samples each."
        )?;
        decisions(f, "one decision, the first match is the last rule", self.0, |one| one.last)?;
        decisions(f, "one decision, no rule matches", self.0, |one| one.none)?;
        decisions(f, "one decision, for a profile in the rules of all teams", self.0, |one| one.shared)?;
        preparations(f, self.0)?;
        goals(f, self.0)
    }
}

fn decisions(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    measured: &[Measured],
    which: impl Fn(&Measured) -> Decisions,
) -> fmt::Result {
    writeln!(f, "\n{title}\n   rules   compiled      plain      Cedar   Cedar / compiled")?;
    for one in measured {
        let Decisions { compiled, plain, cedar } = which(one);
        writeln!(
            f,
            "{:8} {:>10} {:>10} {:>10} {:>17.0}×",
            one.rules,
            Nanos(compiled),
            Nanos(plain),
            Nanos(cedar),
            cedar / compiled
        )?;
    }
    Ok(())
}

fn preparations(f: &mut fmt::Formatter<'_>, measured: &[Measured]) -> fmt::Result {
    writeln!(f, "\nwhat comes before\n   rules  read YAML    compile  read Cedar")?;
    for one in measured {
        let (read, compile, cedar) = (Nanos(one.read), Nanos(one.compile), Nanos(one.read_cedar));
        writeln!(f, "{:8} {read:>10} {compile:>10} {cedar:>11}", one.rules)?;
    }
    Ok(())
}

fn goals(f: &mut fmt::Formatter<'_>, measured: &[Measured]) -> fmt::Result {
    let compiled = |rules| measured.iter().find(|one| one.rules == rules).map_or(f64::NAN, |one| one.last.compiled);
    let hundred = compiled(100);
    let growth = compiled(10_000) / compiled(10);
    let lead = measured.iter().map(|one| one.last.cedar / one.last.compiled).fold(f64::INFINITY, f64::min);
    writeln!(f, "\ngoals")?;
    goal(f, hundred <= 1000.0, &format!("at most 1 µs at 100 rules: {}", Nanos(hundred)))?;
    goal(f, growth <= 3.0, &format!("at 10 000 rules at most 3 times as long as at 10: {growth:.2} times"))?;
    goal(f, lead >= 20.0, &format!("at least 20 times faster than Cedar, at each size: {lead:.0} times"))
}

fn goal(f: &mut fmt::Formatter<'_>, is_met: bool, text: &str) -> fmt::Result {
    writeln!(f, "  {:7}  {text}", if is_met { "met" } else { "NOT MET" })
}

impl Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            nanos if nanos < 1e4 => format!("{nanos:.0} ns"),
            nanos if nanos < 1e7 => format!("{:.1} µs", nanos / 1e3),
            nanos => format!("{:.1} ms", nanos / 1e6),
        };
        f.pad(&text)
    }
}
