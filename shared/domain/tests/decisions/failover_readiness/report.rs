//! What a person reads of it.

use jiff::SignedDuration;
use watchkeeper_domain::capacity::Rollout;
use watchkeeper_domain::failover::readiness::{
    FindingGrade::{Blocks, Note},
    ImageFacts, QuotaFacts, Readiness, ReadyVerdict,
};

use crate::failover_readiness::scene::*;

/// The estate as its infrastructure code builds it: no streams in the standby.
fn as_built() -> Night {
    let mut night = ready();
    night.facts.streams.values_mut().for_each(|stream| *stream = Ok(None));
    night
}

/// Much of what can be wrong at once.
fn bad_night() -> Night {
    let mut night = as_built();
    lacking(&mut night, SIMULATOR, "1.4.2");
    of(&mut night, DASHBOARD).rollout = Rollout::Failed;
    table(&mut night, JOBS).replicas.insert(region("us-west-1"), "INACCESSIBLE_ENCRYPTION_CREDENTIALS".to_owned());
    night.facts.quota = Ok(QuotaFacts { vcpu: Some(6), vcpu_used: Some(4) });
    night.facts.traffic = denied("HeadObject of fleet-orchestration-failover-us-west-1/standby-serves");
    let sample = sample(&mut night);
    sample.at = ago(47);
    sample.lag_ms = [(named(VEHICLES), 93_500)].into();
    night.facts.heard = Some(ago(46));
    night
}

fn readiness(night: &Night) -> Readiness {
    Readiness::of(&night.facts, &night.failover)
}

#[test]
fn the_report_of_the_estate_as_built_names_its_missing_streams() {
    let readiness = readiness(&as_built());
    assert_eq!(readiness.verdict(), ReadyVerdict::NotReady);
    insta::assert_snapshot!(readiness.text());
}

#[test]
fn the_report_of_a_bad_night_begins_with_what_stops_a_failover() {
    let readiness = readiness(&bad_night());
    assert_eq!((readiness.count(Blocks), readiness.count(Note)), (7, 0));
    insta::assert_snapshot!(readiness.text());
}

#[test]
fn the_report_of_a_ready_region_says_so() {
    insta::assert_snapshot!(readiness(&ready()).text(), @r"
    us-west-1 is ready to take over (as of 2026-11-20T03:00:00Z)

    Nothing was found that a failover would stumble over.
    ");
}

#[test]
fn a_region_that_is_only_worse_than_promised_is_degraded() {
    let mut night = ready();
    stream_of(&mut night, TELEMETRY).shards = 1;
    sample(&mut night).lag_ms = [(named(VEHICLES), 1_500)].into();
    let readiness = readiness(&night);
    assert_eq!(readiness.verdict(), ReadyVerdict::Degraded);
    insta::assert_snapshot!(readiness.text());
}

#[test]
fn a_note_leaves_a_region_ready() {
    let mut night = ready();
    night.failover.images.push(named("forgotten"));
    night.facts.images.insert(named("forgotten"), Ok(ImageFacts { repository: true, ..ImageFacts::default() }));
    let readiness = readiness(&night);
    assert_eq!(readiness.verdict(), ReadyVerdict::Ready);
    assert!(readiness.text().contains("[note] image-unused: repository forgotten"));
}

#[test]
fn the_mark_is_the_same_for_the_same_findings_whatever_their_figures() {
    let mark = |change: &dyn Fn(&mut Night)| {
        let mut night = as_built();
        change(&mut night);
        readiness(&night).mark()
    };
    let lag = |millis: u64| mark(&|night| _ = sample(night).lag_ms.insert(named(JOBS), millis));
    let built = mark(&|_| ());
    assert_eq!(lag(2_000), lag(3_000), "a figure that moves is no news");
    assert_eq!(mark(&|night| night.facts.now += SignedDuration::from_mins(1)), built, "nor is the time");
    assert_ne!(lag(2_000), built, "another code is");
    let one_less = |night: &mut Night| _ = night.facts.streams.insert(named(EVENTS), Ok(Some(stream(1))));
    assert_ne!(mark(&one_less), built, "and another resource is");
}

#[test]
fn a_report_comes_back_from_the_ledger_exactly() {
    let readiness = readiness(&bad_night());
    let text = serde_json::to_string(&readiness).unwrap();
    assert_eq!(serde_json::from_str::<Readiness>(&text).unwrap(), readiness);
}
