//! Fields of a request that do not agree, or mean nothing.

use rstest::rstest;
use serde_json::{Value, json};
use watchkeeper_domain::emergency::EmergencyRequest;

use super::scene::{QUIET, decided};

#[rstest]
#[case::no_profile(json!({}), "profile")]
#[case::unknown_profile(json!({"profile": "serge"}), "profile")]
#[case::two_purposes(json!({"profile": "surge", "roll-back": true}), "roll-back")]
#[case::give_what_back(json!({"give-back": true}), "profile")]
#[case::too_long(json!({"profile": "surge", "for": "8d"}), "for")]
#[case::give_back_for(json!({"profile": "surge", "give-back": true, "for": "1h"}), "for")]
#[case::roll_back_for(json!({"roll-back": true, "for": "1h"}), "for")]
#[case::alarm_without_time(json!({"profile": "surge", "alarm": "5xx"}), "since")]
#[case::foreign_alarm(json!({"profile": "minimum", "alarm": "5xx", "since": "2026-11-18T11:00:00Z"}), "alarm")]
#[case::foreign_rollback(json!({"roll-back": true, "alarm": "5xx", "since": "2026-11-18T11:00:00Z"}), "alarm")]
#[case::services_of_a_profile(json!({"profile": "surge", "services": ["api"]}), "services")]
fn fields_that_do_not_agree_are_named(#[case] fields: Value, #[case] field: &str) {
    assert_eq!(decided(fields, &QUIET, None).unwrap_err().field, field);
}

#[test]
fn an_unknown_field_is_no_request() {
    let found =
        serde_json::from_value::<EmergencyRequest>(json!({"estate": "a", "environment": "b", "profil": "surge"}));
    assert!(found.unwrap_err().to_string().contains("profil"));
}

#[rstest]
#[case::freeze(json!({"profile": "surge", "approve": ["freeze-window"]}), "freeze-window")]
#[case::of_a_move(json!({"profile": "surge", "approve": ["quota", "data-loss"]}), "data-loss")]
fn an_approval_that_answers_nothing_is_refused_by_name(#[case] fields: Value, #[case] code: &str) {
    let error = decided(fields, &QUIET, None).unwrap_err();
    assert_eq!((error.field, error.found), ("approve", format!("{code}, which asks nobody here")));
}
