//! What moves the traffic of a pair, made before its stacks are deployed: the records of a hosted zone, routing controls, the
//! alarm of a health check. The bucket of a switch is made with the pair itself.

use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, StateValue, Statistic};
use watchkeeper_domain::estate::{EnvironmentDocument, EstateDocument, Failover, TrafficStrategy};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};

use super::{HarnessError, STACK};
use crate::estate::SiteError;
use crate::sandbox::{EmulatorSettings, Sandbox};

/// The namespace of Route 53's documents.
const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";

/// Make what the strategy of an environment moves. A hosted zone has an id of AWS's own: the document gets it.
///
/// # Errors
/// [`HarnessError`] says what could not be made.
pub(super) async fn make(
    sandbox: &Sandbox,
    (estate, name): (&EstateName, &EnvironmentName),
    environment: &mut EnvironmentDocument,
) -> Result<(), HarnessError> {
    let home = environment.regions.primary.clone();
    let (Some(failover), Some(standby)) = (&mut environment.failover, &environment.regions.standby) else {
        return Ok(());
    };
    let traffic = &mut failover.traffic;
    match traffic.strategy {
        TrafficStrategy::SwitchObject => {}
        TrafficStrategy::Alarm => {
            if let Some(alarm) = &traffic.alarm {
                alarm_of(sandbox, standby, alarm.as_str(), (estate.as_str(), name.as_str())).await?;
                // The alarm moves with the metric, and traffic with the alarm.
                let moving = EmulatorSettings { alarm_evaluation: Some(true), ..EmulatorSettings::default() };
                sandbox.control().change(&moving).await?;
            }
        }
        TrafficStrategy::RoutingControl => {
            for (control, on) in [(&traffic.primary_control, true), (&traffic.standby_control, false)] {
                let Some(control) = control else { continue };
                let called = if on { "primary" } else { "standby" };
                sandbox.control().put_routing_control(control.as_str(), called, on).await?;
            }
        }
        TrafficStrategy::Record => {
            let names: Vec<String> = traffic.names.iter().map(ToString::to_string).collect();
            let zone = zone_of(sandbox, &names, [&home, standby]).await?;
            let id = zone.parse().map_err(|why| HarnessError::Unknown(format!("the id of a hosted zone: {why}")))?;
            traffic.hosted_zone = Some(id);
        }
    }
    Ok(())
}

/// The alarm of the standby region that the health check follows, on the metric of the control plane.
async fn alarm_of(
    sandbox: &Sandbox,
    standby: &Region,
    alarm: &str,
    (estate, environment): (&str, &str),
) -> Result<(), HarnessError> {
    let client = aws_sdk_cloudwatch::Client::new(&sandbox.sdk_config(standby.as_str()));
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let call = client.put_metric_alarm().alarm_name(alarm).namespace(STACK).metric_name("StandbyServes");
    let call = call.dimensions(dimension("Estate", estate)).dimensions(dimension("Environment", environment));
    let call = call.statistic(Statistic::Maximum).period(60).evaluation_periods(1).threshold(1.0);
    let call = call.comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold);
    // In a box: the call's own future is large.
    Box::pin(call.send()).await.map_err(SiteError::aws(format!("make alarm {alarm}")))?;
    let quiet =
        client.set_alarm_state().alarm_name(alarm).state_value(StateValue::Ok).state_reason("the primary serves");
    quiet.send().await.map_err(SiteError::aws(format!("move alarm {alarm}")))?;
    Ok(())
}

/// A hosted zone with two failover records for each name, one a region; its id.
async fn zone_of(sandbox: &Sandbox, names: &[String], [home, standby]: [&Region; 2]) -> Result<String, HarnessError> {
    let parent = names.first().map_or("example.com", |name| name.split_once('.').map_or(name.as_str(), |(_, of)| of));
    let body = format!(
        "<CreateHostedZoneRequest xmlns=\"{NAMESPACE}\"><Name>{parent}.</Name><CallerReference>{parent}</CallerReference>\
         </CreateHostedZoneRequest>"
    );
    let made = post(sandbox, "/2013-04-01/hostedzone", body).await?;
    let zone = made.split_once("/hostedzone/").and_then(|(_, rest)| rest.split('<').next()).map(str::to_owned);
    let zone = zone.ok_or_else(|| SiteError::new("make a hosted zone", &made))?;
    let record = |name: &String, region: &Region, role: &str| {
        format!(
            "<Change><Action>UPSERT</Action><ResourceRecordSet><Name>{name}.</Name><Type>CNAME</Type><SetIdentifier>{region}\
             </SetIdentifier><Failover>{role}</Failover><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>lb.{region}\
             .example.com</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>"
        )
    };
    let both = |name: &String| record(name, home, "PRIMARY") + &record(name, standby, "SECONDARY");
    let changes: String = names.iter().map(both).collect();
    let body = format!(
        "<ChangeResourceRecordSetsRequest xmlns=\"{NAMESPACE}\"><ChangeBatch><Changes>{changes}</Changes></ChangeBatch>\
         </ChangeResourceRecordSetsRequest>"
    );
    post(sandbox, &format!("/2013-04-01/hostedzone/{zone}/rrset/"), body).await?;
    Ok(zone)
}

/// A call of Route 53: two of them are not worth an SDK of their own.
async fn post(sandbox: &Sandbox, path: &str, body: String) -> Result<String, HarnessError> {
    let failed = |why: &dyn std::fmt::Display| SiteError::new(format!("post to {path}"), why);
    let scope = "AWS4-HMAC-SHA256 Credential=root/20260101/us-east-1/route53/aws4_request";
    let request = ureq::http::Request::post(format!("{}{path}", sandbox.emulator().endpoint()));
    let request = request.header("authorization", scope).header("user-agent", "app/test").body(body);
    let request = request.map_err(|error| failed(&error))?;
    let answer = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        agent.run(request)?.body_mut().read_to_string()
    });
    Ok(answer.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?)
}

fn failovers(documents: &[EstateDocument]) -> impl Iterator<Item = &Failover> {
    let all = documents.iter().flat_map(|document| document.environments.values());
    all.filter_map(|environment| environment.failover.as_ref())
}

/// The ARNs of the buckets of all switches, as the template's parameter wants them. So below.
pub(super) fn buckets(documents: &[EstateDocument]) -> String {
    let buckets = failovers(documents).filter_map(|failover| failover.traffic.bucket.as_ref());
    buckets.map(|bucket| format!("arn:aws:s3:::{bucket}")).collect::<Vec<_>>().join(",")
}

/// Those of all routing controls.
pub(super) fn controls(documents: &[EstateDocument]) -> String {
    let of = |failover: &Failover| [failover.traffic.primary_control.clone(), failover.traffic.standby_control.clone()];
    let all = failovers(documents).flat_map(of).flatten();
    all.map(|control| control.to_string()).collect::<Vec<_>>().join(",")
}

/// The endpoints of their cluster: the sandbox itself.
pub(super) fn endpoints(sandbox: &Sandbox, documents: &[EstateDocument], region: &Region) -> String {
    let any = failovers(documents).any(|failover| failover.traffic.primary_control.is_some());
    if any { format!("{region}={}", sandbox.emulator().endpoint()) } else { String::new() }
}

/// Those of all hosted zones.
pub(super) fn zones(documents: &[EstateDocument]) -> String {
    let zones = failovers(documents).filter_map(|failover| failover.traffic.hosted_zone.as_ref());
    zones.map(|zone| format!("arn:aws:route53:::hostedzone/{zone}")).collect::<Vec<_>>().join(",")
}
