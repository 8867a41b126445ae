//! The command: histories on every core, until there are enough, and what did not hold.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a command speaks to its user, and says how long it took"
)]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use watchkeeper_years::coverage::Coverage;
use watchkeeper_years::estates::{names, of_seed};
use watchkeeper_years::history::{Chapter, chapters};
use watchkeeper_years::invariant::Violation;
use watchkeeper_years::shrink::shrink;

use crate::hunt::hunt;
use crate::tables;

/// Days of a year.
const YEAR: f64 = 365.0;

/// Plays whole histories of estates in simulated time, and tells the shortest story of each that goes wrong.
#[derive(Debug, Clone, Parser)]
#[command(name = "cargo years")]
pub(crate) struct Options {
    /// How many histories.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    histories: u64,
    /// For how long, such as 10m; then as many histories as fit.
    #[arg(long = "for", value_name = "TIME", value_parser = positive)]
    time: Option<Duration>,
    /// The seed of the first history.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The estate; without it, one after the other.
    #[arg(long, value_name = "NAME", value_parser = known)]
    estate: Option<String>,
    /// Tell what happens in the first history.
    #[arg(long)]
    story: bool,
    /// Only these of its events, by their places, such as 3,7,9.
    #[arg(long, value_name = "PLACES", value_delimiter = ',', num_args = 0.., requires = "story")]
    keep: Option<Vec<usize>>,
    /// Only this site of its estate.
    #[arg(long, value_name = "N", requires = "story")]
    site: Option<usize>,
    /// Stop at the first history that goes wrong, and only name it.
    #[arg(long)]
    first: bool,
    /// Build deliberate bugs into a copy of the sources, these or all, and look whether the histories of the fixed set find them.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', num_args = 0.., conflicts_with = "story")]
    bugs: Option<Vec<String>>,
    /// On so many threads; as many as there are cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

/// The name of an estate that there are histories of.
fn known(name: &str) -> Result<String, String> {
    let all = names();
    if all.iter().any(|it| it == name) {
        Ok(name.to_owned())
    } else {
        Err(format!("expected one of {}", all.join(", ")))
    }
}

/// A time in which something can be played.
fn positive(text: &str) -> Result<Duration, String> {
    let expected = || format!("found {text}, expected a time above 0, such as 10m");
    let time: jiff::SignedDuration = text.parse().map_err(|_| expected())?;
    Duration::try_from(time).ok().filter(|time| !time.is_zero()).ok_or_else(expected)
}

/// Everything that was played.
#[derive(Debug, Default)]
struct Sum {
    histories: u64,
    days: f64,
    coverage: Coverage,
    violations: Vec<(u64, String, usize, Violation)>,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    if let Some(names) = &options.bugs {
        return hunt(names);
    }
    if options.story {
        return story(options);
    }
    let (began, sum, next) = (Instant::now(), Mutex::new(Sum::default()), AtomicU64::new(options.seed));
    let bar = bar(options);
    let threads = options
        .threads
        .map(usize::from)
        .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(1);
    std::panic::set_hook(Box::new(|_| {}));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(seed) = take(options, &next, began) {
                    play(options, seed, &sum, &bar);
                    let sum = sum.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    if options.first && !sum.violations.is_empty() {
                        return;
                    }
                    bar.set_position(sum.histories);
                    bar.set_message(speed(&sum, began.elapsed()));
                }
            });
        }
    });
    bar.finish_and_clear();
    let sum = sum.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if options.first {
        return first(&sum, began.elapsed());
    }
    println!("{}", tables::coverage(&sum.coverage));
    println!("{}", tables::faults(&sum.coverage));
    println!(
        "{} histories from seed {}: {}; {} combinations of event, fault and phase; {}; violations: {}",
        sum.histories,
        options.seed,
        speed(&sum, began.elapsed()),
        sum.coverage.combinations(),
        tables::memory(),
        sum.violations.len()
    );
    for (seed, estate, site, violation) in sum.violations.iter().take(5) {
        println!("\n{violation}");
        tell(*seed, estate, *site, violation);
    }
    if sum.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Names the violation of the lowest seed.
