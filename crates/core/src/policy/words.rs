//! Closed vocabularies of the policy language: an enum whose values are written as one exact word each.

/// Why a text is none of the words of a vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not one of {choices}")]
pub struct UnknownWord {
    /// What was written.
    pub word: String,
    /// Every word that would have been right, for a person to read.
    pub choices: String,
}

/// An enum with one exact, case-sensitive word per value.
pub(crate) trait Word: Sized + Copy + 'static {
    /// Every value, in the order of the reference.
    const ALL: &'static [Self];

    /// The word as documents write it.
    fn word(self) -> &'static str;

    /// The value written as `text`.
    fn read(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.word() == text)
    }

    /// Every word, comma-separated, for messages.
    fn choices() -> String {
        Self::ALL.iter().map(|value| value.word()).collect::<Vec<_>>().join(", ")
    }
}

/// Declares such an enum, with `as_str`, `Display`, `FromStr` and serde as a string. None of them has a default.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $value,)+ }

        impl $name {
            /// Every value, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$value,)+];

            /// The word as documents write it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)+ }
            }
        }

        impl $crate::policy::words::Word for $name {
            const ALL: &'static [Self] = $name::ALL;

            fn word(self) -> &'static str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::policy::words::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                use $crate::policy::words::Word as _;
                Self::read(text).ok_or_else(|| $crate::policy::words::UnknownWord {
                    word: text.to_owned(),
                    choices: Self::choices(),
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use words;
