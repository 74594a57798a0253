//! A migration's text as statements that know their lines.

use super::Unreadable;
use super::names::Database;
use sqlparser::ast::{Ident, ObjectName, Statement};
use sqlparser::dialect::{Dialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace};

/// A statement and the line that it begins on.
#[derive(Clone, Debug)]
pub struct Stated {
    /// From 1.
    pub line: usize,
    /// The statement.
    pub sql: Statement,
    /// It is an index that is made or dropped `CONCURRENTLY`.
    pub concurrently: bool,
}

/// Reads a file.
///
/// # Errors
/// Names the line that cannot be read.
pub fn parse(database: Database, file: &str, text: &str) -> Result<Vec<Stated>, Unreadable> {
    let dialect: &dyn Dialect = match database {
        Database::Postgres => &PostgreSqlDialect {},
        Database::Sqlite => &SQLiteDialect {},
    };
    let unreadable = |near: usize, why: &dyn std::fmt::Display| {
        let why = why.to_string();
        Unreadable { file: file.to_owned(), line: line_of(&why).unwrap_or(near), why }
    };
    let tokens = Tokenizer::new(dialect, text)
        .tokenize_with_location()
        .map_err(|error| unreadable(1, &ParserError::from(error)))?;
    let (tokens, dropped) = without_concurrently(tokens);
    let mut parser = Parser::new(dialect).with_tokens_with_locations(tokens);
    let mut statements = Vec::new();
    loop {
        while parser.consume_token(&Token::SemiColon) {}
        let first = parser.peek_token();
        if first.token == Token::EOF {
            return Ok(statements);
        }
        let line = usize::try_from(first.span.start.line).unwrap_or(1);
        let sql = parser.parse_statement().map_err(|error| unreadable(line, &error))?;
        let next = parser.peek_token();
        if !matches!(next.token, Token::SemiColon | Token::EOF) {
            let line = usize::try_from(next.span.start.line).unwrap_or(line);
            return Err(unreadable(line, &format!("expected ; or the end, found {next}")));
        }
        let made = matches!(&sql, Statement::CreateIndex(index) if index.concurrently);
        statements.push(Stated { line, sql, concurrently: made || dropped.contains(&first.span.start) });
    }
}

/// The parser knows CONCURRENTLY of indexes that are made, and not of those that are dropped: it is taken out there, and
/// the places of those statements are told.
fn without_concurrently(mut tokens: Vec<TokenWithSpan>) -> (Vec<TokenWithSpan>, Vec<Location>) {
    let solid = |token: &TokenWithSpan| !matches!(token.token, Token::Whitespace(_));
    let places: Vec<usize> = (0..tokens.len()).filter(|at| solid(&tokens[*at])).collect();
    let mut dropped = Vec::new();
    for three in places.windows(3) {
        let keyword = |at: usize| match &tokens[three[at]].token {
            Token::Word(word) if word.quote_style.is_none() => word.keyword,
            _ => Keyword::NoKeyword,
        };
        if (keyword(0), keyword(1), keyword(2)) == (Keyword::DROP, Keyword::INDEX, Keyword::CONCURRENTLY) {
            dropped.push(tokens[three[0]].span.start);
            tokens[three[2]].token = Token::Whitespace(Whitespace::Space);
        }
    }
    (tokens, dropped)
}

/// The line that the parser's message ends with: `… at Line: 3, Column: 7`.
fn line_of(message: &str) -> Option<usize> {
    let (_, place) = message.rsplit_once("at Line: ")?;
    place.split(',').next()?.trim().parse().ok()
}

/// A name as the databases compare it: the last part, in lower case.
pub fn plain(name: &ObjectName) -> String {
    name.0.last().and_then(|part| part.as_ident()).map(ident).unwrap_or_default()
}

/// An identifier in lower case.
pub fn ident(name: &Ident) -> String {
    name.value.to_lowercase()
}

/// The line of an identifier; that of its statement where the parser keeps none.
pub fn line_or(name: &Ident, statement: usize) -> usize {
    usize::try_from(name.span.start.line).ok().filter(|line| *line > 0).unwrap_or(statement)
}

/// The words of some SQL, in lower case, each with whether a parenthesis follows. What stands in quotes is no word.
pub fn words(sql: &str) -> Vec<(String, bool)> {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize().unwrap_or_default();
    let tokens: Vec<_> = tokens.into_iter().filter(|token| !matches!(token, Token::Whitespace(_))).collect();
    let called = |at: usize| tokens.get(at + 1) == Some(&Token::LParen);
    let word = |(at, token): (usize, &Token)| match token {
        Token::Word(word) => Some((word.value.to_lowercase(), called(at))),
        _ => None,
    };
    tokens.iter().enumerate().filter_map(word).collect()
}
