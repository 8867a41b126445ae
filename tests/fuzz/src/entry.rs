//! An entry point, and what comes of an input.

use std::panic::{AssertUnwindSafe, catch_unwind};

use fastrand::Rng;
use serde_json::Value;

use crate::damage::{damaged, torn};

/// What is read.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A value that was JSON.
    Json(Value),
    /// A text.
    Text(String),
}

/// What came of reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Taken,
    /// It was refused, and the error says where.
    Refused,
    /// It was refused, and nothing says where: the error.
    Unnamed(String),
    /// It ended in a panic: its words.
    Panic(String),
}

impl Outcome {
    /// Whether this may be.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Taken | Self::Refused)
    }
}

/// Something that reads what others have written.
pub struct EntryPoint {
    /// Its name.
    pub name: &'static str,
    /// Inputs that it takes, from which damaged ones are made.
    pub examples: Vec<Input>,
    /// Reads one; the error is what a person is told, and whether it says where.
    pub read: fn(&Input) -> Result<(), Refusal>,
}

/// An input that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is told.
    pub text: String,
    /// Whether it says where in the input it is.
    pub names_place: bool,
}

impl EntryPoint {
    /// The input of a seed.
    pub fn input(&self, seed: u64) -> Input {
        let mut rng = Rng::with_seed(seed);
        match rng.choice(&self.examples) {
            Some(Input::Json(example)) => Input::Json(damaged(&mut rng, example)),
            Some(Input::Text(example)) => Input::Text(torn(&mut rng, example)),
            None => Input::Json(Value::Null),
        }
    }

    /// What comes of an input.
    pub fn outcome(&self, input: &Input) -> Outcome {
        match catch_unwind(AssertUnwindSafe(|| (self.read)(input))) {
            Ok(Ok(())) => Outcome::Taken,
            Ok(Err(Refusal { names_place: true, .. })) => Outcome::Refused,
            Ok(Err(Refusal { text, .. })) => Outcome::Unnamed(text),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
                Outcome::Panic(text.unwrap_or_else(|| "a panic without words".to_owned()))
            }
        }
    }
}
