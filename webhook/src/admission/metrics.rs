//! Counts of admissions.

use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounterVec, Opts};
use sentinel_runtime::telemetry::Metrics;

/// `sentinel_admissions_total{path,outcome}` and `sentinel_admission_duration_seconds{path}`; the same of previews.
#[derive(Clone, Debug)]
pub struct AdmissionMetrics {
    admissions: IntCounterVec,
    duration: HistogramVec,
    previews: IntCounterVec,
    preview_duration: Histogram,
}

impl AdmissionMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> prometheus::Result<Self> {
        let total = Opts::new(
            "admissions_total",
            "Admission requests answered. outcome: allowed, patched, refused, unavailable, unreadable.",
        );
        let duration =
            HistogramOpts::new("admission_duration_seconds", "Time to judge an admission request.").buckets(buckets());
        let previews = Opts::new(
            "previews_total",
            "Changes that were decided for the live sessions. outcome: changed, unchanged, unknown (the author is told so).",
        );
        let preview_duration =
            HistogramOpts::new("preview_duration_seconds", "Time to decide a change for the live sessions.")
                .buckets(buckets());
        Ok(Self {
            admissions: metrics.register(IntCounterVec::new(total, &["path", "outcome"])?)?,
            duration: metrics.register(HistogramVec::new(duration, &["path"])?)?,
            previews: metrics.register(IntCounterVec::new(previews, &["outcome"])?)?,
            preview_duration: metrics.register(Histogram::with_opts(preview_duration)?)?,
        })
    }

    /// Counts one.
    pub fn count(&self, path: &str, outcome: &str, took: Duration) {
        self.admissions.with_label_values(&[path, outcome]).inc();
        self.duration.with_label_values(&[path]).observe(took.as_secs_f64());
    }

    /// Counts a preview.
    pub fn previewed(&self, outcome: &str, took: Duration) {
        self.previews.with_label_values(&[outcome]).inc();
        self.preview_duration.observe(took.as_secs_f64());
    }
}

fn buckets() -> Vec<f64> {
    vec![0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;
    use sentinel_runtime::reference;

    #[test]
    fn the_reference_shows_these_metrics() {
        let metrics = AdmissionMetrics::new(&Metrics::new("test").unwrap()).unwrap();
        let AdmissionMetrics { admissions, duration, previews, preview_duration } = metrics;
        reference::keep(
            "metrics.md",
            "sentinel-webhook",
            &reference::metrics(&[&admissions, &duration, &previews, &preview_duration]),
        )
        .unwrap();
    }

    #[test]
    fn the_reference_shows_these_settings() {
        let rows = reference::settings(&crate::Args::command());
        reference::keep("settings.md", "sentinel-webhook", &rows).unwrap();
    }
}
