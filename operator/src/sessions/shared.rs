//! A session as the watch keeps it: behind an `Arc`, so that the tracker's memory of thousands of them is the watch's own.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use sentinel_api::SentinelSession;
use serde::{Deserialize, Deserializer};

use super::pod::slim;

/// The object; cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct SharedSession(pub Arc<SentinelSession>);

/// A session as it is remembered, whether it was watched or written: who manages each field comes with it, and is most of its memory.
pub(crate) fn remembered(mut session: SentinelSession) -> Arc<SentinelSession> {
    session.metadata = slim(session.metadata);
    Arc::new(session)
}

impl Deref for SharedSession {
    type Target = SentinelSession;

    fn deref(&self) -> &SentinelSession {
        &self.0
    }
}

impl<'de> Deserialize<'de> for SharedSession {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SentinelSession::deserialize(deserializer).map(|session| Self(remembered(session)))
    }
}

impl Resource for SharedSession {
    type DynamicType = ();
    type Scope = <SentinelSession as Resource>::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        SentinelSession::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        SentinelSession::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        SentinelSession::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        SentinelSession::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        self.0.meta()
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        Arc::make_mut(&mut self.0).meta_mut()
    }
}
