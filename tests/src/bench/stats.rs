//! Figures out of samples and calls.

use jiff::Timestamp;

/// The middle of samples: of an even number, the mean of the two in the middle; of none, nothing.
pub fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 { Some(upper) } else { Some(f64::midpoint(sorted[middle - 1], upper)) }
}

/// The largest part of a bucket that calls took in any window: of one that holds `burst` tokens and gets `rate` more a second,
/// 1.0 is all of it, and what is above AWS throttles. The calls are in the order of their instants.
#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are small")]
pub fn most_of_bucket(calls: &[Timestamp], burst: f64, rate: f64) -> f64 {
    let part = |first: usize, last: usize| {
        let window = calls[last].duration_since(calls[first]).as_secs_f64();
        (last - first + 1) as f64 / (burst + rate * window)
    };
    let windows = (0..calls.len()).flat_map(|first| (first..calls.len()).map(move |last| (first, last)));
    windows.map(|(first, last)| part(first, last)).fold(0.0, f64::max)
}
