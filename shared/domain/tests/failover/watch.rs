//! The watch: when a failed probe is acted upon, and when it is only told.

use watchkeeper_domain::estate::{Detect, Failover};
use watchkeeper_domain::failover::evidence::Probed;
use watchkeeper_domain::failover::{Heed, Pointer, Refusal, Stage, Watch};

use crate::scene::{at, failover, home, moving_away};

fn lost() -> Probed {
    Probed { asked: 3, failed: vec!["no answer".to_owned(); 3] }
}

fn fine() -> Probed {
    Probed { asked: 3, failed: Vec::new() }
}

fn after(probes: &[Probed]) -> Watch {
    let each = probes.iter().enumerate();
    each.fold(Watch::default(), |watch, (nth, probed)| watch.after(probed, at(60 * i64::try_from(nth).unwrap())))
}

fn document(detect: Detect) -> Failover {
    Failover { detect, ..failover(None) }
}

#[test]
fn only_as_many_failures_in_a_row_as_the_document_says_start_a_failover() {
    let pointer = Pointer::at_home(&home());
    let heed = |probes: &[Probed]| after(probes).heed(&document(Detect::Automatic), &pointer, at(180));
    assert_eq!(heed(&[lost(), lost()]), Heed::Nothing);
    assert_eq!(heed(&[lost(), lost(), lost()]), Heed::Start(at(0)));
    assert_eq!(heed(&[lost(), lost(), fine(), lost(), lost()]), Heed::Nothing);
    let half = Probed { asked: 3, failed: vec!["no answer".to_owned(); 2] };
    assert_eq!(heed(&[lost(), lost(), half]), Heed::Nothing);
}

#[test]
fn a_doubled_or_late_tick_counts_once() {
    let once = Watch::default().after(&lost(), at(60));
    assert_eq!(once.clone().after(&lost(), at(60)), once);
    assert_eq!(once.clone().after(&fine(), at(0)), once);
}

#[test]
fn one_loss_starts_one_failover_and_is_looked_at_again_after_ten_minutes() {
    let pointer = Pointer::at_home(&home());
    let mut watch = after(&[lost(), lost(), lost()]);
    watch.started = Some(at(180));
    let unasked = Failover { approve: false, ..document(Detect::Automatic) };
    assert_eq!(watch.heed(&unasked, &pointer, at(240)), Heed::Nothing);
    assert_eq!(watch.heed(&unasked, &pointer, at(180 + 600)), Heed::Start(at(0)));
    assert_eq!(watch.after(&fine(), at(300)).started, None);
}

#[test]
fn where_a_person_is_asked_one_question_stands_at_a_time() {
    let (pointer, mut watch) = (Pointer::at_home(&home()), after(&[lost(), lost(), lost()]));
    watch.started = Some(at(180));
    let asking = [document(Detect::Ask), Failover { approve: true, ..document(Detect::Automatic) }];
    for document in asking {
        assert_eq!(watch.heed(&document, &pointer, at(180 + 1799)), Heed::Nothing);
        assert_eq!(watch.heed(&document, &pointer, at(180 + 1800)), Heed::Start(at(0)));
    }
}

#[test]
fn a_persons_no_counts_for_as_long_as_the_loss_lasts_and_is_told_once() {
    let (pointer, mut watch) = (Pointer::at_home(&home()), after(&[lost(), lost(), lost()]));
    watch.refused = Some(Refusal { execution: "failover-1".to_owned(), answer: "refused by Ada".to_owned() });
    let Heed::Tell(what) = watch.heed(&document(Detect::Ask), &pointer, at(86_400)) else { panic!("told") };
    assert!(what.contains("refused by Ada"), "{what}");
    watch.told = Some(what);
    assert_eq!(watch.heed(&document(Detect::Ask), &pointer, at(90_000)), Heed::Nothing);
    let over = watch.after(&fine(), at(90_060));
    assert_eq!((over.refused, over.told), (None, None));
}

#[test]
fn nothing_starts_while_something_moves() {
    let watch = after(&[lost(), lost(), lost()]);
    assert_eq!(watch.heed(&document(Detect::Automatic), &moving_away(Stage::Opening, &[]), at(180)), Heed::Nothing);
}

#[test]
fn without_detection_and_soon_after_a_move_a_person_is_told_once() {
    let watch = after(&[lost(), lost(), lost()]);
    let never = Pointer::at_home(&home());
    let Heed::Tell(what) = watch.heed(&document(Detect::Off), &never, at(180)) else { panic!("told") };
    let told = Watch { told: Some(what), ..watch.clone() };
    assert_eq!(told.heed(&document(Detect::Off), &never, at(240)), Heed::Nothing);
    let lately = Pointer { revision: 5, since: at(0), ..never };
    assert!(matches!(watch.heed(&document(Detect::Automatic), &lately, at(3599)), Heed::Tell(_)));
    assert_eq!(watch.heed(&document(Detect::Automatic), &lately, at(3600)), Heed::Start(at(0)));
}
