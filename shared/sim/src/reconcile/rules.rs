//! What happens to the rules of load balancers' listeners: what they are told, at once.

use jiff::Timestamp;
use watchkeeper_control::ports::{AwsError, Fault, ListenerRules};
use watchkeeper_domain::capacity::{ObservedRule, RuleActions};
use watchkeeper_domain::value::ListenerRuleArn;

use crate::history::StateHistory;
use crate::kinds::rule::SimRule;
use crate::operation::Operation;
use crate::refusal::CallRefusal;
use crate::region::SimRegion;
use crate::spec::RuleSpec;
use crate::state::SimState;

impl ListenerRules for SimRegion {
    async fn describe_rule(&self, rule: &ListenerRuleArn) -> Result<Option<ObservedRule>, AwsError> {
        self.ask(Operation::DescribeRules, rule, |state| Ok(state.read_rule(rule))).await
    }

    async fn set_rule(&self, rule: &ListenerRuleArn, actions: &RuleActions) -> Result<(), AwsError> {
        self.ask(Operation::ModifyRule, rule, |state| state.modify_rule(rule, actions)).await
    }
}

/// A change by somebody else; a rule that is not there makes the test fail.
impl SimRegion {
    /// One rule as it truly is now.
    pub fn rule(&self, id: &ListenerRuleArn) -> Option<ObservedRule> {
        self.lock().rule(id).map(|rule| rule.observed.clone())
    }

    /// The instants at which something changed while a rule went to services of which each was down, or on its way there: whoever
    /// asked met an error page.
    pub fn unserved(&self) -> Vec<(Timestamp, ListenerRuleArn)> {
        self.lock().unserved.clone()
    }

    /// Somebody sets what a rule does.
    pub fn change_rule(&self, id: &ListenerRuleArn, actions: &RuleActions) {
        self.change(id, |state| state.change_rule(id, |rule| rule.observed.actions = actions.clone()));
    }

    /// Somebody sets, or removes, the tag of a rule.
    pub fn change_rule_tag(&self, id: &ListenerRuleArn, managed: bool) {
        self.change(id, |state| state.change_rule(id, |rule| rule.observed.managed = managed));
    }

    /// IAM denies, or no longer denies, to change a rule.
    pub fn deny_rule(&self, id: &ListenerRuleArn, denied: bool) {
        self.change(id, |state| state.change_rule(id, |rule| rule.denied = denied));
    }

    /// Somebody deletes a rule.
    pub fn remove_rule(&self, id: &ListenerRuleArn) {
        self.change(id, |state| state.change_rule(id, |rule| rule.gone = true));
    }
}

impl SimState {
    /// Brings a rule into the simulation.
    pub(crate) fn add_rule(&mut self, spec: &RuleSpec) {
        let observed = spec.observed.clone();
        let seen = StateHistory::new(Some(observed.clone()));
        self.rules.insert(spec.id.clone(), SimRule { observed, gone: false, denied: false, seen });
    }

    /// A rule that exists.
    pub(crate) fn rule(&self, id: &ListenerRuleArn) -> Option<&SimRule> {
        self.rules.get(id).filter(|rule| !rule.gone)
    }

    /// Changes a rule and notes it for later readers; tells whether there is one to change.
    pub(crate) fn change_rule(&mut self, id: &ListenerRuleArn, change: impl FnOnce(&mut SimRule)) -> bool {
        let now = self.now;
        let Some(rule) = self.rules.get_mut(id).filter(|rule| !rule.gone) else { return false };
        change(rule);
        rule.seen.note(now, (!rule.gone).then(|| rule.observed.clone()));
        self.changes += 1;
        self.note_unserved();
        true
    }

    /// Notes which rules go to services of which each is down, or on its way there.
    pub(crate) fn note_unserved(&mut self) {
        let unserved = |rule: &SimRule| {
            let serving: Vec<&str> = rule.observed.actions.serving().collect();
            let behind = self
                .services
                .values()
                .filter(|service| service.target_groups.iter().any(|group| serving.contains(&group.name.as_str())));
            let mut behind = behind.peekable();
            behind.peek().is_some() && behind.all(|service| service.desired == 0 || service.running == 0)
        };
        let found = self.rules.iter().filter(|(_, rule)| unserved(rule)).map(|(id, _)| (self.now, id.clone()));
        let found: Vec<_> = found.collect();
        self.unserved.extend(found);
    }

    fn read_rule(&mut self, id: &ListenerRuleArn) -> Option<ObservedRule> {
        let (now, lag) = (self.now, self.lag());
        self.rules.get_mut(id)?.seen.read(now, lag)?.clone()
    }

    /// Sets what a rule does as AWS would: no default rule, only a managed one, and only with an action that answers.
    fn modify_rule(&mut self, id: &ListenerRuleArn, actions: &RuleActions) -> Result<(), CallRefusal> {
        let Some(rule) = self.rule(id) else { return Err(CallRefusal::not_found(id)) };
        if !rule.observed.managed {
            return Err(CallRefusal::not_managed(id));
        }
        if rule.denied {
            return Err(CallRefusal::denied(id));
        }
        if let Some(why) = &rule.observed.cannot_change {
            return Err(CallRefusal::new(Fault::Invalid, why));
        }
        if actions.actions().is_empty() {
            return Err(CallRefusal::invalid("no actions, expected at least one"));
        }
        self.change_rule(id, |rule| rule.observed.actions = actions.clone());
        Ok(())
    }
}
