//! What of a load balancer a document names: the rule of a listener, and a target group.

use std::{fmt, str::FromStr};

use super::{AccountId, BadValue, TextForm, text_value};
use crate::name::Region;

/// The parts of an ARN of Elastic Load Balancing: region, account, and what it names.
fn parts(text: &str) -> Option<(Region, AccountId, &str)> {
    let mut parts = text.splitn(6, ':');
    let (arn, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    if arn != "arn" || !partition.starts_with("aws") || service != "elasticloadbalancing" {
        return None;
    }
    let (region, account) = (Region::new(parts.next()?).ok()?, parts.next()?.parse().ok()?);
    Some((region, account, parts.next()?))
}

/// Whether a part of a name is one: letters, digits and hyphens.
fn is_part(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

macro_rules! arns {
    ($($(#[$doc:meta])* $name:ident, $format:literal, $kind:literal, $parts:literal, $expected:literal, $pattern:literal, $example:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The ARN as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The region and account that it lies in.
            pub fn home(&self) -> Option<(Region, AccountId)> {
                parts(&self.0).map(|(region, account, _)| (region, account))
            }

            fn names(&self) -> Vec<&str> {
                self.0.rsplit(':').next().unwrap_or_default().split('/').collect()
            }
        }

        impl TextForm for $name {
            const FORMAT: &'static str = $format;
            const EXPECTED: &'static str = $expected;
            const PATTERN: &'static str = $pattern;
            const EXAMPLES: &'static [&'static str] = &[$example];
        }

        impl FromStr for $name {
            type Err = BadValue;
            fn from_str(text: &str) -> Result<Self, BadValue> {
                let fits = parts(text).and_then(|(_, _, named)| named.strip_prefix($kind)).is_some_and(|named| {
                    named.split('/').count() == $parts && named.split('/').all(is_part)
                });
                if fits { Ok(Self(text.to_owned())) } else { Err(BadValue::of::<Self>(text)) }
            }
        }

        text_value!($name);
    )*};
}

arns! {
    /// A rule of a listener of an Application Load Balancer.
    ListenerRuleArn, "listener-rule-arn", "listener-rule/app/", 4,
        "the ARN of a rule of an Application Load Balancer's listener \
         (arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener-rule/app/NAME/ID/ID/ID)",
        "^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:listener-rule/app(/[A-Za-z0-9-]+){4}$",
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee";
    /// A target group.
    TargetGroupArn, "target-group-arn", "targetgroup/", 2,
        "the ARN of a target group (arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID)",
        "^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:targetgroup(/[A-Za-z0-9-]+){2}$",
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop-asleep/73e2d6bc24d8a067";
}

impl fmt::Display for ListenerRuleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TargetGroupArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ListenerRuleArn {
    /// How people are told of it: the load balancer, and which of its rules, such as `shop/9683b2d02a6cabee`.
    pub fn short(&self) -> String {
        let names = self.names();
        let name = |n: usize| names.get(n).copied().unwrap_or_default();
        format!("{}/{}", name(2), name(5))
    }

    /// Its load balancer, as CloudWatch names it, such as `app/shop/50dc6c495c0c9188`.
    pub fn balancer(&self) -> String {
        self.names().get(1..4).unwrap_or_default().join("/")
    }
}

impl TargetGroupArn {
    /// Its name, without the rest.
    pub fn name(&self) -> &str {
        self.names().get(1).copied().unwrap_or_default()
    }
}
