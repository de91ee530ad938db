//! Reference values under `tests/data`, made without any formula of this project, against the core: by the
//! code that the command `oracle` runs. Every number agrees, and a number that is moved does not.

use escapement_verify::oracle::{Comparison, Format, compare_file};
use escapement_verify::papers;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The formats of all papers.
static FORMATS: LazyLock<Vec<&'static Format>> =
    LazyLock::new(|| papers::formats(&papers::standard().unwrap()));

/// Each file, and how many numbers it holds: of an entry of sigma 1 + md + 2d², of one of express 2md + 4n +
/// 6, of one of network 3n + 4 and for each loss and model 2md + 2; damian has ten lists.
const FILES: [(&str, usize); 6] = [
    ("zonal", ZONAL),
    ("zonal_high", ZONAL_HIGH),
    ("sigma", SIGMA),
    ("express", EXPRESS),
    ("network", NETWORK),
    ("damian", DAMIAN),
];
const ZONAL: usize = 6 * (7 * 9 + 1);
const ZONAL_HIGH: usize = 2 * (8 + 1);
const SIGMA: usize = 362;
const EXPRESS: usize = 300;
const NETWORK: usize = 639;
const DAMIAN: usize = 1117;
const BAILEE: usize = 357;
const SIDEBAR: usize = 508;
const TELGARSKY: usize = 700;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/data/{name}.json"))
}

fn json(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

fn format(name: &str) -> &'static Format {
    FORMATS.iter().find(|f| f.name == name).unwrap()
}

fn compare(name: &str) -> Vec<Comparison> {
    let file = path(name);
    let outcome = compare_file(&FORMATS, &file, None).unwrap();
    assert_eq!(outcome.format.name, name, "the format is told from the content");
    outcome.comparisons
}

#[test]
fn every_reference_value_agrees() {
    for (name, numbers) in FILES {
        let all = compare(name);
        let wrong: Vec<String> = all.iter().filter(|c| !c.agrees).map(|c| format!("{c:?}")).collect();
        assert!(wrong.is_empty(), "{name}: {} of {} differ, e.g. {}", wrong.len(), all.len(), wrong[0]);
        assert_eq!(all.len(), numbers, "{name}");
    }
}

/// The number at a place of an entry, moved by `by`.
fn moved(entry: &mut Value, comparison: &Comparison, by: f64) {
    let (quantity, part) = match comparison.quantity.split_once(" (") {
        Some((quantity, name)) => (quantity, Some(name.trim_end_matches(')'))),
        None => (comparison.quantity.as_str(), None),
    };
    let mut at = match part {
        Some(name) => &mut entry["losses"][name][quantity],
        // The entry has its numbers in parts, one for each degree or pair.
        None if entry[quantity].is_null() => {
            let parts = if entry["degrees"].is_null() { "values" } else { "degrees" };
            &mut entry[parts][comparison.index[0]][quantity]
        }
        None => &mut entry[quantity],
    };
    if at.is_array() {
        for &i in &comparison.index {
            at = &mut at[i];
        }
    }
    let value = at.as_f64().unwrap_or_else(|| at.as_str().unwrap().parse().unwrap());
    // A count stays a whole number.
    *at = if at.is_u64() && by == 1.0 { Value::from((value + by) as u64) } else { Value::from(value + by) };
}

/// In every list and for every kind of quantity, ten times the allowed difference is noticed.
#[test]
fn a_false_reference_value_is_noticed() {
    for (name, _) in FILES {
        let all = compare(name);
        let kinds: BTreeSet<(&str, &str)> = all.iter().map(|c| (c.list, c.quantity.as_str())).collect();
        for (list, kind) in kinds {
            let of_kind: Vec<&Comparison> =
                all.iter().filter(|c| (c.list, c.quantity.as_str()) == (list, kind)).collect();
            let one = of_kind[of_kind.len() / 2];
            let mut file = json(name);
            let entries = if file.is_array() { &mut file } else { &mut file[list] };
            // A count must be the same, so that nothing is allowed.
            moved(&mut entries[one.entry], one, if one.allowed > 0.0 { 10.0 * one.allowed } else { 1.0 });
            let found = format(name).compare(&file).unwrap();
            let same = |c: &&Comparison| (c.list, c.entry) == (list, one.entry) && c.name() == one.name();
            assert!(
                !found.iter().find(same).unwrap().agrees,
                "{name}: {list}, {} of entry {}",
                one.name(),
                one.entry
            );
        }
    }
}

