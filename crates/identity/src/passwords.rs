//! Passwords that people choose: which are refused, and argon2id with OWASP's parameters over them.
//! It is slow and takes 19 MiB, on purpose; on which threads it runs, `hashing` says.
//!
//! A password is taken character by character as it was sent. It is not brought into a normal form:
//! who types `é` on two systems that send it differently must write it otherwise.

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use crate::records::Proof;
use crate::secrets::NoRandomness;

/// OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
/// What stands in a PHC string before the salt, with those parameters.
const PRESENT: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// How many characters a password has at least and at most.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=128;

/// The commonest of at least eight characters, in small letters: the first that anybody tries. Longer
/// lists age, and the throttle leaves nobody time to go through one.
const COMMON: [&str; 37] = [
    "12345678",
    "123456789",
    "1234567890",
    "0123456789",
    "87654321",
    "987654321",
    "12341234",
    "123123123",
    "11223344",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "qwertyui",
    "qwertyuiop",
    "qwerty123",
    "qwerty12",
    "qwer1234",
    "asdfghjkl",
    "asdfasdf",
    "zxcvbnm1",
    "password",
    "password1",
    "password12",
    "password123",
    "passw0rd",
    "p@ssw0rd",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "starwars",
    "trustno1",
    "welcome1",
    "letmein1",
    "changeme",
];

/// Why a password cannot be chosen. Each goes on after the field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// Too short or too long.
    #[error("must have 8 to 128 characters")]
    Length,
    /// With a character that nobody sees, and that cannot be given by every way.
    #[error("must have no control characters, such as a line's end")]
    Control,
    /// One character again and again.
    #[error("must have more than one character again and again")]
    Repeated,
    /// Who knows the name knows it.
    #[error("must not be the name it belongs to, nor what stands there before the `@`")]
    Name,
    /// Everybody's.
    #[error("is one of the first that anybody would try; choose another")]
    Common,
    /// The one there is already.
    #[error("must differ from the one before")]
    Same,
}

/// Whether a password may be chosen by whoever signs in by that name.
///
/// # Errors
/// Why not.
pub fn check(password: &str, name: &str) -> Result<(), BadPassword> {
    if !is_sized(password) {
        return Err(BadPassword::Length);
    }
    if password.chars().any(char::is_control) {
        return Err(BadPassword::Control);
    }
    let mut characters = password.chars();
    let first = characters.next();
    if characters.all(|character| Some(character) == first) {
        return Err(BadPassword::Repeated);
    }
    let (password, name) = (password.to_lowercase(), name.to_lowercase());
    let local = name.rsplit_once('@').map(|(local, _)| local);
    if password == name || Some(&*password) == local {
        return Err(BadPassword::Name);
    }
    if COMMON.contains(&&*password) { Err(BadPassword::Common) } else { Ok(()) }
}

/// Whether a text can be anybody's password at all: what cannot is not worth hashing.
pub(crate) fn is_sized(password: &str) -> bool {
    LENGTHS.contains(&password.chars().count())
}

/// What is kept of a password. Slow.
///
/// # Errors
/// When the machine gives no randomness.
pub fn proof(password: &str) -> Result<Proof, NoRandomness> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(|_| NoRandomness)?;
    let hashed = hasher().hash_password_with_salt(password.as_bytes(), &salt);
    match hashed {
        Ok(hashed) => Ok(Proof::new(&hashed.to_string())),
        Err(error) => unreachable!("a password of at most 512 bytes has no hash: {error}"),
    }
}

/// Whether it is the password of a proof; false for a proof of something else. Slow.
pub fn is_proved(password: &str, proof: &Proof) -> bool {
    hasher().verify_password(password.as_bytes(), proof.as_str()).is_ok()
}

/// Whether a proof was made with other parameters than the present ones.
pub fn is_outdated(proof: &Proof) -> bool {
    !proof.as_str().starts_with(PRESENT)
}

fn hasher() -> Argon2<'static> {
    match Params::new(MEMORY_KIB, PASSES, LANES, None) {
        Ok(params) => Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
        Err(error) => unreachable!("argon2 refuses parameters of ours: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_a_password_is_refused() {
        let name = "Ada.Lovelace@example.org";
        let check =
            |password: &str, expected| assert_eq!(check(password, name), expected, "{password}");
        check("correct horse", Ok(()));
        check("äöüßéèñç", Ok(()));
        check("a b c d ", Ok(()));
        check("seven77", Err(BadPassword::Length));
        check("ééééééé", Err(BadPassword::Length));
        check(&"x".repeat(129), Err(BadPassword::Length));
        check(&"\u{1F600}é".repeat(64), Ok(()));
        check("correct\nhorse", Err(BadPassword::Control));
        check("correct horse\u{7f}", Err(BadPassword::Control));
        check("correct horse\u{85}", Err(BadPassword::Control));
        check(&"\u{1F600}".repeat(128), Err(BadPassword::Repeated));
        check("00000000", Err(BadPassword::Repeated));
        check("00000001", Ok(()));
        check("ada.lovelace@EXAMPLE.org", Err(BadPassword::Name));
        check("ADA.Lovelace", Err(BadPassword::Name));
        check("ada.lovelace@example.com", Ok(()));
        check("PassWord123", Err(BadPassword::Common));
        for common in COMMON {
            assert!(is_sized(common) && common == common.to_lowercase(), "{common}");
        }
    }

    #[test]
    fn a_proof_is_of_one_password_and_says_how_it_was_made() {
        let made = proof("correct horse").unwrap();
        assert!(made.as_str().starts_with(PRESENT) && !is_outdated(&made), "{}", made.as_str());
        assert!(is_proved("correct horse", &made));
        assert!(!is_proved("correct horse ", &made));
        assert_ne!(proof("correct horse").unwrap(), made);
        // Of another program, with other parameters: known, and to be made anew.
        let params = Params::new(8, 1, 1, None).unwrap();
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let weak = weak.hash_password_with_salt(b"correct horse", &[7; 16]).unwrap().to_string();
        let weak = Proof::new(&weak);
        assert!(is_proved("correct horse", &weak) && is_outdated(&weak));
        assert!(!is_proved("correct horse", &Proof::new("$sha256$00")));
        assert!(!is_proved("", &Proof::new("")));
    }
}
