//! A table is judged as a claim is: the same numbers, written down as columns, have the same verdict.

use escapement_verify::judge::{ClaimVerdict, judge_bound};
use escapement_verify::table::{Column, Options, Statement, Table, judge};
use escapement_verify::{Bound, Cell, Measurement, Parameter, Record, Sweep, Tier, Verdict};
use rand::RngExt;

const WIDTHS: [usize; 8] = [16, 24, 32, 48, 64, 96, 128, 192];
const REPETITIONS: usize = 6;

/// Rows m, d, error, rate: the error is f(m, d) times e^{noise}.
fn rows(seed: u64, scatter: f64, f: impl Fn(f64, f64) -> f64) -> Vec<[f64; 4]> {
    let rng = &mut escapement::seed::stream(seed, "tests of tables", "noise");
    let mut rows = Vec::new();
    for d in [3.0, 6.0, 12.0, 24.0] {
        for m in WIDTHS.map(|m| m as f64) {
            for _ in 0..REPETITIONS {
                let noise: f64 = (0..6).map(|_| rng.random::<f64>() - 0.5).sum();
                rows.push([m, d, f(m, d) * (scatter * noise).exp(), d * m.powf(-0.5)]);
            }
        }
    }
    rows
}

fn table(rows: &[[f64; 4]]) -> Table {
    let column = |i: usize| Column::Numbers(rows.iter().map(|row| row[i]).collect());
    let names = ["m", "d", "error", "rate"];
    Table::new(names.iter().enumerate().map(|(i, name)| ((*name).to_owned(), column(i))).collect()).unwrap()
}

fn verdict(rows: &[[f64; 4]], text: &str, options: &Options) -> ClaimVerdict {
    judge("numbers", &table(rows), &[Statement::parse("claim", text).unwrap()], options).unwrap().verdict
}

fn by_d() -> Options {
    Options { by: vec!["d".into()], ..Options::default() }
}

#[test]
fn a_table_has_the_verdict_of_the_same_records() {
    let rows = rows(1, 0.1, |m, d| d * m.powf(-0.5));
    let claim = [Statement::parse("claim", "error <= C d m^-0.5").unwrap()];
    let judged = judge("numbers", &table(&rows), &claim, &Options::default()).unwrap();
    let of_table = judged.verdict.bounds.iter().find(|b| b.name == "claim-in-m").unwrap();
    // Four values of d decide nothing about d, and so nothing about the claim.
    let along_d = judged.verdict.bounds.iter().find(|b| b.name == "claim-in-d").unwrap();
    assert_eq!((along_d.verdict, judged.verdict.verdict), (Verdict::Inconclusive, Verdict::Inconclusive));
    assert!(along_d.why.as_deref().is_some_and(|why| why.contains("at least 5 are needed")));
    let mut seen = std::collections::BTreeMap::new();
    let records: Vec<Record> = rows
        .iter()
        .map(|&[m, d, error, rate]| {
            let cell =
                Cell::new("numbers", "").with(Parameter::D, d as usize).with(Parameter::M, m as usize);
            let replicate = seen.entry(cell.clone()).or_insert(0);
            *replicate += 1;
            let measurement = Measurement::new()
                .quantity("error", error, 0.0)
                .quantity("rate", rate, 0.0)
                .hypothesis("none were given", true, "");
            Record { source: String::new(), seed: 0, cell: cell.replicate(*replicate - 1), measurement }
        })
        .collect();
    let sweep = Sweep::upper(Parameter::M, |_| -0.5);
    let bound = Bound::growth("claim-in-m", "error <= C d m^-0.5", "error", "rate", sweep);
    let of_records = judge_bound("numbers", &bound, Tier::Quick, 0, &records, &[]).verdict;
    assert_eq!(of_table.verdict, Verdict::Scales, "{:?}", of_table.why);
    assert_eq!(of_table.name, of_records.name);
    assert_eq!(of_table.verdict, of_records.verdict);
    assert_eq!(of_table.pooled, of_records.pooled);
    let exponents = |b: &escapement_verify::BoundVerdict| -> Vec<_> {
        b.exponents.iter().map(|e| (e.group.clone(), e.claimed, e.lhs, e.rhs, e.ratio)).collect()
    };
    // The right sides are the same numbers but for a rounding.
    for (a, b) in exponents(of_table).into_iter().zip(exponents(&of_records)) {
        assert_eq!((a.0, a.1), (b.0, b.1));
        for (a, b) in [(a.2, b.2), (a.3, b.3), (a.4, b.4)] {
            assert!((a.value - b.value).abs() < 1e-9 && (a.upper - b.upper).abs() < 1e-9);
        }
    }
    assert!(of_table.power.iter().any(|p| p.variable == "m"), "{:?}", of_table.power);
}

