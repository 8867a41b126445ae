//! Which alarms a step has to know, and what a look at them comes to.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{EmergencyHold, EmergencyRequest, HoldAction, hold, made_worse, still_called_for};
use crate::emergency::alarm::AlarmStates;
use crate::estate::Emergency;
use crate::guardrail::{GuardrailCode, Severity, Violation};
use crate::intent::{DesiredState, Intent, IntentKey, deciding};
use crate::name::Scope;
use crate::request::{RunRequest, Urgency};
use crate::value::{AlarmName, ProfileName};

/// The alarms that a request names, and those that may forbid it.
pub fn watched(request: &EmergencyRequest, emergency: &Emergency) -> BTreeSet<AlarmName> {
    let vetoes = request.profile.iter().filter(|_| !request.give_back).flat_map(|profile| emergency.vetoes(profile));
    vetoes.chain(&request.alarm).cloned().collect()
}

/// The input that a person may start in spite of a veto; nothing where something else forbids it.
pub fn in_spite_of_veto(request: &EmergencyRequest, violations: &[Violation]) -> Option<String> {
    let mut stopping = violations.iter().filter(|violation| violation.severity > Severity::Warn).peekable();
    stopping.peek()?;
    if stopping.any(|violation| violation.code != GuardrailCode::DependencyVeto) {
        return None;
    }
    let mut by_hand = EmergencyRequest { alarm: None, since: None, ask: None, ..request.clone() };
    by_hand.approve.insert(GuardrailCode::DependencyVeto);
    Some(by_hand.to_string())
}

/// An emergency that an execution holds.
#[derive(Debug, Clone, Copy)]
pub struct HeldEmergency<'a> {
    /// The environment, in one region.
    pub scope: &'a Scope,
    /// What is held.
    pub profile: &'a ProfileName,
    /// The `emergency` section of the environment's document, where it still has one.
    pub emergency: Option<&'a Emergency>,
    /// The intents of the scope.
    pub intents: &'a [Intent],
    /// Whether a baseline is kept.
    pub kept: bool,
    /// The execution.
    pub execution: &'a str,
}

/// What a look at a held emergency found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLook {
    /// What follows, and why.
    pub held: EmergencyHold,
    /// What `reconcile` is asked for, where it gives back.
    pub request: Option<RunRequest>,
    /// The alarms that it may make worse and that nobody was told of.
    pub worsened: BTreeSet<AlarmName>,
}

impl HeldEmergency<'_> {
    /// The alarms that hold it, and those that it may make worse.
    pub fn alarms(&self) -> BTreeSet<AlarmName> {
        let holding = match self.intent().map(|intent| &intent.want) {
            Some(DesiredState::Scaled(requested)) => requested.alarms.clone(),
            _ => BTreeSet::new(),
        };
        &holding | &self.forbidding()
    }

    /// Looks whether it is over. Of the alarms that forbid it, those in `told` were told of before.
    pub fn look(&self, states: &AlarmStates, told: &BTreeSet<AlarmName>, now: Timestamp) -> HeldLook {
        let cool_down = self.emergency.map_or(SignedDuration::ZERO, |emergency| emergency.cool_down().signed());
        let nothing_held = deciding(self.intents, now).iter().all(|intent| intent.want == DesiredState::Awake);
        let owing = nothing_held && self.kept;
        let named = self.emergency.map(|emergency| emergency.calls(self.profile)).unwrap_or_default();
        let lasting = self.intent().map(|intent| still_called_for(intent, states, &named).ok_or(intent));
        let held = match &lasting {
            // Ours, and of alarms that nobody can name any more.
            Some(Err(intent)) if intent.by == self.execution => EmergencyHold {
                verdict: HoldAction::GiveBack,
                wait: SignedDuration::ZERO,
                summary: "none of the alarms that called for it is left: they neither exist nor are in the document"
                    .to_owned(),
            },
            Some(Err(intent)) => hold(Some(*intent), owing, self.execution, states, cool_down, now),
            Some(Ok(intent)) => hold(Some(intent), owing, self.execution, states, cool_down, now),
            None => hold(None, owing, self.execution, states, cool_down, now),
        };
        let request = (held.verdict == HoldAction::GiveBack).then(|| {
            let urgency = Urgency::GiveBack { profile: self.profile.clone(), by: Some(self.execution.to_owned()) };
            RunRequest::of_emergency(self.scope, urgency, format!("{}: {}", self.profile, held.summary), [].into())
        });
        let holds = held.verdict == HoldAction::Hold;
        let worsened = if holds { made_worse(self.forbidding(), states, told) } else { BTreeSet::new() };
        HeldLook { held, request, worsened }
    }

    fn intent(&self) -> Option<&Intent> {
        let intent_key = IntentKey::emergency(self.profile.clone());
        self.intents.iter().find(|intent| intent.intent_key() == intent_key)
    }

    fn forbidding(&self) -> BTreeSet<AlarmName> {
        let vetoes = self.emergency.map(|emergency| emergency.vetoes(self.profile));
        vetoes.into_iter().flatten().cloned().collect()
    }
}
