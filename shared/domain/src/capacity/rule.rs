//! A rule of a load balancer's listener, by what it does with a request: a resource like others while a wake page is shown.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::value::{ListenerRuleArn, TargetGroupArn};

/// The most target groups of one forward (Elastic Load Balancing, "Quotas for your Application Load Balancers": target groups per
/// action per Application Load Balancer).
const GROUPS_MAX: usize = 5;

/// The actions of a rule, whole and as AWS returned them: each an object with the members of `Action` (Elastic Load Balancing API
/// reference, version 2015-12-01), so that `aws elbv2 modify-rule --actions` takes them too. Two are equal that mean the same to
/// the load balancer: AWS adds to its answers what it was not told, and leaves secrets out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleActions(Vec<Map<String, Value>>);

impl RuleActions {
    /// These actions.
    pub fn new(actions: Vec<Map<String, Value>>) -> Self {
        Self(actions)
    }

    /// Each action, as AWS has it.
    pub fn actions(&self) -> &[Map<String, Value>] {
        &self.0
    }

    /// A forward to one target group, as AWS answers with it.
    pub fn forward_to(group: &TargetGroupArn) -> Self {
        let groups = json!([{"TargetGroupArn": group, "Weight": 1}]);
        let config = json!({"TargetGroups": groups, "TargetGroupStickinessConfig": {"Enabled": false}});
        let mut action = Map::new();
        action.insert("Type".to_owned(), json!("forward"));
        action.insert("TargetGroupArn".to_owned(), json!(group));
        action.insert("Order".to_owned(), json!(1));
        action.insert("ForwardConfig".to_owned(), config);
        Self(vec![action])
    }

    /// The same, but that the page of this target group answers: whoever has to log in before still has to, since a login that is
    /// taken out loses its client secret, which AWS tells nobody. The groups of the application stay in it with the weight 0: the
    /// load balancer checks the health of the targets of those groups alone that a rule names (Application Load Balancers user
    /// guide, "Target groups"), so that they are known to be healthy before the first request reaches them.
    ///
    /// # Errors
    /// Why the page cannot be put there, in words.
    pub fn with_page(&self, page: &TargetGroupArn) -> Result<Self, String> {
        let Some((last, forward)) = self.forward() else {
            let kind = self.0.iter().max_by_key(|action| order(action)).map_or("nothing", kind);
            return Err(format!("it answers by {kind}, and forwards to no target group"));
        };
        let groups = groups(forward);
        if groups.iter().any(|(group, _)| *group == page.as_str()) {
            return Err(format!("it forwards to {} already, and to what before is not known", page.name()));
        }
        if groups.len() >= GROUPS_MAX {
            return Err(format!(
                "it forwards to {} target groups, and AWS takes {GROUPS_MAX} with the page",
                groups.len()
            ));
        }
        let kept = groups.iter().map(|(group, _)| json!({"TargetGroupArn": group, "Weight": 0}));
        let weighted: Vec<Value> = std::iter::once(json!({"TargetGroupArn": page, "Weight": 1})).chain(kept).collect();
        let config = json!({"TargetGroups": weighted, "TargetGroupStickinessConfig": {"Enabled": false}});
        let mut shown = forward.clone();
        shown.remove("TargetGroupArn");
        shown.insert("ForwardConfig".to_owned(), config);
        let mut actions = self.0.clone();
        actions[last] = shown;
        Ok(Self(actions))
    }

    /// Whether requests go to this target group.
    pub fn shows(&self, page: &TargetGroupArn) -> bool {
        self.serving().any(|group| group == page.as_str())
    }

    /// The target groups that requests go to.
    pub fn serving(&self) -> impl Iterator<Item = &str> {
        let all = self.forward().map(|(_, forward)| groups(forward)).unwrap_or_default();
        all.into_iter().filter(|(_, weight)| *weight > 0).map(|(group, _)| group)
    }

    /// The forward, with its place.
    fn forward(&self) -> Option<(usize, &Map<String, Value>)> {
        self.0.iter().enumerate().find(|(_, action)| kind(action) == "forward")
    }

    /// What it means, whoever wrote it and in whatever order.
    fn meaning(&self) -> Vec<Value> {
        let mut actions: Vec<&Map<String, Value>> = self.0.iter().collect();
        actions.sort_by_key(|action| order(action));
        actions.into_iter().map(meaning).collect()
    }

    /// A text that is the same for those that are equal.
    pub(super) fn mark(&self) -> String {
        let mut meaning = Value::Array(self.meaning());
        meaning.sort_all_objects();
        meaning.to_string()
    }
}

impl PartialEq for RuleActions {
    fn eq(&self, other: &Self) -> bool {
        self.meaning() == other.meaning()
    }
}

impl Eq for RuleActions {}

impl fmt::Display for RuleActions {
    /// The kinds of the actions, and the names of the target groups: `authenticate-oidc, forward to shop-web`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut actions: Vec<&Map<String, Value>> = self.0.iter().collect();
        actions.sort_by_key(|action| order(action));
        for (n, action) in actions.into_iter().enumerate() {
            let names = groups(action).into_iter().filter(|(_, weight)| *weight > 0);
            let names: Vec<&str> = names.map(|(group, _)| group.rsplit('/').nth(1).unwrap_or(group)).collect();
            let to = if names.is_empty() { String::new() } else { format!(" to {}", names.join(" and ")) };
            write!(f, "{}{}{to}", if n == 0 { "" } else { ", " }, kind(action))?;
        }
        Ok(())
    }
}

fn kind(action: &Map<String, Value>) -> &str {
    action.get("Type").and_then(Value::as_str).unwrap_or("nothing")
}

/// AWS asks for an order only where there are several actions.
fn order(action: &Map<String, Value>) -> u64 {
    action.get("Order").and_then(Value::as_u64).unwrap_or(1)
}

