//! A morning on which everything is stuck that can be.

use jiff::SignedDuration;
use serde_json::{Value, json};
use watchkeeper_domain::estate::{BlockerPolicy, LockSchema, QueuePolicy, ReportTarget};
use watchkeeper_domain::unblock::{ItemAttribute, UnblockEnd, UnblockRecord};

use super::stuck::{Morning, OLD, OLDEST, YOUNG};
use super::{FoundMessage, TRACE, UnblockHarness};
use crate::scenarios::{Played, count, later, listed, millis};

/// The run that is due frees exactly what is left behind, while a lock is renewed under its hands, and names the rest to whoever
/// can free it. The next tick and a run by hand on the same day do nothing more.
pub async fn a_morning(harness: &mut impl UnblockHarness) -> Played {
    let morning = Morning::of(harness).await?;
    let parts = morning.parts();
    for (part, why) in parts.left_out() {
        harness.leave_out(part, &why);
    }
    morning.fill(harness).await?;
    if let Ok(schema) = parts.locks {
        harness.renew_meanwhile(schema, &morning.renewed()).await?;
    }
    let runs = harness.unblock_tick(morning.due).await?;
    let [run] = &runs[..] else {
        harness.check("the run that is due is started, once", false, format!("{runs:?}"));
        return Ok(());
    };
    harness.measured("unblocked_after_ms", millis(run.took));
    harness.check("it runs at its local hour, and comes to its end", run.succeeded, run.says.clone());
    let record = harness.record(&morning.id()).await?;
    if let Ok(schema) = parts.locks {
        locks(harness, &morning, schema, &record).await?;
    }
    if let Ok(queue) = parts.queue {
        dead_letters(harness, queue).await?;
    }
    if let Ok(report) = parts.bus {
        announced(harness, &morning, report, &record).await?;
    }
    told(harness, &morning, &record).await?;
    again(harness, &morning).await
}

async fn locks(
    harness: &mut impl UnblockHarness,
    morning: &Morning,
    schema: &LockSchema,
    record: &UnblockRecord,
) -> Played {
    let left = Morning::freed(schema);
    let mut freed = Vec::new();
    for item in &left {
        let found = harness.lock(schema, &morning.lock(item, 0)).await?;
        freed.extend(found.filter(|lock| lock.released_at != ItemAttribute::Absent).map(|lock| lock.name()));
    }
    harness.check("what is left behind is released", freed.len() == left.len(), listed(&freed));
    let mut changed = Vec::new();
    for lock in morning.kept().into_iter().chain([morning.renewed()]) {
        if harness.lock(schema, &lock).await?.as_ref() != Some(&lock) {
            changed.push(lock.name());
        }
    }
    let seen = format!("changed: {}", listed(&changed));
    harness.check("live, malformed, released and renewed locks are as they were", changed.is_empty(), seen);
    let all = harness.released(schema).await?;
    harness.check("nothing else is released", all == left.len() + 1, format!("{all} released, one of them before"));
    let it = &record.locks;
    let counted = [it.released, it.changed, it.malformed, it.released_before, it.remaining];
    let right = counted == [u32::try_from(left.len()).unwrap_or(0), 1, 1, 1, 0];
    harness.check(
        "the record counts them",
        right && record.end.map(|(end, _)| end) == Some(UnblockEnd::Done),
        format!("{it:?}"),
    );
    harness.measured("locks_released", count(left.len()));
    Ok(())
}

async fn dead_letters(harness: &mut impl UnblockHarness, queue: &QueuePolicy) -> Played {
    let sent = harness.drain(queue.queue.as_str()).await?;
    let whole = |body: &str, returns: &str| FoundMessage {
        body: body.to_owned(),
        returns: Some(returns.to_owned()),
        trace: Some(TRACE.1.to_owned()),
    };
    let right = sent == [whole("came back", "2"), whole("new", "1")];
    harness.check("dead letters are sent again, counted and whole", right, format!("{sent:?}"));
    let left = harness.length(queue.dead_letters.as_str()).await?;
    let aside = match &queue.parked {
        Some(parked) => harness.length(parked.as_str()).await?,
        None => 0,
    };
    let seen = format!("{left} with the dead letters, {aside} in a queue of their own");
    let parked = (left, aside) == if queue.parked.is_some() { (0, 1) } else { (1, 0) };
    harness.check("poison is parked, and not sent again", parked, seen);
    harness.measured("letters_redriven", count(sent.len()));
    Ok(())
}

