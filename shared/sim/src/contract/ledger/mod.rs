//! Cases about the ledger.

pub mod alarms;
pub mod halts;
pub mod intents;
mod moves;
pub mod pairs;
pub mod presses;
pub mod runs;
pub(super) mod samples;

use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{KeptHistory, Ledger, LedgerError, LedgerWrite, ScopeState};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::Scope;

pub use self::alarms::*;
pub use self::halts::*;
pub use self::intents::*;
pub use self::pairs::*;
pub use self::presses::*;
pub use self::runs::*;
use self::samples::{baseline, history, huge, intent, lease, run, standing};

use super::{CaseFailure, ContractBench, Passed, differs, equal, holds};

/// Hands the name of every case in this module, and in those below it, to a macro.
#[macro_export]
macro_rules! ledger_cases {
    ($test:ident) => {
        $test! {
            an_unknown_scope_is_empty
            a_lease_is_taken_once
            a_lease_is_taken_only_over_the_generation_that_was_seen
            a_commit_is_all_there
            a_commit_without_a_lease_is_refused
            a_stale_generation_writes_nothing
            a_history_of_an_old_version_writes_nothing
            a_lease_is_prolonged_under_its_generation
            a_refused_transaction_writes_nothing
            a_baseline_comes_back_exactly_and_goes
            intents_are_held_one_a_layer
            overrides_are_held_one_a_release
            emergencies_are_held_one_a_profile
            an_intent_outside_a_run_leaves_the_emergencies
            an_alarm_is_remembered_from_version_to_version
            a_memory_of_an_old_version_is_a_conflict
            alarms_and_scopes_are_remembered_apart
            the_memory_of_an_alarm_is_no_part_of_what_a_run_reads
            a_run_comes_back_exactly_and_is_replaced
            a_long_run_comes_back_exactly
            a_run_that_is_too_large_is_refused_by_its_size
            a_halt_of_one_scope_is_its_own
            a_halt_of_everything_is_everybodys
            scopes_do_not_mix
            an_unknown_pair_is_empty
            a_pointer_comes_back_exactly_and_is_replaced
            of_two_that_saw_no_pointer_one_puts_it
            a_pointer_is_put_only_over_the_revision_that_was_seen
            heartbeats_and_samples_are_kept_by_region
            a_watch_is_kept_from_version_to_version
            a_watch_of_an_old_version_is_a_conflict
            a_certificate_takes_the_place_of_the_one_before
            a_move_is_kept_from_version_to_version
            a_move_of_an_old_version_is_a_conflict
            a_long_move_comes_back_exactly
            what_was_settled_is_read_with_its_epoch
            pairs_do_not_mix
            of_two_presses_of_one_version_one_counts
            what_there_is_of_a_pair_is_no_part_of_what_a_run_reads
            a_move_ends_together_with_its_due_report
            a_chain_of_reports_is_kept_from_version_to_version
        }
    };
}

async fn load<B: ContractBench>(bench: &B, scope: &Scope) -> Result<ScopeState, CaseFailure> {
    Ok(bench.ledger().load(scope).await?)
}

/// A fresh scope whose lease has been taken, of generation 1.
async fn leased<B: ContractBench>(bench: &B) -> Result<(Scope, Lease), CaseFailure> {
    let (scope, lease) = (bench.fresh_scope(), lease(bench.now(), 1));
    bench.ledger().take_lease(&scope, &lease, 0).await?;
    Ok((scope, lease))
}

fn lost<T: std::fmt::Debug>(found: Result<T, LedgerError>) -> Passed {
    match found {
        Err(LedgerError::LeaseLost { .. }) => Ok(()),
        other => Err(differs("the commit", &other, "a lost lease")),
    }
}

fn conflict<T: std::fmt::Debug>(found: Result<T, LedgerError>) -> Passed {
    match found {
        Err(LedgerError::Conflict { .. }) => Ok(()),
        other => Err(differs("the lease", &other, "a conflict")),
    }
}

