//! RDS: databases that AWS starts again.

use crate::{REGION, boot, eventually};
use jiff::{Timestamp, ToSpan};

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_database_is_started_by_aws_after_seven_days() {
    let emulator = boot().await;
    let rds = aws_sdk_rds::Client::new(&emulator.sdk_config(REGION));
    let friday: Timestamp = "2026-11-20T00:05:00Z".parse().unwrap();
    emulator.control().set_clock(friday).await.unwrap();
    let cluster = rds.create_db_cluster().db_cluster_identifier("clos-v2-db-cluster").engine("aurora-postgresql");
    cluster.master_username("clos").master_user_password("not-a-secret").send().await.unwrap();
    let member = rds.create_db_instance().db_instance_identifier("clos-v2-db-0").engine("aurora-postgresql");
    member.db_cluster_identifier("clos-v2-db-cluster").db_instance_class("db.t4g.medium").send().await.unwrap();

    let status = async || {
        let answer = rds.describe_db_clusters().send().await.unwrap();
        let members = rds.describe_db_instances().send().await.unwrap();
        let member = members.db_instances()[0].db_instance_status().unwrap().to_owned();
        (answer.db_clusters()[0].status().unwrap().to_owned(), member)
    };
    let both = |status: &str| (status.to_owned(), status.to_owned());
    let stop = || rds.stop_db_cluster().db_cluster_identifier("clos-v2-db-cluster").send();

    stop().await.unwrap();
    assert_eq!(status().await, both("stopping"));
    assert!(stop().await.unwrap_err().into_service_error().is_invalid_db_cluster_state_fault());
    eventually(both("stopped"), &status).await;

    emulator.control().set_clock(friday + (6 * 24).hours()).await.unwrap();
    assert_eq!(status().await, both("stopped"));
    emulator.control().set_clock(friday + (7 * 24 + 1).hours()).await.unwrap();
    eventually(both("available"), &status).await;
    emulator.succeeded().unwrap();
}
