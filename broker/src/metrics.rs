//! What the broker counts. No label names a pod, a user or a profile.

use std::time::{Duration, Instant};

use prometheus::{
    CounterVec, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts,
};
use sentinel_runtime::kube_calls;
use sentinel_runtime::telemetry::Metrics;

/// Seconds: a warm answer takes a fraction of the first, the deadline is 0.7.
const REQUEST_BUCKETS: &[f64] = &[0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.7, 1.0];
const CALL_BUCKETS: &[f64] = &[0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];

/// The broker's metrics. Cloning gives another handle.
#[derive(Clone, Debug)]
pub struct BrokerMetrics {
    /// Credential requests by outcome.
    pub requests: IntCounterVec,
    /// How long they took.
    pub duration: Histogram,
    /// Where credentials came from: `hit`, `miss`, `renewal`.
    pub cache: IntCounterVec,
    /// Calls to AWS.
    pub aws_calls: IntCounterVec,
    /// Calls to AWS that failed, by kind.
    pub aws_failures: IntCounterVec,
    /// How long they took.
    pub aws_seconds: HistogramVec,
    /// Capacity units of the session tables.
    pub table_units: CounterVec,
    /// Requests to the API server.
    pub kube_calls: IntCounterVec,
    /// Seconds since a watch last heard from the API server.
    pub watch_age: GaugeVec,
    /// SentinelSessions known.
    pub sessions: Gauge,
    /// Sessions with credentials in the cache.
    pub cached: Gauge,
    /// Decision lines and Events that were dropped because their queue was full.
    pub dropped: IntCounterVec,
    /// Events that could not be written.
    pub event_failures: IntCounter,
}

impl BrokerMetrics {
    /// Registers them all.
    pub fn new(metrics: &Metrics) -> prometheus::Result<Self> {
        let counters = |name: &str, help: &str, labels: &[&str]| {
            metrics.register(IntCounterVec::new(Opts::new(name, help), labels)?)
        };
        let gauge = |name: &str, help: &str| metrics.register(Gauge::new(name, help)?);
        let request = HistogramOpts::new("broker_request_seconds", "Time to answer a credential request.");
        let call = HistogramOpts::new("broker_aws_call_seconds", "Time of a call to AWS.");
        let age = Opts::new("broker_watch_age_seconds", "Seconds since a watch last heard from the API server.");
        let units =
            Opts::new("broker_table_units_total", "Capacity units of the session tables, as DynamoDB counts them.");
        let failures = IntCounter::new("broker_event_failures_total", "Events that could not be written.")?;
        Ok(Self {
            requests: counters("broker_requests_total", "Credential requests by outcome.", &["outcome"])?,
            duration: metrics.register(Histogram::with_opts(request.buckets(REQUEST_BUCKETS.to_vec()))?)?,
            cache: counters("broker_credential_cache_total", "Where credentials came from.", &["result"])?,
            aws_calls: counters("broker_aws_calls_total", "Calls to AWS.", &["service", "operation"])?,
            aws_failures: counters("broker_aws_failures_total", "Calls to AWS that failed.", &["service", "kind"])?,
            aws_seconds: metrics
                .register(HistogramVec::new(call.buckets(CALL_BUCKETS.to_vec()), &["service", "operation"])?)?,
            table_units: metrics.register(CounterVec::new(units, &["operation"])?)?,
            kube_calls: counters("broker_kube_calls_total", "Requests to the API server.", &kube_calls::LABELS)?,
            watch_age: metrics.register(GaugeVec::new(age, &["watch"])?)?,
            sessions: gauge("broker_sessions", "SentinelSessions known.")?,
            cached: gauge("broker_cached_credentials", "Sessions with credentials in the cache.")?,
            dropped: counters("broker_dropped_total", "Lines and Events dropped by a full queue.", &["queue"])?,
            event_failures: metrics.register(failures)?,
        })
    }

    /// Counts a call to AWS that began at `start`.
    pub fn aws_call<T>(
        &self,
        service: &str,
        operation: &str,
        start: Instant,
        result: &Result<T, sentinel_aws::AwsError>,
    ) {
        let labels = [service, operation];
        self.aws_calls.with_label_values(&labels).inc();
        self.aws_seconds.with_label_values(&labels).observe(start.elapsed().as_secs_f64());
        if let Err(error) = result {
            self.aws_failures.with_label_values(&[service, error.kind.as_str()]).inc();
        }
    }

    /// Counts an answered request.
    pub fn answered(&self, outcome: &str, took: Duration) {
        self.requests.with_label_values(&[outcome]).inc();
        self.duration.observe(took.as_secs_f64());
    }
}

impl sentinel_aws::Meter for BrokerMetrics {
    fn consumed(&self, operation: &'static str, units: f64) {
        self.table_units.with_label_values(&[operation]).inc_by(units);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;
    use sentinel_runtime::reference;

    #[test]
    fn the_reference_shows_these_metrics() {
        let BrokerMetrics {
            requests,
            duration,
            cache,
            aws_calls,
            aws_failures,
            aws_seconds,
            table_units,
            kube_calls,
            watch_age,
            sessions,
            cached,
            dropped,
            event_failures,
        } = BrokerMetrics::new(&Metrics::new("test").unwrap()).unwrap();
        let rows = reference::metrics(&[
            &requests,
            &duration,
            &cache,
            &aws_calls,
            &aws_failures,
            &aws_seconds,
            &table_units,
            &kube_calls,
            &watch_age,
            &sessions,
            &cached,
            &dropped,
            &event_failures,
        ]);
        reference::keep("metrics.md", "sentinel-broker", &rows).unwrap();
    }

    #[test]
    fn the_reference_shows_these_settings() {
        let rows = reference::settings(&crate::Args::command());
        reference::keep("settings.md", "sentinel-broker", &rows).unwrap();
    }
}
