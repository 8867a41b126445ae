//! What leads to other regions and accounts: endpoints of routing controls, the machines of the other stack of a pair, and the
//! windows of other stacks.

use watchkeeper_domain::name::Region;
use watchkeeper_window::facts::{BadArn, FunctionArn};

/// The ARN of the same machine of the stack in another region: the stacks of a pair have one name, and so have their
/// machines.
pub(crate) fn arn_in(arn: &str, region: &Region) -> String {
    let mut parts: Vec<&str> = arn.split(':').collect();
    if let Some(part) = parts.get_mut(3) {
        *part = region.as_str();
    }
    parts.join(":")
}

/// An entry of `ROUTING_ENDPOINTS` that is none.
#[derive(Debug, thiserror::Error)]
#[error(
    "found {found:?}, expected region=url with http:// or https://, such as us-west-2=https://0123abcd.route53-recovery-cluster.us-west-2.amazonaws.com/v1"
)]
pub(super) struct BadEndpoint {
    found: String,
}

/// Endpoints out of a list with commas between them.
pub(super) fn endpoints(text: &str) -> Result<Vec<(Region, String)>, BadEndpoint> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let endpoint = |entry: &str| {
        let (region, url) = entry.split_once('=')?;
        let is_url = ["http://", "https://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
        Some((Region::new(region).ok()?, is_url.then(|| url.to_owned())?))
    };
    entries.map(|entry| endpoint(entry).ok_or_else(|| BadEndpoint { found: entry.to_owned() })).collect()
}

/// ARNs of functions out of a list with commas between them.
pub(super) fn windows(text: &str) -> Result<Vec<FunctionArn>, BadArn> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries.map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn endpoints_of_routing_controls_come_by_region_in_their_order() {
        assert!(endpoints("").unwrap().is_empty());
        let found = endpoints("us-west-2=https://a.example/v1, us-east-1=http://127.0.0.1:4566,").unwrap();
        let found: Vec<_> = found.iter().map(|(region, url)| (region.as_str(), url.as_str())).collect();
        assert_eq!(found, [("us-west-2", "https://a.example/v1"), ("us-east-1", "http://127.0.0.1:4566")]);
    }

    #[test]
    fn an_endpoint_that_is_none_says_what_was_found() {
        for odd in ["https://a.example/v1", "us west=https://a.example", "us-west-2=a.example", "us-west-2=https://"] {
            let error = endpoints(&format!("us-east-1=https://b.example,{odd}")).unwrap_err().to_string();
            assert!(error.starts_with(&format!("found {odd:?}, expected region=url")), "{error}");
        }
    }

    #[test]
    fn windows_of_other_stacks_are_arns_of_functions() {
        assert!(windows("").unwrap().is_empty());
        let there = "arn:aws:lambda:eu-central-1:210987654321:function:watchkeeper-window";
        assert_eq!(windows(&format!(" {there},")).unwrap()[0].to_string(), there);
        let error = windows(&format!("{there},watchkeeper-window")).unwrap_err().to_string();
        assert!(error.starts_with("found \"watchkeeper-window\", expected the ARN of a Lambda function"), "{error}");
    }

    #[test]
    fn the_machine_of_the_other_region_has_the_same_name_there() {
        let arn = "arn:aws:states:us-west-1:123456789012:stateMachine:watchkeeper-reconcile";
        let there = arn_in(arn, &Region::new("us-west-2").unwrap());
        assert_eq!(there, "arn:aws:states:us-west-2:123456789012:stateMachine:watchkeeper-reconcile");
    }
}
