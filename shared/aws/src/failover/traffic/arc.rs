//! Routing controls of Application Recovery Controller: five regional endpoints, of which one that answers is enough.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_route53recoverycluster::Client;
use aws_sdk_route53recoverycluster::config::Builder;
use aws_sdk_route53recoverycluster::types::{RoutingControlState, UpdateRoutingControlStateEntry};
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::ResourceName;

use crate::fault::failed;
use crate::peer_config;

const GET: &str = "GetRoutingControlState";
const SET: &str = "UpdateRoutingControlStates";

/// A client of each endpoint, the one of our own region first. Any of them may be lost: what is asked of one is bounded.
pub(super) fn clients(own: &SdkConfig, endpoints: &[(Region, String)]) -> Vec<Client> {
    let client = |(region, url): &(Region, String)| {
        let config = peer_config(own, region.as_str());
        Client::from_conf(Builder::from(&config).endpoint_url(url).build())
    };
    in_order(own.region().map_or("", AsRef::as_ref), endpoints).map(client).collect()
}

fn in_order<'a>(own: &str, endpoints: &'a [(Region, String)]) -> impl Iterator<Item = &'a (Region, String)> {
    let is_own = move |(region, _): &&(Region, String)| region.as_str() == own;
    let others = endpoints.iter().filter(move |endpoint| !is_own(endpoint));
    endpoints.iter().filter(is_own).chain(others)
}

/// Whether a routing control is on; nothing where it is in a state that is not known here.
pub(super) async fn is_on(clients: &[Client], control: &ResourceName) -> Result<Option<bool>, AwsError> {
    in_turn(clients, GET, control.as_str(), async |client| {
        let answer = client.get_routing_control_state().routing_control_arn(control.as_str()).send().await;
        answer.map_err(|error| failed(GET, control, error))
    })
    .await
    .map(|answer| on_or_off(answer.routing_control_state()))
}

fn on_or_off(state: &RoutingControlState) -> Option<bool> {
    match state {
        RoutingControlState::On => Some(true),
        RoutingControlState::Off => Some(false),
        _ => None,
    }
}

/// Sets routing controls, all in one call, so that no safety rule sees them in between.
pub(super) async fn set(clients: &[Client], controls: &BTreeMap<ResourceName, bool>) -> Result<(), AwsError> {
    let names: Vec<&str> = controls.keys().map(ResourceName::as_str).collect();
    let subject = names.join(", ");
    let entries: Result<Vec<_>, _> = controls.iter().map(|(control, on)| entry(control, *on)).collect();
    let entries = entries.map_err(|flaw| invalid(SET, &subject, flaw.into()))?;
    in_turn(clients, SET, &subject, async |client| {
        let call = client.update_routing_control_states();
        let answer = call.set_update_routing_control_state_entries(Some(entries.clone())).send().await;
        answer.map(drop).map_err(|error| failed(SET, &subject, error))
    })
    .await
}

fn entry(
    control: &ResourceName,
    on: bool,
) -> Result<UpdateRoutingControlStateEntry, aws_smithy_types::error::operation::BuildError> {
    let state = if on { RoutingControlState::On } else { RoutingControlState::Off };
    let entry = UpdateRoutingControlStateEntry::builder().routing_control_arn(control.as_str());
    entry.routing_control_state(state).build()
}

/// Asks one endpoint after the other until one answers; a refusal is an answer, which the others would only repeat.
async fn in_turn<C, T>(
    clients: &[C],
    operation: &'static str,
    subject: &str,
    call: impl AsyncFn(&C) -> Result<T, AwsError>,
) -> Result<T, AwsError> {
    let nobody = "found no endpoint of a cluster of routing controls, expected five in ROUTING_ENDPOINTS";
    let mut last = invalid(operation, subject, nobody.into());
    for client in clients {
        match call(client).await {
            Err(error) if matches!(error.fault, Fault::Unavailable | Fault::Throttled) => last = error,
            answer => return answer,
        }
    }
    Err(last)
}

