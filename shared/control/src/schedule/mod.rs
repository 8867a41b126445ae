//! The tick of the schedule: evaluates every calendar of this region at the event's instant, declares the `schedule` intent
//! where it has changed, and starts `reconcile` where something differs. It decides; it changes no capacity.

mod idle;
mod savings;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::execution::execution_name;
use watchkeeper_domain::intent::{DesiredState, Intent};
use watchkeeper_domain::intent::{Due, due};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::history::Month;
use watchkeeper_domain::request::RunRequest;

use crate::ledger::{KeptHistory, Ledger, ScopeState};
use crate::platform::Platform;
use crate::ports::{Clock, Executions, StartOutcome};
use crate::reconcile::Reconciler;
use crate::runbook::{RunbookError, ScheduleTick, Stack, round};
use crate::scoped::PairMember;

/// What one tick did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TickReport {
    /// Each environment of this account in this region.
    pub environments: Vec<EnvironmentResult>,
    /// The month that people were told of, if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Month>,
}

/// What a tick decided about one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnvironmentResult {
    /// The environment, in one region.
    #[serde(flatten)]
    pub scope: Scope,
    /// Whether its calendar wants it awake; without one it is to be awake.
    pub awake: bool,
    /// The rule of the calendar.
    pub why: String,
    /// What was done about it.
    pub did: TickOutcome,
    /// How long it has slept in this month, in seconds; nothing where it never has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asleep_seconds: Option<u64>,
}

/// What a tick did about one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TickOutcome {
    /// Nothing: no intent holds and no baseline is kept.
    Nothing,
    /// Nothing: what is wanted is there, or what hinders it was told before.
    Settled,
    /// A run was started.
    Started,
    /// The run of this very instant was there already: the tick is a doubled one.
    Doubled,
    /// Nothing: a later tick has spoken already.
    Late,
}

/// How long a tick looks for itself whether a run is needed; after it, runs find out. Other parts of the tick come after this
/// one, and the whole has two minutes.
const LOOKING: SignedDuration = SignedDuration::from_secs(45);

/// What the schedule works with.
pub struct ScheduleRunbook<P: Platform> {
    /// What is remembered.
    pub ledger: P::Ledger,
    /// The machine `reconcile`.
    pub reconcile: P::Machine,
    /// What that machine would do; here it only looks.
    pub reconciler: Reconciler<P>,
    /// How much environments are used.
    pub usage: P::Alarms,
}

impl<P: Platform> ScheduleRunbook<P> {
    /// Looks after every environment of this account that has resources in this region.
    ///
    /// # Errors
    /// The first [`RunbookError`]; the other environments have had their turn.
    pub async fn handle(&self, stack: &Stack, tick: &ScheduleTick) -> Result<TickReport, RunbookError> {
        let look = async |estate: &Estate, environment: &Environment| {
            let scope = stack.scope(estate, environment);
            let member = PairMember::of(estate, environment, &stack.home.region);
            let seen = self.ledger.load(&scope).await?;
            let wanted = self.wanted(stack, (estate, environment), &seen, tick.time).await;
            let asleep_seconds = match &seen.history {
                KeptHistory::Known(history, _) => history.asleep.this_month(tick.time),
                KeptHistory::Unread(_) => None,
            };
            let did = self.compare(stack, &scope, member.as_ref(), &wanted, &seen).await?;
            let (awake, why) = (wanted.want == DesiredState::Awake, wanted.reason);
            if environment.calendar().is_some() || environment.document().sleep_when_idle.is_some() {
                tracing::info!(estate = %scope.estate, environment = %scope.environment, awake, why, ?did,
                    "calendar evaluated");
            }
            Ok(EnvironmentResult { scope, awake, why, did, asleep_seconds })
        };
        let environments = round(stack.environments(), look).await;
        // Who cannot be looked after keeps nobody from hearing of the month.
        let told = self.tell_month(stack, tick.time).await?;
        Ok(TickReport { environments: environments?, told })
    }

    async fn compare(
        &self,
        stack: &Stack,
        scope: &Scope,
        member: Option<&PairMember>,
        wanted: &Intent,
        seen: &ScopeState,
    ) -> Result<TickOutcome, RunbookError> {
        let instant = wanted.declared;
        // Half of a pair is looked at while the pointer wants something of it; a pointer that cannot be followed is told by
        // the run that it fails.
        let pointed = match member {
            Some(member) => {
                let pair = self.ledger.pair(&member.id).await?;
                member.placement(&pair, seen, instant).map_or(true, |intent| intent.is_some())
            }
            None => false,
        };
        match due(wanted, &seen.intents, pointed || seen.baseline.is_some()) {
            Due::Late => Ok(TickOutcome::Late),
            Due::Nothing => Ok(TickOutcome::Nothing),
            Due::Compare { changed } => {
                let name = execution_name(&[scope.estate.as_str(), scope.environment.as_str()], instant);
                if changed {
                    self.ledger.declare(scope, wanted).await?;
                } else if self.is_settled(stack, scope, &name, instant).await {
                    return Ok(TickOutcome::Settled);
                }
                self.start(scope, &name, instant).await
            }
        }
    }

    /// Whether a run would find that nothing differs. Where that cannot be told, or takes too long, the run finds out.
    async fn is_settled(&self, stack: &Stack, scope: &Scope, name: &str, instant: Timestamp) -> bool {
        let in_time = self.reconciler.clock.now().duration_since(instant) < LOOKING;
        in_time && matches!(self.reconciler.settled(stack, scope, name, instant).await, Ok(Some(_)))
    }

    async fn start(&self, scope: &Scope, name: &str, instant: Timestamp) -> Result<TickOutcome, RunbookError> {
        let input = RunRequest::of_tick(scope, instant).to_string();
        Ok(match self.reconcile.start(name, &input).await? {
            StartOutcome::New => TickOutcome::Started,
            StartOutcome::AlreadyThere => TickOutcome::Doubled,
        })
    }
}
