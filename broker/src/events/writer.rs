//! Writes Events, one after another.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use tokio::sync::mpsc::Receiver;

use super::Note;
use crate::metrics::BrokerMetrics;

/// Limits of events.k8s.io, in bytes.
const LONGEST_NOTE: usize = 1024;
const LONGEST_ACTION: usize = 128;

/// Writes what is told, until the teller is gone.
pub async fn write_events(client: Client, pod_name: String, mut notes: Receiver<Note>, metrics: BrokerMetrics) {
    let instance = Some(pod_name).filter(|name| !name.is_empty());
    let recorder = Recorder::new(client, Reporter { controller: "sentinel.dev/broker".to_owned(), instance });
    while let Some(note) = notes.recv().await {
        if let Err(error) = recorder.publish(&event(&note), &reference(&note)).await {
            metrics.event_failures.inc();
            tracing::debug!(pod = note.pod.pod_path(), %error, "Event not written");
        }
    }
}

fn event(note: &Note) -> Event {
    Event {
        type_: if note.warning { EventType::Warning } else { EventType::Normal },
        reason: note.reason.to_owned(),
        note: Some(without_middle(&note.message)),
        // The recorder folds Events into series by reason and action, and a series keeps its first text.
        action: cut(&note.action, LONGEST_ACTION),
        secondary: None,
    }
}

fn reference(note: &Note) -> ObjectReference {
    ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("Pod".to_owned()),
        name: Some(note.pod.pod.clone()),
        namespace: Some(note.pod.namespace.clone()),
        uid: Some(note.pod.pod_uid.clone()),
        ..ObjectReference::default()
    }
}

/// As much of `text` as there is room for: what is refused stands at its beginning, the command that helps at its end, and between them what people
/// wrote.
fn without_middle(text: &str) -> String {
    const GAP: &str = " … ";
    if text.len() <= LONGEST_NOTE {
        return text.to_owned();
    }
    let room = LONGEST_NOTE - GAP.len();
    let begin = cut(text, room / 2);
    let rest = text.len() - (room - begin.len());
    let end = (rest..text.len()).find_map(|at| text.get(at..)).unwrap_or_default();
    [begin.as_str(), GAP, end].concat()
}

/// At most `limit` bytes of `text`, whole characters.
fn cut(text: &str, limit: usize) -> String {
    let end = (0..=limit.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_NOTE, cut, without_middle};

    #[test]
    fn a_long_reason_hides_neither_what_was_refused_nor_the_command_that_helps() {
        for reason in ["short".to_owned(), "a".repeat(2048), "é".repeat(1024), "🦀".repeat(511)] {
            let text = format!("AccessDenied: {reason}. Ask: kubectl sentinel request --profile prod");
            let note = without_middle(&text);
            assert!(
                note.len() <= LONGEST_NOTE && note.len() > LONGEST_NOTE.min(text.len()) - 8,
                "{} bytes",
                note.len()
            );
            assert!(note.starts_with("AccessDenied: ") && note.ends_with("--profile prod"), "{note}");
        }
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("abc", 5), "abc");
        assert_eq!(cut("aéé", 4), "aé");
    }
}
