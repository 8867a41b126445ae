//! The pages beside the window: a run, a question, a plan, the form of an emergency, and backups.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::backup::{AttemptEnd, BackupMemory, JobPolicy};
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_domain::value::{AlarmName, ProfileName};
use watchkeeper_window::facts::{
    BackupJob, BackupsFacts, CopyTarget, EmergencyFacts, EndedAttempt, PlanFacts, PlanPageFacts, QuestionFacts,
    Reading, RunFacts, raised, run_spells,
};

use super::environment::{RememberedScope, profiles, zone};
use super::{WindowReader, plan, scope, unread};
use crate::backup::serving_region;
use crate::ledger::{Document, Ledger, ScopeState};
use crate::platform::Platform;
use crate::runbook::Stack;

/// How far back the page of backups shows what was due.
const SHOWN: SignedDuration = SignedDuration::from_hours(15 * 24);

/// An environment that is meant, and the region in which.
#[derive(Debug, Clone)]
pub struct MeantScope<'a> {
    /// The system.
    pub estate: &'a Estate,
    /// The copy of it.
    pub environment: &'a Environment,
    /// The region.
    pub region: Region,
}

impl MeantScope<'_> {
    pub(super) fn scope(&self) -> Scope {
        Scope {
            estate: self.estate.name().clone(),
            environment: self.environment.name().clone(),
            region: self.region.clone(),
        }
    }
}

impl<P: Platform> WindowReader<P> {
    /// A run. Of one that raised capacity for an emergency the row of its environment is read, too: whether that still holds, and
    /// what giving it back comes to.
    pub async fn run(&self, stack: &Stack, meant: &MeantScope<'_>, id: &str, now: Timestamp) -> RunFacts {
        let scope = meant.scope();
        let record = self.ledger.run(&scope, id).await.map_or_else(|error| unread(&error), Reading::Now);
        let state = self.ledger.load(&scope).await;
        let lease = state.as_ref().ok().and_then(|state| state.lease.clone());
        let generation = lease.filter(|lease| lease.holder == id).map(|lease| lease.generation);
        let spells = record.known().and_then(Option::as_ref).map(run_spells).unwrap_or_default();
        let kept_until = record.known().and_then(Option::as_ref).and_then(Document::expiry);
        let raised = record.known().and_then(Option::as_ref).and_then(raised).cloned();
        let vetoes = match &raised {
            Some(profile) => self.vetoes(meant, profile).await,
            None => Reading::Now(BTreeMap::new()),
        };
        let row = if raised.is_some() {
            let same = |estate: &Estate, environment: &Environment| {
                (estate.name(), environment.name()) == (meant.estate.name(), meant.environment.name())
            };
            Some(self.rows(stack, same, now).await)
        } else {
            None
        };
        RunFacts {
            stack: self.own.clone(),
            zone: zone(meant.estate, meant.environment),
            scope,
            id: id.to_owned(),
            record,
            generation,
            spells,
            baseline: state.map_or_else(|error| unread(&error), |state| Reading::Now(state.baseline)),
            kept_until,
            row,
            vetoes,
        }
    }

    /// What forbids a profile while it is in ALARM, as it is now.
    async fn vetoes(&self, meant: &MeantScope<'_>, profile: &ProfileName) -> Reading<BTreeMap<AlarmName, String>> {
        let emergency = meant.environment.document().emergency.iter();
        let names: BTreeSet<AlarmName> = emergency.flat_map(|it| it.vetoes(profile)).cloned().collect();
        if names.is_empty() {
            return Reading::Now(BTreeMap::new());
        }
        self.alarm_words(&names, &meant.region).await.map(|states| {
            let word = |name: &AlarmName| states.get(name).cloned().unwrap_or_else(|| "not found".to_owned());
            names.iter().map(|name| (name.clone(), word(name))).collect()
        })
    }

    /// A question of an emergency, by the execution that asks. What a profile comes to is judged anew; what a rollback does is
    /// known as the text that people were sent.
    pub async fn question(&self, stack: &Stack, meant: &MeantScope<'_>, id: &str, now: Timestamp) -> QuestionFacts {
        let scope = meant.scope();
        let asked = self.ledger.asked(&scope).await;
        let asked = asked.map(|all| all.into_iter().find(|put| put.execution == id && now < put.until));
        let put = asked.as_ref().ok().and_then(Option::as_ref);
        let profile =
            put.and_then(|put| profiles(meant.environment).into_iter().find(|it| it.name.as_str() == put.what));
        let plan = match profile {
            Some(profile) => {
                let of_profile = self.planned(stack, meant, now, |it, state| {
                    let (scoped, observed) = (it.scoped.as_ref()?, it.observed(now));
                    plan::profile(scoped, state, observed.now()?, &profile, now).ok()
                });
                of_profile.await
            }
            None => Reading::Unread { why: "the plan of this question is the text that people were sent".to_owned() },
        };
        let known = put.map(|put| ("Plan, as it was sent".to_owned(), put.plan.clone()));
        QuestionFacts {
            stack: self.own.clone(),
            zone: zone(meant.estate, meant.environment),
            scope,
            known: known.into_iter().collect(),
            question: asked.map_or_else(|error| unread(&error), |put| Reading::Now(put.map(scope::question))),
            plan,
        }
    }

