//! The keys of the ledger's items.

use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use watchkeeper_control::ledger::PairId;
use watchkeeper_domain::backup::BackupSource;
use watchkeeper_domain::intent::IntentKey;
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_domain::value::AlarmName;

use super::item::Item;

pub(super) const PK: &str = "pk";
pub(super) const SK: &str = "sk";
pub(super) const ALARM: &str = "ALARM#";
pub(super) const BACKUP: &str = "JOB#";
pub(super) const BASELINE: &str = "BASELINE";
pub(super) const INTENT: &str = "INTENT#";
pub(super) const LEASE: &str = "LEASE";
pub(super) const STANDING: &str = "STANDING";
pub(super) const HALT: &str = "HALT";
pub(super) const POINTER: &str = "POINTER";
pub(super) const HEARTBEAT: &str = "HEARTBEAT#";
pub(super) const SAMPLE: &str = "SAMPLE#";

/// The key of one item; written `pk sk`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ItemKey {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl ItemKey {
    /// An item in the partition of a scope.
    pub(super) fn of(scope: &Scope, sk: impl Into<String>) -> Self {
        Self { pk: partition(scope), sk: sk.into() }
    }

    pub(super) fn lease(scope: &Scope) -> Self {
        Self::of(scope, LEASE)
    }

    pub(super) fn alarm(scope: &Scope, alarm: &AlarmName) -> Self {
        Self::of(scope, format!("{ALARM}{alarm}"))
    }

    pub(super) fn intent(scope: &Scope, slot: &IntentKey) -> Self {
        Self::of(scope, format!("{INTENT}{slot}"))
    }

    pub(super) fn halt(scope: &Scope) -> Self {
        Self::of(scope, HALT)
    }

    pub(super) fn halt_of_everything() -> Self {
        Self { pk: HALT.to_owned(), sk: "ALL".to_owned() }
    }

    pub(super) fn backup(scope: &Scope, source: &BackupSource) -> Self {
        Self { pk: backups(scope), sk: format!("{BACKUP}{source}") }
    }

    pub(super) fn backup_run(scope: &Scope, id: &str) -> Self {
        Self { pk: backups(scope), sk: format!("RUN#{id}") }
    }

    pub(super) fn run(scope: &Scope, id: &str) -> Self {
        let Scope { estate, environment, region } = scope;
        Self { pk: format!("RUNS#{estate}#{environment}#{region}"), sk: format!("RUN#{id}") }
    }

    /// An item in the partition of a pair.
    pub(super) fn of_pair(pair: &PairId, sk: impl Into<String>) -> Self {
        Self { pk: pair_partition(pair), sk: sk.into() }
    }

    pub(super) fn heartbeat(pair: &PairId, region: &Region) -> Self {
        Self::of_pair(pair, format!("{HEARTBEAT}{region}"))
    }

    pub(super) fn sample(pair: &PairId, region: &Region) -> Self {
        Self::of_pair(pair, format!("{SAMPLE}{region}"))
    }

    pub(super) fn watch(PairId { estate, environment }: &PairId, region: &Region) -> Self {
        Self { pk: format!("WATCHES#{estate}#{environment}"), sk: format!("WATCH#{region}") }
    }

    pub(super) fn moved(PairId { estate, environment }: &PairId, id: &str) -> Self {
        Self { pk: format!("MOVES#{estate}#{environment}"), sk: format!("MOVE#{id}") }
    }

    /// The key as an item has it.
    pub(super) fn attributes(&self) -> Item {
        [(PK.to_owned(), text(&self.pk)), (SK.to_owned(), text(&self.sk))].into()
    }
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pk, self.sk)
    }
}

/// The partition of everything of a scope but its runs.
pub(super) fn partition(scope: &Scope) -> String {
    let Scope { estate, environment, region } = scope;
    format!("SCOPE#{estate}#{environment}#{region}")
}

/// The partition of everything that a pair's two regions tell each other.
pub(super) fn pair_partition(PairId { estate, environment }: &PairId) -> String {
    format!("PAIR#{estate}#{environment}")
}

/// The partition of a scope's backups.
pub(super) fn backups(scope: &Scope) -> String {
    let Scope { estate, environment, region } = scope;
    format!("BACKUPS#{estate}#{environment}#{region}")
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use watchkeeper_domain::intent::Layer;
    use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};

    use super::*;

    pub(in super::super) fn scope() -> Scope {
        Scope {
            estate: EstateName::new("clos-v2").unwrap(),
            environment: EnvironmentName::new("dev").unwrap(),
            region: Region::new("us-east-1").unwrap(),
        }
    }

    pub(in super::super) fn alarm() -> AlarmName {
        "clos-v2-alb-5xx-errors".parse().unwrap()
    }

    pub(in super::super) fn pair() -> PairId {
        PairId {
            estate: EstateName::new("fleet-orchestration").unwrap(),
            environment: EnvironmentName::new("prod").unwrap(),
        }
    }

    pub(in super::super) fn west1() -> Region {
        Region::new("us-west-1").unwrap()
    }

    #[test]
    fn the_keys_are_those_of_the_table_in_the_documentation() {
        let surge = IntentKey::emergency("surge".parse().unwrap());
        let keys = [
            (ItemKey::alarm(&scope(), &alarm()), "SCOPE#clos-v2#dev#us-east-1 ALARM#clos-v2-alb-5xx-errors"),
            (ItemKey::of(&scope(), BASELINE), "SCOPE#clos-v2#dev#us-east-1 BASELINE"),
            (ItemKey::of(&scope(), STANDING), "SCOPE#clos-v2#dev#us-east-1 STANDING"),
            (ItemKey::lease(&scope()), "SCOPE#clos-v2#dev#us-east-1 LEASE"),
            (ItemKey::intent(&scope(), &IntentKey::of(Layer::Schedule)), "SCOPE#clos-v2#dev#us-east-1 INTENT#schedule"),
            (ItemKey::intent(&scope(), &surge), "SCOPE#clos-v2#dev#us-east-1 INTENT#emergency#surge"),
            (ItemKey::halt(&scope()), "SCOPE#clos-v2#dev#us-east-1 HALT"),
            (ItemKey::halt_of_everything(), "HALT ALL"),
            (ItemKey::backup(&scope(), &"rds:a".parse().unwrap()), "BACKUPS#clos-v2#dev#us-east-1 JOB#rds:a"),
            (ItemKey::backup_run(&scope(), "x-1"), "BACKUPS#clos-v2#dev#us-east-1 RUN#x-1"),
            (ItemKey::run(&scope(), "clos-v2-dev-1"), "RUNS#clos-v2#dev#us-east-1 RUN#clos-v2-dev-1"),
            (ItemKey::of_pair(&pair(), POINTER), "PAIR#fleet-orchestration#prod POINTER"),
            (ItemKey::heartbeat(&pair(), &west1()), "PAIR#fleet-orchestration#prod HEARTBEAT#us-west-1"),
            (ItemKey::sample(&pair(), &west1()), "PAIR#fleet-orchestration#prod SAMPLE#us-west-1"),
            (ItemKey::watch(&pair(), &west1()), "WATCHES#fleet-orchestration#prod WATCH#us-west-1"),
            (ItemKey::moved(&pair(), "fleet-1"), "MOVES#fleet-orchestration#prod MOVE#fleet-1"),
        ];
        for (key, expected) in keys {
            assert_eq!(key.to_string(), expected);
        }
    }
}
