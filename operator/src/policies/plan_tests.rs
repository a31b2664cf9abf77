use super::*;
use rstest::rstest;
use sentinel_api::{PolicyStatus, PublishedParameter};

const PARAMETER: &str = "/sentinel/policies/prod";

fn document() -> Desired {
    Desired::Document("new".into())
}

fn refusal() -> Desired {
    Desired::Refusal { reason: "Invalid", message: "bad".into(), text: "deny".into(), stand_in: "denies everything" }
}

fn source(desired: Desired) -> Source {
    Source {
        kind: "accesspolicy".into(),
        name: "prod".into(),
        generation: Some(1),
        deleting: false,
        finalized: true,
        adopts: false,
        retains: false,
        status: PolicyStatus::default(),
        accepted: Verdict::new(true, "Valid", ""),
        linted: Verdict::new(true, "NoLints", ""),
        desired,
    }
}

fn published(mut source: Source, text: &str) -> Source {
    let parameter =
        PublishedParameter { name: PARAMETER.into(), version: 1, hash: hash(text), published_at: String::new() };
    source.status.parameter = Some(parameter);
    source
}

fn adopting(desired: Desired) -> Source {
    Source { adopts: true, ..source(desired) }
}

fn remote(value: &str, owner: Owner) -> Remote {
    Remote { value: value.into(), version: 7, owner }
}

fn other() -> Owner {
    Owner::Other("b".into())
}

#[rstest]
#[case::first(source(document()), None, Step::Create("new".into()), "Published", false)]
#[case::disabled_and_absent(source(Desired::Nothing), None, Step::Keep, "Disabled", false)]
#[case::refused_and_absent(source(refusal()), None, Step::Keep, "Invalid", false)]
#[case::deleted_by_others(published(source(document()), "new"), None, Step::Create("new".into()), "Published", true)]
#[case::deleted_and_edited(published(source(document()), "old"), None, Step::Create("new".into()), "Published", false)]
#[case::equal(published(source(document()), "new"), remote("new", Owner::Us), Step::Keep, "Published", false)]
#[case::equal_but_status_lost(source(document()), remote("new", Owner::Us), Step::Keep, "Published", false)]
#[case::edited(published(source(document()), "old"), remote("old", Owner::Us), Step::Overwrite("new".into()), "Published", false)]
#[case::changed_by_others(published(source(document()), "new"), remote("evil", Owner::Us), Step::Overwrite("new".into()), "Published", true)]
#[case::disabled(published(source(Desired::Nothing), "old"), remote("old", Owner::Us), Step::Delete, "Disabled", false)]
#[case::refused(published(source(refusal()), "old"), remote("old", Owner::Us), Step::Overwrite("deny".into()), "Invalid", false)]
#[case::refused_already(published(source(refusal()), "deny"), remote("deny", Owner::Us), Step::Keep, "Invalid", false)]
#[case::refusal_changed_by_others(published(source(refusal()), "deny"), remote("evil", Owner::Us), Step::Overwrite("deny".into()), "Invalid", true)]
#[case::foreign(source(document()), remote("theirs", other()), Step::Keep, "Conflict", false)]
#[case::unowned(source(document()), remote("theirs", Owner::Nobody), Step::Keep, "Conflict", false)]
#[case::foreign_and_equal(source(document()), remote("new", other()), Step::Keep, "SameContent", false)]
#[case::foreign_and_refused(source(refusal()), remote("theirs", other()), Step::Keep, "Invalid", false)]
#[case::foreign_and_disabled(source(Desired::Nothing), remote("theirs", other()), Step::Keep, "Disabled", false)]
#[case::adopted(adopting(document()), remote("theirs", other()), Step::TakeOver(Some("new".into())), "Published", false)]
#[case::adopted_and_equal(adopting(document()), remote("new", other()), Step::TakeOver(None), "Published", false)]
#[case::refusals_adopt_nothing(adopting(refusal()), remote("theirs", other()), Step::Keep, "Invalid", false)]
#[case::disabled_adopts_nothing(adopting(Desired::Nothing), remote("theirs", other()), Step::Keep, "Disabled", false)]
#[case::tags_lost(
    published(source(document()), "new"),
    remote("new", Owner::Nobody),
    Step::TakeOver(None),
    "Published",
    false
)]
#[case::tags_lost_and_edited(published(source(document()), "old"), remote("old", Owner::Nobody), Step::Overwrite("new".into()), "Published", false)]
#[case::foreign_though_ours_before(
    published(source(document()), "new"),
    remote("new", other()),
    Step::Keep,
    "SameContent",
    false
)]
fn table(
    #[case] source: Source,
    #[case] remote: impl Into<Option<Remote>>,
    #[case] step: Step,
    #[case] reason: &str,
    #[case] drifted: bool,
) {
    let plan = plan(&source, PARAMETER, remote.into().as_ref());
    assert_eq!(plan.step, step);
    assert_eq!(plan.published.reason, reason);
    assert_eq!(plan.drift.is_some(), drifted);
    let good = matches!(reason, "Published" | "SameContent");
    assert_eq!(plan.published.status, ConditionStatus::from(good));
}

#[test]
fn a_conflict_says_whose_it_is_and_what_helps() {
    let plan = plan(&source(document()), PARAMETER, Some(&remote("theirs", other())));
    assert_eq!(
        plan.published.message,
        "parameter /sentinel/policies/prod is of cluster b and holds something else; to take it over, once: kubectl annotate accesspolicy prod sentinel.dev/adopt=true"
    );
}

#[test]
fn nothing_is_ever_done_to_a_foreign_parameter_unasked() {
    for desired in [document(), refusal(), Desired::Nothing] {
        for owner in [other(), Owner::Nobody] {
            let plan = plan(&published(source(desired.clone()), "old"), PARAMETER, Some(&remote("theirs", owner)));
            assert_eq!(plan.step, Step::Keep);
            assert!(!plan.holds);
        }
    }
}

#[test]
fn adoption_is_over_once_the_parameter_is_ours() {
    assert!(plan(&adopting(document()), PARAMETER, Some(&remote("theirs", other()))).adopted);
    assert!(plan(&adopting(document()), PARAMETER, Some(&remote("new", Owner::Us))).adopted);
    assert!(plan(&adopting(document()), PARAMETER, None).adopted);
    assert!(!plan(&adopting(refusal()), PARAMETER, Some(&remote("theirs", other()))).adopted);
}
