//! What `--help` shows beneath the arguments.

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  fine
  1  something was found: a document is invalid, a case differs, --check would change the file, diff found differences
     or what was asked for didn't come: denied, refused, not confirmed in time
  2  wrong usage, a file can't be read or written, or a cluster can't be asked

Without a cluster work validate, lint, fmt, convert, explain -f, diff of two files, test, and history.";

pub(crate) const VALIDATE: &str = "\
Examples:
  kubectl sentinel validate config/samples/policy.yaml
  kubectl sentinel validate --kind approval approvals.yaml
  helm template . | kubectl sentinel validate -o json -

A file holds documents of the policy reference or objects of Kubernetes, any number of them between lines of `---`. Objects
of other groups are skipped with a note. Policies, profiles and locks are judged as the webhook judges them, apart from what
only a cluster knows. Each problem comes with its place, and the line of the file beneath it.";

pub(crate) const LINT: &str = "\
Examples:
  kubectl sentinel lint policies/*.yaml profiles/*.yaml
  kubectl sentinel lint --profiles prod,staging --session-table sentinel-sessions policy.yaml
  kubectl sentinel lint --kind break-glass -o json emergencies.yaml

Lints are what the webhook gives as warnings: never a reason to refuse. A lint says nothing where it isn't sure, so it knows
more mistakes when it knows the profiles: SentinelProfile objects in any of the files, or --profiles. A file that isn't valid
is told as by validate.";

pub(crate) const FMT: &str = "\
Examples:
  kubectl sentinel fmt policy.yaml
  kubectl sentinel fmt --check policy.yaml
  kubectl sentinel fmt --write --kind rate-limit limits.yaml

The canonical document is what is published: equal policies are equal to the byte. It has no comments, so --write refuses a
file that seems to have some, unless --drop-comments says that they may go.";

pub(crate) const CONVERT: &str = "\
Examples:
  kubectl sentinel convert --name prod policy.yaml > accesspolicy.yaml
  kubectl sentinel convert --kind break-glass --name prod emergencies.yaml
  kubectl get accesspolicy prod -o yaml | kubectl sentinel convert -

A document becomes an object, an object becomes a document. A document has no name, labels, publish or deletionPolicy: what is
lost is noted on stderr. The policy reference's second spelling (`policies: - match: ...`) becomes a document, or with --name
an object; each translation is noted, and what can't be translated is refused.";

pub(crate) const EXPLAIN: &str = "\
Examples:
  kubectl sentinel explain pod api-0 -n payments
  kubectl sentinel explain --user system:serviceaccount:payments:api --profile prod
  kubectl sentinel explain -f policy.yaml --user alice --profile prod --mode cli --at 2026-03-02T12:00:00Z -o json

Of a pod: what the broker would say to it now, decided by the broker's own code from the live pod, profile, locks, session and
policy: the refusal in the broker's words, or what is permitted; the walk through the rules; and what would help. With --user
and no file: what the live policy answers. With a file: no cluster is asked.

The exit code says nothing of the decision: an explained denial is 0. A cluster that can't be asked, or a pod that isn't
there, is 2.";

pub(crate) const DIFF: &str = "\
Examples:
  kubectl sentinel diff old.yaml new.yaml
  git show HEAD:policy.yaml | kubectl sentinel diff - policy.yaml -o json
  kubectl sentinel diff -f accesspolicy.yaml
  kubectl sentinel diff --profile prod --user system:serviceaccount:payments:api old.yaml new.yaml

Says who gains or loses access, and whose table, cap or kind of denial changes: users, profiles, mode, and hours of the week.
Nothing is sampled: both policies are asked wherever their own words can tell requests apart, for the year from now. Where
that would be too much, it says so and compares nothing. A rule's name or reason alone is no change.

Exit codes: 0 no decision changes, 1 some do, 2 it can't be said.";

pub(crate) const SESSIONS: &str = "\
Examples:
  kubectl sentinel sessions -A
  kubectl sentinel sessions -n payments --status active,pending -o wide
  kubectl sentinel sessions -A --profile 'prod-*' --user 'payments/*' --watch
  kubectl sentinel sessions -A -o json

Without -A or -n, those of the context's namespace. Of --user, --profile and --status, each kind that is given must fit a session
(AND); of one kind given several times, one is enough (OR). A `*` matches any run of characters but `:`.

Exit codes: 0 listed, however many there are; 2 the cluster can't be asked.";

pub(crate) const REVOKE: &str = "\
Examples:
  kubectl sentinel revoke 0123456789abcdef -n payments --reason 'key in a paste'
  kubectl sentinel revoke --pod api-0 -n payments --reason 'key in a paste'

The pod is refused within one lease of its profile (5s by default), for good; status and row say who did it and why. Credentials
that were issued before stay good until they expire. The next pod is a new session: to stop that too, kubectl sentinel lock.
It works while Sentinel's webhook is down. Whoever may edit in a namespace may revoke its sessions.

Exit codes: 0 revoked, by you or before, or ended already; 1 written, and refused by the broker, but not confirmed within --timeout;
2 something couldn't be revoked: the message says what.";

pub(crate) const AUDIT: &str = "\
Examples:
  kubectl sentinel audit
  kubectl sentinel audit -o json --minors-behind 1

Finds, over all namespaces: NotInjected (a pod asks for a profile and has no sidecar: the webhook was down, or the annotation came
later), SessionWithoutPod (a session is live and its pod is not), RowWithoutPod (a row is active, its pod is gone, and the operator
could not end it, or could not look for such rows), NoTable (a rule requires a session, and no table is named), OldSidecar,
ProfileUnusable and PolicyRefused. What has just changed may be found a moment too long.

It reads the cluster's policies, profiles, sessions, and of pods the metadata. The operator counts the same, every five minutes
(sentinel_audit_findings), and says it in each profile's condition Compliant.

Exit codes: 0 everything complies, 1 something was found, 2 the cluster can't be asked.";

pub(crate) const HISTORY: &str = "\
Examples:
  kubectl logs -n sentinel-system -l app.kubernetes.io/part-of=sentinel --prefix --tail=-1 --since=12h |
    kubectl sentinel history --profile prod --since 12h
  kubectl sentinel history broker.log operator.log --profile prod --since 2026-03-02T20:00:00Z --until 2026-03-03T06:00:00Z -o wide
  zcat /archive/2026-03-0*.gz | kubectl sentinel history --user 'payments/*' --key-file audit.key -o json

Reads what broker and operator wrote to standard output, as it is or as kubectl logs, containerd and docker wrap it; other lines
are skipped and counted. Says who was given credentials, from when until when, by which rule, approval or emergency, and who
stopped it. No cluster is asked. Of --profile, --user and --namespace, each that is given must fit an access; of one given several
times, one is enough. A `*` matches any run of characters but `:`.

With --key-file only lines that one of the keys has signed are believed; which are forged, changed or missing is said. A log
may be of any size: up to 100000 accesses are kept, and as many requests, emergencies, revocations and locks.

Exit codes: 0 told, however many there are; 1 with --key-file: a signature is wrong or missing, or lines are missing; 2 wrong
usage, or a file can't be read.";

pub(crate) const LOCK: &str = "\
Examples:
  kubectl sentinel lock -n payments --reason 'key in a paste'
  kubectl sentinel lock --user payments/api --profile prod --reason 'strange calls' --for 2h
  kubectl sentinel lock --profile 'prod-*' --reason 'region is burning' --dry-run

Of --user, --namespace and --profile, each kind that is given must name a pod (AND); of one kind given several times, one is
enough (OR). A `*` matches any run of characters but `:`. Before policy, approval and break-glass: nobody gets past a lock.

Asks when it hits more than one session; --yes doesn't. Who made it is stamped by Sentinel. Whoever is bound to the
ClusterRole sentinel-locker may lock and unlock.";

pub(crate) const UNLOCK: &str = "\
Examples:
  kubectl sentinel unlock lock-20260302-120000

The same as kubectl delete accesslock. Pods go on at their next request, without a restart.";

pub(crate) const LOCKS: &str = "\
Examples:
  kubectl sentinel locks
  kubectl sentinel locks -o json";

pub(crate) const REQUEST: &str = "\
Examples:
  kubectl sentinel request --profile prod --service-account migrate -n payments --duration 1h \\
    --justification 'new schema, ticket 7'

Where the AccessPolicy says require_approval. Says who may decide and how, and waits; Ctrl-C leaves the request standing,
and it expires after 24 hours. Once it is approved, pods of the service account get credentials, those that wait already
too, until the grant ends: --duration (at most 8h) after the decision. The justification has 10 to 500 characters. Who
asks is stamped by Sentinel. kubectl apply of an AccessRequest does the same: config/samples/access-request.yaml.

Exit codes: 0 approved, or made with --timeout 0s; 1 denied, cancelled, expired or refused, or nobody decided within
--timeout; 2 wrong usage, or the cluster can't be asked.";

pub(crate) const APPROVE: &str = "\
Examples:
  kubectl sentinel requests -A --status pending
  kubectl sentinel approve migrate-prod-x7k2p -n payments --comment 'until the release is out'

Shows who asks for what and why, and asks; --yes doesn't. Approvers are those that the profile's ApprovalPolicy names;
nobody approves their own request, by any of their names, and a decision is for good. The same as kubectl patch
accessrequest NAME --type merge -p '{\"spec\":{\"decision\":\"Approved\"}}'.

Exit codes: 0 each is approved; 1 one is not, or not confirmed within --timeout; 2 wrong usage, or the cluster can't be
asked.";

pub(crate) const DENY: &str = "\
Examples:
  kubectl sentinel deny migrate-prod-x7k2p -n payments --comment 'not on a Friday'

For approvers, as approve; a denial is for good: who asked may ask again. To end what was approved: kubectl delete
accessrequest, or kubectl sentinel lock.

Exit codes: 0 each is denied; 1 one is not, or not confirmed within --timeout; 2 wrong usage, or the cluster can't be
asked.";

pub(crate) const CANCEL: &str = "\
Examples:
  kubectl sentinel cancel migrate-prod-x7k2p -n payments

For who made them, while nobody has decided.

Exit codes: 0 each is cancelled; 1 one is not, or not confirmed within --timeout; 2 wrong usage, or the cluster can't be
asked.";

pub(crate) const REQUESTS: &str = "\
Examples:
  kubectl sentinel requests -A --status pending --watch
  kubectl sentinel requests -n payments --mine -o wide
  kubectl sentinel requests -A --profile 'prod-*' -o json

Without -A or -n, those of the context's namespace. Of --profile, --status and --mine, each that is given must fit a
request; of one given several times, one is enough. A `*` matches any run of characters but `:`. GRANTED says whether it
opens the door now.

Exit codes: 0 listed, however many there are; 2 the cluster can't be asked.";

pub(crate) const BREAK_GLASS: &str = "\
Examples:
  kubectl sentinel break-glass --profile prod --service-account api -n payments --reason-code incident --duration 30m \\
    --justification 'invoices fail since 10:02, the queue has to be drained by hand'

Gives the service account's pods the profile, whatever the AccessPolicy says of it, but for require_server denials and
locks. For those whom the profile's BreakGlassPolicy names, as often as its RateLimitPolicy allows. Says what it does, and
asks; --yes doesn't. It lasts --duration (at most 4h, and at most the rule's) from the moment at which it is active; close
ends it before. The justification has 20 to 1000 characters. A refusal says which limit, and when to come back. kubectl
apply of a BreakGlassEvent does the same: config/samples/break-glass-event.yaml.

Exit codes: 0 active, or made with --timeout 0s; 1 refused, closed, or not judged within --timeout; 2 wrong usage, a no to
the question, or the cluster can't be asked.";

pub(crate) const CLOSE: &str = "\
Examples:
  kubectl sentinel close api-prod-x7k2p -n payments --reason 'the queue is empty'

For good. Its pods are refused within one lease of the profile (5s by default), unless the policy allows them; credentials
that they hold already stay good until they expire. Whoever may update the event may close it.

Exit codes: 0 each is over; 1 one is not, or not confirmed within --timeout; 2 wrong usage, or the cluster can't be asked.";

pub(crate) const REVIEW: &str = "\
Examples:
  kubectl sentinel events -A --unreviewed
  kubectl sentinel review api-prod-x7k2p -n payments --note 'drained the queue by hand; ticket 8 makes that unnecessary'

Afterwards, by another person than who broke the glass, and once: a review never changes.

Exit codes: 0 written; 1 refused, there is one already, or not confirmed within --timeout; 2 wrong usage, or the cluster
can't be asked.";

pub(crate) const EVENTS: &str = "\
Examples:
  kubectl sentinel events -A --status active --watch
  kubectl sentinel events -n payments -o wide
  kubectl sentinel events -A --unreviewed -o json

Without -A or -n, those of the context's namespace. Of --profile, --status, --mine and --unreviewed, each that is given
must fit an event; of one given several times, one is enough. A `*` matches any run of characters but `:`. COME-BACK says
when a refused one would be admitted.

Exit codes: 0 listed, however many there are; 2 the cluster can't be asked.";

pub(crate) const TEST: &str = "\
Examples:
  kubectl sentinel test config/policy-tests/require-server-session.yaml
  kubectl sentinel test --junit report.xml tests.yaml

A file of cases:
  policy: policy.yaml          # a file, relative to this one; or a document or AccessPolicy object, inline
  cases:
  - name: the report by day
    request: {user: bob, profile: prod, mode: server, sessionTable: sessions, time: \"2026-03-02T12:00:00Z\"}
    expect: {effect: deny, ruleIndex: -1}

mode is server where a request has none. time may be left out only if no rule has a time window. expect has at least one of
effect, rule, ruleIndex, reason, requiresServerMode, requiresSessionTracking, sessionTable.

Exit codes: 0 every case is as expected, 1 some differ or the policy isn't valid, 2 the file of cases can't be understood.";
