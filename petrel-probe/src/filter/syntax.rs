//! From words to a tree.

use super::{
    DEPTH_MAX, Field, FilterError,
    field::{ANYWHERE, FIELDS, Fact},
    lex::{Token, Word, split},
    literal::{Literal, Needle},
};
use std::{fmt, iter::Peekable, vec};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// At least two, of which one must hold.
    Any(Vec<Self>),
    /// At least two, which must all hold.
    All(Vec<Self>),
    /// What must not hold.
    Not(Box<Self>),
    Condition(Condition),
}

/// A comparison.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    pub(super) field: &'static Field,
    pub(super) operator: Operator,
    /// One, except in a set; none where the operator needs none.
    pub(super) values: Vec<Literal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
    Contains,
    In,
    /// The field stands alone.
    Exists,
}

impl Operator {
    const SIGNS: [(&'static str, Self); 8] = [
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Less),
        ("<=", Self::AtMost),
        (">", Self::More),
        (">=", Self::AtLeast),
        ("contains", Self::Contains),
        ("in", Self::In),
    ];

    fn of(sign: &str) -> Option<Self> {
        let known = Self::SIGNS.iter().find(|(known, _)| *known == sign);
        known.map(|(_, operator)| *operator)
    }

    fn sign(self) -> &'static str {
        let known = Self::SIGNS.iter().find(|(_, known)| *known == self);
        known.map_or("", |(sign, _)| sign)
    }
}

pub(super) fn parse(text: &str) -> Result<Node, FilterError> {
    let mut parser = Parser {
        tokens: split(text)?.into_iter().peekable(),
        end: text.chars().count() + 1,
        depth: 0,
    };
    let node = parser.any()?;
    let token = parser.next();
    match token.word {
        Word::End => Ok(node),
        Word::Sign(")") => Err(FilterError::new(
            token.column,
            "this parenthesis closes nothing",
        )),
        _ => Err(FilterError::new(
            token.column,
            "the expression is over here; write && or || before what follows",
        )),
    }
}

struct Parser<'t> {
    tokens: Peekable<vec::IntoIter<Token<'t>>>,
    end: usize,
    depth: u32,
}

