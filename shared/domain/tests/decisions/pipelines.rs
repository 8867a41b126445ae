//! What several overrides come to: those of pipelines beside a person's.
#![allow(clippy::unwrap_used)]

use jiff::SignedDuration;
use rstest::rstest;
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, deciding};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::reconcile::report;

use crate::assess::scene::{Scene, evening, intent, night};

/// An override for so many minutes; with an id it is a pipeline's.
fn wish(want: DesiredState, id: Option<&str>, minutes: i64) -> Intent {
    let expires = evening() + SignedDuration::from_mins(minutes);
    let reason = id.map_or_else(|| "a person".to_owned(), |id| format!("release {id}"));
    let for_release = id.map(|id| id.parse().unwrap());
    Intent { for_release, reason, ..intent(Layer::Override, want, Some(expires)) }
}

fn awake(id: &str, minutes: i64) -> Intent {
    wish(DesiredState::Awake, Some(id), minutes)
}

/// What decides after so many minutes, by its reason.
fn decides(intents: &[Intent], minutes: i64) -> Vec<String> {
    let at = evening() + SignedDuration::from_mins(minutes);
    deciding(intents, at).into_iter().map(|intent| intent.reason.clone()).collect()
}

#[rstest]
#[case::one(vec![awake("a", 45)], 0, vec!["release a"])]
#[case::the_one_that_lasts_longest_first(vec![awake("a", 45), awake("b", 90)], 0, vec!["release b", "release a"])]
#[case::until_the_later_one_ends(vec![awake("a", 45), awake("b", 90)], 60, vec!["release b"])]
#[case::then_the_calendar(vec![awake("a", 45), awake("b", 90)], 90, vec!["test"])]
#[case::beside_a_person(vec![awake("a", 45), wish(DesiredState::Awake, None, 30)], 0, vec!["release a", "a person"])]
#[case::nothing_is_put_to_sleep_under_a_release(
    vec![awake("a", 45), wish(DesiredState::Asleep, None, 300)], 0, vec!["release a"])]
#[case::which_is_then(vec![awake("a", 45), wish(DesiredState::Asleep, None, 300)], 45, vec!["a person"])]
fn it_is_awake_until_the_last_of_them_ends(
    #[case] overrides: Vec<Intent>,
    #[case] minutes: i64,
    #[case] expected: Vec<&str>,
) {
    let intents: Vec<Intent> = overrides.into_iter().chain([night()]).collect();
    assert_eq!(decides(&intents, minutes), expected);
}

#[test]
fn each_lies_by_itself_and_a_plan_names_the_release() {
    let keys = [wish(DesiredState::Awake, None, 1), awake("octo/shop-1", 1)].map(|it| it.intent_key().to_string());
    assert_eq!(keys, ["override", "override#octo/shop-1"]);
    let scene = Scene { intents: vec![night(), awake("octo/shop-1", 45), awake("b", 30)], ..Scene::night() };
    let (estate, environment) = (EstateName::new("clos-v2").unwrap(), EnvironmentName::new("dev").unwrap());
    let scope = Scope { estate, environment, region: Region::new("us-east-1").unwrap() };
    let plan = report::plan(&scope, &scene.decide());
    let first = plan.lines().next().unwrap();
    assert!(first.ends_with("override wants it awake: release octo/shop-1; release b holds it awake, too"), "{first}");
}

#[test]
fn a_release_of_before_this_reads_it_as_a_persons_override() {
    let written = serde_json::to_value(awake("a", 45)).unwrap();
    assert_eq!((written["layer"].as_str(), written["for-release"].as_str()), (Some("override"), Some("a")));
    let plain = serde_json::to_value(wish(DesiredState::Awake, None, 45)).unwrap();
    assert_eq!(plain.get("for-release"), None, "a person's stays as it was");
}
