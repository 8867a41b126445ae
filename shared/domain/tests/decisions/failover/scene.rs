//! fleet-orchestration, as its document has it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use watchkeeper_domain::estate::Failover;
use watchkeeper_domain::failover::{MoveStage, OngoingMove, Pointer, ServiceFigures, Serving};
use watchkeeper_domain::name::{Region, ServiceName};
use watchkeeper_domain::order::StartOrder;

pub(crate) const FLEET: &str = "fleet-orchestration-fleet-service";
pub(crate) const JOB: &str = "fleet-orchestration-job-service";
pub(crate) const DASHBOARD: &str = "fleet-orchestration-dashboard";
pub(crate) const SIMULATOR: &str = "fleet-orchestration-car-simulator";

pub(crate) fn at(second: i64) -> Timestamp {
    "2026-11-20T03:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

pub(crate) fn service(name: &str) -> ServiceName {
    ServiceName::new(name).unwrap()
}

pub(crate) fn services() -> BTreeSet<ServiceName> {
    [FLEET, JOB, DASHBOARD, SIMULATOR].map(service).into()
}

pub(crate) fn home() -> Region {
    Region::new("us-west-2").unwrap()
}

pub(crate) fn standby() -> Region {
    Region::new("us-west-1").unwrap()
}

/// The document, with the fence of the singleton as given.
pub(crate) fn failover(fence: Option<&str>) -> Failover {
    let mut singleton = json!({ "service": SIMULATOR });
    if let Some(fence) = fence {
        singleton["fence"] = json!(fence);
        if fence == "dead-man" {
            singleton["silence"] = json!("3m");
        }
    }
    serde_json::from_value(json!({
        "detect": "automatic",
        "probe": {
            "primary": "https://fleet-orchestration-alb.us-west-2.example.com",
            "standby": "https://fleet-orchestration-alb.us-west-1.example.com",
            "paths": { FLEET: "/fleet/health", JOB: "/jobs/health", DASHBOARD: "/health" },
        },
        "rto": "5m",
        "rpo": "1s",
        "capacity": { FLEET: 2, JOB: 2, DASHBOARD: 2, SIMULATOR: 1 },
        "singletons": [singleton],
        "tables": [{ "table": "fleet-orchestration-vehicles", "key": "id" }],
        "traffic": {
            "strategy": "switch-object",
            "names": ["fleet.example.com"],
            "bucket": "fleet-orchestration-failover-us-west-1",
            "object": "standby-serves",
        },
    }))
    .unwrap()
}

/// The order of the document.
pub(crate) fn order() -> StartOrder {
    let waves = [[FLEET, JOB].as_slice(), &[DASHBOARD], &[SIMULATOR]];
    let waves = waves.iter().map(|wave| wave.iter().map(|name| service(name)).collect()).collect();
    StartOrder { waves, ..StartOrder::default() }
}

pub(crate) fn serving() -> Serving {
    let figures = |desired| ServiceFigures { desired, bounds: None };
    [(FLEET, 2), (JOB, 2), (DASHBOARD, 2), (SIMULATOR, 1)].map(|(name, count)| (service(name), figures(count))).into()
}

/// A pointer that moves from home to the standby, with these services open.
pub(crate) fn moving_away(stage: MoveStage, open: &[&str]) -> Pointer {
    let moving = OngoingMove {
        to: standby(),
        stage,
        open: open.iter().map(|name| service(name)).collect(),
        singletons: [].into(),
        serving: serving(),
    };
    Pointer {
        epoch: 1,
        revision: 3,
        moving: Some(moving),
        by: "run".to_owned(),
        since: at(0),
        ..Pointer::at_home(&home())
    }
}

/// A pointer that is steady at the standby.
pub(crate) fn away() -> Pointer {
    Pointer {
        active: standby(),
        epoch: 1,
        revision: 5,
        serving: serving(),
        by: "run".to_owned(),
        since: at(0),
        ..Pointer::at_home(&home())
    }
}

/// A pointer that moves home, with these services open.
pub(crate) fn moving_home(stage: MoveStage, open: &[&str]) -> Pointer {
    let open = open.iter().map(|name| service(name)).collect();
    let moving = OngoingMove { to: home(), stage, open, singletons: [].into(), serving: Serving::new() };
    Pointer { epoch: 2, revision: 7, moving: Some(moving), ..away() }
}
