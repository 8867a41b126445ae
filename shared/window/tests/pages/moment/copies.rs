//! The backups of the moment.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::backup::{
    AttemptEnd, BackupMemory, CopyVerdict, KnownCopy, RestoreEvidence, RestorePurpose, RestoreSource,
};
use watchkeeper_domain::name::Region;
use watchkeeper_window::facts::{BackupJob, BackupsFacts, CopyTarget, EndedAttempt, Reading};

use super::runs::scope;
use super::{at, stack};

/// When each of the fifteen days was due.
fn dues(hour: &str) -> Vec<Timestamp> {
    (0..15).map(|day| at(&format!("2026-12-10T{hour}:00Z")) + SignedDuration::from_hours(24 * day)).collect()
}

fn copy(due: Timestamp, region: &str, flaws: &[&str]) -> KnownCopy {
    let verified = CopyVerdict { at: due, flaws: flaws.iter().map(|it| (*it).to_owned()).collect() };
    KnownCopy {
        id: format!("copy-{region}-{due}"),
        name: format!("copy-{due}"),
        region: Region::new(region).unwrap(),
        due,
        noted: due,
        bytes: Some(48_200_000_000),
        verified: Some(verified),
        gone: None,
        removed: false,
    }
}

fn job(resource: &str, hour: &str, bad: &[usize]) -> BackupJob {
    let dues = dues(hour);
    let last = dues.len() - 1;
    let copies = dues.iter().enumerate().filter(|(day, _)| *day != last && !bad.contains(day));
    let copies = copies.map(|(_, due)| copy(*due, "us-east-1", &[])).collect();
    let failed = |day: &usize| EndedAttempt {
        due: dues[*day],
        at: dues[*day],
        end: AttemptEnd::Failed,
        why: "Aws.Throttled".to_owned(),
    };
    BackupJob {
        resource: resource.to_owned().try_into().unwrap(),
        region: Region::new("us-east-1").unwrap(),
        schedule: hour.to_owned(),
        kept: "14 d".to_owned(),
        within_seconds: 30 * 3600,
        copy: None,
        next: dues.last().copied(),
        drilled: false,
        ended: bad.iter().map(failed).collect(),
        memory: Reading::Now(BackupMemory { copies, ..BackupMemory::default() }),
        dues,
    }
}

fn memory(job: &mut BackupJob) -> &mut BackupMemory {
    match &mut job.memory {
        Reading::Now(memory) => memory,
        _ => panic!("it was read"),
    }
}

/// One that is too old, one that was drilled, one with copies in another region, one that is not good, one that was not read.
pub(crate) fn backups() -> BackupsFacts {
    let mut cluster = job("aurora:clos-v2-db-cluster", "03:00", &[]);
    cluster.drilled = true;
    cluster.copy = Some(CopyTarget { region: Region::new("us-west-2").unwrap(), kept: "14 d".to_owned() });
    let due = cluster.dues[10];
    let away = cluster
        .dues
        .iter()
        .take(14)
        .enumerate()
        .filter(|(day, _)| *day != 3)
        .map(|(_, due)| copy(*due, "us-west-2", &[]));
    let away: Vec<KnownCopy> = away.collect();
    let known = memory(&mut cluster);
    known.copies.extend(away);
    known.drilled = Some(RestoreEvidence {
        at: at("2026-12-20T10:00:00Z"),
        run: "drill-1".to_owned(),
        purpose: RestorePurpose::Drill,
        from: RestoreSource::Copy { id: format!("copy-us-east-1-{due}"), name: format!("copy-{due}"), due },
        target: "clos-v2-db-cluster-restored".to_owned(),
        ok: true,
        rto_seconds: Some(702),
        rpo_seconds: 6 * 3600 + 720,
        reapplied: Vec::new(),
        checks: Vec::new(),
        compared: Some("aurora:clos-v2-db-cluster as it was at 2026-12-20T10:00:00Z (engine)".to_owned()),
        why: None,
        report: false,
    });
    let locks = job("dynamodb:clos-v2-wip-locks", "03:30", &[12, 13]);
    let mut state = job("s3:clos-v2/terraform.tfstate", "03:45", &[]);
    memory(&mut state).copies[6] =
        copy(at("2026-12-16T03:45:00Z"), "us-east-1", &["it has 412 bytes, the last good one 1,104,220"]);
    let mut ideas = job("dynamodb:clos-v2-ideas", "03:30", &[]);
    ideas.memory = Reading::Unread { why: "DynamoDB did not answer within 3 s".to_owned() };
    BackupsFacts {
        stack: stack(),
        scope: scope("clos-v2", "prod"),
        zone: "America/New_York".parse().unwrap(),
        jobs: vec![cluster, locks, state, ideas],
    }
}

/// A document that asks for none.
pub(crate) fn none() -> BackupsFacts {
    BackupsFacts { jobs: Vec::new(), ..backups() }
}