#[test]
fn what_is_false_does_not_pass() {
    let m_law = |power: f64| rows(2, 0.2, move |m, d| d * m.powf(power));
    let word = |rows: &[[f64; 4]], text: &str| verdict(rows, text, &by_d()).verdict;
    assert_eq!(word(&m_law(-0.5), "error <= C m^-0.5"), Verdict::Scales);
    assert_eq!(word(&m_law(-0.25), "error <= C m^-0.5"), Verdict::Refuted);
    assert_eq!(word(&m_law(-0.75), "error <= C m^-0.5"), Verdict::Scales);
    assert_eq!(word(&m_law(-0.75), "error ~ m^-0.5"), Verdict::Refuted);
    assert_eq!(word(&m_law(-0.75), "error >= C m^-0.5"), Verdict::Refuted);
    // A plateau, a wrong constant, a wrong identity.
    let plateau = rows(3, 0.05, |m, d| d * (m.powf(-0.5) + 0.1));
    assert_ne!(word(&plateau, "error <= C m^-0.5"), Verdict::Scales);
    assert_eq!(word(&m_law(-0.5), "error <= 10 d m^-0.5"), Verdict::Holds);
    assert_eq!(word(&m_law(-0.5), "error <= 0.9 d m^-0.5"), Verdict::Refuted);
    assert_eq!(word(&m_law(-0.5), "error = d m^-0.5"), Verdict::Refuted);
    let exact = rows(4, 0.0, |m, d| d * m.powf(-0.5));
    assert_ne!(word(&exact, "error = 1.0001 rate"), Verdict::Exact);
}

#[test]
fn columns_of_errors_and_hypotheses_count() {
    let rows = rows(5, 0.0, |m, d| 1.05 * d * m.powf(-0.5));
    let mut with_error = vec![("error_error".to_owned(), Column::Numbers(vec![0.4; rows.len()]))];
    let plain = table(&rows);
    for name in ["m", "d", "error", "rate"] {
        with_error.push((name.to_owned(), Column::Numbers(plain.numbers(name).unwrap())));
    }
    let statement = [Statement::parse("claim", "error <= rate").unwrap()];
    let of =
        |table: &Table, options: &Options| judge("numbers", table, &statement, options).unwrap().verdict;
    assert_eq!(of(&plain, &Options::default()).verdict, Verdict::Refuted);
    // An interval that holds both answers decides nothing.
    let wide = Table::new(with_error).unwrap();
    assert_eq!(of(&wide, &Options::default()).verdict, Verdict::Inconclusive);
    let outside = Options { hypotheses: vec!["m >= 1e6".into()], ..Options::default() };
    let found = of(&plain, &outside);
    assert_eq!((found.verdict, found.bracketed), (Verdict::Outside, Some(Verdict::Refuted)));
    let some = Options { hypotheses: vec!["m >= d^3".into()], ..Options::default() };
    let inside = &of(&plain, &some).bounds[0];
    assert!(0 < inside.cells_inside_hypotheses && inside.cells_inside_hypotheses < inside.cells);
}

/// Columns that vary together are one axis; those that nobody names make repetitions, which is said.
#[test]
fn axes_are_those_that_vary_by_themselves() {
    let rows: Vec<[f64; 4]> = rows(6, 0.1, |m, _| 1.0 / m)
        .into_iter()
        .filter(|row| row[1] == 3.0)
        .map(|[m, _, error, rate]| [m, m * m, error, rate])
        .collect();
    let found = verdict(&rows, "error <= C m d^-1", &Options::default());
    assert_eq!(found.verdict, Verdict::Scales, "{:?}", found.bounds[0].why);
    let judged = judge(
        "numbers",
        &table(&rows),
        &[Statement::parse("claim", "error <= C m^-1").unwrap()],
        &Options::default(),
    );
    let notes = judged.unwrap().notes.join("");
    assert!(notes.contains("differ only in d, rate count as repetitions"), "{notes}");
}

/// Copies add nothing: neither a pass, nor the precision that would refute what the measurements leave open.
#[test]
fn copies_are_no_evidence() {
    // A law whose limits reach across the claim: twelve copies of each row would narrow them to a refutation.
    let weak = rows(8, 0.9, |m, d| d * m.powf(-0.35));
    let copied: Vec<[f64; 4]> = weak.iter().flat_map(|row| [*row; 12]).collect();
    let (few, many) =
        (verdict(&weak, "error <= C m^-0.5", &by_d()), verdict(&copied, "error <= C m^-0.5", &by_d()));
    let limits = |v: &ClaimVerdict| v.bounds[0].exponents.iter().map(|e| e.ratio).collect::<Vec<_>>();
    assert_eq!(limits(&few), limits(&many));
    let good = rows(9, 0.1, |m, d| d * m.powf(-0.5));
    let copied: Vec<[f64; 4]> = good.iter().flat_map(|row| [*row; 2]).collect();
    assert_eq!(verdict(&good, "error <= C m^-0.5", &by_d()).verdict, Verdict::Scales);
    let found = verdict(&copied, "error <= C m^-0.5", &by_d());
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert!(found.bounds[0].why.as_deref().is_some_and(|why| why.contains("is a copy")));
}

