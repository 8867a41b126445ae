//! The site of a pair of regions: its load balancers, and the four ways to move the public name.

use std::collections::BTreeMap;

use crate::{CLUSTER, REGION, SERVICE, Seated, boot, counts, eventually, exchange, make_service, signed};
use serde_json::{Value, json};
use watchkeeper_tests::sandbox::{Emulator, FaultKind, FaultOrder, LossOrder};
use watchkeeper_tests::sandbox::{SiteFace, SiteSetup, SiteSide, SiteTraffic, SiteTrouble};

const OTHER: &str = "us-west-2";
const NAME: &str = "fleet";
const PATH: &str = "/fleet/health";
const CONTROL: &str = "arn:aws:route53-recovery-control::123456789012:controlpanel/00000000000000000000000000000000";

/// A site over both regions.
fn over(traffic: SiteTraffic) -> SiteSetup {
    let balancer = |region: &str| SiteSide {
        region: region.into(),
        cluster: CLUSTER.into(),
        paths: BTreeMap::from([(PATH.to_owned(), SERVICE.to_owned())]),
    };
    SiteSetup { name: NAME.into(), primary: balancer(REGION), standby: balancer(OTHER), traffic }
}

/// A pair of regions with a service that runs in both.
async fn pair(traffic: SiteTraffic) -> Seated {
    let emulator = boot().await;
    for region in [REGION, OTHER] {
        let ecs = aws_sdk_ecs::Client::new(&emulator.sdk_config(region));
        make_service(&ecs, 1).await;
        eventually((1, 1), || counts(&ecs)).await;
    }
    emulator.control().put_site(&over(traffic)).await.unwrap();
    emulator
}

fn switch() -> SiteTraffic {
    SiteTraffic::SwitchObject { bucket: "switch".into(), key: "standby".into() }
}

async fn ask(emulator: &Emulator, face: SiteFace) -> (u16, Value) {
    let url = format!("{}{PATH}", emulator.control().site_url(NAME, face));
    let (status, answer) = exchange(ureq::http::Request::get(url).body(String::new()).unwrap()).await;
    (status, serde_json::from_str(&answer).unwrap())
}

/// Where the public name leads.
async fn side(emulator: &Emulator) -> Value {
    ask(emulator, SiteFace::Public).await.1["side"].clone()
}

