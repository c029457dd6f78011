//! A provider of our own that signs whatever it is told, for tests and measurements. Its key is no
//! secret: it lies beside this file. Not in here: anything that a program that serves may use.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "what is forged is of our own making: a failure is a bug of the test"
)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};

/// The `kid` of the RSA key.
pub const RSA_KEY: &str = "rsa-1";
/// The `kid` of the key of Ed25519.
pub const ED25519_KEY: &str = "ed25519-1";
/// The `kid` of the key of P-256.
pub const P256_KEY: &str = "p256-1";

const RSA: &[u8] = include_bytes!("../assets/forged.pk8");

/// The provider.
pub struct Forge {
    /// The `iss` of what it signs.
    pub issuer: String,
    rsa: RsaKeyPair,
    ed25519: Ed25519KeyPair,
    p256: EcdsaKeyPair,
}

impl std::fmt::Debug for Forge {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.issuer)
    }
}

impl Forge {
    /// Of that issuer. The keys of curves are new each time.
    pub fn new(issuer: &str) -> Self {
        let random = SystemRandom::new();
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let algorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let p256 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self {
            issuer: issuer.to_owned(),
            rsa: RsaKeyPair::from_pkcs8(RSA).unwrap(),
            ed25519: Ed25519KeyPair::from_pkcs8(ed25519.as_ref()).unwrap(),
            p256: EcdsaKeyPair::from_pkcs8(algorithm, p256.as_ref(), &random).unwrap(),
        }
    }

    /// Its keys as members of a JSON Web Key Set: of RSA, Ed25519 and P-256.
    pub fn keys(&self) -> [Value; 3] {
        let point = self.p256.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap_or_default().split_at(32);
        [
            json!({ "kty": "RSA", "kid": RSA_KEY, "use": "sig", "alg": "RS256",
                "n": encoded(self.modulus()), "e": "AQAB" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "kid": ED25519_KEY, "use": "sig",
                "alg": "EdDSA", "x": encoded(self.ed25519.public_key().as_ref()) }),
            json!({ "kty": "EC", "crv": "P-256", "kid": P256_KEY, "use": "sig", "alg": "ES256",
                "x": encoded(x), "y": encoded(y) }),
        ]
    }

    /// Its JSON Web Key Set.
    pub fn jwks(&self) -> Vec<u8> {
        json!({ "keys": self.keys() }).to_string().into_bytes()
    }

    /// The modulus of the RSA key.
    pub fn modulus(&self) -> Vec<u8> {
        RsaPublicKeyComponents::<Vec<u8>>::from(self.rsa.public()).n
    }

    /// The RSA key as PKCS #1 has it.
    pub fn rsa_public_key(&self) -> &[u8] {
        self.rsa.public_key().as_ref()
    }

    /// A token with its RSA key and the header that belongs to an access token.
    pub fn token(&self, claims: &Value) -> String {
        self.signed(&json!({ "alg": "RS256", "typ": "at+jwt", "kid": RSA_KEY }), claims)
    }

    /// A token with that header; signed as its `alg` says, or else with the RSA key.
    pub fn signed(&self, header: &Value, claims: &Value) -> String {
        self.signed_text(&header.to_string(), &claims.to_string())
    }

    /// A token of these texts, which need not be JSON.
    pub fn signed_text(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let header: Value = serde_json::from_str(header).unwrap_or_default();
        let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or_default();
        format!("{message}.{}", encoded(self.signature(algorithm, message.as_bytes())))
    }

    /// What a program takes for a signature that lets a token choose HMAC, and gives it the public
    /// key as the secret.
    pub fn hmac_by_public_key(&self, message: &[u8]) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.rsa_public_key());
        hmac::sign(&key, message).as_ref().to_vec()
    }

    /// The signature of a message; with the RSA key where the algorithm is not known.
    pub fn signature(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match algorithm {
            "EdDSA" => self.ed25519.sign(message).as_ref().to_vec(),
            "ES256" => self.p256.sign(&random, message).unwrap().as_ref().to_vec(),
            _ => {
                let mut signed = vec![0; self.rsa.public().modulus_len()];
                let padding = &signature::RSA_PKCS1_SHA256;
                self.rsa.sign(padding, &random, message, &mut signed).unwrap();
                signed
            }
        }
    }
}

/// Bytes in base64url.
pub fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
