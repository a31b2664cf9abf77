//! How a letter gets to a target.

use std::time::Duration;

use sentinel_aws::{Aws, ErrorKind, Notice, Topics};
use tokio::time::timeout;

use super::https;
use super::letter::Letter;
use super::settings::{Target, Topic, Webhook};
use crate::metrics::Metrics;

/// A target that says nothing for so long has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The target has it.
    Done,
    /// It doesn't want it, and won't.
    Refused(String),
    /// It may take it later.
    Later(String),
}

/// What the doors of all targets are made from.
#[derive(Clone)]
pub(crate) struct Doors {
    /// For SNS.
    pub aws: Aws,
    /// Counts calls to it.
    pub metrics: Metrics,
}

/// The door of one target.
pub(super) enum Door {
    /// An SNS topic.
    Topic { topics: Topics, topic: Topic, metrics: Metrics },
    /// An HTTPS webhook.
    Webhook(Webhook),
}

impl Doors {
    /// That of `target`; settings let through none without.
    pub(super) fn of(&self, target: &Target) -> Option<Door> {
        let topic = target.sns.clone().map(|topic| {
            let (topics, metrics) = (self.aws.topics(), self.metrics.clone());
            Door::Topic { topics, topic, metrics }
        });
        topic.or_else(|| target.webhook.clone().map(Door::Webhook))
    }
}

impl Door {
    /// One attempt.
    pub async fn deliver(&self, letter: &Letter) -> Delivery {
        match self {
            Self::Topic { topics, topic, metrics } => {
                let answer = topics.publish(topic.region(), &notice(topic, letter)).await;
                published(&metrics.called("SNS", "Publish", answer))
            }
            Self::Webhook(webhook) => timeout(PATIENCE, https::post(webhook, letter))
                .await
                .unwrap_or_else(|_| Delivery::Later(format!("no answer within {PATIENCE:?}"))),
        }
    }
}

fn notice<'a>(topic: &'a Topic, letter: &'a Letter) -> Notice<'a> {
    let Letter { id, event, subject, body, .. } = letter;
    Notice { topic: &topic.topic_arn, message: body, event, id, group: subject }
}

/// A missing right, a missing topic and a key that can't be used can be mended, so the letter waits for that; a message that SNS doesn't take never can.
fn published(answer: &Result<(), sentinel_aws::AwsError>) -> Delivery {
    match answer {
        Ok(()) => Delivery::Done,
        Err(error) if error.kind == ErrorKind::Invalid => Delivery::Refused(error.to_string()),
        Err(error) => Delivery::Later(error.to_string()),
    }
}