/// Numbers of three digits agree by chance, and are no copies; more often than chance allows, they are.
#[test]
fn rounded_repetitions_are_no_copies() {
    let rounded = |row: &[f64; 4]| {
        let scale = 10.0_f64.powf(2.0 - row[2].log10().floor());
        [row[0], row[1], format!("{:.3}", (row[2] * scale).round() / scale).parse().unwrap(), row[3]]
    };
    let rows: Vec<[f64; 4]> = rows(10, 0.1, |m, d| d * m.powf(-0.5)).iter().map(rounded).collect();
    let agree = rows
        .chunks(REPETITIONS)
        .filter(|cell| (1..cell.len()).any(|i| cell[..i].iter().any(|other| other[2] == cell[i][2])));
    assert!(agree.count() > 3, "the rows do not test what they should");
    let found = verdict(&rows, "error <= C m^-0.5", &by_d());
    assert_eq!(found.verdict, Verdict::Scales, "{:?}", found.bounds[0].why);
    let copied: Vec<[f64; 4]> = rows.iter().flat_map(|row| [*row; 2]).collect();
    let found = verdict(&copied, "error <= C m^-0.5", &by_d());
    assert_eq!(found.verdict, Verdict::Inconclusive);
}

#[test]
fn strict_and_signed_inequalities_are_decided() {
    let of = |entries: &[[f64; 2]], text: &str| {
        let rows: Vec<[f64; 4]> = entries.iter().map(|[m, error]| [*m, 1.0, *error, 0.0]).collect();
        verdict(&rows, text, &Options::default()).verdict
    };
    let equal = [[3.0, 3.0], [4.0, 4.0]];
    assert_eq!((of(&equal, "error < m"), of(&equal, "error <= m")), (Verdict::Refuted, Verdict::Holds));
    assert_eq!((of(&equal, "error > m"), of(&equal, "error >= m")), (Verdict::Refuted, Verdict::Holds));
    assert_eq!(of(&[[3.0, 2.9], [4.0, 3.0]], "error < m"), Verdict::Holds);
    for (text, verdict) in [
        ("error <= m", Verdict::Holds),
        ("error >= m", Verdict::Refuted),
        ("error <= -m", Verdict::Refuted),
        ("error <= 0", Verdict::Holds),
        ("error >= 0", Verdict::Refuted),
        ("-error >= 0", Verdict::Holds),
    ] {
        assert_eq!(of(&[[3.0, -2.0], [4.0, -7.0], [5.0, 0.0]], text), verdict, "{text}");
        assert_eq!(of(&[[-1.0, -2.0], [-2.0, -7.0]], "error <= m"), Verdict::Holds);
    }
    // A side of zeros, where no factor makes anything false.
    assert_eq!(of(&[[0.0, 0.0], [0.0, 0.0]], "error <= m"), Verdict::Holds);
    assert_eq!(of(&[[0.0, 0.0], [1.0, 1.0]], "error = m"), Verdict::Exact);
    assert_eq!(of(&[[0.0, 0.0], [1.0, 1.001]], "error = m"), Verdict::Refuted);
}

#[test]
fn bad_tables_are_refused_in_a_sentence() {
    let rows: Vec<_> = rows(7, 0.1, |m, _| 1.0 / m).into_iter().filter(|row| row[1] == 3.0).collect();
    let refused = |text: &str, options: &Options| {
        let statement = Statement::parse("claim", text).unwrap();
        judge("numbers", &table(&rows), &[statement], options).unwrap_err().to_string()
    };
    let none = Options::default();
    for (why, words) in [
        (refused("eror <= C m^-1", &none), "no column 'eror'; did you mean 'error'?"),
        (refused("error <= C", &none), "no axis to be judged along: its right side names no column"),
        (refused("error <= C d^2", &none), "no column of d takes more than one value"),
        (refused("error <= C ln(m - 16)", &none), "must be finite"),
        (
            refused("error <= C m^-1", &Options { by: vec!["n".into()], ..Options::default() }),
            "no column 'n'",
        ),
        (
            refused(
                "error <= C m^-1",
                &Options { hypotheses: vec!["m >= C d".into()], ..Options::default() },
            ),
            "must be explicit",
        ),
    ] {
        assert!(why.contains(words) && !why.contains('\n'), "{why}");
    }
    let columns =
        |entries: [&str; 2]| vec![("m".to_owned(), Column::Text(entries.map(str::to_owned).to_vec()))];
    let why = Table::new(columns(["1", "x"])).unwrap().numbers("m").unwrap_err().to_string();
    assert!(why.contains("holds 'x' in row 2"), "{why}");
    assert!(Table::new(Vec::new()).is_err());
}
