//! `request`, `approve`, `deny`, `cancel`, `requests`: access that a policy gives only with an approval, by AccessRequests.

mod args;
mod decide;
mod list;
mod make;
mod told;

pub(crate) use args::{ApproveArgs, DecideArgs, RequestArgs, RequestsArgs};
pub(crate) use decide::{approve, cancel, deny};
pub(crate) use list::run as requests;
pub(crate) use make::run as request;

use sentinel_api::{AccessRequest, RequestPhase};

fn phase(request: &AccessRequest) -> RequestPhase {
    request.status.as_ref().map(|status| status.phase).unwrap_or_default()
}
