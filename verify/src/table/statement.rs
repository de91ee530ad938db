//! A statement about the columns of a table: `error <= C m^-0.5`.

use super::Formula;
use crate::error::{Error, Result};

/// How the two sides of a statement compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `<=`, `≤` or `≲`.
    AtMost,
    /// `>=`, `≥` or `≳`.
    AtLeast,
    /// `~` or `≍`: the same growth; or `=`.
    Equal,
}

/// A statement about the columns of a table.
#[derive(Debug, Clone)]
pub struct Statement {
    /// What it is called in results.
    pub name: String,
    /// As it was written.
    pub text: String,
    /// The left side.
    pub lhs: Formula,
    /// How the sides compare.
    pub relation: Relation,
    /// Whether equality violates the statement; with a constant that makes no difference.
    pub strict: bool,
    /// The right side, without its constant.
    pub rhs: Formula,
    /// Whether some constant before the right side is meant, the same on all rows, and not the right side as
    /// it stands.
    pub up_to_a_constant: bool,
}

/// The name of the constant.
pub(super) const CONSTANT: &str = "C";

/// The signs between the two sides. Those that mean "up to a constant" are marked.
const SIGNS: [(&str, Relation, bool); 12] = [
    ("<=", Relation::AtMost, false),
    (">=", Relation::AtLeast, false),
    ("<", Relation::AtMost, false),
    (">", Relation::AtLeast, false),
    ("≤", Relation::AtMost, false),
    ("≥", Relation::AtLeast, false),
    ("≲", Relation::AtMost, true),
    ("≳", Relation::AtLeast, true),
    ("≍", Relation::Equal, true),
    ("~", Relation::Equal, true),
    ("==", Relation::Equal, false),
    ("=", Relation::Equal, false),
];

impl Statement {
    /// Reads a statement: two formulas with `<=`, `>=` or `=` between them, where `C` in the right side
    /// stands for a constant that nobody knows; or with `≲`, `≳` or `~`, which mean such a constant too.
    ///
    /// # Errors
    /// What is wrong with it, in one sentence.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let text = &text.split_whitespace().collect::<Vec<_>>().join(" ");
        let refuse = |why: String| Error::Input(format!("the claim '{text}' is not understood: {why}"));
        let found = SIGNS
            .iter()
            .filter_map(|&(sign, relation, loose)| text.find(sign).map(|at| (at, sign, relation, loose)));
        let Some((at, sign, relation, loose)) =
            found.min_by_key(|&(at, sign, ..)| (at, usize::MAX - sign.len()))
        else {
            let why = "there is no <=, >=, =, ~ (or ≲, ≳) between two sides, as in error <= C m^-0.5";
            return Err(refuse(why.into()));
        };
        let (left, right) = (&text[..at], &text[at + sign.len()..]);
        let lhs = Formula::parse(left).map_err(&refuse)?;
        let rhs = Formula::parse(right).map_err(&refuse)?;
        let named = |formula: &Formula| formula.names().iter().any(|name| name == CONSTANT);
        if named(&lhs) {
            return Err(refuse("the constant C belongs on the right side".into()));
        }
        if named(&rhs) && !is_factor(&rhs) {
            return Err(refuse(
                "C must be a factor of the whole right side, as in C (m^-0.5 + n^-0.5)".into(),
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            text: text.clone(),
            lhs,
            relation,
            strict: sign == "<" || sign == ">",
            up_to_a_constant: loose || named(&rhs),
            rhs,
        })
    }

    /// The left side on a row.
    pub fn left(&self, of: impl Fn(&str) -> f64) -> f64 {
        self.lhs.value(of)
    }

    /// The right side on a row, for C = 1.
    pub fn right(&self, of: impl Fn(&str) -> f64) -> f64 {
        self.rhs.value(|name| if name == CONSTANT { 1.0 } else { of(name) })
    }

    /// Whether the right side names the constant, and not only the sign between the sides implies one.
    pub fn names_the_constant(&self) -> bool {
        self.rhs.names().iter().any(|name| name == CONSTANT)
    }

    /// Whether the statement holds for these two numbers, as a hypothesis does.
    pub fn is_met(&self, left: f64, right: f64) -> bool {
        match self.relation {
            Relation::AtMost => left < right || !self.strict && left == right,
            Relation::AtLeast => left > right || !self.strict && left == right,
            Relation::Equal => left == right,
        }
    }

    /// The columns that the right side names.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.rhs.names().iter().map(String::as_str).filter(|name| *name != CONSTANT)
    }
}

/// Whether the value is proportional to C, at those of some points where it is finite.
fn is_factor(rhs: &Formula) -> bool {
    let mut checked = [1.3, 2.7, 31.0, 1.1e3, 1.7e6].iter().filter_map(|&x| {
        let at = |c: f64| {
            let place = |name: &str| rhs.names().iter().position(|other| other == name).unwrap_or(0) as f64;
            rhs.value(|name| if name == CONSTANT { c } else { x + 0.1 * place(name) })
        };
        let (one, two, five) = (at(1.0), at(2.0), at(5.0));
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
        one.is_finite().then(|| close(two, 2.0 * one) && close(five, 5.0 * one))
    });
    checked.next().is_some_and(|first| first && checked.all(|other| other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read() {
        for (text, relation, loose) in [
            ("error <= C m^-0.5", Relation::AtMost, true),
            ("error ≲ m^-0.5", Relation::AtMost, true),
            ("error <= 2 m^-0.5", Relation::AtMost, false),
            ("loss >= C sqrt(d/n)", Relation::AtLeast, true),
            ("steps ~ m", Relation::Equal, true),
            ("a == b", Relation::Equal, false),
            ("a = b", Relation::Equal, false),
            ("x <= C (1/m + sqrt(d/n))", Relation::AtMost, true),
        ] {
            let read = Statement::parse("x", text).unwrap();
            assert_eq!((read.relation, read.up_to_a_constant), (relation, loose), "{text}");
        }
        for (text, strict) in [("a < b", true), ("a > b", true), ("a <= b", false), ("a ≥ b", false)] {
            let read = Statement::parse("x", text).unwrap();
            assert_eq!((read.strict, read.is_met(1.0, 1.0)), (strict, !strict), "{text}");
        }
        let read = Statement::parse("x", "error <= C m^-0.5 d").unwrap();
        assert_eq!(read.variables().collect::<Vec<_>>(), ["d", "m"]);
        assert_eq!(read.right(|name| if name == "m" { 4.0 } else { 3.0 }), 1.5);
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        for (text, words) in [
            ("error", "there is no <="),
            ("error <= ", "empty"),
            ("C error <= m", "belongs on the right side"),
            ("error <= C + m", "factor of the whole right side"),
            ("error <= C^2 m", "factor of the whole right side"),
            ("error <= C m ?", "holds '?'"),
        ] {
            let why = Statement::parse("x", text).unwrap_err().to_string();
            assert!(why.contains(words), "{text}: {why}");
        }
    }
}
