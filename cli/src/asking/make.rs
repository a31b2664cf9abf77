//! An object is made, and what becomes of it waited for.

use std::io::Write;
use std::time::Duration;

use kube::ResourceExt as _;

use super::args::AskArgs;
use super::case::{Case, value};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::{Format, Report};
use crate::until::until;

/// What came of making an object.
#[derive(Debug)]
pub(crate) struct Made<K> {
    /// As it was seen last.
    pub(crate) case: K,
    /// Somebody has deleted it meanwhile.
    pub(crate) gone: bool,
}

/// Makes it. A no of the API server is a result, not a failure: whoever judges for it says why.
pub(crate) fn make<K: Case>(cluster: &Cluster, args: &AskArgs, mut case: K) -> Result<Result<K, Report>, Failure> {
    *case.meta_mut() = args.metadata();
    match cluster.create_in(&cluster.namespace, &case, args.dry_run) {
        Ok(made) => Ok(Ok(made)),
        Err(Failure::Refused(why)) => {
            Ok(Err(Report { notes: vec![format!("error: {why}")], found: true, stdout: String::new() }))
        }
        Err(failure) => Err(failure),
    }
}

/// Waits until `is_done`, and writes to `out` what `tell` has to say meanwhile, each time that it is something else.
pub(crate) fn wait<K: Case>(
    cluster: &Cluster,
    case: K,
    patience: Duration,
    is_done: impl Fn(&K) -> bool,
    tell: impl Fn(&K) -> String,
    out: &mut dyn Write,
) -> Result<Made<K>, Failure> {
    if patience.is_zero() {
        return Ok(Made { case, gone: false });
    }
    let mut told = String::new();
    let last = until::<K>(cluster, vec![case.name_any()], patience, |object| {
        let case = K::seen(object);
        let (done, text) = (is_done(&case), tell(&case));
        if !done && text != told {
            // A reader that has gone away has read all that it wants.
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            told = text;
        }
        done
    })?;
    Ok(match last.into_iter().next() {
        Some(last) => Made { case: K::seen(&last.object), gone: last.gone },
        // It was deleted before the watch began.
        None => Made { case, gone: true },
    })
}

impl<K: Case> Made<K> {
    /// The text, or the object.
    pub(crate) fn report(
        &self,
        format: Format,
        text: String,
        notes: Vec<String>,
        found: bool,
    ) -> Result<Report, Failure> {
        Ok(Report { stdout: format.render(text, &value(&self.case))?, notes, found })
    }
}
