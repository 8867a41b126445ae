//! One budget an account and region: what all runs together may ask of an API, however many functions run at once.
//!
//! AWS throttles an account and region by token buckets. A run asks the [`AccountBudget`] of a bucket, which is one document of
//! the ledger, for *slots*: instants at which it may make one call each. Each write of the document has the version that was
//! read as its condition, so that grants are made one after the other.
//!
//! # Why the share holds
//!
//! *Slots.* For each [`Precedence`] the document keeps one instant, `spent`: a virtual scheduling instant (GCRA, the "theoretical
//! arrival time" of ITU-T I.371). With a burst `B` and an interval `T` between calls, a slot lies no earlier than
//! `spent - (B - 1) T`, and afterwards `spent` is at least the slot plus `T`, and at least `T` later than before. Take any `k`
//! slots within a window of length `L`, in the order in which they were granted. After the first of them `spent` is at least
//! the window's begin plus `T`; each further one adds `T`; so the last lies no earlier than the window's begin plus
//! `(k - 1) T - (B - 1) T`, and no later than its end. Hence `k <= B + L / T`. Nothing in this asks what time it is: a clock
//! that is wrong moves a function's own calls, and no slot.
//!
//! *Layers.* A slot of a layer has to fit into the limit of its own precedence and into that of each more urgent one, and counts
//! in all of them. So what is scheduled stays within [`share`] 0.5, what is scheduled and emergencies together within 0.9, and
//! all of it within the whole.
//!
//! *Use.* A slot counts for one call, from its instant on and for [`LATE`]; after that it is lost, as are those of a function
//! that died and those of a write whose answer was lost. Clocks of functions and the way to AWS take [`SKEW`] at the most. The
//! calls that AWS counts in a window of `L` therefore have their slots in one of `L + LATE + SKEW`. That is what the burst is
//! reduced by: `B + (L + LATE + SKEW) / T` is the share of the published bucket. AWS adds tokens "every second" (Amazon ECS API
//! reference, "Request throttling"), so one that is due may be a second late: the limit of the whole leaves that out, too.
//!
//! # Who waits
//!
//! Grants are small: as many calls as the share has for a second. Where more is asked for than there is, each that asks gets
//! a *turn*, an instant that lies behind the turns of those who asked before. A turn reserves nothing; who does not come has
//! lost it, and the next one gets what is left lying, up to two grants. So among `n` runs each gets every `n`-th grant, as long as all turns lie within [`TURNS`]. A more urgent layer goes first: while one has been granted slots
//! within [`YIELD`], nobody less urgent gets any, for [`YIELD_AT_MOST`].
//!
//! # When AWS throttles all the same
//!
//! Then somebody else of the account is busy: the pace of the document is halved, for everybody, and comes back in about a
//! minute. A slower pace only widens the distance between slots.

mod account;
mod bucket;
mod limit;

pub use account::{AccountBudget, Grant, SlotRequest};
pub use bucket::{ApiBucket, BucketQuota};
pub use limit::{Precedence, share};

use jiff::SignedDuration;

/// How long after its instant a slot still counts: as long as a grant lasts.
pub const LATE: SignedDuration = SignedDuration::from_secs(1);

/// What the clocks of two functions may differ by, and a call may take until AWS counts it. Lambda keeps its clocks by the Amazon
/// Time Sync Service, within milliseconds (Amazon EC2 user guide); a call takes tens of them within a region.
pub const SKEW: SignedDuration = SignedDuration::from_millis(500);

/// How far ahead slots are granted: what an urgent layer may find taken.
pub const AHEAD: SignedDuration = SignedDuration::from_secs(1);

/// How long the less urgent get nothing after the more urgent were granted something.
pub const YIELD: SignedDuration = SignedDuration::from_secs(2);

/// How far ahead turns are given: a slice of a run lasts a minute, and its function two. Who finds more turns than that before
/// it asks again when there is room.
pub const TURNS: SignedDuration = SignedDuration::from_secs(25);

/// How long a call makes way for more urgent ones at the most: a slice of a run lasts a minute, and has to end by itself. The
/// limits hold after it as before it.
pub const YIELD_AT_MOST: SignedDuration = SignedDuration::from_secs(20);
