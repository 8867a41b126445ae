//! Backups: what `backups` takes, copies, prunes and restores, under the names that it gives.

use crate::backup::{BACKUP_TAG, JobPolicy, RESTORE_TAG, ResourceKind};
use crate::estate::{BackupProvider, CopyPolicy};
use crate::preflight::call::FOR_RESOURCES;
use crate::preflight::{PreflightCase, SimulatedCalls, Tags};

const FUNCTION: &str = "Backups";
/// Where the copies of an object lie in a bucket.
const FOLDER: &str = "watchkeeper/";
/// The account of the bucket: a condition of the role, so that nothing is kept with strangers.
const OWNER: &str = "aws:ResourceAccount";

pub(super) fn add(case: PreflightCase<'_>, calls: &mut Vec<SimulatedCalls>) {
    for policy in &case.wanted.policies {
        if !matches!(case.facts.sources.get(&policy.subject.source), Some(Ok(Some(_)))) {
            continue;
        }
        match &policy.vault {
            Some((vault, role)) => by_aws_backup(case, policy, (vault, role), calls),
            None => take(case, policy, calls),
        }
        if policy.drill.is_some() {
            restore(case, policy, calls);
        }
    }
    for policy in case.wanted.copies.iter().filter(|policy| policy.subject.engine == BackupProvider::Native) {
        if let Some(copy) = &policy.copy {
            take_copy(case, policy, copy, calls);
        }
    }
}

fn subject(policy: &JobPolicy) -> String {
    format!("backup of {}", policy.subject.source)
}

/// A call whose request carries the tag of a copy.
fn tagging(call: SimulatedCalls, policy: &JobPolicy) -> SimulatedCalls {
    call.with(format!("aws:RequestTag/{BACKUP_TAG}"), policy.subject.identity())
}

/// A call on something that carries the tag of a copy.
fn on_copy(call: SimulatedCalls, policy: &JobPolicy) -> SimulatedCalls {
    call.tagged(&Tags::from([(BACKUP_TAG.to_owned(), policy.subject.identity())]))
}