fn first(sum: &Sum, took: Duration) -> ExitCode {
    match sum.violations.iter().min_by_key(|(seed, ..)| *seed) {
        Some((seed, estate, _, violation)) => {
            println!("found: {} by seed {seed} of {estate}, after {:.1} s", violation.invariant, took.as_secs_f64());
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}

fn take(options: &Options, next: &AtomicU64, began: Instant) -> Option<u64> {
    let seed = next.fetch_add(1, Ordering::Relaxed);
    let more = match options.time {
        Some(time) => began.elapsed() < time,
        None => seed.wrapping_sub(options.seed) < options.histories,
    };
    more.then_some(seed)
}

/// The estate of a seed.
fn estate_of(options: &Options, seed: u64) -> String {
    options.estate.clone().unwrap_or_else(|| of_seed(seed))
}

fn play(options: &Options, seed: u64, sum: &Mutex<Sum>, bar: &ProgressBar) {
    let estate = estate_of(options, seed);
    let all = chapters(&estate, seed);
    let played: Vec<_> = all.iter().map(|chapter| (chapter.days(), chapter.play(false))).collect();
    let mut sum = sum.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    sum.histories += 1;
    // A year of an estate is a year of all its sites.
    sum.days += played.iter().map(|(days, _)| days).sum::<f64>() / f64::from(u32::try_from(all.len()).unwrap_or(1));
    for (site, (_, played)) in played.into_iter().enumerate() {
        sum.coverage.add(played.coverage);
        if let Some(violation) = &played.violation {
            bar.suspend(|| println!("seed {seed}, {estate}, site {site}: {violation}"));
        }
        sum.violations.extend(played.violation.map(|violation| (seed, estate.clone(), site, violation)));
    }
}

fn speed(sum: &Sum, took: Duration) -> String {
    let (years, seconds) = (sum.days / YEAR, took.as_secs_f64().max(0.001));
    #[allow(clippy::cast_precision_loss, reason = "it is a figure to look at")]
    let rate = sum.histories as f64 / seconds;
    format!(
        "{years:.2} estate-years in {seconds:.0} s, {rate:.1} histories/s, {:.1} estate-years/min",
        years * 60.0 / seconds
    )
}

fn bar(options: &Options) -> ProgressBar {
    let bar = if options.time.is_some() { ProgressBar::new_spinner() } else { ProgressBar::new(options.histories) };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Tells the first history, as it is or with some of its events.
fn story(options: &Options) -> ExitCode {
    let estate = estate_of(options, options.seed);
    let (mut wrong, all) = (false, chapters(&estate, options.seed));
    if let Some(site) = options.site.filter(|site| *site >= all.len()) {
        println!(
            "--site: found {site}, expected one from 0 to {}: so many sites has {estate} with this seed",
            all.len() - 1
        );
        return ExitCode::FAILURE;
    }
    for (site, chapter) in all.into_iter().enumerate() {
        if options.site.is_some_and(|only| only != site) {
            continue;
        }
        let events = chapter.story.len();
        if let Some(place) = options.keep.iter().flatten().find(|place| **place >= events) {
            println!("--keep: found {place}, and the story of site {site} has {events} events, counted from 0");
            return ExitCode::FAILURE;
        }
        let chapter = options.keep.as_ref().map_or_else(|| chapter.clone(), |kept| chapter.keep(kept));
        wrong |= diary(&chapter).is_some();
    }
    if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn diary(chapter: &Chapter) -> Option<Violation> {
    let played = chapter.play(true);
    println!("{}", chapter.scene);
    for (at, what) in &played.diary {
        println!("{} {what}", at.strftime("%a %d %b %Y %H:%M:%S"));
    }
    if let Some(violation) = &played.violation {
        println!("{violation}");
    }
    played.violation
}

/// The shortest story that goes wrong in the same way, and the command that plays it.
fn tell(seed: u64, estate: &str, site: usize, violation: &Violation) {
    let all = chapters(estate, seed);
    let Some(chapter) = all.get(site) else { return };
    let kept = shrink(chapter, violation);
    let short = Chapter { until: violation.at + jiff::SignedDuration::from_hours(1), ..chapter.keep(&kept) };
    let last = diary(&short);
    if last.is_none() {
        println!("it does not fail again: this is a mistake of the simulation");
    }
    let places = kept.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    println!("play it again: cargo years --seed {seed} --estate {estate} --site {site} --story --keep {places}");
}
