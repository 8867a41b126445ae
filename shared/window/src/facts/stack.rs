//! The stack that a page, or a row of it, comes from: whom its buttons call.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::AccountId;

/// The ARN of a Lambda function, taken apart and checked: links and buttons are made of its parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FunctionArn {
    partition: String,
    region: Region,
    account: AccountId,
    function: String,
}

/// A text that is no ARN of a function.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "found {0:?}, expected the ARN of a Lambda function, such as arn:aws:lambda:us-east-1:123456789012:function:NAME"
)]
pub struct BadArn(pub String);

impl FunctionArn {
    /// The partition, such as `aws` or `aws-us-gov`.
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The region that the function is in.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The account that the function is in.
    pub fn account(&self) -> &AccountId {
        &self.account
    }
}

impl FromStr for FunctionArn {
    type Err = BadArn;
    fn from_str(text: &str) -> Result<Self, BadArn> {
        let bad = || BadArn(text.to_owned());
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition, "lambda", region, account, "function", function] = parts[..] else { return Err(bad()) };
        let is_partition = !partition.is_empty() && partition.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        // A function's name has letters, digits, hyphens and underscores, at most 64 (AWS Lambda API reference, CreateFunction).
        let is_function = (1..=64).contains(&function.len())
            && function.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !is_partition || !is_function {
            return Err(bad());
        }
        Ok(Self {
            partition: partition.to_owned(),
            region: Region::new(region).map_err(|_| bad())?,
            account: account.parse().map_err(|_| bad())?,
            function: function.to_owned(),
        })
    }
}

impl TryFrom<String> for FunctionArn {
    type Error = BadArn;
    fn try_from(text: String) -> Result<Self, BadArn> {
        text.parse()
    }
}

impl From<FunctionArn> for String {
    fn from(arn: FunctionArn) -> Self {
        arn.to_string()
    }
}

impl fmt::Display for FunctionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, function } = self;
        write!(f, "arn:{partition}:lambda:{region}:{account}:function:{function}")
    }
}

/// A stack, as the buttons of its rows call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StackFacts {
    /// The function that reads and shows.
    pub window: FunctionArn,
    /// The function that starts machines and answers questions.
    pub act: FunctionArn,
    /// What the names of its state machines begin with: `watchkeeper` in `watchkeeper-reconcile`.
    pub name: String,
}
