//! JSON with expressions in it, as a field of a state may have them.

use std::rc::Rc;

use jsonata_core::value::{JMap, JValue};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};

use super::expression::{Expression, ExpressionInput, StateError};

/// The largest integer below which all of them are numbers of JSONata.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// JSON with expressions in it.
#[derive(Debug)]
pub(super) enum Template {
    Expression(Expression),
    /// Nothing in it is an expression.
    Literal(Value),
    List(Vec<Template>),
    Fields(Vec<(String, Template)>),
}

impl Template {
    /// What it says, to who sees this.
    pub(super) fn evaluate(&self, seen: &ExpressionInput<'_>) -> Result<JValue, StateError> {
        Ok(match self {
            Self::Expression(expression) => expression.evaluate(seen)?,
            Self::Literal(value) => JValue::from(value.clone()),
            Self::List(items) => JValue::array(items.iter().map(|item| item.evaluate(seen)).collect::<Result<_, _>>()?),
            Self::Fields(fields) => JValue::Object(Rc::new(evaluated(fields, seen)?)),
        })
    }

    /// The fields of an Assign: each sees the values at the entry of its state.
    pub(super) fn fields(&self, seen: &ExpressionInput<'_>) -> Result<JMap, StateError> {
        match self {
            Self::Fields(fields) => evaluated(fields, seen),
            Self::Literal(Value::Object(fields)) => {
                Ok(fields.iter().map(|(name, value)| (name.clone(), JValue::from(value.clone()))).collect())
            }
            other => panic!("an Assign is an object of variables: {other:?}"),
        }
    }

    /// A text, or a number, as a field of a state requires it.
    pub(super) fn typed<T>(
        &self,
        seen: &ExpressionInput<'_>,
        expected: &str,
        read: impl Fn(&JValue) -> Option<T>,
    ) -> Result<T, StateError> {
        let value = self.evaluate(seen)?;
        read(&value).ok_or_else(|| StateError::evaluation(format!("expected a {expected}, found {}", json(&value))))
    }
}

fn evaluated(fields: &[(String, Template)], seen: &ExpressionInput<'_>) -> Result<JMap, StateError> {
    fields.iter().map(|(name, field)| Ok((name.clone(), field.evaluate(seen)?))).collect()
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn read(value: Value) -> Result<Template, String> {
    let plain = |template: &Template| matches!(template, Template::Literal(_));
    Ok(match &value {
        Value::String(text) => match text.strip_prefix("{%").and_then(|rest| rest.strip_suffix("%}")) {
            Some(code) => Template::Expression(Expression::parse(code)?),
            None => Template::Literal(value),
        },
        Value::Array(items) => {
            let items = items.iter().cloned().map(read).collect::<Result<Vec<_>, _>>()?;
            if items.iter().all(plain) { Template::Literal(value) } else { Template::List(items) }
        }
        Value::Object(fields) => {
            let fields = fields.clone().into_iter().map(|(name, field)| Ok((name, read(field)?)));
            let fields = fields.collect::<Result<Vec<_>, String>>()?;
            if fields.iter().all(|(_, field)| plain(field)) {
                Template::Literal(value)
            } else {
                Template::Fields(fields)
            }
        }
        _ => Template::Literal(value),
    })
}

/// A value as JSON, with whole numbers as integers: JavaScript writes them so.
pub(super) fn json(value: &JValue) -> Value {
    match value {
        JValue::Number(number) => whole(*number),
        JValue::Array(items) => Value::Array(items.iter().map(json).collect()),
        JValue::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), json(field))).collect(),
        other => Value::from(other),
    }
}

fn whole(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and below 2^53")]
        let whole = number as i64;
        return Value::from(whole);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}
