//! Where a resource is: its ARN.

use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::AccountId;

/// An ARN of a resource in a region: `arn:partition:service:region:account:resource` (AWS IAM user guide, "Amazon Resource Names
/// (ARNs)").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arn {
    /// The region.
    pub region: Region,
    /// The account.
    pub account: AccountId,
    /// What follows the account.
    pub resource: String,
}

impl Arn {
    /// The ARN of a text; nothing if it is none, or names no region or account.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (begin, _, _) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        let arn =
            Self { region: Region::new(region).ok()?, account: account.parse().ok()?, resource: resource.to_owned() };
        (begin == "arn").then_some(arn)
    }
}

/// The last part of an ARN, or of a plain name.
pub(crate) fn last_part(text: &str) -> &str {
    text.rsplit([':', '/']).next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_arn_tells_region_and_account() {
        let arn = Arn::parse("arn:aws:ecs:eu-central-1:111111111111:service/shop/api").unwrap();
        assert_eq!((arn.region.as_str(), arn.account.as_str()), ("eu-central-1", "111111111111"));
        assert_eq!(arn.resource, "service/shop/api");
        for none in
            ["", "shop/api", "arn:aws:s3:::bucket", "arn:aws:ecs:eu-central-1:1:service/a", "urn:a:b:c:111111111111:d"]
        {
            assert_eq!(Arn::parse(none), None, "{none}");
        }
    }

    #[test]
    fn a_name_is_the_last_part_of_what_names_it() {
        for text in
            ["arn:aws:ecs:eu-central-1:111111111111:cluster/shop", "arn:aws:sqs:eu-central-1:111111111111:shop", "shop"]
        {
            assert_eq!(last_part(text), "shop");
        }
    }
}
