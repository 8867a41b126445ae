//! Evaluations that another engine has made, held against this one.

use std::sync::Arc;

use jiff::Timestamp;
use jsonata_core::value::JValue;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::expression::{Expression, ExpressionInput, Variables};
use super::template::json;

/// An evaluation in the sandbox.
#[derive(Debug, Clone, Deserialize)]
pub struct RecordedEvaluation {
    /// The machine; nothing of an evaluation outside of any.
    #[serde(default)]
    pub machine: String,
    /// Its state.
    #[serde(default)]
    pub state: String,
    /// The expression.
    pub expression: String,
    /// The variables that it could see.
    pub variables: Map<String, Value>,
    /// What of `$states` it could see.
    pub states: Map<String, Value>,
    /// When.
    pub now: Timestamp,
    /// What it gave.
    #[serde(default)]
    pub value: Value,
    /// Why it gave nothing.
    pub error: Option<String>,
}

impl RecordedEvaluation {
    /// What it gives in memory, if that is something else.
    pub fn otherwise_in_memory(&self) -> Option<String> {
        let here = self.in_memory();
        let same = match (&self.error, &here) {
            (None, Ok(value)) => json(&JValue::from(self.value.clone())) == *value,
            (Some(_), Err(_)) => true,
            _ => false,
        };
        (!same).then(|| here.map_or_else(|error| error, |value| value.to_string()))
    }

    /// What it gives in memory.
    ///
    /// # Errors
    /// Why it gives nothing.
    pub fn in_memory(&self) -> Result<Value, String> {
        let values =
            |fields: &Map<String, Value>| fields.clone().into_iter().map(|(name, it)| (name, JValue::from(it)));
        let variables: Variables = values(&self.variables).map(|(name, value)| (Arc::from(name), value)).collect();
        let seen = ExpressionInput::new(&variables, values(&self.states).collect(), self.now);
        let value = Expression::parse(&self.expression)?.evaluate(&seen);
        value.map(|value| json(&value)).map_err(|error| error.cause.unwrap_or_default())
    }
}