/// Of the reference values of T22 all agree but one, the margin of too few directions of the plane: its
/// certified lower end is 2.06e-9 above the reference, in arithmetic with 50 digits too.
#[test]
fn margins_and_flows_agree_but_for_one() {
    let all = compare("telgarsky");
    let wrong: Vec<&Comparison> = all.iter().filter(|c| !c.agrees).collect();
    let [wrong] = wrong[..] else { panic!("{wrong:?}") };
    assert_eq!((wrong.list, wrong.entry, wrong.name().as_str()), ("global2", 0, "value"));
    assert!((2.06e-9..2.07e-9).contains(&(wrong.computed - wrong.reference)), "{wrong:?}");
    assert_eq!(all.len(), TELGARSKY);
}

/// The fields of each list of T22 that hold reference values, as JSON pointers.
const VALUES: [(&str, &[&str]); 13] = [
    ("kernel", &["/outer", "/inner"]),
    ("parity", &["/both/margin_upper", "/inner/margin_lower"]),
    ("collapse", &["/margin_upper", "/margin_lower", "/q/0", "/lp_value_sign_patterns"]),
    ("finite", &["/l2", "/linf", "/f0/1"]),
    ("cube_finite", &["/l2", "/linf"]),
    ("lp", &["/value", "/dual_value", "/q/1"]),
    ("global2", &["/value"]),
    (
        "pointwise",
        &[
            "/margins/2",
            "/l2_margin_at_W",
            "/losses/0/L",
            "/losses/1/u",
            "/losses/1/gradient/2/1",
            "/losses/0/smoothed_margin",
            "/losses/1/d_smoothed_margin",
            "/losses/0/d_u",
            "/losses/1/d_norm2",
        ],
    ),
    ("normonly", &["/lp", "/rows/1/margins/2", "/rows/3/norm2", "/rows/2/a/3", "/rows/0/r/1"]),
    ("flow", &["/rows/0/u", "/rows/2/W/1/2"]),
    ("sgd", &["/p/7", "/z/9", "/max_grad2", "/W_T/3/2", "/lhs", "/rhs"]),
    (
        "kkt",
        &[
            "/margins/1",
            "/norm2",
            "/multipliers/0",
            "/stationarity_residual",
            "/normalised_margin",
            "/best_lp_value",
            "/gram_margin/margin_lower",
        ],
    ),
    ("kktpath", &["/u", "/norm2", "/margins/1", "/dead_moved"]),
];

/// Of every field a value that is false by 10⁻⁴, or by one where a whole number is meant, is noticed, and no
/// other is.
fn notices(name: &str, values: &[(&str, &[&str])]) {
    let file = json(name);
    for (list, fields) in values {
        for entry in 0..file[list].as_array().unwrap().len().min(2) {
            let one = |changed: Value| format(name).compare(&Value::from_iter([(*list, vec![changed])]));
            let wrong = |changed: Value| one(changed).unwrap().iter().filter(|c| !c.agrees).count();
            let before = wrong(file[list][entry].clone());
            for field in *fields {
                let mut changed = file[list][entry].clone();
                let value = changed.pointer_mut(field).unwrap_or_else(|| panic!("{list} has no {field}"));
                let number = value.as_f64().unwrap();
                // A whole number counts something, and a file may write 0 for 0.0.
                let whole = value.is_u64() && number > 0.0;
                *value =
                    Value::from(if whole { number + 1.0 } else { number + 1e-4 * number.abs().max(1e-2) });
                assert!(wrong(changed) >= before.max(1), "{list} {entry}: {field}");
            }
        }
    }
    let known: BTreeSet<&str> = format(name).lists.iter().map(|list| list.name).collect();
    assert_eq!(known, values.iter().map(|(list, _)| *list).collect::<BTreeSet<_>>());
}

#[test]
fn a_false_margin_is_noticed() {
    notices("telgarsky", &VALUES);
}

/// All reference values of BL20 agree.
#[test]
fn laws_over_multipliers_agree() {
    let all = compare("bailee");
    let wrong: Vec<&Comparison> = all.iter().filter(|c| !c.agrees).collect();
    assert!(wrong.is_empty() && all.len() == BAILEE, "{} numbers: {wrong:?}", all.len());
}