    /// The plan of a scope as a tick would make it now.
    pub async fn plan(&self, stack: &Stack, meant: &MeantScope<'_>, now: Timestamp) -> PlanPageFacts {
        let plan = self.planned(stack, meant, now, |it, state| {
            let (scoped, observed) = (it.scoped.as_ref()?, it.observed(now));
            plan::of_tick(scoped, state, observed.now()?, now).ok().map(PlanFacts::from)
        });
        let zone = zone(meant.estate, meant.environment);
        PlanPageFacts { stack: self.own.clone(), scope: meant.scope(), zone, plan: plan.await }
    }

    /// The form for more capacity, with the plan of each profile.
    pub async fn emergency(&self, stack: &Stack, meant: &MeantScope<'_>, now: Timestamp) -> EmergencyFacts {
        let names = profiles(meant.environment);
        let plans = self.planned(stack, meant, now, |it, state| {
            let (scoped, observed) = (it.scoped.as_ref()?, it.observed(now));
            let plan = |profile| plan::profile(scoped, state, observed.now()?, profile, now).ok();
            Some(names.iter().map(plan).collect::<Vec<_>>())
        });
        let plans = plans.await;
        let of = |place: usize| match &plans {
            Reading::Now(plans) | Reading::Last { value: plans, .. } => {
                let why = "this profile has no plan now".to_owned();
                plans.get(place).cloned().flatten().map_or(Reading::Unread { why }, Reading::Now)
            }
            Reading::Unread { why } => Reading::Unread { why: why.clone() },
        };
        let profiles = names.iter().cloned().enumerate().map(|(place, profile)| (profile, of(place))).collect();
        let zone = zone(meant.estate, meant.environment);
        EmergencyFacts { stack: self.own.clone(), scope: meant.scope(), zone, profiles }
    }

    /// What is made of one scope, freshly read; unread where something that it is made of is not of now.
    pub(super) async fn planned<T>(
        &self,
        stack: &Stack,
        meant: &MeantScope<'_>,
        now: Timestamp,
        make: impl FnOnce(&RememberedScope, &ScopeState) -> Option<T>,
    ) -> Reading<T> {
        let mut read = [self.remembered(stack, meant.estate, meant.environment, now).await];
        self.observe(&mut read, now).await;
        let Some(scope) = read[0].regions.get(&meant.region) else {
            return Reading::Unread { why: format!("nothing of it is in {}", meant.region) };
        };
        let Some(state) = scope.state.now() else {
            return Reading::Unread { why: scope.state.why().unwrap_or_default().to_owned() };
        };
        let observed = scope.observed(now);
        let why = observed.why().unwrap_or("it cannot be planned as its document is").to_owned();
        make(scope, state).map_or(Reading::Unread { why }, Reading::Now)
    }

    /// The backups of an environment, which of a pair are taken where it is served.
    pub async fn backups(&self, estate: &Estate, environment: &Environment, now: Timestamp) -> BackupsFacts {
        let region = environment.document().regions.primary.clone();
        let scope = MeantScope { estate, environment, region }.scope();
        let memories = self.ledger.backups(&scope).await;
        let serves = serving_region(&self.ledger, estate, environment).await;
        let serves = serves.unwrap_or_else(|_| scope.region.clone());
        let jobs = JobPolicy::all(&scope, environment).into_iter().map(|policy| {
            let policy = policy.served_in(&serves);
            let memory = match &memories {
                Ok(memories) => Reading::Now(memories.get(&policy.subject.source).cloned().unwrap_or_default()),
                Err(error) => unread(error),
            };
            job(&policy, memory, now)
        });
        BackupsFacts { stack: self.own.clone(), jobs: jobs.collect(), zone: zone(estate, environment), scope }
    }
}

/// The attempts that failed since the newest good copy was due, the oldest first.
pub(super) fn failed_since(memory: &BackupMemory, newest: Option<Timestamp>) -> Vec<EndedAttempt> {
    let failed = ended(memory).into_iter().filter(|ended| ended.end != AttemptEnd::Done);
    failed.filter(|ended| newest.is_none_or(|newest| newest < ended.due)).collect()
}

fn ended(memory: &BackupMemory) -> Vec<EndedAttempt> {
    let all = memory.ended.iter().cloned();
    all.map(|it| EndedAttempt { due: it.due, at: it.at, end: it.end, why: it.why }).collect()
}

fn job(policy: &JobPolicy, memory: Reading<BackupMemory>, now: Timestamp) -> BackupJob {
    let known = memory.known();
    let retry = known.and_then(|memory| memory.settled.as_ref()?.retry.as_ref()).map(|retry| retry.at);
    let next = policy.dues.next(now).into_iter().chain(retry.filter(|at| *at > now)).min();
    BackupJob {
        resource: policy.subject.source.clone(),
        region: policy.region.clone(),
        schedule: policy.dues.to_string(),
        kept: policy.keep.to_string(),
        within_seconds: policy.fresh_within.as_secs(),
        copy: policy
            .copy
            .as_ref()
            .map(|copy| CopyTarget { region: copy.region.clone(), kept: policy.keep.to_string() }),
        dues: dues(policy, now),
        next,
        drilled: policy.drill.is_some(),
        ended: known.map(ended).unwrap_or_default(),
        memory,
    }
}

/// The instants at which a job was due in the days that are shown, up to the end of the page's day in UTC.
fn dues(policy: &JobPolicy, now: Timestamp) -> Vec<Timestamp> {
    let tomorrow = now.to_zoned(TimeZone::UTC).date().tomorrow();
    let end = tomorrow.ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok()).map_or(now, |day| day.timestamp());
    let begin = end.saturating_sub(SHOWN).unwrap_or(Timestamp::MIN);
    std::iter::successors(policy.dues.next(begin), |due| policy.dues.next(*due)).take_while(|due| *due < end).collect()
}
