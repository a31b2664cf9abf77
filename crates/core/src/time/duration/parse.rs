//! Reading Go's format, with Go's rounding and Go's limits.

/// One more than the largest `i64`; Go reads up to here, since `-2^63` exists.
const LIMIT: u64 = 1 << 63;

/// Nanoseconds, or none where Go returns an error.
pub(super) fn nanos(text: &str) -> Option<i64> {
    let (negative, body) = match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let total = if body == "0" { 0 } else { sum(body)? };
    if negative { 0_i64.checked_sub_unsigned(total) } else { i64::try_from(total).ok() }
}

fn sum(body: &str) -> Option<u64> {
    if body.is_empty() {
        return None;
    }
    let (mut total, mut rest) = (0_u64, body);
    while !rest.is_empty() {
        let (term, after) = term(rest)?;
        total = bounded(total.checked_add(term)?)?;
        rest = after;
    }
    Some(total)
}

/// One number with its unit, such as `1.5h`, and what follows it.
fn term(text: &str) -> Option<(u64, &str)> {
    let (digits, rest) = leading(text, |c| c.is_ascii_digit());
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => leading(rest, |c| c.is_ascii_digit()),
        None => ("", rest),
    };
    if digits.is_empty() && fraction.is_empty() {
        return None;
    }
    let (name, rest) = leading(rest, |c| c != '.' && !c.is_ascii_digit());
    let unit = unit(name)?;
    let whole = bounded(whole_number(digits)?.checked_mul(unit)?)?;
    Some((bounded(whole.checked_add(part_of(fraction, unit))?)?, rest))
}

fn leading(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

fn unit(name: &str) -> Option<u64> {
    match name {
        "ns" => Some(1),
        // U+00B5, the micro sign, and U+03BC, the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => Some(1_000),
        "ms" => Some(1_000_000),
        "s" => Some(1_000_000_000),
        "m" => Some(60_000_000_000),
        "h" => Some(3_600_000_000_000),
        _ => None,
    }
}

fn whole_number(digits: &str) -> Option<u64> {
    digits
        .bytes()
        .try_fold(0_u64, |number, digit| bounded(number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?))
}

/// Digits beyond what 63 bits hold are dropped, and the product is a float's: so does Go.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "Go's own")]
fn part_of(fraction: &str, unit: u64) -> u64 {
    let (mut number, mut scale) = (0_u64, 1_f64);
    for digit in fraction.bytes() {
        if number > (LIMIT - 1) / 10 {
            break;
        }
        number = number * 10 + u64::from(digit - b'0');
        scale *= 10.0;
    }
    (number as f64 * (unit as f64 / scale)) as u64
}

fn bounded(number: u64) -> Option<u64> {
    (number <= LIMIT).then_some(number)
}
