//! What follows in a backup: one decision from what is remembered and what is there. It is level-triggered, so that a run
//! that died is gone on with and not begun again.

use jiff::{SignedDuration, Timestamp};

use super::{
    BackupAttempt, BackupMemory, BackupNext, BackupView, CopyFate, CopyInventory, CopyRegion, CopyRemoval, CopyState,
    JobPolicy, ObservedCopy, RetryDecision, SETTLE, SourceState, prune,
};
use crate::name::Region;

/// How long a copy may take to become available, here or in the other region: the largest databases take hours.
const PATIENCE: SignedDuration = SignedDuration::from_hours(12);

/// How long a resource that is busy is waited for within one run.
const BUSY: SignedDuration = SignedDuration::from_hours(1);

/// How long a copy that we made may be missing from the lists before it counts as gone: one list may come short.
const MISSING: SignedDuration = SignedDuration::from_mins(10);

/// The shortest and the longest wait between two looks, in seconds.
const WAITS: (i64, i64) = (15, 300);

/// The same while a copy is being made, which mostly takes minutes: each look is several state transitions, and each of those is
/// billed.
pub(super) const LOOKS: (i64, i64) = (40, 300);

/// How often AWS is asked before a pause.
const ASKS: u32 = 10;

/// Removals in one step: each is a call.
const REMOVALS: usize = 20;

/// What follows.
pub fn decide(view: &BackupView<'_>) -> BackupNext {
    let step = present(view, view.home, view.attempt.asked, "it is being taken").unwrap_or_else(|| start(view));
    if step != BackupNext::Done {
        return step;
    }
    match view.away {
        CopyRegion::None => {}
        CopyRegion::Unseen => return BackupNext::LookAway,
        CopyRegion::Seen(away) => {
            let step =
                present(view, away, view.attempt.copy_asked, "it is being copied").unwrap_or_else(|| copy(view, away));
            if step != BackupNext::Done {
                return step;
            }
        }
    }
    let unknown = unknown(view);
    if !unknown.is_empty() {
        return BackupNext::Review(unknown);
    }
    let removals = removals(view);
    if removals.is_empty() { BackupNext::Done } else { BackupNext::Prune(removals) }
}

/// The copies that nobody has looked at, or of which what was found is forgotten: before anything is pruned.
fn unknown(view: &BackupView<'_>) -> Vec<(Region, ObservedCopy)> {
    let of = |inventory: CopyInventory<'_>| -> Vec<(Region, ObservedCopy)> {
        let found = view.memory.unknown(inventory.region, inventory.copies).into_iter();
        found.map(|copy| (inventory.region.clone(), copy.clone())).collect()
    };
    view.inventories().flat_map(of).collect()
}

/// What becomes of each copy of a region.
pub fn fates(policy: &JobPolicy, memory: &BackupMemory, inventory: &CopyInventory<'_>) -> Vec<CopyFate> {
    let candidates: Vec<_> = inventory.copies.iter().map(|it| memory.candidate(policy, inventory.region, it)).collect();
    prune(&policy.keep, &candidates)
}

fn removals(view: &BackupView<'_>) -> Vec<CopyRemoval> {
    let all = view.inventories().flat_map(|inventory| {
        let fates = fates(view.policy, view.memory, &inventory).into_iter().zip(inventory.copies);
        let gone = fates.filter_map(|(fate, copy)| match fate {
            CopyFate::Goes(why) => Some((why, copy)),
            CopyFate::Stays(_) => None,
        });
        gone.map(move |(why, copy)| CopyRemoval { region: inventory.region.clone(), copy: copy.clone(), why })
            .collect::<Vec<_>>()
    });
    all.take(REMOVALS).collect()
}

