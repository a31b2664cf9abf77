//! What was measured, beside its limit.

use std::fmt;

/// One line.
#[derive(Clone, Debug)]
struct Line {
    what: String,
    measured: String,
    limit: String,
    kept: Option<bool>,
}

/// All lines.
#[derive(Clone, Debug, Default)]
pub struct Report {
    lines: Vec<Line>,
}

impl Report {
    /// A number that must not be above `limit`.
    pub fn limited(&mut self, what: impl Into<String>, value: f64, limit: f64, unit: &str) {
        let (measured, kept) = (format!("{value:.2} {unit}"), Some(value <= limit));
        self.add(Line { what: what.into(), measured, limit: format!("≤ {limit} {unit}"), kept });
    }

    /// What is only told.
    pub fn told(&mut self, what: impl Into<String>, measured: impl Into<String>) {
        self.add(Line { what: what.into(), measured: measured.into(), limit: String::new(), kept: None });
    }

    /// Whether every limit was kept.
    pub fn passed(&self) -> bool {
        self.lines.iter().all(|line| line.kept != Some(false))
    }

    /// Shown as it comes, so that a run that is cut off has said something.
    fn add(&mut self, line: Line) {
        eprintln!("scale: {line}");
        self.lines.push(line);
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.kept {
            None => "",
            Some(true) => "PASS",
            Some(false) => "FAIL",
        };
        write!(f, "| {} | {} | {} | {verdict} |", self.what, self.measured, self.limit)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | measured | limit | |\n|---|---|---|---|")?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_limit_that_is_not_kept_fails_all() {
        let mut report = Report::default();
        report.told("calls", "7");
        report.limited("memory", 64.0, 64.0, "MiB");
        assert!(report.passed());
        report.limited("list", 2.01, 2.0, "s");
        assert!(!report.passed());
        assert!(report.to_string().contains("| list | 2.01 s | ≤ 2 s | FAIL |"), "{report}");
    }
}
