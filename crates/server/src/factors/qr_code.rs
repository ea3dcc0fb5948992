//! The picture from which an app reads a shared secret.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{Response, Uri};
use form_urlencoded::byte_serialize;
use qrcode::{Color, QrCode};
use roster_model::factor::{TIME_STEP_SECONDS, TOTP_DIGITS};
use roster_store::factors::FactorQrCode;

use crate::App;
use crate::caller::Visitor;
use crate::request::{Segment, TokenSegment, UserSegment};
use crate::response::{ApiError, Handled};

/// Pixels of a module: a code of a usual length is about 250 pixels wide.
const SCALE: usize = 5;

/// Light modules around the code, without which nothing reads it (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;

/// getFactorQrCode: a PNG. Whoever has the link may see it, since an `<img>` brings no API token; it is good until the
/// factor is active.
pub(crate) async fn get_factor_qr_code(
    State(app): State<App>,
    visitor: Visitor,
    UserSegment(asked): UserSegment,
    Segment(id): Segment,
    TokenSegment(token): TokenSegment,
) -> Handled {
    let secret = app.store().get_factor_qr_code(visitor.org.key, &asked, &id, &token).await?;
    let code = QrCode::new(otpauth(&secret, &issuer(&visitor.base_url))).map_err(|error| ApiError::internal(&error))?;
    let mut answer = Response::new(Body::from(png(&code).map_err(|error| ApiError::internal(&error))?));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("image/png"));
    Ok(answer)
}

/// The name that the app shows beside the account: the host that the caller knows the org by.
fn issuer(base_url: &str) -> String {
    base_url.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_else(|| "Roster".to_owned())
}

/// The key URI format that authenticator apps read.
fn otpauth(code: &FactorQrCode, issuer: &str) -> String {
    // As forms are written, but for the space: apps show a `+` as it is.
    let escaped = |text: &str| byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let (issuer, account) = (escaped(issuer), escaped(&code.credential_id));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={TOTP_DIGITS}&period={TIME_STEP_SECONDS}",
        code.secret.to_base32()
    )
}

fn png(code: &QrCode) -> Result<Vec<u8>, png::EncodingError> {
    let (modules, width) = (code.to_colors(), code.width());
    let side = (width + 2 * QUIET_ZONE) * SCALE;
    let module = |pixel: usize| (pixel / SCALE).checked_sub(QUIET_ZONE).filter(|module| *module < width);
    let is_dark = |index: usize| {
        let (x, y) = (module(index % side)?, module(index / side)?);
        modules.get(y * width + x).map(|color| *color == Color::Dark)
    };
    let pixels: Vec<u8> =
        (0..side * side).map(|index| if is_dark(index) == Some(true) { 0 } else { u8::MAX }).collect();
    let mut bytes = Vec::new();
    let side = u32::try_from(side).unwrap_or_default();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_model::factor::SharedSecret;

    #[test]
    fn a_key_uri_names_issuer_and_account() {
        let code = FactorQrCode {
            credential_id: "isaac brock+1@example.com".to_owned(),
            secret: SharedSecret::from_bytes(*b"1234567890123456"),
        };
        assert_eq!(
            otpauth(&code, &issuer("http://acme.localhost:8080")),
            "otpauth://totp/acme.localhost:isaac%20brock%2B1%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY\
             &issuer=acme.localhost&algorithm=SHA1&digits=6&period=30"
        );
    }
}
