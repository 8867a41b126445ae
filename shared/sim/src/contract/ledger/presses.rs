//! Cases about what is remembered of the presses of a wake page.

use jiff::civil::date;
use watchkeeper_control::ledger::{Ledger, ScopeState};
use watchkeeper_domain::wake_page::{LastPress, WakeMemory};

use super::{ContractBench, Passed, conflict, equal, load};

fn pressed<B: ContractBench>(bench: &B, count: u32) -> WakeMemory {
    let last = LastPress { execution: format!("wake-page-shop-dev-{count}"), at: bench.now(), started: count > 1 };
    WakeMemory { day: Some(date(2026, 11, 20)), count, last: Some(last) }
}

/// Of two that press at once one counts; what is counted comes back exactly, and is no part of what a run reads.
pub async fn of_two_presses_of_one_version_one_counts<B: ContractBench>(bench: &B) -> Passed {
    let scope = bench.fresh_scope();
    equal("before", &bench.ledger().presses(&scope).await?, &(WakeMemory::default(), 0))?;
    let (first, second) = (pressed(bench, 1), pressed(bench, 2));
    bench.ledger().keep_presses(&scope, &first, 0).await?;
    conflict(bench.ledger().keep_presses(&scope, &second, 0).await)?;
    equal("the first", &bench.ledger().presses(&scope).await?, &(first, 1))?;
    bench.ledger().keep_presses(&scope, &second, 1).await?;
    equal("the second", &bench.ledger().presses(&scope).await?, &(second, 2))?;
    equal("what a run reads", &load(bench, &scope).await?, &ScopeState::default())
}
