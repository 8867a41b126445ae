//! Wishes: what a run was asked to declare or to take back, before it is known what the ledger holds.

use jiff::Timestamp;
use watchkeeper_domain::emergency::MAX_LASTS;
use watchkeeper_domain::intent::{DesiredState, Intent, IntentKey, Layer, RequestedProfile};
use watchkeeper_domain::reconcile::run::IntentOutcome;
use watchkeeper_domain::request::{RehearsalDemand, RequestError, RequestedState as HumanWish, RunRequest, Urgency};
use watchkeeper_domain::wake_page::is_of_page;

use crate::ledger::ScopeState;
use crate::scoped::ScopedEnvironment;

/// An intent that a request speaks of.
pub(super) enum IntentChange {
    /// It is to be declared.
    Declare(Box<Intent>),
    /// It is to be taken back; if somebody is named, only theirs.
    TakeBack { intent_key: IntentKey, by: Option<String> },
}

impl IntentChange {
    /// What a request wants, if it has one.
    pub(super) fn of(
        scoped: &ScopedEnvironment,
        request: &RunRequest,
        id: &str,
        instant: Timestamp,
    ) -> Result<Option<Self>, RequestError> {
        match (&request.emergency, &request.rehearsal) {
            (Some(urgency), _) => urgent(scoped, request, urgency, id, instant),
            (None, Some(demand)) => rehearsed(request, demand, instant).map(Some),
            (None, None) => human(scoped, request, id, instant),
        }
    }

    /// How urgent it is.
    pub(super) fn layer(&self) -> Layer {
        match self {
            Self::Declare(intent) => intent.layer,
            Self::TakeBack { intent_key, .. } => intent_key.layer,
        }
    }

    /// What becomes of it, given what the ledger holds; nothing where it would take back what is not there, or what a
    /// later execution holds by now.
    pub(super) fn given(&self, seen: &ScopeState, instant: Timestamp) -> Option<IntentOutcome> {
        let before = |intent_key: &IntentKey| seen.intents.iter().find(|intent| intent.intent_key() == *intent_key);
        match self {
            Self::Declare(intent) => Some(IntentOutcome::Declared(Box::new(
                Intent::clone(intent).after(before(&intent.intent_key()), instant),
            ))),
            // An override is taken back also where none is left, so that its end is told. A pipeline ends in order, and is
            // answered where it began.
            Self::TakeBack { intent_key: slot @ IntentKey { layer: Layer::Override, release: None, .. }, .. } => {
                Some(IntentOutcome::TakenBack(slot.clone()))
            }
            Self::TakeBack { intent_key, by } => {
                let intent = before(intent_key)?;
                let ours = by.as_ref().is_none_or(|by| *by == intent.by);
                ours.then(|| IntentOutcome::TakenBack(intent_key.clone()))
            }
        }
    }

    /// What is said to a pipeline that ends what is not there.
    pub(super) fn in_vain(&self, seen: &ScopeState, instant: Timestamp) -> Option<String> {
        let Self::TakeBack { intent_key: IntentKey { release: Some(release), .. }, .. } = self else { return None };
        self.given(seen, instant).is_none().then(|| format!("nothing to end, for no release {release} holds it; "))
    }
}

/// The override that a person or a pipeline speaks of.
fn human(
    scoped: &ScopedEnvironment,
    request: &RunRequest,
    id: &str,
    instant: Timestamp,
) -> Result<Option<IntentChange>, RequestError> {
    let expires = request.end(instant, scoped.zone.as_ref())?;
    let for_release = request.for_release.clone();
    let want = match request.want {
        None => return Ok(None),
        Some(HumanWish::AsScheduled) => {
            let intent_key = for_release.map_or(IntentKey::of(Layer::Override), IntentKey::release);
            return Ok(Some(IntentChange::TakeBack { intent_key, by: None }));
        }
        Some(HumanWish::Awake) => DesiredState::Awake,
        Some(HumanWish::Asleep) => DesiredState::Asleep,
    };
    let (reason, by) = (reason(request), id.to_owned());
    Ok(Some(IntentChange::Declare(Box::new(Intent {
        layer: Layer::Override,
        want,
        reason,
        by,
        declared: instant,
        expires,
        approved: request.approve.clone(),
        for_release,
    }))))
}

