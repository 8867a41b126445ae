//! Cases about what is remembered of pairs: who may write the pointer, and that each region's part is its own.

use std::collections::BTreeMap;
use std::time::Duration;

use watchkeeper_control::ledger::{Ledger, LedgerWrite, PairId, PairReplica, ScopeState};
use watchkeeper_control::report::ReportChain;
use watchkeeper_domain::failover::{Move, Pointer, WatchState};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::value::Sha256;
use watchkeeper_window::report::{ChainHead, Deployed, DueReport, Evidence, SentIds};

use super::moves::{certificate, heartbeat, pointer, record, sample, watch, west};
use super::samples::{intent, standing};
use super::{CaseFailure, ContractBench, Passed, conflict, equal, holds, leased, load};

/// A pair that the ledger knows nothing of.
fn fresh<B: ContractBench>(bench: &B) -> PairId {
    let scope = bench.fresh_scope();
    PairId { estate: scope.estate, environment: scope.environment }
}

async fn pair<B: ContractBench>(bench: &B, pair: &PairId) -> Result<PairReplica, CaseFailure> {
    Ok(bench.ledger().pair(pair).await?)
}

/// Nothing, and no error.
pub async fn an_unknown_pair_is_empty<B: ContractBench>(bench: &B) -> Passed {
    let (id, scope) = (fresh(bench), bench.fresh_scope());
    equal("what there is", &pair(bench, &id).await?, &PairReplica::default())?;
    equal("the watch", &bench.ledger().watch(&id, &west(1)).await?, &(WatchState::default(), 0))?;
    equal("a move", &bench.ledger().moved(&id, "failover-1").await?, &None)?;
    equal("what was settled", &bench.ledger().settled(&scope).await?, &None)
}

/// With all of a move in it, and then without one.
pub async fn a_pointer_comes_back_exactly_and_is_replaced<B: ContractBench>(bench: &B) -> Passed {
    let (id, moving) = (fresh(bench), pointer(1, bench.now()));
    bench.ledger().point(&id, &moving, 0).await?;
    equal("the pointer", &pair(bench, &id).await?.pointer, &Some(moving.clone()))?;
    let steady = watchkeeper_domain::failover::Pointer { revision: 2, moving: None, ..moving };
    bench.ledger().point(&id, &steady, 1).await?;
    equal("the pointer, steady", &pair(bench, &id).await?.pointer, &Some(steady))
}

/// The other one learns that it was not the first, and changes nothing.
pub async fn of_two_that_saw_no_pointer_one_puts_it<B: ContractBench>(bench: &B) -> Passed {
    let (id, first) = (fresh(bench), pointer(1, bench.now()));
    bench.ledger().point(&id, &first, 0).await?;
    let second = watchkeeper_domain::failover::Pointer { by: "failover-other".to_owned(), ..first.clone() };
    conflict(bench.ledger().point(&id, &second, 0).await)?;
    equal("the pointer", &pair(bench, &id).await?.pointer, &Some(first))
}

/// A worker that was delayed does not bring an old one back; nor is one put where none is, over one that was seen.
pub async fn a_pointer_is_put_only_over_the_revision_that_was_seen<B: ContractBench>(bench: &B) -> Passed {
    let (id, now) = (fresh(bench), bench.now());
    conflict(bench.ledger().point(&id, &pointer(5, now), 4).await)?;
    equal("the pointer, refused", &pair(bench, &id).await?.pointer, &None)?;
    bench.ledger().point(&id, &pointer(1, now), 0).await?;
    bench.ledger().point(&id, &pointer(2, now), 1).await?;
    for stale in [0, 1, 3] {
        // By another execution: the very pointer that is there would be a write whose answer was lost.
        let other = Pointer { by: "another".to_owned(), ..pointer(stale + 1, now) };
        conflict(bench.ledger().point(&id, &other, stale).await)?;
    }
    equal("the pointer", &pair(bench, &id).await?.pointer, &Some(pointer(2, now)))
}

