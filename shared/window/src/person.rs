//! What needs a person, and in which order.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::failover::readiness::{Readiness, ReadyVerdict};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::unblock::UnblockFinding;

use crate::facts::{BackupFreshness, OpenQuestion, ScopeTrouble};
use crate::next::next;
use crate::shape::{Shape, Tone};
use crate::state::EnvironmentState;

/// How long a halt needs nobody, if nothing is due in it.
pub const HALT_PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// Why a person is needed.
#[derive(Debug, Clone, PartialEq)]
pub enum Need<'a> {
    /// A question is open.
    Asks(&'a OpenQuestion),
    /// A run failed, was refused, did not see its target, or found drift.
    Trouble(&'a ScopeTrouble),
    /// It has been halted for long, or over what was due.
    Halted(&'a HaltSwitch),
    /// A move is held: the execution, since when, and why.
    Held(&'a (String, Timestamp, String)),
    /// It serves away from home, and home could serve again.
    Away(&'a Readiness),
    /// The region that would take over could not.
    NotReady(&'a Readiness),
    /// The newest good backup of this resource is too old; and of how many more of the environment.
    Stale(&'a BackupFreshness, usize),
    /// The daily unblock found something.
    Stuck(&'a UnblockFinding),
}

/// A need of an environment.
#[derive(Debug, Clone)]
pub struct NeedOf<'s, 'a> {
    /// Whose.
    pub state: &'s EnvironmentState<'a>,
    /// What.
    pub need: Need<'a>,
    /// When it runs out by itself.
    pub due: Option<Timestamp>,
    /// Since when it is so, where that is known.
    pub since: Option<Timestamp>,
}

/// Everything that needs a person: what runs out by itself first, then the oldest; what has no age comes last.
pub fn needs<'s, 'a>(states: &'s [EnvironmentState<'a>]) -> Vec<NeedOf<'s, 'a>> {
    let mut all: Vec<NeedOf<'s, 'a>> = states.iter().flat_map(needs_of).collect();
    all.sort_by_key(|it| (it.due.is_none(), it.due, it.since.is_none(), it.since));
    all
}

fn needs_of<'s, 'a>(state: &'s EnvironmentState<'a>) -> Vec<NeedOf<'s, 'a>> {
    let mut found: Vec<NeedOf<'s, 'a>> = Vec::new();
    let mut note = |need, due, since| found.push(NeedOf { state, need, due, since });
    for question in state.questions() {
        note(Need::Asks(question), Some(question.until), Some(question.asked));
    }
    // Of a pair in both regions: what stands by has to be in order, too.
    let ledgers = state.facts.regions.values().filter_map(|here| here.ledger.known());
    for trouble in ledgers.filter_map(|ledger| ledger.trouble.as_ref()) {
        note(Need::Trouble(trouble), None, Some(trouble.since));
    }
    if let Some(halt) = state.halt.filter(|halt| is_overdue(state, halt)) {
        note(Need::Halted(halt), None, Some(halt.since));
    }
    if let Some(held) = state.pair.and_then(|pair| pair.held.as_ref()) {
        note(Need::Held(held), None, Some(held.1));
    }
    if let Some(need) = unready(state) {
        let since = match &need {
            Need::Away(_) => state.pair.map(|pair| pair.pointer.since),
            _ => None,
        };
        note(need, None, since);
    }
    let backups = state.facts.backups.known().map(Vec::as_slice).unwrap_or_default();
    let old: Vec<&BackupFreshness> = backups.iter().filter(|it| !is_fresh(it, state.now)).collect();
    // The worst of them stands for all: they are looked at on one page.
    if let Some(worst) = old.iter().max_by_key(|it| (it.newest.is_none(), overdue(it, state.now))) {
        let since = worst.newest.map(|newest| newest + SignedDuration::from_secs(worst.within_seconds));
        note(Need::Stale(worst, old.len() - 1), None, since);
    }
    let unblock = state.facts.unblock.known().map(Vec::as_slice).unwrap_or_default();
    for finding in unblock.iter().filter(|finding| finding.since.is_some()) {
        note(Need::Stuck(finding), None, finding.since);
    }
    found
}

/// Whether a halt has lasted long, or over what would have come by itself.
fn is_overdue(state: &EnvironmentState<'_>, halt: &HaltSwitch) -> bool {
    let long = state.now.duration_since(halt.since) > HALT_PATIENCE;
    let turned = state.calendar.as_ref().and_then(|it| it.since).is_some_and(|since| since >= halt.since);
    let expired = state.ledger.into_iter().flat_map(|it| &it.intents).filter_map(|it| it.expires);
    long || turned || expired.into_iter().any(|end| halt.since <= end && end <= state.now)
}

/// Whether the region that does not serve is a matter for a person.
fn unready<'a>(state: &EnvironmentState<'a>) -> Option<Need<'a>> {
    let pair = state.pair.filter(|pair| pair.pointer.moving.is_none())?;
    let readiness = pair.readiness.as_ref()?;
    let ready = readiness.verdict();
    if pair.pointer.active == state.facts.home {
        return (ready == ReadyVerdict::NotReady).then_some(Need::NotReady(readiness));
    }
    let heard = pair
        .heard
        .get(&state.facts.home)
        .is_some_and(|beat| state.now.duration_since(beat.at) <= watchkeeper_domain::failover::evidence::SILENCE);
    (heard && ready != ReadyVerdict::NotReady).then_some(Need::Away(readiness))
}

/// Whether a resource's newest good copy is not older than it may be.
pub fn is_fresh(backup: &BackupFreshness, now: Timestamp) -> bool {
    overdue(backup, now).is_some_and(|overdue| overdue <= SignedDuration::ZERO)
}

/// By how much the newest good copy is older than it may be; none where there is none.
fn overdue(backup: &BackupFreshness, now: Timestamp) -> Option<SignedDuration> {
    let age = now.duration_since(backup.newest?);
    Some(age - SignedDuration::from_secs(backup.within_seconds))
}

/// The resource whose newest good copy is the oldest for what it may be: the age that a row shows.
pub fn worst(backups: &[BackupFreshness], now: Timestamp) -> Option<&BackupFreshness> {
    let share = |it: &&BackupFreshness| {
        it.newest.map_or(i64::MAX, |newest| {
            now.duration_since(newest).as_secs().max(0).saturating_mul(1000) / it.within_seconds.max(1)
        })
    };
    backups.iter().max_by_key(share)
}

impl Need<'_> {
    /// Its shape and tone.
    pub fn shape(&self) -> (Shape, Tone) {
        use crate::facts::TroubleKind::{Drift, Failed, Overdue, Refused, Unverified};
        match self {
            Self::Asks(_) => (Shape::Diamond, Tone::Red),
            Self::Trouble(trouble) => match trouble.kind {
                Refused => (Shape::Bar, Tone::Red),
                Failed | Unverified | Overdue => (Shape::Cross, Tone::Red),
                Drift => (Shape::Waves, Tone::Amber),
            },
            Self::Halted(_) => (Shape::Square, Tone::Ink),
            Self::Held(_) => (Shape::Arrows, Tone::Violet),
            Self::Away(_) => (Shape::Bars, Tone::Violet),
            Self::NotReady(_) => (Shape::Warning, Tone::Red),
            Self::Stale(..) => (Shape::Clock, Tone::Red),
            Self::Stuck(_) => (Shape::Warning, Tone::Amber),
        }
    }
}

/// Whether everything was read: only then the page may say that all is quiet.
pub fn unread(states: &[EnvironmentState<'_>]) -> usize {
    let is_unread = |it: &&EnvironmentState<'_>| {
        let whole = it.facts.backups.now().is_some()
            && it.facts.unblock.now().is_some()
            && it.facts.regions.values().all(|here| here.ledger.now().is_some() && here.observed.now().is_some());
        !whole || matches!(it.matter, Some(crate::state::Matter::Unread(_)))
    };
    states.iter().filter(is_unread).count()
}

/// What comes next of all, by itself.
pub fn first_to_come<'s, 'a>(
    states: &'s [EnvironmentState<'a>],
) -> Option<(&'s EnvironmentState<'a>, crate::next::Next, Timestamp)> {
    let coming = states.iter().filter(|it| it.halt.is_none()).filter_map(|it| {
        let next = next(it);
        let at = next.at()?;
        Some((it, next, at))
    });
    coming.min_by_key(|(.., at)| *at)
}
