//! Failovers that could not work.

use std::collections::BTreeSet;

use super::{EnvironmentChecker, at, one_of};
use crate::estate::{
    ClusterServices, DetectionMode, EventSource, Failover, FencePolicy, MovedSource, OwnStepPlace, PairDatabase,
    TrafficPolicy, TrafficStrategy,
};
use crate::failover::{rehearsed_for, rehearsed_share};
use crate::finding::FieldPath;

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

impl EnvironmentChecker<'_> {
    pub(super) fn failover(&mut self) {
        let Some(failover) = &self.environment.failover else { return };
        if self.environment.regions.standby.is_none() {
            self.note(at("failover"), "a failover without a standby region", "`regions.standby`");
        }
        for (index, alarm) in failover.evidence.iter().enumerate() {
            self.known_alarm(at("failover").key("evidence").index(index), alarm);
        }
        if !failover.waves.is_empty() {
            let expected = "the same lists as `order` beside `failover`: it is the order of wakes, sleeps and moves";
            self.note(at("failover").key("waves"), "an order of moves alone", expected);
        }
        self.services(failover);
        self.singletons(failover);
        self.traffic(&failover.traffic);
        self.standby_databases(failover);
        self.detection(failover);
        self.own_steps(failover);
        self.event_sources(failover);
        self.rehearsal(failover);
        self.protection(failover);
    }

    /// Each entry names one source, whole, and each source has one entry.
    fn event_sources(&mut self, failover: &Failover) {
        let mut known = BTreeSet::new();
        for (index, entry) in failover.sources.iter().enumerate() {
            let place = at("failover").key("sources").index(index);
            match EventSource::of(entry) {
                Some(source) if !known.insert(source.clone()) => {
                    self.note(place, format!("the {source} a second time"), "each source once");
                }
                Some(_) => {}
                None => {
                    let (key, found, expected) = misnamed(entry);
                    self.note(key.map_or(place.clone(), |key| place.key(key)), found, expected);
                }
            }
        }
    }

    /// A step is known by its machine, and nothing goes back once traffic has moved.
    fn own_steps(&mut self, failover: &Failover) {
        let mut known = BTreeSet::new();
        for (index, step) in failover.steps.iter().enumerate() {
            let place = at("failover").key("steps").index(index);
            for (key, machine) in [("run", Some(&step.run)), ("back", step.back.as_ref())] {
                let Some(machine) = machine else { continue };
                if !known.insert(machine) {
                    let found = format!("the machine {machine} a second time");
                    self.note(place.clone().key(key), found, "each machine in one place");
                }
            }
            if step.after == OwnStepPlace::Traffic && step.back.is_some() {
                self.note(
                    place.key("back"),
                    "a way back after traffic",
                    "none: a move goes back only before its traffic",
                );
            }
        }
    }

    /// What the stack may do by itself is about read replicas.
    fn protection(&mut self, failover: &Failover) {
        if failover.protect_again && failover.databases.iter().all(|entry| entry.replica.is_none()) {
            let expected =
                "a `replica` among `databases`, or no `protect-again`: all else comes back by AWS or by a person";
            self.note(at("failover").key("protect-again"), "true without a read replica", expected);
        }
    }

    /// A rehearsal that could not be due, or would be out of date before the next one.
    fn rehearsal(&mut self, failover: &Failover) {
        let Some(rehearse) = &failover.rehearse else { return };
        let place = || at("failover").key("rehearse");
        if rehearse.every.seconds() % DAY != 0 {
            self.note(place().key("every"), rehearse.every.to_string(), "whole days, such as 30d");
        }
        if let Err(bad) = rehearsed_for(rehearse.lasts) {
            self.note(place().key("for"), bad.found, bad.expected);
        }
        if let Err(bad) = rehearsed_share(rehearse.share) {
            self.note(place().key("share"), bad.found, bad.expected);
        }
        let within = failover.certified_within();
        if within < rehearse.every {
            let expected = format!("at least {}, the time between two rehearsals", rehearse.every);
            self.note(at("failover").key("certified-within"), within.to_string(), expected);
        }
    }

    /// What detects by itself needs a probe; and a service that starts has to have a figure.
    fn detection(&mut self, failover: &Failover) {
        if failover.detect != DetectionMode::Off && failover.probe.is_none() {
            self.note(at("failover").key("detect"), "a detection without `probe`", "a `probe`, or `detect: off`");
        }
        if failover.capacity.is_empty() {
            self.note(at("failover").key("capacity"), "nothing", "the tasks of at least one service");
        }
        for (index, singleton) in failover.singletons.iter().enumerate() {
            if failover.capacity.get(&singleton.service).is_some_and(|tasks| *tasks > 1) {
                let place = at("failover").key("singletons").index(index).key("service");
                self.note(place, format!("{} with more than one task in `capacity`", singleton.service), "1 or 0");
            }
        }
    }

    fn standby_databases(&mut self, failover: &Failover) {
        for (index, entry) in failover.databases.iter().enumerate() {
            if PairDatabase::of(entry).is_none() {
                let place = at("failover").key("databases").index(index);
                self.note(place, "none or both of them", "either `replica` or `aurora-global`");
            }
        }
    }

    /// Every service that the section names is one of the standby region.
    fn services(&mut self, failover: &Failover) {
        let place = at("failover");
        let mut named: Vec<(FieldPath, _)> =
            failover.capacity.keys().map(|s| (place.clone().key("capacity").key(s), s)).collect();
        if let Some(probe) = &failover.probe {
            let place = place.clone().key("probe").key("paths");
            named.extend(probe.paths.keys().map(|s| (place.clone().key(s), s)));
        }
        let singletons = failover.singletons.iter().enumerate();
        named
            .extend(singletons.map(|(nth, s)| (place.clone().key("singletons").index(nth).key("service"), &s.service)));
        let environment = self.environment;
        let Some(standby) = &environment.regions.standby else { return };
        let known: Vec<_> = environment
            .clusters
            .get(standby)
            .into_iter()
            .flat_map(|c| c.values())
            .flat_map(ClusterServices::named)
            .collect();
        for (place, service) in named {
            if !known.contains(&service) {
                let expected = format!("{} in {standby}", one_of(&known));
                self.note(place, format!("the unknown service {service}"), expected);
            }
        }
    }

    fn singletons(&mut self, failover: &Failover) {
        for (index, singleton) in failover.singletons.iter().enumerate() {
            let place = at("failover").key("singletons").index(index);
            match (singleton.fence, singleton.silence) {
                (Some(FencePolicy::DeadMan), None) => {
                    self.note(place, "a dead man's switch without `silence`", "how long the silence lasts, such as 2m");
                }
                (fence, Some(_)) if fence != Some(FencePolicy::DeadMan) => {
                    self.note(place.key("silence"), "a silence without a dead man's switch", "`fence: dead-man`");
                }
                _ => {}
            }
        }
    }

    /// Each strategy has the fields that it needs, and none of another one's.
    fn traffic(&mut self, traffic: &TrafficPolicy) {
        if traffic.names.is_empty() {
            self.note(at("failover").key("traffic").key("names"), "no name", "at least one DNS name");
        }
        let fields = [
            ("bucket", traffic.bucket.is_some(), TrafficStrategy::SwitchObject),
            ("object", traffic.object.is_some(), TrafficStrategy::SwitchObject),
            ("alarm", traffic.alarm.is_some(), TrafficStrategy::Alarm),
            ("primary-control", traffic.primary_control.is_some(), TrafficStrategy::RoutingControl),
            ("standby-control", traffic.standby_control.is_some(), TrafficStrategy::RoutingControl),
            ("hosted-zone", traffic.hosted_zone.is_some(), TrafficStrategy::Record),
        ];
        for (field, given, strategy) in fields {
            let place = at("failover").key("traffic");
            if strategy == traffic.strategy && !given {
                self.note(place, format!("no `{field}`"), format!("`{field}`: its strategy needs it"));
            } else if strategy != traffic.strategy && given {
                self.note(place.key(field), "a field of another strategy", "only the fields of the chosen `strategy`");
            }
        }
    }
}

/// What is wrong with an entry that names no source: the field, what there is, and what there should be.
fn misnamed(entry: &MovedSource) -> (Option<&'static str>, &'static str, &'static str) {
    let MovedSource { event_source_mapping, reads, schedule, group, rule, bus } = entry;
    let kinds = [event_source_mapping.is_some(), schedule.is_some(), rule.is_some()];
    match kinds.iter().filter(|given| **given).count() {
        1 if event_source_mapping.is_some() && reads.is_none() => {
            (Some("reads"), "nothing", "the name of the queue, stream, table, broker or cluster that it reads")
        }
        1 if event_source_mapping.is_none() && reads.is_some() => {
            (Some("reads"), "a field of another kind of source", "none: only an `event-source-mapping` has it")
        }
        1 if schedule.is_none() && group.is_some() => {
            (Some("group"), "a field of another kind of source", "none: only a `schedule` has it")
        }
        1 if rule.is_none() && bus.is_some() => {
            (Some("bus"), "a field of another kind of source", "none: only a `rule` has it")
        }
        _ => (
            None,
            "none or several kinds of source",
            "one of `event-source-mapping` with `reads`, `schedule` and `rule`",
        ),
    }
}
