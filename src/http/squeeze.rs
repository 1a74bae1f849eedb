//! Owns the squeezing of answers that are there as a whole, in the coding the caller likes best.
//!
//! actix's `Compress`, which squeezes what streams, keeps a window of 4 MiB for every answer under way, on a thread of its own.
//! A window as large as the answer squeezes it as well, in a fraction of the memory, and most answers are done in less time than
//! the way to another thread takes.

use std::io::{self, Write};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{AcceptEncoding, CONTENT_ENCODING, ContentEncoding, Encoding, HeaderValue, VARY};
use actix_web::web::{self, Bytes};
use actix_web::{HttpMessage, HttpRequest};
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Larger bodies are squeezed beside the worker, which has others to serve.
const LARGE: usize = 128 * 1024;

/// The largest window, as a power of two.
const WIDEST: i32 = 18;

/// The answer squeezed; as it was, where it streams or the caller likes it plain.
pub async fn squeezed(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let Some(coding) = asked(response.request()) else { return response };
    let (request, response) = response.into_parts();
    let (response, body) = response.into_parts();
    let bytes = match body.try_into_bytes() {
        Ok(bytes) => bytes,
        Err(body) => return ServiceResponse::new(request, response.set_body(body)),
    };
    let squeezed = if bytes.len() <= LARGE {
        squeeze(&bytes, coding).ok()
    } else {
        let bytes = bytes.clone();
        web::block(move || squeeze(&bytes, coding)).await.ok().and_then(Result::ok)
    };
    let Some(squeezed) = squeezed else {
        return ServiceResponse::new(request, response.set_body(BoxBody::new(bytes)));
    };
    let mut response = response.set_body(BoxBody::new(squeezed));
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(coding.as_str()));
    response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
    ServiceResponse::new(request, response)
}

/// The coding the caller likes best, where it is one made here.
fn asked(request: &HttpRequest) -> Option<ContentEncoding> {
    let known = [Encoding::identity(), Encoding::brotli(), Encoding::gzip(), Encoding::deflate()];
    match request.get_header::<AcceptEncoding>()?.negotiate(known.iter())? {
        Encoding::Known(coding @ (ContentEncoding::Brotli | ContentEncoding::Gzip)) => Some(coding),
        _ => None,
    }
}

fn squeeze(bytes: &Bytes, coding: ContentEncoding) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() / 4);
    if coding == ContentEncoding::Gzip {
        let mut encoder = GzEncoder::new(out, Compression::fast());
        encoder.write_all(bytes)?;
        return encoder.finish();
    }
    let bits = usize::BITS - (bytes.len() + 16).leading_zeros();
    let lgwin = i32::try_from(bits).unwrap_or(WIDEST).clamp(10, WIDEST);
    let params = BrotliEncoderParams { quality: 3, lgwin, size_hint: bytes.len(), ..BrotliEncoderParams::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut out, &params)?;
    Ok(out)
}