/// The fields of each list of BL20 that hold reference values. A discretised integral equation is held to
/// 10⁻³ at most, which another test looks at.
const LAWS: [(&str, &[&str]); 11] = [
    (
        "network",
        &[
            "/terms/3/1",
            "/mean_terms/0/2",
            "/mean_terms/3/0",
            "/mean/1",
            "/variance/3",
            "/variance_linear/2",
            "/mean_abs_gap/0",
            "/mean_loss/huber",
            "/mean_loss/absolute",
            "/quadratic_loss/square",
        ],
    ),
    ("roots", &["/mean_real/1", "/mean_imag_max", "/variance/2", "/term_0/0", "/term_k/3", "/term_2k/1"]),
    ("design", &["/mean/1", "/variance/2", "/term_k/3"]),
    ("multiplier", &["/grid_value"]),
    (
        "landscape",
        &[
            "/quadratic_square/value",
            "/quadratic_huber/curvature_no_signs",
            "/randomised_square/radial",
            "/randomised_square/value_star",
            "/randomised_huber/mean_curvature",
            "/origin_square/hessian_eigenvalues/3",
            "/origin_huber/gradient",
        ],
    ),
    ("regulariser", &["/frobenius2/value", "/norm24_4/radial", "/norm24_8/mean_curvature"]),
    ("express", &[]),
    ("inexpressible", &[]),
    ("rademacher", &["/rademacher", "/largest"]),
    ("tensor", &["/max_form", "/max_minus_form", "/flattening", "/frobenius"]),
    ("rank", &["/harmonics"]),
];

#[test]
fn a_false_law_is_noticed() {
    notices("bailee", &LAWS);
}

/// All values agree, and a false one is noticed in each list.
#[test]
fn four_small_papers_agree() {
    let file = json("sidebar");
    let all = format("sidebar").compare(&file).unwrap();
    let wrong: Vec<&Comparison> = all.iter().filter(|c| !c.agrees).collect();
    assert!(wrong.is_empty() && all.len() == SIDEBAR, "{} numbers: {wrong:?}", all.len());
    for (list, field) in [
        ("compression", "/eigenvalues/3"),
        ("compression", "/kernel_at_nodes/value"),
        ("krr", "/coefficients/2"),
        ("krr", "/risk"),
        ("krr", "/kernel_times_top/1"),
        ("krr", "/overlap_top"),
        ("gradient", "/g_mu"),
        ("gradient", "/second_moment_perp"),
        ("student", "/gradient_W_first_two/1/2"),
        ("split", "/derivative_in_angle"),
        ("degree_parity", "/parity_means/3/numerator"),
        ("planes", "/correlation"),
        ("frame", "/correlation"),
        ("graph", "/inner_product"),
        ("harmonic", "/square_query/0/1"),
        ("orbits", "/groups/1/monomial_orbits/3"),
        ("elimination", "/equal_weights"),
        ("gram", "/kernel/0/1"),
        ("restricted", "/search_minimum"),
        ("rademacher", "/exact"),
    ] {
        let mut changed = file[list][0].clone();
        let value = changed.pointer_mut(field).unwrap();
        let whole = value.is_u64();
        let number = value.as_f64().unwrap();
        *value = Value::from(if whole { number + 1.0 } else { number * (1.0 + 1e-6) });
        let found = format("sidebar").compare(&Value::from_iter([(list, vec![changed])])).unwrap();
        assert!(found.iter().any(|c| !c.agrees), "{list} {field}");
    }
}

/// The norm of what is expressed may be off by the discretisation, and by no more; and what is expressed
/// leaves no residual.
#[test]
fn a_false_norm_is_noticed() {
    let file = json("bailee");
    let wrong = |list: &str, field: &str, change: &dyn Fn(f64) -> f64| {
        let mut changed = file[list][0].clone();
        changed[field] = Value::from(change(changed[field].as_f64().unwrap()));
        let found = format("bailee").compare(&Value::from_iter([(list, vec![changed])])).unwrap();
        found.iter().filter(|c| !c.agrees).count()
    };
    assert_eq!(wrong("express", "second_moment", &|value| 1.01 * value), 1);
    assert_eq!(wrong("express", "relative_residual", &|value| value + 0.01), 1);
    assert_eq!(wrong("inexpressible", "relative_residual", &|_| 1e-9), 1);
}

/// An eigenvalue that the pairing makes zero may be off by 1e-10 of the largest one, not of the trace.
#[test]
fn zeros_of_the_pairing_are_held_to_the_largest_eigenvalue() {
    let mut file = json("sigma");
    let largest = file[0]["eigenvalues"][0].as_f64().unwrap();
    file[0]["eigenvalues"][59] = Value::from(2e-10 * largest);
    let found = format("sigma").compare(&file).unwrap();
    let wrong: Vec<String> = found.iter().filter(|c| !c.agrees).map(Comparison::name).collect();
    assert_eq!(wrong, ["eigenvalues[59]"]);
}

