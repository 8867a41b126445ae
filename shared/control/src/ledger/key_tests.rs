#![allow(clippy::unwrap_used)]
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::EnvironmentName;
use watchkeeper_window::report::EvidenceKind;

use super::*;

#[test]
fn the_keys_are_those_of_the_table_in_the_documentation() {
    let (estate, environment) = ("clos-v2", "dev");
    let estate = EstateName::new(estate).unwrap();
    let environment = EnvironmentName::new(environment).unwrap();
    let region = Region::new("us-east-1").unwrap();
    let pair = PairId { estate: estate.clone(), environment: environment.clone() };
    let scope = Scope { estate, environment, region: region.clone() };
    let release = IntentKey::release("octo/shop-1234-1".parse().unwrap());
    let surge = IntentKey::emergency("surge".parse().unwrap());
    let keys = [
        (Key::alarm(&scope, &"5xx-errors".parse().unwrap()), "SCOPE#clos-v2#dev#us-east-1 ALARM#5xx-errors"),
        (Key::baseline(&scope), "SCOPE#clos-v2#dev#us-east-1 BASELINE"),
        (Key::standing(&scope), "SCOPE#clos-v2#dev#us-east-1 STANDING"),
        (Key::history(&scope), "SCOPE#clos-v2#dev#us-east-1 HISTORY"),
        (Key::lease(&scope), "SCOPE#clos-v2#dev#us-east-1 LEASE"),
        (Key::intent(&scope, &IntentKey::of(Layer::Schedule)), "SCOPE#clos-v2#dev#us-east-1 INTENT#schedule"),
        (Key::intent(&scope, &surge), "SCOPE#clos-v2#dev#us-east-1 INTENT#emergency#surge"),
        (Key::intent(&scope, &release), "SCOPE#clos-v2#dev#us-east-1 INTENT#override#octo/shop-1234-1"),
        (Key::halt(Some(&scope)), "SCOPE#clos-v2#dev#us-east-1 HALT"),
        (Key::halt(None), "HALT ALL"),
        (Key::backup(&scope, &"rds:a".parse().unwrap()), "BACKUPS#clos-v2#dev#us-east-1 JOB#rds:a"),
        (Key::backup_run(&scope, "x-1"), "BACKUPS#clos-v2#dev#us-east-1 RUN#x-1"),
        (Key::run(&scope, "clos-v2-dev-1"), "RUNS#clos-v2#dev#us-east-1 RUN#clos-v2-dev-1"),
        (Key::note(&scope, LedgerNote::Memory), "RUNS#clos-v2#dev#us-east-1 UNBLOCK"),
        (Key::note(&scope, LedgerNote::Run("u-1")), "RUNS#clos-v2#dev#us-east-1 UNBLOCK#u-1"),
        (Key::note(&scope, LedgerNote::Page("u-1", 12)), "RUNS#clos-v2#dev#us-east-1 UNBLOCK#u-1#000012"),
        (Key::note(&scope, LedgerNote::Question("surge")), "RUNS#clos-v2#dev#us-east-1 QUESTION#surge"),
        (Key::note(&scope, LedgerNote::Asked("surge-1")), "RUNS#clos-v2#dev#us-east-1 ASKED#surge-1"),
        (Key::note(&scope, LedgerNote::Trouble("reconcile")), "RUNS#clos-v2#dev#us-east-1 TROUBLE#reconcile"),
        (Key::note(&scope, LedgerNote::Trouble("backup")), "BACKUPS#clos-v2#dev#us-east-1 TROUBLE#backup"),
        (Key::failures(&region), "STACK#us-east-1 FAILURES"),
        (Key::savings(&region), "STACK#us-east-1 SAVINGS"),
        (Key::view(&scope), "VIEWS#clos-v2#dev#us-east-1 VIEW"),
        (Key::pointer(&pair), "PAIR#clos-v2#dev POINTER"),
        (Key::heartbeat(&pair, &region), "PAIR#clos-v2#dev HEARTBEAT#us-east-1"),
        (Key::sample(&pair, &region), "PAIR#clos-v2#dev SAMPLE#us-east-1"),
        (Key::watch(&pair, &region), "WATCHES#clos-v2#dev WATCH#us-east-1"),
        (
            Key::due_report(&ReportName { scope: scope.clone(), kind: EvidenceKind::Run, run: "clos-1".to_owned() }),
            "REPORTS#clos-v2#us-east-1 DUE#dev/run-clos-1",
        ),
        (Key::report_chain(&scope.estate, &region), "REPORTS#clos-v2#us-east-1 CHAIN"),
        (Key::moved(&pair, "fleet-1"), "MOVES#clos-v2#dev MOVE#fleet-1"),
    ];
    for (key, expected) in keys {
        assert_eq!(key.to_string(), expected);
    }
}
