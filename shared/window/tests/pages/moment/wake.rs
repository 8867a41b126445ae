//! An environment that sleeps, for whoever meets its page.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::name::{EnvironmentName, EstateName};
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_domain::value::Duration;
use watchkeeper_domain::wake_page::{WakeProgress, WakeState};
use watchkeeper_window::facts::{WakeNotice, WakePageFacts};

use super::now;

fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

/// Asleep since the evening, with a button.
pub(crate) fn asleep() -> WakePageFacts {
    let until = Some(now() + SignedDuration::from_hours(14));
    WakePageFacts {
        estate: EstateName::new("clos-v2").unwrap(),
        environment: EnvironmentName::new("dev").unwrap(),
        about: Some("The workflow engine".to_owned()),
        owner: Some("clos team".to_owned()),
        zone: "America/New_York".parse().unwrap(),
        now: now(),
        state: WakeState::Asleep { since: Some(ago(76)), until, failed: None },
        services: 4,
        databases: 1,
        progress: None,
        usual: Some(SignedDuration::from_secs(412)),
        left: 3,
        halted: false,
        lasts: Duration::minutes(120),
        asks_token: false,
        notice: None,
    }
}

/// The same with what came of a press.
pub(crate) fn told(notice: WakeNotice) -> WakePageFacts {
    let halted = notice == WakeNotice::Halted;
    let left = if matches!(notice, WakeNotice::UsedUp { .. }) { 0 } else { 2 };
    let asks_token = notice == WakeNotice::WrongToken;
    WakePageFacts { notice: Some(notice), halted, left, asks_token, ..asleep() }
}

/// The last press has not woken it.
pub(crate) fn failed() -> WakePageFacts {
    let state = WakeState::Asleep { since: None, until: None, failed: Some(RunOutcome::Failed) };
    WakePageFacts { state, services: 0, databases: 0, left: 1, usual: None, owner: None, about: None, ..asleep() }
}

/// It wakes: the database starts, and no service is up.
pub(crate) fn waking() -> WakePageFacts {
    let progress =
        WakeProgress { services: (1, 4), databases: (0, 1), starting: vec!["clos-v2-db-cluster".to_owned()] };
    WakePageFacts { state: WakeState::Waking { since: ago(3) }, progress: Some(progress), ..asleep() }
}
