//! The rules that are measured: ten for each team, as a platform team would write them.

use std::fmt::{self, Display};

/// Rules of one team.
pub const RULES_PER_TEAM: usize = 10;

/// A rule, written once and printed for both engines.
pub struct Rule {
    pub name: String,
    pub effect: &'static str,
    pub profiles: Names,
    pub users: Names,
    /// Server mode, or any.
    pub server_only: bool,
    pub window: Option<Window>,
}

/// What a condition lists.
pub enum Names {
    Literals(Vec<String>),
    /// All service accounts of one namespace.
    Namespace(String),
    /// Any other glob.
    Glob(String),
}

/// A window, by a name for its clocks that Cedar's context uses.
#[derive(Clone, Copy)]
pub struct Window {
    pub clock: &'static str,
    pub zone: &'static str,
    /// From Monday, which is 0.
    pub days: &'static [usize],
    /// Hours of the day.
    pub hours: (u32, u32),
}

pub const BERLIN_OFFICE: Window =
    Window { clock: "berlin", zone: "Europe/Berlin", days: &[0, 1, 2, 3, 4], hours: (9, 17) };
pub const NEW_YORK_WEEKEND: Window =
    Window { clock: "newYork", zone: "America/New_York", days: &[5, 6], hours: (8, 20) };
pub const NIGHTS: Window = Window { clock: "utc", zone: "UTC", days: &[0, 1, 2, 3, 4, 5, 6], hours: (1, 5) };

pub const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// So many rules, which is a multiple of ten. Denials stand before what they narrow, as in Cedar they always win.
pub fn rules(count: usize) -> Vec<Rule> {
    (0..count / RULES_PER_TEAM).flat_map(team).collect()
}

fn team(team: usize) -> Vec<Rule> {
    let user = |account: &str| user(team, account);
    let (prod, dev, stage) = (profile(team, "prod"), profile(team, "dev"), profile(team, "stage"));
    let namespace = || Names::Namespace(format!("team-{team}"));
    let any_of_ours = Names::Glob(format!("team-{team}-*"));
    let one = |name: &String| Names::Literals(vec![name.clone()]);
    let rule = |what: &str, effect, profiles, users| Rule::new(team, what, effect, profiles, users);
    let three = Names::Literals(vec![user("web"), user("worker"), user("cron")]);
    vec![
        rule("legacy", "deny", any_of_ours, one(&user("legacy"))),
        rule("office", "allow", one(&prod), Names::Literals(vec![user("report"), user("batch")])).at(BERLIN_OFFICE),
        rule("api", "require_server_session", one(&prod), one(&user("api"))).by_server(),
        rule("deploy", "allow", Names::Glob(format!("team-{team}-*")), one(&user("deployer"))).by_server(),
        rule("migrate", "require_approval", one(&prod), one(&user("migrate"))),
        rule("workers", "allow", Names::Literals(vec![dev.clone(), stage]), three),
        rule("dev", "allow", one(&dev), namespace()),
        rule("nightly", "allow", one(&"shared".to_owned()), one(&user("reader"))).at(NIGHTS),
        rule(
            "jobs",
            "require_server",
            one(&"shared".to_owned()),
            Names::Glob(format!("system:serviceaccount:*:job-{team}")),
        )
        .by_server(),
        rule("weekend", "allow", one(&prod), one(&user("batch"))).at(NEW_YORK_WEEKEND),
    ]
}

/// A team's profile.
pub fn profile(team: usize, stage: &str) -> String {
    format!("team-{team}-{stage}")
}

/// A team's service account.
pub fn user(team: usize, account: &str) -> String {
    format!("system:serviceaccount:team-{team}:{account}")
}

impl Rule {
    fn new(team: usize, what: &str, effect: &'static str, profiles: Names, users: Names) -> Self {
        Self { name: format!("team-{team}-{what}"), effect, profiles, users, server_only: false, window: None }
    }

    fn at(self, window: Window) -> Self {
        Self { window: Some(window), ..self }
    }

    fn by_server(self) -> Self {
        Self { server_only: true, ..self }
    }
}

/// The rules as a document of ours.
pub struct Document<'a>(pub &'a [Rule]);

impl Display for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("version: \"1\"\nrules:\n")?;
        self.0.iter().try_for_each(|rule| write_rule(f, rule))
    }
}

fn write_rule(f: &mut fmt::Formatter<'_>, rule: &Rule) -> fmt::Result {
    writeln!(f, "- name: {}\n  effect: {}\n  conditions:", rule.name, rule.effect)?;
    writeln!(f, "    profiles: {}\n    users: {}", Listed(&rule.profiles), Listed(&rule.users))?;
    if rule.server_only {
        writeln!(f, "    mode: [server]")?;
    }
    if let Some(Window { zone, days, hours: (start, end), .. }) = &rule.window {
        let days: Vec<_> = days.iter().map(|day| DAYS[*day]).collect();
        writeln!(
            f,
            "    time: {{days: {days:?}, hours: {{start: \"{start:02}:00\", end: \"{end:02}:00\"}}, timezone: {zone}}}"
        )?;
    }
    writeln!(f, "  reason: \"rule {} of the platform team\"", rule.name)
}

struct Listed<'a>(&'a Names);

impl Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Names::Literals(names) => write!(f, "{names:?}"),
            Names::Namespace(namespace) => write!(f, "[\"system:serviceaccount:{namespace}:*\"]"),
            Names::Glob(glob) => write!(f, "[{glob:?}]"),
        }
    }
}
