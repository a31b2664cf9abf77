//! Requests out of bytes, near to what a policy names.

use arbitrary::{Result, Unstructured};
use jiff::Timestamp;
use sentinel_core::policy::{AccessPolicy, Mode, Pattern, Request};

/// Requests for one policy.
const COUNT: usize = 4;

/// What a request is made of.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    user: String,
    profile: String,
    mode: Mode,
    session_table: Option<String>,
    at: Timestamp,
}

impl Asked {
    pub(crate) fn request(&self) -> Request<'_> {
        let Self { user, profile, mode, session_table, at } = self;
        Request { user, profile, mode: *mode, session_table: session_table.as_deref(), at: *at }
    }
}

/// Some requests that the policy may have to say something about. Bytes that have run out are zeros.
pub(crate) fn requests(policy: &AccessPolicy, bytes: &mut Unstructured<'_>) -> Vec<Asked> {
    let users: Vec<&Pattern> = policy.rules().iter().flat_map(|rule| &rule.conditions.users).collect();
    let profiles: Vec<&Pattern> = policy.rules().iter().flat_map(|rule| &rule.conditions.profiles).collect();
    (0..COUNT).filter_map(|_| asked(&users, &profiles, bytes).ok()).collect()
}

fn asked(users: &[&Pattern], profiles: &[&Pattern], bytes: &mut Unstructured<'_>) -> Result<Asked> {
    Ok(Asked {
        user: name(users, bytes)?,
        profile: name(profiles, bytes)?,
        mode: *bytes.choose(Mode::ALL)?,
        session_table: bytes.choose(&[None, Some(""), Some("asked")])?.map(ToOwned::to_owned),
        at: moment(bytes)?,
    })
}

/// A name that one of the patterns may mean, or any at all.
fn name(patterns: &[&Pattern], bytes: &mut Unstructured<'_>) -> Result<String> {
    if patterns.is_empty() || bytes.ratio(1, 4)? {
        return bytes.arbitrary();
    }
    let filler = *bytes.choose(&["", "x", "-", "a:b", "*", "é"])?;
    Ok(bytes.choose(patterns)?.as_str().replace('*', filler))
}

/// Mostly in years in which zones change their clocks, to the minute; sometimes any moment that there is.
fn moment(bytes: &mut Unstructured<'_>) -> Result<Timestamp> {
    let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let second = if bytes.ratio(1, 4)? {
        bytes.int_in_range(first..=last)?
    } else {
        bytes.int_in_range(25_000_000..=35_000_000_i64)? * 60 + bytes.int_in_range(-1..=1)?
    };
    let nanosecond = if bytes.ratio(1, 4)? { bytes.int_in_range(0..=999_999_999)? } else { 0 };
    Ok(Timestamp::new(second, nanosecond).unwrap_or(Timestamp::UNIX_EPOCH))
}
