//! A string that a regular expression matches.
//!
//! Enough of the syntax for the patterns people put in schemas: literals,
//! classes, groups, alternatives, repetition. Anchors are taken as read, since
//! nothing is put around the sample. For anything else there is no sample.

use std::iter::Peekable;
use std::str::Chars;

/// What a class is searched in when it is stated by what it is not.
const PRINTABLE: std::ops::RangeInclusive<char> = ' '..='~';

/// How long a sample may get, whatever the pattern says.
const MAX_LENGTH: usize = 64 * 1024;

/// Makes a sample. Repetition without an upper bound is `extra` times longer
/// than it must be.
pub(crate) fn sample(pattern: &str, extra: usize) -> Option<String> {
    let mut reader = Reader { chars: pattern.chars().peekable(), extra };
    let made = reader.alternatives()?;
    reader.chars.next().is_none().then_some(made)
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    extra: usize,
}

impl Reader<'_> {
    /// The sample of `a|b|c`, which is that of `a`.
    fn alternatives(&mut self) -> Option<String> {
        let first = self.sequence()?;
        while self.chars.next_if_eq(&'|').is_some() {
            self.sequence()?;
        }
        Some(first)
    }

    fn sequence(&mut self) -> Option<String> {
        let mut made = String::new();
        while self.chars.peek().is_some_and(|next| !matches!(next, '|' | ')')) {
            let piece = self.piece()?;
            let times = self.times()?;
            if MAX_LENGTH < made.len().saturating_add(piece.len().saturating_mul(times)) {
                return None;
            }
            made.push_str(&piece.repeat(times));
        }
        Some(made)
    }

    fn piece(&mut self) -> Option<String> {
        Some(match self.chars.next()? {
            '^' | '$' => String::new(),
            '.' => "a".to_owned(),
            '(' => self.group()?,
            '[' => self.class()?.to_string(),
            '\\' => self.escape()?,
            '*' | '+' | '?' | '{' => return None,
            literal => literal.to_string(),
        })
    }

    /// A group, capturing or not. Assertions have no sample.
    fn group(&mut self) -> Option<String> {
        if self.chars.next_if_eq(&'?').is_some() {
            match self.chars.next()? {
                ':' => {}
                'P' => self.name()?,
                '<' => {
                    if matches!(self.chars.peek(), Some('=' | '!')) {
                        return None;
                    }
                    while self.chars.next()? != '>' {}
                }
                _ => return None,
            }
        }
        let made = self.alternatives()?;
        self.chars.next_if_eq(&')').map(|_| made)
    }

    fn name(&mut self) -> Option<()> {
        self.chars.next_if_eq(&'<')?;
        while self.chars.next()? != '>' {}
        Some(())
    }

    fn escape(&mut self) -> Option<String> {
        let escaped = self.chars.next()?;
        match escaped {
            'b' | 'A' | 'z' | 'Z' => Some(String::new()),
            _ => self.escaped_set(escaped)?.pick().map(String::from),
        }
    }

    /// The characters that an escape stands for.
    fn escaped_set(&mut self, escaped: char) -> Option<Set> {
        let word = || Set(vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')]);
        let space = || Set(vec![(' ', ' '), ('\t', '\r')]);
        Some(match escaped {
            'd' => Set(vec![('0', '9')]),
            'w' => word(),
            's' => space(),
            'D' => Set(vec![('0', '9')]).complement(),
            'W' => word().complement(),
            'S' => space().complement(),
            'n' => Set::one('\n'),
            'r' => Set::one('\r'),
            't' => Set::one('\t'),
            'x' => Set::one(self.code_point(2)?),
            'u' => Set::one(self.code_point(4)?),
            punctuation if !punctuation.is_alphanumeric() => Set::one(punctuation),
            _ => return None,
        })
    }

    fn code_point(&mut self, digits: usize) -> Option<char> {
        let text: String = self.chars.by_ref().take(digits).collect();
        char::from_u32(u32::from_str_radix(&text, 16).ok()?)
    }

    /// `[a-z_]` and `[^a-z_]`.
    fn class(&mut self) -> Option<char> {
        let is_negated = self.chars.next_if_eq(&'^').is_some();
        let mut set = Set(Vec::new());
        loop {
            let member = match self.chars.next()? {
                ']' => break,
                '\\' => {
                    let escaped = self.chars.next()?;
                    self.escaped_set(escaped)?
                }
                literal => Set::one(literal),
            };
            set.0.extend(self.range_from(member)?.0);
        }
        if is_negated { set.complement().pick() } else { set.pick() }
    }

    /// `a-z` if a range begins with this member, else the member alone.
    fn range_from(&mut self, member: Set) -> Option<Set> {
        let mut ahead = self.chars.clone();
        let is_range = ahead.next() == Some('-') && ahead.next().is_some_and(|end| end != ']');
        let ([(start, _)], true) = (member.0.as_slice(), is_range) else { return Some(member) };
        self.chars.next();
        let end = match self.chars.next()? {
            '\\' => {
                let escaped = self.chars.next()?;
                self.escaped_set(escaped)?.pick()?
            }
            literal => literal,
        };
        Some(Set(vec![(*start, end)]))
    }

    /// How often the piece before is repeated.
    fn times(&mut self) -> Option<usize> {
        let (least, most) = match self.chars.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => return self.counted(),
            _ => return Some(1),
        };
        self.chars.next();
        self.lazy();
        Some(self.stretch(least, most))
    }

    /// `{2}`, `{2,}` and `{2,5}`.
    fn counted(&mut self) -> Option<usize> {
        self.chars.next();
        let least = self.count()?;
        let most = match self.chars.next_if_eq(&',') {
            None => Some(least),
            Some(_) => self.count(),
        };
        self.chars.next_if_eq(&'}')?;
        self.lazy();
        Some(self.stretch(least, most))
    }

    fn count(&mut self) -> Option<usize> {
        let mut digits = String::new();
        while let Some(digit) = self.chars.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        digits.parse().ok()
    }

    fn stretch(&self, least: usize, most: Option<usize>) -> usize {
        most.unwrap_or(usize::MAX).min(least.saturating_add(self.extra))
    }

    /// A lazy repetition matches the same strings.
    fn lazy(&mut self) {
        self.chars.next_if_eq(&'?');
    }
}