/// What an emergency speaks of; a rollback is no intent.
fn urgent(
    scoped: &ScopedEnvironment,
    request: &RunRequest,
    urgency: &Urgency,
    id: &str,
    instant: Timestamp,
) -> Result<Option<IntentChange>, RequestError> {
    let bad = |field, found: String, expected: String| Err(RequestError { field, found, expected });
    match urgency {
        Urgency::RollBack { .. } => Ok(None),
        Urgency::GiveBack { profile, by } => {
            Ok(Some(IntentChange::TakeBack { intent_key: IntentKey::emergency(profile.clone()), by: by.clone() }))
        }
        Urgency::Scale { profile, until, alarms, by } => {
            let lasts = until.duration_since(instant);
            if !lasts.is_positive() || lasts > MAX_LASTS {
                return bad("emergency.scale.until", until.to_string(), format!("within 7 days after {instant}"));
            }
            let Some(emergency) = &scoped.emergency else {
                let found = format!("{}, whose document has no `emergency`", scoped.scope);
                return bad("environment", found, "an environment with emergency profiles".to_owned());
            };
            let Some(document) = emergency.profiles.get(profile) else {
                let known: Vec<String> = emergency.profiles.keys().map(ToString::to_string).collect();
                let found = format!("the unknown profile {profile}");
                return bad("emergency.scale.profile", found, format!("one of {}", known.join(", ")));
            };
            let rank = emergency.rank(profile, scoped.declared);
            let want = DesiredState::Scaled(RequestedProfile::of(profile, document, rank, alarms.clone()));
            let by = by.clone().unwrap_or_else(|| id.to_owned());
            Ok(Some(IntentChange::Declare(Box::new(Intent {
                layer: Layer::Emergency,
                want,
                reason: reason(request),
                by,
                declared: instant,
                expires: Some(*until),
                approved: request.approve.clone(),
                for_release: None,
            }))))
        }
    }
}

/// What a rehearsal speaks of: a demand for some services, in the layer of its own.
fn rehearsed(request: &RunRequest, demand: &RehearsalDemand, instant: Timestamp) -> Result<IntentChange, RequestError> {
    let bad = |field, found: String, expected: String| Err(RequestError { field, found, expected });
    match demand {
        RehearsalDemand::GiveBack { by } => {
            let (intent_key, by) = (IntentKey::of(Layer::Rehearsal), Some(by.clone()));
            Ok(IntentChange::TakeBack { intent_key, by })
        }
        RehearsalDemand::Hold { services, until, by } => {
            let lasts = until.duration_since(instant);
            if !lasts.is_positive() || lasts > MAX_LASTS {
                return bad("rehearsal.hold.until", until.to_string(), format!("within 7 days after {instant}"));
            }
            Ok(IntentChange::Declare(Box::new(Intent {
                layer: Layer::Rehearsal,
                want: DesiredState::Scaled(RequestedProfile::rehearsed(services)),
                reason: reason(request),
                by: by.clone(),
                declared: instant,
                expires: Some(*until),
                approved: request.approve.clone(),
                for_release: None,
            })))
        }
    }
}

fn reason(request: &RunRequest) -> String {
    match (request.for_release.as_ref().filter(|release| !is_of_page(release)), &request.reason) {
        (Some(release), None) => format!("release {release}"),
        (Some(release), Some(reason)) => format!("release {release}: {reason}"),
        (None, Some(reason)) => reason.clone(),
        (None, None) => "asked for by hand".to_owned(),
    }
}
