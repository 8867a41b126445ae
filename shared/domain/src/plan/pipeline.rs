//! The order in which a plan is written: each resource's own writes in the order of the waves, and nothing that waits for a
//! stranger.

use std::collections::BTreeMap;

use super::{AwaitedChange, CapacityChange, Plan, PlannedAction, Wave};
use crate::capacity::ResourceId;

/// What of a plan can be written now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline<'a> {
    /// The writes, in their order.
    pub actions: Vec<&'a PlannedAction>,
    /// What stands in the way of the rest.
    pub waits_for: Vec<AwaitedChange>,
    /// From which of them on databases stop and a page goes.
    stops: usize,
}

/// What comes next of some of the writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextWrite {
    /// This one, by its place.
    Now(usize),
    /// One that waits for another write.
    Later,
    /// None is left.
    Nothing,
}

impl Pipeline<'_> {
    /// The first write of this kind that is still open and waits for none that is: a resource's own go one after the other, and
    /// databases stop after everything else.
    pub fn next(&self, open: &[bool], of_this_kind: impl Fn(&CapacityChange) -> bool) -> NextWrite {
        let is_open = |n: usize| open.get(n).copied().unwrap_or(false);
        let mut next = NextWrite::Nothing;
        for (n, action) in self.actions.iter().enumerate() {
            if !is_open(n) || !of_this_kind(&action.change) {
                continue;
            }
            let own = action.change.resource();
            // A resource's writes lie beside each other.
            let before = (0..n).rev().take_while(|before| self.actions[*before].change.resource() == own);
            let waits = before.into_iter().any(is_open) || (n >= self.stops && (0..self.stops).any(is_open));
            if !waits {
                return NextWrite::Now(n);
            }
            next = NextWrite::Later;
        }
        next
    }
}

/// Databases that start go before everything and those that stop after it, for every service may use them, and likewise the page
/// that comes and the one that goes; between the two goes one service after the other, first those that get more tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Starts,
    Grows,
    Shrinks,
    Stops,
}

impl Plan {
    /// What can be written now, service by service: a count follows the bounds of its own service and waits for those of no
    /// other, so that the budgets of the two APIs are drawn on at the same time. Waves from the first on that has to wait are
    /// left for later.
    pub fn pipeline(&self) -> Pipeline<'_> {
        let begun: Vec<_> = self.steps.iter().take_while(|step| step.waits_for.is_empty()).collect();
        let waits_for = self.steps.get(begun.len()).map(|step| step.waits_for.clone()).unwrap_or_default();
        let mut chains: BTreeMap<ResourceId, (Place, Vec<&PlannedAction>)> = BTreeMap::new();
        for (step, action) in begun.iter().flat_map(|step| step.actions.iter().map(|action| (step.wave, action))) {
            let place = match step {
                Wave::ShowPage | Wave::StartDatabases => Place::Starts,
                Wave::StopDatabases | Wave::HidePage => Place::Stops,
                Wave::OpenScaling | Wave::RaiseCounts => Place::Grows,
                Wave::HoldScaling | Wave::LowerCounts | Wave::RollBack | Wave::ReleaseScaling => Place::Shrinks,
            };
            let (placed, chain) = chains.entry(action.change.resource()).or_insert((place, Vec::new()));
            *placed = place.min(*placed);
            chain.push(action);
        }
        let mut chains: Vec<_> = chains.into_values().collect();
        chains.sort_by_key(|(place, _)| *place);
        let stops = chains.iter().filter(|(place, _)| *place != Place::Stops).map(|(_, chain)| chain.len()).sum();
        Pipeline { actions: chains.into_iter().flat_map(|(_, chain)| chain).collect(), waits_for, stops }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::capacity::{DatabaseId, DatabasePower, ScalingState, ServiceId, Suspensions};
    use crate::plan::PlanStep;

    fn service(name: &str) -> ServiceId {
        ServiceId::try_from(format!("shop/{name}")).unwrap()
    }

    fn bounds(name: &str) -> CapacityChange {
        let scaling = ScalingState { min: 1, max: 4, suspended: Suspensions::NONE };
        CapacityChange::Scaling { service: service(name), from: scaling, to: ScalingState { min: 0, ..scaling } }
    }

    fn count(name: &str, from: u32, to: u32) -> CapacityChange {
        CapacityChange::Count { service: service(name), from, to }
    }

