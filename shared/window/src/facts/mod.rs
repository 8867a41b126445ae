//! What the pages are made of: plain facts, as they were read. Nothing here is decided, and nothing is a text of a page.
//!
//! Rows of environments travel between stacks as JSON, and so are written with serde; the facts of a single page need not be.

mod action;
mod backups;
mod environment;
mod frame;
mod history;
mod pair;
mod plan;
mod question;
mod reading;
mod report;
mod run;
mod stack;
mod wake;

pub use action::{ActionFacts, ActionOutcome};
pub use backups::{BackupFreshness, BackupJob, BackupsFacts, CopyTarget, EndedAttempt};
pub use environment::{
    BadCalendar, EmergencyProfile, EnvironmentCalendar, EnvironmentFacts, ObservedCapacity, ObservedCount, PairState,
    RegionFacts, ScopeFacts, StackRows, WindowFacts,
};
pub use frame::{Frame, Theme, Viewer};
pub use history::{ScopeTrouble, TroubleKind};
pub use pair::{CertificateFacts, FailoverFacts, PairRegion, ProbedPaths, SettledEpoch, TrafficFacts};
pub use plan::{EmergencyFacts, Offer, OfferedIntent, PlanFacts, PlanPageFacts};
pub use question::{OpenQuestion, QuestionFacts};
pub use reading::Reading;
pub use report::ReportFacts;
pub use run::{RunFacts, RunSpell, SpellKind, raised, run_spells};
pub use stack::{BadArn, FunctionArn, StackFacts};
pub use wake::{WakeNotice, WakePageFacts};
