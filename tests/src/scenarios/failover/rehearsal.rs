//! A failover is rehearsed: what it starts is certified and given back, and the region that serves is not written to. A release makes the
//! certificate stale, a standby without room makes it red, and a loss takes the capacity over.

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_domain::failover::readiness::{Readiness, ReadinessCode};
use watchkeeper_domain::failover::{Move, MovePhase};
use watchkeeper_domain::name::ServiceName;

use super::{FailoverHarness, MoveStage, ReadinessHarness, begun, detected};
use crate::harness::HarnessError;
use crate::scenarios::{Played, count, line, listed};

/// A rehearsal that is held up for so long.
fn input(harness: &impl FailoverHarness, lasts: &str) -> Value {
    harness.input(json!({ "mode": "rehearse", "for": lasts }))
}

/// A rehearsal proves what a failover starts, gives it back exactly, and writes nothing in the region that serves.
pub async fn a_rehearsal(harness: &mut impl FailoverHarness) -> Played {
    let before = begun(harness).await?;
    harness.watch_singletons().await?;
    let since = harness.now().await?;
    let input = input(harness, "1m");
    harness.rehearse(&input).await?;
    let found = harness.capacity().await?;
    let up = is_up(harness, &found)?;
    harness.check("all that a failover starts is up, and no singleton", up, line(&found));
    let (stage, record) = harness.rehearsed().await?;
    harness.check("the rehearsal is done", stage.ending() == "done", stage.says());
    untouched(harness, &before, since).await?;
    let Some(certificate) = record.and_then(|record| record.certificate) else {
        harness.check("it leaves a certificate", false, "none");
        return Ok(());
    };
    let wanted: u32 = certificate.services.values().map(|service| service.wanted).sum();
    let placed: u32 = certificate.services.values().map(|service| service.placed).sum();
    let seen = format!("{placed} of {wanted} tasks; found {}", listed(&certificate.findings));
    harness.check("its certificate is green", certificate.is_green() && placed >= wanted && wanted > 0, seen);
    harness.measured("tasks_proved", u64::from(placed));
    harness.measured("waves", count(certificate.waves.len()));
    if let Some(rto) = certificate.rto_ms.and_then(|rto| u64::try_from(rto).ok()) {
        harness.measured("rto_that_follows_ms", rto);
    }
    let told = harness.told().await?;
    let told = told.iter().find(|(subject, _)| subject.contains(": proved"));
    let whole = told.is_some_and(|(_, text)| text.contains("RTO that follows"));
    harness.check("a person is told what it proves", whole, told.map_or("no message", |(subject, _)| subject.as_str()));
    harness.were_never_double().await
}

/// Another family of a task definition makes the certificate stale, by name; a rehearsal of it proves it again.
pub async fn a_certificate_that_is_out_of_date(harness: &mut impl ReadinessHarness) -> Played {
    begun(harness).await?;
    let failover = harness.failover()?;
    let first = failover.capacity.keys().find(|service| !failover.is_singleton(service)).cloned();
    let service: ServiceName = first.ok_or_else(|| HarnessError::Unknown("nothing but singletons".to_owned()))?;
    let input = input(harness, "1m");
    harness.rehearse(&input).await?;
    harness.rehearsed().await?;
    let outdated = |found: &Readiness| {
        found.findings.iter().find(|finding| finding.code == ReadinessCode::CertificateStale).map(ToString::to_string)
    };
    let found = harness.look().await?;
    harness.check("the certificate counts", outdated(&found).is_none(), found.summary());
    harness.redeploys(&service, true).await?;
    let found = harness.look().await?;
    let named = outdated(&found).is_some_and(|finding| finding.contains(service.as_str()));
    harness.check("another task definition makes it stale, by name", named, outdated(&found).unwrap_or_default());
    harness.rehearse(&input).await?;
    let (stage, _) = harness.rehearsed().await?;
    let found = harness.look().await?;
    let proved = stage.ending() == "done" && outdated(&found).is_none();
    harness.check("the next rehearsal proves it again", proved, found.summary());
    Ok(harness.redeploys(&service, false).await?)
}

