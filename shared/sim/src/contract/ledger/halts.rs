//! Cases about the halt switch.

use watchkeeper_control::ledger::Ledger;
use watchkeeper_domain::guardrail::HaltSwitch;

use super::samples::halt;
use super::{ContractBench, Passed, equal, load};

/// Set, and lifted, for one scope only.
pub async fn a_halt_of_one_scope_is_its_own<B: ContractBench>(bench: &B) -> Passed {
    let (own, other) = (bench.fresh_scope(), bench.fresh_scope());
    let halt = halt("own", bench.now());
    bench.ledger().set_halt(Some(&own), Some(&halt)).await?;
    equal("its halt", &load(bench, &own).await?.halt, &Some(halt))?;
    equal("the other's halt", &load(bench, &other).await?.halt, &None)?;
    bench.ledger().set_halt(Some(&own), None).await?;
    equal("its halt, lifted", &load(bench, &own).await?.halt, &None)
}

/// The global switch counts where there is no own one. It is lifted at the end, whatever was found.
pub async fn a_halt_of_everything_is_everybodys<B: ContractBench>(bench: &B) -> Passed {
    let (one, two) = (bench.fresh_scope(), bench.fresh_scope());
    let (global, own): (HaltSwitch, HaltSwitch) = (halt("everything", bench.now()), halt("own", bench.now()));
    bench.ledger().set_halt(None, Some(&global)).await?;
    bench.ledger().set_halt(Some(&one), Some(&own)).await?;
    let found = (load(bench, &one).await, load(bench, &two).await);
    bench.ledger().set_halt(None, None).await?;
    equal("the halt of one with its own", &found.0?.halt, &Some(own.clone()))?;
    equal("the halt of one without", &found.1?.halt, &Some(global))?;
    equal("the own halt, later", &load(bench, &one).await?.halt, &Some(own))?;
    equal("the other's, later", &load(bench, &two).await?.halt, &None)
}
