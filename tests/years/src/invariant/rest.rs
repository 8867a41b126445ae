//! What must hold once the world has behaved for a day.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{
    Capacity, DatabaseId, DatabasePower, DatabaseState, ResourceId, ServiceId, Suspensions,
};
use watchkeeper_domain::intent::Layer;
use watchkeeper_sim::SimRegion;
use watchkeeper_sim::machine::Standing;

use super::judge::{Judge, View, violation};
use super::{Invariant, Violation};
use crate::generated::databases_of;
use crate::owner::Right;
use crate::simulation::Run;

/// How long the world behaves before it is asked for.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long a run may take that nothing holds up.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How long after the last trouble of AWS what it held up is done.
pub(crate) const REPEATED: SignedDuration = SignedDuration::from_hours(4);

/// What was seen while the world behaved.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// The last write of the capacity of a service.
    pub(super) wrote: Option<(Timestamp, String)>,
    /// What is up although it is to sleep, and since when that was seen.
    up: BTreeMap<String, Timestamp>,
    /// When something has happened last that may be told of.
    news: Timestamp,
    /// How many messages were looked at, and the last of them.
    looked: usize,
    told: Option<(String, String, Timestamp)>,
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

    /// What a trouble of AWS has held up is done some hours later, in the same night: each tick compares the world with the
    /// target, and a database that AWS has started after seven days stops with the next one. What somebody has changed since
    /// the night began is left alone until the next night, and is not asked for.
    pub(crate) fn repeated(
        &mut self,
        sim: &SimRegion,
        now: Timestamp,
        troubled: Timestamp,
        moved: Timestamp,
    ) -> Result<(), Violation> {
        let before = std::mem::take(&mut self.rest.up);
        if now < troubled + REPEATED {
            return Ok(());
        }
        self.read(sim);
        let mut seen = BTreeMap::new();
        for view in self.views.values() {
            let schedule = view.intents.iter().filter(|it| it.holds(now)).all(|it| it.layer == Layer::Schedule);
            let decision = view.environment.calendar().filter(|_| schedule).map(|calendar| calendar.at(now));
            let since = decision.filter(|decision| !decision.awake).and_then(|decision| decision.since);
            if since.is_none_or(|since| since < moved || now < since + REPEATED) {
                continue;
            }
            for up in self.up(sim, view) {
                let first = *before.get(&up).unwrap_or(&now);
                if now >= first + HOUR {
                    let seen = format!("{}: it is to sleep since {since:?}, and up is {up} since {first}", view.scope);
                    return Err(violation(sim, Invariant::AsTheCalendarSays, seen));
                }
                seen.insert(up, first);
            }
        }
        self.rest.up = seen;
        Ok(())
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
        match view.baseline.as_ref().filter(|_| awake) {
            Some(kept) => wrong(
                Invariant::EverythingGivenBack,
                format!("nothing holds it, and of {} the baseline is kept", list(&kept.capacity)),
            ),
            None => Ok(()),
        }
    }

    /// What of an environment is up, and could be down: a database only where no service is left that may need it.
    fn up(&self, sim: &SimRegion, view: &View) -> Vec<String> {
        let observed = sim.observed();
        let services = view.environment.services(&view.scope.region).into_iter();
        let found = services.filter_map(|(cluster, service)| {
            let id = ServiceId { cluster, service };
            let found = observed.services.get(&id)?;
            let scaling = found.capacity.scaling;
            let held = scaling.is_none_or(|scaling| scaling.min == 0 && scaling.suspended == Suspensions::ALL);
            (found.capacity.desired > 0 || !held).then_some((ResourceId::Service(id), found.managed && !found.daemon))
        });
        let services: Vec<(ResourceId, bool)> = found.collect();
        let needed = !services.is_empty();
        // What its owner has stopped, and AWS starts again after seven days, is none of ours.
        let stopped = |id: &DatabaseId| {
            let right = self.owners.of(&ResourceId::Database(id.clone()));
            matches!(right, Some(Right::Database { was, made }) if [*was, *made].contains(&DatabasePower::Off))
        };
        let on = |id: &DatabaseId| {
            let found = observed.databases.get(id);
            found.is_some_and(|it| it.managed && it.state == DatabaseState::Available) && !stopped(id)
        };
        let databases = databases_of(&view.environment, &view.scope.region).into_iter();
        let databases = databases.filter(|id| !needed && on(id)).map(ResourceId::Database);
        let services = services.into_iter().filter(|(_, may)| *may).map(|(resource, _)| resource);
        services.chain(databases).filter(|it| !view.environment.protects(it)).map(|it| it.to_string()).collect()
    }

    /// Something has happened.
    pub(crate) fn news(&mut self, now: Timestamp) {
        self.rest.news = self.rest.news.max(now);
    }

    /// What was told last is not told again within hours in which nothing happens. What was done is told each time.
    pub(super) fn told_once(&mut self, sim: &SimRegion) -> Result<(), Violation> {
        let new = sim.messages_after(self.rest.looked);
        self.rest.looked += new.len();
        for message in new {
            let words = |text: &str| text.chars().filter(|it| !it.is_ascii_digit()).collect::<String>();
            let (subject, text, now) = (message.subject, words(&message.text), message.at);
            let same = |(before, said, at): &(String, String, Timestamp)| {
                let again = *before == subject && *said == text && !subject.ends_with("done");
                again && *at > self.rest.news && now < *at + REPEATED
            };
            if let Some((_, _, at)) = self.rest.told.as_ref().filter(|before| same(before)) {
                let seen = format!("{subject:?} was told at {at}, and again");
                return Err(violation(sim, Invariant::ToldOnce, seen));
            }
            self.rest.told = Some((subject, text, now));
        }
        Ok(())
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
        match times.into_iter().find(|(_, times)| *times > 1 + days) {
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
