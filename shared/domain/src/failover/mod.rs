//! Moving an active-standby pair: the pointer, what it means for each region, and the decisions on the way.

mod data;
mod event_sources;
pub mod evidence;
pub mod fence;
mod own_steps;
mod phase;
mod placement;
mod plan;
mod pointer;
pub mod protection;
pub mod readiness;
mod record;
pub mod rehearsal;
pub mod report;
mod request;
pub mod sample;
mod steer;
mod switch;
mod traffic;
mod watch;
mod wave;

pub use crate::estate::PairDatabase;
pub use crate::intent::{PlacedService, Placement, ScalingBounds, ServiceFigures};
pub use data::{DatabaseRole, Promotion, may_lose, promotion};
pub use event_sources::{
    SourceDeparture, SourceMove, SourceNext, SourceState, event_sources, keeps_sources_off, source_names, source_next,
};
pub use own_steps::{EXECUTIONS as OWN_STEP_EXECUTIONS, OWN_STEP_WITHIN, OwnStepEnd, OwnStepNext, OwnStepRun};
pub use phase::{MoveEnding, MovePhase};
pub use placement::{RegionalPair, UnfollowablePointer, none_forgotten, placement, same_home, unpaired};
pub use plan::{MoveFacts, MovePlan};
pub use pointer::{MoveStage, OngoingMove, Pointer, PointerError, Serving};
pub use record::{Move, MovePause, PauseKind, PhaseTiming, waves};
pub use rehearsal::{rehearsed_for, rehearsed_share};
pub use request::{FailoverRequest, MoveManner};
pub use sample::{FIGURES_EVERY, RegionSample, ServiceSample, serving};
pub use steer::MoveWord;
pub use switch::{ObservedSwitches, SwitchArming, arming};
pub use traffic::{DnsRecord, DnsRouting, expected, points_to, switched};
pub use watch::{
    FailoverRefusal, Heartbeat, LOOK_AGAIN, PROBE_AGAIN, QUESTION, READINESS_EVERY, WatchAction, WatchState,
};
pub use wave::{WaveVerdict, judge_wave};
