//! What a program uses: its memory by /proc, its calls by its own metrics.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const MIB: f64 = 1024.0;

/// A program on this machine.
#[derive(Clone, Debug)]
pub struct Process {
    /// `operator`, `broker-1` …
    pub name: String,
    pid: u32,
    port: u16,
}

impl FromStr for Process {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('=').and_then(|(name, rest)| Some((name, rest.split_once(':')?)));
        let (name, (pid, port)) = parts.ok_or("NAME=PID:PORT is expected")?;
        let pid = pid.parse().map_err(|error| format!("{pid}: {error}"))?;
        let port = port.parse().map_err(|error| format!("{port}: {error}"))?;
        Ok(Self { name: name.to_owned(), pid, port })
    }
}

/// Resident memory in MiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// At this moment.
    pub now: f64,
    /// The most since the program started.
    pub peak: f64,
}

/// Counters by name and labels, as they are written.
#[derive(Clone, Debug, Default)]
pub struct Counters(BTreeMap<String, f64>);

impl Process {
    /// Its memory.
    pub fn memory(&self) -> anyhow::Result<Memory> {
        let file = format!("/proc/{}/status", self.pid);
        let status = std::fs::read_to_string(&file).with_context(|| format!("{}: {file}", self.name))?;
        let field = |name: &str| -> anyhow::Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
            Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / MIB)
        };
        Ok(Memory { now: field("VmRSS:")?, peak: field("VmHWM:")? })
    }

    /// Its counters.
    pub async fn counters(&self) -> anyhow::Result<Counters> {
        let text = self.scrape().await.with_context(|| format!("metrics of {}", self.name))?;
        let lines = text.lines().filter(|line| line.starts_with("sentinel_"));
        let read = lines.filter_map(|line| line.rsplit_once(' ')).filter_map(|(name, value)| {
            let value: f64 = value.parse().ok()?;
            Some((name.to_owned(), value))
        });
        Ok(Counters(read.collect()))
    }

    async fn scrape(&self) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        if !answer.starts_with("HTTP/1.0 200") && !answer.starts_with("HTTP/1.1 200") {
            bail!("{}", answer.lines().next().unwrap_or("no answer"));
        }
        Ok(answer)
    }
}

impl Counters {
    /// What was counted since `before`.
    pub fn since(&self, before: &Self) -> Self {
        let change =
            |(name, value): (&String, &f64)| (name.clone(), value - before.0.get(name).copied().unwrap_or(0.0));
        Self(self.0.iter().map(change).collect())
    }

    /// Both together.
    pub fn and(mut self, other: Self) -> Self {
        for (name, value) in other.0 {
            *self.0.entry(name).or_default() += value;
        }
        self
    }

    /// The sum of the counters that are named so and have these labels.
    pub fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let is_it =
            |full: &str| full.split('{').next() == Some(name) && labels.iter().all(|label| full.contains(label));
        self.0.iter().filter(|(full, _)| is_it(full)).map(|(_, value)| value).sum()
    }

    /// Those of this name that have changed, by their labels.
    pub fn parts(&self, name: &str) -> Vec<(String, f64)> {
        let parts = self.0.iter().filter(|(full, value)| full.split('{').next() == Some(name) && **value > 0.0);
        parts.map(|(full, value)| (labels(full), *value)).collect()
    }
}

/// `sts AssumeRole` of `calls{operation="AssumeRole",service="sts"}`.
fn labels(full: &str) -> String {
    let values: Vec<&str> = full.split('"').skip(1).step_by(2).collect();
    values.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(lines: &[(&str, f64)]) -> Counters {
        Counters(lines.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect())
    }

    #[test]
    fn counters_are_compared_and_summed() {
        let before = counters(&[("a_total{x=\"1\",y=\"2\"}", 5.0)]);
        let after =
            counters(&[("a_total{x=\"1\",y=\"2\"}", 7.0), ("a_total{x=\"2\",y=\"2\"}", 1.0), ("a_total_more", 9.0)]);
        let change = after.since(&before);
        assert!((change.sum("a_total", &[]) - 3.0).abs() < f64::EPSILON);
        assert!((change.sum("a_total", &["x=\"1\""]) - 2.0).abs() < f64::EPSILON);
        assert_eq!(change.parts("a_total"), [("1 2".to_owned(), 2.0), ("2 2".to_owned(), 1.0)]);
    }

    #[test]
    fn a_process_is_named_with_its_id_and_port() {
        let process: Process = "broker-1=77:8081".parse().unwrap();
        assert_eq!((process.name.as_str(), process.pid, process.port), ("broker-1", 77, 8081));
        assert!("broker".parse::<Process>().is_err());
    }
}
