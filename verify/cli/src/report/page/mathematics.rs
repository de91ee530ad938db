//! Formulas: LaTeX in, MathML out; and indices and exponents in the plain text that claims are written in.

use maud::{Markup, PreEscaped, html};
use pulldown_latex::config::DisplayMode;
use pulldown_latex::{Parser, RenderConfig, Storage, push_mathml};

/// A displayed formula with the same in words for who cannot see it; nothing where there is none, and the
/// source where it cannot be read.
pub(super) fn display(latex: &str, words: &str) -> Markup {
    if latex.is_empty() {
        return Markup::default();
    }
    html! {
        div class="formula" tabindex="0" role="group" aria-label={ "The statement: " (words) } {
            @match mathml(latex) {
                Some(formula) => (PreEscaped(formula)),
                None => code { (latex) },
            }
        }
    }
}

/// MathML of a displayed formula; none where it is no LaTeX.
fn mathml(latex: &str) -> Option<String> {
    let storage = Storage::new();
    let events: Vec<_> = Parser::new(latex, &storage).collect::<Result<_, _>>().ok()?;
    let config = RenderConfig { display_mode: DisplayMode::Block, ..RenderConfig::default() };
    let mut out = String::new();
    let events = events.into_iter().map(Ok::<_, std::convert::Infallible>);
    push_mathml(&mut out, events, config).ok()?;
    // The writer escapes some of its own spaces twice, and XML knows the name of none.
    out = out.replace("&amp;nbsp;", "\u{a0}").replace("&nbsp;", "\u{a0}");
    // It writes the sign of less as it is, which begins a tag there.
    out = out.replace("<mo><</mo>", "<mo>&lt;</mo>");
    // It writes "less than" as it is, which a reader of HTML takes for the beginning of a tag.
    out = out.replace("<mo><</mo>", "<mo>&lt;</mo>");
    // It puts the space before an operator with limits inside, where it would be taken for the operator.
    const SPACE: &str = "<mspace width=\"0.1667em\" />";
    for tag in ["munder", "mover", "munderover", "msub", "msup", "msubsup"] {
        out = out.replace(&format!("<{tag}>{SPACE}"), &format!("{SPACE}<{tag}>"));
    }
    Some(out)
}

/// Plain text with what follows `^` raised and what follows `_` lowered: "m^{-1/2}", "W_Q", "d^k".
pub(super) fn inline(text: &str) -> Markup {
    let text = indexed(&signed(text));
    let mut rest = text.as_str();
    let mut out = Vec::new();
    while let Some(at) = rest.find(['^', '_']) {
        let (before, raised, after) = (&rest[..at], rest.as_bytes()[at] == b'^', &rest[at + 1..]);
        let (script, left) = script(after, raised);
        // A sign that stands for itself: nothing follows it, or nothing comes before.
        if script.is_empty() || before.is_empty() && out.is_empty() {
            out.push((&rest[..at + 1], "", false));
            rest = after;
        } else {
            out.push((before, script, raised));
            rest = left;
        }
    }
    html! {
        @for (before, script, raised) in &out {
            (before)
            @if script.is_empty() {
            } @else if *raised {
                sup { (inline(&script.replace('-', "−"))) }
            } @else {
                sub { (inline(script)) }
            }
        }
        (rest)
    }
}

/// A number right after a small Greek letter is its index: "λ1".
fn indexed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_digit() && out.ends_with(|last| ('α'..='ω').contains(&last)) {
            out.push('_');
        }
        out.push(c);
    }
    out
}

/// A hyphen before a number is a minus: "of -0.5", "(-1.2e-9". One that joins words and one between numbers
/// stay.
fn signed(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_digit = |i: usize| letters.get(i).is_some_and(char::is_ascii_digit);
    let minus = |i: usize| {
        let opens = i == 0 || matches!(letters[i - 1], ' ' | '(' | '[' | '=' | '≈');
        let power = i > 1 && letters[i - 1] == 'e' && is_digit(i - 2);
        is_digit(i + 1) && (opens || power)
    };
    letters.iter().enumerate().map(|(i, c)| if *c == '-' && minus(i) { '−' } else { *c }).collect()
}

