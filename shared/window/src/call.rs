//! What a button asks for: the event of `window` and `window-act`, without what the console adds to it.

use serde::{Deserialize, Serialize};
use watchkeeper_domain::backup::BackupSource;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};
use watchkeeper_domain::value::ProfileName;

use crate::report::EvidenceKind;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Verb {
    /// The page of all environments.
    #[default]
    Window,
    /// The rows of this stack as JSON, without a page around them: what the window of another stack asks for.
    Rows,
    /// The page of a run.
    Run,
    /// The page of a question.
    Question,
    /// The report of a run.
    Report,
    /// The form for more capacity.
    Emergency,
    /// The plan of what the ledger wants now.
    Plan,
    /// The page of an environment's backups.
    Backups,
    /// The page of a pair; with a mode, a move of it.
    Failover,
    /// A move home; with `mode` `plan`, only its plan.
    Failback,
    /// A backup of one resource; with `mode` `plan`, what is due and what would go.
    Backup,
    /// A restore drill of one resource.
    Drill,
    /// Awake until then.
    Awake,
    /// Asleep until then.
    Asleep,
    /// An override is taken back.
    AsScheduled,
    /// No run may write to an environment.
    Halt,
    /// Runs may write again.
    Lift,
    /// No run may write anywhere.
    HaltAll,
    /// Runs may write again anywhere.
    LiftAll,
    /// More capacity.
    Scale,
    /// An emergency is taken back.
    GiveBack,
    /// A person's yes or no to a question.
    Answer,
    /// A move that is held goes on; with `back`, it goes back.
    TakeOver,
}

/// How much of a call is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallMode {
    /// Nothing: the plan is the answer.
    Plan,
    /// A planned move, in which both regions take part.
    Graceful,
}

/// A call. A field that is not in it is not meant; which ones a verb needs, its function says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Call {
    /// The system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estate: Option<EstateName>,
    /// The copy of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentName>,
    /// The region, where it is not the primary one: what is meant there is done by that region's stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// What is asked for.
    #[serde(default, rename = "do")]
    pub verb: Verb,
    /// The execution that is meant: a run, or one that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What kind of run the report is of that is meant; of `reconcile`, where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<EvidenceKind>,
    /// The resource that is backed up, or restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<BackupSource>,
    /// The profile of an emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileName>,
    /// When an intent ends, as `reconcile` reads it; an instant, where a button says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// How much of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<CallMode>,
    /// Yes or no, in an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    /// Whether a held move goes back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub back: bool,
    /// The mark of the plan that was promised ([`crate::facts::PlanFacts::mark`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The mark of the question that is answered ([`crate::facts::OpenQuestion::mark`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The instant of the page, in seconds since 1970: only what acts has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
}

impl Call {
    /// A call about an environment.
    pub fn of(verb: Verb, estate: &EstateName, environment: &EnvironmentName) -> Self {
        Self { estate: Some(estate.clone()), environment: Some(environment.clone()), verb, ..Self::default() }
    }
}
