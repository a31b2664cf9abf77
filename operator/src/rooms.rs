//! The rooms of a leader: each works until shutdown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures::stream;
use kube::Client;
use sentinel_aws::{Aws, Settings, Tier, Timeouts};
use sentinel_core::policy::publish::{ADVANCED_LIMIT, STANDARD_LIMIT};
use sentinel_runtime::lines::Lines;
use sentinel_runtime::shutdown::{self, CancellationToken};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::Args;
use crate::announcer::Announcer;
use crate::audit::{self, Audit, Compliance};
use crate::audit_log::AuditLog;
use crate::cluster::Cluster;
use crate::denials::{self, Denials, Iam, RevokedRow, RoleStates, Verdicts};
use crate::desk::Desk;
use crate::events::Events;
use crate::happenings::Teller;
use crate::law::Law;
use crate::metrics::Metrics;
use crate::notifications::{Doors, Keeper, Targets};
use crate::pace::Retries;
use crate::policies::{self, AccessPolicies, ApprovalPolicies, BreakGlassPolicies, PolicyKind, RateLimitPolicies, Ssm};
use crate::sessions::{self, Governance, Scan, SessionTables, Strays};
use crate::tables::{self, Inspector};
use crate::watches::{Watches, changes_of};
use crate::{emergencies, locks, profiles, requests, webhooks};

/// Of DynamoDB. Passes over the sessions wait for it, and new pods wait for those.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(1),
    attempt: Duration::from_millis(1500),
    operation: Duration::from_millis(2500),
};
/// How many revocations by others may wait to be looked at.
const REVOCATIONS: usize = 256;

/// What every room is made from.
pub(crate) struct Rooms {
    args: Args,
    client: Client,
    cluster: Cluster,
    metrics: Metrics,
    events: Events,
    watches: Watches,
    aws: Aws,
    announcer: Announcer,
    keeper: Option<Keeper>,
    log: AuditLog,
    shutdown: CancellationToken,
}

impl Rooms {
    /// Starts the watches.
    pub async fn build(
        args: &Args,
        client: Client,
        cluster: Cluster,
        metrics: Metrics,
        lines: Lines,
        targets: &Targets,
        shutdown: CancellationToken,
    ) -> Self {
        let aws = Aws::load_with(Settings { timeouts: TIMEOUTS, ..Settings::default() }).await;
        let events = Events::new(client.clone(), &args.process.pod_name);
        let watches = Watches::spawn(&client);
        let log = AuditLog::new(cluster.clone(), lines, metrics.clone());
        let doors = Doors { aws: aws.clone(), metrics: metrics.clone() };
        let (keeper, post) = Keeper::start(targets, client.clone(), &args.process.namespace, &doors).unzip();
        let announcer = Announcer::new(log.clone(), post);
        Self { args: args.clone(), client, cluster, metrics, events, watches, aws, announcer, keeper, log, shutdown }
    }

    /// Works until shutdown. A room that ends before is an error.
    pub async fn work(mut self) -> anyhow::Result<()> {
        let Some(true) = shutdown::run_until(&self.shutdown, self.watches.ready()).await else { return Ok(()) };
        let mut rooms = JoinSet::new();
        self.spawn_policies(&mut rooms);
        let (told, compliance) = watch::channel(Compliance::default());
        self.spawn_audit(&mut rooms, told);
        let (found, tables) = watch::channel(tables::Verdicts::default());
        self.spawn_tables(&mut rooms, found);
        let (told, states) = watch::channel(RoleStates::default());
        let (left, strays) = watch::channel(None);
        self.spawn_profiles(&mut rooms, compliance, tables, states, strays);
        self.spawn_notifications(&mut rooms);
        self.spawn_locks(&mut rooms);
        self.spawn_requests(&mut rooms);
        self.spawn_emergencies(&mut rooms);
        self.spawn_webhooks(&mut rooms);
        let (verdicts, denied) = watch::channel(Verdicts::default());
        let (found, rows) = watch::channel(BTreeMap::new());
        self.spawn_denials(&mut rooms, rows, verdicts, told);
        self.spawn_sessions(&mut rooms, denied, found, left);
        while let Some(ended) = rooms.join_next().await {
            let room = ended.context("a room has failed")?;
            if !self.shutdown.is_cancelled() {
                bail!("{room} has ended before its time");
            }
        }
        Ok(())
    }

