//! The home region is lost: the standby notices, takes over, and is what people reach. It comes back, and the pair goes home.

use std::collections::BTreeMap;
use std::path::Path;

use watchkeeper_domain::capacity::{Capacity, ResourceId, ServiceCapacity, ServiceId, Suspensions};
use watchkeeper_domain::estate::{Environment, Failover};
use watchkeeper_domain::failover::{Move, MovePhase};
use watchkeeper_domain::name::Scope;
use watchkeeper_window::report::verify;

use super::{FailoverHarness, MoveStage, begun, detected};
use crate::harness::took;
use crate::scenarios::{Played, count, line, listed, millis};

/// Ticks within which a region that comes back has to stand by.
const TICKS: u64 = 2;

/// Detection, the move with every question that it comes to, the report about it; the return, and the way home.
pub async fn a_region_that_is_lost(harness: &mut impl FailoverHarness) -> Played {
    let before = begun(harness).await?;
    let failover = harness.failover()?;
    harness.watch_singletons().await?;
    let mark = harness.mark().await?;
    harness.lose_home().await?;
    let mut stage = detected(harness).await?;
    while let MoveStage::Asking(text) = &stage {
        asked(harness, &failover, &before, text).await?;
        stage = harness.answer_move(true).await?;
    }
    harness.check("the failover is done", stage.ending() == "done", stage.says());
    let found = harness.capacity().await?;
    let promised = serves(&failover, &before[0], &found);
    harness.check("the standby runs what the document promises, with bounds", promised, line(&found));
    let [_, standby] = harness.regions();
    harness.serves(&standby).await?;
    bounded(harness, mark).await?;
    if let Some(record) = harness.moved().await? {
        measured(harness, &record).await?;
    }
    comes_back(harness, &before).await?;
    harness.goes_home(&before).await?;
    harness.were_never_double().await
}

/// A question comes at its time: the document's own before anything is changed, the fence's once all else runs.
async fn asked(harness: &mut impl FailoverHarness, failover: &Failover, before: &[Capacity; 2], text: &str) -> Played {
    let why = text.lines().find(|line| line.starts_with("Why: ")).unwrap_or(text).to_owned();
    let found = harness.capacity().await?;
    let phase = harness.moved().await?.map(|record| record.phase);
    if phase.is_none_or(|phase| phase <= MovePhase::Approve) {
        harness.check("a person is asked before anything is changed", found == before[1], why);
        return Ok(());
    }
    let singles: Vec<_> = failover.singletons.iter().map(|singleton| &singleton.service).collect();
    let wanted = |name| failover.capacity.get(name).is_some_and(|tasks| *tasks > 0);
    let mut meant = found.services.iter().filter(|(id, _)| wanted(&id.service));
    let held = meant.all(|(id, service)| singles.contains(&&id.service) == (service.desired == 0));
    harness.check("all but the singletons run before anybody is asked", held, line(&found));
    let named = singles.iter().all(|name| text.contains(name.as_str()));
    harness.check("a person is asked whether each singleton has stopped", named, why);
    Ok(())
}

/// The document's figures, with the bounds that the primary has where it has any.
fn serves(failover: &Failover, home: &Capacity, found: &Capacity) -> bool {
    let home: BTreeMap<_, _> = home.services.iter().map(|(id, service)| (&id.service, service)).collect();
    found.services.iter().all(|(id, ServiceCapacity { desired, scaling })| {
        let Some(wanted) = failover.capacity.get(&id.service) else { return true };
        let bounds = home.get(&id.service).and_then(|service| service.scaling).map(|home| (home.min, home.max));
        *desired == *wanted && scaling.map(|scaling| (scaling.min, scaling.max)) == bounds
    })
}

/// In no step is anything asked twice of the region that hangs: each call is bounded, and none is made again.
async fn bounded(harness: &mut impl FailoverHarness, mark: u64) -> Played {
    let Some(found) = harness.unanswered(mark).await? else { return Ok(()) };
    let bound = watchkeeper_aws::PEER_OPERATION.as_secs();
    let (calls, steps) = (found.calls, found.steps);
    let seen =
        format!("{calls} calls in {steps} steps given up within {bound} s, made again: {}", listed(&found.repeated));
    let within = found.repeated.is_empty() && calls > 0;
    harness.check("no step waits for the lost region longer than the bound", within, seen);
    harness.measured("longest_step_ms", millis(found.longest));
    harness.measured("calls_to_lost_region", count(calls));
    Ok(())
}

