//! A pair: what `failover` looks at in either region, promotes, and moves traffic by.

use super::is_managed;
use crate::estate::{EventSource, Failover};
use crate::failover::{PairDatabase, event_sources};
use crate::preflight::{PreflightCase, SimulatedCalls, tables};

const FUNCTION: &str = "Failover";

pub(super) fn add(case: PreflightCase<'_>, calls: &mut Vec<SimulatedCalls>) {
    let document = case.environment.document();
    let Some(failover) = &document.failover else { return };
    if !case.environment.regions().contains(&case.facts.place.region) {
        return;
    }
    for (id, found) in &case.facts.services {
        let Ok(Some(service)) = found else { continue };
        calls.push(case.call(FUNCTION, &["ecs:DescribeServices"], format!("service {id}"), &service.arn));
        if let Ok(Some(arn)) = service.target.as_ref().map(|target| target.as_ref().and_then(|it| it.arn.as_ref())) {
            let action = ["application-autoscaling:ListTagsForResource"];
            calls.push(case.call(FUNCTION, &action, format!("scalable target service/{id}"), arn));
        }
    }
    look_at_data(case, failover, calls);
    promote(case, failover, calls);
    look_at_sources(case, failover, calls);
    move_traffic(case, failover, calls);
}

fn look_at_data(case: PreflightCase<'_>, failover: &Failover, calls: &mut Vec<SimulatedCalls>) {
    for table in failover.tables.iter().map(|table| &table.table) {
        if matches!(case.facts.tables.get(table), Some(Ok(Some(_)))) {
            let (subject, arn) = (format!("table {table}"), tables::arn(case, table));
            calls.push(case.call(FUNCTION, &["dynamodb:DescribeTable"], subject, arn));
        }
    }
    for stream in failover.streams.iter().map(|stream| &stream.stream) {
        let arn = case.facts.place.arn("kinesis", &format!("stream/{stream}"));
        calls.push(case.call(FUNCTION, &["kinesis:DescribeStreamSummary"], format!("stream {stream}"), arn));
    }
    for (repository, found) in &case.facts.repositories {
        if matches!(found, Ok(true)) {
            let arn = case.facts.place.arn("ecr", &format!("repository/{repository}"));
            calls.push(case.call(FUNCTION, &["ecr:DescribeImages"], format!("repository {repository}"), arn));
        }
    }
}

fn promote(case: PreflightCase<'_>, failover: &Failover, calls: &mut Vec<SimulatedCalls>) {
    for (promoted, found) in &case.facts.promoted {
        let Ok(Some(found)) = found else { continue };
        match promoted {
            PairDatabase::Replica(name) => {
                let Some(Ok(tags)) = found.tags.as_ref().filter(|tags| tags.as_ref().is_ok_and(is_managed)) else {
                    continue;
                };
                let arn = case.facts.place.arn("rds", &format!("db:{name}"));
                let again = failover.protect_again.then_some("rds:ModifyDBInstance");
                let actions: Vec<&str> = std::iter::once("rds:PromoteReadReplica").chain(again).collect();
                let call = case.call(FUNCTION, &actions, promoted.to_string(), arn);
                calls.push(call.tagged(tags));
            }
            PairDatabase::AuroraGlobal(name) => {
                let place = &case.facts.place;
                let arn = format!("arn:{}:rds::{}:global-cluster:{name}", place.partition, place.account);
                let actions = ["rds:SwitchoverGlobalCluster", "rds:FailoverGlobalCluster"];
                calls.push(case.call(FUNCTION, &actions, promoted.to_string(), arn));
            }
        }
    }
}

/// Event sources, as far as their ARNs tell: a schedule has to be named by a parameter of the stack, and what carries tags is
/// asked about without them.
fn look_at_sources(case: PreflightCase<'_>, failover: &Failover, calls: &mut Vec<SimulatedCalls>) {
    let place = &case.facts.place;
    for source in event_sources(failover) {
        let (actions, arn): (&[&'static str], String) = match &source {
            EventSource::Mapping { .. } => (&["lambda:ListEventSourceMappings"], "*".to_owned()),
            EventSource::Schedule { group, name } => {
                let arn = place.arn("scheduler", &format!("schedule/{group}/{name}"));
                (&["scheduler:GetSchedule", "scheduler:UpdateSchedule"], arn)
            }
            EventSource::Rule { bus, name } if bus.as_str() == "default" => {
                (&["events:DescribeRule"], place.arn("events", &format!("rule/{name}")))
            }
            EventSource::Rule { bus, name } => {
                (&["events:DescribeRule"], place.arn("events", &format!("rule/{bus}/{name}")))
            }
        };
        calls.push(case.call(FUNCTION, actions, source.to_string(), arn));
    }
}

fn move_traffic(case: PreflightCase<'_>, failover: &Failover, calls: &mut Vec<SimulatedCalls>) {
    let traffic = &failover.traffic;
    // The object lies in the standby region, and is switched from there.
    let bucket = traffic.bucket.as_ref().filter(|bucket| matches!(case.facts.buckets.get(*bucket), Some(Ok(Some(_)))));
    if let (Some(bucket), Some(object)) = (bucket, &traffic.object) {
        let (subject, actions) = (format!("bucket {bucket}"), ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]);
        calls.push(case.call(FUNCTION, &actions, subject.as_str(), case.global("s3", &format!("{bucket}/{object}"))));
        calls.push(case.call(FUNCTION, &["s3:ListBucket"], subject, case.global("s3", bucket.as_str())));
    }
    if let Some(zone) = &traffic.hosted_zone {
        let actions = ["route53:ListResourceRecordSets", "route53:ChangeResourceRecordSets"];
        let arn = case.global("route53", &format!("hostedzone/{zone}"));
        calls.push(case.call(FUNCTION, &actions, format!("hosted zone {zone}"), arn));
    }
    for control in [&traffic.primary_control, &traffic.standby_control].into_iter().flatten() {
        let actions =
            ["route53-recovery-cluster:GetRoutingControlState", "route53-recovery-cluster:UpdateRoutingControlStates"];
        calls.push(case.call(FUNCTION, &actions, format!("routing control {control}"), control.to_string()));
    }
}