    fn spawn_policies(&self, rooms: &mut JoinSet<&'static str>) {
        let ssm = self.ssm();
        self.spawn_kind::<AccessPolicies>(rooms, &ssm, "access policies");
        self.spawn_kind::<ApprovalPolicies>(rooms, &ssm, "approval policies");
        self.spawn_kind::<BreakGlassPolicies>(rooms, &ssm, "break-glass policies");
        self.spawn_kind::<RateLimitPolicies>(rooms, &ssm, "rate limit policies");
    }

    fn spawn_kind<K: PolicyKind>(&self, rooms: &mut JoinSet<&'static str>, ssm: &Arc<Ssm>, room: &'static str) {
        let context = Arc::new(self.policy_context::<K>(ssm));
        let run = policies::run(context, self.watches.profiles.changes(), self.shutdown.clone().cancelled_owned());
        rooms.spawn(async move { (run.await, room).1 });
    }

    fn policy_context<K: PolicyKind>(&self, ssm: &Arc<Ssm>) -> policies::Context<K> {
        let settings = policies::Settings {
            root: self.args.parameter_root.clone(),
            limit: if self.args.advanced_parameters { ADVANCED_LIMIT } else { STANDARD_LIMIT },
            resync: self.args.resync,
            default_table: self.args.default_table().is_some(),
        };
        let profiles = self.watches.profiles.store.clone();
        policies::Context::new(
            self.client.clone(),
            ssm.clone(),
            settings,
            profiles,
            self.events.clone(),
            self.metrics.clone(),
        )
    }

    fn ssm(&self) -> Arc<Ssm> {
        let tier = if self.args.advanced_parameters { Tier::IntelligentTiering } else { Tier::Standard };
        Arc::new(Ssm::new(self.aws.parameters(), self.cluster.clone(), tier, self.metrics.clone()))
    }

    fn spawn_audit(&self, rooms: &mut JoinSet<&'static str>, told: watch::Sender<Compliance>) {
        let audit = Audit {
            client: self.client.clone(),
            watches: self.watches.clone(),
            default_table: self.args.default_table(),
            metrics: self.metrics.clone(),
            told,
        };
        let run = audit::run(audit, self.shutdown.clone().cancelled_owned());
        rooms.spawn(async move { (run.await, "audit").1 });
    }

    fn spawn_tables(&self, rooms: &mut JoinSet<&'static str>, told: watch::Sender<tables::Verdicts>) {
        let (sessions, governance, metrics) = (self.aws.sessions(), self.governance(), self.metrics.clone());
        let inspector = Inspector { sessions, governance, metrics, told };
        let law = stream::select(self.watches.profiles.changes(), self.watches.policies.changes());
        let run = tables::run(inspector, law, self.shutdown.clone().cancelled_owned());
        rooms.spawn(async move { (run.await, "tables").1 });
    }

    fn spawn_profiles(
        &self,
        rooms: &mut JoinSet<&'static str>,
        compliance: watch::Receiver<Compliance>,
        tables: watch::Receiver<tables::Verdicts>,
        roles: watch::Receiver<RoleStates>,
        strays: watch::Receiver<Option<Strays>>,
    ) {
        let found = stream::select(changes_of(compliance.clone()), changes_of(tables.clone()));
        let found = stream::select(found, changes_of(roles.clone()));
        let found = stream::select(found, changes_of(strays.clone()));
        let context = profiles::Context {
            client: self.client.clone(),
            policies: profiles::Policies::of(&self.watches),
            compliance,
            governance: self.governance(),
            tables,
            roles,
            strays,
            metrics: self.metrics.clone(),
            retries: Retries::default(),
        };
        let changes = stream::select(profiles::policy_changes(&self.watches), found);
        let run = profiles::run(context, changes, self.shutdown.clone().cancelled_owned());
        rooms.spawn(async move { (run.await, "profiles").1 });
    }

    fn spawn_notifications(&mut self, rooms: &mut JoinSet<&'static str>) {
        if let Some(keeper) = self.keeper.take() {
            let run = keeper.run(self.shutdown.clone().cancelled_owned());
            rooms.spawn(async move { (run.await, "notifications").1 });
        }
    }

    fn spawn_locks(&self, rooms: &mut JoinSet<&'static str>) {
        let context = locks::Context {
            client: self.client.clone(),
            sessions: self.watches.sessions.store.clone(),
            metrics: self.metrics.clone(),
            retries: Retries::default(),
        };
        let run = locks::run(context, self.shutdown.clone().cancelled_owned());
        rooms.spawn(async move { (run.await, "locks").1 });
        let teller = locks::LockTeller { client: self.client.clone(), announcer: self.announcer.clone() };
        let run = teller.run(self.shutdown.clone().cancelled_owned());
        rooms.spawn(async move { (run.await, "lock teller").1 });
    }

