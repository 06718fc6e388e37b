//! The report's curves as SVG; colours are the page's own, so that they follow light and dark.

use plotters::prelude::*;

use crate::events::Curve;
use crate::learning_curve::{CurvePoint, LearningCurve};
use crate::{Error, Evaluation};

const SIZE: (u32, u32) = (480, 320);
// Colours that stand for the page's: put in place of them once the picture is drawn.
const INK: RGBColor = RGBColor(1, 2, 3);
const GRID: RGBColor = RGBColor(1, 2, 4);
const FIRST: RGBColor = RGBColor(1, 2, 5);
const SECOND: RGBColor = RGBColor(1, 2, 6);
const STANDS_FOR: [(&str, &str); 4] =
    [("#010203", "var(--soft)"), ("#010204", "var(--line)"), ("#010205", "var(--first)"), ("#010206", "var(--second)")];

/// One line of a plot.
struct Line {
    name: &'static str,
    points: Vec<(f64, f64)>,
    colour: RGBColor,
    dots: bool,
}

/// What a plot shows.
struct Plot {
    name: &'static str,
    x_label: &'static str,
    y_label: &'static str,
    x: (f64, f64),
    y: (f64, f64),
    lines: Vec<Line>,
}

/// Stated probability against how often it was right.
pub(crate) fn calibration(evaluation: &Evaluation) -> Result<String, Error> {
    let points = evaluation.calibration.iter().map(|bin| (bin.probability, bin.right)).collect();
    Plot {
        name: "calibration curve",
        x_label: "stated probability",
        y_label: "share right",
        x: (0.0, 1.0),
        y: (0.0, 1.0),
        lines: vec![
            Line { name: "perfect", points: vec![(0.0, 0.0), (1.0, 1.0)], colour: SECOND, dots: false },
            Line { name: "model", points, colour: FIRST, dots: true },
        ],
    }
    .draw()
}

/// Share of wrong answers against share of messages answered.
pub(crate) fn coverage(evaluation: &Evaluation) -> Result<String, Error> {
    let points: Vec<_> = evaluation.coverage_curve.iter().map(|point| (point.coverage, point.error)).collect();
    let accepted = evaluation.operating_point.accepted_error;
    let highest = points.iter().map(|point| point.1).fold(accepted * 1.5, f64::max).max(0.02);
    Plot {
        name: "coverage curve",
        x_label: "share answered",
        y_label: "share wrong",
        x: (0.0, 1.0),
        y: (0.0, highest),
        lines: vec![
            Line { name: "accepted", points: vec![(0.0, accepted), (1.0, accepted)], colour: SECOND, dots: false },
            Line { name: "model", points, colour: FIRST, dots: false },
        ],
    }
    .draw()
}

/// Loss by epoch.
pub(crate) fn loss(curve: &Curve) -> Result<String, Error> {
    let trained = by_epoch(curve, |epoch| Some(epoch.loss));
    let held_out = by_epoch(curve, |epoch| epoch.validation.map(|held_out| held_out.loss));
    let highest = trained.iter().chain(&held_out).map(|point| point.1).fold(0.1, f64::max);
    by_epochs("loss curve", "loss", curve, highest, [trained, held_out]).draw()
}

/// Accuracy by epoch.
pub(crate) fn accuracy(curve: &Curve) -> Result<String, Error> {
    let trained = by_epoch(curve, |epoch| Some(epoch.train_accuracy));
    let held_out = by_epoch(curve, |epoch| epoch.validation.map(|held_out| held_out.accuracy));
    by_epochs("accuracy curve", "accuracy", curve, 1.0, [trained, held_out]).draw()
}

/// Accuracy and coverage by examples; the axis counts doublings.
pub(crate) fn learning(curve: &LearningCurve) -> Result<String, Error> {
    let doublings = |point: &CurvePoint| (point.trained_on.max(1) as f64).log2();
    let line =
        |value: fn(&CurvePoint) -> f64| curve.points.iter().map(|point| (doublings(point), value(point))).collect();
    let first = curve.points.first().map_or(0.0, doublings);
    let last = curve.points.last().map_or(1.0, doublings).max(first + 1.0);
    Plot {
        name: "learning curve",
        x_label: "examples in all, as doublings of one",
        y_label: "share",
        x: (first, last),
        y: (0.0, 1.0),
        lines: vec![
            Line { name: "accuracy", points: line(|point| point.accuracy), colour: FIRST, dots: true },
            Line { name: "answered", points: line(|point| point.coverage), colour: SECOND, dots: true },
        ],
    }
    .draw()
}

fn by_epoch(curve: &Curve, value: impl Fn(&model::Progress) -> Option<f32>) -> Vec<(f64, f64)> {
    let point = |epoch: &model::Progress| Some((f64::from(epoch.epoch), f64::from(value(epoch)?)));
    curve.epochs.iter().filter_map(point).filter(|point| point.1.is_finite()).collect()
}

fn by_epochs(
    name: &'static str,
    y_label: &'static str,
    curve: &Curve,
    highest: f64,
    points: [Vec<(f64, f64)>; 2],
) -> Plot {
    let last = curve.epochs.iter().map(|epoch| f64::from(epoch.epoch)).fold(2.0, f64::max);
    let [trained, held_out] = points;
    Plot {
        name,
        x_label: "epoch",
        y_label,
        x: (1.0, last),
        y: (0.0, highest),
        lines: vec![
            Line { name: "training", points: trained, colour: SECOND, dots: false },
            Line { name: "held out", points: held_out, colour: FIRST, dots: true },
        ],
    }
}

impl Plot {
    fn draw(&self) -> Result<String, Error> {
        let mut svg = String::new();
        self.draw_on(&SVGBackend::with_string(&mut svg, SIZE).into_drawing_area())
            .map_err(|reason| Error::Plot { plot: self.name, reason })?;
        for (stand_in, colour) in STANDS_FOR {
            svg = svg.replace(stand_in, colour);
        }
        let described = format!("<svg role=\"img\" aria-label=\"{}\" ", self.name);
        Ok(svg.replacen("<svg ", &described, 1))
    }

    fn draw_on(&self, area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>) -> Result<(), String> {
        let words = |error: &dyn std::fmt::Display| error.to_string();
        let font = ("sans-serif", 12).into_font().color(&INK);
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .x_label_area_size(36)
            .y_label_area_size(48)
            .build_cartesian_2d(self.x.0..self.x.1, self.y.0..self.y.1)
            .map_err(|error| words(&error))?;
        chart
            .configure_mesh()
            .x_desc(self.x_label)
            .y_desc(self.y_label)
            .axis_style(GRID)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .label_style(font.clone())
            .axis_desc_style(font.clone())
            .draw()
            .map_err(|error| words(&error))?;
        for line in &self.lines {
            let style = line.colour.stroke_width(2);
            chart
                .draw_series(LineSeries::new(line.points.iter().copied(), style))
                .map_err(|error| words(&error))?
                .label(line.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
            if line.dots {
                let dot = |point: &(f64, f64)| Circle::new(*point, 3, line.colour.filled());
                chart.draw_series(line.points.iter().map(dot)).map_err(|error| words(&error))?;
            }
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .label_font(font)
            .draw()
            .map_err(|error| words(&error))?;
        area.present().map_err(|error| words(&error))
    }
}
