//! What a happening is about, from the object.

use jiff::Timestamp;
use kube::ResourceExt as _;
use kube::core::DynamicObject;
use sentinel_api::Condition;
use sentinel_api::names::GRANTED_CONDITION;

use super::happening::Subject;
use crate::desk::created_at;

/// What the spec asks for, as it was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// The profile.
    pub profile: &'a str,
    /// The service account.
    pub service_account: &'a str,
    /// For how long.
    pub duration: &'a str,
    /// Why.
    pub justification: &'a str,
}

impl Subject {
    /// Of an object whose status has this id and these conditions; as of its making.
    pub fn of(object: &DynamicObject, asked: Asked<'_>, id: Option<&str>, conditions: &[Condition]) -> Self {
        let granted = conditions.iter().find(|one| one.type_ == GRANTED_CONDITION);
        Self {
            id: id.unwrap_or_default().to_owned(),
            uid: object.uid().unwrap_or_default(),
            namespace: object.namespace().unwrap_or_default(),
            name: object.name_any(),
            service_account: asked.service_account.to_owned(),
            profile: asked.profile.to_owned(),
            justification: asked.justification.to_owned(),
            duration: asked.duration.parse().unwrap_or_default(),
            status: "",
            created_at: created_at(object),
            at: created_at(object),
            expires_at: None,
            message: granted.map(|one| one.message.clone()).unwrap_or_default(),
        }
    }
}

/// A moment as a status writes it.
pub(crate) fn moment(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}
