//! The adapters over the emulated AWS where an answer is lost, is only a part, or the state of a thing forbids the call.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use watchkeeper_aws::{AwsUnblockSources, BackupEngines, DynamoLedger};
use watchkeeper_control::backup::BackupStore as _;
use watchkeeper_control::ledger::{Ledger as _, WriteOutcome};
use watchkeeper_control::ports::Fault as Kind;
use watchkeeper_control::unblock::ports::LockTable as _;
use watchkeeper_domain::backup::{BackupMemory, CopyName, CopyState, JobPolicy};
use watchkeeper_domain::estate::{Estate, FinishedItems};
use watchkeeper_domain::intent::{DesiredState, Intent, Layer};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::unblock::ItemAttribute;
use watchkeeper_tests::sandbox::{Emulator, EmulatorSettings, FaultKind, FaultOrder};

use crate::{REGION, boot, eventually};

fn scope() -> Scope {
    Scope {
        estate: EstateName::new("shop").unwrap(),
        environment: EnvironmentName::new("prod").unwrap(),
        region: Region::new(REGION).unwrap(),
    }
}

/// The policy of one job.
fn policy(mut job: serde_json::Value) -> JobPolicy {
    job["schedule"] = json!({"at": "04:00"});
    job["retention"] = json!({"daily": 2});
    let document = json!({"estate": "shop", "environments": {"prod": {
        "kind": "production", "regions": {"primary": REGION}, "backups": {"zone": "Etc/UTC", "jobs": [job]}}}});
    let estate: Estate = serde_json::from_value(document).unwrap();
    JobPolicy::all(&scope(), estate.environments().next().unwrap()).remove(0)
}

fn due() -> Timestamp {
    "2026-11-21T04:00:00Z".parse().unwrap()
}

fn name(policy: &JobPolicy) -> CopyName {
    policy.subject.series().name(due())
}

