//! People: who asks, who approves, who breaks the glass.
//!
//! One person may have several user names (on EKS each IAM role makes one). Where the installation names an extra value of the
//! API server's user that follows the person (on EKS the session name), that value counts beside the user name.

use serde::{Deserialize, Serialize};

/// A person, as far as two may be told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Identity {
    /// The user name.
    pub user: String,
    /// The configured extra value, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// A person with the groups that the API server knew them to be in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    identity: Identity,
    groups: Vec<String>,
}

impl Identity {
    /// An empty extra value is none.
    pub fn new(user: impl Into<String>, person: Option<String>) -> Self {
        Self { user: user.into(), person: person.filter(|person| !person.is_empty()) }
    }

    /// Whether both are one person: they have a name in common. A user name that is another's extra value is one, too: policies
    /// don't tell them apart, so neither do we where somebody could decide for themselves.
    pub fn is(&self, other: &Self) -> bool {
        self.names().any(|name| other.names().any(|theirs| name == theirs))
    }

    /// A program. It never approves and never breaks the glass.
    pub fn is_service_account(&self) -> bool {
        self.user.starts_with("system:serviceaccount:")
    }

    /// What people call them: the extra value, beside the user name where that is another.
    pub fn shown(&self) -> String {
        match &self.person {
            Some(person) if *person != self.user => format!("{person} ({})", self.user),
            _ => self.user.clone(),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        [Some(self.user.as_str()), self.person.as_deref()].into_iter().flatten().filter(|name| !name.is_empty())
    }
}

impl Person {
    /// A person of these groups.
    pub fn new(identity: Identity, groups: Vec<String>) -> Self {
        Self { identity, groups }
    }

    /// Who they are.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Their groups.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// What an entry of a policy may call them: user name, extra value, groups.
    pub fn names(&self) -> Vec<&str> {
        let groups = self.groups.iter().map(String::as_str).filter(|group| !group.is_empty());
        self.identity.names().chain(groups).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn who(user: &str, person: &str) -> Identity {
        Identity::new(user, Some(person.to_owned()))
    }

    #[rstest]
    #[case::the_same_user(("ann", ""), ("ann", ""), true)]
    #[case::others(("ann", ""), ("ben", ""), false)]
    #[case::no_extra_value_is_nobodys(("role-a", ""), ("role-b", ""), false)]
    #[case::two_user_names_of_one_person(("role-a", "ann"), ("role-b", "ann"), true)]
    #[case::one_user_name_of_two(("shared", "ann"), ("shared", "ben"), true)]
    #[case::two_people_in_one_role(("role-a/ann", "ann"), ("role-a/ben", "ben"), false)]
    #[case::a_user_name_that_is_an_extra_value(("ann", ""), ("role-a", "ann"), true)]
    #[case::case_counts(("Ann", ""), ("ann", ""), false)]
    #[case::nobody(("", ""), ("", ""), false)]
    fn one_person(#[case] one: (&str, &str), #[case] other: (&str, &str), #[case] same: bool) {
        let (one, other) = (who(one.0, one.1), who(other.0, other.1));
        assert_eq!((one.is(&other), other.is(&one)), (same, same));
    }

    #[test]
    fn entries_of_policies_may_call_them_by_any_name() {
        let person = Person::new(who("role-a", "ann"), vec!["ops".to_owned(), String::new()]);
        assert_eq!(person.names(), ["role-a", "ann", "ops"]);
        assert_eq!(person.identity().shown(), "ann (role-a)");
        assert_eq!(who("ann", "").shown(), "ann");
    }

    #[test]
    fn programs_are_told_apart() {
        assert!(who("system:serviceaccount:a:b", "ann").is_service_account());
        assert!(!who("ann", "").is_service_account());
    }
}
