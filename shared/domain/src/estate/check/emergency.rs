//! Profiles that cannot hold, and responses that name what does not exist.

use super::{EnvironmentChecker, at, one_of};
use crate::estate::{AlarmResponse, Emergency, EmergencyProfile, MAX_LASTS};
use crate::finding::FieldPath;
use crate::value::{AlarmName, CapacityAmount, ProfileName};

impl EnvironmentChecker<'_> {
    pub(super) fn emergency(&mut self) {
        let Some(emergency) = &self.environment.emergency else { return };
        if emergency.profiles.is_empty() {
            self.note(at("emergency").key("profiles"), "no profile", "at least one");
        }
        for (name, profile) in &emergency.profiles {
            self.profile(&at("emergency").key("profiles").key(name), profile);
        }
        for (index, name) in emergency.precedence.iter().enumerate() {
            self.known_profile(at("emergency").key("precedence").index(index), name, emergency);
        }
        for (index, response) in emergency.responses.iter().enumerate() {
            let place = at("emergency").key("responses").index(index);
            self.known_profile(place.clone().key("run"), &response.run, emergency);
            self.known_alarm(place.clone().key("alarm"), &response.alarm);
            for (nth, veto) in response.veto.iter().enumerate() {
                let place = place.clone().key("veto").index(nth);
                if veto == &response.alarm {
                    self.note(place, format!("{veto}, the alarm of this response"), "other alarms: it vetoes itself");
                } else {
                    self.known_alarm(place, veto);
                }
            }
        }
        self.contradictions(emergency);
        self.rollback(emergency);
    }

    /// An alarm that forbids a profile cannot call for it too: more tasks make that alarm worse.
    fn contradictions(&mut self, emergency: &Emergency) {
        for (index, response) in emergency.responses.iter().enumerate() {
            let place = at("emergency").key("responses").index(index);
            let (alarm, run) = (&response.alarm, &response.run);
            let forbids =
                |other: &AlarmResponse| other.alarm != *alarm && other.run == *run && other.veto.contains(alarm);
            if emergency.responses.iter().any(forbids) {
                let found = format!("{alarm}, which another response has as a veto against {run}");
                self.note(place.clone().key("alarm"), found, "an alarm that does not forbid its own profile");
            }
            if emergency.responses[..index].iter().any(|other| other.alarm == *alarm && other.run == *run) {
                self.note(place, format!("a second response of {alarm} with {run}"), "each pair once");
            }
        }
    }

    fn profile(&mut self, place: &FieldPath, profile: &EmergencyProfile) {
        self.bounds(place, profile.desired, profile.max);
        if profile.lasts.signed() > MAX_LASTS {
            self.note(
                place.clone().key("for"),
                profile.lasts.to_string(),
                "at most 7d: what lasts longer is no emergency",
            );
        }
        if let Some(within) = profile.answer_within.filter(|within| within.signed() > MAX_LASTS) {
            self.note(place.clone().key("answer-within"), within.to_string(), "at most 7d");
        }
        for (service, capacity) in &profile.services {
            let place = place.clone().key("services").key(service);
            self.known_service(place.clone(), service);
            self.bounds(&place, capacity.desired, capacity.max);
        }
        for (index, service) in profile.only.iter().enumerate() {
            self.known_service(place.clone().key("only").index(index), service);
        }
    }

    /// Two counts, or two shares, of which the ceiling is the smaller one; a count and a share cannot be compared.
    fn bounds(&mut self, place: &FieldPath, desired: CapacityAmount, max: Option<CapacityAmount>) {
        let wrong = match (desired, max) {
            (CapacityAmount::Tasks(desired), Some(CapacityAmount::Tasks(max))) => max < desired,
            (CapacityAmount::Share(desired), Some(CapacityAmount::Share(max))) => max < desired,
            _ => false,
        };
        if let Some(max) = max.filter(|_| wrong) {
            self.note(place.clone().key("max"), max.to_string(), format!("at least the desired {desired}"));
        }
        if let (CapacityAmount::Share(share), None) = (desired, max)
            && share.value() < 100
        {
            self.note(
                place.clone().key("max"),
                "nothing",
                "a ceiling: without one, a share below 100 % lowers nothing",
            );
        }
        let ceiling = self.environment.guardrails.as_ref().and_then(|guardrails| guardrails.ceiling);
        for (key, amount) in [("desired", Some(desired)), ("max", max)] {
            if let (Some(CapacityAmount::Tasks(tasks)), Some(ceiling)) = (amount, ceiling)
                && tasks > ceiling
            {
                self.note(place.clone().key(key), tasks.to_string(), format!("at most the ceiling of {ceiling}"));
            }
        }
    }

    fn known_profile(&mut self, place: FieldPath, name: &ProfileName, emergency: &Emergency) {
        if !emergency.profiles.contains_key(name) {
            self.note(place, format!("the unknown profile {name}"), one_of(emergency.profiles.keys()));
        }
    }

    /// Notes an alarm that is missing where the document lists its alarms.
    pub(super) fn known_alarm(&mut self, place: FieldPath, name: &AlarmName) {
        let alarms = &self.environment.alarms;
        if !alarms.is_empty() && !alarms.contains(name) {
            self.note(place, format!("the unknown alarm {name}"), one_of(alarms));
        }
    }

    fn rollback(&mut self, emergency: &Emergency) {
        let Some(rollback) = &emergency.rollback else { return };
        let place = at("emergency").key("rollback").key("alarms");
        if rollback.alarms.is_empty() {
            self.note(place.clone(), "no alarm", "at least one");
        }
        for (index, alarm) in rollback.alarms.iter().enumerate() {
            self.known_alarm(place.clone().index(index), alarm);
        }
    }
}
