//! What backups are taken of: `clos-v2` production, and an environment under a key.

use aws_sdk_dynamodb::types::{SseSpecification, SseType};
use aws_sdk_s3::types::{
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;
use watchkeeper_domain::backup::BackupSource;
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_tests::harness::{DeployedStack, EndedExecution, SandboxHarness, key_of, scope};
use watchkeeper_tests::sandbox::{EmulatorSettings, ProgressLines, SandboxOptions};

use crate::field::{Field, documents, prepared};

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
pub(super) const DATABASE: &str = "rds:strong-box-db";
pub(super) const NOTES: &str = "dynamodb:strong-box-notes";
const KEY: &str = "alias/strong-box";

static FIELD: Field = Field::new();

/// Play a test on the sandbox of backups, when its turn has come.
pub(super) fn play(test: impl AsyncFnOnce(&'static SandboxHarness)) {
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
pub(super) struct Vault {
    pub(super) stack: &'static DeployedStack,
    pub(super) environment: &'static Environment,
    pub(super) scope: Scope,
    day: Date,
}

impl Vault {
    pub(super) async fn fresh(harness: &'static SandboxHarness) -> Self {
        Self::of(harness, "clos-v2").await
    }

    /// The same of the environment with the encrypted database.
    pub(super) async fn strong_box(harness: &'static SandboxHarness) -> Self {
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
        let day = today.tomorrow().unwrap();
        let vault = Self { stack, environment, scope: scope(estate, environment, region), day };
        stack.at(vault.time("00:30")).await.unwrap();
        stack.site().make_stores(environment).await.unwrap();
        stack.site().build(environment).await.unwrap();
        vault
    }

    /// The instant of its day.
    pub(super) fn time(&self, time: &str) -> Timestamp {
        self.day.to_datetime(time.parse().unwrap()).to_zoned(TimeZone::UTC).unwrap().timestamp()
    }

    /// The names of what is there of a resource, in its own region and elsewhere.
    pub(super) async fn names(&self, source: &str) -> Vec<Vec<String>> {
        let source: BackupSource = source.parse().unwrap();
        let kept = self.stack.site().kept_copies(self.environment).await.unwrap();
        kept.into_iter().filter(|((of, _), _)| *of == source).map(|(_, names)| names).collect()
    }

    pub(super) async fn of_the_day(&self, source: &str) -> Vec<usize> {
        let stamp = self.day.strftime("-%Y%m%dt").to_string();
        let all = self.names(source).await;
        all.iter().map(|names| names.iter().filter(|name| name.contains(&stamp)).count()).collect()
    }

    pub(super) fn input(&self, mut more: Value) -> Value {
        more["estate"] = self.scope.estate.as_str().into();
        more["environment"] = self.scope.environment.as_str().into();
        more
    }
}

pub(super) fn backup_of<'e>(estate: &str, ended: &'e [EndedExecution]) -> &'e EndedExecution {
    ended.iter().find(|it| it.name.starts_with(&format!("{estate}-prod-backup-"))).unwrap()
}
