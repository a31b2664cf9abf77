//! Versions, as far as a distance between them goes.

/// How many minor versions `old` is behind `new`; None where that can't be said. Another major is further than any minor.
pub(super) fn minors_behind(old: &str, new: &str) -> Option<u64> {
    let ((old_major, old_minor), (new_major, new_minor)) = (read(old)?, read(new)?);
    match old_major.cmp(&new_major) {
        std::cmp::Ordering::Less => Some(u64::MAX),
        std::cmp::Ordering::Equal => Some(new_minor.saturating_sub(old_minor)),
        std::cmp::Ordering::Greater => Some(0),
    }
}

fn read(text: &str) -> Option<(u64, u64)> {
    let mut parts = text.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::minors_behind;

    #[test]
    fn distances() {
        for (old, new, expected) in [
            ("0.1.0", "0.1.9", Some(0)),
            ("0.1.0", "0.4.0", Some(3)),
            ("v1.2.3-rc1", "1.3.0", Some(1)),
            ("0.9.0", "1.0.0", Some(u64::MAX)),
            ("2.0.0", "1.9.0", Some(0)),
            ("0.5.0", "0.4.0", Some(0)),
            ("latest", "0.4.0", None),
        ] {
            assert_eq!(minors_behind(old, new), expected, "{old} {new}");
        }
    }
}
