//! The page of a pair: what its two regions and its last move are known to be. What only a look from outside would tell, such
//! as which health path answers, is not read here, and said so.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use watchkeeper_domain::emergency::question_mark;
use watchkeeper_domain::estate::{Environment, Estate, FencePolicy, Singleton, TrafficPolicy, TrafficStrategy};
use watchkeeper_domain::failover::{Heartbeat, Move, MovePause, PauseKind, Pointer, QUESTION, RegionSample, report};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::{AlarmName, Duration};
use watchkeeper_window::facts::{
    CertificateFacts, FailoverFacts, FunctionArn, OpenQuestion, PairRegion, ProbedPaths, Reading, SettledEpoch,
    StackFacts, TrafficFacts,
};

use super::environment::zone;
use super::planned_move::plan_of_move;
use super::{WindowReader, scope, unread};
use crate::ledger::{Ledger, PairReplica};
use crate::platform::Platform;
use crate::ports::Alarms;
use crate::runbook::Stack;
use crate::scoped::PairMember;

/// How long resolvers keep an answer where the document does not say (`TrafficPolicy::ttl`), in seconds.
const TTL: u64 = 60;

impl<P: Platform> WindowReader<P> {
    /// The page of a pair; nothing where the environment is none, or not of this stack.
    pub async fn failover(
        &self,
        stack: &Stack,
        estate: &Estate,
        environment: &Environment,
        now: Timestamp,
    ) -> Option<FailoverFacts> {
        let member = PairMember::of(estate, environment, &stack.home.region)?;
        let replica = self.ledger.pair(&member.id).await;
        let pointer = replica.as_ref().map(|replica| member.pointer(replica));
        let last = self.last_move(&member, pointer.as_ref().ok()).await;
        let mut read = [self.remembered(stack, estate, environment, now).await];
        self.observe(&mut read, now).await;
        let mut regions = BTreeMap::new();
        for region in [&member.home, &member.standby] {
            let observed = read[0].regions.get(region).map_or_else(
                || Reading::Unread { why: format!("nothing of it is in {region}") },
                |scope| scope.observed(now).map(|it| scope::counts(it, None)),
            );
            let facts = PairRegion { observed, ..self.of_region(&member, region, replica.as_ref().ok(), now).await };
            regions.insert(region.clone(), facts);
        }
        let plan = plan_of_move(&member, replica.as_ref().ok(), &read[0], now);
        let readiness = match &pointer {
            Ok(pointer) => self.readiness(&member, pointer).await,
            Err(error) => unread(error),
        };
        let moved = last.known().and_then(Option::as_ref);
        Some(FailoverFacts {
            estate: estate.name().clone(),
            environment: environment.name().clone(),
            zone: zone(estate, environment),
            questions: moved.and_then(|moved| question(&member, moved, now)).into_iter().collect(),
            took_seconds: moved.and_then(Move::rto_ms).and_then(|ms| u32::try_from(ms / 1000).ok()),
            home: member.home.clone(),
            standby: member.standby.clone(),
            regions,
            pointer: pointer.map_or_else(unread, Reading::Now),
            readiness,
            certificate: self.certificate(&member).await,
            last: last.clone(),
            plan,
            singletons: member.failover.singletons.iter().map(|it| (it.service.clone(), fence(it))).collect(),
            rto_seconds: Some(member.failover.rto.seconds()),
            rpo_seconds: Some(member.failover.rpo.seconds()),
            traffic: traffic(&member.failover.traffic),
            reports: self.reports.is_some(),
        })
    }

