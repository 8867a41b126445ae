//! What came of a button.

use watchkeeper_domain::name::Scope;

use super::{PlanFacts, StackFacts};
use crate::call::Call;

/// What came of an action.
#[allow(clippy::large_enum_variant, reason = "an answer has one of it")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionOutcome {
    /// An execution was started, or one of this name was there already, which is the same.
    Started {
        /// The state machine, such as `watchkeeper-reconcile`.
        machine: String,
        /// The execution's name.
        execution: String,
        /// How long such a run took last, in seconds, where that is known.
        took_seconds: Option<u32>,
    },
    /// An answer was given to a question that was open.
    Answered {
        /// The execution that had asked.
        execution: String,
        /// Whether it was a yes.
        approved: bool,
    },
    /// Nothing was started.
    Refused {
        /// The name of the error or guardrail, such as `stale-event` or `Request.Invalid`.
        code: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The plan is not what the confirmation promised: nothing was started, and it is asked again.
    Differs {
        /// What the button asks for.
        call: Call,
        /// The plan anew.
        plan: PlanFacts,
        /// How long such a run took last, in seconds, where that is known.
        took_seconds: Option<u32>,
    },
}

/// The answer to an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionFacts {
    /// The stack that acted, or did not.
    pub stack: StackFacts,
    /// On what; none when on everything.
    pub scope: Option<Scope>,
    /// What was asked for, in the words of the button, such as `Wake for 2 h`.
    pub what: String,
    /// What came of it.
    pub outcome: ActionOutcome,
}
