//! The one policy of a source that a command is about.

use sentinel_core::policy::{AccessPolicy, Problems};
use serde_json::Value;

use super::{Holds, Part, objects, parts};
use crate::failure::Failure;
use crate::kind::{Kind, Policy};
use crate::source::Source;

/// An access policy, and the object that it was.
pub(crate) struct Access {
    pub(crate) policy: AccessPolicy,
    pub(crate) object: Option<Value>,
}

/// A policy of any kind, and where it comes from.
pub(crate) struct Chosen {
    pub(crate) policy: Policy,
    pub(crate) part: Part,
}

/// What is looked for.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// What objects must be; none: any kind of policy. Documents are it, or access policies.
    pub(crate) kind: Option<Kind>,
    /// The name of an object; none: any.
    pub(crate) name: Option<&'a str>,
}

/// The one access policy of a source; `name` chooses among objects.
pub(crate) fn the_policy(source: &Source, name: Option<&str>) -> Result<Access, Failure> {
    let wanted = Wanted { kind: Some(Kind::Access), name };
    access(&source.name, choose(&source.name, parts(source), wanted, Kind::read)?)
}

/// The same of a part that is known already.
pub(crate) fn the_policy_of(part: Part) -> Result<Access, Failure> {
    let wanted = Wanted { kind: Some(Kind::Access), name: None };
    let file = part.file.clone();
    access(&file, choose(&file, vec![part], wanted, Kind::read)?)
}

fn access(file: &str, chosen: Chosen) -> Result<Access, Failure> {
    let Policy::Access(policy) = chosen.policy else {
        return Err(Failure::Usage(format!("{file}: holds no access policy")));
    };
    let object = if let Holds::Object(object) = chosen.part.holds { Some(object) } else { None };
    Ok(Access { policy, object })
}

/// The one policy among these parts; `read` reads documents.
pub(crate) fn choose(
    file: &str,
    parts: Vec<Part>,
    wanted: Wanted<'_>,
    mut read: impl FnMut(Kind, &str) -> Result<Policy, Problems>,
) -> Result<Chosen, Failure> {
    let mut found = Vec::new();
    for part in parts {
        match wanted.policy(&part, &mut read) {
            None => {}
            Some(Ok(policy)) => found.push(Chosen { policy, part }),
            Some(Err(problems)) => return Err(Failure::Invalid(part.problems(&problems))),
        }
    }
    let many = found.len();
    let kind = wanted.kind.map_or("policy".to_owned(), |kind| format!("{} or such a document", kind.object()));
    match (found.pop(), many) {
        (Some(one), 1) => Ok(one),
        (None, _) => Err(Failure::Usage(format!("{file}: holds no {kind}{}", wanted.named()))),
        _ => {
            let how = if wanted.kind.is_some() { "--name" } else { "--name or --kind" };
            Err(Failure::Usage(format!("{file}: holds {many} policies: choose one with {how}")))
        }
    }
}

impl Wanted<'_> {
    /// The policy of a part, if it is what is looked for.
    fn policy(
        self,
        part: &Part,
        read: &mut impl FnMut(Kind, &str) -> Result<Policy, Problems>,
    ) -> Option<Result<Policy, Problems>> {
        match &part.holds {
            Holds::Document(text) => Some(read(self.kind.unwrap_or(Kind::Access), text)),
            Holds::Object(object) => self.kind_of(object).map(|kind| objects::policy(kind, object)),
            Holds::Unreadable(problems) => Some(Err(problems.clone())),
            Holds::Foreign(_) => None,
        }
    }

    fn kind_of(self, object: &Value) -> Option<Kind> {
        let kind = Kind::of_object(objects::text(object, "/kind"))?;
        let is_named = self.name.is_none_or(|name| name == objects::text(object, "/metadata/name"));
        (is_named && self.kind.is_none_or(|wanted| wanted == kind)).then_some(kind)
    }

    fn named(self) -> String {
        self.name.map_or(String::new(), |name| format!(" named {name}"))
    }
}
