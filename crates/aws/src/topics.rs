//! SNS: notices to topics.

use aws_config::Region;
use aws_sdk_sns::Client;
use aws_sdk_sns::operation::publish::builders::PublishFluentBuilder;
use aws_sdk_sns::types::MessageAttributeValue;

use crate::error::{AwsError, Call, ErrorKind};

/// SNS's own ending of the names of topics that keep an order.
const FIFO: &str = ".fifo";

/// What is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice<'a> {
    /// The topic's ARN.
    pub topic: &'a str,
    /// The message, at most 256 KiB.
    pub message: &'a str,
    /// Attribute `event_type`, by which subscriptions may filter.
    pub event: &'a str,
    /// Attribute `idempotency_key`: the same whenever the notice is published again. A FIFO topic leaves the second one out.
    pub id: &'a str,
    /// Within a group a FIFO topic keeps the order.
    pub group: &'a str,
}

/// The topics. No retries in here: callers wait, not we.
#[derive(Clone, Debug)]
pub struct Topics {
    client: Client,
}

impl Topics {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Publishes `notice` in `region`; otherwise in that of the environment.
    pub async fn publish(&self, region: Option<&str>, notice: &Notice<'_>) -> Result<(), AwsError> {
        let call = Call { service: "SNS", operation: "Publish", subject: format!("topic `{}`", notice.topic) };
        let prepared = self.prepare(notice).map_err(|error| call.fails(ErrorKind::Invalid, error.to_string()))?;
        let mut operation = prepared.customize();
        if let Some(region) = region {
            operation =
                operation.config_override(aws_sdk_sns::Config::builder().region(Region::new(region.to_owned())));
        }
        operation.send().await.map(drop).map_err(|error| call.failed(&error))
    }

    fn prepare(&self, notice: &Notice<'_>) -> Result<PublishFluentBuilder, aws_sdk_sns::error::BuildError> {
        let publish = self
            .client
            .publish()
            .topic_arn(notice.topic)
            .message(notice.message)
            .message_attributes("event_type", text(notice.event)?)
            .message_attributes("idempotency_key", text(notice.id)?);
        if !notice.topic.ends_with(FIFO) {
            return Ok(publish);
        }
        Ok(publish.message_group_id(notice.group).message_deduplication_id(notice.id))
    }
}

fn text(value: &str) -> Result<MessageAttributeValue, aws_sdk_sns::error::BuildError> {
    MessageAttributeValue::builder().data_type("String").string_value(value).build()
}
