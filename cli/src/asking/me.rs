//! Who runs the command, as the API server knows them.

use k8s_openapi::api::authentication::v1::UserInfo;
use sentinel_api::PersonStamp;
use sentinel_core::person::{Identity, Person};

use crate::cluster::Cluster;
use crate::failure::Failure;

/// A person at a terminal, or a program.
pub(crate) struct Me(UserInfo);

impl Me {
    /// The API server says.
    pub(crate) fn ask(cluster: &Cluster) -> Result<Self, Failure> {
        let unknown =
            || Failure::Cluster("the API server doesn't say who you are. See: kubectl auth whoami".to_owned());
        cluster.me().map(Self).ok_or_else(unknown)
    }

    /// Whether a stamp is theirs: by user name, or by whichever extra value the installation tells people apart with.
    pub(crate) fn is(&self, stamp: Option<&PersonStamp>) -> bool {
        stamp.is_some_and(|stamp| {
            let person = stamp.person.as_ref();
            let extra = self.0.extra.iter().flat_map(|extra| extra.values()).flatten();
            self.0.username.as_ref() == Some(&stamp.user) || extra.into_iter().any(|value| person == Some(value))
        })
    }

    fn stamp(self) -> Option<PersonStamp> {
        let user = self.0.username.filter(|user| !user.is_empty())?;
        Some(PersonStamp::of(&Person::new(Identity::new(user, None), self.0.groups.unwrap_or_default())))
    }
}

/// What to write of who does it. Sentinel's webhook writes its own over it; this counts where there is none.
pub(crate) fn stamped(cluster: &Cluster) -> Option<PersonStamp> {
    cluster.me().and_then(|user| Me(user).stamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn me() -> Me {
        let user =
            json!({"username": "role-a", "groups": ["ops", "dev"], "extra": {"sessionName": ["ann"], "arn": ["a"]}});
        Me(serde_json::from_value(user).unwrap())
    }

    #[rstest]
    #[case::the_user(json!({"user": "role-a"}), true)]
    #[case::the_person(json!({"user": "role-b", "person": "ann"}), true)]
    #[case::somebody_else(json!({"user": "role-b", "person": "ben"}), false)]
    #[case::nobody_known(json!({"user": "role-b"}), false)]
    fn whose_it_is(#[case] stamp: Value, #[case] mine: bool) {
        let stamp: PersonStamp = serde_json::from_value(stamp).unwrap();
        assert_eq!((me().is(Some(&stamp)), me().is(None)), (mine, false));
    }

    #[test]
    fn the_stamp_is_what_the_webhook_would_write_without_an_extra_value() {
        let stamp = me().stamp().unwrap();
        assert_eq!(serde_json::to_value(&stamp).unwrap(), json!({"user": "role-a", "groups": ["dev", "ops"]}));
        assert_eq!(Me(UserInfo::default()).stamp(), None);
    }
}
