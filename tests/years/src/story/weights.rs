//! What happens how often, for a person to read and to change. Weights count against each other; what cannot happen in an
//! estate (an alarm where there is none) is drawn again.

use super::EventKind;

/// How much of each kind of event.
pub const EVENTS: &[(u32, EventKind)] = &[
    // People.
    (8, EventKind::Count),
    (8, EventKind::Bounds),
    (4, EventKind::Terraform),
    (6, EventKind::Deployment),
    (6, EventKind::Release),
    (3, EventKind::Pipeline),
    (2, EventKind::Create),
    (2, EventKind::Delete),
    (4, EventKind::Switch),
    (6, EventKind::Override),
    (2, EventKind::AsScheduled),
    (6, EventKind::Surge),
    (4, EventKind::GiveBack),
    (3, EventKind::Halt),
    (10, EventKind::Edit),
    // Obstacles.
    (6, EventKind::Untag),
    (6, EventKind::Deny),
    (4, EventKind::Database),
    // Alarms.
    (12, EventKind::Alarm),
    (2, EventKind::Flap),
    (2, EventKind::Mute),
    // AWS.
    (16, EventKind::Fault),
    (8, EventKind::Weather),
    (3, EventKind::Stale),
    (3, EventKind::Slow),
    (3, EventKind::Silence),
    (2, EventKind::Twice),
    (2, EventKind::Belated),
    (3, EventKind::Abort),
    // What is stuck, and what is kept.
    (6, EventKind::Lock),
    (4, EventKind::Renew),
    (4, EventKind::Letter),
    (3, EventKind::ForeignCopy),
    (3, EventKind::BadCopy),
    (2, EventKind::SilentShelf),
    (2, EventKind::FullShelf),
];

/// How much of each kind of event in a pair of regions.
pub const PAIR_EVENTS: &[(u32, EventKind)] = &[
    // What becomes of regions.
    (8, EventKind::Lose),
    (3, EventKind::Split),
    (3, EventKind::Behind),
    (4, EventKind::Unreached),
    (3, EventKind::NoRoom),
    // People.
    (8, EventKind::FailOver),
    (6, EventKind::GoHome),
    (10, EventKind::Rehearse),
    (3, EventKind::Count),
    (3, EventKind::Release),
    (2, EventKind::Halt),
    // AWS, in one of them.
    (10, EventKind::Fault),
    (5, EventKind::Weather),
    (2, EventKind::Slow),
    (3, EventKind::Abort),
];

/// How a region is lost.
pub const LOSSES: &[(u32, super::Loss)] = {
    use super::Loss as L;
    &[(3, L::Gone), (3, L::Hangs), (2, L::Silent), (2, L::CutOff)]
};

/// How long a history of a pair is, in hours: its ticks come each minute, in both regions.
pub const PAIR_HOURS: &[(u32, std::ops::Range<i64>)] = &[(4, 6..20), (1, 20..60)];

/// How many minutes lie between two events of a pair.
pub const PAIR_GAPS: &[(u32, std::ops::Range<i64>)] = &[(5, 0..4), (4, 4..30), (3, 30..150), (1, 150..600)];

/// How long what lasts does in a pair, in minutes.
pub const PAIR_MINUTES: &[(u32, std::ops::Range<u32>)] = &[(5, 1..10), (4, 10..45), (1, 45..200)];

/// What comes next in a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A single event, somewhen in the next day.
    Single,
    /// Two to five events within half an hour, around the next change of a calendar where there is one.
    Trouble,
    /// One and a half to three days in which the world behaves.
    Calm,
}

/// How much of each pace.
pub const PACES: &[(u32, Pace)] = &[(4, Pace::Single), (5, Pace::Trouble), (2, Pace::Calm)];

/// How long AWS takes for tasks, databases and backups in a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// Seconds: whoever waits looks once or twice, which leaves time for more of what happens.
    Quick,
    /// As documented: minutes.
    Usual,
}

/// How much of each speed.
pub const SPEEDS: &[(u32, Speed)] = &[(5, Speed::Quick), (1, Speed::Usual)];

/// How long a history is, in days.
pub const DAYS: &[(u32, std::ops::Range<u32>)] = &[(6, 3..8), (3, 8..20), (1, 20..60)];

/// How long what lasts does, in minutes.
pub const MINUTES: &[(u32, std::ops::Range<u32>)] = &[(4, 2..20), (4, 20..180), (2, 180..1_200), (1, 1_200..4_000)];

/// What goes wrong with a call.
pub const TROUBLES: &[(u32, watchkeeper_sim::CallTrouble)] = {
    use watchkeeper_sim::CallTrouble as T;
    &[
        (2, T::Throttle),
        (2, T::Error),
        (2, T::TimeoutBefore),
        (3, T::TimeoutAfter),
        (2, T::Denied),
        (3, T::CrashBefore),
        (4, T::CrashAfter),
    ]
};

/// How the event of an alarm comes.
pub const DELIVERIES: &[(u32, super::Delivery)] = {
    use super::Delivery as D;
    &[(6, D::Prompt), (2, D::Lost), (2, D::Doubled), (1, D::Late)]
};

/// How an edited document reaches the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// All of them at once.
    AtOnce,
    /// `reconcile` after the others.
    HandLast,
    /// `reconcile` before the others.
    HandFirst,
}

/// How much of each way.
pub const WAYS: &[(u32, Way)] = &[(2, Way::AtOnce), (1, Way::HandLast), (1, Way::HandFirst)];

/// How many seconds the clock of the machines is ahead of that of the functions in a history.
pub const SKEWS: &[(u32, std::ops::Range<i64>)] = &[(3, 0..1), (1, 1..8)];

/// What a person who is asked does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Says yes.
    Yes,
    /// Says no.
    No,
    /// Says yes, without a name.
    Unsigned,
    /// Says nothing.
    Nothing,
}

/// How much of each answer.
pub const ANSWERS: &[(u32, Answer)] = &[(5, Answer::Yes), (2, Answer::No), (1, Answer::Unsigned), (3, Answer::Nothing)];
