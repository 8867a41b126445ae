//! What events do when they happen.

use std::hash::{Hash as _, Hasher as _};
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use watchkeeper_domain::capacity::{DatabaseState, ResourceId, Rollout, ScalingState, ServiceId};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::name::EnvironmentName;
use watchkeeper_sim::{alarm_event, declared, service};

use super::{Later, REDELIVERIES, Simulation};
use crate::invariant::{Actor, REPEATED, Violation};
use crate::owner::Changed;
use crate::story::{Delivery, Event};

/// How long an owner's change takes to be there as a whole.
const SETTLES: Duration = Duration::from_secs(20);

impl Simulation {
    pub(super) fn happens(&mut self, event: &Event) -> Result<(), Violation> {
        self.coverage.event(event.kind(), self.fault(), self.phase());
        self.say(|| event.to_string());
        self.livens();
        let (now, minutes) = (self.now(), event.minutes());
        let (until, calm) = (now + SignedDuration::from_mins(minutes.into()), now >= self.troubled + REPEATED);
        self.troubled = self.troubled.max(until);
        if !event.is_trouble() {
            self.moved = self.moved.max(until);
            self.judge.moved();
        }
        let before = self.stack.sim.capacity();
        self.by_people(event, calm)?;
        if let (Event::Count(id, _), true) = (event, calm) {
            self.judge.drifts(&self.stack.sim, id, &before);
        }
        self.by_aws(event)?;
        if minutes > 0 {
            self.soon(minutes, Later::End(event.clone()));
        }
        self.acted(&Actor::Somebody)
    }

