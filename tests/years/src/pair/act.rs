//! What events do in a pair.

use std::time::Duration;

use serde_json::json;
use watchkeeper_domain::capacity::Rollout;
use watchkeeper_domain::failover::MoveStage;
use watchkeeper_domain::name::Region;
use watchkeeper_sim::{FaultPlan, RegionLoss};

use super::{GOES_HOME, Later, PairSimulation};
use crate::invariant::Violation;
use crate::story::{Event, Loss};
use jiff::SignedDuration;

/// How far the replicas of the ledger are behind, usually and at times.
const USUAL: Duration = Duration::from_secs(1);
const BEHIND: Duration = Duration::from_secs(30);

impl PairSimulation {
    pub(super) fn happens(&mut self, event: &Event) -> Result<(), Violation> {
        let weather = self.weather.iter().flatten().map(|(_, _, trouble)| *trouble);
        let fault = weather.chain(self.faults.iter().flatten().map(|(_, trouble)| *trouble)).next();
        self.coverage.event(event.kind(), fault, self.phase());
        self.say(|| event.to_string());
        let minutes = event.minutes();
        self.troubled = self.troubled.max(self.present() + SignedDuration::from_mins(minutes.into()));
        let region = self.site.regions[1].clone();
        self.in_region(&region, event);
        if minutes > 0 {
            self.soon(minutes, Later::End(event.clone()));
        }
        self.acted(false)
    }

    fn in_region(&mut self, region: &Region, event: &Event) {
        let (pair, sim) = (self.pair.pair.clone(), self.pair.pair.sim(region));
        match event {
            Event::In(region, event) => self.in_region(region, event),
            Event::Lose(region, loss, _) if !self.site.regions.iter().any(|it| pair.is_lost(it)) => {
                pair.lose(region, lost(*loss));
            }
            Event::Split(_) => pair.partition(),
            Event::Behind(_) => pair.set_delay(BEHIND, USUAL),
            Event::Unreached(region, _) => pair.block(region, true),
            Event::NoRoom(id, _) => pair.standby().never_start(id, true),
            Event::Rehearse(minutes, percent) => {
                let input =
                    json!({ "mode": "rehearse", "for": format!("{minutes}m"), "share": format!("{percent} %") });
                self.by_hand("rehearse", &input);
            }
            Event::FailOver(planned) => {
                let mode = if *planned { "graceful" } else { "apply" };
                self.by_hand("move", &json!({ "mode": mode, "reason": "Ada says so" }));
            }
            Event::GoHome => self.goes_home(),
            Event::Count(id, to) => self.judge.counted(&self.pair, id, *to),
            Event::Release(id, _) => {
                self.counted += 1;
                sim.release(id, &format!("{}:{}", id.service, self.counted), Rollout::InProgress);
            }
            Event::Halt(environment, _) if pair.runs(region) => self.halt(region, environment.is_some(), true),
            Event::Fault(calls, trouble) => {
                let place = self.place(region);
                self.faults[place].push((sim.calls_made() + calls, *trouble));
                self.set_faults(place);
            }
            Event::Weather(minutes, percent, trouble) => {
                let (place, until) =
                    (self.place(region), self.present() + SignedDuration::from_mins((*minutes).into()));
                self.weather[place].push((until, *percent, *trouble));
                self.set_faults(place);
            }
            Event::Slow(_) => sim.set_settings(self.site.slow()),
            Event::Abort => {
                for mut pair_run in std::mem::take(&mut self.pair_runs) {
                    self.pair.stop(&mut pair_run.run);
                }
            }
            _ => {}
        }
    }

    pub(super) fn happens_later(&mut self, later: Later) -> Result<(), Violation> {
        match later {
            Later::Answer(name, approved) => return self.answers(&name, approved),
            Later::GoHome => {
                self.soon(GOES_HOME, Later::GoHome);
                let calm = self.present() >= self.troubled + SignedDuration::from_mins(20);
                if calm && self.pair_runs.is_empty() && self.judge.is_away(&self.pair) {
                    self.brings_home();
                }
            }
            Later::End(event) => {
                self.say(|| format!("over: {event}"));
                self.ends(&self.site.regions[1].clone(), event);
            }
        }
        self.acted(false)
    }

