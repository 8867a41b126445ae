//! How environments of growing size fall asleep, as a picture.

use std::fmt::Write as _;

use super::BenchReport;

/// The picture's width, and that of one of the two panels of a row, in pixels.
const WIDTH: f64 = 640.0;
const PANEL: f64 = 250.0;
/// The height of a row, the line in it that both panels stand on, and how high they are.
const ROW: f64 = 200.0;
const GROUND: f64 = 160.0;
const TALL: f64 = 110.0;
/// The left edges of the panels of a row.
const EDGES: [f64; 2] = [40.0, 360.0];

/// One panel: its title, and its figure for each size.
struct Panel {
    title: &'static str,
    bars: Vec<(usize, f64)>,
}

fn panels(report: &BenchReport) -> Vec<Panel> {
    let BenchReport { growth, sizes, .. } = report;
    let over = growth.iter().map(|point| (point.services, point.over_floor_seconds)).collect();
    let calls = growth.iter().map(|point| (point.services, point.calls_a_service)).collect();
    let memory = sizes.iter().map(|point| (point.services, point.peak_mb)).collect();
    let cpu = sizes.iter().map(|point| (point.services, point.cpu_seconds)).collect();
    let all = [
        Panel { title: "seconds over the floor of the share", bars: over },
        Panel { title: "calls for each service", bars: calls },
        Panel { title: "MB of memory of reconcile", bars: memory },
        Panel { title: "CPU-seconds of a beginning and a slice", bars: cpu },
    ];
    all.into_iter().filter(|panel| !panel.bars.is_empty()).collect()
}

/// The chart, as SVG: a bar for each size, its figure above it and its services below it.
#[expect(clippy::cast_precision_loss, reason = "there are a handful of panels")]
pub fn chart(report: &BenchReport) -> String {
    let panels = panels(report);
    let height = ROW * panels.len().div_ceil(EDGES.len()) as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<title>{}</title>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n",
        words(&panels)
    );
    for (nth, panel) in panels.iter().enumerate() {
        draw(&mut svg, panel, EDGES[nth % EDGES.len()], ROW * (nth / EDGES.len()) as f64);
    }
    svg + "</svg>\n"
}

/// The same in words, for who does not see it.
fn words(panels: &[Panel]) -> String {
    let one = |panel: &Panel| {
        let bars = panel.bars.iter().map(|(services, figure)| format!("{services} services {figure:.2}"));
        format!("{}: {}", panel.title, bars.collect::<Vec<_>>().join(", "))
    };
    panels.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[expect(clippy::cast_precision_loss, reason = "there are a handful of sizes")]
fn draw(svg: &mut String, Panel { title, bars }: &Panel, left: f64, down: f64) {
    let most = bars.iter().map(|(_, figure)| *figure).fold(f64::MIN_POSITIVE, f64::max);
    let (each, ground) = (PANEL / bars.len().max(1) as f64, down + GROUND);
    // Writing to a text does not fail.
    let _ =
        writeln!(svg, "<text x=\"{left}\" y=\"{}\" font-weight=\"bold\" fill=\"#1f2328\">{title}</text>", down + 20.0);
    for (nth, (services, figure)) in bars.iter().enumerate() {
        let (x, tall) = (left + each * nth as f64, TALL * (figure / most).max(0.0));
        let (top, wide, middle) = (ground - tall, each * 0.7, x + each * 0.35);
        let label = format!("text-anchor=\"middle\" fill=\"#1f2328\" x=\"{middle:.1}\"");
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{tall:.1}\" fill=\"#0969da\"/>\n\
             <text {label} y=\"{:.1}\">{figure:.2}</text>\n<text {label} y=\"{}\">{services}</text>",
            top - 5.0,
            ground + 18.0
        );
    }
    let right = left + PANEL;
    let _ = writeln!(svg, "<path d=\"M{left} {ground}H{right}\" stroke=\"#59636e\"/>");
}
