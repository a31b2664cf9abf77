//! Counts of admissions.

use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts};
use sentinel_runtime::telemetry::Metrics;

/// `sentinel_admissions_total{path,outcome}` and `sentinel_admission_duration_seconds{path}`.
#[derive(Clone, Debug)]
pub struct AdmissionMetrics {
    admissions: IntCounterVec,
    duration: HistogramVec,
}

impl AdmissionMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> prometheus::Result<Self> {
        let total = Opts::new(
            "admissions_total",
            "Admission requests answered. outcome: allowed, patched, refused, unavailable, unreadable.",
        );
        let duration = HistogramOpts::new("admission_duration_seconds", "Time to judge an admission request.")
            .buckets(vec![0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0]);
        Ok(Self {
            admissions: metrics.register(IntCounterVec::new(total, &["path", "outcome"])?)?,
            duration: metrics.register(HistogramVec::new(duration, &["path"])?)?,
        })
    }

    /// Counts one.
    pub fn count(&self, path: &str, outcome: &str, took: Duration) {
        self.admissions.with_label_values(&[path, outcome]).inc();
        self.duration.with_label_values(&[path]).observe(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;
    use sentinel_runtime::reference;

    #[test]
    fn the_reference_shows_these_metrics() {
        let AdmissionMetrics { admissions, duration } = AdmissionMetrics::new(&Metrics::new("test").unwrap()).unwrap();
        reference::keep("metrics.md", "sentinel-webhook", &reference::metrics(&[&admissions, &duration])).unwrap();
    }

    #[test]
    fn the_reference_shows_these_settings() {
        let rows = reference::settings(&crate::Args::command());
        reference::keep("settings.md", "sentinel-webhook", &rows).unwrap();
    }
}
