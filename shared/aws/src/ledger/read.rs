//! A scope's partition, read into what is remembered of it.

use watchkeeper_control::ledger::{LedgerError, ScopeState};
use watchkeeper_domain::name::Scope;

use super::item::{Item, unpack};
use super::key::{ALARM, BASELINE, HALT, INTENT, ItemKey, LEASE, SK, STANDING};
use super::lease;

/// What the items of a scope say, and the halt switch of everything. Items that this version does not know are left
/// alone: a newer one may run beside it during a deployment.
pub(super) fn remembered(
    scope: &Scope,
    items: Vec<Item>,
    halt_of_everything: Option<&Item>,
) -> Result<ScopeState, LedgerError> {
    let mut remembered = ScopeState::default();
    for item in items {
        absorb(scope, item, &mut remembered)?;
    }
    if let (None, Some(item)) = (&remembered.halt, halt_of_everything) {
        remembered.halt = Some(unpack(&ItemKey::halt_of_everything(), &"every scope", item)?);
    }
    Ok(remembered)
}

fn absorb(scope: &Scope, item: Item, remembered: &mut ScopeState) -> Result<(), LedgerError> {
    let Some(sk) = item.get(SK).and_then(|sk| sk.as_s().ok()).cloned() else { return Ok(()) };
    let key = ItemKey::of(scope, &sk);
    match sk.as_str() {
        BASELINE => remembered.baseline = Some(unpack(&key, scope, &item)?),
        STANDING => remembered.standing = unpack(&key, scope, &item)?,
        HALT => remembered.halt = Some(unpack(&key, scope, &item)?),
        LEASE => remembered.lease = Some(lease::read(&key, scope, item)?),
        sk if sk.starts_with(INTENT) => remembered.intents.push(unpack(&key, scope, &item)?),
        // What is remembered of an alarm is asked for by its name, and is not the business of a run.
        sk if sk.starts_with(ALARM) => {}
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_dynamodb::types::AttributeValue;
    use jiff::Timestamp;
    use watchkeeper_control::ledger::LedgerWrite;
    use watchkeeper_control::ledger::{ScopeStanding, SettledTarget};
    use watchkeeper_domain::capacity::{
        Baseline, Capacity, DatabaseId, DatabasePower, ReachedTargets, ScalingState, ServiceCapacity, ServiceId,
        Suspensions,
    };
    use watchkeeper_domain::guardrail::HaltSwitch;
    use watchkeeper_domain::intent::{DesiredState, Intent, IntentKey, Layer};

    use super::super::alarm;
    use super::super::commit::transaction;
    use super::super::item;
    use super::super::key::tests::{self, scope};
    use super::super::version::VersionRaise;
    use super::*;

    const T0: Timestamp = Timestamp::constant(1_795_000_000, 0);

    fn baseline() -> Baseline {
        let suspended = Suspensions { scale_in: true, ..Suspensions::NONE };
        let scaling = Some(ScalingState { min: 1, max: 4, suspended });
        let service = ServiceId::try_from("clos-v2-cluster/clos-v2-core-api-service".to_owned()).unwrap();
        let database = DatabaseId::try_from("aurora:clos-v2-db-cluster".to_owned()).unwrap();
        let capacity = Capacity {
            services: [(service, ServiceCapacity { desired: 1, scaling })].into(),
            databases: [(database, DatabasePower::On)].into(),
        };
        Baseline { capacity, taken: T0 }
    }

    fn intent(layer: Layer) -> Intent {
        let (reason, by) = ("19:00 New York".to_owned(), "run".to_owned());
        Intent { layer, want: DesiredState::Asleep, reason, by, declared: T0, expires: None, approved: [].into() }
    }

    fn halt(reason: &str) -> HaltSwitch {
        HaltSwitch { by: "run".to_owned(), reason: reason.to_owned(), since: T0 }
    }

    /// The items that a commit would leave behind.
    fn written(writes: &[LedgerWrite]) -> Vec<Item> {
        let items = transaction("ledger", &scope(), 1, writes).unwrap();
        items.into_iter().filter_map(|item| item.put).map(|put| put.item).collect()
    }

    #[test]
    fn what_was_committed_is_what_is_remembered() {
        let settled = Some(SettledTarget {
            target: "00ff".to_owned(),
            at: T0,
            epoch: Some(3),
            placement: Some("opening".to_owned()),
        });
        let reached = Some(ReachedTargets::all(&baseline().capacity, T0));
        let standing = ScopeStanding {
            settled,
            reached,
            told: Some("drift".to_owned()),
            followed: Some(3),
            ..ScopeStanding::default()
        };
        let lease = watchkeeper_control::lease::Lease {
            holder: "run".to_owned(),
            layer: Layer::Schedule,
            generation: 1,
            usable: T0,
            expires: T0,
            at_work: false,
        };
        let intents = vec![intent(Layer::Schedule), intent(Layer::Override)];
        let mut writes = vec![
            LedgerWrite::PutBaseline(baseline()),
            LedgerWrite::PutStanding(standing.clone()),
            LedgerWrite::PutLease(lease.clone()),
        ];
        writes.extend(intents.iter().cloned().map(LedgerWrite::PutIntent));
        let mut found = remembered(&scope(), written(&writes), None).unwrap();
        found.intents.sort_by_key(|intent| intent.layer);
        let expected = ScopeState { baseline: Some(baseline()), intents, lease: Some(lease), standing, halt: None };
        assert_eq!(found, expected);
    }

    #[test]
    fn nothing_there_is_nothing_remembered() {
        assert_eq!(remembered(&scope(), Vec::new(), None).unwrap(), ScopeState::default());
    }

    #[test]
    fn a_standing_without_a_pair_reads_as_it_did_before_there_were_any() {
        let mut item = ItemKey::of(&scope(), STANDING).attributes();
        let json = r#"{"settled":{"target":"00ff","at":"2026-11-18T11:06:40Z"}}"#;
        item.insert("json".to_owned(), AttributeValue::S(json.to_owned()));
        let standing = remembered(&scope(), vec![item], None).unwrap().standing;
        assert_eq!(standing.settled.unwrap().epoch, None);
        assert_eq!(standing.followed, None);
    }

    #[test]
    fn items_of_before_each_resource_was_by_itself_read_as_they_were_meant() {
        let item = |sk: &str, json: String| {
            let mut item = ItemKey::of(&scope(), sk).attributes();
            item.insert("json".to_owned(), AttributeValue::S(json));
            item
        };
        let capacity = r#"{"services":{"c/api":{"desired":2,"scaling":{"min":1,"max":3,"suspended":
            {"scale-in":false,"scale-out":false,"scheduled":false}}}},"databases":{"rds:Shop-DB":"on"}}"#;
        let kept = item(BASELINE, format!(r#"{{"capacity":{capacity},"taken":"2026-11-18T11:06:40Z"}}"#));
        let found = remembered(&scope(), vec![kept], None).unwrap().baseline.unwrap();
        let database = DatabaseId::try_from("rds:shop-db".to_owned()).unwrap();
        assert_eq!(found.capacity.databases[&database], DatabasePower::On, "RDS tells no cases apart");
        // What was reached as a whole was reached by each.
        let (target, at) = (found.capacity.fingerprint(), "2026-11-18T11:06:40Z");
        let standing = item(STANDING, format!(r#"{{"settled":{{"target":"{target}","at":"{at}"}}}}"#));
        let standing = remembered(&scope(), vec![standing], None).unwrap().standing;
        assert_eq!(standing.reached(&found.capacity), ReachedTargets::all(&found.capacity, at.parse().unwrap()));
        assert_eq!(
            standing.reached(&Capacity::default()),
            ReachedTargets::default(),
            "of another target nothing is known"
        );
    }

    #[test]
    fn the_scopes_own_halt_comes_before_everythings() {
        let own = item::halt(&ItemKey::halt(&scope()), Some(&scope()), &halt("own")).unwrap();
        let all = item::halt(&ItemKey::halt_of_everything(), None, &halt("all")).unwrap();
        let both = remembered(&scope(), vec![own], Some(&all)).unwrap();
        assert_eq!(both.halt, Some(halt("own")));
        assert_eq!(remembered(&scope(), Vec::new(), Some(&all)).unwrap().halt, Some(halt("all")));
    }

    #[test]
    fn a_broken_intent_is_named() {
        let mut broken = ItemKey::intent(&scope(), &IntentKey::of(Layer::Schedule)).attributes();
        broken.insert("json".to_owned(), AttributeValue::S("{".to_owned()));
        let error = remembered(&scope(), vec![broken], None).unwrap_err();
        assert!(error.to_string().starts_with("item INTENT#schedule of clos-v2 dev"), "{error}");
    }

    #[test]
    fn the_memory_of_an_alarm_is_not_the_business_of_a_run() {
        let memory = watchkeeper_domain::emergency::alarm::AlarmMemory::default();
        let item = alarm::put("ledger", &scope(), &tests::alarm(), &memory, VersionRaise::version(0)).unwrap().item;
        assert_eq!(remembered(&scope(), vec![item], None).unwrap(), ScopeState::default());
    }

    #[test]
    fn an_item_of_a_later_version_is_left_alone() {
        let unknown = ItemKey::of(&scope(), "TOMORROW").attributes();
        assert_eq!(remembered(&scope(), vec![unknown], None).unwrap(), ScopeState::default());
    }
}
