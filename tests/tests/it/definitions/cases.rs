//! Documents that no kind of policy may be: every row of the reference's tables of errors, and what spec/interop.md adds.

use serde_json::{Value, json};

/// A kind of policy, as kubectl and SSM spell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub name: &'static str,
    pub plural: &'static str,
    pub folder: &'static str,
}

pub const ACCESS: Kind = Kind { name: "AccessPolicy", plural: "accesspolicies", folder: "policies" };
pub const APPROVAL: Kind = Kind { name: "ApprovalPolicy", plural: "approvalpolicies", folder: "approval-policies" };
pub const BREAK_GLASS: Kind =
    Kind { name: "BreakGlassPolicy", plural: "breakglasspolicies", folder: "break-glass-policies" };
pub const RATE_LIMIT: Kind =
    Kind { name: "RateLimitPolicy", plural: "ratelimitpolicies", folder: "rate-limit-policies" };
pub const KINDS: [Kind; 4] = [ACCESS, APPROVAL, BREAK_GLASS, RATE_LIMIT];

impl Kind {
    /// The least that a rule of this kind says.
    pub fn rule(self) -> Value {
        match self.name {
            "AccessPolicy" => json!({"name": "r", "effect": "allow"}),
            "ApprovalPolicy" => json!({"name": "r", "approvers": ["ann"]}),
            "BreakGlassPolicy" => json!({"name": "r", "users": ["ann"]}),
            _ => json!({"name": "r", "cooldown": "30m"}),
        }
    }
}

/// A bad document.
pub struct Case {
    pub kind: Kind,
    pub spec: Value,
    /// What the webhook says of it, alone.
    pub webhook: &'static str,
    /// What the definition says of it, alone; none: it can't say it, and keeps the document as it was written.
    pub schema: Option<&'static str>,
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let of_any = KINDS.into_iter().flat_map(of_any);
    of_any.chain(access()).chain(approval()).chain(break_glass()).chain(rate_limit()).collect()
}

/// What is wrong in every kind.
fn of_any(kind: Kind) -> Vec<Case> {
    let spec = |spec: Value, webhook, schema| Case { kind, spec, webhook, schema };
    let rules = |rules: Value, webhook, schema| spec(json!({"version": "1", "rules": rules}), webhook, schema);
    let rule = kind.rule();
    let mut nameless = rule.clone();
    nameless.as_object_mut().unwrap().remove("name");
    let one = |key: &str, value: Value| json!([with(&rule, key, value)]);
    let numbered = |n: u32| (0..n).map(|i| with(&rule, "name", json!(format!("r{i}")))).collect();
    vec![
        rules(json!([]), "must have at least one rule", Some("should have at least 1 items")),
        rules(numbered(1001), "1001 entries are too many: at most 1000", Some("must have at most 1000 items")),
        spec(
            json!({"version": "2", "rules": [rule]}),
            "unsupported policy version '2', supported versions: [1]",
            Some("unsupported policy version, supported versions: [1]"),
        ),
        spec(json!({"rules": [rule]}), "missing field `version`", Some("spec.version: Required value")),
        spec(json!({"version": "1"}), "missing field `rules`", Some("spec.rules: Required value")),
        spec(json!({"version": "1", "rules": null}), "expected a sequence", Some("spec.rules: Required value")),
        spec(json!({"version": "1", "rules": [rule], "publsh": false}), "did you mean `publish`?", None),
        rules(json!([nameless]), "rule at index 0 missing name", Some("spec.rules[0].name: Required value")),
        rules(one("name", json!("")), "rule at index 0 missing name", Some("should be at least 1 chars long")),
        rules(one("name", json!("a\nb")), "rules[0].name", None),
        rules(json!([rule, rule]), "duplicate rule name 'r', which rules[0] has", None),
        rules(one("profile", json!(["prod"])), "`profile`", None),
        rules(one("name", json!("x".repeat(2049))), "too long", Some("may not be more than 2048 bytes")),
        rules(json!(["r"]), "must be a mapping, not a string", Some("must be of type object")),
    ]
}

