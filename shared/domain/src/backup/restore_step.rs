//! The next step of a restore, decided from what is remembered and what is there: nothing is restored over what exists, and
//! nothing is removed that we did not make.

use jiff::{SignedDuration, Timestamp};

use super::check_task::CheckNext;
use super::decide::LOOKS;
use super::{
    ObservedCheckTask, ObservedInstance, ObservedRestore, RestorePurpose, RestoreRun, RestoreSource, RestoreWants,
    SETTLE, SourceState,
};

/// How long a restore may take: the largest databases take hours.
const PATIENCE: SignedDuration = SignedDuration::from_hours(12);

/// How much earlier than we asked for it what we restored may say that it was made: clocks differ.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What follows in a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreNext {
    /// Ask AWS to restore.
    Restore,
    /// It is ours and does not say so: tag it.
    Adopt,
    /// It is there: note the time.
    Ready,
    /// Set what a restore does not bring.
    Reapply,
    /// Ask AWS for the instance that a restored cluster needs.
    AddInstance,
    /// Ask ECS to run the task that checks it; asked twice, it runs once.
    RunCheck,
    /// The task has ended: note how.
    EndCheck,
    /// Ask ECS to stop the task.
    StopCheck,
    /// Look whether it is as it should be.
    Check,
    /// Ask AWS to remove the instance of the restored cluster.
    RemoveInstance,
    /// Ask AWS to remove it.
    Remove,
    /// Look again after so many seconds.
    Wait(i64, String),
    /// It takes too long even to tidy up: a later run goes on with it.
    Leave(String),
    /// It cannot be done; what was made is removed.
    Fail(String),
    /// All of it is done.
    Done,
}

/// What a decision is made of.
#[derive(Debug, Clone, Copy)]
pub struct RestoreView<'a> {
    /// What is remembered.
    pub restore: &'a RestoreRun,
    /// What it needs.
    pub wants: RestoreWants<'a>,
    /// What has its name.
    pub target: Option<&'a ObservedRestore>,
    /// The task that checks it, as ECS describes it.
    pub task: Option<&'a ObservedCheckTask>,
    /// The present.
    pub now: Timestamp,
}

/// What follows.
pub fn decide_restore(view: &RestoreView<'_>) -> RestoreNext {
    let restore = view.restore;
    // A task that we started ends first, whatever the restore came to: it uses what is removed then.
    let task = restore.task.as_ref().filter(|_| restore.is_over());
    if let Some(next) = task.and_then(|task| by_task(view, task.tidies(view.task, view.now))) {
        return next;
    }
    let Some(target) = view.target else { return absent(view) };
    let tidies = restore.purpose == RestorePurpose::Drill && restore.is_over();
    if !is_ours(restore, target) {
        // What we did not make is neither changed nor removed.
        let exists = format!("{} exists already, and nothing is restored over what exists", restore.target);
        return if restore.is_over() { RestoreNext::Done } else { RestoreNext::Fail(exists) };
    }
    if target.mark.is_none() && !target.deleting && target.state == SourceState::Available {
        return RestoreNext::Adopt;
    }
    match &target.state {
        _ if target.deleting => waiting(view, "it is being removed"),
        SourceState::Busy(words) => waiting(view, words),
        _ if tidies => remove(view, target.instance.as_ref()),
        _ if restore.is_over() => RestoreNext::Done,
        SourceState::Stopped => RestoreNext::Fail(format!("{} is stopped", restore.target)),
        SourceState::Available if restore.reapplied.is_none() => RestoreNext::Reapply,
        SourceState::Available if restore.ready.is_none() && view.wants.instance => add(view, target.instance.as_ref()),
        SourceState::Available if restore.ready.is_none() => RestoreNext::Ready,
        SourceState::Available => check(view),
    }
}

/// What follows for a task of ours; nothing once it has ended.
fn by_task(view: &RestoreView<'_>, next: CheckNext) -> Option<RestoreNext> {
    match next {
        CheckNext::Run => Some(RestoreNext::RunCheck),
        CheckNext::Wait(seconds, what) => Some(RestoreNext::Wait(seconds, format!("{}: {what}", view.restore.target))),
        CheckNext::Stop => Some(RestoreNext::StopCheck),
        CheckNext::End => Some(RestoreNext::EndCheck),
        CheckNext::Over => None,
    }
}

