//! RDS: read replicas in another region, and global databases.

use crate::{REGION, boot, eventually};
use aws_sdk_rds::Client;
use aws_sdk_rds::error::ProvideErrorMetadata as _;
use watchkeeper_tests::sandbox::LossOrder;

const OTHER: &str = "us-west-2";
const GLOBAL: &str = "fleet";

#[tokio::test(flavor = "multi_thread")]
async fn a_read_replica_of_a_lost_region_is_promoted_to_an_instance_of_its_own() {
    let emulator = boot().await;
    let (here, there) = (Client::new(&emulator.sdk_config(REGION)), Client::new(&emulator.sdk_config(OTHER)));
    let source = here.create_db_instance().db_instance_identifier("fleet-db").engine("postgres");
    let source = source.db_instance_class("db.t4g.micro").allocated_storage(20);
    let source = source.master_username("fleet").master_user_password("not-a-secret").send().await.unwrap();
    let source = source.db_instance.unwrap().db_instance_arn.unwrap();
    let replica = there.create_db_instance_read_replica().db_instance_identifier("fleet-db-replica");
    replica.source_db_instance_identifier(&source).send().await.unwrap();
    // Status, source, and whether it replicates.
    let replica = async || {
        let answer = there.describe_db_instances().db_instance_identifier("fleet-db-replica").send().await.unwrap();
        let found = &answer.db_instances()[0];
        let source = found.read_replica_source_db_instance_identifier().unwrap_or_default().to_owned();
        let normal = found.status_infos().first().and_then(aws_sdk_rds::types::DbInstanceStatusInfo::normal);
        (found.db_instance_status().unwrap().to_owned(), source, normal)
    };
    assert_eq!(replica().await, ("creating".to_owned(), source.clone(), Some(true)));
    eventually(("available".to_owned(), source.clone(), Some(true)), replica).await;
    let replicas = async || {
        let answer = here.describe_db_instances().db_instance_identifier("fleet-db").send().await.unwrap();
        answer.db_instances()[0].read_replica_db_instance_identifiers().len()
    };
    assert_eq!(replicas().await, 1);

    emulator.control().lose(REGION, LossOrder::fail()).await.unwrap();
    assert_eq!(replica().await, ("available".to_owned(), source.clone(), Some(false)));
    let promote = || there.promote_read_replica().db_instance_identifier("fleet-db-replica").send();
    promote().await.unwrap();
    assert_eq!(replica().await.0, "modifying");
    assert_eq!(promote().await.unwrap_err().code(), Some("InvalidDBInstanceState"));
    eventually(("available".to_owned(), String::new(), None), replica).await;
    assert_eq!(promote().await.unwrap_err().code(), Some("InvalidDBInstanceState"));
    assert_eq!(replicas().await, 0);
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_renamed_with_what_it_has_and_makes_way_for_another_one() {
    let emulator = boot().await;
    let here = Client::new(&emulator.sdk_config(REGION));
    let make = |name: &str| {
        let call = here.create_db_instance().db_instance_identifier(name).engine("postgres");
        let call = call.db_instance_class("db.t4g.micro").allocated_storage(20).master_username("fleet");
        let tag = aws_sdk_rds::types::Tag::builder().key("watchkeeper:managed").value("true").build();
        call.master_user_password("not-a-secret").tags(tag).send()
    };
    let first = make("fleet-db").await.unwrap().db_instance.unwrap();
    let rename = |from: &str, to: &str| {
        let call = here.modify_db_instance().db_instance_identifier(from).new_db_instance_identifier(to);
        call.apply_immediately(true).send()
    };
    let status = async |name: &str| {
        let answer = here.describe_db_instances().db_instance_identifier(name).send().await.ok()?;
        let found = answer.db_instances.unwrap_or_default().remove(0);
        Some((
            found.db_instance_status.unwrap(),
            found.dbi_resource_id.unwrap(),
            found.tag_list.unwrap_or_default().len(),
        ))
    };
    rename("fleet-db", "fleet-db-left-1").await.unwrap();
    let same = |status: &str| Some((status.to_owned(), first.dbi_resource_id.clone().unwrap(), 1));
    assert_eq!(status("fleet-db").await, same("renaming"));
    assert_eq!(rename("fleet-db", "another").await.unwrap_err().code(), Some("InvalidDBInstanceState"));
    eventually(same("available"), async || status("fleet-db-left-1").await).await;
    assert_eq!(status("fleet-db").await, None);
    make("fleet-db").await.unwrap();
    let taken = rename("fleet-db", "fleet-db-left-1").await.unwrap_err();
    assert_eq!(taken.code(), Some("DBInstanceAlreadyExists"));
    emulator.succeeded().unwrap();
}

/// The ARN of a member of the global database, made in the region of `rds`.
async fn member(rds: &Client, name: &str, first: bool) -> String {
    let call = rds.create_db_cluster().db_cluster_identifier(name).engine("aurora-postgresql");
    let call = call.global_cluster_identifier(GLOBAL);
    let call = if first { call.master_username("fleet").master_user_password("not-a-secret") } else { call };
    call.send().await.unwrap().db_cluster.unwrap().db_cluster_arn.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_global_database_switches_over_with_both_sides_and_fails_over_with_one_and_consent() {
    let emulator = boot().await;
    let (here, there) = (Client::new(&emulator.sdk_config(REGION)), Client::new(&emulator.sdk_config(OTHER)));
    let made = here.create_global_cluster().global_cluster_identifier(GLOBAL).engine("aurora-postgresql");
    made.send().await.unwrap();
    let (first, second) = (member(&here, "fleet-east", true).await, member(&there, "fleet-west", false).await);
    // Status, and the ARN of the writer.
    let known = async || {
        let answer = there.describe_global_clusters().global_cluster_identifier(GLOBAL).send().await.unwrap();
        let found = &answer.global_clusters()[0];
        let writer = found.global_cluster_members().iter().find(|member| member.is_writer() == Some(true));
        let writer = writer.unwrap().db_cluster_arn().unwrap().to_owned();
        (found.status().unwrap().to_owned(), writer)
    };
    assert_eq!(known().await, ("available".to_owned(), first.clone()));
    let switch = |to: &str| {
        let call = there.switchover_global_cluster().global_cluster_identifier(GLOBAL);
        call.target_db_cluster_identifier(to).send()
    };
    switch(&second).await.unwrap();
    assert_eq!(known().await.0, "switching-over");
    eventually(("available".to_owned(), second.clone()), &known).await;
    switch(&first).await.unwrap();
    eventually(("available".to_owned(), first.clone()), &known).await;

    emulator.control().lose(REGION, LossOrder::fail()).await.unwrap();
    assert_eq!(switch(&second).await.unwrap_err().code(), Some("InvalidGlobalClusterStateFault"));
    let fail = || {
        let call = there.failover_global_cluster().global_cluster_identifier(GLOBAL);
        call.target_db_cluster_identifier(&second)
    };
    assert_eq!(fail().send().await.unwrap_err().code(), Some("InvalidGlobalClusterStateFault"));
    fail().allow_data_loss(true).send().await.unwrap();
    eventually(("available".to_owned(), second.clone()), &known).await;
    emulator.succeeded().unwrap();
}
