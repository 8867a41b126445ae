//! clos-v2 production on an afternoon, with its alarms.

use serde_json::{Value, json};
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::capacity::{Capacity, ServiceId};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, RequestedProfile};
use watchkeeper_in_memory::{EmergencyRun, InMemoryHarness};
use watchkeeper_sim::{SimRegion, SimRegionBuilder, alarm_event, aurora, scope, service};

use crate::scene::minutes;

pub(crate) const ACCOUNT: &str = "210987654321";
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const ERRORS: &str = "clos-v2-alb-5xx-errors";
pub(crate) const CONNECTIONS: &str = "clos-v2-rds-connections-high";
pub(crate) const API: &str = "clos-v2-cluster/clos-v2-core-api-service";
pub(crate) const ENGINE: &str = "clos-v2-cluster/clos-v2-workflow-engine-service";

pub(crate) fn production() -> SimRegionBuilder {
    SimRegion::builder()
        .at("2026-11-20T15:00:00Z")
        .with(service(API).desired(3).scaling(3, 6))
        .with(service(ENGINE).desired(3).scaling(3, 6))
        .with(aurora("clos-v2-db-cluster"))
        .alarm(ERRORS, AlarmState::Ok)
        .alarm(CONNECTIONS, AlarmState::Ok)
        .alarm("clos-v2-rds-cpu-high", AlarmState::Ok)
}

pub(crate) fn harness(sim: SimRegionBuilder) -> InMemoryHarness {
    InMemoryHarness::new(sim.build(), REGION).in_account(ACCOUNT)
}

pub(crate) fn prod() -> watchkeeper_domain::name::Scope {
    scope("clos-v2", "prod", REGION)
}

pub(crate) fn id(name: &str) -> ServiceId {
    ServiceId::try_from(name.to_owned()).unwrap()
}

/// Count, floor and ceiling of a service.
pub(crate) fn figures(capacity: &Capacity, name: &str) -> (u32, u32, u32) {
    let service = capacity.services[&id(name)];
    let bounds = service.scaling.unwrap();
    (service.desired, bounds.min, bounds.max)
}

pub(crate) fn surging(capacity: &Capacity) -> bool {
    [API, ENGINE].into_iter().all(|name| figures(capacity, name) == (4, 4, 10))
}

pub(crate) fn event(harness: &InMemoryHarness, state: &str) -> Value {
    alarm_event(ERRORS, (ACCOUNT, REGION), state, harness.sim.now())
}

/// The alarm goes into ALARM, and what it calls for is played up to where it waits.
pub(crate) fn alarm(harness: &mut InMemoryHarness) -> Option<EmergencyRun> {
    harness.sim.set_alarm(ERRORS, AlarmState::Alarm);
    let event = event(harness, "ALARM");
    harness.hears(&event);
    harness.emergency_runs().pop()
}

pub(crate) fn by_hand(harness: &InMemoryHarness, name: &str, fields: Value) -> EmergencyRun {
    let mut request = json!({"estate": "clos-v2", "environment": "prod"});
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    request.as_object_mut().unwrap().extend(fields);
    harness.emergency_run(name, request)
}

pub(crate) fn subjects(harness: &InMemoryHarness) -> Vec<String> {
    harness.sim.messages().into_iter().map(|message| message.subject).collect()
}

pub(crate) fn requested(harness: &InMemoryHarness, layer: Layer, hours: i64) -> Intent {
    let profile: watchkeeper_domain::estate::EmergencyProfile =
        serde_json::from_value(json!({"desired": 2, "max": 3, "for": "1h"})).unwrap();
    let now = harness.sim.now();
    let want = DesiredState::Scaled(RequestedProfile::of(&"standby".parse().unwrap(), &profile, 0, [].into()));
    let (reason, by, expires) = ("test".to_owned(), "test".to_owned(), Some(now + minutes(60 * hours)));
    Intent { layer, want, reason, by, declared: now, expires, approved: [].into(), for_release: None }
}
