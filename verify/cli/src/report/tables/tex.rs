//! Plain text with Unicode mathematics as LaTeX in ASCII.

/// Symbols of mathematics, each with its command.
const MATHEMATICS: &str = r"
    Γ \Gamma  Δ \Delta  Θ \Theta  Λ \Lambda  Ξ \Xi  Π \Pi  Σ \Sigma  Φ \Phi  Ψ \Psi  Ω \Omega
    α \alpha  β \beta  γ \gamma  δ \delta  ε \varepsilon  ζ \zeta  η \eta  θ \theta  ι \iota  κ \kappa
    ϵ \epsilon  ŷ \hat{y}  ≽ \succeq  ⋯ \cdots  † \dagger
    λ \lambda  μ \mu  ν \nu  ξ \xi  π \pi  ρ \rho  ϱ \varrho  σ \sigma  ς \varsigma  τ \tau  φ \varphi  χ \chi  ψ \psi  ω \omega
    ℓ \ell  ĉ \hat{c}  ĝ \hat{g}  Ŵ \hat{W}  ᵀ {}^{\mathsf{T}}
    ± \pm  · \cdot  × \times  − -  √ \surd  ∞ \infty  ∇ \nabla  ∂ \partial  ∑ \sum  ∫ \int
    ∈ \in  ∉ \notin  ∀ \forall  ∃ \exists  ⊂ \subset  ∪ \cup  ∩ \cap  ∘ \circ  ⊗ \otimes  ⊕ \oplus
    ‖ \|  ⟨ \langle  ⟩ \rangle  ⌊ \lfloor  ⌋ \rfloor  ⌈ \lceil  ⌉ \rceil  ⟂ \perp  ⊥ \perp
    ← \leftarrow  → \to  ⇒ \Rightarrow  ⇔ \Leftrightarrow  ∝ \propto  ∼ \sim  ≈ \approx  ≍ \asymp
    ≠ \neq  ≡ \equiv  ≤ \leq  ≥ \geq  ≪ \ll  ≫ \gg  ≲ \lesssim  ≳ \gtrsim  ⪯ \preceq  ⪰ \succeq
    ℝ \mathbb{R}  ℕ \mathbb{N}  𝔼 \mathbb{E}  ℙ \mathbb{P}  ⅓ \tfrac{1}{3}  ⅔ \tfrac{2}{3}  ⅛ \tfrac{1}{8}
    ∠ \angle  ≻ \succ
";

/// Characters of text that need a command, beside those of ASCII.
const TEXT: &str = r#"
    ⁰ \textsuperscript{0}  ¹ \textsuperscript{1}  ² \textsuperscript{2}  ³ \textsuperscript{3}
    ⁴ \textsuperscript{4}  ⁵ \textsuperscript{5}  ⁶ \textsuperscript{6}  ⁷ \textsuperscript{7}
    ⁸ \textsuperscript{8}  ⁹ \textsuperscript{9}  ⁺ \textsuperscript{+}
    ⁻ \textsuperscript{\ensuremath{-}}  ¼ \textonequarter{}  ½ \textonehalf{}  ¾ \textthreequarters{}
    â \^{a}  ö \"{o}  ä \"{a}  ü \"{u}  é \'{e}
"#;

/// The text as LaTeX, for text mode: `m^{-1/2}` and `n_k` become super- and subscripts, symbols become
/// commands.
pub(super) fn tex(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(2 * text.len());
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        i += 1;
        if let Some(accent) = chars.get(i).and_then(|&c| accent(c)) {
            i += 1;
            out += &format!("\\ensuremath{{{accent}{{{}}}}}", mathematics(c));
        } else if c == '^' || c == '_' {
            let (inner, end) = script(&chars, i);
            i = end;
            let command = if c == '^' { "superscript" } else { "subscript" };
            match inner {
                Some(inner) => out += &format!("\\text{command}{{{}}}", tex(&inner)),
                None => out += if c == '^' { "\\textasciicircum{}" } else { "\\_" },
            }
        } else if c == '-' && chars.get(i) == Some(&'-') {
            // Two hyphens would become a dash.
            out += "-{}";
        } else if c == '-'
            && digit(chars.get(i))
            && !i.checked_sub(2).is_some_and(|j| chars[j].is_alphanumeric())
        {
            out += "\\ensuremath{-}";
        } else if c == 'e'
            && chars.get(i) == Some(&'-')
            && digit(chars.get(i + 1))
            && digit(i.checked_sub(2).map(|j| &chars[j]))
        {
            // 1.2e-9.
            let (power, end) = script(&chars, i);
            i = end;
            out +=
                &format!("\\ensuremath{{\\cdot}}10\\textsuperscript{{{}}}", tex(&power.unwrap_or_default()));
        } else {
            out += &symbol(c);
        }
    }
    out
}

