//! A shop in two regions that uses every section, and an account that is as its document needs it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use watchkeeper_domain::backup::{CopyQuota, ObservedSource, ResourceKind, SourceState};
use watchkeeper_domain::capacity::{DatabaseId, DatabaseState, ObservedDatabase, ServiceId};
use watchkeeper_domain::estate::Estate;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::preflight::{
    AccountQuotaFacts, AccountRegion, AlarmFacts, BucketFacts, ControllerKind, DatabaseFacts, FoundService, FoundTable,
    MANAGED, PreflightFacts, QueueFacts, ReportRow, RowMark, Tags, TargetFacts, WantedResources, judge,
};
use watchkeeper_domain::value::{AlarmName, ResourceName};

pub(crate) fn region(name: &str) -> Region {
    Region::new(name).unwrap()
}

pub(crate) fn name(text: &str) -> ResourceName {
    text.parse().unwrap()
}

pub(crate) fn id(text: &str) -> ServiceId {
    ServiceId::try_from(text.to_owned()).unwrap()
}

pub(crate) fn database() -> DatabaseId {
    DatabaseId::try_from("rds:shop-db".to_owned()).unwrap()
}

pub(crate) fn alarm(text: &str) -> AlarmName {
    text.parse().unwrap()
}

pub(crate) fn tagged() -> Tags {
    Tags::from([(MANAGED.to_owned(), "true".to_owned())])
}

/// A shop in two regions that uses every section.
pub(crate) fn estate() -> Estate {
    serde_json::from_value(estate_document()).unwrap()
}

pub(crate) fn estate_document() -> serde_json::Value {
    json!({
        "estate": "shop",
        "environments": { "dev": {
            "kind": "staging",
            "regions": { "primary": "eu-west-1", "standby": "eu-central-1" },
            "clusters": { "eu-west-1": { "shop": ["api", "worker"] }, "eu-central-1": { "shop-b": ["api", "worker"] } },
            "databases": [{ "rds": "shop-db" }],
            "capacity": { "api": { "desired": 2, "min": 1, "max": 4 } },
            "awake": { "zone": "Europe/Dublin", "weekly": { "mon-fri": "08:00-19:00" } },
            "alarms": ["shop-5xx", "shop-db-connections"],
            "emergency": {
                "profiles": { "surge": { "desired": 6, "for": "2h" } },
                "responses": [{ "alarm": "shop-5xx", "run": "surge", "veto": ["shop-db-connections"] }],
                "rollback": { "alarms": ["shop-5xx"], "within": "30m" },
            },
            "failover": {
                "detect": "ask", "rto": "5m", "rpo": "1s", "capacity": { "api": 2, "worker": 1 },
                "tables": [{ "table": "shop-orders", "key": "id" }], "images": ["shop-api"],
                "probe": { "primary": "https://a.shop.example", "standby": "https://b.shop.example", "paths": { "api": "/health" } },
                "traffic": { "strategy": "switch-object", "names": ["shop.example"], "bucket": "shop-switch", "object": "on" },
            },
            "backups": { "zone": "Etc/UTC", "jobs": [
                { "rds": "shop-db", "schedule": { "at": "03:00" }, "retention": { "daily": 7 }, "verify": { "point-in-time": true },
                  "copy": { "region": "eu-central-1", "key": "alias/shop" } },
                { "dynamodb": "shop-locks", "schedule": { "at": "03:00" }, "retention": { "daily": 7 }, "verify": { "point-in-time": true } },
                { "s3": "shop-files/state", "schedule": { "at": "03:00" }, "retention": { "daily": 7 } },
            ]},
            "unblock": {
                "at": "09:00", "days": "mon-fri", "zone": "Europe/Dublin",
                "locks": { "table": "shop-locks", "pod": "pod", "item": "item", "lock-type": "type", "acquired-by": "by",
                    "acquired-at": "at", "expires-at": "until", "released-at": "released", "index": "by-type" },
                "queues": [{ "queue": "shop-queue", "dead-letters": "shop-queue-dlq", "redrive": true }],
                "report": { "bus": "shop-bus", "source": "shop", "detail-type": "Report" },
            },
        }},
    })
}

pub(crate) fn service(cluster: &str, name: &str, desired: u32) -> FoundService {
    FoundService {
        arn: format!("arn:aws:ecs:eu-west-1:123456789012:service/{cluster}/{name}"),
        desired,
        running: desired,
        tags: tagged(),
        daemon: false,
        controller: ControllerKind::Ecs,
        target_groups: Ok(vec![("tg-api".to_owned(), Some("/health".to_owned()))]),
        target: Ok(Some(TargetFacts {
            arn: Some(format!("arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/{name}")),
            min: 1,
            max: 4,
            tags: Ok(tagged()),
            scheduled: Ok(Vec::new()),
        })),
        cpu_units: Ok(Some(512)),
    }
}

