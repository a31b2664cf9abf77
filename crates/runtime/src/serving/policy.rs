//! Lifetimes.

use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// How long certificates live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Of a CA.
    pub ca_lifetime: Duration,
    /// Of a leaf; it is renewed when a third is left.
    pub cert_lifetime: Duration,
    /// How long a new CA is in the bundle before it signs.
    pub overlap: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self { ca_lifetime: 365 * DAY, cert_lifetime: 30 * DAY, overlap: DAY }
    }
}

/// Why lifetimes can't be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPolicy {
    /// A CA would end before its successor could take over.
    #[error(
        "a CA lifetime of {ca_lifetime:?} is too short: at least twice the certificate lifetime ({cert_lifetime:?}) plus the overlap ({overlap:?}) is needed"
    )]
    TooShort {
        /// As given.
        ca_lifetime: Duration,
        /// As given.
        cert_lifetime: Duration,
        /// As given.
        overlap: Duration,
    },
    /// Certificates count in seconds, and a third of a leaf's life must be enough to renew it.
    #[error("a certificate lifetime of {0:?} is too short: at least 3 s are needed")]
    Leaf(Duration),
}

impl Policy {
    /// Whether these lifetimes can be kept: a CA must be able to introduce its successor within its second half.
    pub fn check(&self) -> Result<(), InvalidPolicy> {
        if self.cert_lifetime < Duration::from_secs(3) {
            return Err(InvalidPolicy::Leaf(self.cert_lifetime));
        }
        if self.ca_lifetime / 2 < self.cert_lifetime.saturating_add(self.overlap) {
            let Self { ca_lifetime, cert_lifetime, overlap } = *self;
            return Err(InvalidPolicy::TooShort { ca_lifetime, cert_lifetime, overlap });
        }
        Ok(())
    }

    /// A CA with less life than this needs a successor. [`Policy::check`] keeps it at half of a CA's life at most, so that
    /// a new CA never needs one at once.
    pub(super) fn successor_due(&self) -> Duration {
        (self.ca_lifetime / 3).max(self.cert_lifetime.saturating_add(self.overlap))
    }

    /// A leaf with less life than this is renewed.
    pub(super) fn renewal_due(&self) -> Duration {
        self.cert_lifetime / 3
    }

    /// How long after a CA was introduced every leaf of its predecessor has ended.
    pub(super) fn predecessor_kept(&self) -> Duration {
        self.cert_lifetime.saturating_add(self.overlap).saturating_add(self.tolerance())
    }

    /// By how much the clocks of two replicas may differ without one undoing the other's step.
    pub(super) fn tolerance(&self) -> Duration {
        self.overlap / 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_can_be_kept() {
        Policy::default().check().unwrap();
    }

    #[test]
    fn contradictions_are_refused() {
        let seconds = Duration::from_secs;
        let short = Policy { ca_lifetime: seconds(100), cert_lifetime: seconds(40), overlap: seconds(11) };
        assert!(short.check().unwrap_err().to_string().contains("at least twice"));
        assert!(Policy { cert_lifetime: seconds(2), ..Policy::default() }.check().is_err());
        Policy { ca_lifetime: seconds(102), ..short }.check().unwrap();
    }
}
