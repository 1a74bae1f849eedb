//! What pages and apps look like: the stylesheet of the pages here, and SMART's style document for apps.

use actix_web::HttpResponse;

/// The common stylesheet.
pub const STYLE: &str = include_str!("style.css");

/// `GET /oauth/style.css`
pub async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(STYLE)
}

/// `GET /oauth/smart-style.json` (SMART 2.2 §2.0.10.1)
pub async fn smart_style() -> HttpResponse {
    let style = serde_json::json!({
        "color_background": "#f0f4f5",
        "color_error": "#b3261e",
        "color_highlight": "#005eb8",
        "color_modal_backdrop": "",
        "color_success": "#00703c",
        "color_text": "#212b32",
        "dim_border_radius": "4px",
        "dim_font_size": "16px",
        "dim_spacing_size": "16px",
        "font_family_body": "Arial, sans-serif",
        "font_family_heading": "Arial, sans-serif",
    });
    HttpResponse::Ok().content_type("application/json").body(style.to_string())
}
