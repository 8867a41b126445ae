//! The page of an environment that sleeps: it is shown before anything of the application goes down, and taken away once the
//! application answers again, so that nobody meets a rule with nothing behind it.

use std::collections::BTreeSet;

use super::diff::PlanDraft;
use super::{AwaitedChange, CapacityChange, Obstacle, Plan, Wave};
use crate::capacity::{ObservedRule, ObservedScope, ResourceId, RuleActions, ServiceId};
use crate::value::ListenerRuleArn;

impl PlanDraft<'_> {
    /// What a rule gets; services and databases have to be in the draft already.
    pub(super) fn rule(&mut self, id: &ListenerRuleArn, found: &ObservedRule, wanted: &RuleActions) {
        let resource = ResourceId::Rule(id.clone());
        let page = self.asked.page.is_some_and(|page| page.rule == *id && wanted.shows(&page.target_group));
        let differs = found.actions != *wanted;
        let obstacle = match &found.cannot_change {
            Some(why) if page || differs => Some(Obstacle::CannotChange(why.clone())),
            _ if !differs => return,
            _ if !found.managed => Some(Obstacle::Untagged),
            _ if page => self.refused(&resource),
            _ => self.refused(&resource).or_else(|| self.unserved(wanted).map(Obstacle::Unserved)),
        };
        if let Some(obstacle) = obstacle {
            return self.hinder(resource, obstacle);
        }
        let (rule, from, to) = (id.clone(), found.actions.clone(), wanted.clone());
        let wave = if page { Wave::ShowPage } else { Wave::HidePage };
        self.act(wave, CapacityChange::Rule { rule, page, from, to });
    }

    /// A service that requests would go to, that should run and of which no task does, where nothing of this run brings one up.
    fn unserved(&self, wanted: &RuleActions) -> Option<String> {
        let nobody = |id: &&ServiceId| {
            let Some(found) = self.asked.observed.services.get(*id) else { return false };
            // What is its owner's again is in no target, and should be what it is.
            let wanted = self.asked.target.services.get(*id).map_or(found.capacity.desired, |wanted| wanted.desired);
            let hindered = self.plan.obstacle(&ResourceId::Service((*id).clone())).is_some();
            wanted > 0 && found.running == 0 && (hindered || self.asked.late.contains(*id))
        };
        behind(self.asked.observed, wanted).into_iter().find(nobody).map(ToString::to_string)
    }

    /// What stands in the way of taking the application down: that its page is not there yet.
    pub(super) fn page_to_come(&self) -> Vec<AwaitedChange> {
        let shown = self.actions.get(&Wave::ShowPage).into_iter().flatten();
        let what = || "its page is shown first".to_owned();
        shown.map(|action| AwaitedChange { resource: action.change.resource(), what: what() }).collect()
    }

    /// What stands in the way of taking the page away: whatever of the application is not up.
    pub(super) fn application_to_come(&self) -> Vec<AwaitedChange> {
        let services: Vec<&ServiceId> = self.asked.observed.services.keys().collect();
        let mut awaited = self.databases_on_their_way();
        awaited.extend(self.not_up_yet(&services));
        awaited
    }
}

/// The services that requests of a rule go to: those with a target group of it, or all where none has one.
fn behind<'a>(observed: &'a ObservedScope, rule: &RuleActions) -> Vec<&'a ServiceId> {
    let groups: BTreeSet<&str> = rule.serving().collect();
    let own = observed.services.iter().filter(|(_, it)| it.target_groups.iter().any(|it| groups.contains(it.as_str())));
    let own: Vec<&ServiceId> = own.map(|(id, _)| id).collect();
    if own.is_empty() { observed.services.keys().collect() } else { own }
}

/// The services whose targets' health says whether the page of a plan may go: those that requests would go to, once all they wait
/// for is written.
pub(super) fn health_before_page_goes(observed: &ObservedScope, plan: &Plan) -> BTreeSet<ServiceId> {
    let hidden = plan.actions().find_map(|action| match &action.change {
        CapacityChange::Rule { page: false, to, .. } => Some(to),
        _ => None,
    });
    let Some(rule) = hidden else { return BTreeSet::new() };
    let answers = |id: &&ServiceId| {
        let found = observed.services.get(*id);
        found.is_some_and(|it| it.capacity.desired > 0 && it.running > 0 && !it.target_groups.is_empty())
    };
    behind(observed, rule).into_iter().filter(answers).cloned().collect()
}
