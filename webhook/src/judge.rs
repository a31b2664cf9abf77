//! The questions of the API server, each answered in full.

use std::time::Instant;

use jiff::Timestamp;
use kube::Resource as _;
use sentinel_api::names::{INJECTED_LABEL, PROFILE_ANNOTATION};
use sentinel_api::{AccessLock, AccessRequest, BreakGlassEvent, PersonStamp, SentinelSession};
use sentinel_core::policy::{Problem, Problems};
use serde_json::Value;

use crate::admission::{AdmissionMetrics, AdmissionRequest, Answer, Operation};
use crate::desk::Desks;
use crate::objects::{self, Around};
use crate::pods::{self, Injection, Pod, SidecarTemplate};
use crate::preview;
use crate::view::{NotReady, ProfileLookup, View};
use crate::{stamps, warnings};

/// All that is needed for an answer.
pub struct Judge {
    /// What is known of the cluster.
    pub view: View,
    /// What is the same for every pod.
    pub sidecar: SidecarTemplate,
    /// The session table of profiles that name none; empty: none.
    pub default_table: String,
    /// Key of the extra value that tells people apart; empty: none.
    pub person_key: String,
    /// Counts.
    pub metrics: AdmissionMetrics,
    /// Where what takes long waits its turn.
    pub desks: Desks,
}

/// What the API server asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// A new pod: what must be added?
    MutatePod,
    /// A pod after all mutating webhooks, or a change of it: is it as it must be?
    ValidatePod,
    /// An object of ours: who writes it?
    StampObject,
    /// Is a policy, profile, session, lock, request or emergency as it must be?
    ValidateObject,
}

impl Judge {
    /// The answer to a question.
    pub async fn answer(&self, question: Question, request: &AdmissionRequest) -> Answer {
        match question {
            Question::MutatePod => self.mutate_pod(request).await,
            Question::ValidatePod => self.validate_pod(request).await,
            Question::StampObject => stamps::stamp(request, &self.person_key),
            Question::ValidateObject => self.validate_object(request).await,
        }
    }

    /// A session is judged in no time, and a revocation waits for nobody; no more does the closing of an emergency. All else is
    /// never judged on a thread that answers pods.
    async fn validate_object(&self, request: &AdmissionRequest) -> Answer {
        let profile = match objects::named_profile(request) {
            Some(name) => Some(self.view.profile(name).await),
            None => None,
        };
        let bench = ObjectBench::new(self, request, profile);
        let desk = match request.resource.resource.as_str() {
            sessions if sessions == SentinelSession::plural(&()) => return bench.answer(request),
            events if events == BreakGlassEvent::plural(&()) && request.operation == Operation::Update => {
                return bench.answer(request);
            }
            events if events == BreakGlassEvent::plural(&()) => &self.desks.asks,
            requests if requests == AccessRequest::plural(&()) => &self.desks.asks,
            locks if locks == AccessLock::plural(&()) => &self.desks.locks,
            _ => &self.desks.policies,
        };
        let work = || {
            let asked = request.clone();
            move || bench.answer(&asked)
        };
        let judged = desk.take(work).await;
        judged.unwrap_or_else(|| no_turn(request))
    }

    async fn mutate_pod(&self, request: &AdmissionRequest) -> Answer {
        let pod = Pod::new(&request.object);
        // matchConditions send no others; without the annotation there is nothing to inject.
        if !is_new_pod(request) || pod.annotation(PROFILE_ANNOTATION).is_none() {
            return Answer::allowed();
        }
        let injected = self.injection(pod).await.and_then(|injection| Ok(pods::inject(&request.object, &injection)?));
        match injected {
            Ok(injected) => Answer::patched(&request.object, &injected).warning(pods::warnings(pod)),
            Err(no) => no.into_answer(),
        }
    }

    async fn validate_pod(&self, request: &AdmissionRequest) -> Answer {
        let (old, new) = (Pod::new(&request.old_object), Pod::new(&request.object));
        let ephemeral = request.sub_resource.as_deref() == Some("ephemeralcontainers");
        let judged = match request.operation {
            Operation::Create => self.verify(&request.object).await,
            Operation::Update if ephemeral => pods::judge_ephemeral(old, new).map_err(No::from),
            Operation::Update => pods::judge_update(old, new).map_err(No::from),
            Operation::Delete | Operation::Connect => Ok(()),
        };
        judged.map_or_else(No::into_answer, |()| Answer::allowed())
    }

