//! Protected again: the stack of a region that was lost sets its old primary aside and makes a replica in its place, with the
//! rights of its role.

use aws_sdk_rds::Client;
use aws_sdk_rds::types::Tag;
use serde_json::json;
use watchkeeper_tests::harness::DeployedStack;
use watchkeeper_tests::sandbox::LossOrder;

use super::field::{Scene, ending, play_ferry};

const NAME: &str = "ferry-db";
/// Minutes until four looks have taken their steps, and the last one has found nothing missing.
const MINUTES: u32 = 45;

/// Source and status of an instance, if it is there.
async fn seen(rds: &Client, name: &str) -> Option<(Option<String>, String)> {
    let answer = rds.describe_db_instances().db_instance_identifier(name).send().await.ok()?;
    let found = answer.db_instances.unwrap_or_default().into_iter().next()?;
    let source = found.read_replica_source_db_instance_identifier.filter(|source| !source.is_empty());
    Some((source, found.db_instance_status?))
}

#[allow(clippy::disallowed_methods, reason = "the sandbox runs in real time, and is polled")]
async fn is(rds: &Client, name: &str, status: &str) {
    for _ in 0..100 {
        if seen(rds, name).await.is_some_and(|(_, found)| found == status) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{name} is {:?}, and not {status}", seen(rds, name).await);
}

/// The pair's database: the source at home, and its replica in the standby.
async fn make(home: &Client, standby: &Client) {
    let tag = || Tag::builder().key("watchkeeper:managed").value("true").build();
    let call = home.create_db_instance().db_instance_identifier(NAME).engine("postgres").tags(tag());
    let call = call.db_instance_class("db.t4g.micro").allocated_storage(20).backup_retention_period(1);
    let made = call.master_username("ferry").master_user_password("not-a-secret").send().await.unwrap();
    is(home, NAME, "available").await;
    let source = made.db_instance.unwrap().db_instance_arn.unwrap();
    let call = standby.create_db_instance_read_replica().db_instance_identifier(NAME);
    call.source_db_instance_identifier(source).tags(tag()).send().await.unwrap();
    is(standby, NAME, "available").await;
}

#[test]
fn a_region_that_was_lost_gets_its_replica_again_and_the_pair_goes_home() {
    play_ferry(async |harness| {
        let client = |stack: &DeployedStack| Client::new(&harness.sandbox().sdk_config(stack.region().as_str()));
        let scene = Scene::fresh(harness, "ferry").await;
        let (home, standby) = (client(scene.home), client(scene.standby));
        make(&home, &standby).await;
        scene.both().await;
        scene.lose_home(LossOrder::fail()).await.unwrap();
        let approved = json!({ "approve": ["data-loss", "not-ready", "fence-unproved"] });
        let run = scene.fail_over(approved).await.run_out().await.unwrap();
        assert_eq!(ending(&run), "done", "{}", run.says());
        assert_eq!(seen(&home, NAME).await.map(|(source, _)| source), Some(None), "the old primary");

        scene.regain_home().await.unwrap();
        let epoch = scene.pointer(scene.standby).await.unwrap().epoch;
        let left = format!("{NAME}-left-{epoch}");
        let mut told = Vec::new();
        for _ in 0..MINUTES {
            scene.both().await;
            told.extend(scene.subjects(scene.standby).await);
            if told.iter().any(|subject| subject.ends_with("protected again")) {
                break;
            }
        }
        assert!(told.iter().any(|subject| subject.ends_with("protected again")), "{told:?}");
        let source = format!("arn:aws:rds:{}:123456789012:db:{NAME}", scene.standby.region());
        assert_eq!(seen(&home, NAME).await, Some((Some(source), "available".to_owned())));
        assert_eq!(seen(&home, &left).await, Some((None, "stopped".to_owned())), "nothing is deleted");
        let used = harness.sandbox().control().permissions().await.unwrap().used;
        for (statement, action) in [
            ("SetOldPrimariesAside", "rds:ModifyDBInstance"),
            ("StopOldPrimaries", "rds:StopDBInstance"),
            ("ReplicateAgain", "rds:CreateDBInstanceReadReplica"),
        ] {
            let found = used.iter().any(|it| it.role == "Failover" && it.statement == statement && it.action == action);
            assert!(found, "{statement} {action}: {used:?}");
        }

        let request = scene.about(json!({ "approve": ["data-loss"] }));
        let back = scene.home.fail_back(&request).await.unwrap().run_out().await.unwrap();
        assert_eq!(ending(&back), "done", "{}", back.says());
        scene.both().await;
        scene.is_as_before().await;
        assert_eq!(seen(&home, NAME).await, Some((None, "available".to_owned())));
        scene.ends_its_watch().await;
    });
}