/// Each region's lies beside the other's; a later one replaces it.
pub async fn heartbeats_and_samples_are_kept_by_region<B: ContractBench>(bench: &B) -> Passed {
    let (id, now) = (fresh(bench), bench.now());
    bench.ledger().beat(&id, &west(1), &heartbeat(0, now)).await?;
    bench.ledger().beat(&id, &west(2), &heartbeat(1, now)).await?;
    bench.ledger().keep_sample(&id, &west(2), &sample(2, now)).await?;
    let later = now + Duration::from_mins(1);
    bench.ledger().beat(&id, &west(1), &heartbeat(2, later)).await?;
    bench.ledger().keep_sample(&id, &west(1), &sample(0, now)).await?;
    bench.ledger().keep_sample(&id, &west(2), &sample(3, later)).await?;
    let expected = PairReplica {
        pointer: None,
        heartbeats: BTreeMap::from([(west(1), heartbeat(2, later)), (west(2), heartbeat(1, now))]),
        samples: BTreeMap::from([(west(1), sample(0, now)), (west(2), sample(3, later))]),
    };
    equal("what there is", &pair(bench, &id).await?, &expected)
}

/// Nothing has version 0; each memory replaces the one before it and is read back exactly.
pub async fn a_watch_is_kept_from_version_to_version<B: ContractBench>(bench: &B) -> Passed {
    let (id, now) = (fresh(bench), bench.now());
    for version in 0..3 {
        let memory = watch(version + 1, now);
        bench.ledger().keep_watch(&id, &west(1), &memory, version.into()).await?;
        let found = bench.ledger().watch(&id, &west(1)).await?;
        equal("the watch", &found, &(memory, u64::from(version) + 1))?;
    }
    bench.ledger().keep_watch(&id, &west(1), &WatchState::default(), 3).await?;
    equal("the watch, forgotten", &bench.ledger().watch(&id, &west(1)).await?, &(WatchState::default(), 4))?;
    equal("the other region's", &bench.ledger().watch(&id, &west(2)).await?, &(WatchState::default(), 0))
}

/// Of two ticks that read the same version one puts the next; the other changes nothing.
pub async fn a_watch_of_an_old_version_is_a_conflict<B: ContractBench>(bench: &B) -> Passed {
    let (id, now) = (fresh(bench), bench.now());
    bench.ledger().keep_watch(&id, &west(1), &watch(1, now), 0).await?;
    bench.ledger().keep_watch(&id, &west(1), &watch(2, now), 1).await?;
    for stale in [0, 1, 3] {
        conflict(bench.ledger().keep_watch(&id, &west(1), &watch(9, now), stale).await)?;
    }
    equal("the watch", &bench.ledger().watch(&id, &west(1)).await?, &(watch(2, now), 2))
}

/// A certificate takes the place of the one before, and each region has its own.
pub async fn a_certificate_takes_the_place_of_the_one_before<B: ContractBench>(bench: &B) -> Passed {
    let (id, now) = (fresh(bench), bench.now());
    equal("the first", &bench.ledger().certificate(&id, &west(1)).await?, &None)?;
    for by in ["rehearse-1", "rehearse-2"] {
        bench.ledger().certify(&id, &certificate(by, now)).await?;
        equal("it", &bench.ledger().certificate(&id, &west(1)).await?, &Some(certificate(by, now)))?;
    }
    equal("the other region's", &bench.ledger().certificate(&id, &west(2)).await?, &None)
}

