//! The measured figures against entries, both axes by powers of ten.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use super::Measured;

const SIZE: (u32, u32) = (1080, 300);
const COLOURS: [RGBColor; 4] =
    [RGBColor(0x1f, 0x6f, 0xeb), RGBColor(0x1f, 0x6f, 0xeb), RGBColor(0x9a, 0x6a, 0x00), RGBColor(0x9a, 0x6a, 0x00)];

/// A line of a panel: its name, and its figure of an index.
type Line = (&'static str, fn(&Measured) -> Option<f64>);

pub(crate) fn draw(all: &[Measured], out: &Path) -> Result<(), Box<dyn Error>> {
    let panels: [(&str, &[Line]); 3] = [
        ("seconds", &[("build", |of| of.build_seconds), ("open", |of| Some(of.open_seconds))]),
        ("size", &[("MB on disk", |of| Some(of.megabytes_on_disk))]),
        (
            "ms a search",
            &[
                ("p50", |of| Some(of.ours[0])),
                ("p99", |of| Some(of.ours[1])),
                ("plain BM25 p50", |of| Some(of.plain[0])),
                ("plain BM25 p99", |of| Some(of.plain[1])),
            ],
        ),
    ];
    let area = SVGBackend::new(out, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    for (panel, (name, lines)) in area.split_evenly((1, panels.len())).iter().zip(panels) {
        draw_panel(panel, name, lines, all)?;
    }
    area.present()?;
    Ok(())
}

fn draw_panel(
    panel: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    name: &str,
    lines: &[Line],
    all: &[Measured],
) -> Result<(), Box<dyn Error>> {
    let points = |of: fn(&Measured) -> Option<f64>| -> Vec<(f64, f64)> {
        all.iter().filter_map(|measured| Some((measured.entries, of(measured).filter(|value| *value > 0.0)?))).collect()
    };
    let values: Vec<f64> = lines.iter().flat_map(|line| points(line.1)).map(|(_, value)| value).collect();
    let power = |value: f64, round: fn(f64) -> f64| 10_f64.powf(round(value.log10()));
    let least = power(values.iter().copied().fold(f64::INFINITY, f64::min), f64::floor);
    let most = power(values.iter().copied().fold(0.0, f64::max), f64::ceil);
    let entries = all.iter().map(|of| of.entries);
    let (first, last) = (entries.clone().fold(f64::INFINITY, f64::min), entries.fold(0.0, f64::max));
    let mut chart = ChartBuilder::on(panel)
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d((first..last).log_scale(), (least..most).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&|entries| format!("{entries:.0}"))
        .x_desc("entries")
        .y_desc(name)
        .label_style(("sans-serif", 13))
        .draw()?;
    for ((title, of), (place, colour)) in lines.iter().zip(COLOURS.into_iter().enumerate()) {
        let (points, width) = (points(*of), 1 + (place as u32 + 1) % 2);
        chart
            .draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(width)))?
            .label(*title)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(width)));
        chart.draw_series(points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .label_font(("sans-serif", 12))
        .draw()?;
    Ok(())
}