    fn ends(&mut self, region: &Region, event: Event) {
        let (pair, sim) = (self.pair.pair.clone(), self.pair.pair.sim(region));
        match event {
            Event::In(region, event) => self.ends(&region, *event),
            Event::Lose(region, ..) if pair.is_lost(&region) => {
                pair.regain(&region);
                self.judge.returns(&region);
            }
            Event::Split(_) => pair.heal(),
            Event::Behind(_) => pair.set_delay(USUAL, Duration::ZERO),
            Event::Unreached(region, _) => pair.block(&region, false),
            Event::NoRoom(id, _) => pair.standby().never_start(&id, false),
            Event::Slow(_) => sim.set_settings(self.site.usual()),
            Event::Halt(environment, _) if pair.runs(region) => self.halt(region, environment.is_some(), false),
            // Whoever cannot lift it now comes back.
            Event::Halt(..) => self.soon(10, Later::End(Event::In(region.clone(), Box::new(event)))),
            Event::Weather(..) => {
                let now = self.present();
                let place = self.place(region);
                self.weather[place].retain(|(until, ..)| *until > now);
                self.set_faults(place);
            }
            _ => {}
        }
    }

    /// A person goes on with a move that was left, or back where it cannot go on, and brings home what has moved.
    fn brings_home(&mut self) {
        let Some(moving) = self.judge.newest(&self.pair).moving else {
            self.say(|| "somebody brings the pair home".to_owned());
            return self.goes_home();
        };
        self.counted += 1;
        let name = format!("heir-{}", self.counted);
        // Once traffic has moved there is no way back.
        let back = moving.stage != MoveStage::Traffic && self.counted % 4 < 2;
        self.say(|| {
            format!("somebody takes the move to {} over{}", moving.to, if back { ", and goes back" } else { "" })
        });
        if self.pair.pair.runs(&moving.to) {
            let run = self.pair.by_hand(&moving.to, &name, &json!({ "take-over": true, "back": back }));
            self.begins(run, false);
        }
    }

    fn goes_home(&mut self) {
        self.counted += 1;
        let name = format!("home-{}", self.counted);
        if self.pair.pair.runs(&self.site.regions[0]) {
            let run = self.pair.by_hand_home(&name, &json!({}));
            self.begins(run, false);
        }
    }

    /// A person halts a region's member, or lifts it, as often as it takes.
    fn halt(&mut self, region: &Region, halt: bool, on: bool) {
        self.counted += 1;
        let id = &self.pair.member(region).id;
        let mut input = json!({ "halt": on && halt, "estate": id.estate, "environment": id.environment });
        if on {
            input["reason"] = "migration".into();
            input["by"] = "Ada".into();
        }
        let name = format!("halt-{}", self.counted);
        let end = self.pair.run(region, &name, &input);
        self.say(|| format!("  {name} {}: {}", end.outcome(), end.said()));
        if !on && !matches!(end, watchkeeper_in_memory::ExecutionEnd::Succeeded(_)) {
            let again = Event::In(region.clone(), Box::new(Event::Halt(Some(self.site.environment.clone()), 0)));
            self.troubled = self.troubled.max(self.present() + SignedDuration::from_mins(10));
            self.soon(10, Later::End(again));
        }
    }

    fn set_faults(&mut self, place: usize) {
        let sim = self.pair.pair.sim(&self.site.regions[place].clone());
        let made = sim.calls_made();
        self.faults[place].retain(|(at, _)| *at >= made);
        let mut plan = FaultPlan::none();
        for (at, trouble) in &self.faults[place] {
            plan = plan.at(*at, *trouble);
        }
        for (_, percent, trouble) in &self.weather[place] {
            plan = plan.sometimes(f64::from(*percent) / 100.0, *trouble);
        }
        sim.set_faults(plan);
    }
}

fn lost(loss: Loss) -> RegionLoss {
    match loss {
        Loss::Gone => RegionLoss::failing().tasks_die(),
        Loss::Hangs => RegionLoss::hanging().tasks_die(),
        Loss::Silent => RegionLoss::failing(),
        Loss::CutOff => RegionLoss::failing().runs_inside(),
    }
}
