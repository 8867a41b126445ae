//! DynamoDB: global tables over a region that is lost.

use crate::{REGION, boot, eventually, exchange, signed};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, CreateReplicationGroupMemberAction, GlobalSecondaryIndex,
    KeySchemaElement, KeyType, Projection, ProjectionType, ReplicaStatus, ReplicationGroupUpdate, ScalarAttributeType,
};
use serde_json::json;
use watchkeeper_tests::sandbox::{Emulator, EmulatorSettings, LossOrder};

const OTHER: &str = "us-west-2";
const TABLE: &str = "ledger";
const INDEX: &str = "by-place";

fn key(name: &str) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(KeyType::Hash).build().unwrap()
}

/// A table with a replica: clients of both regions.
async fn tables(emulator: &Emulator) -> (Client, Client) {
    let (here, there) = (Client::new(&emulator.sdk_config(REGION)), Client::new(&emulator.sdk_config(OTHER)));
    let text = |name: &str| {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        attribute.build().unwrap()
    };
    let projection = Projection::builder().projection_type(ProjectionType::All).build();
    let index = GlobalSecondaryIndex::builder().index_name(INDEX).key_schema(key("place")).projection(projection);
    let table = here.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest).key_schema(key("id"));
    let table = table.attribute_definitions(text("id")).attribute_definitions(text("place"));
    table.global_secondary_indexes(index.build().unwrap()).send().await.unwrap();
    let replica = CreateReplicationGroupMemberAction::builder().region_name(OTHER).build().unwrap();
    let update = ReplicationGroupUpdate::builder().create(replica).build();
    here.update_table().table_name(TABLE).replica_updates(update).send().await.unwrap();
    (here, there)
}

async fn put(client: &Client, id: &str, value: &str) {
    let item = client.put_item().table_name(TABLE).item("id", AttributeValue::S(id.into()));
    item.item("value", AttributeValue::S(value.into())).send().await.unwrap();
}

async fn delete(client: &Client, id: &str) {
    client.delete_item().table_name(TABLE).key("id", AttributeValue::S(id.into())).send().await.unwrap();
}

async fn get(client: &Client, id: &str) -> Option<String> {
    let found = client.get_item().table_name(TABLE).key("id", AttributeValue::S(id.into())).send().await.unwrap();
    Some(found.item?.get("value")?.as_s().unwrap().clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn sides_that_wrote_apart_agree_on_the_last_writer_when_they_meet_again() {
    let emulator = boot().await;
    let (here, there) = tables(&emulator).await;
    for id in ["mine", "yours", "gone", "kept"] {
        put(&here, id, "before").await;
    }
    assert_eq!(get(&there, "mine").await.as_deref(), Some("before"));

    emulator.control().lose(REGION, LossOrder::fail()).await.unwrap();
    put(&there, "mine", "there").await;
    put(&here, "mine", "here").await;
    put(&here, "yours", "here").await;
    put(&there, "yours", "there").await;
    put(&here, "gone", "here").await;
    delete(&there, "gone").await;
    delete(&here, "kept").await;
    put(&there, "kept", "there").await;
    assert_eq!(get(&here, "mine").await.as_deref(), Some("here"));
    assert_eq!(get(&there, "mine").await.as_deref(), Some("there"));

    emulator.control().regain(REGION).await.unwrap();
    for (id, expected) in [("mine", Some("here")), ("yours", Some("there")), ("gone", None), ("kept", Some("there"))] {
        assert_eq!(get(&here, id).await.as_deref(), expected, "{id}");
        assert_eq!(get(&there, id).await.as_deref(), expected, "{id}");
    }
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn replication_takes_the_time_that_a_test_sets() {
    let emulator = boot().await;
    let (here, there) = tables(&emulator).await;
    let slow = EmulatorSettings { replication_ms: Some(5_000.0), ..EmulatorSettings::default() };
    emulator.control().change(&slow).await.unwrap();
    put(&here, "item", "value").await;
    assert_eq!(get(&there, "item").await, None);
    eventually(Some("value".to_owned()), async || get(&there, "item").await).await;
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_described_with_its_status_and_its_indexes() {
    let emulator = boot().await;
    let (here, _) = tables(&emulator).await;
    let replica = async || {
        let table = here.describe_table().table_name(TABLE).send().await.unwrap().table.unwrap();
        let replica = table.replicas()[0].clone();
        let indexes: Vec<_> = replica.global_secondary_indexes().iter().map(|i| i.index_name().unwrap()).collect();
        assert_eq!((replica.region_name(), indexes), (Some(OTHER), vec![INDEX]));
        replica.replica_status.unwrap()
    };
    assert_eq!(replica().await, ReplicaStatus::Active);
    emulator.control().put_replica_status(OTHER, TABLE, "UPDATING").await.unwrap();
    assert_eq!(replica().await, ReplicaStatus::Updating);
    assert!(emulator.control().put_replica_status(OTHER, TABLE, "SLEEPING").await.is_err());
    emulator.succeeded().unwrap();
}

/// The status of a call of CloudFormation about a stack with a table that has replicas in these regions.
async fn form(emulator: &Emulator, action: &str, regions: &[&str]) -> u16 {
    let replicas: Vec<_> = regions.iter().map(|region| json!({ "Region": region })).collect();
    let properties = json!({
        "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST", "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "Replicas": replicas,
    });
    let table = json!({ "Type": "AWS::DynamoDB::GlobalTable", "Properties": properties });
    let template = json!({ "Resources": {"Ledger": table} }).to_string();
    let encoded = template.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    let call = signed(REGION, "cloudformation", "app/test").method("POST").uri(emulator.endpoint());
    let call = call.header("content-type", "application/x-www-form-urlencoded");
    let body = format!("Action={action}&Version=2010-05-15&StackName=stack&TemplateBody={encoded}");
    exchange(call.body(body).unwrap()).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_makes_and_removes_the_replicas_that_its_template_names() {
    let emulator = boot().await;
    let there = Client::new(&emulator.sdk_config(OTHER));
    let exists = async || there.describe_table().table_name(TABLE).send().await.is_ok();
    assert_eq!(form(&emulator, "CreateStack", &[REGION, OTHER]).await, 200);
    eventually(true, &exists).await;
    let here = Client::new(&emulator.sdk_config(REGION));
    put(&here, "item", "value").await;
    assert_eq!(get(&there, "item").await.as_deref(), Some("value"));
    // A stack that is still being made is not updated.
    eventually(200, || form(&emulator, "UpdateStack", &[REGION])).await;
    eventually(false, &exists).await;
    emulator.succeeded().unwrap();
}
