//! What else can be the matter: each environment has one thing that the ten of the moment do not have.

use jiff::SignedDuration;
use watchkeeper_domain::estate::EnvironmentKind::Production;
use watchkeeper_domain::failover::readiness::FindingGrade;
use watchkeeper_domain::failover::{MoveStage, OngoingMove};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::unblock::{FindingSource, UnblockFinding};
use watchkeeper_window::facts::{EnvironmentFacts, PairState, Reading, ScopeTrouble, TroubleKind, WindowFacts};

use super::estates::everything;
use super::parts::{environment, fresh, ledger};
use super::{at, now, over};

fn plain(name: &str) -> EnvironmentFacts {
    environment("trouble", name, Production, "us-east-1", "Etc/UTC", 3)
}

fn ended(name: &str, kind: TroubleKind, error: Option<&str>) -> EnvironmentFacts {
    let mut of = plain(name);
    let (since, wanted, error) = (now() - SignedDuration::from_hours(3), "wake".to_owned(), error.map(str::to_owned));
    ledger(&mut of).trouble = Some(ScopeTrouble { kind, since, wanted, error, violations: Vec::new(), run: None });
    of
}

fn pair(name: &str, change: fn(&mut PairState)) -> EnvironmentFacts {
    let mut of = everything().into_iter().find(|it| it.pair.is_some()).unwrap();
    of.environment = name.to_owned().try_into().unwrap();
    of.estate = "trouble".to_owned().try_into().unwrap();
    let Some(Reading::Now(state)) = &mut of.pair else { panic!("it was read") };
    change(state);
    of
}

/// Each of them.
pub(crate) fn troubles() -> Vec<EnvironmentFacts> {
    let mut running = plain("running");
    ledger(&mut running).running = Some(("trouble-running-run".to_owned(), at("2026-12-24T00:19:00Z")));
    let mut unsaved = plain("unsaved");
    let mut none = fresh("rds:unsaved-db", 0, 30);
    none.newest = None;
    unsaved.backups = Reading::Now(vec![none, fresh("rds:other-db", 40 * 60, 30)]);
    let mut stuck = plain("stuck");
    stuck.unblock = Reading::Now(vec![UnblockFinding {
        source: FindingSource::Locks,
        code: "malformed".to_owned(),
        subject: "idea-7".to_owned(),
        detail: "it has no owner: a person has to look".to_owned(),
        since: Some(at("2026-12-22T10:00:00Z")),
    }]);
    vec![
        ended("failed", TroubleKind::Failed, Some("Aws.Throttled")),
        ended("unverified", TroubleKind::Unverified, None),
        ended("overdue", TroubleKind::Overdue, None),
        ended("refused", TroubleKind::Refused, None),
        running,
        unsaved,
        stuck,
        pair("held", |state| {
            state.held = Some(("a-move".to_owned(), at("2026-12-23T23:00:00Z"), "targets are not healthy".to_owned()));
        }),
        pair("moving", |state| {
            let to = Region::new("us-west-2").unwrap();
            let sets = ([].into(), [].into(), [].into());
            state.pointer.moving =
                Some(OngoingMove { to, stage: MoveStage::Opening, open: sets.0, singletons: sets.1, serving: sets.2 });
        }),
        pair("unready", |state| {
            state.pointer.active = Region::new("us-west-2").unwrap();
            state.readiness.iter_mut().flat_map(|it| &mut it.findings).for_each(|it| it.grade = FindingGrade::Blocks);
        }),
        pair("unlooked", |state| state.readiness = None),
    ]
}

/// Everything is halted.
pub(crate) fn halted() -> WindowFacts {
    let mut facts = over(vec![plain("prod")]);
    let (by, reason) = ("a-run".to_owned(), "a provider is down (on-call)".to_owned());
    facts.own.halt = Reading::Now(Some(HaltSwitch { by, reason, since: at("2026-12-23T20:00:00Z") }));
    facts
}
