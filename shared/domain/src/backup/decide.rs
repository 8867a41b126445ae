//! What follows in a backup: one decision from what is remembered and what is there. It is level-triggered, so that a run
//! that died is gone on with and not begun again.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::{
    Attempt, CopyQuota, CopyState, Fate, Goes, Memory, ObservedCopy, ObservedSource, Policy, SETTLE, SourceState, prune,
};
use crate::name::Region;

/// How long a copy may take to become available, here or in the other region: the largest databases take hours.
const PATIENCE: SignedDuration = SignedDuration::from_hours(12);

/// How long a resource that is busy is waited for within one run.
const BUSY: SignedDuration = SignedDuration::from_hours(1);

/// The shortest and the longest wait between two looks, in seconds.
const WAITS: (i64, i64) = (15, 300);

/// Removals in one step: each is a call.
const REMOVALS: usize = 20;

/// A copy that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Where it is.
    pub region: Region,
    /// The copy.
    pub copy: ObservedCopy,
    /// Why.
    pub why: Goes,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Ask AWS for the backup.
    Start,
    /// Look whether a copy is good.
    Verify {
        /// Where it is.
        region: Region,
        /// The copy.
        copy: ObservedCopy,
    },
    /// Ask AWS for the copy in the other region.
    Copy(ObservedCopy),
    /// Remove these.
    Prune(Vec<Removal>),
    /// Look again after so many seconds.
    Wait(i64, String),
    /// Leave it until then.
    Park(Timestamp, String),
    /// It cannot be done.
    Fail(String),
    /// All of it is done.
    Done,
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("taken"),
            Self::Verify { region, copy } => write!(f, "{} in {region} verified", copy.name),
            Self::Copy(copy) => write!(f, "{} copied", copy.name),
            Self::Prune(removals) => write!(f, "{} pruned", removals.len()),
            Self::Wait(_, why) => write!(f, "waits: {why}"),
            Self::Park(until, why) => write!(f, "waits until {until}: {why}"),
            Self::Fail(why) => write!(f, "failed: {why}"),
            Self::Done => f.write_str("done"),
        }
    }
}

/// What there is in one region.
#[derive(Debug, Clone, Copy)]
pub struct Shelf<'a> {
    /// Which.
    pub region: &'a Region,
    /// The copies of the resource, everybody's.
    pub copies: &'a [ObservedCopy],
    /// How full it is, where there is a limit.
    pub quota: Option<CopyQuota>,
}

/// Everything that a decision is made of.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// What the document says.
    pub policy: &'a Policy,
    /// What is remembered, in line with what is there.
    pub memory: &'a Memory,
    /// What is under way.
    pub attempt: &'a Attempt,
    /// The resource.
    pub source: Option<&'a ObservedSource>,
    /// What there is in its own region.
    pub home: Shelf<'a>,
    /// What there is in the other region, where the document names one.
    pub away: Option<Shelf<'a>>,
    /// When the environment wakes, if its calendar says that it sleeps.
    pub wakes: Option<Timestamp>,
    /// The present.
    pub now: Timestamp,
}

/// What follows.
pub fn decide(view: &View<'_>) -> Next {
    let step = present(view, view.home, view.attempt.asked, "it is being taken").unwrap_or_else(|| start(view));
    if step != Next::Done {
        return step;
    }
    if let Some(away) = view.away {
        let step =
            present(view, away, view.attempt.copy_asked, "it is being copied").unwrap_or_else(|| copy(view, away));
        if step != Next::Done {
            return step;
        }
    }
    let removals = removals(view);
    if removals.is_empty() { Next::Done } else { Next::Prune(removals) }
}

/// What becomes of each copy of a region.
pub fn fates(policy: &Policy, memory: &Memory, shelf: &Shelf<'_>) -> Vec<Fate> {
    let candidates: Vec<_> = shelf.copies.iter().map(|it| memory.candidate(policy, shelf.region, it)).collect();
    prune(&policy.keep, &candidates)
}

fn removals(view: &View<'_>) -> Vec<Removal> {
    let shelves = std::iter::once(view.home).chain(view.away);
    let all = shelves.flat_map(|shelf| {
        let fates = fates(view.policy, view.memory, &shelf).into_iter().zip(shelf.copies);
        let gone = fates.filter_map(|(fate, copy)| match fate {
            Fate::Goes(why) => Some((why, copy)),
            Fate::Stays(_) => None,
        });
        gone.map(move |(why, copy)| Removal { region: shelf.region.clone(), copy: copy.clone(), why })
            .collect::<Vec<_>>()
    });
    all.take(REMOVALS).collect()
}

