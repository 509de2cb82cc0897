//! HTML: pages that are complete in themselves, and charts of what was measured.

use super::varied;
use crate::helper::{Folder, GOOD, UNREAL, chart};

#[test]
fn html_is_complete_in_itself_and_escapes_what_it_shows() {
    let folder = Folder::with(&varied());
    let html = folder.run(&["--format", "html"]).expect_code(0).out;
    assert!(
        html.contains("&#60;script&#62;") || html.contains("&lt;script&gt;"),
        "{html}"
    );
    for forbidden in [
        "<script",
        "<link",
        "<img",
        "<iframe",
        "@import",
        "url(",
        "javascript:",
    ] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    // Nothing is fetched; a namespace is only a name.
    let links = html.matches("http://").count() + html.matches("https://").count();
    assert_eq!(
        links,
        html.matches("xmlns=\"http://www.w3.org/2000/svg\"").count()
    );
    assert!(html.contains("default-src 'none'"));
    assert!(html.contains("prefers-color-scheme: dark") && html.contains("@media print"));
    well_formed(&html);
    for chart in ["throughput", "latency", "percentiles", "stages"] {
        assert!(
            html.contains(&format!("<title id=\"{chart}-title\">")),
            "{chart}"
        );
        assert!(
            html.contains(&format!("<desc id=\"{chart}-desc\">")),
            "{chart}"
        );
    }
    // All that the text report has.
    let text = folder.run(&[]).expect_code(0).out;
    for word in text
        .split_whitespace()
        .filter(|word| !word.contains(['<', '&', '"', '>', '\'']))
    {
        assert!(html.contains(word), "{word} is not in the page");
    }
    assert!(html.contains("pausewake run it.toml"));
}

/// Every element that is opened is closed, in order; every reference is one.
fn well_formed(html: &str) {
    const VOID: [&str; 3] = ["meta", "br", "!DOCTYPE"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed where it was not open");
            continue;
        }
        let name = tag
            .split(|c: char| c.is_whitespace() || c == '/')
            .next()
            .unwrap_or_default();
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new());
    for (place, _) in html.match_indices('&') {
        let name = html[place + 1..].split(';').next().unwrap_or_default();
        assert!(name.len() < 8 && !name.contains(' '), "&{name}");
    }
}

/// What starts late would hide is drawn beside it, in one run and in several.
#[test]
fn pages_of_open_loops_draw_both_latencies() {
    let folder = Folder::new();
    let flags = "load --clock virtual --compute none -n 2k -q --format html";
    let flags: Vec<&str> = flags.split(' ').collect();
    let open = folder.say(&[&flags[..], &["-R", "70k"]].concat());
    let open = open.expect_code(0).out;
    assert!(
        open.contains("uncorrected: from the actual start"),
        "{open}"
    );
    let closed = folder.say(&flags).expect_code(0).out;
    assert!(!closed.contains("uncorrected"), "{closed}");
    let scenario = format!(
        "{}[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n",
        GOOD.replace("jobs = 4", "jobs = 4\nrate = \"20k/s\"")
    );
    let several = Folder::with(&scenario).run(&["--format", "html"]);
    let several = several.expect_code(0).out;
    assert!(several.contains("b, uncorrected"), "{several}");
}

/// 29 slices end their ops together, 66,975 each second from the beginning to the end: rounds at the edges of
/// intervals draw no saw.
#[test]
fn a_throughput_that_never_changes_is_drawn_as_one() {
    let folder = Folder::new();
    let load = [&UNREAL[..], &["-n", "13k", "--format", "html"]].concat();
    let html = folder.say(&load).expect_code(0).out;
    assert!(html.contains("each second, in intervals of 16.4ms; one round of 29 slices more"));
    let drawn = chart(&html, "throughput");
    let (_, points) = drawn.rsplit_once(" points=\"").expect("a line");
    let points = points.split('"').next().expect("points");
    let heights = points
        .split_whitespace()
        .filter_map(|it| it.split_once(','));
    let heights: Vec<i32> = heights.map(|(_, y)| y.parse().expect("a number")).collect();
    assert!(heights.len() >= 8, "{points}");
    let [highest, lowest] = [heights.iter().min(), heights.iter().max()];
    let apart = lowest.zip(highest).map(|(low, high)| low - high);
    // Of about 200: a fortieth.
    assert!(apart <= Some(5), "{points}");
}