impl<'t> Parser<'t> {
    fn next(&mut self) -> Token<'t> {
        self.tokens.next().unwrap_or(Token {
            column: self.end,
            word: Word::End,
        })
    }

    fn take(&mut self, sign: &'static str) -> bool {
        let is_sign = |token: &Token<'_>| token.word == Word::Sign(sign);
        self.tokens.next_if(is_sign).is_some()
    }

    fn any(&mut self) -> Result<Node, FilterError> {
        let mut nodes = Vec::new();
        loop {
            match self.all()? {
                Node::Any(inner) => nodes.extend(inner),
                node => nodes.push(node),
            }
            if !self.take("||") {
                return Ok(alone(nodes, Node::Any));
            }
        }
    }

    fn all(&mut self) -> Result<Node, FilterError> {
        let mut nodes = Vec::new();
        loop {
            match self.one()? {
                Node::All(inner) => nodes.extend(inner),
                node => nodes.push(node),
            }
            if !self.take("&&") {
                return Ok(alone(nodes, Node::All));
            }
        }
    }

    fn one(&mut self) -> Result<Node, FilterError> {
        let token = self.next();
        match token.word {
            Word::Sign("!") => {
                self.deeper(token.column)?;
                let node = self.one()?;
                self.depth -= 1;
                Ok(match node {
                    Node::Not(inner) => *inner,
                    node => Node::Not(Box::new(node)),
                })
            }
            Word::Sign("(") => {
                self.deeper(token.column)?;
                let node = self.any()?;
                self.depth -= 1;
                if self.take(")") {
                    return Ok(node);
                }
                let column = self.next().column;
                let message = format!(
                    "the parenthesis of column {} is not closed; write ) here",
                    token.column
                );
                Err(FilterError::new(column, message))
            }
            Word::Plain(name) => self.condition(name, token.column),
            Word::Quoted(bytes) => Ok(Node::Condition(Condition {
                field: ANYWHERE,
                operator: Operator::Contains,
                values: vec![Literal::Bytes(Needle::new(&bytes))],
            })),
            Word::Sign(_) | Word::End => Err(FilterError::new(
                token.column,
                "a condition is missing; write status >= 400, for example",
            )),
        }
    }

    fn deeper(&mut self, column: usize) -> Result<(), FilterError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let message = format!("nested too deeply; {DEPTH_MAX} levels are allowed");
            return Err(FilterError::new(column, message));
        }
        Ok(())
    }

    fn condition(&mut self, name: &str, column: usize) -> Result<Node, FilterError> {
        let field = Field::named(name).ok_or_else(|| unknown_field(name, column))?;
        let sign = self.tokens.next_if(|token| {
            matches!(token.word, Word::Sign(sign) if sign == "=" || Operator::of(sign).is_some())
        });
        let kind = field.fact.kind();
        let Some(Token {
            column,
            word: Word::Sign(sign),
        }) = sign
        else {
            if field.fact.stands_alone() {
                return Ok(Node::Condition(Condition {
                    field,
                    operator: Operator::Exists,
                    values: Vec::new(),
                }));
            }
            let column = self.next().column;
            let example = kind.help().1;
            let message = format!(
                "{name} is compared with nothing; write an operator ({}) and {example}",
                kind.operators().join(" ")
            );
            return Err(FilterError::new(column, message));
        };
        let operator = Operator::of(sign).filter(|_| kind.operators().contains(&sign));
        let operator = operator.ok_or_else(|| {
            let operators = kind.operators().join(" ");
            let message = format!("{name} is compared with {operators}, not with `{sign}`");
            let mut error = FilterError::new(column, message);
            error.suggestion = (sign == "=").then(|| "==".to_owned());
            error
        })?;
        let values = if operator == Operator::In {
            self.set(field)?
        } else {
            vec![self.value(field, false)?]
        };
        Ok(Node::Condition(Condition {
            field,
            operator,
            values,
        }))
    }

    fn set(&mut self, field: &'static Field) -> Result<Vec<Literal>, FilterError> {
        let example = field.fact.kind().help().1;
        if !self.take("{") {
            let column = self.next().column;
            let message = format!("a set is missing; write values in braces: {{{example}}}");
            return Err(FilterError::new(column, message));
        }
        let mut values = Vec::new();
        loop {
            values.push(self.value(field, true)?);
            if self.take("}") {
                return Ok(values);
            }
            if !self.take(",") {
                let column = self.next().column;
                let message = "the set is not closed; write , and another value, or }";
                return Err(FilterError::new(column, message));
            }
        }
    }

    fn value(&mut self, field: &'static Field, in_set: bool) -> Result<Literal, FilterError> {
        let Token { column, word } = self.next();
        let kind = field.fact.kind();
        let (what, example) = kind.help();
        let name = field.name;
        let message = match word {
            Word::Plain(text) => {
                let range = || in_set.then(|| kind.read_range(text)).flatten();
                match kind.read(text).or_else(range) {
                    Some(literal) => return Ok(literal),
                    None => {
                        let message = format!(
                            "{name} is compared with {what}, and `{text}` is none; write {example}"
                        );
                        let words = kind.words().iter().copied();
                        return Err(FilterError::new(column, message).suggest(text, words));
                    }
                }
            }
            Word::Quoted(bytes) => match std::str::from_utf8(&bytes) {
                _ if matches!(field.fact.kind(), super::literal::Kind::Bytes) => {
                    return Ok(Literal::Bytes(Needle::new(&bytes)));
                }
                Ok(text) if !kind.words().is_empty() => match kind.read(text) {
                    Some(literal) => return Ok(literal),
                    None => format!(
                        "{name} is compared with {what}, not with this string; write {example}"
                    ),
                },
                _ => format!("{name} is compared with {what}, not with a string; write {example}"),
            },
            Word::Sign(_) | Word::End => format!("a value is missing; write {example}"),
        };
        Err(FilterError::new(column, message))
    }
}

fn alone(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(node) if nodes.is_empty() => node,
        Some(node) => {
            nodes.push(node);
            many(nodes)
        }
        None => many(nodes),
    }
}

fn unknown_field(name: &str, column: usize) -> FilterError {
    let names = FIELDS.iter().map(|field| field.name);
    let message = format!("there is no field `{name}`");
    let mut error = FilterError::new(column, message).suggest(name, names);
    if error.suggestion.is_none() {
        error.message.push_str(
            "; fields are name, status, rtt, mac, payload, …; text to look for stands in quotes",
        );
    }
    error
}

impl Node {
    pub(super) fn needs_payload(&self) -> bool {
        match self {
            Self::Any(nodes) | Self::All(nodes) => nodes.iter().any(Self::needs_payload),
            Self::Not(node) => node.needs_payload(),
            Self::Condition(condition) => condition.field.fact.needs_payload(),
        }
    }

    fn list(nodes: &[Self], sign: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, node) in nodes.iter().enumerate() {
            if index > 0 {
                write!(f, " {sign} ")?;
            }
            match node {
                Self::Any(_) => write!(f, "({node})")?,
                _ => write!(f, "{node}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(nodes) => Self::list(nodes, "||", f),
            Self::All(nodes) => Self::list(nodes, "&&", f),
            Self::Not(node) => write!(f, "!({node})"),
            Self::Condition(condition) => condition.fmt(f),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, sign) = (self.field.name, self.operator.sign());
        match (self.field.fact, self.operator, self.values.as_slice()) {
            (_, Operator::Exists, _) => f.write_str(name),
            (Fact::Anywhere, _, [value]) => value.fmt(f),
            (_, Operator::In, values) => {
                write!(f, "{name} in {{")?;
                for (index, value) in values.iter().enumerate() {
                    let between = if index == 0 { "" } else { ", " };
                    write!(f, "{between}{value}")?;
                }
                f.write_str("}")
            }
            (_, _, values) => {
                write!(f, "{name} {sign}")?;
                values.iter().try_for_each(|value| write!(f, " {value}"))
            }
        }
    }
}
