//! What requests and emergencies have in common: a profile whose policy says who may, stamps, and facts that never change.

use kube::Resource as _;
use sentinel_api::{AccessRequest, BreakGlassEvent, PersonStamp, Profile};
use sentinel_core::governing::{ByProfile, Governing, Ungoverned, govern};
use sentinel_core::policy::{Problem, Problems};

use super::{Around, No, spec};
use crate::admission::{AdmissionRequest, Operation};
use crate::view::{NotReady, ReadPolicy};

/// The profile that has to be known to judge `request`; none: it hangs on no profile.
pub fn named_profile(request: &AdmissionRequest) -> Option<&str> {
    let resource = request.resource.resource.as_str();
    let asks = match request.operation {
        Operation::Create => resource == BreakGlassEvent::plural(&()) || resource == AccessRequest::plural(&()),
        Operation::Update => resource == AccessRequest::plural(&()),
        Operation::Delete | Operation::Connect => false,
    };
    spec(&request.object).get("profile").filter(|_| asks)?.as_str()
}

/// The policy that governs a profile: its name, and itself or why it can't be used.
pub struct Governor<P> {
    profile: String,
    named: Result<Option<(String, ReadPolicy<P>)>, Ungoverned>,
}

impl<P: ByProfile> Governor<P> {
    /// The policy `named` by `profile`, looked for by `find`.
    pub fn of(
        profile: &Profile,
        named: Option<&str>,
        find: impl FnOnce(&str) -> Result<ReadPolicy<P>, NotReady>,
    ) -> Result<Self, NotReady> {
        let found = named.map(|name| Ok((name.to_owned(), find(name)?))).transpose()?;
        Ok(Self { profile: profile.name.clone(), named: Ok(found) })
    }

    /// Nobody, for a reason that lies with the profile.
    pub fn nobody(profile: &str, problem: &impl ToString) -> Self {
        let (profile, problem) = (profile.to_owned(), problem.to_string());
        Self { named: Err(Ungoverned::Profile { profile: profile.clone(), problem }), profile }
    }

    /// The rule for the profile.
    pub fn rule(&self) -> Result<Governing<'_, P::Rule>, Ungoverned> {
        let named = self.named.as_ref().map_err(Clone::clone)?.as_ref();
        govern(
            &self.profile,
            named.map(|(name, policy)| (name.as_str(), policy.as_deref().map_err(ToString::to_string))),
        )
    }
}

/// The profile that is asked for, or what is wrong with it.
pub fn asked_profile(around: Around<'_>) -> Result<Result<&Profile, Problem>, NotReady> {
    let problem = |message: String| Problem::new("spec.profile", message);
    match around.profile {
        Some(Ok(found)) => Ok(found.as_ref().map_err(|none| problem(none.to_string()))),
        Some(Err(not_ready)) => Err(not_ready.clone()),
        None => Ok(Err(problem("the name of a SentinelProfile is expected".to_owned()))),
    }
}

/// What the spec of something new means, with its profile; or everything that is wrong with them at once.
pub fn whole<T>(
    mut problems: Vec<Problem>,
    read: Result<T, Problems>,
    around: Around<'_>,
) -> Result<(T, &Profile), No> {
    let profile = asked_profile(around);
    problems.extend(profile.as_ref().ok().and_then(|found| found.as_ref().err().cloned()));
    let read = read.map_err(|found| found.after(problems.clone()))?;
    Problems::refuse(problems, ())?;
    Ok((read, profile?.map_err(Problems::from)?))
}

/// A stamp is `expected`: whatever else is there, somebody wrote who came after the webhook that stamps.
pub fn stamp_problem(key: &str, stamp: Option<&PersonStamp>, expected: Option<&PersonStamp>) -> Option<Problem> {
    let message = "it is stamped by Sentinel with who does it, and never changes: leave it out";
    (stamp != expected).then(|| Problem::new(format!("spec.{key}"), message))
}

/// The keys of `pairs` whose values differ never do.
pub fn frozen<'a, T: PartialEq + 'a>(pairs: impl IntoIterator<Item = (&'a str, T, T)>, way_out: &str) -> Vec<Problem> {
    let changed = pairs.into_iter().filter(|(_, new, old)| new != old);
    changed.map(|(key, ..)| Problem::new(format!("spec.{key}"), format!("it never changes: {way_out}"))).collect()
}

/// What comes later may not be there from the start.
pub fn not_yet(key: &str, is_there: bool, message: &str) -> Option<Problem> {
    is_there.then(|| Problem::new(format!("spec.{key}"), message))
}
