//! Cases about what is remembered of alarms.

use watchkeeper_control::ledger::{Ledger, ScopeState};
use watchkeeper_domain::emergency::alarm::AlarmMemory;
use watchkeeper_domain::value::AlarmName;

use super::samples::memory;
use super::{CaseFailure, ContractBench, Passed, conflict, equal, load};

/// A name with characters that a key of ours might take for its own.
fn alarm(name: &str) -> Result<AlarmName, CaseFailure> {
    let named = format!("{name} # 5xx/errors, \"ÖBB\"").parse();
    named.map_err(|bad| CaseFailure::Bench { what: "name an alarm".to_owned(), source: Box::new(bad) })
}

/// Nothing has version 0; each memory replaces the one before it and is read back exactly.
pub async fn an_alarm_is_remembered_from_version_to_version<B: ContractBench>(bench: &B) -> Passed {
    let (scope, alarm) = (bench.fresh_scope(), alarm("alb")?);
    equal("before", &bench.ledger().recall(&scope, &alarm).await?, &(AlarmMemory::default(), 0))?;
    for (expected, what) in ["answered", "ignored, cool-down", "ignored, duplicate"].into_iter().enumerate() {
        let expected = expected as u64;
        let memory = memory(what, bench.now());
        bench.ledger().remember(&scope, &alarm, &memory, expected).await?;
        equal(what, &bench.ledger().recall(&scope, &alarm).await?, &(memory, expected + 1))?;
    }
    Ok(())
}

/// Of two that read the same version one puts the next; the other changes nothing, whatever it has to say.
pub async fn a_memory_of_an_old_version_is_a_conflict<B: ContractBench>(bench: &B) -> Passed {
    let (scope, alarm, now) = (bench.fresh_scope(), alarm("alb")?, bench.now());
    bench.ledger().remember(&scope, &alarm, &memory("first", now), 0).await?;
    conflict(bench.ledger().remember(&scope, &alarm, &memory("late", now), 0).await)?;
    bench.ledger().remember(&scope, &alarm, &memory("second", now), 1).await?;
    for stale in [0, 1, 3] {
        conflict(bench.ledger().remember(&scope, &alarm, &memory("late", now), stale).await)?;
    }
    equal("the memory", &bench.ledger().recall(&scope, &alarm).await?, &(memory("second", now), 2))
}

/// One alarm of two environments, and two of one, have memories of their own.
pub async fn alarms_and_scopes_are_remembered_apart<B: ContractBench>(bench: &B) -> Passed {
    let (one, two, now) = (bench.fresh_scope(), bench.fresh_scope(), bench.now());
    let (alb, rds) = (alarm("alb")?, alarm("rds")?);
    bench.ledger().remember(&one, &alb, &memory("one", now), 0).await?;
    bench.ledger().remember(&two, &alb, &memory("two", now), 0).await?;
    equal("the first", &bench.ledger().recall(&one, &alb).await?, &(memory("one", now), 1))?;
    equal("the second", &bench.ledger().recall(&two, &alb).await?, &(memory("two", now), 1))?;
    equal("another alarm", &bench.ledger().recall(&one, &rds).await?, &(AlarmMemory::default(), 0))
}

/// It is asked for by name.
pub async fn the_memory_of_an_alarm_is_no_part_of_what_a_run_reads<B: ContractBench>(bench: &B) -> Passed {
    let scope = bench.fresh_scope();
    bench.ledger().remember(&scope, &alarm("alb")?, &memory("answered", bench.now()), 0).await?;
    equal("what is remembered", &load(bench, &scope).await?, &ScopeState::default())
}
