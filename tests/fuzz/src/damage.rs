//! Damage: a value or a text of which one to four things are not as they were.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// The longest text.
const LONG: usize = 5_000;

/// Texts that are hard to read, or almost right.
const TEXTS: [&str; 40] = [
    "",
    " ",
    "\u{0}",
    "\u{202e}",
    "ß",
    "💣",
    "\u{feff}a",
    "a\nb",
    "\"",
    "'",
    "{",
    "null",
    "true",
    "-",
    "--",
    "0",
    "-1",
    "1e400",
    "99999999999999999999",
    "0x10",
    "1.5",
    "30m",
    "-30m",
    "1h30m",
    "9999999999d",
    "0s",
    "50 %",
    "-1 %",
    "24:00",
    "25:61",
    "2026-11-29",
    "2026-02-30",
    "2026-11-29T25:00",
    "9999-12-31T23:59:60Z",
    "-009999-01-02T01:59:59Z",
    "Mars/Phobos",
    "arn:aws:iam::1:role/",
    "../../etc/passwd",
    "*",
    "watchkeeper",
];

/// Numbers at the edges of what anybody reads.
fn numbers() -> [Value; 10] {
    [
        json!(0),
        json!(-1),
        json!(1),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(i64::from(i32::MAX) + 1),
        json!(1e308),
        json!(-0.0),
        json!(0.1),
        json!(f64::MIN_POSITIVE),
    ]
}

/// A text out of nowhere.
fn text(rng: &mut Rng) -> String {
    match rng.u8(0..20) {
        0 => "x".repeat(rng.usize(1..LONG)),
        1 => (0..rng.usize(1..12)).map(|_| rng.char(..)).collect(),
        2 => (0..rng.usize(1..12)).map(|_| rng.alphanumeric()).collect(),
        _ => rng.choice(TEXTS).unwrap_or_default().to_owned(),
    }
}

/// A value out of nowhere.
fn anything(rng: &mut Rng) -> Value {
    match rng.u8(0..12) {
        0 => Value::Null,
        1 => Value::Bool(rng.bool()),
        2..5 => rng.choice(numbers()).unwrap_or_default(),
        5 => Value::Array(Vec::new()),
        6 => Value::Array((0..rng.usize(1..4)).map(|_| text(rng).into()).collect()),
        7 => Value::Object(Map::new()),
        8 => json!({ text(rng): text(rng) }),
        _ => text(rng).into(),
    }
}

/// Some value inside of it, or itself.
fn somewhere<'v>(rng: &mut Rng, value: &'v mut Value) -> &'v mut Value {
    let inside = match value {
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    };
    if inside == 0 || rng.u8(0..5) == 0 {
        return value;
    }
    let nth = rng.usize(0..inside);
    match value {
        Value::Array(items) => somewhere(rng, &mut items[nth]),
        Value::Object(fields) => match fields.values_mut().nth(nth) {
            Some(field) => somewhere(rng, field),
            None => unreachable!("there are more fields"),
        },
        _ => unreachable!("there is something inside"),
    }
}

fn key(rng: &mut Rng, fields: &Map<String, Value>) -> Option<String> {
    rng.choice(fields.keys()).cloned()
}

/// One thing is not as it was.
fn hit(rng: &mut Rng, value: &mut Value) {
    let kind = rng.u8(0..10);
    let place = somewhere(rng, value);
    match (kind, &mut *place) {
        (0..3, Value::Object(fields)) => {
            if let Some(key) = key(rng, fields) {
                fields.shift_remove(&key);
            }
        }
        (3, Value::Object(fields)) => {
            if let Some(key) = key(rng, fields)
                && let Some(found) = fields.shift_remove(&key)
            {
                fields.insert(key + &text(rng), found);
            }
        }
        (4, Value::Object(fields)) => {
            fields.insert(text(rng), anything(rng));
        }
        (5, Value::Object(fields)) => {
            if let (Some(one), Some(other)) = (key(rng, fields), key(rng, fields))
                && let Some(found) = fields.get(&one).cloned()
            {
                fields.insert(other, found);
            }
        }
        (0..3, Value::Array(items)) if !items.is_empty() => drop(items.swap_remove(rng.usize(0..items.len()))),
        (3..5, Value::Array(items)) if !items.is_empty() => items.push(items[rng.usize(0..items.len())].clone()),
        (0..3, Value::String(found)) => *found = torn(rng, found),
        (6, _) => *place = json!([place.take()]),
        (7, _) => *place = json!({ text(rng): place.take() }),
        _ => *place = anything(rng),
    }
}

/// A value of which one to four things are not as they were.
pub fn damaged(rng: &mut Rng, example: &Value) -> Value {
    let mut value = example.clone();
    for _ in 0..rng.u8(1..5) {
        hit(rng, &mut value);
    }
    value
}

/// A text of which one to four places are not as they were: characters, words, or whole lines.
pub fn torn(rng: &mut Rng, example: &str) -> String {
    let mut found = example.to_owned();
    for _ in 0..rng.u8(1..5) {
        found = tear(rng, &found);
    }
    found
}

fn tear(rng: &mut Rng, example: &str) -> String {
    let mut lines: Vec<String> = example.split('\n').map(str::to_owned).collect();
    let (one, other) = (rng.usize(0..lines.len()), rng.usize(0..lines.len()));
    match rng.u8(0..12) {
        0 => drop(lines.remove(one)),
        1 => lines.swap(one, other),
        2 => lines.insert(one, lines[other].clone()),
        3 => lines[one] = " ".repeat(rng.usize(0..4)) + lines[one].trim_start(),
        4 => lines.truncate(one + 1),
        5 => lines[one] = lines[one].chars().take(rng.usize(0..40)).collect(),
        6..9 => {
            // What stands behind a colon.
            let head = lines[one].split_once(':').map_or("", |(head, _)| head).to_owned();
            lines[one] = format!("{head}: {}", text(rng));
        }
        9 => lines[one] = lines[one].replacen(|it: char| it.is_alphanumeric(), &text(rng), 1),
        10 => lines[one] += &text(rng),
        _ => {
            let mut all: Vec<char> = lines[one].chars().collect();
            let place = rng.usize(0..=all.len());
            all.insert(place, rng.char(..));
            lines[one] = all.into_iter().collect();
        }
    }
    lines.join("\n")
}
