//! Backups of `clos-v2` production through the deployed stack: taken, copied, pruned, restored, and compared in AWS.

use aws_sdk_dynamodb::types::{SseSpecification, SseType};
use aws_sdk_s3::types::{
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use watchkeeper_domain::backup::{AttemptEnd, BackupSource};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_tests::estate::{ITEMS, KeptCopies, SiteError, awaited};
use watchkeeper_tests::harness::{DeployedStack, EndedExecution, SandboxHarness, key_of, scope};
use watchkeeper_tests::sandbox::{EmulatorSettings, FaultKind, FaultOrder, ProgressLines, SandboxOptions};

use crate::field::{Field, documents, prepared};

const IDEAS: &str = "dynamodb:clos-v2-ideas";
const CLUSTER: &str = "aurora:clos-v2-db-cluster";

/// The account of `clos-v2` production, as its document has it.
const ACCOUNT: &str = "210987654321";

/// An environment of our own: a database, a table and an object under a customer managed key, whose copies lie under a key of
/// their own region, and a cache.
const STRONG_BOX: &str = "\
estate: strong-box
environments:
  prod:
    kind: production
    regions: { primary: us-east-1 }
    backups:
      zone: Etc/UTC
      jobs:
        - rds: strong-box-db
          schedule: { at: \"03:00\" }
          retention: { daily: 2 }
          copy: { region: us-west-2, key: alias/strong-box }
          drill: { every: 90d }
        - dynamodb: strong-box-notes
          schedule: { at: \"03:00\" }
          retention: { daily: 2 }
          drill: { every: 90d }
        - s3: strong-box-files/state
          schedule: { at: \"03:00\" }
          retention: { daily: 2 }
          copy: { region: us-west-2, bucket: strong-box-files-west }
        - opensearch: strong-box-search
          repository: watchkeeper
          schedule: { at: \"03:00\" }
          retention: { daily: 2 }
        - elasticache: strong-box-redis
          schedule: { at: \"03:00\" }
          retention: { daily: 2 }
";
const DATABASE: &str = "rds:strong-box-db";
const NOTES: &str = "dynamodb:strong-box-notes";
const KEY: &str = "alias/strong-box";

static FIELD: Field = Field::new();

/// Play a test on the sandbox of backups, when its turn has come.
fn play(test: impl AsyncFnOnce(&'static SandboxHarness)) {
    FIELD.play(set, test);
}

async fn set() -> SandboxHarness {
    let folder = documents("e2e-backup-estates", &[("strong-box", STRONG_BOX.to_owned())]);
    let options = SandboxOptions { account: ACCOUNT.to_owned(), estates: Some(folder), ..SandboxOptions::default() };
    let regions = [Region::new("us-east-1").unwrap()];
    let harness = prepared(SandboxHarness::set(&options, &regions, &ProgressLines).await.unwrap()).await;
    let quick =
        EmulatorSettings { wait_scale: Some(0.01), rds_transition_seconds: Some(0.1), ..EmulatorSettings::default() };
    harness.sandbox().control().change(&quick).await.unwrap();
    harness
}

/// Production on a day of its own, with everything that its backups are taken of.
struct Vault {
    stack: &'static DeployedStack,
    environment: &'static Environment,
    scope: Scope,
    day: Date,
}

impl Vault {
    async fn fresh(harness: &'static SandboxHarness) -> Self {
        Self::of(harness, "clos-v2").await
    }

    /// The same of the environment with the encrypted database.
    async fn strong_box(harness: &'static SandboxHarness) -> Self {
        let rds = aws_sdk_rds::Client::new(&harness.sandbox().sdk_config("us-east-1"));
        let call = rds.create_db_instance().db_instance_identifier("strong-box-db").engine("postgres");
        let key = key_of(harness.sandbox(), "us-east-1", KEY).await.unwrap();
        let call =
            call.db_instance_class("db.t4g.small").allocated_storage(20).storage_encrypted(true).kms_key_id(&key);
        // Another test may have made it.
        drop(call.master_username("sandbox").master_user_password("not-a-secret").send().await);
        let vault = Self::of(harness, "strong-box").await;
        let dynamodb = aws_sdk_dynamodb::Client::new(&harness.sandbox().sdk_config("us-east-1"));
        let under = SseSpecification::builder().enabled(true).sse_type(SseType::Kms).kms_master_key_id(&key).build();
        dynamodb.update_table().table_name("strong-box-notes").sse_specification(under).send().await.unwrap();
        for (bucket, region) in [("strong-box-files", "us-east-1"), ("strong-box-files-west", "us-west-2")] {
            let s3 = aws_sdk_s3::Client::new(&harness.sandbox().sdk_config(region));
            let key = key_of(harness.sandbox(), region, KEY).await.unwrap();
            let by = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::AwsKms);
            let by = by.kms_master_key_id(key).build().unwrap();
            let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(by).build();
            let rules = ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
            s3.put_bucket_encryption().bucket(bucket).server_side_encryption_configuration(rules).send().await.unwrap();
        }
        // The object is written anew, under the key by now.
        vault.stack.site().make_stores(vault.environment).await.unwrap();
        vault
    }

    async fn of(harness: &'static SandboxHarness, estate: &str) -> Self {
        let (estate, environment) = harness.estates().environment(estate, "prod").unwrap();
        let region = &environment.document().regions.primary;
        let stack = harness.stack(region.as_str()).unwrap();
        let today = stack.control().now().await.unwrap().to_zoned(TimeZone::UTC).date();
        let vault =
            Self { stack, environment, scope: scope(estate, environment, region), day: today.tomorrow().unwrap() };
        stack.at(vault.time("00:30")).await.unwrap();
        stack.site().make_stores(environment).await.unwrap();
        stack.site().build(environment).await.unwrap();
        vault
    }

    /// The instant of its day; `+` means the next one.
    fn time(&self, time: &str) -> Timestamp {
        let (day, time) = match time.strip_prefix('+') {
            Some(time) => (self.day.checked_add(1.day()).unwrap(), time),
            None => (self.day, time),
        };
        day.to_datetime(time.parse().unwrap()).to_zoned(TimeZone::UTC).unwrap().timestamp()
    }

    async fn kept_copies(&self) -> KeptCopies {
        self.stack.site().kept_copies(self.environment).await.unwrap()
    }

    /// The names of what is there of a resource, in its own region and elsewhere.
    async fn names(&self, source: &str) -> Vec<Vec<String>> {
        let source: BackupSource = source.parse().unwrap();
        self.kept_copies().await.into_iter().filter(|((of, _), _)| *of == source).map(|(_, names)| names).collect()
    }

    async fn of_the_day(&self, source: &str) -> Vec<usize> {
        let stamp = self.day.strftime("-%Y%m%dt").to_string();
        let all = self.names(source).await;
        all.iter().map(|names| names.iter().filter(|name| name.contains(&stamp)).count()).collect()
    }

    fn input(&self, mut more: Value) -> Value {
        more["estate"] = self.scope.estate.as_str().into();
        more["environment"] = self.scope.environment.as_str().into();
        more
    }
}

fn backup(ended: &[EndedExecution]) -> &EndedExecution {
    backup_of("clos-v2", ended)
}

fn backup_of<'e>(estate: &str, ended: &'e [EndedExecution]) -> &'e EndedExecution {
    ended.iter().find(|it| it.name.starts_with(&format!("{estate}-prod-backup-"))).unwrap()
}

#[test]
fn a_late_tick_takes_each_backup_once_verifies_it_copies_it_and_tells() {
    play(async |harness| {
        let vault = Vault::fresh(harness).await;
        vault.stack.notifications().letters().await.unwrap();
        // The ticks of 03:00, 03:30 and 03:45 were lost.
        let ended = vault.stack.backup_tick(vault.time("03:50")).await.unwrap();
        assert_eq!(backup(&ended).outcome(), "done", "{}", backup(&ended).says());
        let after = vault.kept_copies().await;
        assert_eq!(after.len(), 9, "seven resources, two of which are copied: {after:?}");
        for ((source, region), names) in &after {
            let stamp = vault.day.strftime("-%Y%m%dt").to_string();
            let of_today = names.iter().filter(|name| name.contains(&stamp)).count();
            assert_eq!(of_today, 1, "{source} in {region}: {names:?}");
            let memory = vault.stack.backup_memory(&vault.scope, source).await.unwrap();
            assert_eq!(memory.settled.as_ref().unwrap().end, AttemptEnd::Done, "{source}");
            assert!(memory.copies.iter().all(watchkeeper_domain::backup::KnownCopy::is_good), "{source}: {memory:?}");
        }
        let letters = vault.stack.notifications().letters().await.unwrap();
        let told =
            letters.iter().find(|letter| letter.subject.starts_with("clos-v2 prod: 7 of 7 backups done")).unwrap();
        assert!(told.text.contains("good") && told.text.contains("clos-v2-ideas"), "{}", told.text);
        // The same tick again, and the next one, take nothing.
        vault.stack.backup_tick(vault.time("03:50")).await.unwrap();
        vault.stack.backup_tick(vault.time("03:55")).await.unwrap();
        assert_eq!(vault.kept_copies().await, after);
    });
}

#[test]
fn an_answer_that_is_lost_after_its_effect_makes_no_second_backup() {
    play(async |harness| {
        let vault = Vault::fresh(harness).await;
        for (service, operation) in [("dynamodb", "CreateBackup"), ("rds", "CreateDBClusterSnapshot")] {
            let fault = FaultOrder { after_effect: true, ..FaultOrder::new(service, operation, FaultKind::Error) };
            vault.stack.control().order(&fault).await.unwrap();
        }
        let ended = vault.stack.backup_tick(vault.time("03:50")).await.unwrap();
        assert_eq!(backup(&ended).outcome(), "done", "{}", backup(&ended).says());
        assert_eq!(vault.of_the_day(CLUSTER).await, [1, 1]);
        for table in ["real-time-metrics", "user-sessions", "event-stream", "wip-locks", "ideas"] {
            assert_eq!(vault.of_the_day(&format!("dynamodb:clos-v2-{table}")).await, [1], "{table}");
        }
    });
}

#[test]
fn a_drill_restores_a_table_with_its_items_sets_what_a_restore_loses_and_removes_it() {
    play(async |harness| {
        let vault = Vault::fresh(harness).await;
        let input = vault.input(json!({ "resource": IDEAS }));
        let taken = vault.stack.back_up(&input).await.unwrap();
        assert_eq!(taken.outcome(), "done", "{}", taken.says());
        let site = vault.stack.site();
        let before = site.items("clos-v2-ideas").await.unwrap();
        assert!(before.len() >= ITEMS);
        let kept = vault.input(json!({ "resource": IDEAS, "into": format!("ideas-{}-restored", vault.day) }));
        let restored = vault.stack.restore(&kept).await.unwrap();
        assert_eq!(restored.outcome(), "passed", "{}", restored.says());
        let target = format!("ideas-{}-restored", vault.day);
        assert_eq!(site.items(&target).await.unwrap(), before);
        let set = restored.output["evidence"]["reapplied"].to_string();
        for what in ["tags", "time to live by expires_at", "point-in-time recovery"] {
            assert!(set.contains(what), "{set}");
        }
        // What exists is never restored over.
        let again = vault.stack.restore(&kept).await.unwrap();
        assert_eq!(again.outcome(), "Request.Invalid");
        assert!(again.says().contains("a name that is free"), "{}", again.says());
        let drill = vault.stack.restore(&input).await.unwrap();
        assert_eq!(drill.outcome(), "passed", "{}", drill.says());
        let evidence = &drill.output["evidence"];
        assert!(evidence["rto-seconds"].is_u64() && evidence["rpo-seconds"].is_u64(), "{evidence}");
        assert!(!site.has_table("clos-v2-ideas-drill").await.unwrap());
        assert!(site.has_table("clos-v2-ideas").await.unwrap());
    });
}

#[test]
fn an_instant_is_restored_into_a_new_name_where_recovery_reaches_it() {
    play(async |harness| {
        let vault = Vault::fresh(harness).await;
        // Recovery reaches to whole seconds.
        let now = vault.stack.control().now().await.unwrap().as_second();
        let now = Timestamp::from_second(now).unwrap();
        let target = format!("ideas-at-{}-restored", vault.day);
        let at =
            |instant: Timestamp| vault.input(json!({ "resource": IDEAS, "into": target, "to": instant.to_string() }));
        let early = vault.stack.restore(&at(now - SignedDuration::from_hours(24 * 400))).await.unwrap();
        assert_eq!(early.outcome(), "Request.Invalid");
        assert!(early.says().contains("an instant from"), "{}", early.says());
        let restored = vault.stack.restore(&at(now)).await.unwrap();
        assert_eq!(restored.outcome(), "passed", "{}", restored.says());
        let site = vault.stack.site();
        assert_eq!(site.items(&target).await.unwrap(), site.items("clos-v2-ideas").await.unwrap());
    });
}

#[test]
fn a_cluster_is_restored_beside_the_original_and_removed() {
    play(async |harness| {
        let vault = Vault::fresh(harness).await;
        let input = vault.input(json!({ "resource": CLUSTER }));
        let taken = vault.stack.back_up(&input).await.unwrap();
        assert_eq!(taken.outcome(), "done", "{}", taken.says());
        let drill = vault.stack.restore(&input).await.unwrap();
        assert_eq!(drill.outcome(), "passed", "{}", drill.says());
        let checks = drill.output["evidence"]["checks"].to_string();
        assert!(checks.contains("engine version") && checks.contains("encrypted"), "{checks}");
        assert_eq!(drill.output["evidence"]["target"], "clos-v2-db-cluster-restored");
    });
}

#[test]
fn a_plan_says_why_each_copy_stays_and_writes_nothing() {
    play(async |harness| {
        let vault = Vault::fresh(harness).await;
        vault.stack.site().back_up_by_hand("clos-v2-ideas", "before-the-migration").await.unwrap();
        vault.stack.back_up(&vault.input(json!({ "resource": IDEAS }))).await.unwrap();
        let (before, mark) = (vault.kept_copies().await, vault.stack.control().mark().await.unwrap());
        let plan = vault.stack.back_up(&vault.input(json!({ "mode": "plan", "resource": IDEAS }))).await.unwrap();
        assert_eq!(plan.outcome(), "nothing");
        for line in ["stays: the last good one", "before-the-migration", "stays: not ours"] {
            assert!(plan.says().contains(line), "{line}: {}", plan.says());
        }
        let api_calls = vault.stack.api_calls(mark).await.unwrap();
        assert!(api_calls.writes().is_empty(), "{}", watchkeeper_tests::harness::listed(&api_calls.writes()));
        assert_eq!(vault.kept_copies().await, before);
    });
}

#[test]
fn the_halt_switch_stops_backups_too() {
    play(async |harness| {
        let vault = Vault::fresh(harness).await;
        let halt = |on: bool| vault.input(json!({ "halt": on, "reason": "migration", "by": "ada" }));
        vault.stack.run(&halt(true)).await.unwrap();
        let refused = vault.stack.back_up(&vault.input(json!({ "resource": IDEAS }))).await.unwrap();
        vault.stack.run(&halt(false)).await.unwrap();
        assert_eq!(refused.outcome(), "Guardrail.Refused", "{}", refused.says());
        assert!(refused.says().contains("migration"), "{}", refused.says());
    });
}

#[test]
fn an_encrypted_database_is_copied_under_a_key_of_the_other_region_and_its_drill_leaves_nothing() {
    play(async |harness| {
        let vault = Vault::strong_box(harness).await;
        let ended = vault.stack.backup_tick(vault.time("03:00")).await.unwrap();
        let run = backup_of("strong-box", &ended);
        assert_eq!(run.outcome(), "done", "{}", run.says());
        assert_eq!(vault.of_the_day(DATABASE).await, [1, 1]);
        let cache = vault.stack.backup_memory(&vault.scope, &"elasticache:strong-box-redis".parse().unwrap()).await;
        let names = vault.names("elasticache:strong-box-redis").await;
        assert_eq!(vault.of_the_day("elasticache:strong-box-redis").await, [1], "{names:?} {cache:?}");
        let memory = vault.stack.backup_memory(&vault.scope, &DATABASE.parse().unwrap()).await.unwrap();
        assert!(memory.copies.iter().all(watchkeeper_domain::backup::KnownCopy::is_good), "{memory:?}");
        let mark = vault.stack.control().mark().await.unwrap();
        let drill = vault.stack.restore(&vault.input(json!({ "resource": DATABASE }))).await.unwrap();
        assert_eq!(drill.outcome(), "passed", "{}", drill.says());
        let api_calls = vault.stack.api_calls(mark).await.unwrap();
        assert_eq!((api_calls.count("RestoreDBInstanceFromDBSnapshot"), api_calls.count("DeleteDBInstance")), (1, 1));
    });
}

#[test]
fn what_lies_under_customer_managed_keys_or_in_a_domain_is_kept_with_the_rights_of_the_role() {
    play(async |harness| {
        let vault = Vault::strong_box(harness).await;
        let ended = vault.stack.backup_tick(vault.time("03:00")).await.unwrap();
        let run = backup_of("strong-box", &ended);
        assert_eq!(run.outcome(), "done", "{}", run.says());
        let (files, search) = ("s3:strong-box-files/state", "opensearch:strong-box-search");
        for (source, copies) in [(DATABASE, &[1, 1][..]), (NOTES, &[1]), (files, &[1, 1]), (search, &[1])] {
            assert_eq!(vault.of_the_day(source).await, copies, "{source}");
        }
        let drill = vault.stack.restore(&vault.input(json!({ "resource": NOTES }))).await.unwrap();
        assert_eq!(drill.outcome(), "passed", "{}", drill.says());
        let used = harness.sandbox().control().permissions().await.unwrap().used;
        let used: Vec<_> = used.iter().filter(|it| it.role == "Backups").collect();
        for (statement, action) in [
            ("GrantKeys", "kms:CreateGrant"),
            ("ReadKeys", "kms:DescribeKey"),
            ("UseKeys", "kms:Decrypt"),
            ("UseKeys", "kms:GenerateDataKey"),
            ("MakeTablesUnderKeys", "kms:Encrypt"),
            ("MakeTablesUnderKeys", "kms:GenerateDataKeyWithoutPlaintext"),
            ("MakeTablesUnderKeys", "kms:ReEncryptFrom"),
            ("MakeTablesUnderKeys", "kms:ReEncryptTo"),
            ("TakeDomainSnapshots", "es:ESHttpGet"),
            ("TakeDomainSnapshots", "es:ESHttpPut"),
        ] {
            assert!(used.iter().any(|it| it.statement == statement && it.action == action), "{action}: {used:?}");
        }
    });
}

#[test]
fn a_key_on_which_the_role_may_make_no_grant_is_named_and_nothing_else_waits_for_it() {
    play(async |harness| {
        let vault = Vault::strong_box(harness).await;
        let control = harness.sandbox().control();
        control.withdraw("Backups", "GrantKeys").await.unwrap();
        vault.stack.notifications().letters().await.unwrap();
        let ended = vault.stack.backup_tick(vault.time("03:00")).await.unwrap();
        assert_eq!(backup_of("strong-box", &ended).outcome(), "waiting");
        assert_eq!(vault.of_the_day(DATABASE).await, [0, 0]);
        assert_eq!(vault.of_the_day(NOTES).await, [1]);
        let letters = vault.stack.notifications().letters().await.unwrap();
        let told = letters.iter().any(|letter| letter.text.contains("kms:CreateGrant"));
        assert!(told, "{letters:?}");
        let denials = control.forgive_denials().await.unwrap();
        assert!(denials.iter().all(|it| it.role == "Backups" && it.action == "kms:CreateGrant"), "{denials:?}");
        control.restore_rights().await.unwrap();
    });
}

#[test]
fn a_stopped_database_is_backed_up_when_it_runs_again_and_is_not_woken_for_it() {
    play(async |harness| {
        let vault = Vault::strong_box(harness).await;
        let rds = aws_sdk_rds::Client::new(&harness.sandbox().sdk_config("us-east-1"));
        let status = async || {
            let answer = rds.describe_db_instances().db_instance_identifier("strong-box-db").send().await.unwrap();
            answer.db_instances()[0].db_instance_status().unwrap().to_owned()
        };
        let is = async |wanted: &str| {
            let look = async || Ok::<_, SiteError>((status().await == wanted).then_some(()));
            awaited(&format!("the database {wanted}"), look).await.unwrap();
        };
        is("available").await;
        rds.stop_db_instance().db_instance_identifier("strong-box-db").send().await.unwrap();
        is("stopped").await;
        let ended = vault.stack.backup_tick(vault.time("03:00")).await.unwrap();
        assert_eq!(backup_of("strong-box", &ended).outcome(), "waiting");
        assert_eq!(vault.of_the_day(DATABASE).await, [0, 0]);
        assert_eq!(vault.of_the_day("elasticache:strong-box-redis").await, [1], "the others go on");
        assert_eq!(status().await, "stopped");
        let before = vault.names(DATABASE).await;
        rds.start_db_instance().db_instance_identifier("strong-box-db").send().await.unwrap();
        is("available").await;
        let ended = vault.stack.backup_tick(vault.time("03:20")).await.unwrap();
        assert_eq!(backup_of("strong-box", &ended).outcome(), "done");
        // Under the time at which it was due: of a day before, if that one's was still owed.
        for (region, names) in vault.names(DATABASE).await.iter().enumerate() {
            let new: Vec<&String> = names.iter().filter(|name| !before[region].contains(name)).collect();
            assert!(matches!(&new[..], [name] if name.ends_with("t030000z")), "{new:?} of {names:?}");
        }
    });
}