fn access() -> Vec<Case> {
    let rule =
        |key: &str, value: Value, webhook, schema| one(ACCESS, with(&ACCESS.rule(), key, value), webhook, schema);
    let conditions = |value: Value, webhook, schema| rule("conditions", value, webhook, schema);
    let mut cases = vec![
        rule("effect", json!("permit"), "invalid effect 'permit' in rule 'r'", Some("Unsupported value: \"permit\"")),
        one(ACCESS, json!({"name": "r"}), "effect", Some("spec.rules[0].effect: Required value")),
        rule("session_table", json!("t"), "did you mean `sessionTable`?", None),
        conditions(json!({"user": ["ann"]}), "did you mean `users`?", None),
        conditions(
            json!({"mode": ["browser"]}),
            "invalid credential mode 'browser'",
            Some("Unsupported value: \"browser\""),
        ),
        conditions(Value::Null, "must be a mapping, not nothing (null)", None),
        conditions(json!({"users": null}), "must be a list, not nothing (null)", None),
        conditions(json!({"profiles": null}), "must be a list, not nothing (null)", None),
        conditions(json!({"mode": null}), "must be a list, not nothing (null)", None),
        conditions(json!({"time": null}), "must be a mapping, not nothing (null)", None),
        conditions(json!({"users": [null]}), "must be a string", Some("users[0]")),
        conditions(json!({"users": "ann"}), "must be a list, not a string: write [ann]", Some("must be of type array")),
        conditions(json!({"users": [""]}), "users[0]", Some("should be at least 1 chars long")),
        conditions(json!({"device": {"require_mdm": true}}), "device", None),
    ];
    let window = |window: Value| with(&ACCESS.rule(), "conditions", json!({"time": window}));
    cases.extend(windows(ACCESS, &window));
    cases.extend(durations(ACCESS, &|duration| with(&ACCESS.rule(), "maxServerDuration", duration)));
    cases
}

fn approval() -> Vec<Case> {
    let rule =
        |key: &str, value: Value, webhook, schema| one(APPROVAL, with(&APPROVAL.rule(), key, value), webhook, schema);
    let auto = |value: Value, webhook, schema| rule("autoApprove", value, webhook, schema);
    let unnarrowed = "auto_approve in rule 'r' must have at least one condition";
    let narrow = Some("auto_approve must have at least one condition");
    let mut cases = vec![
        one(APPROVAL, json!({"name": "r"}), "must have at least one approver", Some("approvers: Required value")),
        rule("approvers", json!([]), "must have at least one approver", Some("must have at least one approver")),
        rule("approvers", Value::Null, "approvers", Some("approvers: Required value")),
        rule("approvers", json!(["ops-*"]), "approvers are exact: name each person or a group", None),
        rule("approver", json!(["ann"]), "did you mean `approvers`?", None),
        rule("profiles", Value::Null, "must be a list, not nothing (null)", None),
        auto(json!({}), unnarrowed, narrow),
        auto(json!({"users": []}), unnarrowed, narrow),
        auto(json!({"time": {}}), unnarrowed, None),
        auto(json!({"maxDuration": "0s"}), unnarrowed, None),
        auto(Value::Null, "must be a mapping, not nothing (null)", None),
        auto(json!({"users": null, "maxDuration": "1h"}), "must be a list, not nothing (null)", None),
        auto(json!({"user": ["ann"], "maxDuration": "1h"}), "did you mean `users`?", None),
        auto(
            json!({"maxDuration": "8h0m1s"}),
            "max_duration in rule 'r' exceeds maximum of 8h0m0s",
            Some("max_duration exceeds maximum of 8h"),
        ),
    ];
    let window = |window: Value| with(&APPROVAL.rule(), "autoApprove", json!({"users": ["ann"], "time": window}));
    cases.extend(windows(APPROVAL, &window));
    let duration =
        |duration: Value| with(&APPROVAL.rule(), "autoApprove", json!({"users": ["ann"], "maxDuration": duration}));
    cases.extend(durations(APPROVAL, &duration));
    cases
}

