//! Which backups have to be worked on, and which of them have their turn: so many at once in an environment, however many
//! executions there are.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{BackupLine, BackupMemory, BackupSource, JobPolicy, ResourceKind};

/// How many resources of an environment are backed up at once: API budgets are the account's, and what an execution does
/// has to fit into its history (25,000 events, AWS Step Functions developer guide, quotas).
pub const AT_ONCE: usize = 8;

/// How many of these may be Aurora clusters: so many copies to one region can be under way (Amazon Aurora user guide,
/// copying a DB cluster snapshot).
pub const CLUSTERS_AT_ONCE: usize = 5;

/// What a resource's backup would be due at, if it has to be worked on at an instant; nothing where it has not.
pub fn wanted(policy: &JobPolicy, memory: &BackupMemory, instant: Timestamp) -> Option<Timestamp> {
    let last = policy.dues.last(instant);
    if let Some(attempt) = &memory.attempt {
        let superseded = last.filter(|due| *due > attempt.due && attempt.asked.is_none());
        let free = !attempt.is_alive(instant) && !attempt.is_parked(instant);
        return superseded.or(free.then_some(attempt.due));
    }
    let ended = memory.settled.as_ref();
    last.filter(|due| ended.is_none_or(|settled| settled.due < *due)).or_else(|| memory.retry(instant))
}

/// Parts what has to be worked on into what has its turn now, beside what is under way already, and what has not.
pub fn turn(
    lines: Vec<BackupLine>,
    memories: &BTreeMap<BackupSource, BackupMemory>,
    now: Timestamp,
) -> (Vec<BackupLine>, Vec<BackupLine>) {
    let is_alive = |source: &BackupSource| {
        memories.get(source).and_then(|memory| memory.attempt.as_ref()).is_some_and(|attempt| attempt.is_alive(now))
    };
    let alive = memories.keys().filter(|source| is_alive(source));
    let (mut all, mut clusters) = (0, 0);
    for source in alive {
        all += 1;
        clusters += usize::from(source.kind == ResourceKind::Aurora);
    }
    lines.into_iter().partition(|line| {
        // What is under way has its turn, whoever works on it.
        if is_alive(&line.source) {
            return true;
        }
        let cluster = line.source.kind == ResourceKind::Aurora;
        let fits = all < AT_ONCE && (!cluster || clusters < CLUSTERS_AT_ONCE);
        if fits {
            all += 1;
            clusters += usize::from(cluster);
        }
        fits
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::backup::BackupAttempt;

    fn line(source: &str) -> BackupLine {
        BackupLine { source: source.parse().unwrap(), due: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn eight_have_their_turn_and_five_clusters_whatever_is_under_way() {
        let now = Timestamp::UNIX_EPOCH;
        let tables: Vec<BackupLine> = (0..20).map(|n| line(&format!("dynamodb:t{n}"))).collect();
        let clusters: Vec<BackupLine> = (0..20).map(|n| line(&format!("aurora:c{n}"))).collect();
        assert_eq!(turn(tables.clone(), &BTreeMap::new(), now).0.len(), AT_ONCE);
        assert_eq!(turn(clusters.clone(), &BTreeMap::new(), now).0.len(), CLUSTERS_AT_ONCE);
        let both: Vec<BackupLine> = clusters.iter().chain(&tables).cloned().collect();
        assert_eq!(turn(both, &BTreeMap::new(), now).0.len(), AT_ONCE);
        let under_way = |lines: &[BackupLine]| -> BTreeMap<BackupSource, BackupMemory> {
            let memory =
                BackupMemory { attempt: Some(BackupAttempt::new(now, "another", now)), ..BackupMemory::default() };
            lines.iter().map(|line| (line.source.clone(), memory.clone())).collect()
        };
        let (first, later) = turn(tables[3..].to_vec(), &under_way(&tables[..3]), now);
        assert_eq!((first.len(), later.len()), (AT_ONCE - 3, 12));
        let (again, _) = turn(tables.clone(), &under_way(&tables[..AT_ONCE]), now);
        assert_eq!(again, tables[..AT_ONCE], "what is under way, and nothing else");
    }
}