#[test]
fn names_of_formats_are_unique() {
    let names: Vec<&str> = papers::ALL.iter().flat_map(|paper| paper.oracles).map(|f| f.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
}

#[test]
fn bad_files_are_refused_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |text: &str, format: Option<&str>| {
        let path = folder.path().join("values.json");
        std::fs::write(&path, text).unwrap();
        let error = compare_file(&FORMATS, &path, format).unwrap_err().to_string();
        assert!(error.contains("values.json") && !error.contains('\n'), "{error}");
        error
    };
    let entry = |change: &str, to: &str| {
        let text = json("sigma")[0].to_string();
        assert!(text.contains(change), "{change}");
        format!("[{}]", text.replacen(change, to, 1))
    };
    for (text, format, words) in [
        (String::new(), None, "is empty"),
        ("[{".into(), None, "is not JSON"),
        ("[]".into(), None, "no format of this shape (an empty array) is known; the formats are zonal"),
        ("{\"a\": 1}".into(), None, "an object with a"),
        ("[1]".into(), None, "an array of something other than objects"),
        ("[{\"W0\": 1}]".into(), Some("zonl"), "no format is called 'zonl'"),
        ("{}".into(), Some("sigma"), "is one array of entries"),
        ("[]".into(), Some("sigma"), "there are no entries"),
        (
            "[{\"W0\": [], \"eigenvalues\": []}]".into(),
            None,
            "list sigma, entry 0, field 'd': it is missing",
        ),
        (entry("\"d\":5", "\"d\":2"), None, "field 'W0[0]': it has 5 numbers where 2 are needed"),
        (entry("\"d\":5", "\"d\":\"five\""), None, "field 'd'"),
        (entry("\"d\":5", "\"d\":1e300"), None, "field 'd'"),
        (entry("\"m\":12", "\"m\":11"), None, "field 'm': 11 is not allowed, only an even number"),
        (entry("sigmoid", "sigmoyd"), None, "field 'activation'"),
        (
            format!("[{}]", json("express")[0].to_string().replacen("\"k\":1", "\"k\":1000000000", 1)),
            None,
            "field 'k': 1000000000 is not allowed, only 1 to 512",
        ),
    ] {
        let error = refused(&text, format);
        assert!(error.contains(words), "{error} lacks {words}");
    }
    let list = |name: &str, change: &str, to: &str| {
        let text = json("damian")[name][0].to_string();
        assert!(text.contains(change), "{change}");
        format!("{{\"{name}\": [{}]}}", text.replacen(change, to, 1))
    };
    for (text, words) in [
        (list("sphere", "[[2],1.0]", "[[2,0],1.0]"), "field 'polynomial[0]': it needs 1 exponents"),
        (list("sphere", "[[2],1.0]", "[[2.5],1.0]"), "field 'polynomial[0]': it needs 1 exponents"),
        (list("sphere", "[[2],1.0]", "[2]"), "only [exponents, coefficient]"),
        (
            list("sphere", "[[2],1.0]", "[[20],1.0]"),
            "list sphere, entry 0: the polynomial = a term of degree 20",
        ),
        (list("sphere", "\"d\":5", "\"d\":0"), "at least r = 1"),
        (list("gradient", "\"p\":4", "\"p\":3"), "field 'p': the polynomial has the degree 4"),
        (list("gradient", "\"relu\"", "\"rule\""), "field 'activation'"),
        (list("sample", "\"eta\":", "\"eta\":-"), "the step η"),
        (list("queries", "0.05", "0.3"), "field 'tau': epsilon = 0.3 and tau = 0.5 are not allowed"),
        (list("rademacher", "\"n\":8", "\"n\":9"), "field 'X': it has 8 rows where 9 are needed"),
        (
            list("kernels", "[0,1]", "[0,3]"),
            "values[1], field 'pair': it must hold two rows of X, from 0 to 2",
        ),
        (list("absolute", "mix4", "mix5"), "field 'name': \"mix5\" is not allowed, only he1 to he16"),
        (list("lemma17", "\"k\":0", "\"k\":99"), "field 'k': 99 is not allowed"),
        ("{\"hermite\": [], \"spheres\": []}".into(), "no format of this shape"),
        ("{\"hermite\": []}".into(), "there are no entries"),
    ] {
        let error = refused(&text, None);
        assert!(error.contains(words), "{error} lacks {words}");
    }
    // What is no regular file is not read: it may have no end.
    for path in [folder.path(), Path::new("/dev/zero")] {
        let error = compare_file(&FORMATS, path, None).unwrap_err().to_string();
        assert!(error.contains("a regular JSON file"), "{error}");
    }
    let missing = compare_file(&FORMATS, &folder.path().join("none.json"), None).unwrap_err().to_string();
    assert!(missing.contains("none.json cannot be read"), "{missing}");
}
