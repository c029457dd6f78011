//! Rust source as a flat list of tokens, each with its line. The list sees inside macros, where a
//! syntax tree sees nothing; comments are gone, and so is what a string says.
//! Not in here: any rule.

use proc_macro2::{Delimiter, LineColumn, Spacing, TokenStream, TokenTree};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// Counted from 1.
    pub(crate) line: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier or a keyword, without `r#`.
    Word(String),
    /// A number; a character, a string and a comment of documentation are `Text`.
    Number(String),
    Text,
    /// `::`
    PathSeparator,
    Punctuation(char),
    Open(Delimiter),
    Close(Delimiter),
}

/// A path as it is written or imported: `use a::{b, c::d}` gives `a::b` and `a::c::d`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathUse {
    pub(crate) segments: Vec<String>,
    /// Of its last segment.
    pub(crate) line: usize,
}

/// A function with a body, wherever it stands: also in a macro's call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Of the word `fn`.
    pub(crate) line: usize,
    /// From the word `fn` to the closing brace, both counted.
    pub(crate) lines: usize,
}

/// # Errors
/// The line at which the text stops being Rust.
pub(crate) fn read(text: &str) -> Result<Vec<Token>, usize> {
    let stream: TokenStream =
        text.parse().map_err(|error: proc_macro2::LexError| error.span().start().line)?;
    let mut tokens = Vec::new();
    flatten(stream, &mut tokens);
    Ok(tokens)
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        let kind = match tree {
            TokenTree::Group(group) => {
                let delimiter = group.delimiter();
                tokens.push(Token {
                    kind: Kind::Open(delimiter),
                    line: group.span_open().start().line,
                });
                flatten(group.stream(), tokens);
                tokens.push(Token {
                    kind: Kind::Close(delimiter),
                    line: group.span_close().end().line,
                });
                continue;
            }
            TokenTree::Ident(word) => {
                Kind::Word(word.to_string().trim_start_matches("r#").to_owned())
            }
            TokenTree::Literal(literal) => {
                let written = literal.to_string();
                if written.starts_with(|first: char| first.is_ascii_digit()) {
                    Kind::Number(written)
                } else {
                    Kind::Text
                }
            }
            TokenTree::Punct(mark) => {
                let joined = mark.as_char() == ':' && mark.spacing() == Spacing::Joint;
                let is_colon = |next: &TokenTree| matches!(next, TokenTree::Punct(next) if next.as_char() == ':');
                if joined && trees.next_if(is_colon).is_some() {
                    Kind::PathSeparator
                } else {
                    Kind::Punctuation(mark.as_char())
                }
            }
        };
        tokens.push(Token { kind, line });
    }
}

/// Without the items under `#[cfg(test)]`, which are in no build that ships.
pub(crate) fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut rest = tokens;
    while let Some((token, after)) = rest.split_first() {
        if let Some(item) = after_test_attribute(rest) {
            rest = after_item(item);
        } else {
            kept.push(token.clone());
            rest = after;
        }
    }
    kept
}

fn after_test_attribute(tokens: &[Token]) -> Option<&[Token]> {
    let attribute = [
        Kind::Punctuation('#'),
        Kind::Open(Delimiter::Bracket),
        Kind::Word("cfg".to_owned()),
        Kind::Open(Delimiter::Parenthesis),
        Kind::Word("test".to_owned()),
        Kind::Close(Delimiter::Parenthesis),
        Kind::Close(Delimiter::Bracket),
    ];
    let (head, after) = tokens.split_at_checked(attribute.len())?;
    head.iter().map(|token| &token.kind).eq(attribute.iter()).then_some(after)
}

/// What follows an item: it ends with its first braces or, where it has none, with a semicolon.
fn after_item(tokens: &[Token]) -> &[Token] {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        let after = tokens.get(index.saturating_add(1)..).unwrap_or_default();
        match &token.kind {
            Kind::Open(_) => depth = depth.saturating_add(1),
            Kind::Close(_) if depth == 0 => return tokens.get(index..).unwrap_or_default(),
            Kind::Close(delimiter) => {
                depth = depth.saturating_sub(1);
                if depth == 0 && *delimiter == Delimiter::Brace {
                    return after;
                }
            }
            Kind::Punctuation(';') if depth == 0 => return after,
            Kind::Word(_)
            | Kind::Number(_)
            | Kind::Text
            | Kind::PathSeparator
            | Kind::Punctuation(_) => {}
        }
    }
    &[]
}

