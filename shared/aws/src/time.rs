//! Times as the SDK has them, and as the domain has them.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// A time out of an answer, to the second and its parts.
pub(crate) fn timestamp(time: &DateTime) -> Option<Timestamp> {
    let nanos = i32::try_from(time.subsec_nanos()).ok()?;
    Timestamp::new(time.secs(), nanos).ok()
}

/// A time for a request, to the second: no API that takes one looks closer.
pub(crate) fn date_time(instant: Timestamp) -> DateTime {
    DateTime::from_secs(instant.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_keeps_its_parts() {
        let time = DateTime::from_secs_and_nanos(1_795_000_000, 250_000_000);
        assert_eq!(timestamp(&time), Timestamp::new(1_795_000_000, 250_000_000).ok());
    }

    #[test]
    fn a_time_for_a_request_is_whole() {
        let instant = Timestamp::constant(1_795_000_000, 250_000_000);
        assert_eq!(date_time(instant), DateTime::from_secs(1_795_000_000));
    }
}
