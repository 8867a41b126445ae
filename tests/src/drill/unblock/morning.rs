//! The morning: a plan first, then the run by the deployed schedule, with a lock that is renewed while it works.

use jiff::SignedDuration;
use serde_json::{Value, json};
use watchkeeper_control::ledger::{Ledger as _, LedgerNote};
use watchkeeper_domain::estate::{LockSchema, QueuePolicy, ReportTarget};
use watchkeeper_domain::unblock::{FindingSource, ItemAttribute, LockItem, UnblockMemory, UnblockRecord};

use super::scene::{LivingLease, OLD, OLDEST, UnblockScene, failed, later, text};
use crate::drill::scene::SandboxScene;
use crate::estate::{SiteError, awaited};
use crate::harness::{EndedExecution, HarnessError};
use crate::sandbox::{FaultKind, FaultOrder};
use crate::scenarios::{Unplayed, millis};

/// The locks that a run frees, and those that it leaves alone: name, and hours until they run out.
const LEFT: [(&str, i64); 2] = [("expired-an-hour-ago", -1), ("expired-for-days", -70)];
const LIVE: &str = "live";
const RENEWED: &str = "renewed-during-the-run";
const FINISHED: &str = "of-a-finished-item";

impl UnblockScene {
    fn released_before(&self) -> LockItem {
        LockItem { released_at: text("2026-01-01T00:00:00Z"), ..self.lock("released-before", -90) }
    }

    fn malformed(&self) -> LockItem {
        LockItem { expires_at: text("tomorrow"), ..self.lock("malformed", -90) }
    }

    /// Everything that is stuck on a morning.
    async fn fill(&self, drill: &mut SandboxScene<'_>) -> Result<(), HarnessError> {
        if let Some(schema) = &self.locks {
            self.leave_locks(drill, schema).await?;
        }
        if let Some(blockers) = &self.blockers {
            drill.prepare("items that wait: not for long, for their owner to hear of, and for leadership").await?;
            for (item, waits) in self.waiting() {
                self.fixtures.put_item(blockers, &self.blocker(item, waits)).await?;
            }
        }
        if let Some(queue) = &self.queue {
            drill.prepare("dead letters: a new one, one that came back before, and poison").await?;
            let poison = queue.poison().to_string();
            self.fixtures.fail(queue, "new", &[("trace", "String", "abc")]).await?;
            self.fixtures.fail(queue, "came back", &[("watchkeeper-returns", "Number", "1")]).await?;
            self.fixtures.fail(queue, "poison", &[("watchkeeper-returns", "Number", &poison)]).await?;
        }
        Ok(())
    }

    /// Locks of every kind.
    async fn leave_locks(&self, drill: &mut SandboxScene<'_>, schema: &LockSchema) -> Result<(), HarnessError> {
        let mut locks: Vec<LockItem> = LEFT.iter().map(|(item, hours)| self.lock(item, *hours)).collect();
        locks.extend([self.lock(LIVE, 40), self.lock(RENEWED, -1), self.released_before(), self.malformed()]);
        if let Some((pod, kind, many)) = self.too_many() {
            let own =
                |n: u32| LockItem { pod: text(pod), lock_type: text(kind), ..self.lock(&format!("work-{n}"), 90) };
            locks.extend((0..many).map(own));
        }
        if let Some(finished) = &schema.finished {
            locks.push(self.lock(FINISHED, 40));
            let done = finished.values.first().map(ToString::to_string).unwrap_or_default();
            self.fixtures.put_status(finished, FINISHED, &done).await?;
        }
        drill
            .prepare(&format!("{} locks: live, expired, renewed, released, malformed, of a finished item", locks.len()))
            .await?;
        Ok(self.fixtures.put_locks(schema, &locks).await?)
    }
}

