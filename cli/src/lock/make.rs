//! `lock`: whom it hits, a question where that is more than one session, then the lock.

use std::time::Duration;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use sentinel_api::{AccessLock, AccessLockSpec};
use sentinel_core::lock;
use sentinel_core::time::GoDuration;
use serde::Serialize;

use super::args::LockArgs;
use super::hits::{Hit, counted, hits, live_sessions};
use super::scope;
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::{Format, Report, lines};
use crate::terminal::{Ask, Question};

/// What already is about stays good until it expires, and what a lock does to the rest.
const BITES: &str = "running pods are refused within one lease of their profile (5s by default), new pods at once; credentials that \
     an app holds stay good until they expire (15m by default)";

const QUESTION: Question =
    Question { asks: "Lock?", no: "nothing was locked", otherwise: "--yes locks, --dry-run only looks" };

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Locked {
    name: String,
    dry_run: bool,
    spec: AccessLockSpec,
    /// None: the sessions can't be read.
    sessions: Option<usize>,
    hits: Vec<Hit>,
}

/// Whom it hits, or why that isn't known.
type Hits = Result<Vec<Hit>, String>;

pub(crate) fn run(args: &LockArgs, format: Format, ask: Ask) -> Result<Report, Failure> {
    let now = Timestamp::now();
    let spec = spec(args, now)?;
    let lock = spec.resolve().map_err(|problems| Failure::Usage(format!("{problems:#}")))?;
    if lock.is_over(now) {
        return Err(Failure::Usage("--until has passed already: the lock would stop nobody".to_owned()));
    }
    let cluster = Cluster::connect(&args.context.connect())?;
    let hits = whom(&cluster, &lock, now, args.yes || args.dry_run)?;
    // More than one session is more than a slip of the keyboard may hit.
    if !args.dry_run && !args.yes && total(&hits) > 1 {
        QUESTION.consent(&about(&spec, &hits), ask)?;
    }
    let name = args.name.clone().unwrap_or_else(|| now.strftime("lock-%Y%m%d-%H%M%S").to_string());
    let made: AccessLock = cluster.create(&AccessLock::new(&name, spec), args.dry_run)?;
    report(args, format, name, made.spec, hits)
}

fn spec(args: &LockArgs, now: Timestamp) -> Result<AccessLockSpec, Failure> {
    let given = |list: Vec<String>| Some(list).filter(|list| !list.is_empty());
    Ok(AccessLockSpec {
        users: given(args.users.iter().map(|user| whole_user(user)).collect()),
        namespaces: given(args.namespaces.clone()),
        profiles: given(args.profiles.clone()),
        reason: args.reason.clone(),
        expires_at: end(args, now)?.map(|end| end.to_string()),
        ..AccessLockSpec::default()
    })
}

/// `<namespace>/<name>` written out; anything else as it is.
fn whole_user(user: &str) -> String {
    user.split_once('/').map_or_else(
        || user.to_owned(),
        |(namespace, name)| sentinel_core::identity::service_account_user(namespace, name),
    )
}

/// When it ends, never before it was asked to: whole seconds, rounded up.
fn end(args: &LockArgs, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let Some(duration) = &args.duration else { return Ok(args.until) };
    let wrong = || Failure::Usage(format!("--for {duration} is no time from now: say 30m or 2h"));
    let end = positive(*duration).and_then(|duration| now.checked_add(duration).ok()).ok_or_else(wrong)?;
    let up = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil);
    end.round(up).map(Some).map_err(|_| wrong())
}

fn positive(duration: GoDuration) -> Option<Duration> {
    let nanos = u64::try_from(duration.as_nanos()).ok()?;
    Some(Duration::from_nanos(nanos)).filter(|duration| !duration.is_zero())
}

