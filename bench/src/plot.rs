//! Plots as SVG: bars side by side, one group a row.

use std::fmt::Write;

/// What one colour stands for, and its values, one for each row.
pub struct Series<'a> {
    pub name: &'a str,
    pub colour: &'a str,
    pub values: Vec<f64>,
}

const WIDTH: f64 = 860.0;
const LEFT: f64 = 290.0;
const BAR: f64 = 12.0;

/// Horizontal bars; `unit` follows each number.
pub fn bars(title: &str, unit: &str, rows: &[&str], series: &[Series]) -> String {
    let group = BAR * series.len() as f64 + 12.0;
    let height = 64.0 + group * rows.len() as f64;
    let most = series.iter().flat_map(|one| &one.values).copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let scale = (WIDTH - LEFT - 110.0) / if most > 0.0 { most } else { 1.0 };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text x=\"12\" y=\"22\" font-size=\"15\">{}</text>\n",
        escaped(title)
    );
    for (at, one) in series.iter().enumerate() {
        let x = 12.0 + 200.0 * at as f64;
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"34\" width=\"12\" height=\"12\" fill=\"{}\"/><text x=\"{}\" y=\"44\">{}</text>",
            one.colour,
            x + 18.0,
            escaped(one.name)
        );
    }
    for (row, name) in rows.iter().enumerate() {
        let top = 58.0 + group * row as f64;
        let middle = top + group / 2.0;
        let _ = writeln!(out, "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text>", LEFT - 8.0, escaped(name));
        for (at, one) in series.iter().enumerate() {
            let Some(value) = one.values.get(row).filter(|value| value.is_finite()) else { continue };
            let (y, width) = (top + BAR * at as f64, value * scale);
            let _ = writeln!(
                out,
                "<rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"10\">{}{unit}</text>",
                BAR - 2.0,
                one.colour,
                LEFT + width + 4.0,
                y + BAR - 3.0,
                number(*value)
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

/// A number with as many digits as say something.
pub fn number(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "–".to_owned(),
        size if size >= 100.0 => {
            let digits = format!("{value:.0}");
            let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |rest| ("-", rest));
            let mut grouped = String::new();
            for (at, digit) in digits.chars().enumerate() {
                if at > 0 && (digits.len() - at) % 3 == 0 {
                    grouped.push(',');
                }
                grouped.push(digit);
            }
            format!("{sign}{grouped}")
        }
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