fn break_glass() -> Vec<Case> {
    let rule = |key: &str, value: Value, webhook, schema| {
        one(BREAK_GLASS, with(&BREAK_GLASS.rule(), key, value), webhook, schema)
    };
    let mut cases = vec![
        one(BREAK_GLASS, json!({"name": "r"}), "must have at least one user", Some("users: Required value")),
        rule("users", json!([]), "must have at least one user", Some("must have at least one user")),
        rule("users", Value::Null, "users", Some("users: Required value")),
        rule(
            "allowedReasonCodes",
            json!(["boredom"]),
            "invalid reason code 'boredom'",
            Some("Unsupported value: \"boredom\""),
        ),
        rule("allowedReasonCodes", Value::Null, "must be a list, not nothing (null)", None),
        rule("allowedReasonCode", json!(["incident"]), "did you mean `allowedReasonCodes`?", None),
        rule(
            "maxDuration",
            json!("4h0m0.1s"),
            "max_duration exceeds maximum of 4h0m0s",
            Some("max_duration exceeds maximum of 4h"),
        ),
        rule("time", Value::Null, "must be a mapping, not nothing (null)", None),
    ];
    cases.extend(windows(BREAK_GLASS, &|window| with(&BREAK_GLASS.rule(), "time", window)));
    cases.extend(durations(BREAK_GLASS, &|duration| with(&BREAK_GLASS.rule(), "maxDuration", duration)));
    cases
}

fn rate_limit() -> Vec<Case> {
    let rule = |rule: Value, webhook, schema| {
        let mut named = rule;
        named["name"] = json!("r");
        one(RATE_LIMIT, named, webhook, schema)
    };
    let limit = "must have at least one limit (cooldown, max_per_user, or max_per_profile)";
    let quota = |count: Value| json!({"maxPerUser": count, "quotaWindow": "24h"});
    let mut cases = vec![
        rule(json!({}), limit, Some("must have at least one limit (cooldown, maxPerUser, or maxPerProfile)")),
        rule(json!({"escalationThreshold": 3}), limit, Some("must have at least one limit")),
        rule(json!({"cooldown": "0s"}), limit, None),
        rule(json!({"maxPerUser": 3}), "missing quota_window", Some("missing quota_window: write quotaWindow")),
        rule(
            json!({"maxPerProfile": 3, "cooldown": "1m"}),
            "missing quota_window",
            Some("missing quota_window: write quotaWindow"),
        ),
        rule(json!({"maxPerUser": 3, "quotaWindow": "0s"}), "missing or invalid quota_window", None),
        rule(json!({"cooldown": null, "maxPerUser": 3, "quotaWindow": "24h"}), "cooldown", None),
        rule(json!({"cooldown": "1m", "maxPerUser": null}), "maxPerUser", None),
        rule(json!({"cooldown": "1m", "quota_window": "24h"}), "did you mean `quotaWindow`?", None),
        rule(quota(json!(0)), "max_per_user 0: write 1 or more", Some("should be greater than or equal to 1")),
        rule(quota(json!(-1)), "negative max_per_user -1", Some("should be greater than or equal to 1")),
        rule(quota(json!(1.5)), "write a whole number", Some("must be of type integer")),
        rule(quota(json!("3")), "must be a whole number, not a string", Some("must be of type integer")),
        rule(
            quota(json!(4_294_967_296_u64)),
            "write a whole number from 1 to 4294967295",
            Some("should be less than or equal to 4294967295"),
        ),
    ];
    cases.extend(durations(RATE_LIMIT, &|duration| json!({"name": "r", "cooldown": duration})));
    let quota = |window: Value| json!({"name": "r", "maxPerProfile": 1, "quotaWindow": window});
    cases.extend(durations(RATE_LIMIT, &quota));
    cases
}

