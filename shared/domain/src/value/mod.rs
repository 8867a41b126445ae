//! The small values of a document: each a checked type of its own, written as text with its unit.

mod account;
mod amount;
mod build;
mod clock;
mod cost;
mod duration;
mod label;
mod load_balancer;
mod moment;
mod percent;
mod sha256;
mod usage;
mod zone;

pub use account::AccountId;
pub use amount::CapacityAmount;
pub use build::BuildId;
pub use clock::{CalendarDay, ClockTime};
pub use cost::HourlyCost;
pub use duration::{Duration, rounded};
pub use label::{AlarmName, Label, ProfileName, ResourceName};
pub use load_balancer::{ListenerRuleArn, TargetGroupArn};
pub use moment::PointInTime;
pub use percent::Percent;
pub use sha256::Sha256;
pub use usage::UsageLimit;
pub use zone::Zone;

/// A text that is not the value it was meant to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found {found:?}, expected {expected}")]
pub struct BadValue {
    /// What was found.
    pub found: String,
    /// What belongs there.
    pub expected: String,
}

impl BadValue {
    /// The error of a value whose form is `T`'s.
    pub fn of<T: TextForm>(found: &str) -> Self {
        Self { found: found.to_owned(), expected: T::EXPECTED.to_owned() }
    }
}

/// How a value is written down: what the schema, the editor and the messages say about it.
pub trait TextForm: std::str::FromStr<Err = BadValue> {
    /// The `format` of the JSON Schema under which the value is checked.
    const FORMAT: &'static str;
    /// What belongs there, as the end of "expected …".
    const EXPECTED: &'static str;
    /// A regular expression that an editor can check by itself; coarser than the parser.
    const PATTERN: &'static str;
    /// Examples, the first of which is a harmless one.
    const EXAMPLES: &'static [&'static str];
}

/// A form of text: its name in the schema, its rule in words, and the check itself.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The `format` of the JSON Schema.
    pub format: &'static str,
    /// What belongs there, as the end of "expected …".
    pub expected: &'static str,
    /// The regular expression of the schema, by which a form of keys is recognised.
    pub pattern: &'static str,
    /// What is wrong with a text, or nothing.
    pub check: fn(&str) -> Result<(), BadValue>,
}

impl Form {
    /// The form of a type.
    pub const fn of<T: TextForm>() -> Self {
        Self {
            format: T::FORMAT,
            expected: T::EXPECTED,
            pattern: T::PATTERN,
            check: |text| text.parse::<T>().map(drop),
        }
    }
}

/// Serde and JSON Schema for a type that is written as a text.
macro_rules! text_value {
    ($type:ident) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                use $crate::value::TextForm;
                schemars::json_schema!({
                    "type": "string",
                    "description": Self::EXPECTED,
                    "format": Self::FORMAT,
                    "pattern": Self::PATTERN,
                    "examples": Self::EXAMPLES,
                })
            }
        }
    };
}
pub(crate) use text_value;

#[cfg(test)]
mod tests;
