//! The watch: when a failed probe is acted upon, and when it is only told.

use watchkeeper_domain::estate::{DetectionMode, Failover};
use watchkeeper_domain::failover::evidence::ProbeResult;
use watchkeeper_domain::failover::{FailoverRefusal, MoveStage, Pointer, WatchAction, WatchState};
use watchkeeper_domain::guardrail::HaltSwitch;

use crate::failover::scene::{at, failover, home, moving_away};

fn lost() -> ProbeResult {
    ProbeResult { asked: 3, failed: vec!["no answer".to_owned(); 3] }
}

fn fine() -> ProbeResult {
    ProbeResult { asked: 3, failed: Vec::new() }
}

fn after(probes: &[ProbeResult]) -> WatchState {
    let each = probes.iter().enumerate();
    each.fold(WatchState::default(), |watch, (nth, probed)| watch.after(probed, at(60 * i64::try_from(nth).unwrap())))
}

fn document(detect: DetectionMode) -> Failover {
    Failover { detect, ..failover(None) }
}

#[test]
fn only_as_many_failures_in_a_row_as_the_document_says_start_a_failover() {
    let pointer = Pointer::at_home(&home());
    let next_action = |probes: &[ProbeResult]| {
        after(probes).next_action(&document(DetectionMode::Automatic), &pointer, None, at(180))
    };
    assert_eq!(next_action(&[lost(), lost()]), WatchAction::Nothing);
    assert_eq!(next_action(&[lost(), lost(), lost()]), WatchAction::Start(at(0)));
    assert_eq!(next_action(&[lost(), lost(), fine(), lost(), lost()]), WatchAction::Nothing);
    let half = ProbeResult { asked: 3, failed: vec!["no answer".to_owned(); 2] };
    assert_eq!(next_action(&[lost(), lost(), half]), WatchAction::Nothing);
}

#[test]
fn a_probe_that_fails_is_followed_by_others_until_it_is_enough_or_the_region_answers() {
    let document = document(DetectionMode::Automatic);
    let watch = WatchState::default().after(&lost(), at(60));
    assert!(watch.probes_again(&document, at(60), at(60)));
    let twice = watch.clone().after(&lost(), at(67));
    assert!(twice.probes_again(&document, at(60), at(67)));
    assert!(!twice.clone().after(&lost(), at(74)).probes_again(&document, at(60), at(74)), "three are enough");
    assert!(!twice.after(&fine(), at(74)).probes_again(&document, at(60), at(74)), "it answers");
    assert!(!watch.probes_again(&document, at(60), at(59)), "a doubled tick counts nothing");
    let late = WatchState::default().after(&lost(), at(100));
    assert!(!late.probes_again(&document, at(60), at(100)), "the next tick goes on");
}

#[test]
fn a_doubled_or_late_tick_counts_once() {
    let once = WatchState::default().after(&lost(), at(60));
    assert_eq!(once.clone().after(&lost(), at(60)), once);
    assert_eq!(once.clone().after(&fine(), at(0)), once);
}

#[test]
fn one_loss_starts_one_failover_and_is_looked_at_again_after_ten_minutes() {
    let pointer = Pointer::at_home(&home());
    let mut watch = after(&[lost(), lost(), lost()]);
    watch.started = Some(at(180));
    let unasked = Failover { approve: false, ..document(DetectionMode::Automatic) };
    assert_eq!(watch.next_action(&unasked, &pointer, None, at(240)), WatchAction::Nothing);
    assert_eq!(watch.next_action(&unasked, &pointer, None, at(180 + 600)), WatchAction::Start(at(0)));
    assert_eq!(watch.after(&fine(), at(300)).started, None);
}

#[test]
fn where_a_person_is_asked_one_question_stands_at_a_time() {
    let (pointer, mut watch) = (Pointer::at_home(&home()), after(&[lost(), lost(), lost()]));
    watch.started = Some(at(180));
    let asking = [document(DetectionMode::Ask), Failover { approve: true, ..document(DetectionMode::Automatic) }];
    for document in asking {
        assert_eq!(watch.next_action(&document, &pointer, None, at(180 + 1799)), WatchAction::Nothing);
        assert_eq!(watch.next_action(&document, &pointer, None, at(180 + 1800)), WatchAction::Start(at(0)));
    }
}

#[test]
fn a_persons_no_counts_for_as_long_as_the_loss_lasts_and_is_told_once() {
    let (pointer, mut watch) = (Pointer::at_home(&home()), after(&[lost(), lost(), lost()]));
    watch.refused = Some(FailoverRefusal { execution: "failover-1".to_owned(), answer: "refused by Ada".to_owned() });
    let WatchAction::Tell(what) = watch.next_action(&document(DetectionMode::Ask), &pointer, None, at(86_400)) else {
        panic!("told")
    };
    assert!(what.contains("refused by Ada"), "{what}");
    watch.told = Some(what);
    assert_eq!(watch.next_action(&document(DetectionMode::Ask), &pointer, None, at(90_000)), WatchAction::Nothing);
    let over = watch.after(&fine(), at(90_060));
    assert_eq!((over.refused, over.told), (None, None));
}

#[test]
fn nothing_starts_while_something_moves() {
    let watch = after(&[lost(), lost(), lost()]);
    assert_eq!(
        watch.next_action(&document(DetectionMode::Automatic), &moving_away(MoveStage::Opening, &[]), None, at(180)),
        WatchAction::Nothing
    );
}

#[test]
fn without_detection_and_soon_after_a_move_a_person_is_told_once() {
    let watch = after(&[lost(), lost(), lost()]);
    let never = Pointer::at_home(&home());
    let WatchAction::Tell(what) = watch.next_action(&document(DetectionMode::Off), &never, None, at(180)) else {
        panic!("told")
    };
    let told = WatchState { told: Some(what), ..watch.clone() };
    assert_eq!(told.next_action(&document(DetectionMode::Off), &never, None, at(240)), WatchAction::Nothing);
    let lately = Pointer { revision: 5, since: at(0), ..never };
    assert!(matches!(
        watch.next_action(&document(DetectionMode::Automatic), &lately, None, at(3599)),
        WatchAction::Tell(_)
    ));
    assert_eq!(
        watch.next_action(&document(DetectionMode::Automatic), &lately, None, at(3600)),
        WatchAction::Start(at(0))
    );
}

#[test]
fn while_this_region_is_halted_nothing_starts_and_a_person_is_told_once() {
    let (pointer, document) = (Pointer::at_home(&home()), document(DetectionMode::Automatic));
    let halt = HaltSwitch { by: "run".to_owned(), reason: "migration".to_owned(), since: at(0) };
    let watch = after(&[lost(), lost(), lost()]);
    let WatchAction::Tell(what) = watch.next_action(&document, &pointer, Some(&halt), at(180)) else { panic!("told") };
    assert!(what.contains("migration"), "{what}");
    let told = WatchState { told: Some(what), ..watch };
    assert_eq!(told.next_action(&document, &pointer, Some(&halt), at(240)), WatchAction::Nothing);
    assert_eq!(told.next_action(&document, &pointer, None, at(300)), WatchAction::Start(at(0)), "it is lifted");
}
