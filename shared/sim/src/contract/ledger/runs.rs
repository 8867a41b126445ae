//! Cases about the records of runs.

use watchkeeper_control::ledger::{Ledger, LedgerError, LedgerWrite};

use super::samples::{huge, long, run};
use super::{ContractBench, Passed, differs, equal, holds, leased};

/// Plan, violations and timeline as they were; a later record replaces it.
pub async fn a_run_comes_back_exactly_and_is_replaced<B: ContractBench>(bench: &B) -> Passed {
    let (scope, _) = leased(bench).await?;
    let mut record = run("run-1", bench.now());
    bench.ledger().commit(&scope, 1, &[LedgerWrite::PutRun(Box::new(record.clone()))]).await?;
    equal("the run", &bench.ledger().run(&scope, "run-1").await?, &Some(record.clone()))?;
    record.slices += 1;
    record.header.note(bench.now(), "another slice");
    bench.ledger().commit(&scope, 1, &[LedgerWrite::PutRun(Box::new(record.clone()))]).await?;
    equal("the run, replaced", &bench.ledger().run(&scope, "run-1").await?, &Some(record))?;
    equal("another run", &bench.ledger().run(&scope, "run-2").await?, &None)
}

/// Thousands of actions and moments: more than an item holds as they are, and yet they fit.
pub async fn a_long_run_comes_back_exactly<B: ContractBench>(bench: &B) -> Passed {
    let (scope, _) = leased(bench).await?;
    let long = long("run-1", bench.now());
    bench.ledger().commit(&scope, 1, &[LedgerWrite::PutRun(Box::new(long.clone()))]).await?;
    let found = bench.ledger().run(&scope, "run-1").await?;
    holds("that the long run is the same", found == Some(long))
}

/// The error tells how large it is.
pub async fn a_run_that_is_too_large_is_refused_by_its_size<B: ContractBench>(bench: &B) -> Passed {
    let (scope, _) = leased(bench).await?;
    let huge = huge("run-1", bench.now());
    match bench.ledger().commit(&scope, 1, &[LedgerWrite::PutRun(Box::new(huge))]).await {
        Err(LedgerError::TooLarge { bytes, limit, .. }) if bytes > limit => {}
        other => return Err(differs("the commit", &other, "too large")),
    }
    equal("the run", &bench.ledger().run(&scope, "run-1").await?, &None)
}
