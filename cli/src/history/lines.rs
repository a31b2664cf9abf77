//! The lines of a log, one at a time, out of what kubectl and container runtimes wrap round them.

use std::io::{BufRead as _, BufReader, Read};
use std::mem;

use serde::Deserialize;

use crate::failure::Failure;

/// Longer lines are nobody's: the audit log's have some kilobytes.
const LONGEST: usize = 1 << 20;

/// A log.
pub(super) struct LogLines<'a> {
    name: String,
    reader: BufReader<Box<dyn Read + 'a>>,
    buffer: Vec<u8>,
    number: u64,
    /// The beginning of a line that containerd has cut, of standard output and of standard error.
    begun: [String; 2],
}

/// What is read of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A line that holds JSON.
    Json(String),
    /// A line that can't be ours.
    Other,
    /// Its end.
    End,
}

/// Docker's own wrapping.
#[derive(Deserialize)]
struct Docker {
    log: String,
}

impl<'a> LogLines<'a> {
    pub(super) fn of(name: &str, reader: Box<dyn Read + 'a>) -> Result<Self, Failure> {
        let mut lines = Self {
            name: name.to_owned(),
            reader: BufReader::with_capacity(1 << 16, reader),
            buffer: vec![],
            number: 0,
            begun: Default::default(),
        };
        match lines.reader.fill_buf() {
            Ok([0x1f, 0x8b, ..]) => {
                Err(Failure::Usage(format!("{name} is compressed: zcat {name} | kubectl sentinel history -")))
            }
            Ok(_) => Ok(lines),
            Err(cause) => Err(lines.failed(cause)),
        }
    }

    /// The number of the last line, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// What the next line holds.
    pub(super) fn next(&mut self) -> Result<Found, Failure> {
        self.buffer.clear();
        let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        let read = self.reader.by_ref().take(limit).read_until(b'\n', &mut self.buffer);
        if read.map_err(|cause| self.failed(cause))? == 0 {
            return Ok(Found::End);
        }
        self.number += 1;
        let whole = self.buffer.ends_with(b"\n") || self.buffer.len() < LONGEST;
        if !whole {
            self.reader.skip_until(b'\n').map_err(|cause| self.failed(cause))?;
            return Ok(Found::Other);
        }
        let buffer = mem::take(&mut self.buffer);
        let found = std::str::from_utf8(&buffer).ok().and_then(|line| self.unwrapped(line.trim_end()));
        self.buffer = buffer;
        Ok(found.map_or(Found::Other, Found::Json))
    }

    fn unwrapped(&mut self, line: &str) -> Option<String> {
        if let Some((begun, is_end, content)) = self.cri(line) {
            let mut whole = mem::take(begun);
            whole.push_str(content);
            if is_end {
                return json(&whole).map(str::to_owned);
            }
            if whole.len() <= LONGEST {
                *begun = whole;
            }
            return None;
        }
        let json = json(line)?;
        if json.starts_with("{\"log\":") {
            return serde_json::from_str::<Docker>(json).ok().map(|docker| docker.log.trim_end().to_owned());
        }
        Some(json.to_owned())
    }

    /// `<time> stdout|stderr F|P <content>`: P is a part, and the last part is F.
    fn cri<'l>(&mut self, line: &'l str) -> Option<(&mut String, bool, &'l str)> {
        let (time, rest) = line.split_once(' ')?;
        let [out, error] = &mut self.begun;
        let (begun, rest) = match rest.split_once(' ')? {
            ("stdout", rest) => (out, rest),
            ("stderr", rest) => (error, rest),
            _ => return None,
        };
        let (tag, content) = rest.split_once(' ')?;
        let is_end = tag == "F" || tag.starts_with("F:");
        let is_time = time.starts_with(|c: char| c.is_ascii_digit()) && time.contains('T');
        (is_time && (is_end || tag == "P" || tag.starts_with("P:"))).then_some((begun, is_end, content))
    }

    fn failed(&self, cause: std::io::Error) -> Failure {
        Failure::File { name: self.name.clone(), cause }
    }
}

/// From the first brace on: what kubectl and others put before a line has none.
fn json(line: &str) -> Option<&str> {
    line.get(line.find('{')?..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<Option<String>> {
        let mut lines = LogLines::of("log", Box::new(text)).unwrap();
        let next = || match lines.next().unwrap() {
            Found::Json(json) => Some(Some(json)),
            Found::Other => Some(None),
            Found::End => None,
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn wrappings_of_kubectl_and_runtimes_come_off() {
        for wrapped in [
            "{\"a\":1}",
            "{\"a\":1}\r",
            "2026-03-02T12:00:00.123456789Z {\"a\":1}",
            "[pod/sentinel-broker-5f7-x/broker] {\"a\":1}",
            "[pod/sentinel-broker-5f7-x/broker] 2026-03-02T12:00:00Z {\"a\":1}",
            "2026-03-02T12:00:00.123456789Z stdout F {\"a\":1}",
            "2026-03-02T12:00:00.123456789+01:00 stdout F {\"a\":1}",
            "{\"log\":\"{\\\"a\\\":1}\\n\",\"stream\":\"stdout\",\"time\":\"2026-03-02T12:00:00Z\"}",
        ] {
            assert_eq!(read(wrapped.as_bytes()), [Some("{\"a\":1}".to_owned())], "{wrapped}");
        }
    }

    #[test]
    fn what_containerd_has_cut_is_joined_for_each_stream() {
        let text = "2026-03-02T12:00:00Z stdout P {\"a\":\n2026-03-02T12:00:00Z stderr P {\"b\"\n\
            2026-03-02T12:00:00Z stdout P  1\n2026-03-02T12:00:00Z stdout F }\n2026-03-02T12:00:00Z stderr F :2}\n";
        let found: Vec<String> = read(text.as_bytes()).into_iter().flatten().collect();
        assert_eq!(found, ["{\"a\": 1}", "{\"b\":2}"]);
    }

    #[test]
    fn what_can_not_be_ours_is_none() {
        let mut text = b"plain\n\n\xff{\n".to_vec();
        text.extend(vec![b'{'; LONGEST + 9]);
        text.extend(b"\n{}");
        assert_eq!(read(&text), [None, None, None, None, Some("{}".to_owned())]);
        assert_eq!(read(b""), []);
        let error = LogLines::of("old.gz", Box::new(&[0x1f, 0x8b, 8][..])).err().unwrap().to_string();
        assert!(error.contains("zcat old.gz |"), "{error}");
    }
}