pub(crate) fn table(replicas: &[&str]) -> FoundTable {
    FoundTable {
        replicas: replicas.iter().map(|it| (region(it), "ACTIVE".to_owned())).collect(),
        indexes: BTreeSet::from(["by-type".to_owned()]),
        tags: Ok(tagged()),
        recovers: Ok(true),
    }
}

pub(crate) fn queue(redrive: Option<&str>, sources: &[&str]) -> QueueFacts {
    let redrive = redrive.map(|to| (format!("arn:aws:sqs:eu-west-1:123456789012:{to}"), 3));
    let sources = Ok(sources.iter().map(|it| (*it).to_owned()).collect());
    QueueFacts {
        url: "https://sqs.eu-west-1.amazonaws.com/123456789012/q".to_owned(),
        tags: Ok(tagged()),
        redrive,
        sources,
    }
}

pub(crate) fn clean() -> PreflightFacts {
    let place = AccountRegion { partition: "aws".into(), account: "123456789012".into(), region: region("eu-west-1") };
    let quotas = AccountQuotaFacts { vcpu: Ok(Some(64)), vcpu_used: Ok(Some(4)), tasks_per_service: Ok(Some(5000)) };
    let mut facts = PreflightFacts::nothing(place, quotas);
    facts.clusters.insert(id("shop/api").cluster, Ok(Some("ACTIVE".to_owned())));
    for name in ["api", "worker"] {
        facts.services.insert(id(&format!("shop/{name}")), Ok(Some(service("shop", name, 2))));
    }
    let observed =
        ObservedDatabase { state: DatabaseState::Available, managed: true, cannot_stop: None, scheduler: None };
    facts.databases.insert(database(), Ok(Some(DatabaseFacts { observed, tags: Ok(tagged()) })));
    let window = watchkeeper_domain::backup::RestoreWindow { from: None, to: jiff::Timestamp::UNIX_EPOCH };
    for source in ["rds:shop-db", "dynamodb:shop-locks", "s3:shop-files/state"] {
        let (state, settings) = (SourceState::Available, BTreeMap::new());
        let found = ObservedSource { state, encrypted: true, window: Some(window), settings };
        facts.sources.insert(source.parse().unwrap(), Ok(Some(found)));
    }
    facts.snapshots.insert(ResourceKind::Rds, Ok(Some(CopyQuota { used: 20, limit: 100 })));
    facts.tables.insert(name("shop-orders"), Ok(Some(table(&["eu-west-1", "eu-central-1"]))));
    facts.tables.insert(name("shop-locks"), Ok(Some(table(&["eu-west-1"]))));
    facts.queues.insert(name("shop-queue"), Ok(Some(queue(Some("shop-queue-dlq"), &[]))));
    facts.queues.insert(name("shop-queue-dlq"), Ok(Some(queue(None, &["shop-queue"]))));
    for it in ["shop-5xx", "shop-db-connections"] {
        let facts_of = AlarmFacts { state: "OK".into(), actions_enabled: true, muted_by: Ok(BTreeSet::new()) };
        facts.alarms.insert(alarm(it), Ok(Some(facts_of)));
    }
    facts.buses.insert(name("shop-bus"), Ok(Some(Ok(tagged()))));
    let bucket = BucketFacts { region: Some("eu-west-1".to_owned()), versions: Ok(true) };
    facts.buckets.insert(name("shop-files"), Ok(Some(bucket)));
    facts.repositories.insert(name("shop-api"), Ok(true));
    facts
}

pub(crate) fn rows(facts: &PreflightFacts) -> Vec<ReportRow> {
    let estate = estate();
    let environment = estate.environments().next().unwrap();
    let wanted = WantedResources::of(&estate, environment, &facts.place.region);
    judge(environment, &wanted, facts)
}

pub(crate) fn of(rows: &[ReportRow], mark: RowMark) -> Vec<&ReportRow> {
    rows.iter().filter(|row| row.mark == mark).collect()
}

pub(crate) fn api(facts: &mut PreflightFacts) -> &mut FoundService {
    facts.services.get_mut(&id("shop/api")).unwrap().as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn target(facts: &mut PreflightFacts) -> &mut TargetFacts {
    api(facts).target.as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn db(facts: &mut PreflightFacts) -> &mut DatabaseFacts {
    facts.databases.get_mut(&database()).unwrap().as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn locks(facts: &mut PreflightFacts) -> &mut FoundTable {
    facts.tables.get_mut(&name("shop-locks")).unwrap().as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn letters(facts: &mut PreflightFacts) -> &mut QueueFacts {
    facts.queues.get_mut(&name("shop-queue")).unwrap().as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn errors(facts: &mut PreflightFacts) -> &mut AlarmFacts {
    facts.alarms.get_mut(&alarm("shop-5xx")).unwrap().as_mut().unwrap().as_mut().unwrap()
}
