//! `awake` as a document writes it, and the calendar that comes of it.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    Calendar, DayPeriod, Weekdays,
    overlap::{PlacedPeriod, overlapping, placed},
    period::DAY,
};
use crate::finding::{DocumentFinding, FieldPath};
use crate::value::{CalendarDay, Zone};

/// When an environment is awake; at all other times it sleeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AwakeHours {
    /// The zone whose clocks the hours mean.
    pub zone: Zone,
    /// Hours by day of the week; a day that is not named is asleep.
    #[serde(default)]
    pub weekly: WeeklyHours,
    /// Dates on which nothing starts; hours of the evening before run out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<CalendarDay>,
    /// Single dates with other hours, or `asleep`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exceptions: BTreeMap<CalendarDay, DateException>,
}

/// Hours by days of the week, such as `mon-fri: "08:00-19:00"`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeeklyHours(pub BTreeMap<Weekdays, DayHours>);

impl JsonSchema for WeeklyHours {
    fn schema_name() -> Cow<'static, str> {
        "Weekly".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": generator.subschema_for::<Weekdays>(),
            "additionalProperties": generator.subschema_for::<DayHours>(),
        })
    }
}

/// One period of a day, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayHours(pub Vec<DayPeriod>);

/// What one period or several look like in serde.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(DayPeriod),
    More(Vec<DayPeriod>),
}

impl Serialize for DayHours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            more => more.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for DayHours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match OneOrMore::deserialize(deserializer)? {
            OneOrMore::One(one) => Self(vec![one]),
            OneOrMore::More(more) => Self(more),
        })
    }
}

/// `format` and `pattern` speak of text only, `items` of lists only: no "any of", so a plain message.
impl JsonSchema for DayHours {
    fn schema_name() -> Cow<'static, str> {
        "Hours".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = DayPeriod::json_schema(generator);
        schema.insert("type".to_owned(), serde_json::json!(["string", "array"]));
        schema.insert("items".to_owned(), generator.subschema_for::<DayPeriod>().to_value());
        schema.insert("minItems".to_owned(), 1.into());
        schema
    }
}

/// The hours of one date: none, or others than the week's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateException {
    /// Asleep all day.
    Asleep,
    /// Awake at these hours.
    Hours(DayHours),
}

/// The word for a date without hours.
const ASLEEP: &str = "asleep";

impl Serialize for DateException {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Asleep => serializer.serialize_str(ASLEEP),
            Self::Hours(hours) => hours.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for DateException {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Hours(DayHours),
            Word(Word),
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Word {
            Asleep,
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Hours(hours) => Self::Hours(hours),
            Form::Word(Word::Asleep) => Self::Asleep,
        })
    }
}

impl crate::value::TextForm for DateException {
    const FORMAT: &'static str = "hours-or-asleep";
    const EXPECTED: &'static str = "asleep, or hours such as \"10:00-14:00\"";
    const PATTERN: &'static str = "^(asleep|[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2})$";
    const EXAMPLES: &'static [&'static str] = &["asleep", "10:00-14:00"];
}

impl std::str::FromStr for DateException {
    type Err = crate::value::BadValue;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.parse()) {
            (ASLEEP, _) => Ok(Self::Asleep),
            (_, Ok(period)) => Ok(Self::Hours(DayHours(vec![period]))),
            (_, Err(_)) => Err(crate::value::BadValue::of::<Self>(text)),
        }
    }
}

impl JsonSchema for DateException {
    fn schema_name() -> Cow<'static, str> {
        "Exception".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        use crate::value::TextForm;
        json_schema!({
            "type": ["string", "array"],
            "description": Self::EXPECTED,
            "format": Self::FORMAT,
            "pattern": Self::PATTERN,
            "items": generator.subschema_for::<DayPeriod>(),
            "minItems": 1,
            "examples": Self::EXAMPLES,
        })
    }
}

impl AwakeHours {
    /// The calendar that this describes.
    ///
    /// # Errors
    /// Every overlap and every date that is given twice, with its place below `awake`.
    pub fn calendar(&self) -> Result<Calendar, Vec<DocumentFinding>> {
        let mut findings = self.double_dates();
        findings.extend(self.overlaps());
        if !findings.is_empty() {
            return Err(findings);
        }
        let mut weekly: [Vec<DayPeriod>; 7] = Default::default();
        for (days, hours) in &self.weekly.0 {
            days.slots().for_each(|slot| weekly[slot].extend(&hours.0));
        }
        for day in &mut weekly {
            day.sort_unstable();
        }
        Ok(Calendar {
            zone: self.zone.clone(),
            weekly,
            holidays: self.holidays.iter().map(|day| day.date()).collect(),
            exceptions: self.exceptions.iter().map(|(day, e)| (day.date(), e.periods())).collect(),
        })
    }

    /// Dates that are named twice: as two holidays, or as a holiday and an exception.
    fn double_dates(&self) -> Vec<DocumentFinding> {
        let place = |index: usize| FieldPath::root().key("holidays").index(index);
        self.holidays
            .iter()
            .enumerate()
            .filter_map(|(index, day)| {
                if self.holidays[..index].contains(day) {
                    return Some(DocumentFinding::new(
                        place(index),
                        format!("{day} a second time"),
                        "each holiday once",
                    ));
                }
                let expected = "a date under holidays or under exceptions, not both";
                self.exceptions
                    .contains_key(day)
                    .then(|| DocumentFinding::new(place(index), format!("{day}, which is an exception too"), expected))
            })
            .collect()
    }

    /// Periods of the week that overlap, over midnight and over the week's end too; then those of each exception.
    fn overlaps(&self) -> Vec<DocumentFinding> {
        let root = FieldPath::root();
        let mut week: Vec<PlacedPeriod> = Vec::new();
        for (days, hours) in &self.weekly.0 {
            let place = root.clone().key("weekly").key(days.to_string());
            week.extend(days.slots().flat_map(|slot| placed(&place, hours, slot)));
        }
        let mut findings = overlapping(week, 7 * u32::from(DAY));
        for (day, exception) in &self.exceptions {
            if let DateException::Hours(hours) = exception {
                let place = root.clone().key("exceptions").key(day.to_string());
                findings.extend(overlapping(placed(&place, hours, 0), u32::MAX));
            }
        }
        findings
    }
}

impl DateException {
    /// The hours of the date, in order.
    fn periods(&self) -> Vec<DayPeriod> {
        let mut periods = match self {
            Self::Asleep => Vec::new(),
            Self::Hours(hours) => hours.0.clone(),
        };
        periods.sort_unstable();
        periods
    }
}