/// Each record replaces the one before it and is read back exactly; each move has its own.
pub async fn a_move_is_kept_from_version_to_version<B: ContractBench>(bench: &B) -> Passed {
    let (id, now) = (fresh(bench), bench.now());
    for version in 0..3 {
        let expected = record("failover-1", version + 1, now);
        bench.ledger().keep_move(&id, &expected, version.into()).await?;
        let found = bench.ledger().moved(&id, "failover-1").await?;
        equal("the record", &found, &Some((expected, u64::from(version) + 1)))?;
    }
    bench.ledger().keep_move(&id, &record("failover-2", 1, now), 0).await?;
    equal("another", &bench.ledger().moved(&id, "failover-2").await?, &Some((record("failover-2", 1, now), 1)))?;
    equal("a third", &bench.ledger().moved(&id, "failover-3").await?, &None)
}

/// A repeated step that comes late changes nothing.
pub async fn a_move_of_an_old_version_is_a_conflict<B: ContractBench>(bench: &B) -> Passed {
    let (id, now) = (fresh(bench), bench.now());
    bench.ledger().keep_move(&id, &record("failover-1", 1, now), 0).await?;
    bench.ledger().keep_move(&id, &record("failover-1", 2, now), 1).await?;
    for stale in [0, 1, 3] {
        conflict(bench.ledger().keep_move(&id, &record("failover-1", 9, now), stale).await)?;
    }
    let found = bench.ledger().moved(&id, "failover-1").await?;
    equal("the record", &found, &Some((record("failover-1", 2, now), 2)))
}

/// Thousands of moments: more than an item holds as they are, and yet they fit.
pub async fn a_long_move_comes_back_exactly<B: ContractBench>(bench: &B) -> Passed {
    let (id, long) = (fresh(bench), record("failover-1", 5_000, bench.now()));
    bench.ledger().keep_move(&id, &long, 0).await?;
    let found = bench.ledger().moved(&id, "failover-1").await?;
    holds("that the long record is the same", found == Some((long, 1)))
}

/// What a run has committed is read alone, without a lease.
pub async fn what_was_settled_is_read_with_its_epoch<B: ContractBench>(bench: &B) -> Passed {
    let (scope, _) = leased(bench).await?;
    equal("before", &bench.ledger().settled(&scope).await?, &None)?;
    let standing = standing(bench.now());
    bench.ledger().commit(&scope, 1, &[LedgerWrite::PutStanding(standing.clone())]).await?;
    equal("what was settled", &bench.ledger().settled(&scope).await?, &standing.settled)?;
    equal("with the rest", &load(bench, &scope).await?.standing, &standing)?;
    let unsettled = watchkeeper_control::ledger::ScopeStanding { settled: None, ..standing };
    bench.ledger().commit(&scope, 1, &[LedgerWrite::PutStanding(unsettled)]).await?;
    equal("what is settled no more", &bench.ledger().settled(&scope).await?, &None)
}

/// Another environment of the same estate is another pair, also one whose name begins alike.
pub async fn pairs_do_not_mix<B: ContractBench>(bench: &B) -> Passed {
    let (id, now) = (fresh(bench), bench.now());
    bench.ledger().point(&id, &pointer(1, now), 0).await?;
    bench.ledger().beat(&id, &west(1), &heartbeat(1, now)).await?;
    bench.ledger().keep_sample(&id, &west(2), &sample(1, now)).await?;
    bench.ledger().keep_watch(&id, &west(1), &watch(1, now), 0).await?;
    bench.ledger().keep_move(&id, &record("failover-1", 1, now), 0).await?;
    let longer = watchkeeper_domain::name::EnvironmentName::new(format!("{}-2", id.environment));
    let environment = super::super::named(longer)?;
    for other in [fresh(bench), PairId { environment, ..id }] {
        equal("what another has", &pair(bench, &other).await?, &PairReplica::default())?;
        equal("its watch", &bench.ledger().watch(&other, &west(1)).await?, &(WatchState::default(), 0))?;
        equal("a move of it", &bench.ledger().moved(&other, "failover-1").await?, &None)?;
    }
    Ok(())
}

