//! What DynamoDB says that its answers consumed: on-demand tables are paid by it.

use std::fmt;
use std::sync::Arc;

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Who is told.
pub trait Meter: Send + Sync {
    /// `operation` consumed so many capacity units, indexes included: of writes for `PutItem` and `UpdateItem`, else of reads.
    fn consumed(&self, operation: &'static str, units: f64);
}

/// Tells a meter, if there is one. A write that its condition refuses consumes too, but DynamoDB doesn't say how much.
#[derive(Clone, Default)]
pub(super) struct Metered(Option<Arc<dyn Meter>>);

impl Metered {
    pub fn by(meter: Arc<dyn Meter>) -> Self {
        Self(Some(meter))
    }

    pub fn note<'a>(&self, operation: &'static str, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        let Some(meter) = &self.0 else { return };
        for units in consumed.into_iter().filter_map(ConsumedCapacity::capacity_units) {
            meter.consumed(operation, units);
        }
    }
}

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metered({})", self.0.is_some())
    }
}
