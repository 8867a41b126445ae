//! Estates that nobody wrote: each seed makes up its own document.

use fastrand::Rng;
use serde_json::{Value, json};
use watchkeeper_domain::capacity::{DatabaseId, DatabaseKind};
use watchkeeper_domain::estate::{Environment, EnvironmentDatabases};
use watchkeeper_domain::name::{DatabaseName, Region};

/// The name by which generated estates are asked for.
pub(crate) const GENERATED: &str = "generated";

/// The service of a generated estate that AWS has without a tag.
pub(crate) const UNTAGGED: &str = "untagged";

/// The databases of an environment in a region. Those that a document finds by their tags, AWS has under these names.
pub(crate) fn databases_of(environment: &Environment, region: &Region) -> Vec<DatabaseId> {
    let named = environment.databases(region);
    let managed = environment.document().databases == EnvironmentDatabases::Managed;
    if !managed || *region != environment.document().regions.primary {
        return named;
    }
    let Ok(name) = DatabaseName::new(format!("{}-found", environment.name())) else { return named };
    DatabaseKind::ALL.map(|kind| kind.named(name.clone())).into()
}

/// A document that nobody wrote.
pub(crate) fn generated(rng: &mut Rng) -> Value {
    let zones = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo"];
    let hours = ["08:00-19:00", "20:00-02:30", "02:15-03:15", "06:00-22:00", "00:00-24:00"];
    let mut environments = serde_json::Map::new();
    for n in 0..rng.usize(1..3) {
        let many = if rng.u8(0..8) == 0 { rng.usize(20..30) } else { rng.usize(1..5) };
        let mut services: Vec<String> = (0..many).map(|it| format!("s{it}")).collect();
        let capacity: serde_json::Map<String, Value> = services
            .iter()
            .map(|it| {
                let desired = rng.u32(1..6);
                (it.clone(), json!({ "desired": desired, "min": 1, "max": desired + 2 }))
            })
            .collect();
        if rng.u8(0..4) == 0 {
            services.push(UNTAGGED.to_owned());
        }
        let production = rng.u8(0..3) == 0;
        let zone = zones[rng.usize(..zones.len())];
        let mut environment = json!({
            "kind": if production { "production" } else { "staging" },
            "regions": { "primary": "us-east-1" },
            "clusters": { "us-east-1": { format!("c{n}"): services } },
            "databases": (0..rng.usize(0..3)).map(|it| json!({
                if rng.bool() { "aurora" } else { "rds" }: format!("d{n}-{it}")
            })).collect::<Vec<_>>(),
            "capacity": capacity,
            "guardrails": { "blast-radius": if production { "50 %" } else { "100 %" } },
            "emergency": {
                "profiles": {
                    "surge": { "desired": 4, "max": 8, "for": "2h" },
                    "more": { "desired": "200 %", "max": "300 %", "for": "1h", "ask": rng.bool() },
                    "less": { "desired": "50 %", "max": "50 %", "for": "2h", "only": ["s0"] },
                },
                "responses": [
                    { "alarm": format!("errors-{n}"), "run": "surge", "veto": [format!("connections-{n}")] },
                    { "alarm": format!("load-{n}"), "run": "more" },
                ],
                "cool-down": "10m", "minimum-delay": "5m", "max-age": "15m",
            },
        });
        if !production && rng.u8(0..4) > 0 {
            let weekly = json!({ "mon-fri": hours[rng.usize(..hours.len())] });
            environment["awake"] = json!({ "zone": zone, "weekly": weekly });
        }
        if production {
            environment["guardrails"]["floor"] = rng.u32(1..4).into();
            environment["guardrails"]["ceiling"] = rng.u32(8..11).into();
        }
        // Not drawn: the histories of a seed stay what they were.
        if zone == "Asia/Kolkata" {
            environment["databases"] = "managed".into();
        }
        if rng.bool() {
            let keep = json!({
                "daily": rng.u32(1..4), "weekly": rng.u32(0..3), "monthly": rng.u32(0..2), "minimum": rng.u32(1..6)
            });
            let job = json!({ "dynamodb": format!("t{n}"), "schedule": { "at": "03:00" }, "retention": keep });
            environment["backups"] = json!({ "zone": zone, "jobs": [job] });
        }
        environments.insert(format!("e{n}"), environment);
    }
    json!({ "estate": GENERATED, "environments": environments })
}