/// A plan, the run that is due, and what came of it.
pub(super) async fn play(drill: &mut SandboxScene<'_>, scene: &UnblockScene) -> Result<(), HarnessError> {
    let scene = &scene.at(drill.stack.control().now().await?);
    drill.stack.at(later(scene.due, SignedDuration::from_mins(-20))).await?;
    scene.fill(drill).await?;
    let holder = scene.dead_run(drill).await?;
    drill.prepare(&format!("the run {holder} died with the lease")).await?;
    drill.stack.notifications().letters().await?;
    scene.heard().await?;

    let mark = drill.mark().await?;
    let plan = drill.unblock("a plan by hand", json!({ "mode": "plan" })).await?;
    let before = scene.released().await?;
    let api_calls = drill.api_calls(mark).await?;
    let writes = api_calls.count("UpdateItem") + api_calls.count("SendMessage") + api_calls.count("SendMessageBatch");
    let same = before == usize::from(scene.locks.is_some());
    drill.check("a plan frees nothing", plan.succeeded && same && writes == 0, plan.says());
    scene.heard().await?;
    drill.stack.notifications().letters().await?;

    drill.stack.at(later(scene.due, SignedDuration::from_mins(-10))).await?;
    let living = LivingLease::of(drill, scene.due).await?;
    if let Some(living) = &living {
        drill.prepare(&format!("the lease of {} is over, and its execution runs", living.scope)).await?;
    }
    drill.stack.notifications().letters().await?;
    let renewed = scene.lock(RENEWED, 24);
    let ended = match &scene.locks {
        Some(locks) => Box::pin(due(drill, scene, (locks, &renewed))).await?,
        None => drill.stack.unblock_tick(scene.due, &drill.scope).await?,
    };
    let Some(run) = ended.into_iter().next() else {
        drill.check("the run that is due is started", false, "none was");
        return Ok(());
    };
    let local = scene.due.to_zoned(scene.section.zone.rules().clone()).strftime("%H:%M %Z");
    let what = if scene.locks.is_some() { ", and a lock that is renewed while its run works" } else { "" };
    drill.took(&format!("the tick at {local}{what}"), scene.due, run.took);
    drill.report.figures.insert("unblocked_after_ms", millis(run.took));
    drill.check("it runs at its local hour, and comes to its end", run.succeeded, run.says());
    if let Some(schema) = &scene.locks {
        locks(drill, scene, (schema, &renewed)).await?;
    }
    if let Some(queue) = &scene.queue {
        letters(drill, scene, queue).await?;
    }
    own(drill, &holder).await?;
    if let Some(living) = living {
        alive(drill, living).await?;
    } else {
        let found = "no other environment in its region, or no emergency profile with `ask: true` to wait in";
        drill.leave_out("a lease whose execution runs", &Unplayed::new(found, "both"));
    }
    told(drill, scene).await
}

/// The tick that is due. The page is read when the first lock is released; its answer is held up, and in the meantime one is
/// renewed.
async fn due(
    drill: &SandboxScene<'_>,
    scene: &UnblockScene,
    (locks, renewed): (&LockSchema, &LockItem),
) -> Result<Vec<EndedExecution>, HarnessError> {
    let hold = FaultOrder { seconds: 2.0, ..FaultOrder::new("dynamodb", "UpdateItem", FaultKind::Delay) };
    let mark = drill.mark().await?;
    drill.stack.control().order(&hold).await?;
    let renew = async {
        awaited("the first release", async || {
            let calls = drill.stack.control().calls(mark).await?;
            Ok::<_, HarnessError>(calls.iter().any(|call| call.fault.is_some()).then_some(()))
        })
        .await?;
        Ok::<_, HarnessError>(scene.fixtures.put_locks(locks, std::slice::from_ref(renewed)).await?)
    };
    let (ended, ()) = tokio::try_join!(drill.stack.unblock_tick(scene.due, &drill.scope), renew)?;
    drill.stack.control().clear_faults().await?;
    Ok(ended)
}

