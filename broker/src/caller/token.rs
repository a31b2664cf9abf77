//! What a token says of itself, before anybody is asked: cheap to refuse, never enough to believe.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use sentinel_core::protocol::BROKER_AUDIENCE;
use sentinel_core::time::CLOCK_SKEW;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// Ours have about 1.5 KiB.
const LONGEST: usize = 8 * 1024;

/// A token as far as it can be read without its signature. Never printed.
pub struct Token<'a> {
    text: &'a str,
    /// Its own word on when it ends.
    pub expires: Timestamp,
}

/// Why a token is not worth asking about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// No `Authorization: Bearer` header.
    #[error("a service-account token is expected in the header `Authorization: Bearer …`")]
    Missing,
    /// Not a JWT.
    #[error("the token is not a service-account token")]
    Malformed,
    /// For somebody else.
    #[error("the token is not for the audience {BROKER_AUDIENCE}")]
    Audience,
    /// Too old.
    #[error("the token has expired; the kubelet renews it in its volume")]
    Expired,
}

#[derive(Deserialize)]
struct Claims {
    aud: Audience,
    exp: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl<'a> Token<'a> {
    /// Reads a bearer token's claims.
    pub fn read(text: &'a str, now: Timestamp) -> Result<Self, BadToken> {
        let claims = claims(text).ok_or(BadToken::Malformed)?;
        if !claims.aud.has(BROKER_AUDIENCE) {
            return Err(BadToken::Audience);
        }
        let expires = Timestamp::from_second(claims.exp).map_err(|_| BadToken::Malformed)?;
        // The API server's clock counts, and it is asked; this spares it what it would refuse by any clock.
        if expires.saturating_add(CLOCK_SKEW).is_ok_and(|end| end <= now) {
            return Err(BadToken::Expired);
        }
        Ok(Self { text, expires })
    }

    /// The whole, for the API server.
    pub fn text(&self) -> &str {
        self.text
    }

    /// What the cache knows it by.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }
}

impl Audience {
    fn has(&self, wanted: &str) -> bool {
        match self {
            Self::One(audience) => audience == wanted,
            Self::Many(audiences) => audiences.iter().any(|audience| audience == wanted),
        }
    }
}

fn claims(text: &str) -> Option<Claims> {
    let mut parts = (text.len() <= LONGEST).then(|| text.split('.'))?;
    let (Some(_), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    if signature.is_empty() {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn token(claims: &Value) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[rstest]
    #[case(json!({"aud": ["sentinel.dev/broker"], "exp": 101}), Ok(()))]
    #[case(json!({"aud": "sentinel.dev/broker", "exp": 101}), Ok(()))]
    #[case(json!({"aud": ["other", "sentinel.dev/broker"], "exp": 101}), Ok(()))]
    #[case(json!({"aud": ["other"], "exp": 101}), Err(BadToken::Audience))]
    #[case(json!({"aud": [], "exp": 101}), Err(BadToken::Audience))]
    #[case(json!({"aud": ["sentinel.dev/broker"], "exp": -29}), Ok(()))]
    #[case(json!({"aud": ["sentinel.dev/broker"], "exp": -30}), Err(BadToken::Expired))]
    #[case(json!({"aud": ["sentinel.dev/broker"]}), Err(BadToken::Malformed))]
    #[case(json!({"exp": 101}), Err(BadToken::Malformed))]
    #[case(json!("text"), Err(BadToken::Malformed))]
    fn claims_are_judged(#[case] claims: Value, #[case] expected: Result<(), BadToken>) {
        let now = Timestamp::from_second(100).unwrap();
        assert_eq!(Token::read(&token(&claims), now).map(drop), expected);
    }

    #[rstest]
    fn what_is_no_jwt_is_refused(
        #[values("", "a", "a.b", "a.b.c", "a.b.c.d", "e30.e30.", &"a".repeat(9000))] text: &str,
    ) {
        assert_eq!(Token::read(text, Timestamp::UNIX_EPOCH).map(drop), Err(BadToken::Malformed));
    }
}
