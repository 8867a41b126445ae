//! Records: what has to change so that the other region answers.

use watchkeeper_domain::failover::{DnsRecord, DnsRouting, points_to, switched};

use crate::failover::scene::{home, standby};

fn record(set: &str, routing: DnsRouting) -> DnsRecord {
    DnsRecord { name: "fleet.example.com".to_owned(), kind: "A".to_owned(), set: set.to_owned(), routing }
}

#[test]
fn failover_records_change_places() {
    let records = [
        record("fleet-us-west-2", DnsRouting::Failover { primary: true }),
        record("fleet-us-west-1", DnsRouting::Failover { primary: false }),
    ];
    let (home, standby) = (home(), standby());
    assert_eq!(points_to(&records, [&home, &standby]), Some(&home));
    let moved = switched(&records, &standby, &home).unwrap();
    assert_eq!(points_to(&moved, [&home, &standby]), Some(&standby));
    assert_eq!(switched(&moved, &home, &standby).unwrap(), records, "there and back again");
}

#[test]
fn weights_move_whole() {
    let records = [record("us-west-2", DnsRouting::Weighted(255)), record("us-west-1", DnsRouting::Weighted(0))];
    let (home, standby) = (home(), standby());
    let moved = switched(&records, &standby, &home).unwrap();
    assert_eq!(
        moved.iter().map(|record| record.routing).collect::<Vec<_>>(),
        [DnsRouting::Weighted(0), DnsRouting::Weighted(255)]
    );
    assert_eq!(switched(&moved, &standby, &home).unwrap(), moved, "twice is once");
}

#[test]
fn records_that_do_not_say_whose_they_are_are_not_touched() {
    let odd = [record("blue", DnsRouting::Weighted(1)), record("us-west-1", DnsRouting::Weighted(0))];
    let error = switched(&odd, &standby(), &home()).unwrap_err();
    assert!(error.contains("\"blue\", expected one that contains us-west-1 or us-west-2"), "{error}");
    let half = [record("us-west-2", DnsRouting::Weighted(1))];
    assert!(switched(&half, &standby(), &home()).unwrap_err().contains("us-west-1"));
}

#[test]
fn two_regions_that_both_answer_point_nowhere() {
    let both = [record("us-west-2", DnsRouting::Weighted(1)), record("us-west-1", DnsRouting::Weighted(1))];
    let (home, standby) = (home(), standby());
    assert_eq!(points_to(&both, [&home, &standby]), None);
}