/// What is raised or lowered from position `i` on, and the position after it: a group in braces, a number
/// with its sign, or one letter.
fn script(chars: &[char], i: usize) -> (Option<String>, usize) {
    match chars.get(i) {
        Some('{') => {
            let mut depth = 0;
            for (j, c) in chars.iter().enumerate().skip(i) {
                depth += match c {
                    '{' => 1,
                    '}' => -1,
                    _ => 0,
                };
                if depth == 0 {
                    return (Some(chars[i + 1..j].iter().collect()), j + 1);
                }
            }
            (None, i)
        }
        Some(c) if c.is_whitespace() => (None, i),
        Some(first) => {
            let signed = matches!(first, '-' | '−' | '+');
            let mut end = i + usize::from(signed);
            if digit(chars.get(end)) {
                while digit(chars.get(end)) || (chars.get(end) == Some(&'.') && digit(chars.get(end + 1))) {
                    end += 1;
                }
            } else {
                end = (end + 1).min(chars.len());
            }
            (Some(chars[i..end].iter().collect()), end)
        }
        None => (None, i),
    }
}

fn digit(c: Option<&char>) -> bool {
    c.is_some_and(char::is_ascii_digit)
}

fn accent(c: char) -> Option<&'static str> {
    match c {
        '\u{302}' => Some("\\hat"),
        '\u{303}' => Some("\\tilde"),
        '\u{304}' => Some("\\bar"),
        _ => None,
    }
}

/// A character inside mathematics.
fn mathematics(c: char) -> String {
    lookup(MATHEMATICS, c).map_or_else(|| symbol(c), str::to_owned)
}

/// A character in text.
fn symbol(c: char) -> String {
    if let Some(command) = lookup(MATHEMATICS, c) {
        return format!("\\ensuremath{{{command}}}");
    }
    if let Some(command) = lookup(TEXT, c) {
        return command.to_owned();
    }
    let fixed = match c {
        '\\' => "\\textbackslash{}",
        '{' => "\\{",
        '}' => "\\}",
        '$' => "\\$",
        '&' => "\\&",
        '#' => "\\#",
        '%' => "\\%",
        '~' => "\\textasciitilde{}",
        '"' => "\\textquotedbl{}",
        '<' | '>' | '|' => return format!("\\ensuremath{{{c}}}"),
        '–' => "--",
        '—' => "---",
        '…' => "\\ldots{}",
        '\n' => " ",
        _ if c.is_ascii_control() => "",
        _ if c.is_ascii() => return c.to_string(),
        // What has no command here is named, so that the document compiles whatever a claim's author writes.
        _ => return format!("\\texttt{{U+{:04X}}}", c as u32),
    };
    fixed.to_owned()
}

/// The command of a symbol in one of the tables above.
fn lookup(table: &'static str, c: char) -> Option<&'static str> {
    let mut words = table.split_whitespace();
    while let (Some(symbol), Some(command)) = (words.next(), words.next()) {
        if symbol.starts_with(c) {
            return Some(command);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::tex;

    #[test]
    fn scripts_and_symbols_become_commands() {
        for (plain, latex) in [
            ("d^k/√m", "d\\textsuperscript{k}/\\ensuremath{\\surd}m"),
            ("m^{-1/2}", "m\\textsuperscript{\\ensuremath{-}1/2}"),
            ("m^-0.498 of", "m\\textsuperscript{\\ensuremath{-}0.498} of"),
            ("-0.5 to lemma-1", "\\ensuremath{-}0.5 to lemma-1"),
            ("1.5e-9 and fe42e3", "1.5\\ensuremath{\\cdot}10\\textsuperscript{\\ensuremath{-}9} and fe42e3"),
            ("‖W_Q‖_{2,4}", "\\ensuremath{\\|}W\\textsubscript{Q}\\ensuremath{\\|}\\textsubscript{2,4}"),
            ("σ\u{302}_j", "\\ensuremath{\\hat{\\sigma}}\\textsubscript{j}"),
            ("x_{n_k}", "x\\textsubscript{n\\textsubscript{k}}"),
            ("50 % of {a} & b#", "50 \\% of \\{a\\} \\& b\\#"),
            ("--seed a_", "-{}-seed a\\_"),
            ("^{ open", "\\textasciicircum{}\\{ open"),
            ("☃", "\\texttt{U+2603}"),
        ] {
            assert_eq!(tex(plain), latex, "{plain}");
        }
    }
}
