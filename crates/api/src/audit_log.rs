//! The lines of the audit log: what broker and operator write, what `kubectl sentinel history` reads, and what docs/reference
//! says of them. A field is defined once, here. Field names are those of Sentinel's other tools, and Kubernetes' facts beside them.
//!
//! ```text
//!   broker ─▶ DecisionLine
//!   operator ─▶ RequestLine, BreakGlassLine, RevocationLine, LockLine          each a JSON object on a line of standard output
//! ```

mod decision;
mod lock;
mod opening;
mod revocation;
pub mod schema;

use std::borrow::Cow;

use serde::Deserialize;

pub use decision::DecisionLine;
pub use lock::LockLine;
pub use opening::{BreakGlassLine, OpeningFields, RequestLine};
pub use revocation::RevocationLine;

/// A text that a writer borrows and a reader owns.
pub type Text<'a> = Cow<'a, str>;

/// Who acts where no person does.
pub const SENTINEL: &str = "sentinel";
/// Who acted where Sentinel was not asked; the API server's audit log knows.
pub const UNKNOWN: &str = "unknown (kubernetes)";

/// A line of any kind.
#[derive(Clone, Debug)]
pub enum Line {
    /// What the broker decided.
    Decision(Box<DecisionLine<'static>>),
    /// What became of an access request.
    Request(Box<RequestLine<'static>>),
    /// What became of an emergency.
    BreakGlass(Box<BreakGlassLine<'static>>),
    /// A session was stopped.
    Revocation(Box<RevocationLine<'static>>),
    /// A lock holds, or holds no more.
    Lock(Box<LockLine<'static>>),
}

/// What tells the kinds apart.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    event: Option<Cow<'a, str>>,
    #[serde(borrow)]
    effect: Option<Cow<'a, str>>,
    #[serde(borrow)]
    session_id: Option<Cow<'a, str>>,
}

impl Line {
    /// The line that `json` is; none: it is no line of an audit log. Fields that nobody knows are left alone: a later version may
    /// have written it.
    pub fn read(json: &str) -> Option<Self> {
        let Kind { event, effect, session_id } = serde_json::from_str(json).ok()?;
        match event.as_deref().map(|event| event.split('.').next().unwrap_or_default()) {
            Some("request") => serde_json::from_str(json).ok().map(Self::Request),
            Some("breakglass") => serde_json::from_str(json).ok().map(Self::BreakGlass),
            Some("session") => serde_json::from_str(json).ok().map(Self::Revocation),
            Some("lock") => serde_json::from_str(json).ok().map(Self::Lock),
            Some(_) => None,
            None => effect.and(session_id).and_then(|_| serde_json::from_str(json).ok()).map(Self::Decision),
        }
    }
}
