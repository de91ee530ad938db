//! Formulas: LaTeX in, MathML out.

use maud::{Markup, PreEscaped, html};
use pulldown_latex::config::DisplayMode;
use pulldown_latex::{Parser, RenderConfig, Storage, push_mathml};

/// A displayed formula; nothing where there is none, and the source where it cannot be read.
pub(super) fn display(latex: &str) -> Markup {
    if latex.is_empty() {
        return Markup::default();
    }
    html! {
        div class="formula" {
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
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_mathml_and_nonsense_stays_readable() {
        let good =
            display(r"\max_{i\le n}\,\lvert f_Q(x_i;W_Q)-f_{\mathrm{sp}}(x_i)\rvert \lesssim \frac{d^k}{\sqrt m}").into_string();
        assert!(good.contains("<math") && good.contains("<mfrac>") && good.contains("<msqrt>"));
        roxmltree::Document::parse(&good).unwrap();
        let bad = display(r"\frac{<a>}{").into_string();
        assert_eq!(bad, "<div class=\"formula\"><code>\\frac{&lt;a&gt;}{</code></div>");
        assert!(display("").into_string().is_empty());
    }
}