/// Without a look at the sessions nobody locks by accident: only who says so.
fn whom(cluster: &Cluster, lock: &lock::AccessLock, now: Timestamp, go_on: bool) -> Result<Hits, Failure> {
    match live_sessions(cluster) {
        Ok(sessions) => Ok(Ok(hits(lock, &sessions, now))),
        Err(Failure::Cluster(why)) if go_on => Ok(Err(why)),
        Err(Failure::Cluster(why)) => {
            Err(Failure::Cluster(format!("whom it hits can't be said: {why}. --yes locks without looking")))
        }
        Err(other) => Err(other),
    }
}

fn total(hits: &Hits) -> usize {
    hits.iter().flatten().map(|hit| hit.sessions).sum()
}

/// Whom, how many, and each of them.
fn about(spec: &AccessLockSpec, hits: &Hits) -> String {
    let scope = scope(spec);
    match hits {
        Ok(hits) => {
            let sessions = hits.iter().map(|hit| hit.sessions).sum();
            lines([format!("{scope}: {}", counted(sessions))].into_iter().chain(hits.iter().map(Hit::line)))
        }
        Err(why) => lines([format!("{scope}: whom it hits can't be said: {why}")]),
    }
}

fn report(args: &LockArgs, format: Format, name: String, spec: AccessLockSpec, hits: Hits) -> Result<Report, Failure> {
    let done = if args.dry_run { "would be locked by" } else { "locked by" };
    let until = spec.expires_at.as_ref().map(|end| format!(" until {end}")).unwrap_or_default();
    let text = format!("{done} AccessLock {name}{until}\n{}", about(&spec, &hits));
    let after = [format!("note: {BITES}"), format!("to unlock: kubectl sentinel unlock {name}")];
    let notes = if args.dry_run { vec![] } else { after.to_vec() };
    let sessions = hits.as_ref().ok().map(|hits| hits.iter().map(|hit| hit.sessions).sum());
    let locked = Locked { name, dry_run: args.dry_run, spec, sessions, hits: hits.unwrap_or_default() };
    Ok(Report { notes, ..Report::fine(format.render(text, &locked)?) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;
    use rstest::rstest;

    #[derive(clap::Parser)]
    struct Only {
        #[command(flatten)]
        lock: LockArgs,
    }

    fn asked(words: &[&str]) -> Result<AccessLockSpec, String> {
        let words = ["lock", "--reason", "r", "--profile", "prod"].iter().chain(words);
        let only = Only::try_parse_from(words).map_err(|error| error.to_string())?;
        spec(&only.lock, "2026-03-02T12:00:00.5Z".parse().unwrap()).map_err(|error| error.to_string())
    }

    #[rstest]
    #[case(&[], None)]
    #[case(&["--for", "2h"], Some("2026-03-02T14:00:01Z"))]
    #[case(&["--for", "500ms"], Some("2026-03-02T12:00:01Z"))]
    #[case(&["--until", "2026-03-03T00:00:00+01:00"], Some("2026-03-02T23:00:00Z"))]
    fn ends(#[case] words: &[&str], #[case] end: Option<&str>) {
        assert_eq!(asked(words).unwrap().expires_at.as_deref(), end);
    }

    #[rstest]
    #[case(&["--for", "0s"], "is no time from now")]
    #[case(&["--for=-1h"], "is no time from now")]
    #[case(&["--for", "2 hours"], "--for")]
    #[case(&["--for", "2h", "--until", "2026-03-03T00:00:00Z"], "cannot be used with")]
    fn refuses(#[case] words: &[&str], #[case] message: &str) {
        let error = asked(words).unwrap_err();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn users_are_written_out() {
        let spec = asked(&["--user", "payments/api", "--user", "system:serviceaccount:a:*"]).unwrap();
        let users = ["system:serviceaccount:payments:api", "system:serviceaccount:a:*"].map(str::to_owned);
        assert_eq!(spec.users.as_deref(), Some(users.as_slice()));
        assert_eq!(scope(&spec), "users system:serviceaccount:payments:api, system:serviceaccount:a:*; profiles prod");
    }
}