/// Every path, and every word that stands alone as a path of one segment.
pub(crate) fn paths(tokens: &[Token]) -> Vec<PathUse> {
    let mut found = Vec::new();
    let mut prefixes: Vec<Vec<String>> = Vec::new(); // one for each open delimiter
    let mut current = PathUse { segments: Vec::new(), line: 0 };
    let mut after_separator = false;
    let mut after_as = false;
    for token in tokens {
        let prefix = prefixes.last().map(Vec::as_slice).unwrap_or_default();
        let is_as = token.kind == Kind::Word("as".to_owned());
        match &token.kind {
            // The new name of an import is no path: `{b as c}`.
            Kind::Word(_) if !prefix.is_empty() && (is_as || after_as) => {}
            Kind::Word(word) => {
                if !after_separator {
                    finish(&mut current, &mut found);
                    current.segments = prefix.to_vec();
                }
                current.segments.push(word.clone());
                current.line = token.line;
            }
            Kind::PathSeparator => {}
            Kind::Open(Delimiter::Brace) if after_separator => {
                prefixes.push(std::mem::take(&mut current.segments));
            }
            Kind::Open(_) => {
                finish(&mut current, &mut found);
                prefixes.push(Vec::new());
            }
            Kind::Close(_) => {
                finish(&mut current, &mut found);
                prefixes.pop();
            }
            Kind::Number(_) | Kind::Text | Kind::Punctuation(_) => finish(&mut current, &mut found),
        }
        after_separator = token.kind == Kind::PathSeparator;
        after_as = is_as;
    }
    finish(&mut current, &mut found);
    found
}

fn finish(current: &mut PathUse, found: &mut Vec<PathUse>) {
    let segments = std::mem::take(&mut current.segments);
    if !segments.is_empty() {
        found.push(PathUse { segments, line: current.line });
    }
}

pub(crate) fn functions(tokens: &[Token]) -> Vec<Function> {
    let mut found = Vec::new();
    let mut rest = tokens;
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        let (Kind::Word(keyword), Some(Token { kind: Kind::Word(name), .. })) =
            (&token.kind, after.first())
        else {
            continue;
        };
        if keyword == "fn"
            && let Some(end) = body_end(after)
        {
            let lines = end.saturating_sub(token.line).saturating_add(1);
            found.push(Function { name: name.clone(), line: token.line, lines });
        }
    }
    found
}

/// The line of the brace that closes the first braces; none where a semicolon or the end of what
/// stands around comes first.
fn body_end(tokens: &[Token]) -> Option<usize> {
    let after = after_item(tokens);
    let item = tokens.get(..tokens.len().saturating_sub(after.len()))?;
    let last = item.last()?;
    (last.kind == Kind::Close(Delimiter::Brace)).then_some(last.line)
}

/// The text with the inside of its strings blanked out; comments and lines stay where they are.
/// A text that is no Rust comes back as it is.
pub(crate) fn without_strings(text: &str) -> String {
    let Ok(stream) = text.parse::<TokenStream>() else {
        return text.to_owned();
    };
    let mut strings = Vec::new();
    collect_strings(stream, &mut strings);
    let mut blanked = String::with_capacity(text.len());
    for (line, line_text) in (1..).zip(text.lines()) {
        for (column, character) in line_text.chars().enumerate() {
            let here = LineColumn { line, column };
            // They come in order, so the last one that starts before here is the only candidate.
            let started = strings.partition_point(|(start, _)| *start <= here);
            let candidate = started.checked_sub(1).and_then(|index| strings.get(index));
            let inside = candidate.is_some_and(|(_, end)| here < *end);
            blanked.push(if inside { ' ' } else { character });
        }
        blanked.push('\n');
    }
    blanked
}

