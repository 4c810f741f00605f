//! Round-trip time estimation.

use std::time::Duration;

/// Lower bound of a measured round trip.
const SHORTEST: Duration = Duration::from_millis(1);
/// Upper bound: a console that was busy for seconds will answer quickly again.
const LONGEST: Duration = Duration::from_millis(100);

/// The smoothed round-trip time of one address.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoundTrip {
    smoothed: Option<Duration>,
}

impl RoundTrip {
    /// Takes a new measurement into account. The caller leaves out packets that were sent more than once.
    pub(crate) fn sample(&mut self, measured: Duration) {
        let measured = measured.min(LONGEST);
        self.smoothed = Some(match self.smoothed {
            None => measured,
            Some(old) => (old * 7 + measured) / 8,
        });
    }

    /// Returns how long to wait before a retransmission.
    pub(crate) fn patience(&self) -> Duration {
        self.smoothed.unwrap_or(SHORTEST).clamp(SHORTEST, LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_follows_what_is_measured_between_its_limits() {
        let mut rtt = RoundTrip::default();
        assert_eq!(rtt.patience(), SHORTEST);
        rtt.sample(Duration::from_micros(50));
        assert_eq!(rtt.patience(), SHORTEST);
        for _ in 0..50 {
            rtt.sample(Duration::from_millis(20));
        }
        assert!(rtt.patience() > Duration::from_millis(19));
        rtt.sample(Duration::from_secs(100));
        assert!(rtt.patience() <= LONGEST);
    }
}
