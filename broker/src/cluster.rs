//! The questions that the broker asks the API server outside its watches: a seam, because everything else can be tested
//! without one.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec};
use kube::api::PostParams;
use kube::{Api, Client};
use sentinel_core::protocol::BROKER_AUDIENCE;
use sentinel_decision::{Entry as _, PodEntry, PodObject};

use crate::caller::{Reviewed, read_review};

/// What can be asked.
pub trait Cluster: Send + Sync {
    /// Who is behind this token?
    fn review<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Reviewed>;
    /// What is there by the name of this pod?
    fn pod<'a>(&'a self, namespace: &'a str, name: &'a str) -> BoxFuture<'a, Result<Option<PodEntry>, String>>;
}

impl Cluster for Client {
    fn review<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Reviewed> {
        async move {
            let spec =
                TokenReviewSpec { audiences: Some(vec![BROKER_AUDIENCE.to_owned()]), token: Some(token.to_owned()) };
            let review = TokenReview { spec, ..TokenReview::default() };
            match Api::all(self.clone()).create(&PostParams::default(), &review).await {
                Ok(review) => read_review(review),
                Err(error) => Reviewed::Unknown(format!("TokenReview: {error}")),
            }
        }
        .boxed()
    }

    fn pod<'a>(&'a self, namespace: &'a str, name: &'a str) -> BoxFuture<'a, Result<Option<PodEntry>, String>> {
        async move {
            let pods: Api<PodObject> = Api::namespaced(self.clone(), namespace);
            let found = pods.get_opt(name).await.map_err(|error| error.to_string())?;
            Ok(found.as_ref().map(PodEntry::keep))
        }
        .boxed()
    }
}
