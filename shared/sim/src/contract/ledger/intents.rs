//! Cases about intents: where they lie, and that one leaves the others alone.

use watchkeeper_control::ledger::{Ledger, LedgerWrite, ScopeState};
use watchkeeper_domain::intent::{DesiredState, Intent, IntentKey, Layer};

use super::samples::{emergency, intent};
use super::{ContractBench, Passed, equal, leased, load};
use crate::spec::checked;

/// The intents in the order of their slots.
fn in_order(mut remembered: ScopeState) -> Vec<Intent> {
    remembered.intents.sort_by_key(Intent::intent_key);
    remembered.intents
}

/// A second intent of a layer replaces the first; each layer is withdrawn by itself, and twice is no error.
pub async fn intents_are_held_one_a_layer<B: ContractBench>(bench: &B) -> Passed {
    let (scope, _) = leased(bench).await?;
    let now = bench.now();
    let asleep = Intent { want: DesiredState::Asleep, expires: None, ..intent(Layer::Schedule, now) };
    bench.ledger().declare(&scope, &intent(Layer::Schedule, now)).await?;
    bench.ledger().declare(&scope, &asleep).await?;
    let spoken =
        [LedgerWrite::PutIntent(intent(Layer::Override, now)), LedgerWrite::PutIntent(intent(Layer::Failover, now))];
    bench.ledger().commit(&scope, 1, &spoken).await?;
    let expected = [asleep.clone(), intent(Layer::Override, now), intent(Layer::Failover, now)];
    equal("all intents", &in_order(load(bench, &scope).await?), &expected.to_vec())?;
    bench.ledger().commit(&scope, 1, &[LedgerWrite::DropIntent(IntentKey::of(Layer::Override))]).await?;
    bench.ledger().withdraw(&scope, &IntentKey::of(Layer::Failover)).await?;
    bench.ledger().withdraw(&scope, &IntentKey::of(Layer::Failover)).await?;
    equal("what is left", &in_order(load(bench, &scope).await?), &vec![asleep])
}

/// Two profiles lie beside each other with all their figures; the same one again replaces itself, and one that is dropped
/// leaves the other.
pub async fn emergencies_are_held_one_a_profile<B: ContractBench>(bench: &B) -> Passed {
    let (scope, _) = leased(bench).await?;
    let now = bench.now();
    let (surge, minimum) = (emergency("surge", now), emergency("minimum # two", now));
    let both = [LedgerWrite::PutIntent(surge.clone()), LedgerWrite::PutIntent(minimum.clone())];
    bench.ledger().commit(&scope, 1, &both).await?;
    equal("both", &in_order(load(bench, &scope).await?), &vec![minimum.clone(), surge.clone()])?;
    let longer = Intent { reason: "the alarm lasts".to_owned(), ..surge.clone() };
    bench.ledger().commit(&scope, 1, &[LedgerWrite::PutIntent(longer.clone())]).await?;
    equal("extended", &in_order(load(bench, &scope).await?), &vec![minimum.clone(), longer])?;
    bench.ledger().commit(&scope, 1, &[LedgerWrite::DropIntent(surge.intent_key())]).await?;
    equal("the other", &in_order(load(bench, &scope).await?), &vec![minimum.clone()])?;
    bench.ledger().withdraw(&scope, &minimum.intent_key()).await?;
    equal("none", &in_order(load(bench, &scope).await?), &vec![])
}

/// The overrides of two pipelines lie beside the person's, and each is taken back by itself.
pub async fn overrides_are_held_one_a_release<B: ContractBench>(bench: &B) -> Passed {
    let (scope, _) = leased(bench).await?;
    let own = intent(Layer::Override, bench.now());
    let of = |id: &str| Intent { for_release: Some(checked(id.parse())), ..own.clone() };
    let (one, other) = (of("octo/shop-1234-1"), of("octo/shop:1235"));
    let all = [&own, &one, &other].map(|intent| LedgerWrite::PutIntent(intent.clone()));
    bench.ledger().commit(&scope, 1, &all).await?;
    equal("all", &in_order(load(bench, &scope).await?), &vec![own.clone(), one.clone(), other.clone()])?;
    bench.ledger().commit(&scope, 1, &[LedgerWrite::DropIntent(one.intent_key())]).await?;
    equal("the others", &in_order(load(bench, &scope).await?), &vec![own.clone(), other.clone()])?;
    bench.ledger().withdraw(&scope, &own.intent_key()).await?;
    equal("the other pipeline's", &in_order(load(bench, &scope).await?), &vec![other])
}

/// The tick's word comes and goes beside an emergency.
pub async fn an_intent_outside_a_run_leaves_the_emergencies<B: ContractBench>(bench: &B) -> Passed {
    let (scope, _) = leased(bench).await?;
    let (schedule, surge) = (intent(Layer::Schedule, bench.now()), emergency("surge", bench.now()));
    bench.ledger().commit(&scope, 1, &[LedgerWrite::PutIntent(surge.clone())]).await?;
    bench.ledger().declare(&scope, &schedule).await?;
    equal("both", &in_order(load(bench, &scope).await?), &vec![schedule, surge.clone()])?;
    bench.ledger().withdraw(&scope, &IntentKey::of(Layer::Schedule)).await?;
    bench.ledger().withdraw(&scope, &IntentKey::of(Layer::Emergency)).await?;
    equal("the emergency", &in_order(load(bench, &scope).await?), &vec![surge])
}
