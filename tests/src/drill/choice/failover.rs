//! Which pairs can be moved, and the copies of their documents that the sandbox gets.

use jiff::Timestamp;
use watchkeeper_domain::estate::{DetectionMode, Environment, Estate, EstateDocument};
use watchkeeper_domain::name::{ClusterName, EnvironmentName, Region, ServiceName};

use super::{Audition, Unplayed};
use crate::harness::{HarnessError, document_of};

/// How long one try of the probe may take here: a region that hangs is waited for at every try.
const TRY: &str = "1s";

/// Pairs that are probed.
pub(in crate::drill) const FAILOVER: Audition = Audition {
    scenario: "failover",
    documents: None,
    needy: &[("fleet-orchestration", &[])],
    judge: plays,
    alone: false,
};

/// The same, for rehearsals.
pub(in crate::drill) const REHEARSE: Audition = Audition { scenario: "rehearse", ..FAILOVER };

/// A pair, in a sandbox of its own.
#[derive(Debug)]
pub(in crate::drill) struct ChosenPair {
    /// The account, twelve digits.
    pub account: String,
    /// The copy of its estate's document: this environment only, and nobody is asked before a failover that was detected,
    /// unless the document asks a person to detect it.
    pub document: EstateDocument,
    /// The environment.
    pub environment: EnvironmentName,
    /// What of its document is not played as it stands.
    pub left_out: Vec<(&'static str, Unplayed)>,
}

fn plays(environment: &Environment, _: Timestamp) -> Result<(), Unplayed> {
    let document = environment.document();
    let Some(failover) = &document.failover else {
        return Err(Unplayed::new("no `failover`", "`regions.standby` and `failover` with a `probe`"));
    };
    let Some(standby) = &document.regions.standby else {
        return Err(Unplayed::new("no standby region", "`regions.standby`"));
    };
    let Some(probe) = &failover.probe else {
        return Err(Unplayed::new(
            "no `failover.probe`, so nothing sees whether traffic has moved",
            "`probe` with `paths`",
        ));
    };
    if probed(environment, &document.regions.primary, standby).is_none() {
        let found = format!("none of the {} `probe.paths` is of a service in both regions", probe.paths.len());
        return Err(Unplayed::new(found, "the health path of a service that runs in both"));
    }
    if !failover.databases.is_empty() {
        let found = "`failover.databases`, whose replicas the drill does not build";
        return Err(Unplayed::new(found, "a pair without them; try theirs on AWS with `\"mode\": \"plan\"`"));
    }
    Ok(())
}

/// The clusters of both regions that have the services of the probe, and these services: a site stands for one load balancer
/// a region.
fn probed(
    environment: &Environment,
    home: &Region,
    standby: &Region,
) -> Option<(ClusterName, ClusterName, Vec<ServiceName>)> {
    let probe = environment.document().failover.as_ref()?.probe.as_ref()?;
    let (here, there) = (environment.services(home), environment.services(standby));
    let place = |all: &[(ClusterName, ServiceName)], name: &ServiceName| {
        all.iter().find(|(_, service)| service == name).map(|(cluster, _)| cluster.clone())
    };
    let mut found: Option<(ClusterName, ClusterName, Vec<ServiceName>)> = None;
    for service in probe.paths.keys() {
        let Some(clusters) = place(&here, service).zip(place(&there, service)) else { continue };
        match &mut found {
            None => found = Some((clusters.0, clusters.1, vec![service.clone()])),
            Some((one, other, services)) if *one == clusters.0 && *other == clusters.1 => {
                services.push(service.clone());
            }
            Some(_) => {}
        }
    }
    found
}

/// The pair of an environment that plays.
///
/// # Errors
/// [`HarnessError::Unknown`] where it does not play after all.
pub(in crate::drill) fn pair(
    estate: &Estate,
    environment: &Environment,
    account: &str,
) -> Result<ChosenPair, HarnessError> {
    let mut document = document_of(estate, environment);
    let regions = &environment.document().regions;
    let kept = regions.standby.as_ref().and_then(|standby| probed(environment, &regions.primary, standby));
    for failover in document.environments.values_mut().filter_map(|copy| copy.failover.as_mut()) {
        failover.approve = false;
        // A rehearsal that falls due on the emulated clock would be taken for what a scenario starts.
        failover.rehearse = None;
        if let Some(probe) = &mut failover.probe {
            let time = TRY.parse().map_err(|why| HarnessError::Unknown(format!("{TRY} is no duration: {why}")))?;
            probe.timeout = Some(time);
            if let Some((_, _, services)) = &kept {
                probe.paths.retain(|service, _| services.contains(service));
            }
        }
    }
    let account = account.to_owned();
    let (environment, left_out) = (environment.name().clone(), left_out(environment));
    Ok(ChosenPair { account, document, environment, left_out })
}

/// What of a pair's document is not played as it stands.
fn left_out(environment: &Environment) -> Vec<(&'static str, Unplayed)> {
    let document = environment.document();
    let (Some(failover), Some(standby)) = (&document.failover, &document.regions.standby) else { return Vec::new() };
    let mut parts = Vec::new();
    if failover.detect == DetectionMode::Off {
        parts.push(("detection", Unplayed::new("`detect: off`", "`automatic` or `ask`: here a person starts it")));
    }
    if failover.singletons.is_empty() {
        parts.push(("the fence of singletons", Unplayed::new("no `singletons`", "a service that may run once only")));
    }
    let paths = failover.probe.as_ref().map_or(0, |probe| probe.paths.len());
    let kept = probed(environment, &document.regions.primary, standby).map_or(0, |(_, _, services)| services.len());
    if kept < paths {
        let found = format!("{} of {paths} `probe.paths` lie in other clusters, or in one region only", paths - kept);
        parts.push(("their health paths", Unplayed::new(found, "services of one cluster a region")));
    }
    parts
}
