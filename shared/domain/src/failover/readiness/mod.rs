//! Readiness: could the region take over now, and if not, why not and what to do about it.

mod checks;
mod facts;
mod findings;
pub mod image;
mod report;

pub use checks::judge;
pub use facts::{
    ImageFacts, QuotaFacts, Read, ReadinessFacts, ServiceFacts, StreamFacts, TableFacts, TargetGroupFacts, TrafficFacts,
};
pub use findings::{FindingGrade, ReadinessCode, ReadinessFinding};
pub use report::{Readiness, ReadyVerdict};