/// Windows, wherever `rule` puts them.
fn windows(kind: Kind, rule: &dyn Fn(Value) -> Value) -> Vec<Case> {
    let case = |window: Value, webhook, schema| one(kind, rule(window), webhook, schema);
    let hours = |hours: Value, webhook, schema| one(kind, rule(json!({"hours": hours})), webhook, schema);
    vec![
        case(
            json!({"days": ["funday"]}),
            "invalid weekday 'funday' in rule 'r'",
            Some("Unsupported value: \"funday\""),
        ),
        case(json!({"days": ["Monday"]}), "invalid weekday 'Monday'", Some("Unsupported value: \"Monday\"")),
        case(json!({"days": null, "timezone": "UTC"}), "must be a list, not nothing (null)", None),
        case(json!({"hours": null, "days": ["monday"]}), "must be a mapping, not nothing (null)", None),
        case(json!({"timezone": "Mars/Phobos"}), "invalid timezone 'Mars/Phobos'", None),
        case(json!({"day": ["monday"]}), "did you mean `days`?", None),
        hours(
            json!({"start": "24:00", "end": "24:00"}),
            "invalid hour format '24:00'",
            Some("hours.start in body should match"),
        ),
        hours(
            json!({"start": "9:00", "end": "17:00"}),
            "invalid hour format '9:00'",
            Some("hours.start in body should match"),
        ),
        hours(json!({"start": "09:00"}), "missing `end`", Some("hours.end: Required value")),
        hours(json!({"start": "09:00", "end": "10:00", "stop": "x"}), "unknown key `stop`", None),
    ]
}

/// Durations, wherever `rule` puts them.
fn durations(kind: Kind, rule: &dyn Fn(Value) -> Value) -> Vec<Case> {
    let go = Some("a Go duration such as 30m, 1h or 2h30m is expected, and not a negative one");
    let case = |duration: Value, webhook, schema| one(kind, rule(duration), webhook, schema);
    vec![
        case(json!("-30m"), "negative", go),
        case(json!("1d"), "1d", go),
        case(json!("30"), "30", go),
        case(json!(""), "duration", go),
        case(json!("soon"), "soon", go),
        case(json!(30), "must be a duration with its unit, not a bare number", Some("must be of type string")),
    ]
}

#[expect(clippy::needless_pass_by_value, reason = "so cases are short")]
fn one(kind: Kind, rule: Value, webhook: &'static str, schema: Option<&'static str>) -> Case {
    Case { kind, spec: json!({"version": "1", "rules": [rule]}), webhook, schema }
}

fn with(rule: &Value, key: &str, value: Value) -> Value {
    let mut rule = rule.clone();
    rule[key] = value;
    rule
}

/// The reference's complete examples, in the manifests' spelling.
pub fn good() -> Vec<(Kind, Value)> {
    let hours = json!({"start": "09:00", "end": "17:00"});
    let office = json!({"days": ["monday", "friday"], "hours": hours, "timezone": "America/New_York"});
    let auto = json!({"users": ["ops-lead"], "time": office, "maxDuration": "1h"});
    let rules: [(Kind, Value); 4] = [
        (
            ACCESS,
            json!([
                {"name": "staging", "effect": "allow", "conditions": {"profiles": ["staging"], "users": ["alice"], "mode": ["cli"], "time": office}, "reason": "hours"},
                {"name": "prod", "effect": "require_server_session", "sessionTable": "t-1", "maxServerDuration": "15m", "conditions": {"profiles": ["prod-*"]}},
                {"name": "default-deny", "effect": "deny", "conditions": {}},
            ]),
        ),
        (
            APPROVAL,
            json!([
                {"name": "prod", "profiles": ["prod"], "approvers": ["security-team", "ops-lead"], "autoApprove": auto},
                {"name": "default", "profiles": [], "approvers": ["engineering-manager"]},
            ]),
        ),
        (
            BREAK_GLASS,
            json!([
                {"name": "oncall", "profiles": ["prod"], "users": ["oncall-alice"], "allowedReasonCodes": ["incident", "security"], "maxDuration": "4h"},
                {"name": "dba", "profiles": ["prod-database"], "users": ["dba"], "time": office, "maxDuration": "2h"},
                {"name": "any", "profiles": [], "users": ["security-admin"], "allowedReasonCodes": []},
            ]),
        ),
        (
            RATE_LIMIT,
            json!([
                {"name": "prod", "profiles": ["prod"], "cooldown": "30m", "maxPerUser": 3, "maxPerProfile": 10, "quotaWindow": "24h", "escalationThreshold": 2},
                {"name": "default", "cooldown": ".5h1µs"},
            ]),
        ),
    ];
    rules.map(|(kind, rules)| (kind, json!({"version": "1", "rules": rules}))).to_vec()
}