/// Where the standby has room for all but one task, the certificate is red before any failover, and all is given back.
pub async fn a_rehearsal_without_room(harness: &mut impl FailoverHarness) -> Played {
    let before = begun(harness).await?;
    let (failover, since) = (harness.failover()?, harness.now().await?);
    let all: u32 =
        failover.capacity.iter().filter(|(name, _)| !failover.is_singleton(name)).map(|(_, tasks)| tasks).sum();
    let input = input(harness, "1m");
    let stage = harness.rehearse_without_room(&input, all.saturating_sub(1)).await?;
    harness.check("the rehearsal proves nothing", stage.ending() == "Failover.Compensated", stage.says());
    let certificate = harness.moved().await?.and_then(|record| record.certificate);
    let red = certificate.as_ref().is_some_and(|it| !it.is_green() && it.rto_ms.is_none());
    let seen = certificate.map_or_else(|| "none".to_owned(), |it| listed(&it.findings));
    harness.check("its certificate is red, with what was found", red, seen);
    untouched(harness, &before, since).await
}

/// A loss in the middle of a rehearsal: the failover goes on from what is up, and recovers sooner than without.
pub async fn a_loss_during_a_rehearsal(harness: &mut impl FailoverHarness) -> Played {
    let mut took = [0, 0];
    for (nth, rehearses) in [false, true].into_iter().enumerate() {
        // An hour later: the shortest time between two failovers is over.
        let before = begun(harness).await?;
        harness.watch_singletons().await?;
        if rehearses {
            let input = input(harness, "30m");
            harness.rehearse(&input).await?;
        }
        let up = harness.capacity().await?;
        harness.lose_home().await?;
        let mut stage = detected(harness).await?;
        while let MoveStage::Asking(_) = &stage {
            let found = harness.capacity().await?;
            let kept = !rehearses || found.services.iter().all(|(id, now)| now.desired >= up.services[id].desired);
            harness.check("nothing that was up is taken away", kept, line(&found));
            stage = harness.answer_move(true).await?;
        }
        harness.check("the failover is done", stage.ending() == "done", stage.says());
        let record: Option<Move> = harness.moved().await?;
        took[nth] = record.as_ref().map_or(0, scaled_ms);
        let rto = record.and_then(|it| it.rto_ms()).and_then(|rto| u64::try_from(rto).ok()).unwrap_or(0);
        harness.measured(if rehearses { "rto_rehearsing_ms" } else { "rto_without_ms" }, rto);
        if rehearses {
            let (stage, record) = harness.rehearsed().await?;
            let over = record.and_then(|record| record.rehearsal).and_then(|it| it.handed_over);
            harness.check("the rehearsal hands its capacity over", over.is_some(), stage.says());
        }
        harness.regain_home().await?;
        harness.minute().await?;
        harness.minute().await?;
        harness.goes_home(&before).await?;
        harness.were_never_double().await?;
    }
    let seen = format!("services started in {} ms without a rehearsal, in {} ms with one up", took[0], took[1]);
    harness.check("what is up is a head start", took[1] <= took[0], seen);
    Ok(())
}

/// How long the services of a move took to start, in milliseconds.
fn scaled_ms(record: &Move) -> u64 {
    let times = record.phases(record.header.started);
    let scaled = times.iter().find(|(phase, ..)| *phase == MovePhase::Scale);
    scaled.and_then(|(_, took, _)| u64::try_from(*took).ok()).unwrap_or(0)
}

/// Whether each service runs what the document asks for, and no singleton.
fn is_up(harness: &impl FailoverHarness, found: &Capacity) -> Played<bool> {
    let failover = harness.failover()?;
    Ok(found.services.iter().all(|(id, service)| match failover.capacity.get(&id.service) {
        Some(_) if failover.is_singleton(&id.service) => service.desired == 0,
        Some(tasks) => service.desired >= *tasks,
        None => true,
    }))
}

/// Both regions run what they ran, the pointer is where it was, and nothing was written in the region that serves.
async fn untouched(harness: &mut impl FailoverHarness, before: &[Capacity; 2], since: Timestamp) -> Played {
    harness.untouched("the standby is exactly as before, and the pointer has not moved", before).await?;
    let written = harness.written_at_home(since).await?;
    harness.check("nothing was written in the region that serves", written.is_empty(), listed(&written));
    harness.measured("writes_where_it_serves", count(written.len()));
    Ok(())
}