/// The call does its work, and its answer is lost; `skip` calls go before it.
async fn lose(emulator: &Emulator, service: &str, operation: &str, skip: u32) {
    let fault = FaultOrder { after_effect: true, skip, ..FaultOrder::new(service, operation, FaultKind::Error) };
    emulator.control().order(&fault).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_kept_once_under_our_tag_alone_whatever_becomes_of_the_answer() {
    let emulator = boot().await;
    let config = emulator.sdk_config(REGION);
    let path_style = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    let s3 = aws_sdk_s3::Client::from_conf(path_style);
    s3.create_bucket().bucket("files").send().await.unwrap();
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket("files").versioning_configuration(on).send().await.unwrap();
    s3.put_object().bucket("files").key("state").tagging("team=shop").body(b"1".to_vec().into()).send().await.unwrap();

    let (engines, policy) = (BackupEngines::new(&config), policy(json!({"s3": "files/state"})));
    let (name, memory) = (name(&policy), BackupMemory::default());
    let kept = async || engines.list_copies(&policy, &scope().region, &memory).await.unwrap();
    // It looks at the object first.
    lose(&emulator, "s3", "*", 1).await;
    let since = emulator.control().mark().await.unwrap();
    let lost = engines.start_backup(&policy, &name).await;
    let calls = emulator.control().calls(since).await.unwrap();
    assert!(lost.is_err_and(|error| error.fault == Kind::Unavailable), "and not tried again by itself: {calls:?}");
    let again = engines.start_backup(&policy, &name).await.unwrap_err();
    assert_eq!(again.fault, Kind::Conflict, "{again:?}");
    let copies = kept().await;
    assert_eq!(copies.len(), 1, "{copies:?}");
    assert_eq!(
        (copies[0].mark.clone(), copies[0].state.clone()),
        (Some(policy.subject.identity()), CopyState::Available)
    );
    let tags = s3.get_object_tagging().bucket("files").key(format!("watchkeeper/{name}")).send().await.unwrap();
    assert_eq!(tags.tag_set().len(), 1, "those of the original do not come along: {tags:?}");

    engines.delete_backup(&policy, &scope().region, &copies[0]).await.unwrap();
    let left = s3.list_object_versions().bucket("files").prefix("watchkeeper/").send().await.unwrap();
    assert_eq!((left.versions().len(), left.delete_markers().len()), (0, 0));
    assert!(kept().await.is_empty());
    // An object that is not there is that, and no denial.
    s3.delete_object().bucket("files").key("state").send().await.unwrap();
    assert_eq!(engines.describe_source(&policy).await.unwrap(), None);
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_being_made_is_neither_copied_nor_restored_nor_removed() {
    let emulator = boot().await;
    let config = emulator.sdk_config(REGION);
    let rds = aws_sdk_rds::Client::new(&config);
    let instance = rds.create_db_instance().db_instance_identifier("db").db_instance_class("db.t4g.micro");
    let instance = instance.engine("postgres").master_username("master").master_user_password("only-here");
    instance.allocated_storage(20).send().await.unwrap();
    let cluster = rds.create_db_cluster().db_cluster_identifier("cluster").engine("aurora-postgresql");
    cluster.master_username("master").master_user_password("only-here").send().await.unwrap();

    let engines = BackupEngines::new(&config);
    for job in ["rds:db", "aurora:cluster"] {
        let (kind, source) = job.split_once(':').unwrap();
        let policy = policy(json!({kind: source, "copy": {"region": "us-west-2"}}));
        let (name, memory, home) = (name(&policy), BackupMemory::default(), scope().region);
        let source = async || engines.describe_source(&policy).await.unwrap().unwrap().state;
        eventually(watchkeeper_domain::backup::SourceState::Available, source).await;
        let slow = EmulatorSettings { rds_transition_seconds: Some(3600.0), ..EmulatorSettings::default() };
        emulator.control().change(&slow).await.unwrap();
        engines.start_backup(&policy, &name).await.unwrap();
        let inventory = engines.list_copies(&policy, &home, &memory).await.unwrap();
        assert_eq!((inventory.len(), inventory[0].state.clone()), (1, CopyState::Creating), "{job}");
        let known = watchkeeper_domain::backup::KnownCopy::new(&inventory[0], &home, due(), due());
        let refused = [
            engines.copy_backup(&policy, &inventory[0]).await.map(drop),
            engines.delete_backup(&policy, &home, &inventory[0]).await,
            watchkeeper_control::backup::RestoreStore::restore_copy(&engines, &policy, &known, "db-drill", "run").await,
            engines.start_backup(&policy, &name).await.map(drop),
        ];
        let faults: Vec<_> = refused.into_iter().map(|answer| answer.unwrap_err().fault).collect();
        assert_eq!(faults, [Kind::Conflict; 4], "{job}");
        emulator
            .control()
            .change(&EmulatorSettings { rds_transition_seconds: Some(1.0), ..EmulatorSettings::default() })
            .await
            .unwrap();
    }
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn items_that_do_not_fit_into_an_answer_are_asked_for_again() {
    let emulator = boot().await;
    let config = emulator.sdk_config(REGION);
    let dynamodb = aws_sdk_dynamodb::Client::new(&config);
    make_table(&dynamodb, "items", &["id"]).await;
    for number in 0..7 {
        let text = |text: String| aws_sdk_dynamodb::types::AttributeValue::S(text);
        let item = dynamodb.put_item().table_name("items").item("id", text(number.to_string()));
        item.item("state", text("done".to_owned())).send().await.unwrap();
    }
    let name = |text: &str| text.parse().unwrap();
    let finished = FinishedItems {
        table: name("items"),
        item: name("id"),
        status: name("state"),
        values: vec!["done".parse().unwrap()],
    };
    let ids: Vec<String> = (0..7).map(|number| number.to_string()).collect();
    let sources = AwsUnblockSources::new(&config, Vec::new(), Vec::new());
    let at_once = |items| EmulatorSettings { batch_get_items: Some(items), ..EmulatorSettings::default() };
    emulator.control().change(&at_once(3)).await.unwrap();
    let since = emulator.control().mark().await.unwrap();
    let expected: BTreeMap<_, _> = ids.iter().map(|id| (id.clone(), ItemAttribute::Text("done".to_owned()))).collect();
    assert_eq!(sources.statuses(&finished, &ids).await.unwrap(), expected);
    let calls = emulator.control().calls(since).await.unwrap();
    assert_eq!(
        calls.iter().filter(|call| call.operation == "BatchGetItem").count(),
        3,
        "of seven, three and three and one"
    );
    // Nothing at all is the pace, and no loop.
    emulator.control().change(&at_once(0)).await.unwrap();
    assert_eq!(sources.statuses(&finished, &ids).await.unwrap_err().fault, Kind::Throttled);
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_whose_removal_was_not_answered_is_taken_out() {
    let emulator = boot().await;
    let config = emulator.sdk_config(REGION);
    make_table(&aws_sdk_dynamodb::Client::new(&config), "ledger", &["pk", "sk"]).await;
    let ledger = DynamoLedger::new(&config, "ledger");
    let intent = Intent {
        layer: Layer::Override,
        want: DesiredState::Awake,
        reason: "launch".to_owned(),
        by: "run-1".to_owned(),
        declared: due(),
        expires: Some(due() + 1.hours()),
        approved: [].into(),
        for_release: None,
    };
    ledger.declare(&scope(), &intent).await.unwrap();
    lose(&emulator, "dynamodb", "DeleteItem", 0).await;
    assert_eq!(ledger.take_out(&scope(), &intent).await.unwrap(), WriteOutcome::Done);
    assert_eq!(ledger.load(&scope()).await.unwrap().intents, []);
    emulator.succeeded().unwrap();
}

async fn make_table(dynamodb: &aws_sdk_dynamodb::Client, table: &str, keys: &[&str]) {
    let mut call = dynamodb.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
    for (key, kind) in keys.iter().zip([KeyType::Hash, KeyType::Range]) {
        let attribute = AttributeDefinition::builder().attribute_name(*key).attribute_type(ScalarAttributeType::S);
        call = call.attribute_definitions(attribute.build().unwrap());
        call = call.key_schema(KeySchemaElement::builder().attribute_name(*key).key_type(kind).build().unwrap());
    }
    Box::pin(call.send()).await.unwrap();
}
