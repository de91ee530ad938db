//! Formulas in LaTeX as plain text with Unicode signs, for terminals and tables.

/// What a command stands for, where it takes no argument.
const SIGNS: [(&str, &str); 65] = [
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ε"),
    ("varepsilon", "ε"),
    ("eta", "η"),
    ("iota", "ι"),
    ("theta", "θ"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("mu", "μ"),
    ("nu", "ν"),
    ("xi", "ξ"),
    ("pi", "π"),
    ("rho", "ρ"),
    ("varrho", "ϱ"),
    ("sigma", "σ"),
    ("varsigma", "ς"),
    ("tau", "τ"),
    ("phi", "φ"),
    ("varphi", "φ"),
    ("psi", "ψ"),
    ("omega", "ω"),
    ("Gamma", "Γ"),
    ("Delta", "Δ"),
    ("Theta", "Θ"),
    ("Lambda", "Λ"),
    ("Xi", "Ξ"),
    ("Pi", "Π"),
    ("Sigma", "Σ"),
    ("Phi", "Φ"),
    ("Psi", "Ψ"),
    ("Omega", "Ω"),
    ("le", "≤"),
    ("ge", "≥"),
    ("ne", "≠"),
    ("lesssim", "≲"),
    ("gtrsim", "≳"),
    ("asymp", "≍"),
    ("equiv", "≡"),
    ("approx", "≈"),
    ("ll", "≪"),
    ("gg", "≫"),
    ("in", "∈"),
    ("subset", "⊂"),
    ("to", "→"),
    ("Longrightarrow", "⟹"),
    ("succeq", "⪰"),
    ("preceq", "⪯"),
    ("nabla", "∇"),
    ("infty", "∞"),
    ("sum", "Σ"),
    ("int", "∫"),
    ("cdot", "·"),
    ("times", "×"),
    ("otimes", "⊗"),
    ("pm", "±"),
    ("langle", "⟨"),
    ("rangle", "⟩"),
    ("top", "ᵀ"),
    ("|", "‖"),
    ("ell", "ℓ"),
    ("{", "{"),
    ("}", "}"),
];

/// Signs with a space on either side.
const RELATIONS: &str = "≤≥≠≲≳≍≡≈≪≫∈⊂→⟹⪰⪯=<>±×";

/// The text of a formula.
///
/// Fractions become quotients, with parentheses where the parts are sums or products of several; indices and
/// exponents stay behind `_` and `^`, in braces where they are longer than a word. A command that is not
/// known stays as it is, so that nothing is lost.
///
/// ```
/// use escapement_verify::text::latex::plain;
/// assert_eq!(plain(r"\|W\|_F^2 \lesssim \frac{d^{k-1}}{\sqrt{m}}"), "‖W‖_F² ≲ d^{k−1}/√m");
/// ```
pub fn plain(latex: &str) -> String {
    let mut reader = Reader { rest: latex };
    let text = reader.group(None);
    // Spaces of LaTeX carry no meaning where there are two of them, nor before a comma.
    let words: Vec<&str> = text.split_whitespace().collect();
    words
        .join(" ")
        .replace(" ,", ",")
        .replace("( ", "(")
        .replace(" )", ")")
        .replace("{ ", "{")
        .replace(" }", "}")
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Everything up to `end`, or to the end of the text.
    fn group(&mut self, end: Option<char>) -> String {
        let mut out = String::new();
        while let Some(c) = self.next() {
            if Some(c) == end {
                break;
            }
            match c {
                '\\' => {
                    let piece = self.command();
                    out.push_str(&piece);
                }
                '{' => {
                    let inside = self.group(Some('}'));
                    out.push_str(&inside);
                }
                '^' | '_' => {
                    let script = self.argument();
                    scripted(&mut out, c, &script);
                }
                '~' => out.push(' '),
                // Between two operands a difference has spaces; a sign has none.
                '-' => out.push_str(if out.ends_with(' ') && self.rest.starts_with(' ') {
                    "− "
                } else {
                    "−"
                }),
                c if RELATIONS.contains(c) => out.push_str(&format!(" {c} ")),
                c => out.push(c),
            }
        }
        out
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// What a command takes: a group in braces, another command, or one sign.
    fn argument(&mut self) -> String {
        self.rest = self.rest.trim_start();
        match self.next() {
            Some('{') => self.group(Some('}')),
            Some('\\') => self.command(),
            Some(c) => c.to_string(),
            None => String::new(),
        }
    }

    /// What follows a backslash.
    fn command(&mut self) -> String {
        let letters =
            self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let length = if letters > 0 { letters } else { self.rest.chars().next().map_or(0, char::len_utf8) };
        let (name, rest) = self.rest.split_at(length);
        self.rest = rest;
        match name {
            "frac" => {
                let (above, below) = (self.argument(), self.argument());
                format!("{}/{}", factor(&above, false), factor(&below, true))
            }
            "sqrt" => {
                let inside = self.argument();
                format!("√{}", factor(&inside, true))
            }
            // Spoken words keep their spaces.
            "text" => format!(" {} ", self.argument()),
            "mathrm" | "mathbb" | "mathcal" | "operatorname" => {
                let inside = self.argument();
                if name == "operatorname" { format!("{inside} ") } else { inside }
            }
            "hat" => self.argument() + "\u{302}",
            "tilde" => self.argument() + "\u{303}",
            "overline" | "bar" => self.argument() + "\u{304}",
            "left" | "right" => String::new(),
            "," | ";" | "!" => String::new(),
            " " | "quad" | "qquad" => " ".to_owned(),
            "max" | "min" | "sup" | "inf" | "log" | "ln" | "exp" => name.to_owned(),
            _ => match SIGNS.iter().find(|(command, _)| *command == name) {
                Some((_, sign)) if RELATIONS.contains(sign) => format!(" {sign} "),
                Some((_, sign)) => (*sign).to_owned(),
                None => format!("\\{name}"),
            },
        }
    }
}

/// An index or an exponent.
fn scripted(out: &mut String, sign: char, script: &str) {
    let script = script.trim();
    match (sign, script) {
        ('^', "2") => out.push('²'),
        ('^', "ᵀ") => out.push('ᵀ'),
        _ if script.chars().count() == 1 || script.chars().all(char::is_alphanumeric) => {
            out.push_str(&format!("{sign}{script}"))
        }
        _ => out.push_str(&format!("{sign}{{{script}}}")),
    }
}

/// A part of a quotient, or what stands under a root: in parentheses where it is more than one factor; below
/// a line even a product is.
fn factor(text: &str, below: bool) -> String {
    let text = text.trim();
    let depth = |upto: usize| {
        text[..upto].chars().fold(0, |d, c| d + i32::from("({[".contains(c)) - i32::from(")}]".contains(c)))
    };
    let outside = |sign: &str| text.match_indices(sign).any(|(at, _)| depth(at) == 0);
    let sum = [" ", "+", "−", "/"].iter().any(|sign| outside(sign));
    let letters = text.chars().filter(|c| c.is_alphabetic() && !"_^".contains(*c)).count();
    let product = below && !text.contains(['_', '^', '(']) && letters > 1 || below && outside("·");
    if sum || product { format!("({text})") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn formulas_read_as_a_person_would_type_them() {
        for (latex, text) in [
            (r"\sup|\sigma'| \le 1, \qquad n_k", "sup|σ'| ≤ 1, n_k"),
            (
                r"\max_{i \le n} \left| f_Q(x_i; W_Q) - f_{\mathrm{sp}}(x_i) \right|",
                "max_{i ≤ n} | f_Q(x_i; W_Q) − f_sp(x_i) |",
            ),
            (r"m^{-1/4} d^{3(k-1)/4}", "m^{−1/4} d^{3(k−1)/4}"),
            (r"\hat{L}^Q(W^*) \lesssim \varepsilon", "L\u{302}^Q(W^*) ≲ ε"),
            (r"\left( \frac{d^{3(k-1)}}{m} \right)^{1/4}", "(d^{3(k−1)}/m)^{1/4}"),
            (r"\sqrt{\frac{B\, d \log(dm)}{n}}", "√((B d log(dm))/n)"),
            (r"\frac{1}{\sqrt{dm}}", "1/√(dm)"),
            (
                r"n = \tilde{\Theta}(d^k) \text{ samples suffice to learn } f^*",
                "n = Θ\u{303}(d^k) samples suffice to learn f^*",
            ),
            (r"x_i x_i^{\top}, \|\sigma'\|_\infty^2", "x_i x_iᵀ, ‖σ'‖_∞²"),
            (
                r"\nabla^2 L \succeq -\gamma I \quad \Longrightarrow \quad L \lesssim \varepsilon",
                "∇² L ⪰ −γ I ⟹ L ≲ ε",
            ),
            (r"\unknown{x}", r"\unknownx"),
            ("", ""),
        ] {
            assert_eq!(plain(latex), text, "{latex}");
        }
    }
}
