//! The page of an environment that sleeps: its rule, and the target group that answers with it.

use rstest::rstest;
use serde_json::json;
use watchkeeper_domain::capacity::{ObservedRule, RuleActions};
use watchkeeper_domain::estate::Estate;
use watchkeeper_domain::preflight::{Check, PageGroup, PreflightFacts, ReportRow, RowMark, WantedResources, judge};
use watchkeeper_domain::value::{ListenerRuleArn, TargetGroupArn};

use super::scene::{clean, region};

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:watchkeeper-wake-page";

fn arn(named: &str) -> String {
    format!("arn:aws:elasticloadbalancing:eu-west-1:123456789012:{named}")
}

/// The rows about the page, where its target group is as given.
fn rows(group: Option<PageGroup>) -> Vec<ReportRow> {
    let (rule, page) = (arn("listener-rule/app/shop/1/2/3"), arn("targetgroup/asleep/4"));
    let estate: Estate = serde_json::from_value(json!({"estate": "shop", "environments": {"dev": {
        "kind": "development", "regions": {"primary": "eu-west-1"}, "clusters": {"eu-west-1": {"shop": ["api"]}},
        "wake-page": {"listener-rule": rule, "target-group": page},
    }}}))
    .unwrap();
    let environment = estate.environments().next().unwrap();
    let wanted = WantedResources::of(&estate, environment, &region("eu-west-1"));
    let PreflightFacts { place, quotas, .. } = clean();
    let mut facts = PreflightFacts::nothing(place, quotas);
    let application: TargetGroupArn = arn("targetgroup/web/5").parse().unwrap();
    let actions = RuleActions::forward_to(&application);
    let found = ObservedRule { actions, managed: true, cannot_change: None };
    facts.rules.insert(rule.parse::<ListenerRuleArn>().unwrap(), Ok(Some(found)));
    facts.page_groups.insert(page.parse().unwrap(), Ok(group));
    let about = |row: &ReportRow| row.subject.contains("target group") || row.check == Check::ShowsPage;
    judge(environment, &wanted, &facts).into_iter().filter(about).collect()
}

fn group(kind: &str, targets: &[&str]) -> PageGroup {
    PageGroup { kind: kind.to_owned(), targets: targets.iter().map(|it| (*it).to_owned()).collect() }
}

#[test]
fn a_page_whose_group_calls_the_function_is_good() {
    for target in [FUNCTION.to_owned(), format!("{FUNCTION}:live")] {
        let rows = rows(Some(group("lambda", &[&target])));
        assert!(rows.iter().all(|row| row.mark == RowMark::Good), "{rows:?}");
        assert_eq!(rows[1].found, format!("calls {target}"));
    }
}

#[rstest]
#[case::that_does_not_exist(None, "does not exist", "describe-target-groups")]
#[case::of_another_type(Some(group("ip", &["10.0.0.1"])), "of the type ip", "describe-target-groups")]
#[case::without_a_target(Some(group("lambda", &[])), "no target", "register-targets")]
#[case::of_another_function(Some(group("lambda", &["arn:aws:lambda:eu-west-1:1:function:other"])), "arn:aws:lambda:eu-west-1:1:function:other", "register-targets")]
fn a_group_that_would_not_answer_with_the_page_is_named_with_what_mends_it(
    #[case] group: Option<PageGroup>,
    #[case] found: &str,
    #[case] command: &str,
) {
    let rows = rows(group);
    let bad: Vec<_> = rows.iter().filter(|row| row.mark == RowMark::Bad).collect();
    assert_eq!((bad.len(), bad[0].found.as_str()), (1, found), "{rows:?}");
    assert!(bad[0].command.as_ref().unwrap().contains(command), "{rows:?}");
}