    fn spawn_requests(&self, rooms: &mut JoinSet<&'static str>) {
        let (law, shutdown) = (self.watches.ground_changes(), self.shutdown.clone().cancelled_owned());
        let run = requests::run(requests::Context(self.desk()), law, shutdown);
        rooms.spawn(async move { (run.await, "requests").1 });
    }

    fn spawn_emergencies(&self, rooms: &mut JoinSet<&'static str>) {
        let (law, shutdown) = (self.watches.ground_changes(), self.shutdown.clone().cancelled_owned());
        let context = emergencies::Context {
            desk: self.desk(),
            shelf: emergencies::Shelf::new(self.client.clone(), &self.args.process.namespace),
        };
        let run = emergencies::run(context, law, shutdown);
        rooms.spawn(async move { (run.await, "emergencies").1 });
    }

    fn desk(&self) -> Desk {
        let (cluster, metrics) = (self.cluster.clone(), self.metrics.clone());
        Desk {
            client: self.client.clone(),
            law: Law::of(&self.watches),
            teller: Teller::new(self.announcer.clone(), self.events.clone()),
            retries: Retries::default(),
            cluster,
            metrics,
        }
    }

    fn spawn_webhooks(&self, rooms: &mut JoinSet<&'static str>) {
        let shutdown = self.shutdown.clone().cancelled_owned();
        let run =
            webhooks::run(self.client.clone(), self.args.process.namespace.clone(), self.metrics.clone(), shutdown);
        rooms.spawn(async move { (run.await, "webhooks").1 });
    }

    fn spawn_denials(
        &self,
        rooms: &mut JoinSet<&'static str>,
        rows: watch::Receiver<BTreeMap<String, Vec<RevokedRow>>>,
        verdicts: watch::Sender<Verdicts>,
        states: watch::Sender<RoleStates>,
    ) {
        let iam = || Iam::new(self.aws.roles(), &self.cluster, self.metrics.clone());
        let (watches, metrics) = (self.watches.clone(), self.metrics.clone());
        let denials = Denials { iam: self.args.hard_revocation.then(iam), watches, rows, verdicts, states, metrics };
        let run = denials::run(denials, self.shutdown.clone().cancelled_owned());
        rooms.spawn(async move { (run.await, "denials").1 });
    }

    fn spawn_sessions(
        &self,
        rooms: &mut JoinSet<&'static str>,
        denied: watch::Receiver<Verdicts>,
        found_rows: watch::Sender<BTreeMap<String, Vec<RevokedRow>>>,
        left: watch::Sender<Option<Strays>>,
    ) {
        let tables = Arc::new(SessionTables::new(self.aws.sessions(), self.metrics.clone()));
        let (in_use, used) = watch::channel(BTreeSet::new());
        let (found, revoked) = mpsc::channel(REVOCATIONS);
        let end = || self.shutdown.clone().cancelled_owned();
        let tracker = sessions::run(self.session_desk(&tables, denied), revoked, in_use, end());
        let revocations = sessions::Revocations {
            tables: tables.clone(),
            cluster: self.cluster.id.clone(),
            governance: self.governance(),
            in_use: used.clone(),
            found,
            rows: found_rows,
        };
        let revocations = revocations.watch(end());
        let orphans = self.scan(&tables, used, left).run(end());
        rooms.spawn(async move { (tracker.await, "sessions").1 });
        rooms.spawn(async move { (revocations.await, "revocations").1 });
        rooms.spawn(async move { (orphans.await, "orphans").1 });
    }

    fn session_desk(&self, tables: &Arc<SessionTables>, denied: watch::Receiver<Verdicts>) -> sessions::Desk {
        sessions::Desk {
            client: self.client.clone(),
            cluster: self.cluster.clone(),
            watches: self.watches.clone(),
            governance: self.governance(),
            tables: tables.clone(),
            denied,
            events: self.events.clone(),
            log: self.log.clone(),
            metrics: self.metrics.clone(),
        }
    }

    fn scan(
        &self,
        tables: &Arc<SessionTables>,
        in_use: watch::Receiver<BTreeSet<String>>,
        left: watch::Sender<Option<Strays>>,
    ) -> Scan {
        Scan {
            client: self.client.clone(),
            cluster: self.cluster.id.clone(),
            pods: self.watches.pods.store.clone(),
            governance: self.governance(),
            in_use,
            tables: tables.clone(),
            left,
        }
    }

    fn governance(&self) -> Governance {
        let (profiles, policies) = (self.watches.profiles.store.clone(), self.watches.policies.store.clone());
        Governance::new(profiles, policies, self.args.default_table())
    }
}
