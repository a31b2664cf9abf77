//! Why a cluster couldn't be asked, and what helps.

use std::error::Error;
use std::time::Duration;

use kube::runtime::watcher;

use crate::failure::Failure;

/// No way to a cluster is known.
pub(super) fn no_cluster(error: &(dyn Error + 'static)) -> Failure {
    Failure::Cluster(format!(
        "no cluster can be asked: {}. Name one with --kubeconfig or --context; with -f FILE none is needed",
        causes(error)
    ))
}

/// It was asked, and said no, or something stood in between.
pub(super) fn unread(what: &str, url: &str, error: &kube::Error) -> Failure {
    let text = match error {
        kube::Error::Api(status) if status.code == 403 => {
            format!("you may not read {what}: {}. See: kubectl auth can-i get {what}", status.message)
        }
        kube::Error::Api(status) if status.code == 401 => {
            format!("{url} doesn't know you: {}. See: kubectl auth whoami", status.message)
        }
        kube::Error::Api(status) => format!("{what} can't be read: {}", status.message),
        error => format!("{what} can't be read from {url}: {}. See: kubectl cluster-info", causes(error)),
    };
    Failure::Cluster(text)
}

/// It was asked for changes, and doesn't tell them.
pub(super) fn unwatched(what: &str, url: &str, error: &watcher::Error) -> Failure {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => unread(what, url, error),
        other => Failure::Cluster(format!("{what} can't be watched at {url}: {}", causes(other))),
    }
}

/// It was asked to write, and said no, or something stood in between.
pub(super) fn unwritten(verb: &str, what: &str, url: &str, error: &kube::Error) -> Failure {
    match error {
        // Admission says 403 too, and says itself who refuses.
        kube::Error::Api(status) if status.code == 403 && !is_of_admission(&status.message) => Failure::Cluster(
            format!("you may not {verb} {what}: {}. See: kubectl auth can-i {verb} {what}", status.message),
        ),
        // Nobody has judged it.
        kube::Error::Api(status) if status.code >= 500 => Failure::Cluster(format!(
            "the API server can't {verb} {what}: {}. See: kubectl -n sentinel-system get pods",
            status.message
        )),
        kube::Error::Api(status) => {
            Failure::Refused(format!("the API server refuses to {verb} {what}: {}", status.message))
        }
        error => Failure::Cluster(format!(
            "whether {what} were written is not known: {url}: {}. See: kubectl get {what}",
            causes(error)
        )),
    }
}

/// By a webhook, or by a ValidatingAdmissionPolicy.
fn is_of_admission(message: &str) -> bool {
    message.to_lowercase().contains("admission")
}

/// It doesn't answer.
pub(super) fn silent(url: &str, patience: Duration) -> Failure {
    Failure::Cluster(format!("{url} doesn't answer within {} s. See: kubectl cluster-info", patience.as_secs()))
}

/// The causes from the outermost to the innermost; texts that only repeat their cause are left out.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut cause = Some(error);
    while let Some(one) = cause {
        let text = one.to_string();
        if texts.last().is_none_or(|last| !last.contains(&text)) {
            texts.push(text);
        }
        cause = one.source();
    }
    texts.join(": ")
}