    async fn of_region(
        &self,
        member: &PairMember,
        region: &Region,
        replica: Option<&PairReplica>,
        now: Timestamp,
    ) -> PairRegion {
        let pair_unread = || "the pair could not be read of the ledger".to_owned();
        let of_pair = |replica: Option<&PairReplica>| replica.is_none().then(pair_unread);
        let heartbeat: Reading<Option<Heartbeat>> = match replica {
            Some(replica) => Reading::Now(replica.heartbeats.get(region).cloned()),
            None => Reading::Unread { why: pair_unread() },
        };
        let sample: Option<&RegionSample> = replica.and_then(|replica| replica.samples.get(region));
        let figure = |it: Option<u64>| match (of_pair(replica), sample) {
            (Some(why), _) => Reading::Unread { why },
            (None, Some(sample)) if !sample.is_fresh(now) => {
                let why = "its stack has told nothing newer".to_owned();
                Reading::Last { value: it, at: sample.at, why }
            }
            (None, _) => Reading::Now(it),
        };
        let lag = figure(sample.and_then(|sample| sample.lag_ms.values().copied().max()));
        let vcpu = figure(sample.and_then(|sample| sample.vcpu).map(u64::from));
        let settled = self
            .ledger
            .settled(&member.scope_in(region))
            .await
            .map(|settled| settled.and_then(|it| Some(SettledEpoch { epoch: it.epoch?, at: it.at })));
        PairRegion {
            stack: self.stack_in(region),
            heartbeat,
            settled: settled.map_or_else(|error| unread(&error), Reading::Now),
            probe: self.probed(member, region).await,
            alarms: self.evidence(member, region).await,
            observed: Reading::Unread { why: String::new() },
            lag_ms: lag,
            vcpu: vcpu.map(|it| it.and_then(|it| u32::try_from(it).ok())),
        }
    }

    /// The stack of a region of a pair: it has this one's name.
    fn stack_in(&self, region: &Region) -> StackFacts {
        let StackFacts { window, act, name } = &self.own;
        StackFacts { window: arn_in(window, region), act: arn_in(act, region), name: name.clone() }
    }

    /// What the watch of the other region says of this one: it counts probes that fail, and not which paths.
    async fn probed(&self, member: &PairMember, region: &Region) -> Reading<Option<ProbedPaths>> {
        let watcher = if *region == member.home { &member.standby } else { &member.home };
        let paths = member.failover.probe.as_ref().map_or(0, |probe| probe.paths.len());
        let asked = u32::try_from(paths).unwrap_or(u32::MAX);
        match self.ledger.watch(&member.id, watcher).await {
            Err(error) => unread(&error),
            Ok((watch, _)) if watch.probed.is_none() => Reading::Now(None),
            Ok((watch, _)) if watch.failures == 0 => Reading::Now(Some(ProbedPaths { asked, failed: 0, since: None })),
            // One that does not answer fails the probe: that all of them do not is the least favourable reading.
            Ok((watch, _)) => Reading::Now(Some(ProbedPaths { asked, failed: asked, since: watch.since })),
        }
    }

    async fn evidence(&self, member: &PairMember, region: &Region) -> Reading<BTreeMap<AlarmName, String>> {
        self.alarm_words(&member.failover.evidence.iter().cloned().collect(), region).await
    }

    /// The states of alarms of a region, in CloudWatch's own words; what does not exist is left out.
    pub(super) async fn alarm_words(
        &self,
        names: &BTreeSet<AlarmName>,
        region: &Region,
    ) -> Reading<BTreeMap<AlarmName, String>> {
        if *region != *self.own.window.region() {
            return Reading::Unread { why: format!("alarms of {region} are read by its own stack") };
        }
        match self.alarms.alarm_states(names).await {
            Ok(states) => Reading::Now(states.into_iter().map(|(name, it)| (name, it.state.to_string())).collect()),
            Err(error) => Reading::Unread { why: crate::runbook::in_full(&error) },
        }
    }

    async fn readiness(
        &self,
        member: &PairMember,
        pointer: &Pointer,
    ) -> Reading<Option<watchkeeper_domain::failover::readiness::Readiness>> {
        let idle = if pointer.active == member.home { &member.standby } else { &member.home };
        match self.ledger.watch(&member.id, idle).await {
            Ok((watch, _)) => Reading::Now(watch.readiness),
            Err(error) => unread(&error),
        }
    }

