//! What one slice of writes has done, and what it leaves in the record of the run.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::ResourceId;
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::plan::{AwaitedChange, Plan};
use watchkeeper_domain::reconcile::run::{RunRecord, WriteRefusal, WriteTrouble};

use super::call::{APPLY, VERIFY};
use super::{URGENT_WAIT_SECONDS, counted, look_again, overdue};
use crate::ports::AwsError;
use crate::scoped::ScopedEnvironment;

/// How long to wait after AWS asked us to slow down, or did not answer, in seconds.
const BACK_OFF_SECONDS: u32 = 5;

/// How long the writes of a resource may fail before it is left out, told of, and left to the next tick: as long as until
/// that one comes.
const TROUBLE: SignedDuration = SignedDuration::from_mins(5);

/// The same where somebody waits: an emergency's other services are not to wait for one that AWS does not answer for.
const URGENT_TROUBLE: SignedDuration = SignedDuration::from_mins(1);

/// Why a slice ended.
pub(super) enum SliceEnd {
    /// Every wave is written.
    Written,
    /// A wave waits for what is on its way.
    Waiting(Vec<AwaitedChange>),
    /// The slice's time is over.
    OutOfTime,
    /// AWS refused something for good, and what waits for it is to be thought over.
    Changed,
    /// AWS asked us to slow down, did not answer, or was in a state that did not allow it; come again.
    Again(String),
}

/// What one slice has under its hands.
pub(super) struct SliceProgress<'a> {
    pub(super) scoped: &'a ScopedEnvironment,
    pub(super) run: &'a RunRecord,
    pub(super) layer: Layer,
    pub(super) generation: u64,
    pub(super) seen: Timestamp,
    pub(super) end: Timestamp,
    pub(super) writes: u32,
    /// Actions of each resource that are not made yet.
    pub(super) open: BTreeMap<ResourceId, usize>,
    /// After which instant a write was sent last to each resource.
    pub(super) touched: BTreeMap<ResourceId, Timestamp>,
    pub(super) refused: Vec<WriteRefusal>,
    pub(super) failed: Vec<(ResourceId, AwsError)>,
}

impl SliceProgress<'_> {
    /// One of its actions is made.
    pub(super) fn made(&mut self, resource: &ResourceId) {
        self.writes += 1;
        if let Some(open) = self.open.get_mut(resource) {
            *open = open.saturating_sub(1);
        }
    }
}

/// How many actions each resource has in a plan.
pub(super) fn open(plan: &Plan) -> BTreeMap<ResourceId, usize> {
    let mut open = BTreeMap::new();
    for action in plan.actions() {
        *open.entry(action.change.resource()).or_default() += 1;
    }
    open
}

pub(super) fn refusal(resource: ResourceId, error: &AwsError) -> WriteRefusal {
    WriteRefusal { resource, name: error.fault.name().to_owned(), what: error.to_string() }
}

/// Writes the slice into the record, and says which step follows, after how many seconds, and what was done.
pub(super) fn settle(
    run: &mut RunRecord,
    slice_progress: SliceProgress<'_>,
    end: SliceEnd,
    now: Timestamp,
) -> (&'static str, u32, String) {
    let (layer, writes) = (slice_progress.layer, slice_progress.writes);
    run.slices += 1;
    run.writes += writes;
    run.awaited.clear();
    remember(run, slice_progress, now);
    let (next, wait_seconds, what) = match end {
        SliceEnd::Written => (VERIFY, 0, "every wave is written".to_owned()),
        SliceEnd::OutOfTime => (APPLY, 0, "more is left for the next slice".to_owned()),
        SliceEnd::Changed => {
            let n = run.progress.refused.len();
            (APPLY, 0, format!("AWS refused to change {}; the rest goes on", counted(n, "resource")))
        }
        SliceEnd::Again(error) => (APPLY, BACK_OFF_SECONDS, format!("{error}; it is tried again")),
        SliceEnd::Waiting(awaited) => {
            let first = awaited.first().map(ToString::to_string).unwrap_or_default();
            let what = format!("waiting for {} ({first})", counted(awaited.len(), "resource"));
            // A rule does what it is told at once: it is only looked at once more.
            let at_once = awaited.iter().all(|it| matches!(it.resource, ResourceId::Rule(_)));
            run.awaited = awaited;
            (APPLY, if at_once { URGENT_WAIT_SECONDS } else { look_again(layer) }, what)
        }
    };
    run.waited_seconds += wait_seconds;
    // What was given back so far is proved also where the rest is late.
    let next = if next == APPLY && overdue(run, now) { VERIFY } else { next };
    let summary = format!("{}; {what}", counted(writes as usize, "write"));
    run.header.note(now, summary.clone());
    (next, wait_seconds, summary)
}

/// What the slice leaves behind of each resource. One that has failed for long counts as refused.
fn remember(run: &mut RunRecord, slice_progress: SliceProgress<'_>, now: Timestamp) {
    let progress = &mut run.progress;
    if !slice_progress.touched.is_empty() {
        progress.wrote = Some(now);
    }
    for (resource, sent) in slice_progress.touched {
        if let ResourceId::Service(id) = &resource {
            progress.sent.insert(id.clone(), sent);
        }
        progress.touched.insert(resource);
    }
    progress
        .written
        .extend(slice_progress.open.into_iter().filter(|(_, open)| *open == 0).map(|(resource, _)| resource));
    progress.refused.extend(slice_progress.refused);
    let limit = if slice_progress.layer >= Layer::Emergency { URGENT_TROUBLE } else { TROUBLE };
    let mut troubled = Vec::new();
    for (resource, error) in slice_progress.failed {
        let before = progress.troubled.iter().find(|trouble| trouble.resource == resource);
        let since = before.map_or(now, |trouble| trouble.since);
        if now.duration_since(since) >= limit {
            progress.refused.push(refusal(resource, &error));
        } else {
            troubled.push(WriteTrouble { resource, since });
        }
    }
    progress.troubled = troubled;
}
