//! The cluster as its users see it.

use std::ffi::OsStr;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The lease of a profile that says nothing, and a second for the watches.
pub const LEASE_AND_A_SECOND: Duration = Duration::from_secs(6);

static CALM: RwLock<()> = RwLock::new(());
static NEXT: AtomicU32 = AtomicU32::new(0);

/// What Python code prints with a `client` of an AWS service, by the AWS SDK that moto brings; `None` if it fails.
pub fn aws(service: &str, call: &str) -> Option<String> {
    let path = std::env::var("PATH").unwrap();
    let python = path
        .split(':')
        .map(|folder| format!("{folder}/venv/bin/python"))
        .find(|file| std::path::Path::new(file).exists());
    let script = format!("import boto3\nclient = boto3.client('{service}', region_name='eu-west-1')\n{call}");
    let mut command = Command::new(python.expect("moto's Python"));
    command.args(["-c", &script]).envs([("AWS_ACCESS_KEY_ID", "t"), ("AWS_SECRET_ACCESS_KEY", "t")]);
    let output = command.output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// A place for one story: a namespace, and a profile and a policy of the same name.
pub struct Place {
    pub name: String,
    _calm: Calm,
}

#[expect(dead_code, reason = "held, not read")]
enum Calm {
    Shared(RwLockReadGuard<'static, ()>),
    Alone(RwLockWriteGuard<'static, ()>),
}

impl Place {
    /// Beside other stories.
    pub fn shared() -> Self {
        Self::new(Calm::Shared(CALM.read().unwrap_or_else(std::sync::PoisonError::into_inner)))
    }

    /// With the cluster to itself: for stories that break what all share.
    pub fn alone() -> Self {
        Self::new(Calm::Alone(CALM.write().unwrap_or_else(std::sync::PoisonError::into_inner)))
    }

    fn new(calm: Calm) -> Self {
        let name = format!("story-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        kubectl(["create", "namespace", &name]).unwrap();
        Self { name, _calm: calm }
    }

    /// `kubectl -n <place> …`
    pub fn kubectl(&self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Result<String, String> {
        run(Command::new("kubectl").args(["-n", &self.name]).args(arguments), None)
    }

    /// The user of a service account of this place.
    pub fn user(&self, service_account: &str) -> String {
        format!("system:serviceaccount:{}:{service_account}", self.name)
    }

    /// A profile named as the place, on the demo's role.
    pub fn profile(&self, more: &Value) {
        let mut spec = json!({"roleArn": "arn:aws:iam::123456789012:role/sentinel-demo", "region": "eu-west-1", "sessionTable": "sentinel-sessions"});
        for (key, value) in more.as_object().into_iter().flatten() {
            spec[key] = value.clone();
        }
        apply(&json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelProfile", "metadata": {"name": self.name}, "spec": spec})).unwrap();
    }

    /// The policy of that profile, with these rules.
    pub fn policy(&self, rules: &Value) {
        apply(&self.policy_object(rules)).unwrap();
    }

    pub fn policy_object(&self, rules: &Value) -> Value {
        json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessPolicy", "metadata": {"name": self.name}, "spec": {"version": "1", "rules": rules}})
    }

    /// A rule that grants the profile to a service account, tracked.
    pub fn grants(&self, service_account: &str) -> Value {
        json!({"name": "grant", "effect": "require_server_session", "conditions": {"profiles": [self.name], "users": [self.user(service_account)]}})
    }

    pub fn service_account(&self, name: &str) {
        self.kubectl(["create", "serviceaccount", name]).unwrap();
    }

    /// A pod `name` of the service account of the same name, whose app asks STS every second; `change` may alter it.
    pub fn pod(&self, name: &str, change: impl FnOnce(&mut Value)) -> Result<String, String> {
        let mut pod = self.pod_object(name);
        change(&mut pod);
        apply(&pod)
    }

    pub fn pod_object(&self, name: &str) -> Value {
        let sts = std::env::var("AWS_ENDPOINT_URL_STS").unwrap();
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": self.name, "annotations": {"sentinel.dev/profile": self.name}},
            "spec": {
                "serviceAccountName": name, "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "app", "image": "localhost/sentinel/app:dev", "imagePullPolicy": "Never", "args": ["loop"],
                    "env": [{"name": "AWS_ENDPOINT_URL_STS", "value": sts}]}],
            }
        })
    }

    /// A service account `name`, a policy that grants it the profile, and its pod, running with credentials.
    pub fn running_pod(&self, name: &str) {
        self.profile(&json!({}));
        self.policy(&json!([self.grants(name)]));
        self.service_account(name);
        self.pod(name, |_| ()).unwrap();
        self.ready(name);
        self.calls(name, "assumed-role", Duration::from_secs(20));
    }

    pub fn ready(&self, pod: &str) {
        let answer = self.kubectl(["wait", &format!("pod/{pod}"), "--for=condition=Ready", "--timeout=60s"]);
        assert!(answer.is_ok(), "{answer:?}\n{}", self.describe(pod));
    }

    pub fn describe(&self, pod: &str) -> String {
        self.kubectl(["describe", "pod", pod]).unwrap_or_else(|error| error)
    }

    /// One call of the AWS SDK in the pod, as a fresh process: its one line.
    pub fn call(&self, pod: &str) -> String {
        self.kubectl(["exec", pod, "-c", "app", "--", "/app", "whoami"]).unwrap_or_else(|error| error)
    }

    /// Calls until the answer contains `text`; how long that took.
    pub fn calls(&self, pod: &str, text: &str, limit: Duration) -> Duration {
        until(&format!("a call of {pod} that answers `{text}`"), limit, || {
            let answer = self.call(pod);
            if answer.contains(text) { Ok(()) } else { Err(answer) }
        })
    }

    /// Every call for as long as `time` answers `text`.
    pub fn keeps_answering(&self, pod: &str, text: &str, time: Duration) {
        let started = Instant::now();
        while started.elapsed() < time {
            let answer = self.call(pod);
            assert!(answer.contains(text), "after {:?}: {answer}", started.elapsed());
        }
    }

    /// The one session of this place's pod, as an object.
    pub fn session(&self, pod: &str) -> Value {
        let list = self.kubectl(["get", "sentinelsessions", "-o", "json"]).unwrap();
        let list: Value = serde_json::from_str(&list).unwrap();
        list["items"].as_array().unwrap().iter().find(|one| one["spec"]["pod"] == pod).cloned().unwrap_or_default()
    }

    pub fn session_name(&self, pod: &str) -> String {
        self.session(pod)["metadata"]["name"].as_str().unwrap().to_owned()
    }

    pub fn revoke(&self, pod: &str, reason: &str) {
        let patch = json!({"spec": {"revoked": true, "revokedReason": reason}}).to_string();
        self.kubectl(["patch", "sentinelsession", &self.session_name(pod), "--type=merge", "-p", &patch]).unwrap();
    }

    /// Until the session of `pod` is in `phase`.
    pub fn phase(&self, pod: &str, phase: &str, limit: Duration) {
        until(&format!("the session of {pod} to be {phase}"), limit, || {
            let session = self.session(pod);
            if session["status"]["phase"] == phase { Ok(()) } else { Err(session.to_string()) }
        });
    }

    /// Until `kubectl describe pod` shows `text`.
    pub fn described(&self, pod: &str, text: &str, limit: Duration) {
        until(&format!("`kubectl describe pod {pod}` to show `{text}`"), limit, || {
            let description = self.describe(pod);
            if description.contains(text) { Ok(()) } else { Err(description) }
        });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Kept for whoever looks into the failure.
            return;
        }
        let _ = kubectl(["delete", "namespace", &self.name, "--wait=false"]);
        for kind in
            ["accesslock", "accesspolicy", "approvalpolicy", "breakglasspolicy", "ratelimitpolicy", "sentinelprofile"]
        {
            let _ = kubectl(["delete", kind, &self.name, "--ignore-not-found", "--wait=false"]);
        }
    }
}

/// Runs kubectl; what it printed, or what it printed on failing.
pub fn kubectl(arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Result<String, String> {
    run(Command::new("kubectl").args(arguments), None)
}

/// `kubectl sentinel …`, as `e2e/stories/run` has built it: what it prints, and how it ends.
pub fn sentinel(arguments: &[&str]) -> (String, String, i32) {
    let tests = std::env::current_exe().unwrap();
    let binary = tests.ancestors().nth(2).unwrap().join("kubectl-sentinel");
    let output = Command::new(binary).args(arguments).output().expect("kubectl-sentinel: see e2e/stories/run");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap_or(-1))
}

/// `kubectl apply -f -`
pub fn apply(object: &Value) -> Result<String, String> {
    run(Command::new("kubectl").args(["apply", "-f", "-"]), Some(&object.to_string()))
}

/// `kubectl apply --dry-run=server -f -`: everything that judges, judges; nothing is stored.
pub fn dry_run(text: &str) -> Result<String, String> {
    run(Command::new("kubectl").args(["apply", "--dry-run=server", "-f", "-"]), Some(text))
}

/// `e2e/cluster …` of the cluster under test.
pub fn cluster(arguments: &[&str]) {
    script("cluster", arguments);
}

/// Runs a command; what it printed, or what it printed on failing.
pub fn run(command: &mut Command, input: Option<&str>) -> Result<String, String> {
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    let mut child = command
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubectl: see e2e/stories/run");
    if let (Some(mut pipe), Some(text)) = (child.stdin.take(), input) {
        pipe.write_all(text.as_bytes()).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if output.status.success() { Ok(text) } else { Err(text) }
}

/// Asks again until `check` is content; how long that took. Fails after `limit` with the last answer.
pub fn until(what: &str, limit: Duration, mut check: impl FnMut() -> Result<(), String>) -> Duration {
    let started = Instant::now();
    loop {
        let asked = Instant::now();
        match check() {
            Ok(()) => return asked.duration_since(started),
            Err(last) => assert!(started.elapsed() < limit, "not within {limit:?}: {what}\nthe last answer: {last}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Restarts a deployment of the install namespace by the number of its replicas: 0 stops it.
pub fn scale(deployment: &str, replicas: u32) {
    let replicas = format!("--replicas={replicas}");
    kubectl(["-n", "sentinel-system", "scale", "deployment", deployment, &replicas]).unwrap();
    if replicas == "--replicas=0" {
        let selector = format!("app.kubernetes.io/name={deployment}");
        kubectl(["-n", "sentinel-system", "wait", "pod", "-l", &selector, "--for=delete", "--timeout=60s"]).unwrap();
    } else {
        kubectl(["-n", "sentinel-system", "rollout", "status", "deployment", deployment, "--timeout=90s"]).unwrap();
        reachable();
    }
}

/// Ready pods are a moment ahead of the network: until the API server reaches the webhook, nothing is admitted.
fn reachable() {
    let policy = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessPolicy", "metadata": {"name": "reachable"},
        "spec": {"version": "1", "rules": [{"name": "nobody", "effect": "deny"}]}});
    until("the API server to reach the webhook", Duration::from_secs(30), || dry_run(&policy.to_string()).map(drop));
}

/// Another script of e2e/, with the environment of the cluster: what it printed.
pub fn script(name: &str, arguments: &[&str]) -> String {
    let file = format!("{}/../{name}", env!("CARGO_MANIFEST_DIR"));
    run(Command::new(file).args(arguments), None).unwrap()
}