/// Nothing, and no error.
pub async fn an_unknown_scope_is_empty<B: ContractBench>(bench: &B) -> Passed {
    let scope = bench.fresh_scope();
    equal("what is remembered", &load(bench, &scope).await?, &ScopeState::default())?;
    equal("the lease", &bench.ledger().lease(&scope).await?, &None)?;
    equal("a run", &bench.ledger().run(&scope, "run-1").await?, &None)
}

/// Of two that saw no lease, one gets it.
pub async fn a_lease_is_taken_once<B: ContractBench>(bench: &B) -> Passed {
    let (scope, first) = leased(bench).await?;
    let second = Lease { holder: "run-2".to_owned(), ..first.clone() };
    conflict(bench.ledger().take_lease(&scope, &second, 0).await)?;
    equal("the lease", &bench.ledger().lease(&scope).await?, &Some(first))
}

/// The next generation is taken over the one before it, and over no other.
pub async fn a_lease_is_taken_only_over_the_generation_that_was_seen<B: ContractBench>(bench: &B) -> Passed {
    let (scope, _) = leased(bench).await?;
    let next = lease(bench.now(), 2);
    bench.ledger().take_lease(&scope, &next, 1).await?;
    equal("the lease, alone", &bench.ledger().lease(&scope).await?, &Some(next.clone()))?;
    equal("the lease, with the rest", &load(bench, &scope).await?.lease, &Some(next))?;
    conflict(bench.ledger().take_lease(&scope, &lease(bench.now(), 2), 1).await)?;
    conflict(bench.ledger().take_lease(&scope, &lease(bench.now(), 1), 0).await)
}

/// Everything of one commit is there after it.
pub async fn a_commit_is_all_there<B: ContractBench>(bench: &B) -> Passed {
    let (scope, lease) = leased(bench).await?;
    let now = bench.now();
    let expected = ScopeState {
        baseline: Some(baseline(now)),
        intents: vec![intent(Layer::Override, now)],
        lease: Some(lease),
        standing: standing(now),
        halt: None,
        history: KeptHistory::Known(history(now), 1),
    };
    let writes = [
        LedgerWrite::PutHistory(history(now), 0),
        LedgerWrite::PutBaseline(baseline(now)),
        LedgerWrite::PutIntent(intent(Layer::Override, now)),
        LedgerWrite::PutStanding(standing(now)),
        LedgerWrite::PutRun(Box::new(run("run-1", now))),
    ];
    bench.ledger().commit(&scope, 1, &writes).await?;
    equal("what is remembered", &load(bench, &scope).await?, &expected)?;
    equal("the run", &bench.ledger().run(&scope, "run-1").await?, &Some(run("run-1", now)))
}

/// Of two that read the same history one adds to it, and nothing else of the other's is written.
pub async fn a_history_of_an_old_version_writes_nothing<B: ContractBench>(bench: &B) -> Passed {
    let (scope, _) = leased(bench).await?;
    let kept = history(bench.now());
    bench.ledger().commit(&scope, 1, &[LedgerWrite::PutHistory(kept.clone(), 0)]).await?;
    let late = [LedgerWrite::PutHistory(kept.clone(), 0), LedgerWrite::PutRun(Box::new(run("run-2", bench.now())))];
    conflict(bench.ledger().commit(&scope, 1, &late).await)?;
    equal("the history", &load(bench, &scope).await?.history, &KeptHistory::Known(kept, 1))?;
    equal("the run", &bench.ledger().run(&scope, "run-2").await?, &None)
}

/// No generation counts where no lease was taken.
pub async fn a_commit_without_a_lease_is_refused<B: ContractBench>(bench: &B) -> Passed {
    let scope = bench.fresh_scope();
    for generation in [0, 1] {
        lost(bench.ledger().commit(&scope, generation, &[LedgerWrite::PutBaseline(baseline(bench.now()))]).await)?;
    }
    equal("what is remembered", &load(bench, &scope).await?, &ScopeState::default())
}