    async fn verify(&self, object: &Value) -> Result<(), No> {
        let pod = Pod::new(object);
        if pod.annotation(PROFILE_ANNOTATION).is_none() {
            return Ok(Problems::refuse(pods::without_annotation(pod), ())?);
        }
        if pod.sidecar().is_none() || pod.label(INJECTED_LABEL).is_none() {
            return Err(No::Forbidden(not_injected().into()));
        }
        Ok(pods::verify(object, &self.injection(pod).await?)?)
    }

    /// What `pod` gets, or everything that is wrong with it.
    async fn injection(&self, pod: Pod<'_>) -> Result<Injection, No> {
        let broker_ca = self.view.broker_ca()?;
        let profile = match pods::requested_profile(pod) {
            Ok(name) => self.view.profile(name).await?.map_err(|no| Problem::new(annotation_place(), no.to_string())),
            Err(problem) => Err(problem),
        };
        match profile {
            Ok(profile) => Ok(Injection::new(&profile, &self.default_table, broker_ca, self.sidecar.clone())),
            Err(problem) => {
                let others = pods::refusals(pod, &self.sidecar.image);
                Err(Problems::refuse([vec![problem], others].concat(), ())
                    .err()
                    .map_or_else(No::unknown, No::Forbidden))
            }
        }
    }
}

/// What objects are judged by, on whatever thread.
struct ObjectBench {
    view: View,
    default_table: String,
    metrics: AdmissionMetrics,
    by: PersonStamp,
    profile: Option<ProfileLookup>,
}

impl ObjectBench {
    fn new(judge: &Judge, request: &AdmissionRequest, profile: Option<ProfileLookup>) -> Self {
        let Judge { view, default_table, metrics, .. } = judge;
        let by = PersonStamp::of(&request.user_info.person(&judge.person_key));
        Self { view: view.clone(), default_table: default_table.clone(), metrics: metrics.clone(), by, profile }
    }

    fn answer(&self, request: &AdmissionRequest) -> Answer {
        let (view, default_table) = (&self.view, self.default_table.as_str());
        let (by, profile, at) = (&self.by, self.profile.as_ref(), Timestamp::now());
        let judged = objects::judge(request, Around { view, default_table, by, at, profile });
        if judged.refused.is_some() {
            return judged;
        }
        let lints = judged.warnings.clone();
        let said = [self.preview(request), lints].concat();
        Answer { warnings: warnings::fit(said), ..judged }
    }

    /// What it would do to the sessions that live now.
    fn preview(&self, request: &AdmissionRequest) -> Vec<String> {
        let started = Instant::now();
        let asked = preview::asked(request, &self.view, &self.default_table);
        let Some(asked) = asked else { return vec![] };
        let (warnings, outcome) = preview::warnings(asked, Timestamp::now());
        self.metrics.previewed(outcome, started.elapsed());
        warnings
    }
}

/// A deletion is only talked about, and passes.
fn no_turn(request: &AdmissionRequest) -> Answer {
    let name = display_name(request);
    if request.operation == Operation::Delete {
        return Answer::allowed().warning(vec![preview::unknown(&format!("deleting `{name}`"))]);
    }
    let resource = &request.resource.resource;
    Answer::unavailable(format!("Sentinel's webhook has too many {resource} to judge now: try again in a moment"))
}

/// Why a pod is refused.
enum No {
    /// It may not be.
    Forbidden(Problems),
    /// Nobody can tell now.
    NotReady(NotReady),
}

impl From<Problems> for No {
    fn from(problems: Problems) -> Self {
        Self::Forbidden(problems)
    }
}

impl From<NotReady> for No {
    fn from(error: NotReady) -> Self {
        Self::NotReady(error)
    }
}

impl No {
    fn unknown() -> Self {
        Self::Forbidden(Problem::new("", "the pod is refused").into())
    }

    fn into_answer(self) -> Answer {
        match self {
            Self::Forbidden(problems) => Answer::forbidden(format!("no AWS credentials for this pod: {problems}")),
            Self::NotReady(error) => Answer::unavailable(error.to_string()),
        }
    }
}

fn is_new_pod(request: &AdmissionRequest) -> bool {
    let subresource = request.sub_resource.as_deref().unwrap_or_default();
    request.operation == Operation::Create && request.resource.resource == "pods" && subresource.is_empty()
}

fn annotation_place() -> String {
    format!("metadata.annotations[{PROFILE_ANNOTATION}]")
}

fn not_injected() -> Problem {
    let message = "the sidecar was not injected, or another admission webhook removed it: make the pod again; if that does not help, ask whoever keeps the cluster to look at the MutatingWebhookConfiguration `sentinel`";
    Problem::new("", message)
}

/// What to call the object of a request.
pub fn display_name(request: &AdmissionRequest) -> &str {
    if request.name.is_empty() { Pod::new(&request.object).display_name() } else { &request.name }
}