/// The report on the estate's own bus.
async fn announced(
    harness: &mut impl UnblockHarness,
    morning: &Morning,
    report: &ReportTarget,
    record: &UnblockRecord,
) -> Played {
    let parts = morning.parts();
    let least = 1 + usize::from(parts.locks.is_ok()) + 3 * usize::from(parts.blockers.is_ok());
    let events = harness.heard(report, least).await?;
    let of = |kind: &str| -> Vec<&Value> {
        events.iter().filter(|event| event["detail-type"] == kind).map(|event| &event["detail"]).collect()
    };
    let reports = of(report.detail_type.as_str());
    let detail = reports.first().copied().cloned().unwrap_or_default();
    let known = ["date", "type", "summary", "blocked_items", "impediments", "wip_violations", "action_required"];
    let compatible = reports.len() == 1
        && detail["type"] == "daily_unblock"
        && known.iter().all(|field| !detail[field].is_null())
        && detail["summary"]["wip_violations_count"] == record.violations.len();
    let seen = detail["summary"].to_string();
    harness.check("the report is on the estate's bus, as its listeners know it", compatible, seen);
    if parts.locks.is_ok() {
        let figures = &detail["watchkeeper"]["locks"];
        harness.check("it says what was freed", figures["released"] == record.locks.released, figures.to_string());
        let released = of("WIP Capacity Released");
        let once = released.len() == 1 && released[0]["released"] == record.locks.released;
        harness.check("released capacity is announced", once, format!("{released:?}"));
    }
    if let Ok((pod, kind, limit)) = &parts.limit {
        let violation = json!({ "pod_id": pod, "item_type": kind, "current_count": limit + 1, "limit": limit });
        let (found, all) = (&detail["wip_violations"], json!([violation]));
        harness.check(
            "the limit that is exceeded is in it",
            *found == all && detail["action_required"] == true,
            found.to_string(),
        );
    }
    if let Ok(blockers) = parts.blockers {
        escalated(harness, &of("Blocker Escalated"), blockers);
    }
    Ok(())
}

fn escalated(harness: &mut impl UnblockHarness, events: &[&Value], blockers: &BlockerPolicy) {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let level = |event: &&Value| format!("{} to {}", word(&event["item"]), word(&event["level"]));
    let mut levels: Vec<String> = events.iter().map(level).collect();
    levels.sort();
    let mut expected = [format!("{OLD} to owner"), format!("{OLDEST} to leadership"), format!("{OLDEST} to owner")];
    expected.sort();
    let right = levels == expected;
    harness.check("blockers are escalated by their age: none, owner, leadership", right, levels.join(", "));
    let owners = events.iter().filter(|event| event["level"] == "owner");
    let hear = owners.clone().all(|event| event["to"] == json!(["grace", blockers.integrator]));
    let to: Vec<String> = owners.map(|event| event["to"].to_string()).collect();
    harness.check("their owner hears of it, and the integrator", hear, listed(&to));
}

/// What a person reads.
async fn told(harness: &mut impl UnblockHarness, morning: &Morning, record: &UnblockRecord) -> Played {
    let (parts, subject) = (morning.parts(), harness.subject(": "));
    let told = harness.told().await?;
    let text = told.into_iter().rfind(|(told, _)| told.starts_with(&subject)).map(|(_, text)| text).unwrap_or_default();
    let waits = |item: &str| text.find(&format!("{item} waits"));
    let ordered = waits(OLDEST).zip(waits(OLD)).is_some_and(|(first, then)| first < then) && waits(YOUNG).is_none();
    let limits = parts
        .limit
        .as_ref()
        .map_or(true, |(pod, kind, limit)| text.contains(&format!("{pod} holds {} {kind}", limit + 1)));
    let right = (parts.blockers.is_err() || ordered) && limits;
    harness.check("a person reads what to do, oldest first", right, text.lines().next().unwrap_or_default());
    if parts.locks.is_ok() {
        let freed = text.contains(&format!("- locks released: {}", record.locks.released));
        let undo = format!("\"undo\":\"{}\"", morning.id());
        let undo = text.lines().find(|line| line.contains(&undo)).unwrap_or_default();
        harness.check("and what was freed, with the way back", freed && !undo.is_empty(), undo);
    }
    Ok(())
}

/// The same day: the next tick, and a person.
async fn again(harness: &mut impl UnblockHarness, morning: &Morning) -> Played {
    let parts = morning.parts();
    let before = match parts.locks {
        Ok(schema) => harness.released(schema).await?,
        Err(_) => 0,
    };
    let ticked = harness.unblock_tick(later(morning.due, SignedDuration::from_mins(5))).await?;
    harness.check("the next tick starts nothing", ticked.is_empty(), format!("{} executions", ticked.len()));
    let run = harness.unblock(&harness.input(json!({}))).await?;
    let second = harness.record(&run.name).await?;
    let news = second.news.clone().unwrap_or_default();
    let quiet = news.escalated.is_empty() && news.withdrawn.is_empty() && news.new_patterns.is_empty();
    let nothing = run.succeeded && second.done().is_empty() && second.before.is_some();
    harness.check("a second run the same day frees nothing", nothing && quiet, format!("{run}; {:?}", second.done()));
    if let Ok(schema) = parts.locks {
        let after = harness.released(schema).await?;
        harness.check("no lock is released again", after == before, format!("{after} are released"));
    }
    if let Ok(queue) = parts.queue {
        let sent = harness.drain(queue.queue.as_str()).await?;
        harness.check("no dead letter is sent again", sent.is_empty(), format!("{sent:?}"));
    }
    if let Ok(report) = parts.bus {
        let events = harness.heard(report, 1).await?;
        let escalated = events.iter().filter(|event| event["detail-type"] == "Blocker Escalated").count();
        harness.check("nothing is escalated again", escalated == 0, format!("{escalated} escalations"));
    }
    Ok(())
}
