//! Items of the ledger, as older and newer releases, or somebody by hand, have left them.

use serde_json::Value;
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{Document, Entry, Key, LedgerError, ScopeStanding};
use watchkeeper_domain::backup::{BackupMemory, BackupRun};
use watchkeeper_domain::capacity::Baseline;
use watchkeeper_domain::emergency::alarm::AlarmMemory;
use watchkeeper_domain::failover::rehearsal::CapacityCertificate;
use watchkeeper_domain::failover::{Heartbeat, Move, Pointer, RegionSample, WatchState};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::reconcile::run::RunRecord;

use crate::entry::{EntryPoint, Input, Refusal};

/// Items as the release before the document store wrote them, one of each kind.
const SAMPLES: &str = include_str!("../../../shared/aws/src/ledger/samples.json");

/// Every kind of item of which there is a sample.
pub fn entry_points() -> Vec<EntryPoint> {
    let entry = |name, kept: &str, read| EntryPoint { name, examples: samples(kept), read };
    vec![
        entry("item BASELINE", "BASELINE", item::<Baseline>),
        entry("item INTENT", "INTENT", item::<Intent>),
        entry("item STANDING", "STANDING", item::<ScopeStanding>),
        entry("item HALT", "HALT", item::<HaltSwitch>),
        entry("item ALARM", "ALARM", item::<AlarmMemory>),
        entry("item RUN of reconcile", "RUN#clos", item::<RunRecord>),
        entry("item RUN of backups", "RUN#backups", item::<BackupRun>),
        entry("item JOB", "JOB", item::<BackupMemory>),
        entry("item POINTER", "POINTER", item::<Pointer>),
        entry("item HEARTBEAT", "HEARTBEAT", item::<Heartbeat>),
        entry("item SAMPLE", "SAMPLE", item::<RegionSample>),
        entry("item WATCH", "WATCH", item::<WatchState>),
        entry("item CERTIFICATE", "CERTIFICATE", item::<CapacityCertificate>),
        entry("item MOVE", "MOVE", item::<Move>),
        EntryPoint { name: "item LEASE", examples: vec![lease()], read: item::<Lease> },
    ]
}

/// The documents of the samples whose key begins like this.
fn samples(kept: &str) -> Vec<Input> {
    let items: Value = serde_json::from_str(SAMPLES).unwrap_or_default();
    let of = items
        .as_array()
        .into_iter()
        .flatten()
        .filter(|item| item["sk"]["S"].as_str().is_some_and(|key| key.starts_with(kept)));
    of.filter_map(|item| serde_json::from_str(item["json"]["S"].as_str()?).ok()).map(Input::Json).collect()
}

fn lease() -> Input {
    Input::Json(serde_json::json!({
        "holder": "clos-v2-dev-20261121T000500Z", "layer": "schedule", "generation": 7,
        "usable": "2026-11-21T00:05:00Z", "expires": "2026-11-21T00:08:00Z", "at-work": true,
    }))
}

/// An item is damaged, or read: an error has its key and its scope.
fn item<D: Document>(input: &Input) -> Result<(), Refusal> {
    let Input::Json(value) = input else { return Ok(()) };
    let Some(scope) = scope() else { return Ok(()) };
    let entry = Entry { key: Key::standing(&scope), text: Ok(value.to_string()), form: D::FORM, number: Some(1) };
    entry.read::<D>().map(drop).map_err(|error| {
        let (damaged, text) = (matches!(error, LedgerError::Corrupt { .. }), error.to_string());
        Refusal { names_place: damaged && text.contains("STANDING") && text.contains("clos-v2"), text }
    })
}

fn scope() -> Option<Scope> {
    let (estate, environment) = (EstateName::new("clos-v2").ok()?, EnvironmentName::new("dev").ok()?);
    Some(Scope { estate, environment, region: Region::new("us-east-1").ok()? })
}
