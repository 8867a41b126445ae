//! Moving an active-standby pair: the pointer, what it means for each region, and the decisions on the way.

mod data;
pub mod evidence;
pub mod fence;
mod phase;
mod placement;
mod pointer;
pub mod readiness;
mod record;
pub mod report;
mod request;
pub mod sample;
mod switch;
mod traffic;
mod watch;

pub use crate::estate::Promoted;
pub use crate::intent::{Bounds, Figures, Placed, Placement};
pub use data::{DatabaseRole, Promotion, may_lose, promotion};
pub use phase::{Ending, Phase};
pub use placement::{Seen, Unfollowed, none_forgotten, placement, same_home, unpaired};
pub use pointer::{Moving, Pointer, PointerError, Serving, Stage};
pub use record::{Move, Pause, PauseKind, Spell, waves};
pub use request::{FailoverRequest, Manner};
pub use sample::{Sample, ServiceSample, serving};
pub use switch::{Arming, arming};
pub use traffic::{Record, Routing, expected, points_to, switched};
pub use watch::{Heartbeat, Heed, LOOK_AGAIN, QUESTION, READINESS_EVERY, Refusal, Watch};
