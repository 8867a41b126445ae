//! Dead letters: sent again, but not for ever.

use serde::{Deserialize, Serialize};

/// The most attributes that a message may have (Amazon SQS developer guide, message metadata).
pub const MESSAGE_ATTRIBUTES_MAX: usize = 10;

/// What we have written on a message before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Stamps {
    /// How often it was sent again, as it is written.
    pub returns: Option<String>,
    /// Why it is parked.
    pub parked: Option<String>,
    /// How many attributes of others it has.
    pub others: usize,
}

/// What becomes of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Sent again, for the time with this number.
    Redrive(u32),
    /// Put aside, for this reason.
    Park(String),
    /// Left where it is: it is parked.
    Parked,
    /// Left where it is: it has no room for our stamp, and a message that cannot be counted could go round for ever.
    NoRoom,
}

/// What becomes of a dead letter that was sent again `returns` times, and so came back as often.
pub fn fate(stamps: &Stamps, poison: u32) -> Fate {
    if stamps.parked.is_some() {
        return Fate::Parked;
    }
    let fate = match stamps.returns.as_deref().map(str::parse::<u32>) {
        None => Fate::Redrive(1),
        Some(Ok(returns)) if returns < poison => Fate::Redrive(returns + 1),
        Some(Ok(returns)) => Fate::Park(format!("it came back {returns} times, and {poison} are allowed")),
        Some(Err(_)) => Fate::Park("the count of its returns does not read".to_owned()),
    };
    let needed = match fate {
        Fate::Redrive(_) => 1,
        _ => 1 + usize::from(stamps.returns.is_some()),
    };
    if stamps.others + needed > MESSAGE_ATTRIBUTES_MAX { Fate::NoRoom } else { fate }
}