/// What it took, phase by phase, and that a person and a program are told.
async fn measured(harness: &mut impl FailoverHarness, record: &Move) -> Played {
    let now = harness.now().await?;
    let positive = |figure: i64| u64::try_from(figure).unwrap_or(0);
    for (phase, milliseconds, _) in record.phases(now) {
        harness.measured(took(phase), positive(milliseconds));
    }
    let waited: i64 = record.phases(now).iter().map(|(_, _, waited)| waited).sum();
    harness.measured("own_ms", positive(record.own_ms(now)));
    harness.measured("waited_ms", positive(waited));
    harness.measured("rto_ms", record.rto_ms().map_or(0, positive));
    let detected = record.lost_since.map(|since| millis(record.header.started.duration_since(since).unsigned_abs()));
    harness.measured("detected_after_ms", detected.unwrap_or(0));
    let told = harness.told().await?;
    let text = told.iter().find(|(subject, _)| subject.ends_with(": done")).map_or("", |(_, text)| text.as_str());
    let phases = [MovePhase::Confirm, MovePhase::Scale, MovePhase::Verify, MovePhase::Traffic, MovePhase::Outside];
    let phases = phases.iter().all(|phase| text.contains(&format!("  {:<9} ", phase.name())));
    let promised = text.contains("RTO ") && text.contains("RPO ") && text.contains("own share");
    let line = text.lines().find(|line| line.starts_with("RTO ")).unwrap_or("no such message");
    harness.check("the report has the RTO, the RPO, and the time of each phase", phases && promised, line);
    let events = harness.events().await?;
    let event = events.iter().find(|detail| detail["ending"] == "done");
    let same = event.is_some_and(|detail| detail["rto-ms"].as_i64() == record.rto_ms());
    harness.check("programs are told the same", same, format!("{} events", events.len()));
    reported(harness, record, text).await
}

/// A report of the move lies in the bucket, verifies, and is where the message says.
async fn reported(harness: &mut impl FailoverHarness, record: &Move, text: &str) -> Played {
    let Scope { estate, environment, .. } = harness.scope().clone();
    let name = format!("{estate}/{environment}/move-{}", record.header.id);
    let files = harness.report_files(&name).await?;
    let is_json = |key: &str| Path::new(key).extension().is_some_and(|extension| extension == "json");
    let json = files.iter().filter(|(key, _)| is_json(key));
    let verified = verify(json.map(|(key, file)| (key.as_str(), file.as_str())));
    let whole = files.contains_key(&format!("{name}.json")) && files.contains_key(&format!("{name}.html"));
    let chains: Vec<String> = verified.chains.iter().map(ToString::to_string).collect();
    let wrong = verified.files.iter().find_map(|file| file.found.clone().err());
    let seen = wrong.unwrap_or_else(|| format!("{} files; {}", files.len(), chains.join("; ")));
    harness.check("a report of the move is kept, and its facts lead to its plan", whole && verified.is_good(), seen);
    let line = text.lines().find(|line| line.starts_with("Report: ")).unwrap_or("no such line");
    harness.check("the message says where", line.contains(&format!("/{name}.html")), line);
    Ok(())
}

/// The lost region comes back with its old counts: its own stack puts it on standby, without a person and without a second failover.
async fn comes_back(harness: &mut impl FailoverHarness, before: &[Capacity; 2]) -> Played {
    let [home, standby] = harness.regions();
    let (serving, pointer) = (harness.capacity().await?, harness.pointer(&standby).await?);
    harness.regain_home().await?;
    let back = harness.capacities().await?[0].clone();
    harness.check(&format!("{home} is back, with its old counts"), back == before[0], line(&back));
    let mut ticks = 0;
    while ticks < TICKS && !stands_by(harness.environment(), &harness.capacities().await?[0]) {
        ticks += 1;
        harness.minute().await?;
    }
    let found = harness.capacities().await?[0].clone();
    let stands = stands_by(harness.environment(), &found);
    let seen = format!("after {ticks}: {}", line(&found));
    harness.check(&format!("it stands by within {TICKS} ticks of its own stack"), stands, seen);
    harness.measured("standby_after_ticks", ticks);
    harness.minute().await?;
    let (now, again) = (harness.pointer(&standby).await?, harness.detected().await?);
    let one = now.revision == pointer.revision && again.is_none() && harness.capacity().await? == serving;
    harness.check("no second failover, and the other region serves on", one, now.to_string());
    Ok(())
}

/// Nothing runs, and nothing can be started by an autoscaler; but what is protected.
pub(super) fn stands_by(environment: &Environment, capacity: &Capacity) -> bool {
    let free = |id: &ServiceId| !environment.protects(&ResourceId::Service(id.clone()));
    capacity.services.iter().filter(|(id, _)| free(id)).all(|(_, service)| {
        service.desired == 0
            && service.scaling.is_none_or(|scaling| scaling.min == 0 && scaling.suspended == Suspensions::ALL)
    })
}
