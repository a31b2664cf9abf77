//! The metrics registry, and its text.

use std::collections::HashMap;

use prometheus::core::Collector;
use prometheus::{Encoder, Gauge, Registry, TextEncoder};

/// Metrics of the process: the program's own, named `sentinel_…`, and the usual `process_…` ones. Cloning gives another
/// handle to the same metrics.
#[derive(Clone, Debug)]
pub struct Metrics {
    own: Registry,
    process: Registry,
    memory: Gauge,
}

impl Metrics {
    /// A registry for the program `program` (label `program` of every metric).
    pub fn new(program: &str) -> prometheus::Result<Self> {
        let labels = || Some(HashMap::from([("program".to_owned(), program.to_owned())]));
        let own = Registry::new_custom(Some("sentinel".to_owned()), labels())?;
        let process = Registry::new_custom(None, labels())?;
        let memory = Gauge::new("process_resident_memory_bytes", "Resident memory size in bytes.")?;
        let start =
            Gauge::new("process_start_time_seconds", "Start time of the process since the Unix epoch in seconds.")?;
        start.set(jiff::Timestamp::now().as_duration().as_secs_f64());
        process.register(Box::new(memory.clone()))?;
        process.register(Box::new(start))?;
        Ok(Self { own, process, memory })
    }

    /// Registers `collector`, whose names get the prefix `sentinel_`, and gives it back.
    pub fn register<C: Collector + Clone + 'static>(&self, collector: C) -> prometheus::Result<C> {
        self.own.register(Box::new(collector.clone()))?;
        Ok(collector)
    }

    /// The registry of the program's own metrics.
    pub fn registry(&self) -> &Registry {
        &self.own
    }

    /// All metrics in Prometheus' text format.
    pub fn text(&self) -> prometheus::Result<String> {
        if let Some(bytes) = resident_memory() {
            self.memory.set(bytes);
        }
        let mut families = self.own.gather();
        families.extend(self.process.gather());
        let mut text = Vec::new();
        TextEncoder::new().encode(&families, &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// `VmRSS` of this process; `None` where there is no Linux /proc.
fn resident_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::IntCounter;

    #[test]
    fn names_carry_the_prefix_and_the_program() {
        let metrics = Metrics::new("broker").unwrap();
        let grants = metrics.register(IntCounter::new("grants_total", "Grants.").unwrap()).unwrap();
        grants.inc();
        let text = metrics.text().unwrap();
        assert!(text.contains("sentinel_grants_total{program=\"broker\"} 1"), "{text}");
        assert!(text.contains("\nprocess_resident_memory_bytes{program=\"broker\"}"), "{text}");
    }

    #[test]
    fn memory_is_measured() {
        assert!(resident_memory().unwrap() > 100_000.0);
    }
}
