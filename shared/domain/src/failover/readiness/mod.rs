//! Readiness: could the region take over now, and if not, why not and what to do about it.

mod checks;
mod facts;
mod findings;
pub mod image;
mod report;

pub use checks::judge;
pub use facts::{
    ReadinessFacts, ImageFacts, QuotaFacts, Read, ServiceFacts, StreamFacts, TableFacts, TargetGroupFacts, TrafficFacts,
};
pub use findings::{ReadinessFinding, FindingGrade, ReadinessCode};
pub use report::{Readiness, ReadyVerdict};