fn invalid(operation: &'static str, subject: &str, source: Box<dyn std::error::Error + Send + Sync>) -> AwsError {
    AwsError { operation, subject: subject.to_owned(), fault: Fault::Invalid, source: Some(source) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::cell::RefCell;

    use rstest::rstest;

    use super::*;

    fn error(fault: Fault) -> AwsError {
        AwsError { operation: GET, subject: "control".to_owned(), fault, source: None }
    }

    /// Asks endpoints that fail with these faults, or answer, and says which were asked.
    async fn ask(answers: &[Option<Fault>]) -> (Result<usize, AwsError>, usize) {
        let asked = RefCell::new(0);
        let clients: Vec<usize> = (0..answers.len()).collect();
        let answer = in_turn(&clients, GET, "control", async |client| {
            *asked.borrow_mut() += 1;
            answers[*client].map_or(Ok(*client), |fault| Err(error(fault)))
        })
        .await;
        (answer, asked.into_inner())
    }

    #[tokio::test]
    async fn the_first_endpoint_that_answers_is_the_last_that_is_asked() {
        let (answer, asked) = ask(&[Some(Fault::Unavailable), Some(Fault::Throttled), None, None, None]).await;
        assert_eq!((answer.unwrap(), asked), (2, 3));
    }

    #[rstest]
    #[case(Fault::Denied)]
    #[case(Fault::Conflict)]
    #[case(Fault::NotFound)]
    #[case(Fault::Invalid)]
    #[tokio::test]
    async fn a_refusal_is_an_answer(#[case] fault: Fault) {
        let (answer, asked) = ask(&[Some(Fault::Unavailable), Some(fault), None]).await;
        assert_eq!((answer.unwrap_err().fault, asked), (fault, 2));
    }

    #[tokio::test]
    async fn where_no_endpoint_answers_the_last_failure_counts() {
        let (answer, asked) = ask(&[Some(Fault::Throttled), Some(Fault::Unavailable)]).await;
        assert_eq!((answer.unwrap_err().fault, asked), (Fault::Unavailable, 2));
    }

    #[tokio::test]
    async fn without_endpoints_the_variable_is_named() {
        let (answer, _) = ask(&[]).await;
        let error = answer.unwrap_err();
        assert_eq!(error.fault, Fault::Invalid);
        assert!(error.source.unwrap().to_string().contains("ROUTING_ENDPOINTS"));
    }

    #[test]
    fn the_endpoint_of_our_own_region_comes_first() {
        let endpoint = |region: &str| (Region::new(region).unwrap(), format!("https://{region}.example"));
        let endpoints = ["us-east-1", "us-west-2", "us-west-1"].map(endpoint);
        let order = |own| in_order(own, &endpoints).map(|(region, _)| region.as_str()).collect::<Vec<_>>();
        assert_eq!(order("us-west-2"), ["us-west-2", "us-east-1", "us-west-1"]);
        assert_eq!(order("eu-west-1"), ["us-east-1", "us-west-2", "us-west-1"]);
    }

    #[rstest]
    #[case("On", Some(true))]
    #[case("Off", Some(false))]
    #[case("Draining", None)]
    fn a_state_that_is_not_known_is_neither_on_nor_off(#[case] state: &str, #[case] expected: Option<bool>) {
        assert_eq!(on_or_off(&RoutingControlState::from(state)), expected);
    }

    #[test]
    fn a_control_is_set_on_or_off() {
        let control: ResourceName = "arn:aws:route53-recovery-control::123456789012:controlpanel/x".parse().unwrap();
        assert_eq!(*entry(&control, true).unwrap().routing_control_state(), RoutingControlState::On);
        assert_eq!(*entry(&control, false).unwrap().routing_control_state(), RoutingControlState::Off);
    }
}
