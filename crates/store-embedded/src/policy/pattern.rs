//! Patterns on one string: `prefix`, `suffix`, `equals-ignore-case`, `wildcard`.
//! Knows nothing of keys or of JSON.

/// A pattern that a string fits or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TextPattern {
    Prefix(Box<str>),
    Suffix(Box<str>),
    EqualsIgnoreCase(Box<str>),
    Wildcard(Wildcard),
}

impl TextPattern {
    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            TextPattern::Prefix(prefix) => text.starts_with(&**prefix),
            TextPattern::Suffix(suffix) => text.ends_with(&**suffix),
            TextPattern::EqualsIgnoreCase(wanted) => {
                let wanted = wanted.chars().flat_map(char::to_lowercase);
                text.chars().flat_map(char::to_lowercase).eq(wanted)
            }
            TextPattern::Wildcard(wildcard) => wildcard.fits(text),
        }
    }
}

/// A text in which `*` stands for any characters, also none. `\*` and `\\` stand for themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wildcard {
    /// What stands before the first `*`.
    start: Box<str>,
    /// What stands after each `*`; none is empty but the last.
    after_star: Vec<Box<str>>,
}

impl Wildcard {
    /// Reads a pattern; an error says in half a sentence what is wrong with it.
    pub(super) fn parse(pattern: &str) -> Result<Wildcard, &'static str> {
        let mut start = None;
        let mut after_star = Vec::new();
        let mut part = String::new();
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            match character {
                '*' => {
                    let literal = std::mem::take(&mut part).into_boxed_str();
                    if start.is_none() {
                        start = Some(literal);
                    } else if literal.is_empty() {
                        return Err("has two `*` in a row, where one does the same");
                    } else {
                        after_star.push(literal);
                    }
                }
                '\\' => match characters.next() {
                    Some(escaped @ ('*' | '\\')) => part.push(escaped),
                    Some(_) | None => {
                        return Err("has a backslash that is followed by neither `*` nor `\\`");
                    }
                },
                other => part.push(other),
            }
        }
        let last = part.into_boxed_str();
        Ok(match start {
            None => Wildcard { start: last, after_star },
            Some(start) => {
                after_star.push(last);
                Wildcard { start, after_star }
            }
        })
    }

    /// Takes the earliest place for each part: where any choice fits, the earliest does.
    fn fits(&self, text: &str) -> bool {
        let Some((last, middle)) = self.after_star.split_last() else {
            return *text == *self.start;
        };
        let Some(mut rest) = text.strip_prefix(&*self.start) else {
            return false;
        };
        for part in middle {
            let Some((_, after)) = rest.split_once(&**part) else {
                return false;
            };
            rest = after;
        }
        rest.ends_with(&**last)
    }
}
