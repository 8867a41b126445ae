//! Images: what a task definition names, and what has to be in a repository of the region.

use std::collections::BTreeSet;

use crate::name::Region;
use crate::value::ResourceName;

/// An image as a task definition names it: `registry/repository:tag`, or with a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerImage<'a> {
    /// The registry's host; `None` for Docker Hub's short names.
    pub registry: Option<&'a str>,
    /// The repository.
    pub repository: &'a str,
    /// The digest if there is one, else the tag; `latest` where there is neither.
    pub reference: &'a str,
}

impl<'a> ContainerImage<'a> {
    /// The parts of an image's name. The first part is a registry if it has a dot or a port, as for every client of
    /// container registries.
    pub fn parse(text: &'a str) -> Self {
        let (registry, rest) = match text.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (Some(host), rest),
            _ => (None, text),
        };
        let (name, digest) = rest.split_once('@').map_or((rest, None), |(name, digest)| (name, Some(digest)));
        let (repository, tag) = name.rsplit_once(':').map_or((name, None), |(name, tag)| (name, Some(tag)));
        Self { registry, repository, reference: digest.or(tag).unwrap_or("latest") }
    }

    /// Whether it is the same but for the registry, which differs from region to region.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.repository, self.reference) == (other.repository, other.reference)
    }

    /// Whether its registry is in a region: a host of ECR names its own, as in
    /// `123456789012.dkr.ecr.us-west-2.amazonaws.com`.
    pub fn is_pulled_from(&self, region: &Region) -> bool {
        self.registry.is_some_and(|host| host.split('.').any(|part| part == region.as_str()))
    }
}

/// The tags and digests of a repository that these images need.
pub fn references<'a>(repository: &ResourceName, images: impl IntoIterator<Item = &'a String>) -> BTreeSet<&'a str> {
    let images = images.into_iter().map(|image| ContainerImage::parse(image));
    images.filter(|image| image.repository == repository.as_str()).map(|image| image.reference).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_a_registry_a_repository_and_a_tag_or_a_digest() {
        let cases = [
            ("nginx", (None, "nginx", "latest")),
            ("team/nginx:1.27", (None, "team/nginx", "1.27")),
            ("localhost:5000/app", (Some("localhost:5000"), "app", "latest")),
            (
                "123456789012.dkr.ecr.us-west-2.amazonaws.com/fleet/api:1.4",
                (Some("123456789012.dkr.ecr.us-west-2.amazonaws.com"), "fleet/api", "1.4"),
            ),
            ("public.ecr.aws/a/b:1@sha256:0f", (Some("public.ecr.aws"), "a/b", "sha256:0f")),
        ];
        for (text, (registry, repository, reference)) in cases {
            assert_eq!(ContainerImage::parse(text), ContainerImage { registry, repository, reference }, "{text}");
        }
    }
}
