//! Where a dead letter goes.

use rstest::rstest;
use watchkeeper_domain::estate::QueuePolicy;
use watchkeeper_domain::unblock::{LetterFate, LetterStamps, fate, fate_of};

#[rstest]
#[case::first(None, None, 0, LetterFate::Redrive(1))]
#[case::second(Some("1"), None, 0, LetterFate::Redrive(2))]
#[case::last(Some("2"), None, 9, LetterFate::Redrive(3))]
#[case::poison(Some("3"), None, 0, LetterFate::Park("it came back 3 times, and 3 are allowed".to_owned()))]
#[case::more(Some("9"), None, 0, LetterFate::Park("it came back 9 times, and 3 are allowed".to_owned()))]
#[case::unreadable(Some("x"), None, 0, LetterFate::Park("the count of its returns does not read".to_owned()))]
#[case::parked(Some("3"), Some("poison"), 0, LetterFate::Parked)]
#[case::full(None, None, 10, LetterFate::NoRoom)]
#[case::nearly_full(Some("3"), None, 9, LetterFate::NoRoom)]
fn a_letter_goes_round_as_often_as_is_allowed(
    #[case] returns: Option<&str>,
    #[case] parked: Option<&str>,
    #[case] others: usize,
    #[case] expected: LetterFate,
) {
    let stamps = LetterStamps { returns: returns.map(str::to_owned), parked: parked.map(str::to_owned), others };
    assert_eq!(fate(&stamps, 3), expected);
}

#[rstest]
#[case::its_own(Some(0), Some("orders"), LetterFate::Redrive(1))]
#[case::enough_for_today(Some(2), Some("orders"), LetterFate::Later)]
#[case::of_another_queue(None, Some("invoices"), LetterFate::Stranger(Some("invoices".to_owned())))]
#[case::of_nobody_knows_whom(None, None, LetterFate::Stranger(None))]
fn a_letter_goes_back_where_it_came_from_only(
    #[case] sent: Option<u32>,
    #[case] source: Option<&str>,
    #[case] expected: LetterFate,
) {
    let entry: QueuePolicy = serde_json::from_value(
        serde_json::json!({"queue": "orders", "dead-letters": "dlq", "redrive": true, "batch": 2}),
    )
    .unwrap();
    let counted = sent.map(|sent| (&entry, sent));
    assert_eq!(fate_of(counted, source, &LetterStamps::default()), expected);
    let parked = LetterStamps { parked: Some("poison".to_owned()), ..LetterStamps::default() };
    assert_eq!(fate_of(counted, source, &parked), LetterFate::Parked);
    let forbidden = QueuePolicy { redrive: false, ..entry.clone() };
    assert_eq!(fate_of(Some((&forbidden, 0)), source, &LetterStamps::default()), LetterFate::Kept);
}