/// A successor has the lease: what the one before it still sends changes nothing.
pub async fn a_stale_generation_writes_nothing<B: ContractBench>(bench: &B) -> Passed {
    let (scope, first) = leased(bench).await?;
    let now = bench.now();
    bench.ledger().commit(&scope, 1, &[LedgerWrite::PutBaseline(baseline(now))]).await?;
    bench.ledger().take_lease(&scope, &lease(now, 2), 1).await?;
    let before = load(bench, &scope).await?;
    let late = [
        LedgerWrite::DropBaseline,
        LedgerWrite::PutStanding(standing(now)),
        LedgerWrite::PutIntent(intent(Layer::Emergency, now)),
        LedgerWrite::PutRun(Box::new(run("run-1", now))),
    ];
    lost(bench.ledger().commit(&scope, 1, &late).await)?;
    lost(bench.ledger().commit(&scope, 1, &[LedgerWrite::PutLease(first)]).await)?;
    lost(bench.ledger().commit(&scope, 3, &late).await)?;
    equal("what is remembered", &load(bench, &scope).await?, &before)?;
    equal("the run", &bench.ledger().run(&scope, "run-1").await?, &None)
}

/// Prolonged and released with other writes, in one transaction.
pub async fn a_lease_is_prolonged_under_its_generation<B: ContractBench>(bench: &B) -> Passed {
    let (scope, lease) = leased(bench).await?;
    let now = bench.now();
    let longer = lease.prolonged(now + std::time::Duration::from_mins(1));
    holds("that the sample differs", longer != lease)?;
    let writes = [LedgerWrite::PutLease(longer.clone()), LedgerWrite::PutStanding(standing(now))];
    bench.ledger().commit(&scope, 1, &writes).await?;
    let found = load(bench, &scope).await?;
    equal("the lease", &found.lease, &Some(longer.clone()))?;
    equal("the standing", &found.standing, &standing(now))?;
    let released = longer.released(now);
    bench.ledger().commit(&scope, 1, &[LedgerWrite::PutLease(released.clone())]).await?;
    equal("the lease, released", &bench.ledger().lease(&scope).await?, &Some(released))
}

/// One item that does not fit, and none of the others is written.
pub async fn a_refused_transaction_writes_nothing<B: ContractBench>(bench: &B) -> Passed {
    let (scope, _) = leased(bench).await?;
    let before = load(bench, &scope).await?;
    let huge = huge("run-1", bench.now());
    let writes = [LedgerWrite::PutBaseline(baseline(bench.now())), LedgerWrite::PutRun(Box::new(huge))];
    let refused = bench.ledger().commit(&scope, 1, &writes).await;
    holds("that it is refused", refused.is_err())?;
    equal("what is remembered", &load(bench, &scope).await?, &before)
}

/// Counts, bounds, flags and power as they were; then gone.
pub async fn a_baseline_comes_back_exactly_and_goes<B: ContractBench>(bench: &B) -> Passed {
    let (scope, _) = leased(bench).await?;
    let expected = baseline(bench.now());
    bench.ledger().commit(&scope, 1, &[LedgerWrite::PutBaseline(expected.clone())]).await?;
    equal("the baseline", &load(bench, &scope).await?.baseline, &Some(expected))?;
    bench.ledger().commit(&scope, 1, &[LedgerWrite::DropBaseline]).await?;
    equal("the baseline, dropped", &load(bench, &scope).await?.baseline, &None)
}

/// The same environment in another region, and another environment, are other scopes.
pub async fn scopes_do_not_mix<B: ContractBench>(bench: &B) -> Passed {
    let (scope, _) = leased(bench).await?;
    let now = bench.now();
    bench.ledger().commit(&scope, 1, &[LedgerWrite::PutRun(Box::new(run("run-1", now)))]).await?;
    bench.ledger().declare(&scope, &intent(Layer::Schedule, now)).await?;
    let environment = bench.fresh_scope().environment;
    let elsewhere = Scope { environment, ..scope.clone() };
    equal("what another environment has", &load(bench, &elsewhere).await?, &ScopeState::default())?;
    equal("a run of another environment", &bench.ledger().run(&elsewhere, "run-1").await?, &None)?;
    let region = super::named(watchkeeper_domain::name::Region::new("eu-west-3"))?;
    let abroad = Scope { region, ..scope };
    equal("what another region has", &load(bench, &abroad).await?, &ScopeState::default())
}