fn collect_strings(stream: TokenStream, strings: &mut Vec<(LineColumn, LineColumn)>) {
    for tree in stream {
        match tree {
            TokenTree::Group(group) => collect_strings(group.stream(), strings),
            TokenTree::Literal(literal) => {
                let span = literal.span();
                // A comment of documentation is a literal too, whose place is that of the comment.
                let is_comment = span.source_text().is_some_and(|source| source.starts_with('/'));
                if !is_comment {
                    strings.push((span.start(), span.end()));
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_paths(text: &str, expected: &[&str]) {
        let found: Vec<String> = paths(&read(text).unwrap())
            .into_iter()
            .map(|path| path.segments.join("::"))
            .filter(|path| path.contains("::"))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn paths_are_read_where_they_are_written_and_imported() {
        check_paths("fn f() { std::fs::read(a) }", &["std::fs::read"]);
        check_paths(
            "use std::{fs, net::{TcpStream, IpAddr as Ip}};",
            &["std::fs", "std::net::TcpStream", "std::net::IpAddr"],
        );
        check_paths("use std::fs::{self, File};", &["std::fs::self", "std::fs::File"]);
        check_paths("fn f() { macro_call! { std::fs::read(a) } }", &["std::fs::read"]);
        check_paths("fn f(a: Vec::<u8>) -> <T as a::B>::C { ::d::e() }", &["a::B", "d::e"]);
        check_paths("#[tokio::main] fn f() {}", &["tokio::main"]);
        check_paths("// std::fs\n/// std::fs\nfn f() { \"std::fs\"; a.std.fs; a ? b : c }", &[]);
    }

    fn check_functions(text: &str, expected: &[(&str, usize, usize)]) {
        let found: Vec<(String, usize, usize)> = functions(&read(text).unwrap())
            .into_iter()
            .map(|function| (function.name, function.line, function.lines))
            .collect();
        let expected: Vec<(String, usize, usize)> = expected
            .iter()
            .map(|(name, line, lines)| ((*name).to_owned(), *line, *lines))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn functions_are_measured_from_fn_to_the_closing_brace() {
        check_functions("fn a() {}", &[("a", 1, 1)]);
        check_functions("/// Says.\npub fn a(\n  b: [u8; 4],\n)\n{\n}\n", &[("a", 2, 5)]);
        check_functions("fn a() {\n  fn b() {\n  }\n}", &[("a", 1, 4), ("b", 2, 2)]);
        check_functions("trait T { fn a(); fn b() {\n} }", &[("b", 1, 2)]);
        check_functions("proptest! {\n fn a(b in 1..2) {\n } }", &[("a", 2, 2)]);
        check_functions("type A = fn(u8); struct B { c: fn(u8) -> u8 }", &[]);
    }

    #[test]
    fn items_of_tests_are_left_out() {
        let tokens = read(
            "fn a() {} #[cfg(test)] #[allow(x)] mod tests { fn b() { ; } }
             #[cfg(test)] use c; #[cfg(test)] fn d(e: [u8; 1]) {} fn f() {}
             mod g { #[cfg(test)] mod h; } fn i() {}",
        );
        let kept = without_tests(&tokens.unwrap());
        let words: Vec<String> = paths(&kept).into_iter().flat_map(|path| path.segments).collect();
        assert_eq!(words, ["fn", "a", "fn", "f", "mod", "g", "fn", "i"]);
    }

    #[test]
    fn strings_are_blanked_and_comments_stay() {
        let text = "//! Héllo \"a\"\nfn f() { g(\"é one\ntwo\", r#\"b\"#, 'c') } // \"d\"\n/// \"e\"\nfn h() {}\n";
        let blanked = without_strings(text);
        let expected = "//! Héllo \"a\"\nfn f() { g(      \n    ,       ,    ) } // \"d\"\n/// \"e\"\nfn h() {}\n";
        assert_eq!(blanked, expected);
    }

    #[test]
    fn a_text_that_is_no_rust_says_where() {
        assert_eq!(read("fn a() {}\nfn b( {}\n").unwrap_err(), 2);
    }
}