    fn database(to: DatabasePower) -> CapacityChange {
        CapacityChange::Database { database: DatabaseId::try_from("rds:shop".to_owned()).unwrap(), to }
    }

    fn step(wave: Wave, changes: Vec<CapacityChange>) -> PlanStep {
        let action = |change| PlannedAction { change, reason: "night".to_owned() };
        PlanStep { wave, waits_for: Vec::new(), actions: changes.into_iter().map(action).collect() }
    }

    fn written(plan: &Plan) -> Vec<CapacityChange> {
        plan.pipeline().actions.into_iter().map(|action| action.change.clone()).collect()
    }

    #[test]
    fn a_count_follows_the_bounds_of_its_own_service_and_no_others() {
        let steps = vec![
            step(Wave::HoldScaling, vec![bounds("api"), bounds("web")]),
            step(Wave::LowerCounts, vec![count("api", 2, 0), count("web", 3, 0), count("worker", 1, 0)]),
            step(Wave::StopDatabases, vec![database(DatabasePower::Off)]),
        ];
        let plan = Plan { steps, ..Plan::default() };
        let expected = [
            bounds("api"),
            count("api", 2, 0),
            bounds("web"),
            count("web", 3, 0),
            count("worker", 1, 0),
            database(DatabasePower::Off),
        ];
        assert_eq!(written(&plan), expected);
        assert_eq!(plan.pipeline().waits_for, []);
    }

    #[test]
    fn what_gets_more_tasks_goes_first_and_databases_that_start_before_it() {
        let steps = vec![
            step(Wave::StartDatabases, vec![database(DatabasePower::On)]),
            step(Wave::LowerCounts, vec![count("api", 2, 1)]),
            step(Wave::RaiseCounts, vec![count("web", 1, 3)]),
            step(Wave::ReleaseScaling, vec![bounds("web")]),
        ];
        let expected = [database(DatabasePower::On), count("web", 1, 3), bounds("web"), count("api", 2, 1)];
        assert_eq!(written(&Plan { steps, ..Plan::default() }), expected);
    }

    #[test]
    fn each_kind_goes_on_by_itself_and_a_service_waits_for_its_own_bounds_only() {
        let steps = vec![
            step(Wave::HoldScaling, vec![bounds("api"), bounds("web")]),
            step(Wave::LowerCounts, vec![count("api", 2, 0), count("web", 3, 0)]),
            step(Wave::StopDatabases, vec![database(DatabasePower::Off)]),
        ];
        let plan = Plan { steps, ..Plan::default() };
        let pipeline = plan.pipeline();
        let of_bounds = |change: &CapacityChange| matches!(change, CapacityChange::Scaling { .. });
        let of_counts = |change: &CapacityChange| matches!(change, CapacityChange::Count { .. });
        let of_databases = |change: &CapacityChange| matches!(change, CapacityChange::Database { .. });
        let mut open = [true; 5];
        assert_eq!(pipeline.next(&open, of_bounds), NextWrite::Now(0));
        assert_eq!(pipeline.next(&open, of_counts), NextWrite::Later);
        open[2] = false;
        assert_eq!(pipeline.next(&open, of_counts), NextWrite::Now(3), "web's bounds are made, api's are not");
        open[3] = false;
        open[0] = false;
        assert_eq!(pipeline.next(&open, of_bounds), NextWrite::Nothing);
        assert_eq!(pipeline.next(&open, of_databases), NextWrite::Later);
        open[1] = false;
        assert_eq!(pipeline.next(&open, of_databases), NextWrite::Now(4));
    }

    #[test]
    fn a_wave_that_waits_and_those_after_it_are_left_for_later() {
        let waits = AwaitedChange { resource: ResourceId::Service(service("api")), what: "starting".to_owned() };
        let raise = PlanStep { waits_for: vec![waits.clone()], ..step(Wave::RaiseCounts, vec![count("api", 0, 2)]) };
        let release = step(Wave::ReleaseScaling, vec![bounds("api"), bounds("web")]);
        let plan =
            Plan { steps: vec![step(Wave::HoldScaling, vec![bounds("api")]), raise, release], ..Plan::default() };
        assert_eq!(written(&plan), [bounds("api")]);
        assert_eq!(plan.pipeline().waits_for, [waits]);
    }
}
