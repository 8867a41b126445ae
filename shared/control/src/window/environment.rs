//! What the ledger holds of an environment and of its regions, before anything is observed.

use std::collections::BTreeMap;

use futures_util::future::join;
use jiff::Timestamp;
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_domain::value::{Duration, Zone};
use watchkeeper_window::facts::{EmergencyProfile, Reading};

use super::{WindowReader, unread};
use crate::ledger::{KeptHistory, Ledger, LedgerError, PairReplica, ScopeState, ScopeView};
use crate::platform::Platform;
use crate::runbook::Stack;
use crate::scoped::{PairMember, ScopeSelection, ScopedEnvironment, StackIdentity};

/// An environment, as far as it is read before anything is observed.
pub(super) struct RememberedEnvironment<'a> {
    pub(super) estate: &'a Estate,
    pub(super) environment: &'a Environment,
    pub(super) regions: BTreeMap<Region, RememberedScope>,
    /// The half of the pair that this stack looks after, and what its replica has of the pair.
    pub(super) pair: Option<(PairMember, Reading<PairReplica>)>,
}

/// A scope, as far as it is read before anything is observed.
pub(super) struct RememberedScope {
    pub(super) scope: Scope,
    /// What the document says of it; nothing where it cannot be placed.
    pub(super) scoped: Option<ScopedEnvironment>,
    /// What is remembered, what the pair's pointer wants among it.
    pub(super) state: Reading<ScopeState>,
    pub(super) view: Option<ScopeView>,
    /// Why this look has not seen it, where AWS said so.
    pub(super) unseen: Option<String>,
}

impl RememberedScope {
    /// The resources to look at.
    pub(super) fn selection(&self) -> ScopeSelection {
        let baseline = self.state.known().and_then(|state| state.baseline.as_ref());
        self.scoped.as_ref().map(|scoped| scoped.selection(baseline)).unwrap_or_default()
    }
}

impl<P: Platform> WindowReader<P> {
    /// What the ledger holds of an environment.
    pub(super) async fn remembered<'a>(
        &self,
        stack: &Stack,
        estate: &'a Estate,
        environment: &'a Environment,
        now: Timestamp,
    ) -> RememberedEnvironment<'a> {
        let mut pair = None;
        if let Some(member) = PairMember::of(estate, environment, &stack.home.region) {
            let replica = self.ledger.pair(&member.id).await;
            pair = Some((member, replica.map_or_else(|error| unread(&error), Reading::Now)));
        }
        let mut regions = BTreeMap::new();
        for region in environment.regions().into_iter().filter(|region| environment.has_resources(region)) {
            let home = StackIdentity { region: region.clone(), ..stack.home.clone() };
            let scoped = ScopedEnvironment::of(estate, environment, &home, now).ok();
            let scope = Scope { region: region.clone(), ..stack.scope(estate, environment) };
            let (state, view) = join(self.ledger.load(&scope), self.shared_view(&scope)).await;
            let state = readable(state).and_then(|state| {
                let Some(member) = scoped.as_ref().and_then(|scoped| scoped.pair.as_ref()) else { return Ok(state) };
                let replica = pair.as_ref().and_then(|(_, replica)| replica.known());
                pointed(state, member, replica, now)
            });
            let state = state.map_or_else(|why| Reading::Unread { why }, Reading::Now);
            regions.insert(region, RememberedScope { scope, scoped, state, view, unseen: None });
        }
        RememberedEnvironment { estate, environment, regions, pair }
    }

    /// What others who looked have seen; one that does not read is no more than none.
    async fn shared_view(&self, scope: &Scope) -> Option<ScopeView> {
        if self.shares { self.ledger.view(scope).await.ok().flatten() } else { None }
    }
}

/// A history that does not read is a ledger that does not: what is shown without it would look calm.
fn readable(state: Result<ScopeState, LedgerError>) -> Result<ScopeState, String> {
    let state = state.map_err(|error| crate::runbook::in_full(&error))?;
    match &state.history {
        KeptHistory::Known(..) => Ok(state),
        KeptHistory::Unread(why) => Err(why.clone()),
    }
}

/// The same with what the pointer of the pair wants of the scope.
fn pointed(
    mut state: ScopeState,
    member: &PairMember,
    replica: Option<&PairReplica>,
    now: Timestamp,
) -> Result<ScopeState, String> {
    let replica = replica.ok_or_else(|| "the pointer of the pair could not be read".to_owned())?;
    let wanted = member.placement(replica, &state, now).map_err(|error| crate::runbook::in_full(&error))?;
    state.intents.extend(wanted);
    Ok(state)
}

/// The clocks of a row: the calendar's, else those of the estate's first environment that has a calendar.
pub(super) fn zone(estate: &Estate, environment: &Environment) -> Zone {
    let with_calendar = |it: &&Environment| it.calendar().is_some();
    let own = Some(environment).filter(with_calendar).or_else(|| estate.environments().find(with_calendar));
    own.unwrap_or(environment).zone()
}

pub(super) fn profiles(environment: &Environment) -> Vec<EmergencyProfile> {
    let Some(emergency) = &environment.document().emergency else { return Vec::new() };
    let seconds = |duration: Duration| u64::try_from(duration.signed().as_secs()).unwrap_or_default();
    let all = emergency.profiles.iter().map(|(name, profile)| EmergencyProfile {
        name: name.clone(),
        lasts_seconds: seconds(profile.lasts),
        cool_down_seconds: seconds(emergency.cool_down()),
    });
    all.collect()
}
