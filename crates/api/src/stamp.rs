//! Stamps: who did something, as the API server knew them then.

use schemars::JsonSchema;
use sentinel_core::person::{Identity, Person};
use serde::{Deserialize, Serialize};

/// As many groups of a person as an object keeps.
const MOST_GROUPS: usize = 512;
/// The longest name of a group that it keeps, in characters.
const LONGEST_GROUP: usize = 256;

/// A person, stamped by Sentinel from the request that they made; what an author writes here is overwritten. The groups are those
/// of that moment: an entry of a policy may name one of them, and nobody can ask for them later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PersonStamp {
    /// User name.
    #[schemars(length(min = 1, max = 1024))]
    pub user: String,
    /// The extra value that tells people apart, where the installation has one: two names with the same value are one person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub person: Option<String>,
    /// Groups, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 512), inner(length(min = 1, max = 256)))]
    pub groups: Vec<String>,
}

impl PersonStamp {
    /// The stamp of `person`; the same for the same person. Of more groups than an object keeps the last are left out: who is in
    /// so many is named by user name, or by a group that comes early.
    pub fn of(person: &Person) -> Self {
        let Identity { user, person: extra } = person.identity().clone();
        let mut groups = person.groups().to_vec();
        groups.retain(|group| !group.is_empty() && group.chars().count() <= LONGEST_GROUP);
        groups.sort_unstable();
        groups.dedup();
        groups.truncate(MOST_GROUPS);
        Self { user, person: extra, groups }
    }

    /// Who was stamped.
    pub fn person(&self) -> Person {
        Person::new(self.identity(), self.groups.clone())
    }

    /// The same without groups.
    pub fn identity(&self) -> Identity {
        Identity::new(self.user.clone(), self.person.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_has_bounds_and_one_spelling() {
        let many =
            (0..600).rev().map(|n| format!("g{n:03}")).chain(["g001".to_owned(), "x".repeat(257), String::new()]);
        let person = Person::new(Identity::new("ann", Some("a".to_owned())), many.collect());
        let stamp = PersonStamp::of(&person);
        assert_eq!((stamp.groups.len(), stamp.groups[1].as_str()), (512, "g001"));
        assert_eq!(PersonStamp::of(&stamp.person()), stamp);
        assert_eq!(stamp.identity(), *person.identity());
    }
}
