//! Plans that were computed and not started.

use std::hash::{Hash as _, Hasher as _};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::plan::Plan;
use watchkeeper_domain::reconcile::assess::{Assessment, Verdict};
use watchkeeper_domain::value::{ProfileName, Zone};
use watchkeeper_domain::violation::{Severity, Violation};

use super::{EmergencyProfile, Reading, StackFacts};

/// What a person may want of a scope by a button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum OfferedIntent {
    /// Awake until then.
    Awake {
        /// When the calendar decides again.
        until: Timestamp,
    },
    /// Asleep until then.
    Asleep {
        /// When the calendar decides again.
        until: Timestamp,
    },
    /// The override is taken back.
    AsScheduled,
    /// An emergency is taken back.
    GiveBack {
        /// Its profile.
        profile: ProfileName,
    },
}

/// A plan as it was judged: what `assess` says of an intent over what was just read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlanFacts {
    /// What would be done.
    pub verdict: Verdict,
    /// The intents that would decide; none when the baseline is given back.
    pub deciding: Vec<Intent>,
    /// The writes.
    pub plan: Plan,
    /// What the guardrails say.
    pub violations: Vec<Violation>,
}

impl PlanFacts {
    /// A short stable mark of what a person was promised: the same for the same writes, in the same order, and the same
    /// guardrails that stop them. An action carries it, and is asked again where the plan anew has another one.
    pub fn mark(&self) -> String {
        let mut hash = fnv::FnvHasher::default();
        (self.verdict as u8).hash(&mut hash);
        for action in self.plan.actions() {
            action.change.to_string().hash(&mut hash);
        }
        for violation in self.violations.iter().filter(|violation| violation.severity > Severity::Warn) {
            (violation.code, &violation.resource).hash(&mut hash);
        }
        format!("{:016x}", hash.finish())
    }
}

impl From<Assessment> for PlanFacts {
    fn from(assessment: Assessment) -> Self {
        let Assessment { verdict, deciding, plan, violations, .. } = assessment;
        Self { verdict, deciding, plan, violations }
    }
}

/// An intent with the plan that it comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Offer {
    /// The intent: one of those that [`crate::offer::offered_intents`] names for the scope.
    pub intent: OfferedIntent,
    /// The plan.
    pub plan: PlanFacts,
    /// How long such a run took last, in seconds, from its begin to its end; none where the history has no such run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_seconds: Option<u32>,
}

/// A plan on a page of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanPageFacts {
    /// The stack that would carry it out.
    pub stack: StackFacts,
    /// Where.
    pub scope: Scope,
    /// The clocks of the environment.
    pub zone: Zone,
    /// The plan; unread where something that it is made of did not answer.
    pub plan: Reading<PlanFacts>,
}

/// What the form for more capacity offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyFacts {
    /// The stack that would scale.
    pub stack: StackFacts,
    /// Where.
    pub scope: Scope,
    /// The clocks of the environment.
    pub zone: Zone,
    /// The profiles of the document, each with the plan that it comes to now.
    pub profiles: Vec<(EmergencyProfile, Reading<PlanFacts>)>,
}
