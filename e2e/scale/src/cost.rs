//! What DynamoDB would cost, by what it says that the counted calls consumed. Pure. STS and standard parameters cost nothing.

use std::fmt;
use std::time::Duration;

/// On demand, us-east-1: dollars for a write unit and a read unit.
const WRITE: f64 = 0.625e-6;
const READ: f64 = 0.125e-6;
const DAY: f64 = 24.0 * 3600.0;
/// What the limit speaks of.
const OF_PODS: f64 = 10_000.0;

/// What was counted in the steady state.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// Pods with sessions in use.
    pub pods: f64,
    /// For how long.
    pub window: Duration,
    /// How often rows were written: the broker's touch interval of this run, and the one that is reckoned for.
    pub interval: (Duration, Duration),
    /// Write units of the broker.
    pub touches: f64,
    /// Read units of the broker: a row for each issue.
    pub checks: f64,
    /// Read units of the operator: rows, and what others revoked.
    pub reads: f64,
    /// Write units of the operator.
    pub writes: f64,
    /// Read units of one scan for orphans, which is hourly.
    pub scan: f64,
}

/// Dollars a day for 10 000 pods.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Touches.
    pub touches: f64,
    /// A read before each issue.
    pub checks: f64,
    /// The operator's reads.
    pub reads: f64,
    /// The operator's writes.
    pub writes: f64,
    /// Scans for orphans.
    pub scans: f64,
}

impl Counted {
    /// What it costs.
    pub fn cost(&self) -> Cost {
        let daily = DAY / self.window.as_secs_f64();
        let scaled = OF_PODS / self.pods;
        let slower = self.interval.0.as_secs_f64() / self.interval.1.as_secs_f64();
        Cost {
            touches: self.touches * daily * slower * WRITE * scaled,
            checks: self.checks * daily * READ * scaled,
            reads: self.reads * daily * READ * scaled,
            writes: self.writes.max(0.0) * daily * WRITE * scaled,
            scans: self.scan * 24.0 * READ * scaled,
        }
    }
}

impl Cost {
    /// All of it.
    pub fn total(&self) -> f64 {
        self.touches + self.checks + self.reads + self.writes + self.scans
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { touches, checks, reads, writes, scans } = self;
        write!(
            f,
            "touches {touches:.3}, a read before each issue {checks:.3}, the operator's reads {reads:.3} and writes {writes:.3}, \
             scans for orphans {scans:.3}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A day of one pod as broker/src/rows/tests.rs counts it, with five write units a touch.
    #[test]
    fn a_day_of_ten_thousand_pods() {
        let (day, hours) = (Duration::from_hours(24), Duration::from_hours(2));
        let counted = Counted {
            pods: 1.0,
            window: day,
            interval: (hours, hours),
            touches: 12.0 * 5.0,
            checks: 192.0,
            reads: 288.0 * 0.5,
            writes: 0.0,
            scan: 0.1,
        };
        let cost = counted.cost();
        assert!((cost.total() - 0.798).abs() < 0.001, "{cost}");
        let by_the_minute = Counted { interval: (hours, Duration::from_mins(1)), ..counted };
        assert!(by_the_minute.cost().total() > 45.0);
    }
}
