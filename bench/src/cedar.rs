//! The same rules in Cedar, as fast as Cedar can be asked: everything that can be made before the request is made before.
//!
//! - One Cedar policy for each rule: `deny` is a `forbid`, all others are a `permit`. Cedar has no order of rules; the policies
//!   measured put a denial before what it narrows, where both engines mean the same. `require_server` and
//!   `require_server_session` permit in server mode only, with a table; no policy permits otherwise.
//! - Names are compared in the policy's scope, which is what Cedar does fastest: a user by `==`, a namespace by `in`. Lists
//!   and other globs are in `when`.
//! - Cedar has no time zones. What the clocks of each zone show is worked out beforehand and handed over in the context,
//!   which our engine does within the time that is measured.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet,
    Request, Response, RestrictedExpression,
};
use jiff::tz::TimeZone;

use crate::policy::{BERLIN_OFFICE, NEW_YORK_WEEKEND, NIGHTS, Names, Rule, Window};
use crate::requests::Asked;

/// One request, all made.
pub struct Question {
    request: Request,
    entities: Entities,
}

/// What Cedar said.
#[derive(Debug)]
pub struct Answer {
    pub allowed: bool,
    /// The first of the policies that decided, by the place of its rule; none where no policy did.
    pub rule: Option<usize>,
}

/// The text of one policy for each rule, in order.
pub fn texts(rules: &[Rule]) -> Vec<String> {
    rules.iter().map(text).collect()
}

/// The policies, each named by the place of its rule.
pub fn read(texts: &[String]) -> Result<PolicySet> {
    let parse = |(place, text): (usize, &String)| {
        Policy::parse(Some(PolicyId::new(place.to_string())), text).with_context(|| format!("Cedar policy: {text}"))
    };
    let policies = texts.iter().enumerate().map(parse).collect::<Result<Vec<_>>>()?;
    Ok(PolicySet::from_policies(policies)?)
}

impl Question {
    pub fn new(asked: &Asked) -> Result<Self> {
        let (user, profile) = (uid("User", &asked.user)?, uid("Profile", &asked.profile)?);
        let mode = uid("Action", asked.mode.as_str())?;
        let request = Request::new(user.clone(), mode, profile.clone(), context(asked)?, None)?;
        let namespace = asked.user.rsplit_once(':').and_then(|(path, _)| path.rsplit(':').next());
        let parents = namespace.map(|namespace| uid("Namespace", namespace)).transpose()?;
        let named = |id, name: &str, parents| {
            let name = RestrictedExpression::new_string(name.to_owned());
            Entity::new(id, HashMap::from([("name".to_owned(), name)]), parents)
        };
        let user = named(user, &asked.user, parents.into_iter().collect())?;
        let profile = named(profile, &asked.profile, HashSet::new())?;
        Ok(Self { request, entities: Entities::from_entities([user, profile], None)? })
    }

    /// What is measured.
    pub fn ask(&self, authorizer: &Authorizer, policies: &PolicySet) -> Response {
        authorizer.is_authorized(&self.request, policies, &self.entities)
    }
}

/// Reads the response; a policy that couldn't be evaluated is an error of the translation.
pub fn answer(response: &Response) -> Result<Answer> {
    if let Some(error) = response.diagnostics().errors().next() {
        anyhow::bail!("Cedar couldn't evaluate: {error}");
    }
    let places = response.diagnostics().reason().map(|id| id.to_string().parse::<usize>());
    let places = places.collect::<Result<Vec<_>, _>>().context("the name of a Cedar policy")?;
    Ok(Answer { allowed: response.decision() == Decision::Allow, rule: places.into_iter().min() })
}

fn text(rule: &Rule) -> String {
    let verb = if rule.effect == "deny" { "forbid" } else { "permit" };
    let mut conditions = Vec::new();
    let user = scope("principal", "User", &rule.users, &mut conditions);
    let action = if rule.server_only { "action == Action::\"server\"" } else { "action" };
    let profile = scope("resource", "Profile", &rule.profiles, &mut conditions);
    conditions.extend((rule.effect == "require_server_session").then(|| "context.hasTable".to_owned()));
    conditions.extend(rule.window.as_ref().map(window));
    let mut text = format!("{verb}({user}, {action}, {profile})");
    if !conditions.is_empty() {
        let _ = write!(text, " when {{ {} }}", conditions.join(" && "));
    }
    text + ";"
}

/// What stands in the scope; what can't stand there is added to the conditions.
fn scope(variable: &str, kind: &str, names: &Names, conditions: &mut Vec<String>) -> String {
    match names {
        Names::Literals(names) => {
            if let [name] = names.as_slice() {
                return format!("{variable} == {kind}::{name:?}");
            }
            let names: Vec<_> = names.iter().map(|name| format!("{kind}::{name:?}")).collect();
            conditions.push(format!("[{}].contains({variable})", names.join(", ")));
        }
        Names::Namespace(namespace) => return format!("{variable} in Namespace::{namespace:?}"),
        Names::Glob(glob) => conditions.push(format!("{variable}.name like {glob:?}")),
    }
    variable.to_owned()
}

fn window(Window { clock, days, hours: (start, end), .. }: &Window) -> String {
    let hour = format!("context.{clock}.hour >= {start} && context.{clock}.hour < {end}");
    // Every day is no condition, in neither engine's favour.
    if days.len() == 7 { hour } else { format!("{days:?}.contains(context.{clock}.day) && {hour}") }
}

fn context(asked: &Asked) -> Result<Context> {
    let mut pairs = vec![("hasTable".to_owned(), RestrictedExpression::new_bool(true))];
    for Window { clock, zone, .. } in [BERLIN_OFFICE, NEW_YORK_WEEKEND, NIGHTS] {
        let local = asked.at.to_zoned(TimeZone::get(zone)?);
        let day = i64::from(local.weekday().to_monday_zero_offset());
        let fields = [("day", day), ("hour", i64::from(local.hour()))];
        let fields = fields.map(|(name, value)| (name.to_owned(), RestrictedExpression::new_long(value)));
        pairs.push((clock.to_owned(), RestrictedExpression::new_record(fields)?));
    }
    Ok(Context::from_pairs(pairs)?)
}

fn uid(kind: &str, name: &str) -> Result<EntityUid> {
    let kind: EntityTypeName = kind.parse()?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(name)))
}
