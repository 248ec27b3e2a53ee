//! Verifies public-key signatures with the host's Web Crypto, so that the bundle needs no cryptography for it.

use js_sys::{Array, Function, JSON, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::app::SignatureCheck;
use crate::session::Algorithm;

/// Whether the signature is valid for the key.
///
/// # Errors
/// The host's message for a key or signature that it cannot parse.
pub(super) async fn verify(check: SignatureCheck) -> Result<bool, JsValue> {
    let subtle = Reflect::get(&Reflect::get(&js_sys::global(), &"crypto".into())?, &"subtle".into())?;
    let usages = Array::of1(&"verify".into());
    let key = JSON::parse(&check.key.jwk)?;
    // The key set can name other uses; only the use here counts.
    for name in ["key_ops", "use", "ext"] {
        Reflect::delete_property(key.unchecked_ref::<Object>(), &name.into())?;
    }
    let algorithm = algorithm(check.key.algorithm)?;
    let key = call(&subtle, "importKey", &[&"jwk".into(), &key, &algorithm, &false.into(), &usages]).await?;
    let signature = Uint8Array::from(check.signature.as_slice());
    let signed = Uint8Array::from(check.signed.as_slice());
    let good = call(&subtle, "verify", &[&algorithm, &key, &signature, &signed]).await?;
    Ok(good.as_bool().unwrap_or(false))
}

fn algorithm(algorithm: Algorithm) -> Result<JsValue, JsValue> {
    let object = Object::new();
    let members: &[(&str, &str)] = match algorithm {
        Algorithm::Es256 => &[("name", "ECDSA"), ("namedCurve", "P-256"), ("hash", "SHA-256")],
        Algorithm::Rs256 => &[("name", "RSASSA-PKCS1-v1_5"), ("hash", "SHA-256")],
        Algorithm::Hs256 => return Err("no public key".into()),
    };
    for (name, value) in members {
        Reflect::set(&object, &(*name).into(), &(*value).into())?;
    }
    Ok(object.into())
}

async fn call(subtle: &JsValue, name: &str, arguments: &[&JsValue]) -> Result<JsValue, JsValue> {
    let function: Function = Reflect::get(subtle, &name.into())?.dyn_into()?;
    let list = Array::new();
    for argument in arguments {
        list.push(argument);
    }
    let promise: Promise = Reflect::apply(&function, subtle, &list)?.dyn_into()?;
    JsFuture::from(promise).await
}