/// What an index or an exponent takes from the text after its sign: what stands in braces, or letters and
/// digits, after a sign if it is an exponent.
fn script(after: &str, raised: bool) -> (&str, &str) {
    if let Some((inside, left)) = after.strip_prefix('{').and_then(braced) {
        return (inside, left);
    }
    if after.starts_with('+') && !raised {
        return after.split_at(1);
    }
    let signs = if raised { after.len() - after.trim_start_matches(['-', '−']).len() } else { 0 };
    // Letters that are raised or lowered by themselves, as in xᵀ, are no part of it.
    let small = |c: char| ('\u{1d2c}'..='\u{1d6a}').contains(&c) || ('\u{2071}'..='\u{209c}').contains(&c);
    let plain =
        |c: char| c.is_alphabetic() && !small(c) || c.is_ascii_digit() || matches!(c, '½' | '¼' | '∞');
    let word = |c: char| plain(c) || raised && (c == '.' || c == '*');
    let end = after[signs..].find(|c| !word(c)).map_or(after.len(), |e| e + signs);
    // A full stop ends the sentence, not the exponent.
    let end = after[..end].trim_end_matches('.').len();
    if end == signs { ("", after) } else { after.split_at(end) }
}

/// What stands before the brace that closes the one before the text, and what follows it; none where nothing
/// closes it.
fn braced(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1;
    let closes = |&(_, c): &(usize, char)| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth == 0
    };
    let (end, _) = text.char_indices().find(closes)?;
    Some((&text[..end], &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_mathml_and_nonsense_stays_readable() {
        let good = display(
            r"\max_{i\le n}\,\lvert f_Q(x_i;W_Q)-f_{\mathrm{sp}}(x_i)\rvert \lesssim \frac{d^k}{\sqrt m}",
            "",
        )
        .into_string();
        assert!(good.contains("<math") && good.contains("<mfrac>") && good.contains("<msqrt>"));
        roxmltree::Document::parse(&good).unwrap();
        let operator = display(r"\mathbb{E} \max_r x", "").into_string();
        assert!(operator.contains("<munder><mi>max</mi><mi>r</mi></munder>"), "{operator}");
        let spaced = display(r"a,~b \text{ for some } c", "").into_string();
        assert!(!spaced.contains("nbsp"), "{spaced}");
        let less = display(r"k < i \le 2k", "").into_string();
        roxmltree::Document::parse(&less).unwrap();
        let bad = display(r"\frac{<a>}{", "").into_string();
        assert!(bad.contains("<code>\\frac{&lt;a&gt;}{</code></div>"), "{bad}");
        assert!(display("", "").into_string().is_empty());
    }

    #[test]
    fn indices_and_exponents_of_plain_text_are_set_as_such() {
        let of = |text: &str| inline(text).into_string();
        assert_eq!(of("m^{-1/2} and W_Q"), "m<sup>−1/2</sup> and W<sub>Q</sub>");
        assert_eq!(of("λ_{i−1}(σ') ≤ d^k/√m."), "λ<sub>i−1</sub>(σ') ≤ d<sup>k</sup>/√m.");
        assert_eq!(
            of("goes like m^-0.5. ‖W‖_{2,4}^4"),
            "goes like m<sup>−0.5</sup>. ‖W‖<sub>2,4</sub><sup>4</sup>"
        );
        assert_eq!(of("a ^ b < c_, x^{"), "a ^ b &lt; c_, x^{");
        assert_eq!(of("λ_{n_k}, ‖σ'‖_∞²"), "λ<sub>n<sub>k</sub></sub>, ‖σ'‖<sub>∞</sub>²");
        assert_eq!(of("λ_{n_{k+1}}(Σ) ≤ 1"), "λ<sub>n<sub>k+1</sub></sub>(Σ) ≤ 1");
        assert_eq!(of("d^{-(k_{1}-1)/2}, x_{a{b}"), "d<sup>−(k<sub>1</sub>−1)/2</sup>, x_{a{b}");
        assert_eq!(of("λ1 = λ3, Σ2 κ12, 3λ 1"), "λ<sub>1</sub> = λ<sub>3</sub>, Σ2 κ<sub>12</sub>, 3λ 1");
        assert_eq!(of("x_iᵀ, (a_r)_+²"), "x<sub>i</sub>ᵀ, (a<sub>r</sub>)<sub>+</sub>²");
        assert_eq!(of("_x and μ_j²/j!"), "_x and μ<sub>j</sub>²/j!");
        assert_eq!(of("from -1.2e-9 to 2, lemma-1, 3-4"), "from −1.2e−9 to 2, lemma-1, 3-4");
    }
}
