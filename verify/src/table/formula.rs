//! Formulas over the columns of a table, as people write them: `2 sqrt(d/n) + m^-0.5`.

use exmex::{Express, FlatEx};

/// The functions that a formula may call.
const FUNCTIONS: [&str; 8] = ["sqrt", "exp", "ln", "log", "log2", "log10", "abs", "tanh"];

/// A formula, and the names that occur in it.
#[derive(Debug, Clone)]
pub struct Formula {
    text: String,
    parsed: FlatEx<f64>,
    /// In the order in which values are given.
    names: Vec<String>,
}

/// A part of a formula.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(String),
    Name(String),
    Function(String),
    Sign(char),
}

impl Formula {
    /// Reads a formula: numbers, names of columns (in braces where they hold anything but letters, digits
    /// and underscores), `+ − * / ^`, parentheses and functions. Factors may stand side by side.
    ///
    /// # Errors
    /// What is wrong with it, in one sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let tokens = tokens(text)?;
        if tokens.is_empty() {
            return Err(format!("'{text}' is empty where a formula is needed"));
        }
        let mut source = String::new();
        let mut before: Option<&Token> = None;
        for token in &tokens {
            let ends = matches!(before, Some(Token::Number(_) | Token::Name(_) | Token::Sign(')')));
            match token {
                Token::Number(number) if ends => {
                    return Err(format!(
                        "'{text}' has the number {number} behind another factor: write it first, or with * or ^"
                    ));
                }
                // Two factors side by side.
                Token::Name(_) | Token::Function(_) | Token::Sign('(') if ends => {
                    source.push('*');
                }
                // A sign before a power belongs to the whole of it: −x² is −(x²), and the parser that
                // follows takes it for (−x)².
                Token::Sign('-') if !ends && before != Some(&Token::Sign('^')) => {
                    source.push_str("(0-1)*");
                    before = Some(token);
                    continue;
                }
                Token::Sign('+') if !ends => continue,
                _ => {}
            }
            match token {
                // Without an exponent, which the parser that follows does not know.
                Token::Number(number) => match number.parse::<f64>() {
                    Ok(value) if value.is_finite() => source.push_str(&value.to_string()),
                    _ => return Err(format!("'{text}' holds {number}, which is no finite number")),
                },
                Token::Name(name) => source.push_str(&format!("{{{name}}}")),
                Token::Function(name) => source.push_str(name),
                Token::Sign(sign) => source.push(*sign),
            }
            before = Some(token);
        }
        let parsed = exmex::parse::<f64>(&source)
            .map_err(|e| format!("'{text}' is not a formula: {}", e.to_string().replace('\n', ", ")))?;
        let names = parsed.var_names().iter().map(|name| name.trim_matches(['{', '}']).to_owned()).collect();
        Ok(Self { text: text.trim().to_owned(), parsed, names })
    }

    /// The formula as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names that occur in it.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Its value; NaN where a name has none.
    pub fn value(&self, of: impl Fn(&str) -> f64) -> f64 {
        let values: Vec<f64> = self.names.iter().map(|name| of(name)).collect();
        self.parsed.eval(&values).unwrap_or(f64::NAN)
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = |accept: &dyn Fn(char) -> bool| rest.find(|c| !accept(c)).unwrap_or(rest.len());
        let taken = match first {
            '{' => {
                let end = rest.find('}').ok_or_else(|| format!("'{text}' lacks a closing brace"))?;
                tokens.push(Token::Name(rest[1..end].to_owned()));
                end + 1
            }
            '0'..='9' | '.' => {
                let length = number(rest);
                tokens.push(Token::Number(rest[..length].to_owned()));
                length
            }
            c if c.is_alphabetic() || c == '_' => {
                let length = length(&|c| c.is_alphanumeric() || c == '_');
                let (name, after) = rest.split_at(length);
                let called = after.trim_start().starts_with('(');
                tokens.push(if called && FUNCTIONS.contains(&name) {
                    Token::Function(name.to_owned())
                } else {
                    Token::Name(name.to_owned())
                });
                length
            }
            // As Python writes powers.
            '*' if rest.starts_with("**") => {
                tokens.push(Token::Sign('^'));
                2
            }
            '+' | '-' | '*' | '/' | '^' | '(' | ')' => {
                tokens.push(Token::Sign(first));
                1
            }
            '·' | '×' | '⋅' => {
                tokens.push(Token::Sign('*'));
                first.len_utf8()
            }
            '−' => {
                tokens.push(Token::Sign('-'));
                first.len_utf8()
            }
            other => {
                return Err(format!(
                    "'{text}' holds '{}': a formula has numbers, names of columns, + - * / ^ ( ) and {}",
                    other.escape_debug(),
                    FUNCTIONS.join(", ")
                ));
            }
        };
        rest = rest[taken..].trim_start();
    }
    Ok(tokens)
}

/// The length of the number at the beginning of `text`, with its exponent if it has one.
fn number(text: &str) -> usize {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut length = digits(text);
    if text[length..].starts_with('.') {
        length += 1 + digits(&text[length + 1..]);
    }
    if let Some(exponent) = text[length..].strip_prefix(['e', 'E']) {
        let signed = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let count = digits(signed);
        if count > 0 {
            length += 1 + (exponent.len() - signed.len()) + count;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> f64 {
        Formula::parse(text).unwrap().value(|name| match name {
            "m" => 4.0,
            "d" => 3.0,
            "learning rate" => 0.5,
            "ε" => 0.25,
            _ => f64::NAN,
        })
    }

    #[test]
    fn formulas_mean_what_they_say() {
        for (text, expected) in [
            ("m^-0.5", 0.5),
            ("2 m^-0.5 d", 3.0),
            ("2m^2", 32.0),
            ("2*m**2", 32.0),
            ("m^-0.5 d^2 sqrt(m)", 9.0),
            ("-m^2", -16.0),
            ("1 - m^2", -15.0),
            ("d (m + 1)", 15.0),
            ("sqrt(d m + m)/2", 2.0),
            ("{learning rate} m", 2.0),
            ("ε + 1e-1", 0.35),
            ("1.5E+1·d", 45.0),
            ("2.5e-300 · 1e300", 2.5),
            ("log(exp(2)) ln(exp(3))", 6.0),
            ("m/d/2", 4.0 / 6.0),
            ("+m - -d", 7.0),
        ] {
            assert!((value(text) - expected).abs() < 1e-14, "{text}: {}", value(text));
        }
    }

    #[test]
    fn what_is_no_formula_is_refused_in_a_sentence() {
        for text in ["", "m +", "(m", "m)", "m ? 2", "{m", "sqrt", "2..3", "m 2", "1e999"] {
            let parsed = Formula::parse(text);
            let fine = parsed.as_ref().is_ok_and(|f| f.names() == ["sqrt"]);
            assert!(fine || parsed.is_err_and(|why| why.contains('\'') && !why.contains('\n')), "{text}");
        }
    }
}
