//! Whether a copy is a good one.

use jiff::{SignedDuration, Timestamp};

use super::{CopyState, JobPolicy, ObservedCopy, ObservedSource};

/// How much earlier than its due instant a copy may say that it was begun: clocks differ.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What is wrong with a copy.
#[derive(Debug, Clone, PartialEq, Eq, strum::Display)]
pub enum CopyFlaw {
    /// It is not there.
    #[strum(to_string = "it is {0}, expected available")]
    NotAvailable(CopyState),
    /// Its source is encrypted, and it is not.
    #[strum(to_string = "it is not encrypted, and its source is")]
    NotEncrypted,
    /// It is much smaller than the last good one.
    #[strum(to_string = "it has {bytes} bytes, the last good one {before}: expected at most {allowed} % less")]
    Shrunk {
        /// Its size, in bytes.
        bytes: u64,
        /// The size of the last good one, in bytes.
        before: u64,
        /// How much smaller it may be, in per cent.
        allowed: u16,
    },
    /// It was begun before it was due: it is another one.
    #[strum(to_string = "it was begun at {created}, before it was due at {due}")]
    TooOld {
        /// When it was begun.
        created: Timestamp,
        /// When it was due.
        due: Timestamp,
    },
    /// Point-in-time recovery should be on, and is not.
    #[strum(to_string = "point-in-time recovery of its source is off, expected on")]
    NoWindow,
}

/// What a copy is compared with.
#[derive(Debug, Clone, Copy)]
pub struct CopyComparison<'a> {
    /// Its source, where it still exists.
    pub source: Option<&'a ObservedSource>,
    /// The size of the last good one, in bytes.
    pub before: Option<u64>,
    /// When it was due.
    pub due: Timestamp,
}

/// Everything that is wrong with a copy; nothing for a good one. What AWS does not tell is not checked.
pub fn verify(policy: &JobPolicy, copy: &ObservedCopy, against: CopyComparison<'_>) -> Vec<CopyFlaw> {
    let mut flaws = Vec::new();
    if copy.state != CopyState::Available {
        flaws.push(CopyFlaw::NotAvailable(copy.state.clone()));
    }
    if against.source.is_some_and(|source| source.encrypted) && !copy.encrypted {
        flaws.push(CopyFlaw::NotEncrypted);
    }
    let allowed = policy.shrink().value();
    if let (Some(bytes), Some(before)) = (copy.bytes, against.before) {
        let least = u128::from(before) * u128::from(100 - allowed.min(100));
        if u128::from(bytes) * 100 < least {
            flaws.push(CopyFlaw::Shrunk { bytes, before, allowed });
        }
    }
    let earliest = against.due.saturating_sub(SKEW).unwrap_or(Timestamp::MIN);
    if let Some(created) = copy.created.filter(|created| *created < earliest) {
        flaws.push(CopyFlaw::TooOld { created, due: against.due });
    }
    if policy.verify.point_in_time && against.source.is_some_and(|source| source.window.is_none()) {
        flaws.push(CopyFlaw::NoWindow);
    }
    flaws
}
