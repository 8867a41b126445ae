//! Dead letters: sent again, but not for ever.

use serde::{Deserialize, Serialize};

use crate::estate::QueuePolicy;

/// The most attributes that a message may have (Amazon SQS developer guide, message metadata).
pub const MESSAGE_ATTRIBUTES_MAX: usize = 10;

/// What we have written on a message before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LetterStamps {
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
pub enum LetterFate {
    /// Sent again, for the time with this number.
    Redrive(u32),
    /// Put aside, for this reason.
    Park(String),
    /// Left where it is: it is parked.
    Parked,
    /// Left where it is: the document lets none of its queue be sent again.
    Kept,
    /// Left where it is for the next run: this one has sent as many of its queue as it may.
    Later,
    /// Left where it is: it comes from this queue, which no entry names, or, with none, from nobody knows where.
    Stranger(Option<String>),
    /// Left where it is: it has no room for our stamp, and a message that cannot be counted could go round for ever.
    NoRoom,
}

/// The entry whose queue a dead letter goes back to, of those over one dead-letter queue. `source` is what SQS says of it;
/// a letter goes back where it came from, and nowhere else: another queue has another consumer.
pub fn entry_of<'q>(
    mut entries: impl Iterator<Item = (usize, &'q QueuePolicy)>,
    source: Option<&str>,
) -> Option<(usize, &'q QueuePolicy)> {
    entries.find(|(_, entry)| Some(entry.queue.as_str()) == source)
}

/// What becomes of a dead letter. `entry` is that of its queue, with how many of its letters this run has sent again.
pub fn fate_of(entry: Option<(&QueuePolicy, u32)>, source: Option<&str>, stamps: &LetterStamps) -> LetterFate {
    match entry {
        _ if stamps.parked.is_some() => LetterFate::Parked,
        None => LetterFate::Stranger(source.map(str::to_owned)),
        Some((entry, _)) if !entry.redrive => LetterFate::Kept,
        Some((entry, sent)) if sent >= entry.batch() => LetterFate::Later,
        Some((entry, _)) => fate(stamps, entry.poison()),
    }
}

/// What becomes of a dead letter that was sent again `returns` times, and so came back as often.
pub fn fate(stamps: &LetterStamps, poison: u32) -> LetterFate {
    if stamps.parked.is_some() {
        return LetterFate::Parked;
    }
    let fate = match stamps.returns.as_deref().map(str::parse::<u32>) {
        None => LetterFate::Redrive(1),
        Some(Ok(returns)) if returns < poison => LetterFate::Redrive(returns + 1),
        Some(Ok(returns)) => LetterFate::Park(format!("it came back {returns} times, and {poison} are allowed")),
        Some(Err(_)) => LetterFate::Park("the count of its returns does not read".to_owned()),
    };
    let needed = match fate {
        LetterFate::Redrive(_) => 1,
        _ => 1 + usize::from(stamps.returns.is_some()),
    };
    if stamps.others + needed > MESSAGE_ATTRIBUTES_MAX { LetterFate::NoRoom } else { fate }
}