/// The task first, where the document wants one; then what the restore itself shows.
fn check(view: &RestoreView<'_>) -> RestoreNext {
    let next = match &view.restore.task {
        Some(task) => task.follows(view.task, view.now),
        None if view.wants.check.is_some() => CheckNext::Run,
        None => CheckNext::Over,
    };
    by_task(view, next).unwrap_or(RestoreNext::Check)
}

/// A cluster can be used once its instance can be.
fn add(view: &RestoreView<'_>, instance: Option<&ObservedInstance>) -> RestoreNext {
    let target = &view.restore.target;
    match instance {
        None if recently(view.restore.instance_asked, view.now) => waiting(view, "its instance does not show yet"),
        None => RestoreNext::AddInstance,
        Some(found) if found.mark.as_ref() != Some(&view.restore.mark) => {
            RestoreNext::Fail(format!("an instance {target} exists already, and is none of the restored cluster"))
        }
        Some(found) if found.deleting => waiting(view, "its instance is being removed"),
        Some(found) => match &found.state {
            SourceState::Available => RestoreNext::Ready,
            SourceState::Stopped => RestoreNext::Fail(format!("the instance of {target} is stopped")),
            SourceState::Busy(words) => waiting(view, &format!("its instance is {words}")),
        },
    }
}

/// AWS removes no cluster that has an instance (Amazon RDS API reference, `DeleteDBCluster`). An instance of others stays.
fn remove(view: &RestoreView<'_>, instance: Option<&ObservedInstance>) -> RestoreNext {
    match instance {
        // Once it was there, it is gone.
        None if view.restore.ready.is_none() && recently(view.restore.instance_asked, view.now) => {
            waiting(view, "its instance may still come")
        }
        Some(found) if found.mark.as_ref() == Some(&view.restore.mark) => match &found.state {
            _ if found.deleting => waiting(view, "its instance is being removed"),
            SourceState::Busy(words) => waiting(view, &format!("its instance is {words}")),
            SourceState::Available | SourceState::Stopped => RestoreNext::RemoveInstance,
        },
        _ => RestoreNext::Remove,
    }
}

fn recently(asked: Option<Timestamp>, now: Timestamp) -> bool {
    asked.is_some_and(|asked| now.duration_since(asked) < SETTLE)
}

/// Ours is what carries our mark; and, where it carries none yet, what was made after we asked, from what we asked for.
fn is_ours(restore: &RestoreRun, target: &ObservedRestore) -> bool {
    let Some(asked) = restore.asked else { return false };
    let earliest = asked.min(restore.began).saturating_sub(SKEW).unwrap_or(Timestamp::MIN);
    let same = match (&restore.from, &target.from) {
        (RestoreSource::Copy { id, .. }, Some(from)) => id == from,
        _ => true,
    };
    match &target.mark {
        Some(mark) => *mark == restore.mark,
        None => same && target.created.is_some_and(|created| created >= earliest),
    }
}

fn absent(view: &RestoreView<'_>) -> RestoreNext {
    let restore = view.restore;
    let recent = recently(restore.asked, view.now);
    match (restore.is_over(), restore.asked) {
        (true, Some(_)) if recent && restore.removing.is_none() => waiting(view, "it may still come"),
        (true, _) => RestoreNext::Done,
        (false, _) if restore.ready.is_some() => RestoreNext::Fail(format!("{} is gone", restore.target)),
        (false, Some(_)) if recent => waiting(view, "it does not show yet"),
        (false, _) => RestoreNext::Restore,
    }
}

fn waiting(view: &RestoreView<'_>, what: &str) -> RestoreNext {
    let since = view.now.duration_since(view.restore.removing.or(view.restore.asked).unwrap_or(view.restore.began));
    if since > PATIENCE {
        let why = format!("{} is {what} for more than {PATIENCE:#}", view.restore.target);
        return if view.restore.failed.is_none() { RestoreNext::Fail(why) } else { RestoreNext::Leave(why) };
    }
    RestoreNext::Wait((since.as_secs() / 2).clamp(LOOKS.0, LOOKS.1), format!("{}: {what}", view.restore.target))
}