/// Characters, as ranges.
struct Set(Vec<(char, char)>);

impl Set {
    fn one(member: char) -> Set {
        Set(vec![(member, member)])
    }

    fn complement(&self) -> Set {
        let holds = |c: &char| self.0.iter().any(|(start, end)| (start..=end).contains(&c));
        Set(PRINTABLE.filter(|c| !holds(c)).map(|c| (c, c)).collect())
    }

    /// The first letter if there is one, else the first member.
    fn pick(&self) -> Option<char> {
        let starts = || self.0.iter().map(|(start, _)| *start);
        starts().find(char::is_ascii_alphabetic).or_else(|| starts().next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples() {
        for (pattern, made) in [
            ("abc", "abc"),
            ("^[A-Z]{3}-\\d{2,}$", "AAA-00"),
            ("a|b", "a"),
            ("(?:x|y)+z?", "x"),
            ("(?<year>\\d{4})", "0000"),
            ("(?P<year>\\d{4})", "0000"),
            ("[^a-z]", "A"),
            ("[0-9a-f]{2}", "aa"),
            ("[\\w.-]+@", "a@"),
            ("\\.\\x41\\u0042", ".AB"),
            ("a{0,3}?b", "b"),
            ("[-a]", "a"),
        ] {
            assert_eq!(sample(pattern, 0).as_deref(), Some(made), "{pattern}");
        }
        assert_eq!(sample("a+b{2,3}", 5).as_deref(), Some("aaaaaabbb"));
    }

    #[test]
    fn what_has_no_sample() {
        for pattern in ["(?=a)", "(?<!a)b", "(a", "a)", "*", "[a", "\\k", "(a{999}){999}"] {
            assert_eq!(sample(pattern, 0), None, "{pattern}");
        }
    }
}
