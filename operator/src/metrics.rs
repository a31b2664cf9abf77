//! What Prometheus sees.

use prometheus::{CounterVec, IntCounterVec, IntGauge, IntGaugeVec, Opts};
use sentinel_aws::{AwsError, Meter};
use sentinel_runtime::{kube_calls, telemetry};

/// The operator's metrics.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    /// 1 while this replica leads.
    pub leader: IntGauge,
    /// By kind and outcome (`ok`, `failed`).
    pub reconciles: IntCounterVec,
    /// By phase.
    pub sessions: IntGaugeVec,
    /// Calls to SSM that wait for their turn.
    pub ssm_queue: IntGauge,
    /// What the last audit found, by kind.
    pub audit_findings: IntGaugeVec,
    /// Revoked sessions under hard revocation, by whether IAM denies them (`denied`, `missing`).
    pub hard_revocations: IntGaugeVec,
    /// Access requests that wait for a decision.
    pub pending_requests: IntGauge,
    /// Break-glass events that go on.
    pub active_emergencies: IntGauge,
    /// What was told of requests, emergencies, sessions and locks, by event of the audit log.
    pub happenings: IntCounterVec,
    /// Attempts to notify, by target and what became of them (`delivered`, `retried`, `refused`, `given_up`, `dropped`).
    notifications: IntCounterVec,
    /// Notifications that some target hasn't got yet.
    pub notifications_waiting: IntGauge,
    /// Requests to the API server.
    pub kube_calls: IntCounterVec,
    table_units: CounterVec,
    /// The tables that profiles may use, by whether they can be used.
    pub session_tables: IntGaugeVec,
    aws: IntCounterVec,
    throttles: IntCounterVec,
}

impl Metrics {
    /// Registers them.
    pub fn new(metrics: &telemetry::Metrics) -> prometheus::Result<Self> {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            metrics.register(IntCounterVec::new(Opts::new(name, help), labels)?)
        };
        let units = Opts::new("table_units_total", "Capacity units of the session tables, as DynamoDB counts them.");
        Ok(Self {
            leader: metrics.register(IntGauge::new("leader", "1 while this replica leads.")?)?,
            reconciles: counter("reconciles_total", "Reconciled objects.", &["kind", "outcome"])?,
            sessions: metrics.register(IntGaugeVec::new(Opts::new("sessions", "SentinelSessions."), &["phase"])?)?,
            ssm_queue: metrics.register(IntGauge::new("ssm_queue", "Calls to SSM that wait for their turn.")?)?,
            audit_findings: metrics
                .register(IntGaugeVec::new(Opts::new("audit_findings", "What the last audit found."), &["kind"])?)?,
            hard_revocations: metrics.register(IntGaugeVec::new(
                Opts::new(
                    "hard_revocations",
                    "Revoked sessions whose credentials IAM is to deny, and whether it does.",
                ),
                &["state"],
            )?)?,
            pending_requests: metrics
                .register(IntGauge::new("pending_requests", "AccessRequests that wait for a decision.")?)?,
            active_emergencies: metrics
                .register(IntGauge::new("active_emergencies", "BreakGlassEvents that go on.")?)?,
            happenings: counter(
                "happenings_total",
                "What happened to requests, emergencies, sessions and locks, by event of the audit log.",
                &["event"],
            )?,
            notifications: counter(
                "notifications_total",
                "Attempts to notify: delivered, retried (it comes again), refused, given_up (after a day), dropped (too many waited).",
                &["target", "outcome"],
            )?,
            notifications_waiting: metrics
                .register(IntGauge::new("notifications_waiting", "Notifications that some target hasn't got yet.")?)?,
            kube_calls: counter("kube_calls_total", "Requests to the API server.", &kube_calls::LABELS)?,
            table_units: metrics.register(CounterVec::new(units, &["operation"])?)?,
            session_tables: metrics.register(IntGaugeVec::new(
                Opts::new("session_tables", "Session tables that profiles may use, by whether they can be used."),
                &["state"],
            )?)?,
            aws: counter("aws_calls_total", "Calls to AWS.", &["service", "operation", "outcome"])?,
            throttles: counter("aws_throttles_total", "Calls that AWS refused as too many.", &["service"])?,
        })
    }

    /// Counts an object that was reconciled.
    pub fn reconciled(&self, kind: &str, well: bool) {
        self.reconciles.with_label_values(&[kind, if well { "ok" } else { "failed" }]).inc();
    }

    /// Counts an attempt to notify `target`.
    pub fn notified(&self, target: &str, outcome: &str) {
        self.notifications.with_label_values(&[target, outcome]).inc();
    }

    /// Counts a call to AWS, and passes its result on.
    pub fn called<T>(&self, service: &str, operation: &str, result: Result<T, AwsError>) -> Result<T, AwsError> {
        let outcome = result.as_ref().map_or_else(|error| error.kind.as_str(), |_| "ok");
        self.aws.with_label_values(&[service, operation, outcome]).inc();
        if outcome == "throttled" {
            self.throttles.with_label_values(&[service]).inc();
        }
        result
    }
}

impl Meter for Metrics {
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
        let registry = telemetry::Metrics::new("test").unwrap();
        let Metrics {
            leader,
            reconciles,
            sessions,
            ssm_queue,
            audit_findings,
            hard_revocations,
            pending_requests,
            active_emergencies,
            happenings,
            notifications,
            notifications_waiting,
            kube_calls,
            table_units,
            session_tables,
            aws,
            throttles,
        } = Metrics::new(&registry).unwrap();
        let rows = reference::metrics(&[
            &leader,
            &reconciles,
            &sessions,
            &ssm_queue,
            &audit_findings,
            &hard_revocations,
            &pending_requests,
            &active_emergencies,
            &happenings,
            &notifications,
            &notifications_waiting,
            &kube_calls,
            &table_units,
            &session_tables,
            &aws,
            &throttles,
        ]);
        reference::keep("metrics.md", "sentinel-operator", &rows).unwrap();
    }

    #[test]
    fn the_reference_shows_these_settings() {
        let rows = reference::settings(&crate::Args::command());
        reference::keep("settings.md", "sentinel-operator", &rows).unwrap();
    }
}