async fn locks(
    drill: &mut SandboxScene<'_>,
    scene: &UnblockScene,
    (schema, renewed): (&LockSchema, &LockItem),
) -> Result<(), HarnessError> {
    let mut freed = Vec::new();
    let mut expected: Vec<&str> = LEFT.iter().map(|(item, _)| *item).collect();
    expected.extend(schema.finished.as_ref().map(|_| FINISHED));
    for item in &expected {
        let found = scene.fixtures.lock(schema, &scene.lock(item, 0)).await?;
        freed.extend(found.filter(|lock| lock.released_at != ItemAttribute::Absent).map(|lock| lock.name()));
    }
    let detail = freed.join(", ");
    drill.check("what is left behind is released", freed.len() == expected.len(), detail);
    let mut kept = true;
    for lock in [scene.lock(LIVE, 40), renewed.clone(), scene.malformed(), scene.released_before()] {
        kept &= scene.fixtures.lock(schema, &lock).await? == Some(lock);
    }
    drill.check("live, renewed, malformed and released locks are as they were", kept, format!("{RENEWED} is held"));
    let all = scene.released().await?;
    drill.check("nothing else is released", all == expected.len() + 1, format!("{all} released, one of them before"));
    drill.report.figures.insert("locks_released", expected.len() as u64);
    Ok(())
}

async fn letters(drill: &mut SandboxScene<'_>, scene: &UnblockScene, queue: &QueuePolicy) -> Result<(), HarnessError> {
    let mut sent = scene.fixtures.drain(queue.queue.as_str()).await?;
    sent.sort_by(|one, other| one.body.cmp(&other.body));
    let counts: Vec<_> =
        sent.iter().map(|m| (m.body.as_str(), m.attributes.get("watchkeeper-returns").cloned())).collect();
    let expected = [("came back", Some("2".to_owned())), ("new", Some("1".to_owned()))];
    let whole = sent.iter().any(|message| message.attributes.get("trace").is_some_and(|trace| trace == "abc"));
    drill.check("dead letters are sent again, counted and whole", counts == expected && whole, format!("{counts:?}"));
    let left = scene.fixtures.length(queue.dead_letters.as_str()).await?;
    let aside = match &queue.parked {
        Some(parked) => scene.fixtures.length(parked.as_str()).await?,
        None => 0,
    };
    let apart = queue.parked.is_some();
    let detail = format!("{left} with the dead letters, {aside} in a queue of their own");
    drill.check("poison is parked, and not sent again", (left, aside) == if apart { (0, 1) } else { (1, 0) }, detail);
    drill.report.figures.insert("letters_redriven", sent.len() as u64);
    Ok(())
}

async fn own(drill: &mut SandboxScene<'_>, holder: &str) -> Result<(), HarnessError> {
    let lease = drill.stack.ledger().lease(&drill.scope).await.map_err(failed)?;
    // The one hand may have taken it since: it was free.
    let freed = lease.is_some_and(|lease| lease.holder != holder || lease.expires <= lease.usable);
    drill.check("the lease of the dead run is freed", freed, holder.to_owned());
    Ok(())
}

/// A lease whose execution runs is left alone, and said so.
async fn alive(drill: &mut SandboxScene<'_>, living: LivingLease<'_>) -> Result<(), HarnessError> {
    let (scope, before) = (living.scope.clone(), living.lease.clone());
    let input = json!({ "estate": scope.estate, "environment": scope.environment });
    let run = drill.stack.unblock(&input).await?;
    let same = living.end(drill).await? == Some(before);
    let found = drill.stack.ledger().read::<UnblockRecord>(&scope, LedgerNote::Run(&run.name)).await.map_err(failed)?;
    let named = found.is_some_and(|(record, _)| record.findings.has(FindingSource::Own, "lingers"));
    drill.check("a lease whose execution runs stays, and is named", same && named, run.says());
    Ok(())
}

