//! What can happen, and to whom.

use jiff::Timestamp;
use sentinel_core::person::Identity;
use sentinel_core::time::GoDuration;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Happening {
    /// To an access request.
    Request(RequestChange, Request),
    /// To a break-glass event.
    Emergency(EmergencyChange, Emergency),
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestChange {
    /// It was made.
    Created,
    /// It grants.
    Approved,
    /// It never will: an approver.
    Denied,
    /// It never will: nobody decided.
    Expired,
    /// It never will, or does no more: the requester, or whoever deleted it.
    Cancelled,
}

/// What becomes of an emergency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EmergencyChange {
    /// The glass is broken.
    Invoked,
    /// The invoker has done that more often than the RateLimitPolicy finds usual.
    Escalated,
    /// Somebody ended it.
    Closed,
    /// Its time was over.
    Expired,
    /// It never began.
    Refused,
}

/// What requests and emergencies have in common.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Subject {
    /// 8 hex characters.
    pub id: String,
    /// UID of the object.
    pub uid: String,
    /// Namespace of the object and of the service account.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// For whom.
    pub service_account: String,
    /// For what.
    pub profile: String,
    /// Why.
    pub justification: String,
    /// For how long; zero where that can't be read.
    pub duration: GoDuration,
    /// The phase, in lower case.
    pub status: &'static str,
    /// When the object was made.
    pub created_at: Timestamp,
    /// When it happened.
    pub at: Timestamp,
    /// The end: of the grant where there is one, else of the request.
    pub expires_at: Option<Timestamp>,
    /// What the status says about it, in a sentence.
    pub message: String,
}

/// A request, as it was when it happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    /// What and for whom.
    pub subject: Subject,
    /// Who asked; none: nobody has stamped it.
    pub requester: Option<Identity>,
    /// Who approved, denied or cancelled it, if a person did.
    pub decided_by: Option<Identity>,
    /// What they said to it.
    pub comment: Option<String>,
    /// Approved by autoApprove.
    pub auto_approved: bool,
    /// Rule and policy that governed it.
    pub rule: Option<(String, String)>,
}

/// An emergency, as it was when it happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Emergency {
    /// What and for whom.
    pub subject: Subject,
    /// Who broke the glass; none: nobody has stamped it.
    pub invoker: Option<Identity>,
    /// The kind of emergency.
    pub reason_code: String,
    /// Who closed it.
    pub closed_by: Option<Identity>,
    /// Why.
    pub closed_reason: Option<String>,
    /// How many events of the invoker count, where that is more than usual.
    pub escalated: Option<i64>,
    /// Rule and policy that governed it.
    pub rule: Option<(String, String)>,
    /// Why it never began, in one word.
    pub limit: Option<String>,
}

impl Happening {
    /// As log and notifications call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Request(change, _) => match change {
                RequestChange::Created => "request.created",
                RequestChange::Approved => "request.approved",
                RequestChange::Denied => "request.denied",
                RequestChange::Expired => "request.expired",
                RequestChange::Cancelled => "request.cancelled",
            },
            Self::Emergency(change, _) => match change {
                EmergencyChange::Invoked => "breakglass.invoked",
                EmergencyChange::Escalated => "breakglass.escalated",
                EmergencyChange::Closed => "breakglass.closed",
                EmergencyChange::Expired => "breakglass.expired",
                EmergencyChange::Refused => "breakglass.refused",
            },
        }
    }

    /// To what.
    pub fn subject(&self) -> &Subject {
        match self {
            Self::Request(_, request) => &request.subject,
            Self::Emergency(_, emergency) => &emergency.subject,
        }
    }

    /// Whom it names, and as what.
    pub fn people(&self) -> Vec<(&'static str, &Identity)> {
        let named = match self {
            Self::Request(RequestChange::Cancelled, request) => {
                [("requester", request.requester.as_ref()), ("cancelled by", self.actor())]
            }
            Self::Request(_, request) => [("requester", request.requester.as_ref()), ("approver", self.approver())],
            Self::Emergency(_, emergency) => {
                [("invoker", emergency.invoker.as_ref()), ("closed by", emergency.closed_by.as_ref())]
            }
        };
        named.into_iter().filter_map(|(role, who)| Some((role, who?))).collect()
    }

    /// The same whenever this is told again, and for nothing else.
    pub fn key(&self) -> String {
        format!("{}.{}", self.subject().uid, self.name())
    }

    /// Who approved or denied it; nobody where that is not what happened, or no person did.
    pub fn approver(&self) -> Option<&Identity> {
        match self {
            Self::Request(RequestChange::Approved | RequestChange::Denied, request) => request.decided_by.as_ref(),
            Self::Request(..) | Self::Emergency(..) => None,
        }
    }

    /// Who did it; nobody where time or the law did.
    pub fn actor(&self) -> Option<&Identity> {
        match self {
            Self::Request(RequestChange::Created, request) => request.requester.as_ref(),
            // Another user name of the requester may have.
            Self::Request(RequestChange::Cancelled, request) => {
                request.decided_by.as_ref().or(request.requester.as_ref())
            }
            Self::Request(RequestChange::Approved | RequestChange::Denied, request) => request.decided_by.as_ref(),
            Self::Emergency(EmergencyChange::Closed, emergency) => emergency.closed_by.as_ref(),
            Self::Emergency(EmergencyChange::Invoked | EmergencyChange::Refused, emergency) => {
                emergency.invoker.as_ref()
            }
            Self::Request(RequestChange::Expired, _)
            | Self::Emergency(EmergencyChange::Expired | EmergencyChange::Escalated, _) => None,
        }
    }
}
