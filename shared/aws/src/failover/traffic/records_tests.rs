#![allow(clippy::unwrap_used)]

use aws_sdk_route53::types::builders::ResourceRecordSetBuilder;
use aws_sdk_route53::types::{AliasTarget, RrType};
use rstest::rstest;

use super::*;

fn set(identifier: &str) -> ResourceRecordSetBuilder {
    let alias = AliasTarget::builder().hosted_zone_id("Z1H1FL5HABSF5").evaluate_target_health(true);
    ResourceRecordSet::builder()
        .name("fleet.example.com.")
        .r#type(RrType::A)
        .set_identifier(identifier)
        .alias_target(alias.dns_name(format!("{identifier}.elb.amazonaws.com.")).build().unwrap())
        .health_check_id("check")
}

fn failover(identifier: &str, role: ResourceRecordSetFailover) -> ResourceRecordSet {
    set(identifier).failover(role).build().unwrap()
}

fn pair() -> [ResourceRecordSet; 2] {
    [
        failover("us-west-2", ResourceRecordSetFailover::Primary),
        failover("us-west-1", ResourceRecordSetFailover::Secondary),
    ]
}

fn record(set: &str, routing: DnsRouting) -> DnsRecord {
    DnsRecord { name: "fleet.example.com".to_owned(), kind: "A".to_owned(), set: set.to_owned(), routing }
}

#[rstest]
#[case("Fleet.Example.com.", "fleet.example.com")]
#[case("\\052.example.com.", "*.example.com")]
#[case("odd\\zone", "odd\\zone")]
#[case("end\\", "end\\")]
#[case("é\\05", "é\\05")]
fn a_name_is_the_same_however_it_is_written(#[case] written: &str, #[case] expected: &str) {
    assert_eq!(plain(written), expected);
}

#[test]
fn failover_and_weighted_records_are_read_and_others_are_not() {
    let [primary, secondary] = pair();
    assert_eq!(read(&primary), Some(record("us-west-2", DnsRouting::Failover { primary: true })));
    assert_eq!(read(&secondary), Some(record("us-west-1", DnsRouting::Failover { primary: false })));
    let weighted = set("us-west-1").weight(20).build().unwrap();
    assert_eq!(read(&weighted), Some(record("us-west-1", DnsRouting::Weighted(20))));
    assert_eq!(read(&set("latency").build().unwrap()), None);
}

#[test]
fn two_failover_records_change_places_and_keep_everything_else() {
    let wanted = [
        record("us-west-2", DnsRouting::Failover { primary: false }),
        record("us-west-1", DnsRouting::Failover { primary: true }),
    ];
    let changes = batch(swaps(&pair(), &wanted).unwrap()).unwrap().changes;
    let actions: Vec<&str> = changes.iter().map(|change| change.action().as_str()).collect();
    assert_eq!(actions, ["DELETE", "DELETE", "CREATE", "CREATE"]);
    let [old, old_standby, new, new_standby]: [ResourceRecordSet; 4] =
        changes.into_iter().map(|change| change.resource_record_set.unwrap()).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!([old, old_standby], pair(), "what goes is exactly what was read");
    assert_eq!(new, failover("us-west-2", ResourceRecordSetFailover::Secondary));
    assert_eq!(new_standby, failover("us-west-1", ResourceRecordSetFailover::Primary));
}

#[test]
fn a_weight_moves_and_the_record_stays() {
    let found = [set("us-west-2").weight(100).build().unwrap(), set("us-west-1").weight(0).build().unwrap()];
    let wanted = [record("us-west-2", DnsRouting::Weighted(0)), record("us-west-1", DnsRouting::Weighted(100))];
    let new: Vec<_> = swaps(&found, &wanted).unwrap().into_iter().map(|(_, new)| new).collect();
    assert_eq!(new, [set("us-west-2").weight(0).build().unwrap(), set("us-west-1").weight(100).build().unwrap()]);
}

#[test]
fn what_is_as_it_should_be_is_left_alone() {
    let wanted: Vec<DnsRecord> = pair().iter().filter_map(read).collect();
    assert!(swaps(&pair(), &wanted).unwrap().is_empty());
}

#[test]
fn a_record_that_is_not_there_is_named_and_nothing_changes() {
    let wanted = [
        record("us-west-2", DnsRouting::Failover { primary: false }),
        record("eu-west-1", DnsRouting::Failover { primary: true }),
    ];
    let error = swaps(&pair(), &wanted).unwrap_err();
    assert!(error.contains("fleet.example.com A") && error.contains("\"eu-west-1\""), "{error}");
}
