//! The standing of a certificate: whether it still proves what would start.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::certificate::{CapacityCertificate, CertificateOrigin};
use super::family;
use crate::capacity::TaskDefinition;
use crate::estate::Failover;
use crate::name::ServiceName;
use crate::value::{Percent, rounded};

/// What a certificate comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum StandingVerdict {
    /// What would start has started.
    Proved,
    /// It has, and something is not quite as it was.
    Aging,
    /// What would start is something else by now, or it was too long ago.
    Stale,
    /// Nothing was ever proved, or the last proof failed.
    #[strum(serialize = "not proved")]
    Unproved,
}

/// A verdict, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CertificateStanding {
    /// The verdict.
    pub verdict: StandingVerdict,
    /// Why.
    pub reason: String,
}

/// What would start now.
#[derive(Debug, Clone, Copy)]
pub struct CertifiedFacts<'a> {
    /// What the document says.
    pub failover: &'a Failover,
    /// The task definition of each service, as far as it is known.
    pub definitions: &'a BTreeMap<ServiceName, TaskDefinition>,
}

/// What a certificate is worth at an instant. A revision of a task definition comes with each release, and most start as the one
/// before did: it makes a certificate age. Another family, another count or another service is something else.
pub fn standing(
    certificate: Option<&CapacityCertificate>,
    now: Timestamp,
    facts: CertifiedFacts<'_>,
) -> CertificateStanding {
    let of = |verdict: StandingVerdict, reason: String| CertificateStanding { verdict, reason };
    let Some(certificate) = certificate else {
        return of(StandingVerdict::Unproved, "nothing was ever rehearsed, and the pair never moved".to_owned());
    };
    if let Some(first) = certificate.findings.first() {
        return of(StandingVerdict::Unproved, format!("{} found: {first}", certificate.by));
    }
    let (age, within) = (now.duration_since(certificate.at), facts.failover.certified_within().signed());
    if age > within {
        let reason = format!("it is of {}, {} ago, and counts for {within:#}", certificate.at, rounded(age));
        return of(StandingVerdict::Stale, reason);
    }
    let (stale, aging): (Vec<_>, Vec<_>) = changes(certificate, facts).into_iter().partition(|(stale, _)| *stale);
    let words = |found: Vec<(bool, String)>| found.into_iter().map(|(_, what)| what).collect::<Vec<_>>().join("; ");
    if !stale.is_empty() {
        return of(StandingVerdict::Stale, words(stale));
    }
    let mut aging = aging;
    if let CertificateOrigin::Rehearsal(share) = certificate.origin
        && share < Percent::new(100)
    {
        aging.push((false, format!("{share} of the capacity was rehearsed")));
    }
    let old = SignedDuration::from_secs(within.as_secs() / 3 * 2);
    if age > old {
        aging.push((false, format!("it is {} old, and counts for {within:#}", rounded(age))));
    }
    if !aging.is_empty() {
        return of(StandingVerdict::Aging, words(aging));
    }
    of(StandingVerdict::Proved, format!("{} was seen to start all of it at {}", certificate.region, certificate.at))
}

/// What is not as it was, each with whether the certificate is stale by it.
fn changes(certificate: &CapacityCertificate, facts: CertifiedFacts<'_>) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    for (name, tasks) in &facts.failover.capacity {
        let Some(service) = certificate.services.get(name) else {
            found.push((true, format!("{name} was not there")));
            continue;
        };
        if service.declared != *tasks {
            found.push((true, format!("{name} is to have {tasks} tasks, and had {} then", service.declared)));
        }
        let Some((then, now)) = service.definition.as_ref().zip(facts.definitions.get(name)) else { continue };
        if family(then) != family(now) {
            found.push((true, format!("{name} runs {now} now, and ran {then} then")));
        } else if then != now {
            found.push((false, format!("{name} runs {now} now, and ran {then} then")));
        }
    }
    found
}