fn take(case: PreflightCase<'_>, policy: &JobPolicy, calls: &mut Vec<SimulatedCalls>) {
    let (name, series) = (policy.subject.source.name.as_str(), policy.subject.series());
    let arn = |service: &str, resource: String| case.facts.place.arn(service, &resource);
    let mut add =
        |actions: &[&'static str], arn: String| calls.push(case.call(FUNCTION, actions, subject(policy), arn));
    match policy.subject.source.kind {
        ResourceKind::Dynamodb => {
            let actions = [
                "dynamodb:DescribeTable",
                "dynamodb:DescribeContinuousBackups",
                "dynamodb:DescribeTimeToLive",
                "dynamodb:ListTagsOfResource",
                "dynamodb:CreateBackup",
            ];
            add(&actions, arn("dynamodb", format!("table/{name}")));
            add(&["dynamodb:DeleteBackup"], arn("dynamodb", format!("table/{name}/backup/{series}")));
        }
        ResourceKind::Opensearch => {
            add(&["es:DescribeDomain"], arn("es", format!("domain/{name}")));
            if let Some(repository) = &policy.repository {
                let actions = ["es:ESHttpGet", "es:ESHttpPut", "es:ESHttpDelete"];
                add(&actions, arn("es", format!("domain/{name}/_snapshot/{repository}/{series}")));
            }
        }
        ResourceKind::S3 => {
            let bucket = name.split_once('/').map_or(name, |(bucket, _)| bucket);
            let of = |actions: &[&'static str], object: &str| {
                let call = case.call(FUNCTION, actions, subject(policy), case.global("s3", object));
                call.with(OWNER, &case.facts.place.account)
            };
            calls.push(of(&["s3:GetObject", "s3:GetObjectVersion"], name));
            calls.push(of(&["s3:ListBucket", "s3:ListBucketVersions"], bucket));
            calls.push(keep(case, policy, bucket));
        }
        ResourceKind::Rds => {
            let made = ["rds:CreateDBSnapshot"];
            shelve(case, policy, &made, "rds:DeleteDBSnapshot", ("rds", ["db", "snapshot"]), calls);
        }
        ResourceKind::Aurora => {
            let made = ["rds:CreateDBClusterSnapshot"];
            let kinds = ("rds", ["cluster", "cluster-snapshot"]);
            shelve(case, policy, &made, "rds:DeleteDBClusterSnapshot", kinds, calls);
        }
        ResourceKind::Elasticache => {
            let made = ["elasticache:CreateSnapshot"];
            let kinds = ("elasticache", ["replicationgroup", "snapshot"]);
            shelve(case, policy, &made, "elasticache:DeleteSnapshot", kinds, calls);
        }
    }
}

/// A snapshot that is made of a resource, under a name of ours with our tag, and removed again.
fn shelve(
    case: PreflightCase<'_>,
    policy: &JobPolicy,
    made: &[&'static str],
    removed: &'static str,
    (service, [of, snapshot]): (&str, [&str; 2]),
    calls: &mut Vec<SimulatedCalls>,
) {
    let source = case.facts.place.arn(service, &format!("{of}:{}", policy.subject.source.name));
    let copy = case.facts.place.arn(service, &format!("{snapshot}:{}", policy.subject.series()));
    let call = |actions: &[&'static str], arn: &str| case.call(FUNCTION, actions, subject(policy), arn);
    calls.push(tagging(call(made, &source), policy));
    calls.push(tagging(call(made, &copy), policy));
    calls.push(on_copy(call(&[removed], &copy), policy));
}

/// An object under a name of ours.
fn keep(case: PreflightCase<'_>, policy: &JobPolicy, bucket: &str) -> SimulatedCalls {
    let actions = ["s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObjectVersion"];
    let arn = case.global("s3", &format!("{bucket}/{FOLDER}{}", policy.subject.series()));
    case.call(FUNCTION, &actions, subject(policy), arn).with(OWNER, &case.facts.place.account)
}

/// The copy in another region, as the stack at home calls there.
fn take_copy(case: PreflightCase<'_>, policy: &JobPolicy, copy: &CopyPolicy, calls: &mut Vec<SimulatedCalls>) {
    let home = &policy.subject.scope.region;
    let (made, snapshot) = match policy.subject.source.kind {
        ResourceKind::Rds => ("rds:CopyDBSnapshot", "snapshot"),
        ResourceKind::Aurora => ("rds:CopyDBClusterSnapshot", "cluster-snapshot"),
        _ => {
            let bucket = copy.bucket.as_ref();
            calls.extend(bucket.map(|bucket| keep(case, policy, bucket.as_str()).by_stack_in(home)));
            return;
        }
    };
    let arn = case.facts.place.arn("rds", &format!("{snapshot}:{}", policy.subject.series()));
    calls.push(tagging(case.call(FUNCTION, &[made], subject(policy), arn).by_stack_in(home), policy));
    let key = copy.key.as_ref().and_then(|key| case.facts.keys.get(key));
    if let Some(Ok(Some(key))) = key {
        let actions = ["kms:CreateGrant", "kms:DescribeKey"];
        let call = case.call(FUNCTION, &actions, subject(policy), &key.arn).with(FOR_RESOURCES, "true");
        calls.push(call.by_stack_in(home).with("kms:ViaService", format!("rds.{}.amazonaws.com", case.region())));
    }
}

fn by_aws_backup(
    case: PreflightCase<'_>,
    policy: &JobPolicy,
    (vault, role): (&str, &str),
    calls: &mut Vec<SimulatedCalls>,
) {
    let arn = case.facts.place.arn("backup", &format!("backup-vault:{vault}"));
    let actions = ["backup:StartBackupJob", "backup:ListRecoveryPointsByBackupVault"];
    calls.push(case.call(FUNCTION, &actions, subject(policy), arn));
    let call = case.call(FUNCTION, &["iam:PassRole"], subject(policy), role);
    calls.push(call.with("iam:PassedToService", "backup.amazonaws.com"));
}

/// What a drill makes beside the original, and removes.
fn restore(case: PreflightCase<'_>, policy: &JobPolicy, calls: &mut Vec<SimulatedCalls>) {
    let source = &policy.subject.source;
    let scratch = policy.drill.as_ref().and_then(|drill| drill.scratch.as_ref()).map(ToString::to_string);
    let scratch = scratch.unwrap_or_else(|| source.scratch());
    let (service, kind, made, removed): (_, _, &[&'static str], _) = match source.kind {
        ResourceKind::Dynamodb => ("dynamodb", "table/", &["dynamodb:RestoreTableFromBackup"], "dynamodb:DeleteTable"),
        ResourceKind::Rds => ("rds", "db:", &["rds:RestoreDBInstanceFromDBSnapshot"], "rds:DeleteDBInstance"),
        ResourceKind::Aurora => ("rds", "cluster:", &["rds:RestoreDBClusterFromSnapshot"], "rds:DeleteDBCluster"),
        _ => return,
    };
    let arn = case.facts.place.arn(service, &format!("{kind}{scratch}"));
    let call = |actions: &[&'static str]| case.call(FUNCTION, actions, format!("drill of {source}"), &arn);
    calls.push(call(made).with(format!("aws:RequestTag/{RESTORE_TAG}"), "drill"));
    calls.push(call(&[removed]).tagged(&Tags::from([(RESTORE_TAG.to_owned(), "drill".to_owned())])));
}