    fn by_people(&mut self, event: &Event, calm: bool) -> Result<(), Violation> {
        let sim = self.sim();
        match event {
            Event::Count(id, to) if sim.service(id).is_some() => {
                self.owned(&ResourceId::Service(id.clone()), Changed::Count, || sim.change_count(id, *to));
            }
            Event::Bounds(id, min, max, suspended)
                if sim.service(id).is_some_and(|it| it.capacity.scaling.is_some()) =>
            {
                let to = ScalingState { min: *min, max: *max, suspended: *suspended };
                self.owned(&ResourceId::Service(id.clone()), Changed::Bounds, || sim.change_scaling(id, Some(to)));
            }
            Event::Terraform(environment) => self.terraform(environment),
            Event::Deployment(id, ..) if sim.service(id).is_some() => sim.change_rollout(id, Rollout::InProgress),
            Event::Release(id, tasks) if sim.service(id).is_some() => self.releases(id, *tasks, calm),
            Event::Pipeline(environment, minutes) => {
                self.counted += 1;
                let release = format!("shop-{}", self.counted);
                self.soon(*minutes, Later::Released(environment.clone(), release.clone()));
                let until = format!("{}m", 2 * minutes);
                let wish = json!({ "want": "awake", "until": until, "for-release": release });
                self.by_hand("Reconcile", Some(environment), wish)?;
            }
            Event::Create(id, tasks) if sim.service(id).is_none() => {
                let spec = service(&id.to_string()).desired(*tasks).scaling(1, 4);
                self.owned(&ResourceId::Service(id.clone()), Changed::All, || sim.add(spec));
            }
            Event::Delete(id) if sim.service(id).is_some() => {
                sim.remove_service(id);
            }
            Event::Switch(id, on) => {
                let resource = ResourceId::Database(id.clone());
                match sim.database(id).map(|it| it.state) {
                    Some(DatabaseState::Available) if !on => {
                        self.owned(&resource, Changed::All, || sim.change_database(id, DatabaseState::Stopping));
                    }
                    Some(DatabaseState::Stopped) if *on => {
                        self.owned(&resource, Changed::All, || sim.change_database(id, DatabaseState::Starting));
                    }
                    _ => {}
                }
            }
            Event::Edit(environment, edit, deployed, minutes) => {
                self.counted += 1;
                let (number, now) = (self.counted, self.now());
                if self.documents.edit(number, environment, edit, now) {
                    self.deploys(*deployed);
                    self.soon(*minutes, Later::PutBack(number));
                } else {
                    self.say(|| "  nobody could deploy that".to_owned());
                }
            }
            Event::Override(environment, awake, minutes) => {
                let want = if *awake { "awake" } else { "asleep" };
                self.by_hand("Reconcile", Some(environment), json!({ "want": want, "until": format!("{minutes}m") }))?;
            }
            Event::AsScheduled(environment) => {
                self.by_hand("Reconcile", Some(environment), json!({ "want": "as-scheduled" }))?;
            }
            Event::Surge(environment, profile, minutes) => {
                let input = json!({ "profile": profile, "for": format!("{minutes}m") });
                self.by_hand("Emergency", Some(environment), input)?;
            }
            Event::GiveBack(environment, profile) => {
                self.by_hand("Emergency", Some(environment), json!({ "profile": profile, "give-back": true }))?;
            }
            Event::Halt(environment, _) => {
                let input = json!({ "halt": true, "reason": "migration", "by": "Ada" });
                self.by_hand("Reconcile", environment.as_ref(), input)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn by_aws(&mut self, event: &Event) -> Result<(), Violation> {
        let (sim, now) = (self.sim(), self.now());
        match event {
            Event::Untag(what, _) => self.tagged(what, false),
            Event::Deny(what, _) => self.denied(what, true),
            Event::Database(id, state, _)
                if sim.database(id).is_some_and(|it| it.state == DatabaseState::Available) =>
            {
                let state = DatabaseState::of(state);
                self.owned(&ResourceId::Database(id.clone()), Changed::All, || sim.change_database(id, state));
            }
            Event::Alarm(alarm, _, delivery) => {
                sim.set_alarm(alarm, AlarmState::Alarm);
                let event = self.alarm_event(alarm, "ALARM");
                match delivery {
                    Delivery::Lost => {}
                    Delivery::Prompt => self.invoke("AlarmResponse", event, REDELIVERIES)?,
                    Delivery::Late => self.soon(9, Later::Invoke("AlarmResponse", event, REDELIVERIES)),
                    Delivery::Doubled => {
                        self.soon(1, Later::Invoke("AlarmResponse", event.clone(), REDELIVERIES));
                        self.invoke("AlarmResponse", event, REDELIVERIES)?;
                    }
                }
            }
            Event::Flap(alarm, times) => {
                for n in 0..*times {
                    self.soon(n, Later::Alarm(alarm.clone(), n % 2 == 0));
                }
                self.soon(*times, Later::Alarm(alarm.clone(), false));
            }
            Event::Mute(alarm, _) => sim.mute(alarm, true),
            Event::Fault(calls, trouble) => {
                self.faults.push((sim.calls_made() + calls, *trouble));
                self.set_faults();
            }
            Event::Weather(minutes, percent, trouble) => {
                self.weather.push((now + SignedDuration::from_mins((*minutes).into()), *percent, *trouble));
                self.set_faults();
            }
            Event::Stale(_, seconds) => {
                let staleness = Duration::from_secs((*seconds).into());
                sim.set_settings(watchkeeper_sim::TimingSettings { staleness, ..self.site.timing });
            }
            Event::Slow(_) => sim.set_settings(slow(self.site.timing)),
            Event::Silence(minutes) => {
                self.silent = self.silent.max(now + SignedDuration::from_mins((*minutes).into()));
            }
            Event::Twice => self.twice = true,
            Event::Belated(minutes) => {
                let then = now - SignedDuration::from_mins((*minutes).into());
                self.invoke("Tick", json!({ "time": then, "parts": ["schedule"] }), 0)?;
            }
            Event::Abort => self.abort(),
            _ => self.kept_and_stuck(event),
        }
        Ok(())
    }

    /// The owner of a resource changes it, and it settles.
    pub(super) fn owned(&mut self, resource: &ResourceId, changed: Changed, change: impl FnOnce()) {
        let before = self.stack.sim.capacity();
        change();
        self.stack.sim.advance(SETTLES);
        self.judge.owned(&self.stack.sim, resource, &before, changed);
    }

    /// A release is deployed. A count that comes with it while nothing else is the matter is the service's from then on.
    fn releases(&mut self, id: &ServiceId, tasks: Option<u32>, calm: bool) {
        self.counted += 1;
        let (sim, name) = (self.sim(), format!("{}:{}", id.service, self.counted + 100));
        let Some(tasks) = tasks else { return sim.release(id, &name, Rollout::InProgress) };
        // A template has bounds that its own count lies in.
        let bounds = self.judge.bounds(&sim, id).filter(|bounds| bounds.min <= bounds.max);
        let tasks = bounds.map_or(tasks, |bounds| tasks.clamp(bounds.min.max(1), bounds.max.max(1)));
        let stays = calm && self.judge.sleeps(&sim, id, tasks);
        let changed = if stays { Changed::Released } else { Changed::Count };
        self.owned(&ResourceId::Service(id.clone()), changed, || sim.release_with_count(id, &name, tasks));
    }

    /// Every service is again what it was first.
    fn terraform(&mut self, environment: &EnvironmentName) {
        let first = self.site.own_folder();
        let found = first.environments().find(|(_, it)| it.name() == environment);
        let sim = self.sim();
        for (id, capacity) in found.map(|(_, it)| declared(it, &self.site.region)).into_iter().flatten() {
            if sim.service(&id).is_none() {
                continue;
            }
            self.owned(&ResourceId::Service(id.clone()), Changed::All, || {
                sim.change_count(&id, capacity.desired);
                sim.change_scaling(&id, capacity.scaling);
            });
        }
    }

    /// A person starts a machine.
    pub(super) fn by_hand(
        &mut self,
        machine: &str,
        environment: Option<&EnvironmentName>,
        mut input: Value,
    ) -> Result<(), Violation> {
        if let Some(environment) = environment {
            input["estate"] = self.site.document.estate.as_str().into();
            input["environment"] = environment.as_str().into();
        }
        let mut hasher = fnv::FnvHasher::default();
        input.to_string().hash(&mut hasher);
        let name = format!("by-hand-{}-{:016x}", self.now().as_second(), hasher.finish());
        self.start(machine, &name, input)
    }

    pub(super) fn alarm_event(&self, alarm: &str, state: &str) -> Value {
        alarm_event(alarm, (&self.site.account, self.site.region.as_str()), state, self.now())
    }

    pub(super) fn tagged(&mut self, what: &ResourceId, tagged: bool) {
        let sim = self.sim();
        match what {
            ResourceId::Service(id) if sim.service(id).is_some() => sim.change_service_tag(id, tagged),
            ResourceId::Database(id) if sim.database(id).is_some() => sim.change_database_tag(id, tagged),
            _ => {}
        }
    }

    pub(super) fn denied(&mut self, what: &ResourceId, denied: bool) {
        let sim = self.sim();
        match what {
            ResourceId::Service(id) if sim.service(id).is_some() => deny(&sim, id, denied),
            ResourceId::Database(id) if sim.database(id).is_some() => sim.deny_database(id, denied),
            _ => {}
        }
    }
}

/// A policy denies the count of a service, or its bounds: by its name, one of the two.
fn deny(sim: &watchkeeper_sim::SimRegion, id: &ServiceId, denied: bool) {
    if id.service.as_str().len().is_multiple_of(2) { sim.deny_count(id, denied) } else { sim.deny_scaling(id, denied) }
}

/// Everything takes long.
fn slow(usual: watchkeeper_sim::TimingSettings) -> watchkeeper_sim::TimingSettings {
    watchkeeper_sim::TimingSettings {
        task_start: Duration::from_mins(12),
        task_stop: Duration::from_mins(2),
        database_start: Duration::from_mins(40),
        database_stop: Duration::from_mins(20),
        latency: Duration::from_millis(300),
        ..usual
    }
}
