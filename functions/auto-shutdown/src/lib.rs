//! The tick: evaluates every calendar of this region at the event's instant, declares the `schedule` intent where
//! it has changed, and starts `reconcile` where something may differ. It decides; it changes no capacity.

use jiff::Timestamp;
use serde::Serialize;
use watchkeeper_control::ledger::{Ledger, LedgerError};
use watchkeeper_control::place::{PairPlace, StackIdentity};
use watchkeeper_control::ports::{AwsError, Executions, StartOutcome};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::execution::execution_name;
use watchkeeper_domain::intent::{DesiredState, Intent, Layer};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::request::RunRequest;
use watchkeeper_estates::EstateFolder;
use watchkeeper_lambda::{FunctionFailure, ScheduleTick};

/// What one tick did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ticked {
    /// Each environment of this account in this region.
    pub environments: Vec<Line>,
}

/// What a tick decided about one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Which.
    #[serde(flatten)]
    pub scope: Scope,
    /// Whether its calendar wants it awake; without one it is to be awake.
    pub awake: bool,
    /// The rule of the calendar.
    pub why: String,
    /// What was done about it.
    pub did: Did,
}

/// What a tick did about one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Did {
    /// Nothing: no intent holds and no baseline is kept.
    Nothing,
    /// A run was started.
    Started,
    /// The run of this very instant was there already: the tick is a doubled one.
    Doubled,
    /// Nothing: a later tick has spoken already.
    Late,
}

/// A tick that could not look after one environment.
#[derive(Debug, thiserror::Error)]
pub enum TickError {
    /// The ledger did not do what it was asked.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The run could not be started.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

impl From<TickError> for FunctionFailure {
    fn from(error: TickError) -> Self {
        match error {
            TickError::Ledger(error) => error.into(),
            TickError::Aws(error) => error.into(),
        }
    }
}

/// Looks after every environment of this account that has resources in this region. One that fails does not keep the
/// others from their turn; the first failure is returned after the last environment, so that the tick is retried.
///
/// # Errors
/// The first [`TickError`].
pub async fn handle<L: Ledger, X: Executions>(
    ledger: &L,
    executions: &X,
    estates: &EstateFolder,
    home: &StackIdentity,
    tick: &ScheduleTick,
) -> Result<Ticked, TickError> {
    let mut environments = Vec::new();
    let mut failed = None;
    let all = estates.iter().flat_map(|estate| estate.environments().map(move |environment| (estate, environment)));
    for (estate, environment) in all.filter(|(_, environment)| home.has(environment)) {
        let scope = Scope {
            estate: estate.name().clone(),
            environment: environment.name().clone(),
            region: home.region.clone(),
        };
        let wanted = wanted(environment, tick.time);
        let (awake, why) = (wanted.want == DesiredState::Awake, wanted.reason.clone());
        let half = PairPlace::of(estate, environment, &home.region);
        match look_after(ledger, executions, &scope, half.as_ref(), wanted).await {
            Ok(did) => {
                if environment.calendar().is_some() {
                    tracing::info!(estate = %scope.estate, environment = %scope.environment, awake, why, ?did,
                        "calendar evaluated");
                }
                environments.push(Line { scope, awake, why, did });
            }
            Err(error) => {
                tracing::warn!(estate = %scope.estate, environment = %scope.environment, %error,
                    "the environment could not be looked after; the tick will be retried");
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(Ticked { environments }), Err)
}

async fn look_after<L: Ledger, X: Executions>(
    ledger: &L,
    executions: &X,
    scope: &Scope,
    half: Option<&PairPlace>,
    wanted: Intent,
) -> Result<Did, TickError> {
    let seen = ledger.load(scope).await?;
    let instant = wanted.declared;
    // Half of a pair is looked at while the pointer wants something of it; a pointer that cannot be followed is told by
    // the run that it fails.
    let pointed = match half {
        Some(half) => {
            let pair = ledger.pair(&half.id).await?;
            half.placement(&pair, &seen, instant).map_or(true, |intent| intent.is_some())
        }
        None => false,
    };
    let declared = seen.intents.iter().find(|intent| intent.layer == Layer::Schedule);
    if declared.is_some_and(|declared| declared.declared > instant) {
        return Ok(Did::Late);
    }
    // Nothing declared is as good as awake: a tick writes only where the calendar's word has changed.
    let changed = declared.map_or(&DesiredState::Awake, |declared| &declared.want) != &wanted.want;
    if changed {
        ledger.declare(scope, &wanted).await?;
    }
    let others = seen.intents.iter().filter(|intent| intent.layer != Layer::Schedule);
    let held = wanted.want == DesiredState::Asleep || others.into_iter().any(|intent| intent.holds(instant));
    if !(changed || held || pointed || seen.baseline.is_some()) {
        return Ok(Did::Nothing);
    }
    let input = RunRequest::of_tick(scope, instant).to_string();
    let name = execution_name(&[scope.estate.as_str(), scope.environment.as_str()], instant);
    Ok(match executions.start(&name, &input).await? {
        StartOutcome::New => Did::Started,
        StartOutcome::AlreadyThere => Did::Doubled,
    })
}

/// What the calendar wants at an instant, as an intent. Without a calendar an environment is to be awake, so that an
/// override ends, and one whose calendar was taken away is woken.
fn wanted(environment: &Environment, instant: Timestamp) -> Intent {
    let (want, reason) = match environment.calendar() {
        Some(calendar) => {
            let decision = calendar.at(instant);
            let want = if decision.awake { DesiredState::Awake } else { DesiredState::Asleep };
            (want, format!("{}, {}", decision.why, calendar.zone().name()))
        }
        None => (DesiredState::Awake, "it has no calendar".to_owned()),
    };
    Intent {
        layer: Layer::Schedule,
        want,
        reason,
        by: "auto-shutdown".to_owned(),
        declared: instant,
        expires: None,
        approved: [].into(),
    }
}