/// A call to a service that speaks in paths.
async fn rest(emulator: &Emulator, (region, service): (&str, &str), method: &str, path: &str, body: String) -> String {
    let call = signed(region, service, "app/test").method(method).uri(format!("{}{path}", emulator.endpoint()));
    let (status, answer) = exchange(call.body(body).unwrap()).await;
    assert!(status < 300, "{method} {path}: {status} {answer}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_balancer_answers_as_long_as_a_task_runs_and_its_region_is_there() {
    let emulator = pair(switch()).await;
    let primary = aws_sdk_ecs::Client::new(&emulator.sdk_config(REGION));
    assert_eq!(ask(&emulator, SiteFace::Primary).await.0, 200);
    primary.update_service().cluster(CLUSTER).service(SERVICE).desired_count(0).send().await.unwrap();
    eventually((0, 0), || counts(&primary)).await;
    assert_eq!(ask(&emulator, SiteFace::Primary).await.0, 503);
    assert_eq!(ask(&emulator, SiteFace::Standby).await.0, 200);

    emulator.control().lose(OTHER, LossOrder::fail()).await.unwrap();
    let (status, answer) = ask(&emulator, SiteFace::Standby).await;
    assert_eq!((status, &answer["error"]), (503, &json!("us-west-2 is lost")));
    emulator.control().regain(OTHER).await.unwrap();

    let (standby, public) = (SiteFace::Standby, SiteFace::Public);
    emulator.control().trouble_site(NAME, standby, SiteTrouble::Fail).await.unwrap();
    assert_eq!(ask(&emulator, standby).await.0, 503);
    emulator.control().trouble_site(NAME, standby, SiteTrouble::None).await.unwrap();
    assert_eq!(ask(&emulator, standby).await.0, 200);
    emulator.control().trouble_site(NAME, public, SiteTrouble::Fail).await.unwrap();
    assert_eq!(ask(&emulator, public).await.0, 503);
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_of_a_region_that_hangs_hangs_with_it() {
    let emulator = pair(switch()).await;
    emulator.control().lose(REGION, LossOrder::hang()).await.unwrap();
    let url = format!("{}{PATH}", emulator.control().site_url(NAME, SiteFace::Primary));
    let hanging = tokio::spawn(exchange(ureq::http::Request::get(url).body(String::new()).unwrap()));
    // The other side answers meanwhile.
    assert_eq!(ask(&emulator, SiteFace::Standby).await.0, 200);
    assert!(!hanging.is_finished());
    emulator.control().regain(REGION).await.unwrap();
    assert_eq!(hanging.await.unwrap().0, 503);
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_in_the_standby_region_moves_traffic_there_while_that_region_answers() {
    let emulator = pair(switch()).await;
    assert_eq!(side(&emulator).await, "primary");
    let place = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                 <LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>";
    rest(&emulator, (OTHER, "s3"), "PUT", "/switch", place.into()).await;
    rest(&emulator, (OTHER, "s3"), "PUT", "/switch/standby", "on".into()).await;
    assert_eq!(side(&emulator).await, "standby");
    emulator.control().lose(OTHER, LossOrder::fail()).await.unwrap();
    assert_eq!(side(&emulator).await, "primary");
    emulator.control().regain(OTHER).await.unwrap();
    rest(&emulator, (OTHER, "s3"), "DELETE", "/switch/standby", String::new()).await;
    assert_eq!(side(&emulator).await, "primary");
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_of_the_standby_region_moves_traffic() {
    let emulator = pair(SiteTraffic::Alarm { alarm: "primary-down".into() }).await;
    let cloudwatch = aws_sdk_cloudwatch::Client::new(&emulator.sdk_config(OTHER));
    let alarm = cloudwatch.put_metric_alarm().alarm_name("primary-down").namespace("sandbox").metric_name("up");
    let alarm = alarm.statistic(aws_sdk_cloudwatch::types::Statistic::Minimum).period(60).evaluation_periods(1);
    let comparison = aws_sdk_cloudwatch::types::ComparisonOperator::LessThanThreshold;
    alarm.threshold(1.0).comparison_operator(comparison).send().await.unwrap();
    assert_eq!(side(&emulator).await, "primary");
    let state = cloudwatch.set_alarm_state().alarm_name("primary-down").state_reason("a test");
    state.state_value(aws_sdk_cloudwatch::types::StateValue::Alarm).send().await.unwrap();
    assert_eq!(side(&emulator).await, "standby");
    emulator.succeeded().unwrap();
}

/// The change of a record whose `SetIdentifier` is `region`.
fn change(region: &str, routing: &str) -> String {
    format!(
        "<Change><Action>UPSERT</Action><ResourceRecordSet><Name>www.fleet.example.</Name><Type>A</Type>\
         <SetIdentifier>{region}</SetIdentifier>{routing}<TTL>60</TTL><ResourceRecords><ResourceRecord>\
         <Value>10.0.0.1</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>"
    )
}

/// A site behind records: change them, primary's first, and say where the name leads.
async fn resolve(emulator: &Emulator, zone: &str, (primary, standby): (&str, &str)) -> Value {
    let changes = change(REGION, primary) + &change(OTHER, standby);
    let body = format!(
        "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes>\
         {changes}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
    );
    rest(emulator, ("us-east-1", "route53"), "POST", &format!("/2013-04-01/hostedzone/{zone}/rrset/"), body).await;
    side(emulator).await
}

/// A hosted zone, and a site behind its records.
async fn behind_records() -> (Seated, String) {
    let emulator = pair(switch()).await;
    let body = "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
                <Name>fleet.example.</Name><CallerReference>1</CallerReference></CreateHostedZoneRequest>";
    let made = rest(&emulator, ("us-east-1", "route53"), "POST", "/2013-04-01/hostedzone", body.into()).await;
    let (_, found) = made.split_once("/hostedzone/").unwrap();
    let zone = found.split('<').next().unwrap().to_owned();
    let traffic = SiteTraffic::Record { zone: zone.clone(), name: "www.fleet.example".into() };
    emulator.control().put_site(&over(traffic)).await.unwrap();
    (emulator, zone)
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_of_records_move_traffic() {
    let (emulator, zone) = behind_records().await;
    let (full, none) = ("<Weight>100</Weight>", "<Weight>0</Weight>");
    assert_eq!(resolve(&emulator, &zone, (full, none)).await, "primary");
    assert_eq!(resolve(&emulator, &zone, (none, full)).await, "standby");
    assert_eq!(resolve(&emulator, &zone, (none, none)).await, Value::Null);
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn failover_records_move_traffic_when_they_change_places() {
    let (emulator, zone) = behind_records().await;
    let (first, second) = ("<Failover>PRIMARY</Failover>", "<Failover>SECONDARY</Failover>");
    assert_eq!(resolve(&emulator, &zone, (first, second)).await, "primary");
    assert_eq!(resolve(&emulator, &zone, (second, first)).await, "standby");
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn routing_controls_move_traffic_through_any_endpoint_that_answers() {
    const SERVICE: &str = "route53-recovery-cluster";
    let control = |number: u32| format!("{CONTROL}/routingcontrol/{number:016}");
    let traffic = SiteTraffic::RoutingControl { primary: control(1), standby: control(2) };
    let emulator = pair(traffic).await;
    emulator.control().put_routing_control(&control(1), "primary", true).await.unwrap();
    emulator.control().put_routing_control(&control(2), "standby", false).await.unwrap();
    assert_eq!(side(&emulator).await, "primary");

    let code = "EndpointTemporarilyUnavailableException";
    let down =
        FaultOrder { region: Some(REGION.into()), times: None, ..FaultOrder::new(SERVICE, "*", FaultKind::Error) };
    let down = FaultOrder { code: Some(code.into()), status: Some(503), ..down };
    emulator.control().order(&down).await.unwrap();
    let entry =
        |number: u32, state: &str| json!({ "RoutingControlArn": control(number), "RoutingControlState": state });
    let request = json!({ "UpdateRoutingControlStateEntries": [entry(1, "Off"), entry(2, "On")] }).to_string();
    let send = async |region: &str| {
        let call = signed(region, SERVICE, "app/test").method("POST").uri(emulator.endpoint());
        let call = call.header("x-amz-target", "ToggleCustomerAPI.UpdateRoutingControlStates");
        exchange(call.body(request.clone()).unwrap()).await
    };
    let (status, answer) = send(REGION).await;
    assert_eq!(status, 503);
    assert!(answer.contains(code), "{answer}");
    assert_eq!(side(&emulator).await, "primary");
    assert_eq!(send("ap-southeast-2").await.0, 200);
    assert_eq!(side(&emulator).await, "standby");
    emulator.succeeded().unwrap();
}