/// The target groups of a forward with their weights; the weight is 1 where none is told (`TargetGroupTuple`).
fn groups(action: &Map<String, Value>) -> Vec<(&str, u64)> {
    let weighted = action.get("ForwardConfig").and_then(|config| config["TargetGroups"].as_array());
    let Some(weighted) = weighted else {
        return action.get("TargetGroupArn").and_then(Value::as_str).map(|group| (group, 1)).into_iter().collect();
    };
    weighted
        .iter()
        .filter_map(|it| Some((it["TargetGroupArn"].as_str()?, it["Weight"].as_u64().unwrap_or(1))))
        .collect()
}

fn meaning(action: &Map<String, Value>) -> Value {
    let mut action = action.clone();
    action.remove("Order");
    if kind(&action) == "forward" {
        let mut weighted = groups(&action);
        weighted.sort_unstable();
        let sticky = &action.get("ForwardConfig").map_or(&Value::Null, |it| &it["TargetGroupStickinessConfig"]);
        let sticky = sticky["Enabled"].as_bool().unwrap_or(false).then(|| sticky["DurationSeconds"].clone());
        return json!({"Type": "forward", "groups": weighted, "sticky": sticky});
    }
    for config in ["AuthenticateOidcConfig", "AuthenticateCognitoConfig"] {
        if let Some(config) = action.get_mut(config).and_then(Value::as_object_mut) {
            config.remove("ClientSecret");
            config.remove("UseExistingClientSecret");
        }
    }
    Value::Object(action)
}

/// A rule as AWS describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ObservedRule {
    /// What it does.
    pub actions: RuleActions,
    /// Whether it carries the tag `watchkeeper:managed = true`.
    pub managed: bool,
    /// Why it cannot be changed, if it cannot: AWS changes no default rule by `ModifyRule`, and an action of a kind that this
    /// release does not know could not be put back.
    pub cannot_change: Option<String>,
}

/// The page that a document shows while an environment sleeps: on which rule, and the target group that answers with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PagePlace {
    /// The rule that else forwards to the application.
    pub rule: ListenerRuleArn,
    /// The target group of the page.
    pub target_group: TargetGroupArn,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rstest::rstest;

    use super::*;

    fn actions(value: Value) -> RuleActions {
        serde_json::from_value(value).unwrap()
    }

    fn group(name: &str) -> TargetGroupArn {
        format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/1").parse().unwrap()
    }

    #[rstest]
    #[case::as_told(json!([{"Type": "forward", "TargetGroupArn": group("web")}]))]
    #[case::by_config(json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group("web")}]}}]))]
    #[case::another_order(json!([{"Type": "forward", "Order": 7, "TargetGroupArn": group("web")}]))]
    fn what_aws_adds_to_a_forward_is_no_difference(#[case] told: Value) {
        assert_eq!(actions(told), RuleActions::forward_to(&group("web")));
    }

    #[rstest]
    #[case::another_group(json!([{"Type": "forward", "TargetGroupArn": group("other")}]))]
    #[case::another_weight(json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": [
        {"TargetGroupArn": group("web"), "Weight": 2}]}}]))]
    #[case::sticky(json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group("web")}],
        "TargetGroupStickinessConfig": {"Enabled": true, "DurationSeconds": 60}}}]))]
    #[case::a_login(json!([{"Type": "authenticate-cognito", "Order": 1, "AuthenticateCognitoConfig": {"Scope": "openid"}},
        {"Type": "forward", "Order": 2, "TargetGroupArn": group("web")}]))]
    fn what_a_request_would_notice_is_one(#[case] told: Value) {
        assert_ne!(actions(told.clone()), RuleActions::forward_to(&group("web")));
        assert_ne!(actions(told).mark(), RuleActions::forward_to(&group("web")).mark());
    }

    #[test]
    fn a_page_keeps_the_login_before_it_and_the_groups_behind_it() {
        let login = json!({"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {"ClientId": "shop"}});
        let forward = |groups: Value, sticky: bool| {
            json!({"Type": "forward", "Order": 2, "ForwardConfig": {"TargetGroups": groups,
                "TargetGroupStickinessConfig": {"Enabled": sticky, "DurationSeconds": sticky.then_some(60)}}})
        };
        let two =
            json!([{"TargetGroupArn": group("blue"), "Weight": 9}, {"TargetGroupArn": group("green"), "Weight": 1}]);
        let before = actions(json!([login, forward(two, true)]));
        let shown = before.with_page(&group("page")).unwrap();
        let three = json!([{"TargetGroupArn": group("page"), "Weight": 1},
            {"TargetGroupArn": group("blue"), "Weight": 0}, {"TargetGroupArn": group("green"), "Weight": 0}]);
        assert_eq!(shown, actions(json!([login, forward(three, false)])));
        assert!(shown.shows(&group("page")) && !before.shows(&group("page")));
        assert_eq!(before.serving().count(), 2);
        assert_eq!(shown.to_string(), "authenticate-oidc, forward to page");
    }

    #[test]
    fn why_a_page_cannot_be_shown_is_said() {
        let many: Vec<Value> = (0..5).map(|n| json!({"TargetGroupArn": group(&format!("g{n}"))})).collect();
        let cases = [
            (
                json!([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}]),
                "it answers by fixed-response",
            ),
            (json!([]), "it answers by nothing"),
            (json!([{"Type": "forward", "TargetGroupArn": group("page")}]), "it forwards to page already"),
            (json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": many}}]), "it forwards to 5 target groups"),
        ];
        for (told, expected) in cases {
            let why = actions(told).with_page(&group("page")).unwrap_err();
            assert!(why.starts_with(expected), "{why}");
        }
    }
}
