//! Images: the same release as in the active region, and pulled from here.

use std::collections::BTreeSet;

use super::services::resource;
use super::{ReadinessCase, about, known, unreadable};
use crate::failover::readiness::image::{ContainerImage, references};
use crate::failover::readiness::{FindingGrade, ImageFacts, ReadinessCode, ReadinessFinding};
use crate::name::ServiceName;

pub(super) fn check(case: ReadinessCase<'_>, found: &mut Vec<ReadinessFinding>) {
    for name in case.failover.capacity.keys() {
        let Some(Ok(Some(service))) = case.facts.services.get(name) else { continue };
        match &service.images {
            Err(why) => found.push(unreadable(FindingGrade::Degrades, format!("images of {name}"), why)),
            Ok(images) => {
                found.extend(elsewhere(case, name, images));
                found.extend(differ(case, name, images));
            }
        }
    }
    repositories(case, found);
}

/// An image that comes from the region that was lost cannot be pulled.
fn elsewhere(case: ReadinessCase<'_>, name: &ServiceName, images: &[String]) -> Option<ReadinessFinding> {
    let (region, active) = (&case.facts.region, &case.facts.active);
    let far: Vec<&str> =
        images.iter().map(String::as_str).filter(|image| ContainerImage::parse(image).is_pulled_from(active)).collect();
    (!far.is_empty() && region != active).then(|| {
        about(FindingGrade::Blocks, ReadinessCode::ImageElsewhere, resource(name)).found(
            format!("a task definition that pulls {}", far.join(" and ")),
            format!("images of a registry in {region}: {active} is what may be lost"),
            format!("Register a task definition that names the replicated repository in {region}, and deploy it"),
        )
    })
}

/// Container by container, whatever the registry.
fn differ(case: ReadinessCase<'_>, name: &ServiceName, images: &[String]) -> Option<ReadinessFinding> {
    let there = case.facts.sample.as_ref()?.services.get(name).map(|sampled| &sampled.images)?;
    if there.is_empty() {
        return None;
    }
    let same = |(here, there): (&String, &String)| ContainerImage::parse(here).is_same(&ContainerImage::parse(there));
    if images.len() == there.len() && images.iter().zip(there).all(same) {
        return None;
    }
    let about = about(FindingGrade::Degrades, ReadinessCode::ImagesDiffer, resource(name));
    let short = |images: &[String]| {
        let named = images.iter().map(|image| ContainerImage::parse(image));
        named.map(|image| format!("{}:{}", image.repository, image.reference)).collect::<Vec<_>>().join(" and ")
    };
    Some(about.found(
        short(images),
        format!("{}, as in {}", short(there), case.facts.active),
        format!("Deploy the same release in {}; until then a failover changes the release too", case.facts.region),
    ))
}

fn repositories(case: ReadinessCase<'_>, found: &mut Vec<ReadinessFinding>) {
    let region = &case.facts.region;
    let here: Vec<&String> = {
        let services = case.facts.services.values().filter_map(|service| service.as_ref().ok()?.as_ref());
        services.filter_map(|service| service.images.as_ref().ok()).flatten().collect()
    };
    let there =
        case.facts.sample.iter().flat_map(|sample| sample.services.values()).flat_map(|service| &service.images);
    let all: Vec<&String> = here.iter().copied().chain(there).collect();
    for repository in &case.failover.images {
        let resource = format!("repository {repository}");
        let Some(facts) = known(&case.facts.images, repository, FindingGrade::Degrades, &resource, found) else {
            continue;
        };
        let ImageFacts { repository: exists, missing } = facts;
        if !exists {
            found.push(about(FindingGrade::Blocks, ReadinessCode::RepositoryMissing, &resource).found(
                format!("no such repository in {region}"),
                "one with the images of the active region",
                format!(
                    "Turn on the registry's replication to {region}, and push the images once more to replicate them"
                ),
            ));
            continue;
        }
        let started = references(repository, here.iter().copied());
        found.extend(missing.iter().map(|image| lacking(case, &resource, image, &started)));
        if references(repository, all.iter().copied()).is_empty() {
            found.push(about(FindingGrade::Note, ReadinessCode::ImageUnused, &resource).found(
                "no task definition that is known to run an image of it",
                "one in either region",
                "Remove it from `failover.images` if it is not used any more",
            ));
        }
    }
}

/// An image that the region's own task definition names is needed to start; one that only the active region runs is
/// needed to start the same release.
fn lacking(case: ReadinessCase<'_>, resource: &str, image: &str, started: &BTreeSet<&str>) -> ReadinessFinding {
    let ReadinessCase { facts, .. } = case;
    let (grade, who) = if started.contains(image) {
        (FindingGrade::Blocks, format!("the image that {}'s task definition names", facts.region))
    } else {
        (FindingGrade::Degrades, format!("the image that {} runs", facts.active))
    };
    about(grade, ReadinessCode::ImageMissing, format!("{resource}, image {image}")).found(
        format!("no image {image} in {}", facts.region),
        who,
        "Look at the replication of the registry, or push the image to the region's repository",
    )
}
