//! How environments of growing size fall asleep, as a picture.

use std::fmt::Write as _;

use super::GrowthPoint;

/// The picture's size, and that of one of its two panels, in pixels.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 200.0;
const PANEL: f64 = 250.0;
/// The line that both panels stand on, and how high they are.
const GROUND: f64 = 160.0;
const TALL: f64 = 110.0;

/// One panel: its title, its left edge, and what it shows of a point.
type Panel = (&'static str, f64, fn(&GrowthPoint) -> f64);

const PANELS: [Panel; 2] = [
    ("seconds over the floor of the share", 40.0, |point| point.over_floor_seconds),
    ("calls for each service", 360.0, |point| point.calls_a_service),
];

/// The chart, as SVG: a bar for each size, its figure above it and its services below it.
pub fn chart(growth: &[GrowthPoint]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<title>{}</title>\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n",
        words(growth)
    );
    for panel in PANELS {
        draw(&mut svg, panel, growth);
    }
    svg + "</svg>\n"
}

/// The same in words, for who does not see it.
fn words(growth: &[GrowthPoint]) -> String {
    let one = |point: &GrowthPoint| {
        let GrowthPoint { services, over_floor_seconds, calls_a_service, .. } = point;
        format!("{services} services: {over_floor_seconds:.1} s over the floor, {calls_a_service:.2} calls each")
    };
    growth.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[expect(clippy::cast_precision_loss, reason = "there are a handful of sizes")]
fn draw(svg: &mut String, (title, left, of): Panel, growth: &[GrowthPoint]) {
    let most = growth.iter().map(of).fold(f64::MIN_POSITIVE, f64::max);
    let each = PANEL / growth.len().max(1) as f64;
    // Writing to a text does not fail.
    let _ = writeln!(svg, "<text x=\"{left}\" y=\"20\" font-weight=\"bold\" fill=\"#1f2328\">{title}</text>");
    for (nth, point) in growth.iter().enumerate() {
        let (figure, x) = (of(point), left + each * nth as f64);
        let tall = TALL * (figure / most).max(0.0);
        let (top, wide, middle) = (GROUND - tall, each * 0.7, x + each * 0.35);
        let label = format!("text-anchor=\"middle\" fill=\"#1f2328\" x=\"{middle:.1}\"");
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{tall:.1}\" fill=\"#0969da\"/>\n\
             <text {label} y=\"{:.1}\">{figure:.2}</text>\n<text {label} y=\"{}\">{}</text>",
            top - 5.0,
            GROUND + 18.0,
            point.services
        );
    }
    let right = left + PANEL;
    let _ = writeln!(svg, "<path d=\"M{left} {GROUND}H{right}\" stroke=\"#59636e\"/>");
}