    /// What the standby was seen to start, and what its own watch makes of that.
    async fn certificate(&self, member: &PairMember) -> Reading<Option<CertificateFacts>> {
        let found = match self.ledger.certificate(&member.id, &member.standby).await {
            Ok(found) => found,
            Err(error) => return unread(&error),
        };
        let standing = self.ledger.watch(&member.id, &member.standby).await.ok().and_then(|(watch, _)| watch.standing);
        Reading::Now(found.map(|it| CertificateFacts { certificate: Box::new(it), standing }))
    }

    /// The move that wrote the pointer last; else the one that a watch started, which may ask before it writes.
    async fn last_move(&self, member: &PairMember, pointer: Option<&Pointer>) -> Reading<Option<Move>> {
        let Some(pointer) = pointer else {
            return Reading::Unread { why: "the pair could not be read of the ledger".to_owned() };
        };
        let mut started = Vec::new();
        for region in [&member.home, &member.standby] {
            match self.ledger.watch(&member.id, region).await {
                Ok((watch, _)) => started.extend(watch.execution),
                Err(error) => return unread(&error),
            }
        }
        let mut newest: Option<Move> = None;
        for id in started.into_iter().chain((!pointer.by.is_empty()).then(|| pointer.by.clone())) {
            match self.ledger.moved(&member.id, &id).await {
                Ok(Some((moved, _))) if newest.as_ref().is_none_or(|it| it.header.started <= moved.header.started) => {
                    newest = Some(moved);
                }
                Ok(_) => {}
                Err(error) => return unread(&error),
            }
        }
        Reading::Now(newest)
    }
}

/// The function of the same name in another region of the same account.
fn arn_in(function: &FunctionArn, region: &Region) -> FunctionArn {
    let text = function.to_string().replacen(&format!(":{}:", function.region()), &format!(":{region}:"), 1);
    text.parse().unwrap_or_else(|_| function.clone())
}

/// The question that a move waits with, if it does.
fn question(member: &PairMember, moved: &Move, now: Timestamp) -> Option<OpenQuestion> {
    let MovePause { since, kind: PauseKind::Person(_) } = moved.pause.as_ref()? else { return None };
    let until = since.saturating_add(QUESTION).unwrap_or(Timestamp::MAX);
    (moved.ending.is_none() && now < until).then(|| OpenQuestion {
        id: moved.header.id.clone(),
        what: format!("move from {} to {}", moved.from, moved.to),
        why: moved.reason.clone(),
        asks: moved.asks.clone(),
        mark: question_mark(&moved.asked(), &report::plan(&member.id.to_string(), &member.failover, moved)),
        asked: *since,
        until,
    })
}

fn fence(singleton: &Singleton) -> String {
    let silence = singleton.silence.map(|silence| format!(" after {silence}")).unwrap_or_default();
    match singleton.fence {
        Some(FencePolicy::Prove) => "prove".to_owned(),
        Some(FencePolicy::DeadMan) => format!("dead-man{silence}"),
        Some(FencePolicy::Ask) => "ask".to_owned(),
        None => "prove, else ask".to_owned(),
    }
}

fn traffic(policy: &TrafficPolicy) -> Option<TrafficFacts> {
    let strategy = match policy.strategy {
        TrafficStrategy::SwitchObject => "switch-object",
        TrafficStrategy::Alarm => "alarm",
        TrafficStrategy::RoutingControl => "routing-control",
        TrafficStrategy::Record => "record",
    };
    let why = format!("by {strategy}; what it says now is read by moves only");
    let ttl = policy.ttl.map_or(TTL, Duration::seconds);
    Some(TrafficFacts {
        name: policy.names.first()?.to_string(),
        how: Reading::Unread { why },
        last_client_seconds: u32::try_from(ttl).ok(),
    })
}
