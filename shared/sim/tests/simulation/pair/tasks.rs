//! Tasks that are alive although nothing says that they run, and those of both regions together.

use jiff::SignedDuration;
use watchkeeper_control::failover::ports::RegionTasks;
use watchkeeper_sim::{TimingSettings, service};

use super::scene::{count, home_simulator, pair, run, seconds, standby_simulator};

#[test]
fn a_task_that_does_not_run_any_more_is_not_stopped_yet() {
    let pair = pair();
    let home = pair.home();
    let times = TimingSettings { task_stop: seconds(5), task_linger: seconds(90), ..TimingSettings::default() };
    home.set_settings(times);
    count(&home, &home_simulator(), 0);
    let look = || {
        let found = home.service(&home_simulator()).unwrap();
        let alive = run(&home, home.tasks_alive(&home_simulator())).unwrap();
        (found.capacity.desired, found.running, found.pending, alive)
    };
    assert_eq!(look(), (0, 1, 0, 1));
    pair.advance(seconds(5));
    assert_eq!(look(), (0, 0, 0, 1), "desired, running and pending say nothing of it");
    pair.advance(seconds(89));
    assert_eq!(look(), (0, 0, 0, 1));
    pair.advance(seconds(1));
    assert_eq!(look(), (0, 0, 0, 0));
}

#[test]
fn a_task_that_is_wanted_is_alive_before_it_runs() {
    let pair = pair();
    let standby = pair.standby();
    count(&standby, &standby_simulator(), 2);
    assert_eq!(run(&standby, standby.tasks_alive(&standby_simulator())).unwrap(), 2);
    assert_eq!(pair.working(&standby_simulator().service), [1, 0]);
    let unknown = service("fleet/nobody").id;
    assert_eq!(run(&standby, standby.tasks_alive(&unknown)).unwrap(), 0);
}

#[test]
fn the_most_at_once_misses_no_moment() {
    for (after, most) in [(0, 1), (39, 1), (40, 1), (41, 1)] {
        let pair = pair();
        // It is down after 40 s; one that is wanted now runs after 40 s.
        count(&pair.home(), &home_simulator(), 0);
        pair.advance(seconds(after));
        count(&pair.standby(), &standby_simulator(), 1);
        pair.advance(seconds(3600));
        assert_eq!(pair.most_at_once(&home_simulator().service).0, most, "{after} s later");
    }
    let pair = pair();
    let begun = pair.now();
    count(&pair.standby(), &standby_simulator(), 1);
    pair.advance(seconds(1));
    count(&pair.home(), &home_simulator(), 0);
    pair.advance(seconds(3600));
    assert_eq!(pair.working(&home_simulator().service), [0, 1], "afterwards nothing is to be seen");
    let (most, since) = pair.most_at_once(&home_simulator().service);
    assert_eq!((most, since.duration_since(begun)), (2, SignedDuration::from_secs(40)));
}
