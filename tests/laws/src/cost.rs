//! Documents that are as costly as can be.

/// The longest document that is read at all.
const LONGEST: usize = 1 << 19;

/// How often the unit is repeated: as often as fits, or near the bound of entries for units of one, two, three or more of them.
const TIMES: [usize; 6] = [usize::MAX, 23_900, 11_900, 7_900, 5_900, 900];

/// `N`, a beginning, a unit and an end, between NULs, as a document in which the unit is repeated; `N` is a digit that says
/// how often.
pub fn hostile_document(bytes: &[u8]) -> Option<String> {
    let (size, rest) = bytes.split_first()?;
    let times = *TIMES.get(usize::from(*size) % TIMES.len())?;
    let mut parts = rest.splitn(3, |byte| *byte == 0).map(str::from_utf8);
    let mut part = || parts.next().unwrap_or(Ok("")).ok();
    let (beginning, unit, end) = (part()?, part()?, part()?);
    if unit.is_empty() {
        return Some(format!("{beginning}{end}"));
    }
    let room = LONGEST.saturating_sub(beginning.len() + end.len()) / unit.len();
    Some([beginning, &unit.repeat(times.min(room)), end].concat())
}