/// Neither a region's scope nor its intents have anything of it, nor the other way round.
pub async fn what_there_is_of_a_pair_is_no_part_of_what_a_run_reads<B: ContractBench>(bench: &B) -> Passed {
    let (scope, now) = (bench.fresh_scope(), bench.now());
    let id = PairId { estate: scope.estate.clone(), environment: scope.environment.clone() };
    bench.ledger().point(&id, &pointer(1, now), 0).await?;
    bench.ledger().beat(&id, &scope.region, &heartbeat(1, now)).await?;
    bench.ledger().keep_watch(&id, &scope.region, &watch(1, now), 0).await?;
    bench.ledger().keep_move(&id, &record("failover-1", 1, now), 0).await?;
    equal("what is remembered", &load(bench, &scope).await?, &ScopeState::default())?;
    let before = pair(bench, &id).await?;
    bench.ledger().declare(&scope, &intent(Layer::Override, now)).await?;
    equal("what there is of the pair", &pair(bench, &id).await?, &before)
}

/// A move that is over, and what its report is made of: both, or neither where one of them is of an old version.
pub async fn a_move_ends_together_with_its_due_report<B: ContractBench>(bench: &B) -> Passed {
    let (id, now) = (fresh(bench), bench.now());
    let (ended, ledger) = (record("failover-1", 2, now), bench.ledger());
    let due = due_of(&id, &ended);
    ledger.keep_move(&id, &record("failover-1", 1, now), 0).await?;
    conflict(ledger.end_move(&id, &ended, 0, &due).await)?;
    equal("what is due, refused", &ledger.due_report(&due.name()).await?, &None)?;
    ledger.end_move(&id, &ended, 1, &due).await?;
    equal("the move", &ledger.moved(&id, "failover-1").await?, &Some((ended.clone(), 2)))?;
    equal("what is due", &ledger.due_reports(&id.estate, &west(1)).await?, &vec![due.clone()])?;
    conflict(ledger.end_move(&id, &record("failover-1", 3, now), 2, &due).await)?;
    equal("the move, once more", &ledger.moved(&id, "failover-1").await?, &Some((ended, 2)))?;
    ledger.drop_due(&due.name()).await?;
    equal("what is due, at last", &ledger.due_reports(&id.estate, &west(1)).await?, &Vec::new())
}

fn due_of(pair: &PairId, record: &Move) -> DueReport {
    let PairId { estate, environment } = pair.clone();
    DueReport {
        scope: Scope { estate, environment, region: west(1) },
        ended: record.header.started,
        deployed: Deployed { document: Some(Sha256::of(b"a document")), version: "0.1.0".to_owned() },
        sent: Some(SentIds { message: Some("message-1".to_owned()), event: None }),
        evidence: Evidence::Move(Box::new(record.clone())),
    }
}

/// A chain of reports is raised from version to version, by one at a time.
pub async fn a_chain_of_reports_is_kept_from_version_to_version<B: ContractBench>(bench: &B) -> Passed {
    let (id, ledger) = (fresh(bench), bench.ledger());
    equal("at first", &ledger.report_chain(&id.estate, &west(1)).await?, &(ReportChain::default(), 0))?;
    let head = Some(ChainHead { number: 1, sha256: Sha256::of(b"a report") });
    let (last, writing) = (Some("prod/move-1".to_owned()), Some("prod/move-2".to_owned()));
    let chain = ReportChain { head, last, told: writing.clone(), writing };
    ledger.keep_chain(&id.estate, &west(1), &chain, 0).await?;
    equal("then", &ledger.report_chain(&id.estate, &west(1)).await?, &(chain.clone(), 1))?;
    equal("of another region", &ledger.report_chain(&id.estate, &west(2)).await?, &(ReportChain::default(), 0))?;
    // By another tick: the very chain that is there would be a write whose answer was lost.
    conflict(ledger.keep_chain(&id.estate, &west(1), &ReportChain { writing: None, ..chain }, 0).await)
}
