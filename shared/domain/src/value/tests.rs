#![allow(clippy::unwrap_used, clippy::expect_used)]
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::*;

#[test]
fn every_form_accepts_its_examples_and_prints_what_it_reads() {
    fn round_trip<T: TextForm + std::fmt::Display>() {
        for example in T::EXAMPLES {
            let value = example.parse::<T>().unwrap();
            let again = value.to_string().parse::<T>().unwrap();
            assert_eq!(again.to_string(), value.to_string(), "{}", T::FORMAT);
        }
        assert!("".parse::<T>().is_err(), "{} accepts nothing", T::FORMAT);
    }
    round_trip::<AccountId>();
    round_trip::<AlarmName>();
    round_trip::<BuildId>();
    round_trip::<ClockTime>();
    round_trip::<CalendarDay>();
    round_trip::<Duration>();
    round_trip::<HourlyCost>();
    round_trip::<UsageLimit>();
    round_trip::<Label>();
    round_trip::<ListenerRuleArn>();
    round_trip::<PointInTime>();
    round_trip::<Percent>();
    round_trip::<ProfileName>();
    round_trip::<ResourceName>();
    round_trip::<TargetGroupArn>();
    round_trip::<Zone>();
}

#[test]
fn the_id_of_a_build_fits_a_key_and_a_message() {
    for right in ["1234", "octo/shop-1234-1", "v1.2:7"] {
        assert_eq!(right.parse::<BuildId>().unwrap().as_str(), right);
    }
    for bad in ["", "a b", "a#b", "ä", "\"", &"x".repeat(101)] {
        assert_eq!(bad.parse::<BuildId>().unwrap_err().found, bad);
    }
}

#[test]
fn a_duration_needs_its_unit_and_a_length() {
    assert_eq!("14d".parse::<Duration>().unwrap().signed(), SignedDuration::from_hours(14 * 24));
    assert_eq!("1h 30m".parse::<Duration>().unwrap().seconds(), 5400);
    for bad in ["120", "0s", "-2h", "2h ago", "2 months", "1y", "2H", "02:00:00", "999999999999h"] {
        assert_eq!(bad.parse::<Duration>().unwrap_err().found, bad);
    }
}

#[test]
fn a_percentage_needs_its_sign_and_rounds_up() {
    let half: Percent = "50 %".parse().unwrap();
    assert_eq!((half.of_rounded_up(5), half.of_rounded_up(0)), (3, 0));
    assert!(half.is_exceeded_by(2, 3) && !half.is_exceeded_by(1, 2));
    assert_eq!("50%".parse::<Percent>(), Ok(half));
    for bad in ["50", "%", "-1 %", "1001 %", "50  %", "5e1 %", "99999999 %"] {
        assert_eq!(bad.parse::<Percent>().unwrap_err().found, bad);
    }
}

#[test]
fn a_cost_needs_its_currency_and_its_hour_and_is_rounded_down() {
    let cost: HourlyCost = "0.19 USD an hour".parse().unwrap();
    assert_eq!((cost.cents_of(360_000), cost.cents_of(59 * 60), cost.cents_of(0)), (1900, 18, 0));
    for (written, printed) in
        [("12 USD an hour", "12.00"), ("0.5 USD an hour", "0.50"), ("0.0625 USD an hour", "0.0625")]
    {
        assert_eq!(written.parse::<HourlyCost>().unwrap().to_string(), format!("{printed} USD an hour"));
    }
    let bad = [
        "0.19",
        "0.19 USD",
        "0.19 EUR an hour",
        "0 USD an hour",
        ".5 USD an hour",
        "1. USD an hour",
        "-1 USD an hour",
        "0.00001 USD an hour",
        "100000.1 USD an hour",
        "999999999999 USD an hour",
        "1e3 USD an hour",
    ];
    for bad in bad {
        assert_eq!(bad.parse::<HourlyCost>().unwrap_err().found, bad);
    }
}

#[test]
fn an_amount_is_a_count_or_a_share() {
    assert_eq!(serde_json::from_str::<CapacityAmount>("4").unwrap().of(3), 4);
    assert_eq!(serde_json::from_str::<CapacityAmount>("\"150 %\"").unwrap().of(3), 5);
    assert!(serde_json::from_str::<CapacityAmount>("-1").is_err());
}

#[test]
fn a_moment_is_local_unless_it_says_where() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let bounds = |text: &str| {
        let moment: PointInTime = text.parse().unwrap();
        (moment.start(&zone).unwrap().to_string(), moment.end(&zone).unwrap().to_string())
    };
    let same = |text: &str| (text.to_owned(), text.to_owned());
    assert_eq!(bounds("2026-12-24"), ("2026-12-24T05:00:00Z".to_owned(), "2026-12-25T05:00:00Z".to_owned()));
    assert_eq!(bounds("2026-12-24T18:00"), same("2026-12-24T23:00:00Z"));
    assert_eq!(bounds("2026-12-24T18:00+01:00"), same("2026-12-24T17:00:00Z"));
    assert_eq!(bounds("2026-12-24T18:00Z"), same("2026-12-24T18:00:00Z"));
    for bad in ["tomorrow", "2026-02-30", "2026-12-24 18:00", "2026-12-24T25:00", "2026-12-24T18:00[Nowhere]"] {
        assert_eq!(bad.parse::<PointInTime>().unwrap_err().found, bad);
    }
}

#[test]
fn a_zone_is_one_of_the_database_as_it_is_written_there() {
    assert_eq!("America/New_York".parse::<Zone>().unwrap().name(), "America/New_York");
    for bad in ["America/Nowhere", "america/new_york", "EST5EDT4", ""] {
        assert!(bad.parse::<Zone>().is_err(), "{bad} is a zone");
    }
    assert!(Zone::all_names().iter().all(|name| name.parse::<Zone>().is_ok()));
    assert_eq!(Zone::utc().rules().to_offset(Timestamp::UNIX_EPOCH).seconds(), 0);
}
