//! Where an alarm lives: from its ARN where there is one, else from the envelope.

use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::{AccountId, TextForm};

use super::PayloadError;
use super::field::Field;

/// How an ARN of an alarm is written.
const ALARM_ARN: &str = "the ARN of an alarm, such as \"arn:aws:cloudwatch:us-east-1:123456789012:alarm:5xx-errors\"";

/// The account and the region of an alarm, as far as a message tells them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// The account.
    pub(super) account: Option<AccountId>,
    /// The region.
    pub(super) region: Option<Region>,
}

impl Origin {
    /// What an alarm's ARN says; nothing where there is none.
    ///
    /// # Errors
    /// Something there that is no ARN of an alarm: a message that may be about another account is not guessed at.
    pub(super) fn of_arn(arn: &Field<'_>) -> Result<Option<Self>, PayloadError> {
        arn.read(ALARM_ARN, parse)
    }

    /// What the first ARN of an alarm in a list says; other resources may stand beside it.
    pub(super) fn of_any(resources: &Field<'_>) -> Option<Self> {
        resources.items().find_map(|item| item.text().and_then(parse))
    }

    /// What an envelope says in fields of their own.
    ///
    /// # Errors
    /// A field whose value is no account, or no region.
    pub(super) fn of_fields(account: &Field<'_>, region: &Field<'_>) -> Result<Self, PayloadError> {
        Ok(Self {
            account: self::account(account)?,
            region: region.read("a region, such as \"us-east-1\"", |text| Region::new(text).ok())?,
        })
    }
}

/// The account that a field names.
///
/// # Errors
/// A value that is no account.
pub(super) fn account(field: &Field<'_>) -> Result<Option<AccountId>, PayloadError> {
    field.read(AccountId::EXPECTED, |text| text.parse().ok())
}

/// `arn:<partition>:cloudwatch:<region>:<account>:alarm:<name>`; a name may hold colons itself.
fn parse(arn: &str) -> Option<Origin> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let ["arn", partition, "cloudwatch", region, account, "alarm", name] = parts.as_slice() else { return None };
    let known = *partition == "aws" || partition.starts_with("aws-");
    if !known || name.is_empty() {
        return None;
    }
    Some(Origin { account: Some(account.parse().ok()?), region: Some(Region::new(*region).ok()?) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(origin: &Origin) -> String {
        let text = |it: Option<String>| it.unwrap_or_else(|| "-".to_owned());
        let account = origin.account.as_ref().map(ToString::to_string);
        format!("{} {}", text(account), text(origin.region.as_ref().map(ToString::to_string)))
    }

    #[test]
    fn the_arn_of_every_partition_tells_account_and_region() {
        for (arn, expected) in [
            ("arn:aws:cloudwatch:us-east-1:210987654321:alarm:clos-v2-system-health", "210987654321 us-east-1"),
            ("arn:aws-cn:cloudwatch:cn-north-1:210987654321:alarm:5xx", "210987654321 cn-north-1"),
            ("arn:aws-us-gov:cloudwatch:us-gov-west-1:210987654321:alarm:5xx", "210987654321 us-gov-west-1"),
            ("arn:aws-eusc:cloudwatch:eusc-de-east-1:210987654321:alarm:a:b:c", "210987654321 eusc-de-east-1"),
        ] {
            assert_eq!(parse(arn).as_ref().map(told).as_deref(), Some(expected), "{arn}");
        }
    }

    #[test]
    fn what_is_no_arn_of_an_alarm_is_refused() {
        for arn in [
            "",
            "arn:aws:cloudwatch:us-east-1:210987654321:alarm",
            "arn:aws:cloudwatch:us-east-1:210987654321:alarm:",
            "arn:aws:cloudwatch:us-east-1:210987654321:dashboard:x",
            "arn:aws:cloudwatch:us-east-1: 210987654321:alarm:x",
            "arn:aws:cloudwatch::210987654321:alarm:x",
            "arn:aws:sns:us-east-1:210987654321:alarm:x",
            "arn:awsome:cloudwatch:us-east-1:210987654321:alarm:x",
        ] {
            let event = json!(arn);
            assert!(Origin::of_arn(&Field::root(&event)).is_err(), "{arn}");
        }
    }

    #[test]
    fn the_first_alarm_among_the_resources_counts() {
        let resources = json!([7, "arn:aws:s3:::bucket", "arn:aws:cloudwatch:us-east-1:210987654321:alarm:x"]);
        assert_eq!(
            Origin::of_any(&Field::root(&resources)).as_ref().map(told).as_deref(),
            Some("210987654321 us-east-1")
        );
        assert_eq!(Origin::of_any(&Field::root(&json!("x"))), None);
    }
}