/// The report, on the bus and on a phone.
async fn told(drill: &mut SandboxScene<'_>, scene: &UnblockScene) -> Result<(), HarnessError> {
    if let Some(bus) = &scene.bus {
        announced(drill, scene, bus).await?;
    }
    let who = format!("{} {}", drill.scope.estate, drill.scope.environment);
    let letters =
        drill.stack.notifications().letters_until(|letter| letter.subject.starts_with(&format!("{who}: "))).await?;
    let letter = letters.last().map(|letter| letter.text.clone()).unwrap_or_default();
    let waits = |item: &str| letter.find(&format!("{item} waits"));
    let oldest = scene.blockers.is_none() || waits(OLDEST).zip(waits(OLD)).is_some_and(|(a, b)| a < b);
    let limits =
        scene.too_many().is_none_or(|(pod, kind, many)| letter.contains(&format!("{pod} holds {many} {kind}")));
    drill.check("a person reads what to do, oldest first", oldest && limits, letter.lines().next().unwrap_or_default());
    Ok(())
}

/// The same on the estate's own bus.
async fn announced(drill: &mut SandboxScene<'_>, scene: &UnblockScene, bus: &ReportTarget) -> Result<(), HarnessError> {
    let locks = scene.locks.is_some();
    let expected = 1 + usize::from(locks) + 3 * usize::from(scene.blockers.is_some());
    let events = scene.fixtures.heard_from((bus.bus.as_str(), bus.source.as_str()), expected).await?;
    let of = |kind: &str| -> Vec<&Value> { events.iter().filter(|event| event["detail-type"] == kind).collect() };
    let reports = of(bus.detail_type.as_str());
    let report = reports.first().map(|event| event["detail"].clone()).unwrap_or_default();
    let known = ["date", "type", "summary", "blocked_items", "impediments", "wip_violations", "action_required"];
    let compatible = reports.len() == 1
        && reports[0]["source"] == bus.source.as_str()
        && known.iter().all(|field| !report[field].is_null());
    drill.check(
        "the report is on the estate's bus, as its listeners know it",
        compatible,
        report["summary"].to_string(),
    );
    if locks {
        let figures = report["watchkeeper"]["locks"].clone();
        let freed = drill.report.figures.get("locks_released").copied();
        drill.check("it says what was freed", figures["released"].as_u64() == freed, figures.to_string());
        let released = of("WIP Capacity Released").len();
        drill.check("released capacity is announced", released == 1, format!("{released} event"));
    }
    if scene.blockers.is_none() {
        return Ok(());
    }
    let mut levels: Vec<String> = of("Blocker Escalated")
        .iter()
        .map(|event| format!("{} to {}", text_of(&event["detail"]["item"]), text_of(&event["detail"]["level"])))
        .collect();
    levels.sort();
    let mut expected = [format!("{OLD} to owner"), format!("{OLDEST} to leadership"), format!("{OLDEST} to owner")];
    expected.sort();
    drill.check("blockers are escalated by their age: none, owner, leadership", levels == expected, levels.join(", "));
    Ok(())
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The record of a run of the environment.
pub(super) async fn record(drill: &SandboxScene<'_>, id: &str) -> Result<UnblockRecord, HarnessError> {
    let found = drill.stack.ledger().read::<UnblockRecord>(&drill.scope, LedgerNote::Run(id)).await.map_err(failed)?;
    found
        .map(|(record, _)| record)
        .ok_or_else(|| SiteError::new(format!("read the record of {id}"), "there is none").into())
}

/// What is remembered of the environment.
pub(super) async fn memory(drill: &SandboxScene<'_>) -> Result<UnblockMemory, HarnessError> {
    let found = drill.stack.ledger().read::<UnblockMemory>(&drill.scope, LedgerNote::Memory).await.map_err(failed)?;
    Ok(found.map(|(memory, _)| memory).unwrap_or_default())
}
