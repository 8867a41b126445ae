//! What must hold once the world has behaved for a day.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{Capacity, DatabasePower, ResourceId, Suspensions};
use watchkeeper_domain::intent::Layer;
use watchkeeper_sim::SimRegion;
use watchkeeper_sim::machine::Standing;

use super::judge::{Judge, View, violation};
use super::{Invariant, Violation};
use crate::simulation::Run;

/// How long the world behaves before it is asked for.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long a run may take that nothing holds up.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How often the same may be told in a day in which nothing happens.
const TELLINGS: usize = 3;

/// What was seen while the world behaved.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// The last write of the capacity of a service.
    pub(super) wrote: Option<(Timestamp, String)>,
    /// Calm since when, and the messages that had been told by then.
    calm: Option<(Timestamp, usize)>,
}

impl Judge {
    /// Looks at everything, if nothing has troubled the world for a day.
    pub(crate) fn at_rest(
        &mut self,
        sim: &SimRegion,
        runs: &[Run],
        now: Timestamp,
        troubled: Timestamp,
    ) -> Result<(), Violation> {
        if now < troubled + DAY {
            return Ok(());
        }
        self.read(sim);
        for view in self.views.values() {
            self.environment(sim, view, now, troubled)?;
        }
        for run in runs {
            let asked = matches!(run.execution.standing(), Standing::Asking(until) if until > now);
            if now > run.began + DAY && !asked {
                let execution = &run.execution;
                let seen = format!("{} is still in {} since {}", execution.name(), execution.state(), run.began);
                return Err(violation(sim, Invariant::EveryExecutionEnds, seen));
            }
        }
        self.messages(sim, troubled)
    }

    fn environment(&self, sim: &SimRegion, view: &View, now: Timestamp, troubled: Timestamp) -> Result<(), Violation> {
        let intents = || view.intents.iter().filter(|it| it.holds(now));
        if intents().any(|it| it.layer != Layer::Schedule) {
            return Ok(());
        }
        let decision = view.environment.calendar().map(|calendar| calendar.at(now));
        let (awake, since) = decision.map_or((true, None), |it| (it.awake, it.since));
        if since.is_some_and(|since| now < since + HOUR || since < troubled) {
            // The last change of the calendar is too near, or what was changed after it is left alone until the next one.
            return Ok(());
        }
        let wrong = |invariant, seen: String| Err(violation(sim, invariant, format!("{}: {seen}", view.scope)));
        if let Some((at, what)) = self.rest.wrote.as_ref().filter(|(at, _)| *at > troubled + DAY) {
            let own = view.services.iter().any(|id| what.contains(&id.to_string()));
            if own && since.is_none_or(|since| *at > since + HOUR) {
                return wrong(Invariant::NoWriteWithoutDifference, what.clone());
            }
        }
        if awake {
            return match &view.baseline {
                Some(kept) => wrong(
                    Invariant::EverythingGivenBack,
                    format!("nothing holds it, and of {} the baseline is kept", list(&kept.capacity)),
                ),
                None => Ok(()),
            };
        }
        let up = self.up(sim, view);
        if up.is_empty() {
            Ok(())
        } else {
            wrong(Invariant::AsTheCalendarSays, format!("it is to sleep, and up are {up:?}"))
        }
    }

    /// What of an environment is up, and could be down.
    fn up(&self, sim: &SimRegion, view: &View) -> Vec<String> {
        let observed = sim.observed();
        let services = view.environment.services(&view.scope.region).into_iter();
        let services = services.map(|(cluster, service)| watchkeeper_domain::capacity::ServiceId { cluster, service });
        let services = services.filter(|id| {
            observed.services.get(id).is_some_and(|it| {
                let held =
                    it.capacity.scaling.is_none_or(|scaling| scaling.min == 0 && scaling.suspended == Suspensions::ALL);
                it.managed && !it.daemon && !(it.capacity.desired == 0 && held)
            })
        });
        let services = services.map(ResourceId::Service);
        let databases = view.environment.databases(&view.scope.region).into_iter();
        let on = |id: &watchkeeper_domain::capacity::DatabaseId| {
            let found = sim.database(id);
            self.last.databases.get(id) == Some(&DatabasePower::On)
                && found
                    .is_some_and(|it| it.managed && it.state == watchkeeper_domain::capacity::DatabaseState::Available)
        };
        let databases = databases.filter(on).map(ResourceId::Database);
        let all = services.chain(databases).filter(|it| !view.environment.protects(it));
        all.map(|it| it.to_string()).collect()
    }

    /// In a day in which nothing happens, nothing is told again and again.
    fn messages(&mut self, sim: &SimRegion, troubled: Timestamp) -> Result<(), Violation> {
        let told = sim.messages();
        let since = match self.rest.calm {
            Some((calm, since)) if calm == troubled => since,
            _ => {
                self.rest.calm = Some((troubled, told.len()));
                return Ok(());
            }
        };
        let mut times: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for message in &told[since..] {
            *times.entry((&message.subject, &message.text)).or_default() += 1;
        }
        let days =
            1 + usize::try_from((told.last().map_or(troubled, |it| it.at) - troubled).get_hours() / 24).unwrap_or(0);
        match times.into_iter().find(|(_, times)| *times > TELLINGS * days) {
            Some(((subject, _), times)) => Err(violation(
                sim,
                Invariant::ToldOnce,
                format!("{subject:?} was told {times} times in a calm of {days} d"),
            )),
            None => Ok(()),
        }
    }
}

fn list(capacity: &Capacity) -> String {
    capacity.resources().map(|it| it.to_string()).collect::<Vec<_>>().join(", ")
}