/// What follows for the copy of this attempt in one region; nothing where it has to be asked for.
fn present(
    view: &BackupView<'_>,
    inventory: CopyInventory<'_>,
    asked: Option<Timestamp>,
    doing: &str,
) -> Option<BackupNext> {
    let name = view.policy.subject.series().name(view.attempt.due);
    let mut named = inventory.copies.iter().filter(|copy| copy.name == name.as_str());
    // Of two of one name, which only a service without unique names can have, the first one counts.
    let Some(copy) = named.by_ref().min_by_key(|copy| (copy.created, copy.id.clone())) else {
        let recent = asked.filter(|asked| view.now.duration_since(*asked) < SETTLE);
        let known = view.memory.copies.iter().find(|it| it.name == name.as_str() && it.region == *inventory.region);
        let short = known.filter(|it| it.gone.is_none_or(|gone| view.now.duration_since(gone) < MISSING));
        return match (recent, known) {
            (Some(_), _) => {
                Some(BackupNext::Wait(WAITS.0, format!("{doing}, and {} does not show it yet", inventory.region)))
            }
            (None, Some(_)) if short.is_some() => {
                Some(BackupNext::Wait(4 * WAITS.0, format!("{} shows {name} no more", inventory.region)))
            }
            (None, Some(_)) => Some(BackupNext::Fail(
                format!("{name} was made in {}, and is gone", inventory.region),
                RetryDecision::Anew,
            )),
            (None, None) => None,
        };
    };
    let fail =
        |why: String, again: RetryDecision| BackupNext::Fail(format!("{name} in {}: {why}", inventory.region), again);
    Some(match (&copy.state, view.memory.known(inventory.region, &copy.id)) {
        // It is there under our name, and nothing says that we made it.
        (_, None) => fail("it is there without our tag: somebody else made it".to_owned(), RetryDecision::Anew),
        (CopyState::Failed(words), _) => fail(format!("AWS says {words}"), RetryDecision::Anew),
        (CopyState::Deleting, _) => fail("it is being removed by somebody else".to_owned(), RetryDecision::Anew),
        (CopyState::Creating, Some(_)) => waiting(view, asked, &format!("{doing} in {}", inventory.region)),
        (CopyState::Available, Some(known)) => match &known.verified {
            None => BackupNext::Verify { region: inventory.region.clone(), copy: copy.clone() },
            Some(verified) if verified.flaws.is_empty() => BackupNext::Done,
            Some(verified) => fail(format!("it is not good: {}", verified.flaws.join("; ")), RetryDecision::No),
        },
    })
}

/// The longer it takes, the rarer the looks.
fn waiting(view: &BackupView<'_>, asked: Option<Timestamp>, what: &str) -> BackupNext {
    let since = view.now.duration_since(asked.unwrap_or(view.attempt.began));
    if since > PATIENCE {
        return BackupNext::Fail(format!("{what} for more than {PATIENCE:#}"), RetryDecision::Same);
    }
    BackupNext::Wait((since.as_secs() / 2).clamp(LOOKS.0, LOOKS.1), what.to_owned())
}

fn start(view: &BackupView<'_>) -> BackupNext {
    let Some(source) = view.source else {
        return BackupNext::Fail(format!("{} does not exist", view.policy.subject.source), RetryDecision::Same);
    };
    let later = |by: SignedDuration| view.now.saturating_add(by).unwrap_or(Timestamp::MAX);
    match &source.state {
        SourceState::Stopped => {
            let until = view.wakes.unwrap_or_else(|| later(super::PAUSE));
            BackupNext::Park(
                until,
                "it is stopped, and a stopped database cannot be backed up; it is not woken for it".to_owned(),
            )
        }
        SourceState::Busy(words) if view.now.duration_since(view.attempt.began) > BUSY => {
            BackupNext::Park(later(super::PAUSE), format!("it is {words}"))
        }
        SourceState::Busy(words) => {
            let since = view.now.duration_since(view.attempt.began).as_secs();
            BackupNext::Wait((since / 4).clamp(2 * WAITS.0, WAITS.1), format!("it is {words}"))
        }
        SourceState::Available => insisting(view).or_else(|| full(view.home)).unwrap_or(BackupNext::Start),
    }
}

/// AWS may say of a resource that it is available, and refuse all the same: it is asked some times, and again after a pause.
fn insisting(view: &BackupView<'_>) -> Option<BackupNext> {
    let BackupAttempt { asked: Some(asked), asks, .. } = view.attempt else { return None };
    let why = format!("AWS was asked for it {asks} times, and makes none");
    if view.now.duration_since(view.attempt.began) > PATIENCE && *asks >= ASKS {
        return Some(BackupNext::Fail(why, RetryDecision::Same));
    }
    let until = asked.saturating_add(super::PAUSE).unwrap_or(Timestamp::MAX);
    (*asks > 0 && asks % ASKS == 0 && view.now < until).then_some(BackupNext::Park(until, why))
}

fn copy(view: &BackupView<'_>, away: CopyInventory<'_>) -> BackupNext {
    let name = view.policy.subject.series().name(view.attempt.due);
    let original =
        view.home.copies.iter().filter(|it| it.name == name.as_str()).min_by_key(|it| (it.created, it.id.clone()));
    match (full(away), original) {
        (Some(full), _) => full,
        (None, Some(original)) => BackupNext::Copy(original.clone()),
        (None, None) => BackupNext::Fail(format!("{name} is gone before it could be copied"), RetryDecision::Anew),
    }
}

fn full(inventory: CopyInventory<'_>) -> Option<BackupNext> {
    let quota = inventory.quota.filter(|quota| quota.is_full())?;
    let what_to_do = "raise the quota or remove some that are not ours";
    Some(BackupNext::Fail(format!("{} holds {quota}: {what_to_do}", inventory.region), RetryDecision::Same))
}
