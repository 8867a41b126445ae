//! A number of tasks, or a share of the baseline's.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{Percent, TextForm};

/// A capacity: a number of tasks, or a percentage of the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CapacityAmount {
    /// So many tasks.
    Tasks(u32),
    /// So much of the baseline, rounded up.
    Share(Percent),
}

impl CapacityAmount {
    /// The number of tasks that this is of a baseline of `baseline` tasks.
    pub fn of(self, baseline: u32) -> u32 {
        match self {
            Self::Tasks(tasks) => tasks,
            Self::Share(percent) => percent.of_rounded_up(baseline),
        }
    }
}

impl fmt::Display for CapacityAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tasks(tasks) => write!(f, "{tasks}"),
            Self::Share(percent) => write!(f, "{percent}"),
        }
    }
}

impl JsonSchema for CapacityAmount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // `minimum` speaks of numbers only, `format` and `pattern` of text only: no "any of", so a plain message.
        json_schema!({
            "type": ["integer", "string"],
            "description": "a whole number of tasks, or a percentage of the baseline such as \"150 %\"",
            "minimum": 0,
            "maximum": u32::MAX,
            "format": Percent::FORMAT,
            "pattern": Percent::PATTERN,
            "examples": [1, "150 %"],
        })
    }
}