/// What follows for the copy of this attempt in one region; nothing where it has to be asked for.
fn present(view: &View<'_>, shelf: Shelf<'_>, asked: Option<Timestamp>, doing: &str) -> Option<Next> {
    let name = view.policy.subject.series().name(view.attempt.due);
    let mut named = shelf.copies.iter().filter(|copy| copy.name == name.as_str());
    // Of two of one name, which only a service without unique names can have, the first one counts.
    let Some(copy) = named.by_ref().min_by_key(|copy| (copy.created, copy.id.clone())) else {
        let recent = asked.filter(|asked| view.now.duration_since(*asked) < SETTLE);
        let known = view.memory.copies.iter().any(|it| it.name == name.as_str() && it.region == *shelf.region);
        return match (recent, known) {
            (Some(_), _) => Some(Next::Wait(WAITS.0, format!("{doing}, and {} does not show it yet", shelf.region))),
            (None, true) => Some(Next::Fail(format!("{name} was made in {}, and is gone", shelf.region))),
            (None, false) => None,
        };
    };
    Some(match (&copy.state, view.memory.known(shelf.region, &copy.id)) {
        // It is there under our name, and nothing says that we made it.
        (_, None) => Next::Fail(format!("{name} is in {} without our tag: somebody else made it", shelf.region)),
        (CopyState::Failed(words), _) => Next::Fail(format!("{name} in {}: AWS says {words}", shelf.region)),
        (CopyState::Deleting, _) => Next::Fail(format!("{name} in {} is being removed by somebody else", shelf.region)),
        (CopyState::Creating, Some(_)) => waiting(view, asked, &format!("{doing} in {}", shelf.region)),
        (CopyState::Available, Some(known)) => match &known.verified {
            None => Next::Verify { region: shelf.region.clone(), copy: copy.clone() },
            Some(verified) if verified.flaws.is_empty() => Next::Done,
            Some(verified) => {
                Next::Fail(format!("{name} in {} is not good: {}", shelf.region, verified.flaws.join("; ")))
            }
        },
    })
}

/// The longer it takes, the rarer the looks.
fn waiting(view: &View<'_>, asked: Option<Timestamp>, what: &str) -> Next {
    let since = view.now.duration_since(asked.unwrap_or(view.attempt.began));
    if since > PATIENCE {
        return Next::Fail(format!("{what} for more than {PATIENCE:#}"));
    }
    Next::Wait((since.as_secs() / 4).clamp(WAITS.0, WAITS.1), what.to_owned())
}

fn start(view: &View<'_>) -> Next {
    let Some(source) = view.source else {
        return Next::Fail(format!("{} does not exist", view.policy.subject.source));
    };
    let later = |by: SignedDuration| view.now.saturating_add(by).unwrap_or(Timestamp::MAX);
    match &source.state {
        SourceState::Stopped => {
            let until = view.wakes.unwrap_or_else(|| later(super::PAUSE));
            Next::Park(
                until,
                "it is stopped, and a stopped database cannot be backed up; it is not woken for it".to_owned(),
            )
        }
        SourceState::Busy(words) if view.now.duration_since(view.attempt.began) > BUSY => {
            Next::Park(later(super::PAUSE), format!("it is {words}"))
        }
        SourceState::Busy(words) => Next::Wait(2 * WAITS.0, format!("it is {words}")),
        SourceState::Available => full(view.home).unwrap_or(Next::Start),
    }
}

fn copy(view: &View<'_>, away: Shelf<'_>) -> Next {
    let name = view.policy.subject.series().name(view.attempt.due);
    let original =
        view.home.copies.iter().filter(|it| it.name == name.as_str()).min_by_key(|it| (it.created, it.id.clone()));
    match (full(away), original) {
        (Some(full), _) => full,
        (None, Some(original)) => Next::Copy(original.clone()),
        (None, None) => Next::Fail(format!("{name} is gone before it could be copied")),
    }
}

fn full(shelf: Shelf<'_>) -> Option<Next> {
    let quota = shelf.quota.filter(|quota| quota.is_full())?;
    Some(Next::Fail(format!("{} holds {quota}: raise the quota or remove some that are not ours", shelf.region)))
}
